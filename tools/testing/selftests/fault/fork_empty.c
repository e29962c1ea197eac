// SPDX-License-Identifier: GPL-2.0
/*
 * fork() of a process whose heap has shrunk: empty tables are not copied, and
 * everything else is, whatever moves pages concurrently.
 */
#include "uffd.h"
#include <sys/prctl.h>
#include <sys/swap.h>

#define FORKS		200
#define FORKS_MAX	1000	/* until one meets a page on the move */

/* ---- a child, and what it finds ------------------------------------------ */

static void must_pass(pid_t pid)
{
	int status;

	ksft_need(pid > 0 && waitpid(pid, &status, 0) == pid, "a child");
	if (WIFEXITED(status) && WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
	ksft_check(!status, "the child ended with %#x", status);
}

static void in_child(void (*look)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		look();
		fflush(stdout);
		_exit(0);
	}
	must_pass(pid);
}

/* ---- tables -------------------------------------------------------------- */

static long tables_max;

static void few_tables(void)
{
	long kb = vm_pte(getpid());

	ksft_print_msg("%ld kB of tables in the child\n", kb);
	ksft_check(kb <= tables_max, "%ld kB of tables, not %ld at most", kb,
		   tables_max);
}

static void fill(char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += SLOT)
		p[i] = i / SLOT + 1;
}

/* Populate a page in each of 512 tables, then drop them all. */
static void emptied_heap(void)
{
	char *p;

	p = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ksft_need(p != MAP_FAILED, "1 GiB");
	madvise(p, BIG, MADV_NOHUGEPAGE);
	fill(p, BIG);
	ksft_need(!madvise(p, BIG, MADV_DONTNEED), "MADV_DONTNEED");
	tables_max = EMPTY_MAX;
	in_child(few_tables);
}

