// SPDX-License-Identifier: GPL-2.0
/*
 * mremap() of a heap that has shrunk, to where the tables themselves cannot be
 * moved: empty tables get no new table, and every page must be found at its new
 * address.
 */
#include "fault.h"
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#define LEN		((SLOTS - 1) * SLOT)
#define HEAP		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

/* ---- moving -------------------------------------------------------------- */

static char *heap(size_t len)
{
	char *p = mmap(NULL, len + SLOT, PROT_NONE, HEAP, -1, 0);

	ksft_need(p != MAP_FAILED, "%zu bytes", len);
	p = (char *)(((uintptr_t)p + SLOT - 1) & ~(SLOT - 1));
	map_at(p, len, PROT_READ | PROT_WRITE, HEAP, -1, 0);
	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

/* Shift each page by one within its table, so that each is moved by itself. */
static char *moved(char *from, size_t len)
{
	char *to = mmap(NULL, len + 2 * SLOT, PROT_NONE, HEAP, -1, 0);

	ksft_need(to != MAP_FAILED, "room for %zu bytes", len);
	to = (char *)(((uintptr_t)to + SLOT - 1) & ~(SLOT - 1)) + PAGE;
	ksft_need(mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
		  to, "mremap");
	return to;
}

static void few_tables(long before, long max)
{
	long kb = vm_pte(getpid()) - before;

	ksft_print_msg("%ld kB of tables after it\n", kb);
	ksft_check(kb <= max, "%ld kB of tables, not %ld at most", kb, max);
}

/* ---- tables -------------------------------------------------------------- */

/* Populate a page in each of 512 tables, then drop them all. */
static void emptied_heap(void)
{
	char *p = heap(BIG);
	long before = vm_pte(getpid());
	size_t i;

	for (i = 0; i < BIG; i += SLOT)
		p[i] = 1;
	ksft_need(!madvise(p, BIG, MADV_DONTNEED), "MADV_DONTNEED");
	p = moved(p, BIG);
	few_tables(before, EMPTY_MAX);
	for (i = 0; i < BIG; i += SLOT)
		ksft_check(!p[i], "page %zu", i / PAGE);
}

static void half_emptied_heap(void)
{
	char *p = heap(LEN);
	long before = vm_pte(getpid());
	size_t i;

	for (i = 0; i < LEN; i += SLOT)
		p[i] = i / SLOT + 1;
	for (i = SLOT; i < LEN; i += 2 * SLOT)
		ksft_need(!madvise(p + i, SLOT, MADV_DONTNEED), "madvise");
	p = moved(p, LEN);
	few_tables(before, SLOTS / 2 * TABLE_KB + EMPTY_MAX);
	for (i = 0; i < LEN; i += SLOT)
		ksft_check(p[i] == (i % (2 * SLOT) ? 0 : (char)(i / SLOT + 1)),
			   "slot %zu", i / SLOT);
}

/* Page by page: see fork_empty.c. */
static void piecemeal(void)
{
	char *p = heap(LEN);
	long before = vm_pte(getpid());
	size_t i;

	for (i = 0; i < LEN; i += SLOT)
		p[i] = 1;
	for (i = 0; i < LEN; i += SLOT)
		ksft_need(!madvise(p + i, PAGE, MADV_DONTNEED), "madvise");
	p = moved(p, LEN);
	few_tables(before, EMPTY_MAX);
	for (i = 0; i < LEN; i += SLOT)
		ksft_check(!p[i], "slot %zu", i / SLOT);
}

/* Write and drop: the file's contents must be there again. */
static void emptied_file_mapping(void)
{
	long before;
	size_t i;
	char *p;
	int fd;

	private_mount("none", "tmpfs", NULL);
	fd = make_file("file", LEN);
	p = heap(LEN);
	map_at(p, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	before = vm_pte(getpid());
	for (i = 0; i < LEN; i += SLOT) {
		ksft_need(pwrite(fd, "f", 1, i) == 1, "pwrite");
		p[i] = 'p';
	}
	ksft_need(!madvise(p, LEN, MADV_DONTNEED), "MADV_DONTNEED");
	p = moved(p, LEN);
	few_tables(before, EMPTY_MAX);
	for (i = 0; i < LEN; i += SLOT)
		ksft_check(p[i] == 'f', "slot %zu", i / SLOT);
}

/* ---- pages --------------------------------------------------------------- */

/* One page in each table: its place in the first, and the step to the next */
struct place {
	size_t first, step;
};

static size_t page_of(const struct place *where, size_t i)
{
	return (where->first + i * where->step) % (SLOT / PAGE);
}

static void single_page(const void *arg)
{
	const struct place *where = arg;
	char *p = heap(LEN);
	size_t i, page;

	for (i = 0; i < SLOTS - 1; i++)
		p[i * SLOT + page_of(where, i) * PAGE] = i + 1;
	p = moved(p, LEN);
	for (i = 0; i < SLOTS - 1; i++) {
		page = page_of(where, i);
		ksft_check(p[i * SLOT + page * PAGE] == (char)(i + 1),
			   "page %zu of slot %zu", page, i);
		ksft_check(!p[i * SLOT + (page ^ 1) * PAGE],
			   "the page beside it");
	}
}

/* The target table already exists, with a neighbour in it. */
static void beside_a_neighbour(void)
{
	char *p = heap(SLOT), *to = heap(2 * SLOT);

	*to = 'n';
	p[SLOT - PAGE] = 'p';
	ksft_need(mremap(p, SLOT, SLOT, MREMAP_MAYMOVE | MREMAP_FIXED,
			 to + PAGE) == to + PAGE, "mremap");
	ksft_check(*to == 'n', "the neighbour");
	ksft_check(to[SLOT] == 'p', "the last page");
	ksft_check(!to[PAGE], "the first page");
}

/* ---- a table that another process takes away ---------------------------- */

#define COLLAPSES	200
#define COLLAPSE_SECONDS	10	/* of copying huge pages */
#define HUGE_MAX	(4UL << 20)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

static int file;
static struct {
	int go, done;
	int collapses, error;
} *turn;				/* shared with the child */

static void fill_file(void)
{
	static char page[PAGE];
	size_t i;

	for (i = 0; i < SLOT; i += PAGE) {
		memset(page, i / PAGE, PAGE);
		ksft_need(pwrite(file, page, PAGE, i) == (ssize_t)PAGE,
			  "pwrite");
	}
}

/* Split the huge page: without its first page it is none. */
static void make_small(void)
{
	static char page[PAGE];

	ksft_need(!fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			     0, PAGE) &&
		  pwrite(file, page, PAGE, 0) == (ssize_t)PAGE, "a hole");
}

/* Each collapse takes the table away from whoever maps the file. */
static void collapser(void)
{
	char *p = map_at(slot(1), SLOT, PROT_READ, MAP_SHARED, file, 0);
	int i;

	for (i = 1; i <= COLLAPSES; i++) {
		while (__atomic_load_n(&turn->go, __ATOMIC_ACQUIRE) < i)
			sched_yield();
		if (!madvise(p, SLOT, MADV_COLLAPSE))
			turn->collapses++;
		else if (errno != EAGAIN)
			turn->error = errno;
		__atomic_store_n(&turn->done, i, __ATOMIC_RELEASE);
	}
	_exit(0);
}

/* Find the table, empty, where it stays, until it is gone. */
static void move_until_collapsed(int round, char *to)
{
	char *p = slot(1);

	(void)*(volatile char *)(p + PAGE);
	ksft_need(!madvise(p, SLOT, MADV_DONTNEED), "MADV_DONTNEED");
	__atomic_store_n(&turn->go, round, __ATOMIC_RELEASE);
	while (__atomic_load_n(&turn->done, __ATOMIC_ACQUIRE) < round)
		if (mremap(p, SLOT, SLOT, MREMAP_MAYMOVE | MREMAP_FIXED |
			   MREMAP_DONTUNMAP, to) != to)
			ksft_case_skip("MREMAP_DONTUNMAP: %s", strerror(errno));
}

static void check_file(const char *p)
{
	size_t i;

	for (i = PAGE; i < SLOT; i += PAGE)
		ksft_check(p[i] == (char)(i / PAGE), "page %zu", i / PAGE);
}

/*
 * khugepaged, or MADV_COLLAPSE, frees the tables of all who map the file,
 * without their mmap_lock. Bugs show in the kernel log.
 */
static void against_collapse(void)
{
	time_t end = time(NULL) + COLLAPSE_SECONDS;
	pid_t pid;
	int i;

	if (SLOT > HUGE_MAX)
		ksft_case_skip("huge pages of %lu MB", (long)SLOT >> 20);
	slots_reserve();
	file = syscall(__NR_memfd_create, "collapse", 0);
	ksft_need(file >= 0 && !ftruncate(file, SLOT), "a file");
	fill_file();
	turn = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ksft_need(turn != MAP_FAILED, "a page");
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid)
		collapser();
	map_at(slot(1), SLOT, PROT_READ, MAP_SHARED, file, 0);
	for (i = 1; i <= COLLAPSES && time(NULL) < end; i++) {
		move_until_collapsed(i, slot(4) + PAGE);
		if (turn->error)
			ksft_case_skip("MADV_COLLAPSE: %s",
				       strerror(turn->error));
		make_small();
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ksft_print_msg("%d collapses\n", turn->collapses);
	ksft_need(turn->collapses, "a collapse");
	check_file(slot(1));
}

#define SINGLE(id, first, step) \
	KSFT_CASE_WITH(id, single_page, &(const struct place){ first, step })

static const struct ksft_case cases[] = {
	KSFT_CASE(emptied_heap),
	KSFT_CASE(half_emptied_heap),
	KSFT_CASE(piecemeal),
	KSFT_CASE(emptied_file_mapping),
	SINGLE(first_pages, 0, 0),
	SINGLE(last_pages, SLOT / PAGE - 1, 0),
	SINGLE(single_pages, 0, 37),
	KSFT_CASE(beside_a_neighbour),
	KSFT_CASE(against_collapse),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
