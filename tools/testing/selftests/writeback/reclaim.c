// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim: direct reclaim starts writeback again and again while the flusher is
 * stalled; from user space alone.
 *
 * The flusher sleeps in a FUSE file system that withholds its answers. The
 * page cache that reclaim scans is clean but pinned by a pipe, so there is
 * nothing to free. min_free_kbytes is raised above what is free: memory is
 * plentiful, but no task may have it. Then growing a pipe is one round of
 * direct reclaim that fails without an OOM kill.
 */
#include "wb_lack.h"
#include <sys/sysmacros.h>

#define HELD_PAGES	2048	/* page cache that reclaim cannot free */
#define ROUNDS		16
#define FREED_PAGES	32	/* per round, else reclaim gives up */
#define WB_HELD		WB_MNT "/held"

static void hold_page_cache(void)
{
	int fd, pipe_fd[2];
	loff_t off = 0;
	long left = HELD_PAGES * WB_PAGE;
	ssize_t n;

	wb_mount_ext4();
	fd = wb_dirty(WB_HELD, 1, HELD_PAGES);
	ksft_need(!fsync(fd), "fsync");
	ksft_need(!pipe(pipe_fd), "pipe");
	wb_set("/proc/sys/fs/pipe-max-size", 16 << 20);
	ksft_need(fcntl(pipe_fd[1], F_SETPIPE_SZ, left) >= left, "a pipe");
	while (left > 0) {
		n = splice(fd, &off, pipe_fd[1], NULL, left, SPLICE_F_NONBLOCK);
		ksft_need(n > 0, "splice, %ld left", left);
		left -= n;
	}
}

static void reclaim_rounds(char *locked)
{
	int pipe_fd[2], i;

	ksft_need(!pipe(pipe_fd), "pipe");
	wb_no_memory_for_anybody();
	for (i = 0; i < ROUNDS; i++) {
		munmap(locked + i * FREED_PAGES * WB_PAGE,
		       FREED_PAGES * WB_PAGE);
		fcntl(pipe_fd[1], F_SETPIPE_SZ, 16 << 20);
	}
	munmap(locked + i * FREED_PAGES * WB_PAGE, WB_SPARE_PAGES * WB_PAGE);
}

/* Other tasks reclaim as well, but start writeback of other devices. */
static struct ksft_counter count_of_fuse(const char *event)
{
	char filter[64];
	struct stat st;

	ksft_need(!stat(WB_FUSE, &st), "stat of " WB_FUSE);
	snprintf(filter, sizeof(filter), "reason==1 && name ~ \"%u:%u*\"",
		 major(st.st_dev), minor(st.st_dev));
	return ksft_count(event, filter);
}

static void drive(long *queued, long *others)
{
	struct ksft_counter q, m = { .nr = 0 }, n;
	struct wb_fuse f;
	char *locked;

	wb_one_cpu();
	wb_prewarm_workers();
	f = wb_fuse_mount(NULL, WB_PAGE);
	wb_set("/proc/self/oom_score_adj", 1000);	/* kill us first */
	hold_page_cache();
	sync();
	q = count_of_fuse("writeback/writeback_queue");
	n = ksft_count("writeback/writeback_nowork", NULL);
	if (ksft_has_event("writeback/writeback_merge"))
		m = count_of_fuse("writeback/writeback_merge");
	wb_stall_fuse(&f, 1);
	locked = wb_lock_pages(ROUNDS * FREED_PAGES + WB_SPARE_PAGES);
	reclaim_rounds(locked);
	*queued = ksft_counted(&q);
	*others = ksft_counted(&n) + ksft_counted(&m);
	ksft_put_values_back();
	wb_fuse_set_hold(&f, false);
}

static void bounded(void)
{
	long queued, others;

	if (!ksft_has_event("writeback/writeback_nowork"))
		ksft_case_skip("reclaim starts writeback in another way here");
	if (wb_find_key("/proc/meminfo", "HighTotal:") > 0)
		ksft_case_skip("high memory is free when no other is");
	wb_ext4_dev();
	close(wb_open_device());
	drive(&queued, &others);
	ksft_print_msg("%ld queued, %ld merged or without item\n", queued,
		       others);
	ksft_need(queued + others >= ROUNDS, "reclaim that starts writeback");
	ksft_check(queued <= 2, "%ld items queued", queued);
}

static const struct ksft_case cases[] = {
	KSFT_CASE(bounded),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
