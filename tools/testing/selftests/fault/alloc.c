// SPDX-License-Identifier: GPL-2.0
/*
 * A fault whose page table or page cannot be allocated returns an error: the
 * kernel's own access gets EFAULT, nothing is left behind, and the log stays
 * clean. Later the same access works.
 *
 * fail_page_alloc hits the allocations of one task only, while it faults. The
 * upper levels, a table next door, the anon_vma and the page cache nodes exist
 * beforehand; so what fails is the table or the page. The kernel takes the
 * fault: a user fault would invoke the OOM killer.
 */
#include "fault.h"
#include "../ksft_inject.h"
#include <sys/prctl.h>

#define FAULTS	8
#define FIRST	2			/* slot of the table next door */
#define LEN	((FAULTS + 1) * SLOT)
#define CACHED	16			/* pages of a slot: one window */
#define NODE	40			/* pins the page cache node */
#define EVER	1000
#define RW	(PROT_READ | PROT_WRITE)

/* ---- injection ----------------------------------------------------------- */

struct mode {
	int skip;		/* allocations that succeed first */
	int times;		/* allocations that fail then */
	int spare_pages;	/* never fail a page of user memory */
};

/* Returns how many of @m->times failures took place. */
static long inject(const struct mode *m, int (*access)(char *), char *p,
		   int *ret)
{
	if (m->spare_pages)
		need_tables_apart();
	ksft_inject_set("ignore-gfp-highmem", m->spare_pages ? "Y" : "N");
	ksft_inject_set_number("space", m->skip + 1);
	ksft_inject_fail(m->times);
	ksft_inject_on();
	*ret = access(p);
	ksft_inject_off();
	ksft_inject_set("probability", "0");
	return m->times - ksft_inject_left();
}

/* ---- what faults --------------------------------------------------------- */

struct path {
	const char *type;	/* of the file system; NULL: anonymous */
	int flags;
	int warm;
	int write;
};

static const struct path warm_read = { "ramfs", MAP_SHARED, 1, 0 };
static const struct path cold_read = { "ramfs", MAP_SHARED, 0, 0 };
static const struct path tmpfs_hole = { "tmpfs", MAP_SHARED, 0, 0 };
static const struct path cow = { "ramfs", MAP_PRIVATE, 1, 1 };
static const struct path shared_write = { "ramfs", MAP_SHARED, 1, 1 };
static const struct path anon_write = { NULL, MAP_PRIVATE, 0, 1 };
static const struct path zero_page = { NULL, MAP_PRIVATE, 0, 0 };

static int any_file;		/* for an ioctl() */

/* Each is one get_user() or put_user() of an int: one fault. */
static int kernel_read(char *p)
{
	return ioctl(any_file, FIONBIO, p);
}

static int kernel_write(char *p)
{
	return prctl(PR_GET_PDEATHSIG, p);
}

static int expected_word(const struct path *path)
{
	if (path->write)
		return SIGKILL;
	return path->warm ? 'w' : 0;
}

static void fill_cache(int file, int warm)
{
	static const int page[PAGE / sizeof(int)] = { 'w' };
	off_t at;
	int i;

	for (at = 0; at < (off_t)LEN; at += SLOT) {
		for (i = 0; warm && i < CACHED; i++)
			ksft_need(pwrite(file, page, PAGE, at + i * PAGE) > 0,
				  "a warm page");
		ksft_need(pwrite(file, page, PAGE, at + NODE * PAGE) > 0,
			  "a page in the node");
	}
}

static int make_mapped_file(const struct path *path)
{
	int file;

	if (!path->type)
		return -1;
	private_mount("none", path->type, NULL);
	file = make_file("mapped", LEN);
	fill_cache(file, path->warm);
	return file;
}

