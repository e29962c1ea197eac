// SPDX-License-Identifier: GPL-2.0
/*
 * How many pages a fault takes from the page allocator: those it maps and the
 * table that maps them, and none just to free it again.
 *
 * The kernel takes the faults, since a signal has costs of its own. Each fault
 * has its own PMD, in one VMA, so that nothing else is allocated. Only the
 * allocations of this thread count.
 */
#include "fault.h"
#include "../ksft_trace.h"
#include <sys/prctl.h>

#define FAULTS	64
#define FIRST	2			/* slot of the table next door */
#define LEN	((FAULTS + 1) * SLOT)
#define WINDOW	16			/* pages of fault-around */
#define NODE	40			/* pins the page cache node */
#define SLACK	(FAULTS / 4)		/* for slabs, kmemleak's included */
#define RW	(PROT_READ | PROT_WRITE)

enum cache { NOTHING, COLD, WARM };

static int any_file;			/* for an ioctl() */

/* Each is one get_user() or put_user() of an int: one fault. */
static int kernel_read(char *p)
{
	return ioctl(any_file, FIONBIO, p);
}

static int kernel_write(char *p)
{
	return prctl(PR_GET_PDEATHSIG, p);
}

/* NOTHING: the file ends after the page next door. */
static int make_mapped_file(const char *type, enum cache cache)
{
	off_t at;
	int file, i;

	private_mount("none", type, NULL);
	file = make_file("mapped", cache == NOTHING ? PAGE : LEN);
	for (at = 0; cache != NOTHING && at < (off_t)LEN; at += SLOT) {
		for (i = 0; cache == WARM && i < WINDOW; i++)
			ksft_need(pwrite(file, "w", 1, at + i * PAGE) == 1,
				  "a warm page");
		ksft_need(pwrite(file, "n", 1, at + NODE * PAGE) == 1,
			  "a page in the node");
	}
	return file;
}

static void map_it(int flags, int file)
{
	int fds[2];
	char *p;

	ksft_need(!pipe(fds), "a pipe");
	any_file = fds[0];
	slots_reserve();
	p = map_at(slot(FIRST), LEN, RW,
		   flags | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
	madvise(p, LEN, MADV_NOHUGEPAGE);
	*(volatile char *)p = 1;
}

/* @pages: pages that each fault takes; @err: whether it fails */
static void expect(int (*access)(char *), int err, int pages)
{
	int i, event;
	long taken;

	access(slot(FIRST));
	event = ksft_count_own("kmem/mm_page_alloc");
	for (i = 1; i <= FAULTS; i++)
		ksft_check(!access(slot(FIRST + i)) == !err, "access %d", i);
	taken = ksft_event_count(event);
	ksft_print_msg("%ld pages for %d faults\n", taken, FAULTS);
	ksft_check(taken <= FAULTS * pages + SLACK, "more than %d for each",
		   pages);
	ksft_check(taken >= FAULTS * pages, "less than %d for each", pages);
}

struct fault {
	const char *type;	/* of the file system; NULL: anonymous */
	enum cache cache;
	int flags;
	int (*access)(char *p);
	int err, pages;		/* whether it fails, and pages it takes */
};

static void fault(const void *arg)
{
	const struct fault *f = arg;

	map_it(f->flags, f->type ? make_mapped_file(f->type, f->cache) : -1);
	expect(f->access, f->err, f->pages);
}

#define FAULT(id, type, cache, flags, access, ...)			\
	KSFT_CASE_WITH(id, fault, &(const struct fault){		\
		type, cache, MAP_##flags, kernel_##access, __VA_ARGS__ })

static const struct ksft_case cases[] = {
	/* Faults that fail: no table; a private write allocates its page. */
	FAULT(read_beyond_eof, "ramfs", NOTHING, SHARED, read, 1, 0),
	FAULT(tmpfs_read_beyond_eof, "tmpfs", NOTHING, SHARED, read, 1, 0),
	FAULT(shared_write_beyond_eof, "ramfs", NOTHING, SHARED, write, 1, 0),
	FAULT(private_write_beyond_eof, "ramfs", NOTHING, PRIVATE, write, 1, 1),
	/* Faults that map: a table, and the pages that were missing. */
	FAULT(warm_read, "ramfs", WARM, SHARED, read, 0, 1),
	FAULT(cold_read, "ramfs", COLD, SHARED, read, 0, 2),
	FAULT(tmpfs_hole_read, "tmpfs", COLD, SHARED, read, 0, 2),
	FAULT(shared_write, "ramfs", WARM, SHARED, write, 0, 1),
	FAULT(private_write, "ramfs", WARM, PRIVATE, write, 0, 2),
	FAULT(anon_write, NULL, NOTHING, PRIVATE, write, 0, 2),
	FAULT(zero_page, NULL, NOTHING, PRIVATE, read, 0, 1),
};

int main(int argc, char **argv)
{
	ksft_before_case = need_table_pages;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
