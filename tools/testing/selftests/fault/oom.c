// SPDX-License-Identifier: GPL-2.0
/*
 * Faults that run out of memory for page tables: the OOM killer must kill the
 * task that has them all, and the machine must go on.
 *
 * A bomb maps one page at many addresses, 2 MiB apart, and touches each once:
 * it uses nothing but PTE tables. In v4.6 only allocations with __GFP_FS invoke
 * the OOM killer; a task that allocates a table without it retries forever, and
 * SIGKILL does not end it. If it holds a page lock, the tasks that wait for
 * that lock do not end either.
 */
#include "oom.h"

#define BOMBS		6144UL			/* tables, if memory lasts */
#define REGION		(512 * SLOT)		/* reach of a PMD table */
#define LOCKED		(8UL << 20)		/* of the mlocked victim */
#define THREADS		4
#define INNOCENTS	3
#define DECOYS		40
#define INNOCENT_SIZE	(1UL << 20)
#define MORE		1024UL			/* pages of the allocator */
#define PIPE		16UL			/* pages that a pipe holds */
#define KEPT		16			/* pipes */

/* ---- the bomb ------------------------------------------------------------ */

static struct {
	int file, prot, threads, node;
	unsigned long pages;			/* in each mapping */
	bool private;
	char *base;
	unsigned long next;
} bomb = { .prot = RW, .threads = 1, .node = -1, .pages = 1 };

static void bind_to_node(int node)
{
#ifdef SYS_set_mempolicy
	unsigned long mask = 1UL << node;
	long ret = syscall(SYS_set_mempolicy, 2 /* MPOL_BIND */, &mask, 64);

	ksft_need(!ret, "memory policy for node %d", node);
#endif
}

static void bomb_touch(char *p)
{
	if (!(bomb.prot & PROT_WRITE))
		(void)*(volatile char *)p;
	else
		*(volatile char *)p = 1;
	/* Free the copy, so that only the tables stay. */
	if (bomb.private)
		madvise(p, PAGE, MADV_DONTNEED);
}

static void bomb_go(void)
{
	unsigned long i;

	while ((i = __sync_fetch_and_add(&bomb.next, 1)) < BOMBS) {
		if (i % 512)
			bomb_touch(bomb.base + i * SLOT);
		__sync_fetch_and_add(&told->steps, 1);
	}
}

static void *bomb_thread(void *arg)
{
	await_curtain();
	bomb_go();
	return arg;
}

static char *bomb_range(void)
{
	size_t len = BOMBS * SLOT;
	char *p = mmap(NULL, len + REGION, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ksft_need(p != MAP_FAILED, "reserve %zu bytes", len + REGION);
	munmap(p, len + REGION);	/* nothing else gets mapped here */
	return (char *)(((uintptr_t)p + REGION - 1) & ~(REGION - 1));
}

static void bomb_map(void)
{
	int flags = bomb.private ? MAP_PRIVATE : MAP_SHARED;
	unsigned long i;

	for (i = 0; i < BOMBS; i++)
		map_at(bomb.base + i * SLOT, bomb.pages * PAGE, bomb.prot,
		       flags, bomb.file, 0);
}

/* The first slot of each region populates the upper levels. */
static void bomb_prepare(void)
{
	pthread_t thread;
	unsigned long i;

	if (bomb.node >= 0)
		bind_to_node(bomb.node);
	bomb.base = bomb_range();
	bomb_map();
	for (i = 0; i < BOMBS; i += 512)
		bomb_touch(bomb.base + i * SLOT);
	for (i = 1; i < (unsigned long)bomb.threads; i++)
		ksft_need(!pthread_create(&thread, NULL, bomb_thread, NULL),
			  "a thread");
}

/* Create a file of a few pages, without holes. */
static int make_pages(const char *name, unsigned long pages)
{
	int fd = make_file(name, 0);
	char page[PAGE];
	unsigned long i;

	memset(page, 1, PAGE);
	for (i = 0; i < pages; i++)
		ksft_need(write(fd, page, PAGE) == PAGE, "write %s", name);
	fsync(fd);
	return fd;
}

/* ---- the other actors ---------------------------------------------------- */

static void touch_all(char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE)
		((volatile char *)p)[i] = 1;
}

