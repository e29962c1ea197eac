// SPDX-License-Identifier: GPL-2.0
/*
 * How many pages a fault takes from the page allocator: those it maps and
 * the table to map them by, and not one more to give back at once.
 *
 * It is the kernel that faults, since a signal has costs of its own; each
 * fault in a PMD of its own, in one VMA, so that nothing else is allocated.
 * Of what is allocated, only what this thread does counts.
 */
#include "fault.h"
#include "events.h"
#include <sys/prctl.h>

#define FAULTS	64
#define FIRST	2			/* slot of the table next door */
#define LEN	((FAULTS + 1) * SLOT)
#define WINDOW	16			/* pages of fault-around */
#define NODE	40			/* keeps the cache's node there */
#define SLACK	(FAULTS / 16)		/* for slabs */
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

/* @pages: what each fault may take; @err: whether it fails */
static void expect(int (*access)(char *), int err, int pages)
{
	int i, event;
	long taken;

	access(slot(FIRST));
	event = event_open("kmem/mm_page_alloc");
	for (i = 1; i <= FAULTS; i++)
		ksft_check(!access(slot(FIRST + i)) == !err, "access %d", i);
	taken = event_count(event);
	ksft_print_msg("%ld pages for %d faults\n", taken, FAULTS);
	ksft_check(taken <= FAULTS * pages + SLACK, "more than %d for each",
		   pages);
	ksft_check(taken >= FAULTS * pages, "less than %d for each", pages);
}

/* ---- faults that fail: no table; a private copy has its page first --------- */

static void read_beyond_eof(void)
{
	map_it(MAP_SHARED, make_mapped_file("ramfs", NOTHING));
	expect(kernel_read, 1, 0);
}

static void tmpfs_read_beyond_eof(void)
{
	map_it(MAP_SHARED, make_mapped_file("tmpfs", NOTHING));
	expect(kernel_read, 1, 0);
}

static void shared_write_beyond_eof(void)
{
	map_it(MAP_SHARED, make_mapped_file("ramfs", NOTHING));
	expect(kernel_write, 1, 0);
}

static void private_write_beyond_eof(void)
{
	map_it(MAP_PRIVATE, make_mapped_file("ramfs", NOTHING));
	expect(kernel_write, 1, 1);
}

/* ---- faults that map: a table, and pages that were not there --------------- */

static void warm_read(void)
{
	map_it(MAP_SHARED, make_mapped_file("ramfs", WARM));
	expect(kernel_read, 0, 1);
}

static void cold_read(void)
{
	map_it(MAP_SHARED, make_mapped_file("ramfs", COLD));
	expect(kernel_read, 0, 2);
}

static void tmpfs_hole_read(void)
{
	map_it(MAP_SHARED, make_mapped_file("tmpfs", COLD));
	expect(kernel_read, 0, 2);
}

static void shared_write(void)
{
	map_it(MAP_SHARED, make_mapped_file("ramfs", WARM));
	expect(kernel_write, 0, 1);
}

static void private_write(void)
{
	map_it(MAP_PRIVATE, make_mapped_file("ramfs", WARM));
	expect(kernel_write, 0, 2);
}

static void anon_write(void)
{
	map_it(MAP_PRIVATE, -1);
	expect(kernel_write, 0, 2);
}

static void zero_page(void)
{
	map_it(MAP_PRIVATE, -1);
	expect(kernel_read, 0, 1);
}

static const struct ksft_case cases[] = {
	KSFT_CASE(read_beyond_eof),
	KSFT_CASE(tmpfs_read_beyond_eof),
	KSFT_CASE(shared_write_beyond_eof),
	KSFT_CASE(private_write_beyond_eof),
	KSFT_CASE(warm_read),
	KSFT_CASE(cold_read),
	KSFT_CASE(tmpfs_hole_read),
	KSFT_CASE(shared_write),
	KSFT_CASE(private_write),
	KSFT_CASE(anon_write),
	KSFT_CASE(zero_page),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
