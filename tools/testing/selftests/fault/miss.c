// SPDX-License-Identifier: GPL-2.0
/*
 * Fault-around must count the pages that it maps as hits, and no others.
 *
 * For a file that is read through a mapping, the kernel counts misses, faults
 * that have to wait for I/O, minus hits. Above 100, read-around stops. So
 * whether the page next to a miss is in the cache shows on which side of the
 * limit the count is.
 */
#include "fault.h"

#define WINDOW		16		/* pages of fault-around */
#define PAGES		1024		/* of the file */
#define FAR		(PAGES / 2)	/* the page that misses */
#define LIMIT		100		/* MMAP_LOTSAMISS */
#define MISSES		(2 * LIMIT)
#define GAPS		8		/* MISSES - GAPS * WINDOW < LIMIT */

static char *map;
static int file, again;			/* two struct file of one inode */

static void touch(unsigned long page)
{
	(void)*(volatile char *)(map + page * PAGE);
}

static void forget(unsigned long page, unsigned long nr)
{
	ksft_need(!madvise(map + page * PAGE, nr * PAGE, MADV_DONTNEED),
		  "madvise");
}

static int cached(unsigned long page)
{
	unsigned char vec;

	ksft_need(!mincore(map + page * PAGE, PAGE, &vec), "mincore");
	return vec & 1;
}

/* No fault-around, which would count the pages of read-around as hits. */
static void miss(void)
{
	forget(FAR - WINDOW, PAGES - FAR);
	ksft_need(!posix_fadvise(file, WINDOW * PAGE, 0, POSIX_FADV_DONTNEED),
		  "fadvise");
	ksft_need(!cached(FAR), "a cold page");
	fault_around(1);
	touch(FAR);
	fault_around(WINDOW);
}

static void open_again(void)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	again = open(path, O_RDWR);
	ksft_need(again >= 0, "open again");
}

/* Cache and map a window of the file; then miss many times. */
static void setup(void)
{
	static char page[PAGE];
	int i;

	slots_reserve();
	need_fault_around();
	mount_scratch();
	file = make_file("missed", 0);
	for (i = 0; i < PAGES; i++)
		ksft_need(write(file, page, PAGE) == PAGE, "write");
	ksft_need(!fsync(file), "fsync");
	open_again();
	map = map_at(slot(1), PAGES * PAGE, PROT_READ, MAP_SHARED, again, 0);
	fault_around(WINDOW);
	touch(0);
	for (i = 0; i < MISSES; i++)
		miss();
	ksft_need(!cached(FAR - 1), "read-around to stop");
}

/* Only one page of the window is unmapped each time: one hit each. */
static void mapped_pages_are_no_hits(void)
{
	int i;

	setup();
	for (i = 0; i < GAPS; i++) {
		forget(0, 1);
		touch(0);
	}
	miss();
	ksft_check(!cached(FAR - 1), "%d pages counted as more hits", GAPS);
}

static void new_pages_are_hits(void)
{
	int i;

	setup();
	for (i = 0; i < GAPS; i++) {
		forget(0, WINDOW);
		touch(0);
	}
	miss();
	ksft_check(cached(FAR - 1), "%d pages counted as fewer hits",
		   GAPS * WINDOW);
}

static const struct ksft_case cases[] = {
	KSFT_CASE(mapped_pages_are_no_hits),
	KSFT_CASE(new_pages_are_hits),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
