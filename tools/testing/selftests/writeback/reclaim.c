// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim: direct reclaim that starts writeback, time and again, while the
 * flusher is stalled; from user space alone.
 *
 * The flusher sleeps in a FUSE file system that withholds its answers. The
 * page cache that reclaim scans is clean but held by a pipe, so it finds
 * nothing to free. min_free_kbytes is raised above what is free: memory is
 * plentiful, only nobody may have it. Then growing a pipe is one round of
 * direct reclaim that fails without anybody being killed.
 */
#include "wb_device.h"
#include "wb_fuse.h"

#define HELD_PAGES	2048	/* page cache for reclaim to scan in vain */
#define ROUNDS		16
#define FREED_PAGES	32	/* in each round, or reclaim would give up */
#define SPARE_PAGES	8192	/* freed at the end, to have some again */
#define LACK_KB		8192	/* min_free_kbytes is that far above */
#define WORKERS		6
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

static char *lock_pages(void)
{
	size_t size = (ROUNDS * FREED_PAGES + SPARE_PAGES) * WB_PAGE;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ksft_need(p != MAP_FAILED, "mmap");
	madvise(p, size, MADV_NOHUGEPAGE);
	memset(p, 1, size);
	ksft_need(!mlockall(MCL_CURRENT), "mlockall");
	return p;
}

/* FUSE writes its times, too, when the inode is: there the flusher sleeps. */
static void stall_flusher(struct wb_fuse *f)
{
	wb_dirty(WB_FUSE_DISK, 1, 1);	/* left open: close(2) flushes */
	wb_set(WB_VM "dirty_expire_centisecs", 10);
	wb_set(WB_VM "dirty_writeback_centisecs", 10);
	wb_fuse_set_hold(f, true);
	ksft_need(wb_wait_for(wb_fuse_nr_held(f), 60), "a stalled flusher");
}

/* Idle kernel threads at hand: making one would need memory. */
static void prewarm_workers(void)
{
	int dev[WORKERS], i;

	for (i = 0; i < WORKERS; i++) {
		dev[i] = wb_open_device();
		ksft_need(!ioctl(dev[i], WBST_STALL), "stalling a flusher");
	}
	for (i = 0; i < WORKERS; i++)
		close(dev[i]);
}

static void no_memory_for_anybody(void)
{
	long kb = wb_get_key("/proc/meminfo", "MemFree:");

	wb_set(WB_VM "min_free_kbytes", kb + LACK_KB);
}

static void reclaim_rounds(char *locked)
{
	int pipe_fd[2], i;

	ksft_need(!pipe(pipe_fd), "pipe");
	no_memory_for_anybody();
	for (i = 0; i < ROUNDS; i++) {
		munmap(locked + i * FREED_PAGES * WB_PAGE,
		       FREED_PAGES * WB_PAGE);
		fcntl(pipe_fd[1], F_SETPIPE_SZ, 16 << 20);
	}
	munmap(locked + i * FREED_PAGES * WB_PAGE, SPARE_PAGES * WB_PAGE);
}

static void drive(long *queued, long *others)
{
	struct wb_counter q, m = { .nr = 0 }, n;
	struct wb_fuse f;
	char *locked;

	wb_one_cpu();
	prewarm_workers();
	f = wb_fuse_mount(NULL, WB_PAGE);
	wb_set("/proc/self/oom_score_adj", 1000);	/* if it comes to that */
	hold_page_cache();
	sync();
	q = wb_count("writeback/writeback_queue", "reason==1");
	n = wb_count("writeback/writeback_nowork", NULL);
	if (wb_has_event("writeback/writeback_merge"))
		m = wb_count("writeback/writeback_merge", "reason==1");
	stall_flusher(&f);
	locked = lock_pages();
	reclaim_rounds(locked);
	*queued = wb_counted(&q);
	*others = wb_counted(&n) + wb_counted(&m);
	wb_restore_knobs();
	wb_fuse_set_hold(&f, false);
}

WB_CASE(bounded)
{
	long queued, others;

	if (!wb_has_event("writeback/writeback_nowork"))
		ksft_case_skip("reclaim starts writeback in another way here");
	drive(&queued, &others);
	ksft_print_msg("%ld queued, %ld merged or without item\n", queued,
		       others);
	ksft_need(queued + others >= ROUNDS, "reclaim that starts writeback");
	ksft_check(queued <= 2, "%ld items queued", queued);
}

static const struct ksft_case cases[] = {
	{ "bounded", bounded },
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