static char *get_memory(size_t len)
{
	char *p = mmap(NULL, len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ksft_need(p != MAP_FAILED, "%zu bytes", len);
	touch_all(p, len);
	return p;
}

static void wait_for_the_end(void)
{
	for (;;)
		pause();
}

static void innocent_prepare(void)
{
	get_memory(INNOCENT_SIZE);
}

static void nothing(void)
{
}

/* Allocates whenever the bomb makes no progress, until it does again. */
static char *more;
static bool allocating;

static void allocator_prepare(void)
{
	more = get_memory(MORE * PAGE);
	madvise(more, MORE * PAGE, MADV_NOHUGEPAGE);
	madvise(more, MORE * PAGE, MADV_DONTNEED);
}

static void allocator_go(void)
{
	unsigned long i;
	long steps = -1;

	for (i = 0;; i = (i + 1) % MORE) {
		if (!i)
			madvise(more, MORE * PAGE, MADV_DONTNEED);
		while (told->steps != steps) {
			steps = told->steps;
			nap(500);
		}
		more[i * PAGE] = 1;
	}
}

/* munlock() takes the lock of each page, the bomb's page included. */
static void victim_prepare(void)
{
	char *p = get_memory(LOCKED);

	ksft_need(!mlock(p, LOCKED), "mlock");
	p = mmap(NULL, PAGE, RW, MAP_SHARED, bomb.file, 0);
	ksft_need(p != MAP_FAILED && !mlock(p, PAGE), "mlock of the file");
}

/* ---- a play -------------------------------------------------------------- */

static bool all_doomed_gone(void)
{
	return !left(DOOMED);
}

static void begin(int node)
{
	oom_need_consent();
	stage_build(node);
	bomb.file = make_pages("page", 16);
	bomb.node = node;
}

static void cast_innocents(void)
{
	int i;

	for (i = 0; i < INNOCENTS; i++)
		cast("oom_innocent", INNOCENT, 0, innocent_prepare,
		     wait_for_the_end);
}

/* A bomb that was not stopped proves nothing. */
static void no_bomb_left_over(void)
{
	unsigned int i;

	for (i = 0; i < nr_actors; i++)
		ksft_need(actors[i].part != DOOMED || actors[i].gone_ms < 0 ||
			  WIFSIGNALED(actors[i].status),
			  "%s ended by itself, status %x", actors[i].name,
			  actors[i].status);
}

static void end(bool over)
{
	unsigned int innocents;
	long steps = told->steps;

	reap();
	innocents = gone(INNOCENT);
	lower_curtain();
	note_victims();
	tell_times();
	ksft_print_msg("page tables: %ld\n", steps);
	no_bomb_left_over();
	ksft_check(over, "%s: out of memory for ever, after %ld tables",
		   gone(DOOMED) ? "one is left" : "nobody is killed", steps);
	ksft_print_msg("innocents that died: %u\n", innocents);
	ksft_check(!innocents || allocating, "%u innocents died", innocents);
}

static void play(void)
{
	cast_innocents();
	inflate();
	raise_curtain();
	end(watch_until(all_doomed_gone));
}

/* ---- a bomb, and no other task that allocates ---------------------------- */

/*
 * Next to no page cache either: unpatched v4.6 retries an allocation with
 * __GFP_REPEAT, which page tables used, until its reclaim has freed a page.
 */
static void bomb_alone(void)
{
	cast("oom_bomb", DOOMED, 0, bomb_prepare, bomb_go);
	play();
	ksft_check(shot("") == 1 && shot("oom_bomb") == 1,
		   "%u victims of the OOM killer, not the bomb alone:%s",
		   shot(""), victims);
}

static void shared_write(void)
{
	begin(-1);
	bomb_alone();
}

static void read_window(const void *arg)
{
	begin(-1);
	fault_around(*(const int *)arg);
	bomb.prot = PROT_READ;
	bomb.pages = 16;
	bomb_alone();
}

/* The OOM killer marks one thread of four; all of them must exit. */
static void threads(void)
{
	begin(-1);
	bomb.threads = THREADS;
	bomb_alone();
}

/*
 * Here the copy invokes the OOM killer if a table does not: any kernel
 * allocates it with all the gfp flags that a fault may use.
 */
static void private_write(void)
{
	begin(-1);
	bomb.private = true;
	bomb_alone();
}

/* No other task runs out of memory: the other node has plenty. */
static void mpol_bind(void)
{
	oom_need_consent();
	if (access("/sys/devices/system/node/node1/meminfo", R_OK))
		ksft_case_skip("one NUMA node");
	begin(1);
	bomb_alone();
}

static bool memory_is_out(void)
{
	return gone(EXTRA) > 0;
}

/*
 * The OOM killer prefers other, small victims, so the bomb retries. It also
 * does if the OOM killer is not invoked.
 */
static void sigkill(void)
{
	struct actor *a;
	int i;

	begin(-1);
	a = cast("oom_bomb", DOOMED, -999, bomb_prepare, bomb_go);
	for (i = 0; i < DECOYS; i++)
		cast("oom_decoy", EXTRA, 1000, nothing, wait_for_the_end);
	cast_innocents();
	inflate();
	raise_curtain();
	watch_until(memory_is_out);
	kill(a->pid, SIGKILL);
	end(watch_until(all_doomed_gone));
	ksft_need(!shot("oom_bomb"), "SIGKILL before the OOM killer's");
}

/* ---- a page that the victim needs ---------------------------------------- */

/*
 * The preferred victim of the OOM killer has mlocked the page that the bomb
 * maps, and munlock needs the page lock. A third task invokes the OOM killer if
 * the bomb does not.
 *
 * An innocent may die here, on v4.6 with and without the series: the OOM reaper
 * lets the OOM killer pick its next victim before the tables of the bomb are
 * freed, and a third task that allocates just then gets that victim killed.
 */
static void mlocked(void)
{
	allocating = true;
	cast("oom_bomb", DOOMED, 0, bomb_prepare, bomb_go);
	cast("oom_victim", DOOMED, 1000, victim_prepare, wait_for_the_end);
	cast("oom_allocator", EXTRA, -999, allocator_prepare, allocator_go);
	play();
}

/*
 * Page cache that reclaim finds and cannot free, since pipes refer to it. With
 * some to scan, v4.6's reclaim claims progress, and __GFP_REPEAT is content.
 */
static void keep_page_cache(void)
{
	int file = make_pages("cache", KEPT * PIPE), fds[2], i;
	loff_t pos = 0;

	for (i = 0; i < KEPT; i++) {
		ksft_need(!pipe(fds), "pipe");
		ksft_need(splice(file, &pos, fds[1], NULL, PIPE * PAGE, 0) ==
			  (ssize_t)(PIPE * PAGE), "splice");
	}
}

/* Not one thread of the bomb allocates, but four, and another task does. */
static void threads_and_another(void)
{
	oom_need_consent();
	mount_scratch();
	keep_page_cache();
	begin(-1);
	allocating = true;
	bomb.threads = THREADS;
	cast("oom_bomb", DOOMED, 0, bomb_prepare, bomb_go);
	cast("oom_allocator", EXTRA, -999, allocator_prepare, allocator_go);
	play();
	ksft_check(shot("oom_bomb"), "the bomb was not shot:%s", victims);
}

static void mlocked_shared_write(void)
{
	begin(-1);
	mlocked();
}

/*
 * Cannot hang with the bomb alone: the copy must be allocated as well, and
 * invokes the OOM killer on any kernel.
 */
static void mlocked_private_write(void)
{
	begin(-1);
	bomb.private = true;
	mlocked();
}

static void mlocked_read(void)
{
	begin(-1);
	fault_around(1);
	bomb.prot = PROT_READ;
	mlocked();
}

/* ->page_mkwrite() is called between ->fault() and the table. */
static void mlocked_mkwrite(void)
{
	int file;

	oom_need_consent();
	mount_scratch();
	file = make_pages("page", 1);
	begin(-1);
	bomb.file = file;
	mlocked();
}

static const struct ksft_case cases[] = {
	KSFT_CASE(shared_write),
	KSFT_CASE_WITH(read_16_pages, read_window, KSFT_INT(16)),
	KSFT_CASE_WITH(read_one_page, read_window, KSFT_INT(1)),
	KSFT_CASE(private_write),
	KSFT_CASE(threads),
	KSFT_CASE(sigkill),
	KSFT_CASE(mpol_bind),
	KSFT_CASE(threads_and_another),
	KSFT_CASE(mlocked_shared_write),
	KSFT_CASE(mlocked_private_write),
	KSFT_CASE(mlocked_read),
	KSFT_CASE(mlocked_mkwrite),
};

/* Filling memory with tables needs more than 32 bits of addresses. */
static void enough_addresses(void)
{
	if (BOMBS > SIZE_MAX / SLOT)
		ksft_case_skip("no room for %lu page tables", BOMBS);
}

/* The OOM killer must spare the program and the keepers of its cases, too. */
int main(int argc, char **argv)
{
	if (oom_consent())
		oom_score_adj(-1000);
	ksft_before_case = enough_addresses;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
