// SPDX-License-Identifier: GPL-2.0
/*
 * The allocation of the page table: where it may happen, and what becomes of
 * a fault when it fails.
 *
 * Failures are injected by fail_page_alloc into this task only, for the time
 * of one access by the kernel. The upper levels are there, the device's page
 * is in its cache, and pages for user memory are exempt (ignore-gfp-highmem):
 * so what fails is the table.
 */
#include "handler.h"

#define INJECT	"/sys/kernel/debug/fail_page_alloc/"

/* ---- failing allocations ------------------------------------------------ */

static int make_it_fail;

static void inject_set(const char *name, const char *value)
{
	char path[80];

	snprintf(path, sizeof(path), INJECT "%s", name);
	if (access(path, W_OK))
		ksft_case_skip("no %s", path);
	ksft_need(ksft_change(path, value), "%s to %s", value, path);
}

/* @times: how many allocations fail, -1 for all */
static void inject_init(const char *times)
{
	inject_set("task-filter", "Y");
	inject_set("ignore-gfp-highmem", "Y");
	inject_set("ignore-gfp-wait", "N");
	inject_set("min-order", "0");
	inject_set("verbose", "0");
	inject_set("interval", "1");
	inject_set("space", "0");
	inject_set("times", times);
	inject_set("probability", "100");
	make_it_fail = open("/proc/self/make-it-fail", O_WRONLY);
	ksft_need(make_it_fail >= 0, "/proc/self/make-it-fail");
}

static void inject(const char *on)
{
	ksft_need(pwrite(make_it_fail, on, 1, 0) == 1, "make-it-fail");
}

/* How many failures are still to come */
static long injections_left(void)
{
	return proc_number(INJECT "times", "");
}

static int failing_access(const struct access *a, char *p)
{
	int err;

	inject("1");
	err = kernel_access(a, p);
	inject("0");
	return err;
}

/* ---- the table cannot be had -------------------------------------------- */

static void check_clean(int fd, const struct access *a)
{
	struct fault_selftest_counts c = counts(fd);

	ksft_check(!c.tables_held, "%s: %u tables held", a->name,
		   c.tables_held);
	ksft_check(!has_table(fd, slot(1)), "%s: a table is in place", a->name);
	ksft_check(!c.atomic_sleep, "%s: %u allocations that may sleep, atomic",
		   a->name, c.atomic_sleep);
}

static void map_cached(int fd, const struct access *a)
{
	kernel_access_init();
	map_slots(fd, a, 1);
	cache_pages(fd, slot_page(1), 16);
	drop_events(fd);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
}

/* The page that was found must be as it was: unlocked, and to be had. */
static void check_recovers(int fd, const struct access *a)
{
	ksft_check(!kernel_access(a, slot(1)), "%s: no recovery", a->name);
	ksft_check(word_at(slot(1) + PAGE / 2) == slot_page(1),
		   "%s: another page", a->name);
	ksft_check(counts(fd).tables_held == 1, "%s: %u tables for one page",
		   a->name, counts(fd).tables_held);
}

static void no_table(const struct access *a, unsigned int missing_handlers)
{
	int fd = dev_open(), err;

	setup(fd, missing_handlers);
	map_cached(fd, a);
	inject_init("-1");
	err = failing_access(a, slot(1));
	ksft_check(err == EFAULT, "%s without a table: errno %d", a->name, err);
	check_clean(fd, a);
	check_recovers(fd, a);
}

static void read_no_table(void)
{
	no_table(&read_access, FAULT_SELFTEST_NO_MAP_PAGES);
}

static void fault_around_no_table(void)
{
	no_table(&read_access, 0);
}

static void cow_no_table(void)
{
	no_table(&cow_access, 0);
}

static void shared_write_no_table(void)
{
	no_table(&shared_access, FAULT_SELFTEST_NO_MKWRITE);
}

static void mkwrite_no_table(void)
{
	no_table(&shared_access, 0);
}

static void pfn_no_table(void)
{
	int fd = dev_open(), err;

	map_cached(fd, &read_access);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_PFN, 0, 0);
	rule(fd, FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_NOPAGE, 0, 0);
	inject_init("-1");
	err = failing_access(&read_access, slot(1));
	ksft_check(err == EFAULT, "no pfn without a table: errno %d", err);
	check_clean(fd, &read_access);
}

/* DAX of v4.6: the failure must let go of i_mmap_rwsem. */
static void cow_without_page_no_table(void)
{
	int fd = dev_open(), err;

	map_cached(fd, &cow_access);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_COW, 0, 0);
	inject_init("-1");
	err = failing_access(&cow_access, slot(1));
	ksft_check(err == EFAULT, "no table: errno %d", err);
	check_clean(fd, &cow_access);
	check_recovers(fd, &cow_access);
	munmap(slot(1), SLOT);	/* takes i_mmap_rwsem for write */
}