static void anonymous_slots(void)
{
	slots_reserve();
	map_at(slot(1), (SLOTS - 1) * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	madvise(slot(1), (SLOTS - 1) * SLOT, MADV_NOHUGEPAGE);
}

static void odd_slots_are_there(void)
{
	unsigned int i;

	few_tables();
	for (i = 1; i < SLOTS; i++)
		ksft_check(*(volatile char *)slot(i) == (i & 1 ? (char)i : 0),
			   "slot %u", i);
}

static void half_emptied_heap(void)
{
	unsigned int i;

	anonymous_slots();
	fill(slot(1), (SLOTS - 1) * SLOT);
	for (i = 2; i < SLOTS; i += 2)
		ksft_need(!madvise(slot(i), SLOT, MADV_DONTNEED), "madvise");
	tables_max = SLOTS / 2 * TABLE_KB + EMPTY_MAX;
	in_child(odd_slots_are_there);
}

/*
 * Page by page, as most heaps shrink: kernels that free a table when one
 * MADV_DONTNEED covers all of it keep these.
 */
static void piecemeal(void)
{
	unsigned int i;

	anonymous_slots();
	fill(slot(1), (SLOTS - 1) * SLOT);
	for (i = 1; i < SLOTS; i++)
		ksft_need(!madvise(slot(i), PAGE, MADV_DONTNEED), "madvise");
	tables_max = EMPTY_MAX;
	in_child(few_tables);
}

/* ---- a private file mapping ---------------------------------------------- */

static void file_shows_through(void)
{
	unsigned int i;

	few_tables();
	for (i = 1; i < SLOTS; i++)
		ksft_check(*slot(i) == (char)i, "slot %u", i);
}

/* Write, drop and read: the file's contents must be there again. */
static void emptied_file_mapping(void)
{
	unsigned int i;
	int fd;

	slots_reserve();
	private_mount("none", "tmpfs", NULL);
	fd = make_file("file", PAGE);
	for (i = 1; i < SLOTS; i++) {
		*slot(0) = i;
		ksft_need(pwrite(fd, slot(0), 1, i * PAGE) == 1, "pwrite");
		map_at(slot(i), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
		       i * PAGE);
		*slot(i) = 77;
		ksft_need(!madvise(slot(i), PAGE, MADV_DONTNEED), "madvise");
	}
	tables_max = EMPTY_MAX;
	in_child(file_shows_through);
}

/* ---- one page in a table, wherever it is --------------------------------- */

static void *place(unsigned int i)
{
	return slot(i) + (i * 37 % PTES) * PAGE;
}

static void places_are_kept(void)
{
	unsigned int i;

	for (i = 1; i < SLOTS; i++)
		ksft_check(*(volatile unsigned int *)place(i) == i,
			   "page %u of slot %u", i * 37 % PTES, i);
}

static void fill_places(void)
{
	unsigned int i;

	for (i = 1; i < SLOTS; i++)
		*(volatile unsigned int *)place(i) = i;
}

static void single_pages(void)
{
	anonymous_slots();
	fill_places();
	in_child(places_are_kept);
}

/* ---- uffd-wp markers: a table of these alone is not empty ---------------- */

#define MARKED	(slot(2) + SLOT / 2)

static void has_marker(void)
{
	uint64_t entry = pagemap_entry(MARKED);

	ksft_check(entry & PM_UFFD_WP, "pagemap %#llx",
		   (unsigned long long)entry);
}

/* fork() waits until its event is read. */
static void *read_fork_event(void *arg)
{
	struct pollfd pfd = { .fd = (long)arg, .events = POLLIN };
	struct uffd_msg msg;

	ksft_need(poll(&pfd, 1, PATIENCE) == 1 &&
		  read(pfd.fd, &msg, sizeof(msg)) == sizeof(msg) &&
		  msg.event == UFFD_EVENT_FORK, "the event of a fork");
	return NULL;
}

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED	(1 << 13)
#endif

static void uffd_wp_markers(void)
{
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	pthread_t thread;
	int uffd;

	anonymous_slots();
	uffd = uffd_open(UFFD_FEATURE_EVENT_FORK |
			 UFFD_FEATURE_PAGEFAULT_FLAG_WP |
			 UFFD_FEATURE_WP_UNPOPULATED);
	uffd_register(uffd, slot(2), SLOT, UFFDIO_REGISTER_MODE_WP);
	wp.range.start = (uintptr_t)MARKED;
	wp.range.len = PAGE;
	ksft_need(!ioctl(uffd, UFFDIO_WRITEPROTECT, &wp),
		  "UFFDIO_WRITEPROTECT");
	has_marker();
	ksft_need(!pthread_create(&thread, NULL, read_fork_event,
				  (void *)(long)uffd), "a thread");
	in_child(has_marker);
	pthread_join(thread, NULL);
}

/* ---- races: pages that are moved while fork() looks for them ------------- */

static pid_t helper_start(void (*work)(void))
{
	pid_t pid = fork();

	ksft_need(pid >= 0, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			work();
	}
	return pid;
}

static void helper_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Entries of pages on the move that children have found */
static unsigned long *moving;

/*
 * By pagemap, which swaps nothing in: a page that fork() has missed is neither
 * present nor swapped. One that is being migrated shows as swapped.
 */
static void places_are_mapped(void)
{
	uint64_t entry;
	unsigned int i;

	for (i = 1; i < SLOTS; i++) {
		entry = pagemap_entry(place(i));
		ksft_check(entry & (PM_PRESENT | PM_SWAP),
			   "page %u of slot %u is lost", i * 37 % PTES, i);
		*moving += !(entry & PM_PRESENT);
	}
}

static volatile int stop;

/* Swap pages in, so that they can be swapped out again. */
static void *keep_filling(void *arg)
{
	while (!stop)
		fill_places();
	return arg;
}

/* The children count, so the counter is in shared memory. */
static void count_moving(void)
{
	moving = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ksft_need(moving != MAP_FAILED, "a page to share");
}

/*
 * A fork() that meets no page on the move proves nothing: @counter of vmstat
 * also counts the pages of other tasks. On one CPU, without preemption, pages
 * move between forks only; of larger pages, few are moved. There, no page must
 * be lost.
 */
static void fork_and_look(const char *counter)
{
	long before = proc_number("/proc/vmstat", counter);
	pthread_t thread;
	int i;

	count_moving();
	ksft_need(!pthread_create(&thread, NULL, keep_filling, NULL),
		  "a thread");
	for (i = 0; i < FORKS || (!*moving && i < FORKS_MAX); i++)
		in_child(i % 16 ? places_are_mapped : places_are_kept);
	stop = 1;
	pthread_join(thread, NULL);
	ksft_print_msg("%ld pages moved, %lu of them seen on the move\n",
		       proc_number("/proc/vmstat", counter) - before, *moving);
	ksft_need(*moving || PAGE > 4096 || sysconf(_SC_NPROCESSORS_ONLN) == 1,
		  "a page that moves while it is copied");
}

#define COMPACT		"/proc/sys/vm/compact_memory"

static void compact(void)
{
	ksft_need(ksft_put(COMPACT, "1"), "write to " COMPACT);
}

static void migration(void)
{
	pid_t pid;

	if (access(COMPACT, W_OK))
		ksft_case_skip("no memory compaction");
	anonymous_slots();
	fill_places();
	pid = helper_start(compact);
	fork_and_look("\npgmigrate_success ");
	helper_stop(pid);
}

#define SWAP_PAGES	4096U

/* Write a header like that of mkswap, and no holes. */
static void swap_on(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	uint32_t info[2] = { 1, SWAP_PAGES - 1 };	/* version, last page */
	static char page[PAGE];
	unsigned int i;

	ksft_need(fd >= 0, "create %s", path);
	for (i = 0; i < SWAP_PAGES; i++)
		ksft_need(write(fd, page, PAGE) == PAGE, "fill %s", path);
	ksft_need(pwrite(fd, info, sizeof(info), 1024) == sizeof(info) &&
		  pwrite(fd, "SWAPSPACE2", 10, PAGE - 10) == 10 && !fsync(fd),
		  "a swap header");
	close(fd);
	ksft_need(ksft_undo_later(KSFT_SWAP, path, "") && !swapon(path, 0),
		  "swapon");
}

#define CG		MNT "/cg"
#define GROUP		CG "/fork_empty"
#define RECLAIM		GROUP "/memory.reclaim"

static void reclaim(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(RECLAIM, O_WRONLY);
	/* EAGAIN: there was less to reclaim, which is fine */
	if (write(fd, "16M", 3) < 0 && errno != EAGAIN)
		_exit(1);
}

static void swap_out_loop(void)
{
	pid_t reclaimer = helper_start(reclaim);

	ksft_need(ksft_put(GROUP "/cgroup.procs", "0"), "enter " GROUP);
	anonymous_slots();
	fill_places();
	fork_and_look("\npswpout ");
	helper_stop(reclaimer);
}

/* A child does the work, so that the case itself stays out of the group. */
static void swap(void)
{
	mount_scratch();
	ksft_need(ksft_mkdir(CG), "mkdir " CG);
	if (!ksft_mount("none", CG, "cgroup2", 0, NULL))
		ksft_case_skip("no cgroup2");
	if (!ksft_controller(CG "/cgroup.subtree_control", "memory"))
		ksft_case_skip("no memory controller on cgroup2");
	ksft_need(ksft_mkdir(GROUP), "a cgroup");
	if (access(RECLAIM, W_OK))
		ksft_case_skip("no memory.reclaim");
	swap_on(MNT "/swap");
	in_child(swap_out_loop);
	ksft_need(!swapoff(MNT "/swap"), "swapoff");
	unlink(MNT "/swap");
}

/* ---- races: pages that are dropped concurrently -------------------------- */

static void *give_up(void *arg)
{
	unsigned int i;

	while (!stop)
		for (i = 1; i < SLOTS; i++) {
			madvise(slot(i), SLOT, MADV_DONTNEED);
			*(volatile unsigned int *)place(i) = i;
		}
	return arg;
}

/* A page is there or not, but never another; and it can be written to. */
static void there_or_not(void)
{
	volatile unsigned int *p;
	unsigned int i;

	for (i = 1; i < SLOTS; i++) {
		p = place(i);
		ksft_check(!*p || *p == i, "slot %u has %u", i, *p);
		*p = ~i;
		ksft_check(*p == ~i, "slot %u", i);
	}
}

static void dontneed(void)
{
	pthread_t thread;
	int i;

	anonymous_slots();
	ksft_need(!pthread_create(&thread, NULL, give_up, NULL), "a thread");
	for (i = 0; i < FORKS / 4; i++)
		in_child(there_or_not);
	stop = 1;
	pthread_join(thread, NULL);
}

static const struct ksft_case cases[] = {
	KSFT_CASE(emptied_heap),
	KSFT_CASE(half_emptied_heap),
	KSFT_CASE(piecemeal),
	KSFT_CASE(emptied_file_mapping),
	KSFT_CASE(single_pages),
	KSFT_CASE(uffd_wp_markers),
	KSFT_CASE(migration),
	KSFT_CASE(swap),
	KSFT_CASE(dontneed),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