static void map_it(const struct path *path)
{
	int file = make_mapped_file(path);
	int fds[2];
	char *p;

	ksft_need(!pipe(fds), "a pipe");
	any_file = fds[0];
	slots_reserve();
	p = map_at(slot(FIRST), LEN, RW, path->flags |
		   (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
	madvise(p, LEN, MADV_NOHUGEPAGE);
	/* allocates the table next door and, if private, the anon_vma */
	if (path->write || path->flags == MAP_PRIVATE)
		*(volatile char *)p = 1;
	else
		(void)*(volatile char *)p;
}

/* ---- cases --------------------------------------------------------------- */

struct alloc {
	const struct path *path;
	const struct mode *mode;
};

static const struct mode no_table = { 0, EVER, 1 };
static const struct mode first_fails = { 0, 1, 0 };
static const struct mode second_fails = { 1, 1, 0 };

static int (*access_of(const struct path *path))(char *)
{
	return path->write ? kernel_write : kernel_read;
}

static void expect_later(const struct path *path, char *p)
{
	ksft_check(!access_of(path)(p), "still fails, and nothing is injected");
	ksft_check(*(int *)p == expected_word(path), "%d is there, not %d",
		   *(int *)p, expected_word(path));
}

/* Returns how many accesses failed; @kb: tables that they left behind */
static int fail_all(const struct alloc *a, long *kb, long *injected)
{
	int i, ret, failed = 0;
	long before;
	char *p;

	*kb = 0;
	*injected = 0;
	for (i = 1; i <= FAULTS; i++) {
		p = slot(FIRST + i);
		before = vm_pte(getpid());
		*injected += inject(a->mode, access_of(a->path), p, &ret);
		ksft_check(!ret || errno == EFAULT, "errno %d", errno);
		failed += ret != 0;
		*kb += vm_pte(getpid()) - before - (ret ? 0 : TABLE_KB);
		expect_later(a->path, p);
	}
	return failed;
}

static int run(const struct alloc *a, long *injected)
{
	int failed, ret;
	long kb;

	ksft_inject_init(KSFT_FAIL_PAGE_ALLOC);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map_it(a->path);
	inject(&second_fails, access_of(a->path), slot(FIRST), &ret);
	failed = fail_all(a, &kb, injected);
	ksft_print_msg("%ld allocations failed, %d of %d accesses\n",
		       *injected, failed, FAULTS);
	ksft_check(!kb, "failing faults left %ld kB of tables", kb);
	return failed;
}

/* Without a table nothing can be mapped: each access must fail. */
static void expect_failure(const void *arg)
{
	long injected;
	int failed = run(arg, &injected);

	ksft_need(injected >= FAULTS, "failures, not %ld", injected);
	ksft_check(failed == FAULTS, "only %d of %d accesses failed", failed,
		   FAULTS);
}

/* The fault may survive one failure, but must leave nothing behind. */
static void expect_nothing_left(const void *arg)
{
	long injected;

	run(arg, &injected);
	ksft_need(injected, "a failure");
}

/* Fault-around is optional: if it fails, the fault goes on without it. */
static void expect_success(const void *arg)
{
	long injected;
	int failed = run(arg, &injected);

	ksft_need(injected == FAULTS, "a failure each, not %ld", injected);
	ksft_check(!failed, "%d of %d accesses failed", failed, FAULTS);
}

#define ALLOC(id, outcome, path, mode)				\
	KSFT_CASE_WITH(id, expect_##outcome,			\
		       &(const struct alloc){ &path, &mode })

static const struct ksft_case cases[] = {
	ALLOC(warm_read_no_table, failure, warm_read, no_table),
	ALLOC(warm_read_first_fails, success, warm_read, first_fails),
	ALLOC(cold_read_no_table, failure, cold_read, no_table),
	ALLOC(cold_read_first_fails, nothing_left, cold_read, first_fails),
	ALLOC(cold_read_second_fails, nothing_left, cold_read, second_fails),
	ALLOC(tmpfs_hole_no_table, failure, tmpfs_hole, no_table),
	ALLOC(tmpfs_hole_first_fails, nothing_left, tmpfs_hole, first_fails),
	ALLOC(tmpfs_hole_second_fails, nothing_left, tmpfs_hole, second_fails),
	ALLOC(cow_no_table, failure, cow, no_table),
	ALLOC(cow_first_fails, nothing_left, cow, first_fails),
	ALLOC(cow_second_fails, nothing_left, cow, second_fails),
	ALLOC(shared_write_no_table, failure, shared_write, no_table),
	ALLOC(shared_write_first_fails, nothing_left, shared_write,
	      first_fails),
	ALLOC(anon_write_no_table, failure, anon_write, no_table),
	ALLOC(anon_write_first_fails, nothing_left, anon_write, first_fails),
	ALLOC(anon_write_second_fails, nothing_left, anon_write, second_fails),
	ALLOC(zero_page_no_table, failure, zero_page, no_table),
	ALLOC(zero_page_first_fails, nothing_left, zero_page, first_fails),
};

int main(int argc, char **argv)
{
	ksft_before_case = need_table_pages;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