static void anon_no_table(const struct access *a)
{
	int fd = dev_open(), err;

	kernel_access_init();
	slots_reserve();
	map_at(slot(1), 2 * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*slot(2) = 1;
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	inject_init("-1");
	err = failing_access(a, slot(1));
	ksft_check(err == EFAULT, "no table: errno %d", err);
	check_clean(fd, a);
	ksft_check(!kernel_access(a, slot(1)), "no recovery");
}

static void anon_write_no_table(void)
{
	anon_no_table(&cow_access);
}

static void zero_page_no_table(void)
{
	anon_no_table(&read_access);
}

/*
 * Fault-around is a favour: if it cannot have a table, without being allowed
 * to wait for one, the fault is served without it.
 */
static void fault_around_falls_back(void)
{
	struct fault_selftest_event ev;
	int fd = dev_open(), err;

	map_cached(fd, &read_access);
	inject_init("1");
	err = failing_access(&read_access, slot(1));
	ksft_need(!injections_left(), "one failure");
	ksft_check(!err, "the fault failed with its favour: errno %d", err);
	ksft_check(next_event(fd, FAULT_SELFTEST_FAULT, &ev),
		   "->fault was not called");
	ksft_check(counts(fd).tables_held == 1, "%u tables for one page",
		   counts(fd).tables_held);
}

/* ---- where it happens --------------------------------------------------- */

static void probed(const struct access *a, unsigned int action,
		   unsigned int cached)
{
	int fd = dev_open();
	struct fault_selftest_counts c;

	kernel_access_init();
	map_slots(fd, a, 1);
	if (cached)
		cache_pages(fd, slot_page(1), cached);
	rule(fd, FAULT_SELFTEST_FAULT, action, 0, 0);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	ksft_need(!kernel_access(a, slot(1)), "%s", a->name);
	c = counts(fd);
	ksft_need(c.tables, "the probe to see a table");
	ksft_check(!c.under_lock_io,
		   "%s: %u of %u allocations under the lock may wait for I/O",
		   a->name, c.under_lock_io, c.under_lock);
	ksft_check(!c.atomic_sleep, "%s: %u of %u atomic ones may sleep",
		   a->name, c.atomic_sleep, c.atomic);
	close(fd);
	munmap(slots, SLOTS * SLOT);
}

static void lock_and_reclaim(const struct access *a)
{
	probed(a, FAULT_SELFTEST_LOCKED, 0);
	probed(a, FAULT_SELFTEST_PAGE, 0);
	probed(a, FAULT_SELFTEST_MAJOR, 0);
}

static void read_lock_and_reclaim(void)
{
	lock_and_reclaim(&read_access);
}

static void cow_lock_and_reclaim(void)
{
	lock_and_reclaim(&cow_access);
}

static void shared_write_lock_and_reclaim(void)
{
	lock_and_reclaim(&shared_access);
}

static void cow_without_page_lock_and_reclaim(void)
{
	probed(&cow_access, FAULT_SELFTEST_COW, 0);
}

static void fault_around_atomic(void)
{
	probed(&read_access, FAULT_SELFTEST_LOCKED, 16);
}

/* ---- where it does not happen -------------------------------------------- */

/* Not even to be freed again: the fault maps nothing. */
static void no_table_wanted(const struct access *a, unsigned int handler)
{
	int fd = dev_open();

	kernel_access_init();
	map_slots(fd, a, 1);
	rule(fd, handler, FAULT_SELFTEST_SIGBUS, 0, 0);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	ksft_need(kernel_access(a, slot(1)) == EFAULT, "%s to fail", a->name);
	ksft_check(!counts(fd).tables, "%s: %u tables for nothing", a->name,
		   counts(fd).tables);
}

/* Fault-around comes first, and finds nothing to map. */
static void cold_around_no_table(void)
{
	no_table_wanted(&read_access, FAULT_SELFTEST_FAULT);
}

static void failing_cow_no_table(void)
{
	no_table_wanted(&cow_access, FAULT_SELFTEST_FAULT);
}

static void failing_shared_write_no_table(void)
{
	no_table_wanted(&shared_access, FAULT_SELFTEST_FAULT);
}

static void failing_mkwrite_no_table(void)
{
	no_table_wanted(&shared_access, FAULT_SELFTEST_MKWRITE);
}

/* ---- anonymous memory --------------------------------------------------- */

/* The page, and its charge, come before the table. */
static void anon_page_first(void)
{
	int fd = dev_open();
	struct fault_selftest_counts c;

	kernel_access_init();
	slots_reserve();
	map_at(slot(1), 2 * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*slot(2) = 1;
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	ksft_need(!kernel_write(slot(1)), "write");
	c = counts(fd);
	ksft_need(c.tables == 1 && c.pages == 1, "%u tables, %u pages",
		  c.tables, c.pages);
	ksft_check(!c.table_first, "the table came first");
}

static const struct ksft_case cases[] = {
	{ "read_no_table", read_no_table },
	{ "fault_around_no_table", fault_around_no_table },
	{ "cow_no_table", cow_no_table },
	{ "shared_write_no_table", shared_write_no_table },
	{ "mkwrite_no_table", mkwrite_no_table },
	{ "pfn_no_table", pfn_no_table },
	{ "cow_without_page_no_table", cow_without_page_no_table },
	{ "anon_write_no_table", anon_write_no_table },
	{ "zero_page_no_table", zero_page_no_table },
	{ "fault_around_falls_back", fault_around_falls_back },
	{ "read_lock_and_reclaim", read_lock_and_reclaim },
	{ "cow_lock_and_reclaim", cow_lock_and_reclaim },
	{ "shared_write_lock_and_reclaim", shared_write_lock_and_reclaim },
	{ "cow_without_page_lock_and_reclaim",
	  cow_without_page_lock_and_reclaim },
	{ "fault_around_atomic", fault_around_atomic },
	{ "cold_around_no_table", cold_around_no_table },
	{ "failing_cow_no_table", failing_cow_no_table },
	{ "failing_shared_write_no_table", failing_shared_write_no_table },
	{ "failing_mkwrite_no_table", failing_mkwrite_no_table },
	{ "anon_page_first", anon_page_first },
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
