// SPDX-License-Identifier: GPL-2.0
/*
 * Faults that end in a signal or an error map nothing; so they must leave no
 * page table behind. Each fault has its own PMD.
 */
#include "fault.h"

#define FAULTS 16

static int file;		/* empty */
static int pipe_end;

static char *map_empty(char *where, int prot, int flags)
{
	return map_at(where, PAGE, prot, flags, file, 0);
}

static void read_fault(char *where, int i)
{
	char *p = map_empty(where, PROT_READ, MAP_SHARED);

	ksft_check(try_read(p) == SIGBUS, "no SIGBUS from read %d", i);
}

static void private_write_fault(char *where, int i)
{
	char *p = map_empty(where, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	ksft_check(try_write(p, 1) == SIGBUS, "no SIGBUS from write %d", i);
}

static void shared_write_fault(char *where, int i)
{
	char *p = map_empty(where, PROT_READ | PROT_WRITE, MAP_SHARED);

	ksft_check(try_write(p, 1) == SIGBUS, "no SIGBUS from write %d", i);
}

/* The kernel faults while it copies from the mapping. */
static void kernel_fault(char *where, int i)
{
	char *p = map_empty(where, PROT_READ, MAP_SHARED);

	ksft_check(write(pipe_end, p, 1) == -1 && errno == EFAULT,
		   "no EFAULT from write(2) %d", i);
}

/* The kernel gets pages without a fault: get_user_pages(). */
static void mem_fault(char *where, int i)
{
	char *p = map_empty(where, PROT_READ, MAP_SHARED);
	int fd = open("/proc/self/mem", O_RDONLY);
	char c;

	ksft_need(fd >= 0, "/proc/self/mem");
	ksft_check(pread(fd, &c, 1, (uintptr_t)p) == -1 && errno == EIO,
		   "no EIO from /proc/self/mem %d", i);
	close(fd);
}

static void mlock_fault(char *where, int i)
{
	char *p = map_empty(where, PROT_READ, MAP_SHARED);

	ksft_check(mlock(p, PAGE) == -1 && errno == ENOMEM,
		   "no ENOMEM from mlock %d", i);
}

/* mmap() does not report that it could not populate. */
static void populate_fault(char *where, int i)
{
	(void)i;
	map_empty(where, PROT_READ, MAP_SHARED | MAP_POPULATE);
}

static void populate_write_fault(char *where, int i)
{
	(void)i;
	map_empty(where, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE);
}

/*
 * Before the stack gap grew to 256 pages and moved out of the VMA, the lowest
 * page of the stack was the guard page.
 */
static void stack_guard_fault(char *where, int i)
{
	char *p = map_at(where, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			 MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
	int sig = try_write(p, 1);

	if (!sig)
		ksft_case_skip("no guard page inside of a stack");
	ksft_check(sig == SIGSEGV, "signal %d from guard page %d", sig, i);
}

static void expect_added(void (*fault)(char *, int), int nr, long kb)
{
	long added;

	fault_catch();
	added = tables_added(fault, nr);
	ksft_check(added == kb, "%d faults added %ld kB of tables, not %ld",
		   nr, added, kb);
}

struct empty {
	const char *type;	/* of the file system */
	void (*fault)(char *where, int i);
};

static void beyond_eof(const void *arg)
{
	const struct empty *e = arg;
	int fds[2];

	private_mount("none", e->type, NULL);
	file = make_file("empty", 0);
	ksft_need(!pipe(fds), "a pipe");
	pipe_end = fds[1];
	expect_added(e->fault, FAULTS, 0);
}

static void stack_guard_page(void)
{
	expect_added(stack_guard_fault, FAULTS / 2, 0);
}

/* Check the meter itself: a fault that maps a page must add a table. */
static void good_fault(char *where, int i)
{
	char *p = map_empty(where, PROT_READ, MAP_SHARED);

	ksft_check(!try_read(p), "signal from read %d", i);
}

static void good_read_adds_tables(void)
{
	private_mount("none", "ramfs", NULL);
	file = make_file("page", PAGE);
	expect_added(good_fault, FAULTS, FAULTS * TABLE_KB);
}

#define EMPTY(id, type, fault) \
	KSFT_CASE_WITH(id, beyond_eof, &(const struct empty){ type, fault })

static const struct ksft_case cases[] = {
	KSFT_CASE(good_read_adds_tables),
	EMPTY(read_beyond_eof, "ramfs", read_fault),
	EMPTY(private_write_beyond_eof, "ramfs", private_write_fault),
	EMPTY(shared_write_beyond_eof, "ramfs", shared_write_fault),
	EMPTY(kernel_read_beyond_eof, "ramfs", kernel_fault),
	EMPTY(proc_mem_beyond_eof, "ramfs", mem_fault),
	EMPTY(mlock_beyond_eof, "ramfs", mlock_fault),
	EMPTY(populate_beyond_eof, "ramfs", populate_fault),
	EMPTY(populate_write_beyond_eof, "ramfs", populate_write_fault),
	EMPTY(tmpfs_read_beyond_eof, "tmpfs", read_fault),
	EMPTY(tmpfs_private_write_beyond_eof, "tmpfs", private_write_fault),
	EMPTY(tmpfs_shared_write_beyond_eof, "tmpfs", shared_write_fault),
	EMPTY(tmpfs_kernel_read_beyond_eof, "tmpfs", kernel_fault),
	KSFT_CASE(stack_guard_page),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
