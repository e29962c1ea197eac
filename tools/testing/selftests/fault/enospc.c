// SPDX-License-Identifier: GPL-2.0
/*
 * A fault on a hole that a full file system cannot fill ends in SIGBUS, and
 * must leave no page table behind.
 */
#include "fault.h"

#define FAULTS	8
#define RW	(PROT_READ | PROT_WRITE)

static int file;		/* a one-page hole per fault, and one more */
static int prot, flags;

static char *map_hole(char *where, int i)
{
	return map_at(where, PAGE, prot, flags, file, i * PAGE);
}

static void write_hole(char *where, int i)
{
	int sig = try_write(map_hole(where, i), 1);

	ksft_check(sig == SIGBUS, "signal %d from write %d", sig, i);
}

static void read_hole(char *where, int i)
{
	int sig = try_read(map_hole(where, i));

	ksft_check(sig == SIGBUS, "signal %d from read %d", sig, i);
}

static void expect_no_tables(void (*fault)(char *, int))
{
	long added;

	fault_catch();
	added = tables_added(fault, FAULTS);
	ksft_check(!added, "%d faults added %ld kB of tables", FAULTS, added);
}

/* Write until the file system is full. */
static void fill(int fd, size_t step)
{
	static char buf[1 << 20];

	while (step >= 512)
		if (write(fd, buf, step) <= 0)
			step /= 2;
	ksft_need(errno == ENOSPC, "a full file system");
}

/* ---- tmpfs --------------------------------------------------------------- */

struct access {
	int prot, flags;
	void (*fault)(char *where, int i);
};

static void full_tmpfs(const void *arg)
{
	const struct access *a = arg;
	int fd;

	private_mount("none", "tmpfs", "size=64k");
	file = make_file("holes", (FAULTS + 1) * PAGE);
	fd = make_file("fill", 0);
	fill(fd, PAGE);
	prot = a->prot;
	flags = a->flags;
	expect_no_tables(a->fault);
}

/* ---- ext4: ->page_mkwrite fails ------------------------------------------ */

/*
 * fallocate() leaves nothing to write back. With write() and delayed
 * allocation, the last free blocks only show once earlier data is on disk.
 */
static void fill_ext4(int fd)
{
	off_t len, at = 0;

	for (len = 1 << 26; len >= 1024; len /= 2)
		while (!fallocate(fd, 0, at, len))
			at += len;
	if (errno != ENOSPC) {
		ksft_need(errno == EOPNOTSUPP, "fallocate");
		fill(fd, 1 << 20);
	}
	ksft_need(!fsync(fd), "fsync");
	if (!at)
		fill(fd, PAGE);
}

static void full_ext4(const void *arg)
{
	int warm = *(const int *)arg;
	char page[PAGE];
	int i;

	mount_scratch();
	file = make_file("holes", (FAULTS + 1) * PAGE);
	fill_ext4(make_file("fill", 0));
	for (i = 0; warm && i <= FAULTS; i++)
		ksft_need(pread(file, page, PAGE, i * PAGE) == PAGE, "a hole");
	prot = RW;
	flags = MAP_SHARED;
	expect_no_tables(write_hole);
}

#define TMPFS(id, ...) \
	KSFT_CASE_WITH(id, full_tmpfs, &(const struct access){ __VA_ARGS__ })

static const struct ksft_case cases[] = {
	TMPFS(tmpfs_shared_write, RW, MAP_SHARED, write_hole),
	TMPFS(tmpfs_private_write, RW, MAP_PRIVATE, write_hole),
	TMPFS(tmpfs_read, PROT_READ, MAP_SHARED, read_hole),
	KSFT_CASE_WITH(ext4_mkwrite_warm, full_ext4, KSFT_INT(1)),
	KSFT_CASE_WITH(ext4_mkwrite_cold, full_ext4, KSFT_INT(0)),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
