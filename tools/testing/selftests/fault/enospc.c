// SPDX-License-Identifier: GPL-2.0
/*
 * A fault on a hole for which the file system has no room ends in SIGBUS,
 * and should leave no page table behind.
 */
#include "fault.h"

#define FAULTS	8

static int file;		/* a hole of a page for each fault, and one */
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

/* Writes until nothing more goes in. */
static void fill(int fd, size_t step)
{
	static char buf[1 << 20];

	while (step >= 512)
		if (write(fd, buf, step) <= 0)
			step /= 2;
	ksft_need(errno == ENOSPC, "a full file system");
}

/* ---- tmpfs --------------------------------------------------------------- */

static void full_tmpfs(int with_prot, int with_flags,
		       void (*fault)(char *, int))
{
	int fd;

	private_mount("none", "tmpfs", "size=64k");
	file = make_file("holes", (FAULTS + 1) * PAGE);
	fd = make_file("fill", 0);
	fill(fd, PAGE);
	prot = with_prot;
	flags = with_flags;
	expect_no_tables(fault);
}

static void tmpfs_shared_write(void)
{
	full_tmpfs(PROT_READ | PROT_WRITE, MAP_SHARED, write_hole);
}

static void tmpfs_private_write(void)
{
	full_tmpfs(PROT_READ | PROT_WRITE, MAP_PRIVATE, write_hole);
}

static void tmpfs_read(void)
{
	full_tmpfs(PROT_READ, MAP_SHARED, read_hole);
}

/* ---- ext4: it is ->page_mkwrite that fails ------------------------------- */

/*
 * With fallocate() there is nothing to write back; with write() and delayed
 * allocation the last blocks show only once those before are on disk.
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

static void full_ext4(int warm)
{
	char page[PAGE];
	int i;

	mount_scratch();
	file = make_file("holes", (FAULTS + 1) * PAGE);
	fill_ext4(make_file("fill", 0));
	for (i = 0; warm && i <= FAULTS; i++)
		ksft_need(pread(file, page, PAGE, i * PAGE) == PAGE, "a hole");
	prot = PROT_READ | PROT_WRITE;
	flags = MAP_SHARED;
	expect_no_tables(write_hole);
}

static void ext4_mkwrite_warm(void)
{
	full_ext4(1);
}

static void ext4_mkwrite_cold(void)
{
	full_ext4(0);
}

static const struct ksft_case cases[] = {
	KSFT_CASE(tmpfs_shared_write),
	KSFT_CASE(tmpfs_private_write),
	KSFT_CASE(tmpfs_read),
	KSFT_CASE(ext4_mkwrite_warm),
	KSFT_CASE(ext4_mkwrite_cold),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
