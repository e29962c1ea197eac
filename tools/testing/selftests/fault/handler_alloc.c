// SPDX-License-Identifier: GPL-2.0
/*
 * The allocation of the page table: where it may happen, and what becomes of
 * the fault if it fails.
 *
 * fail_page_alloc injects failures into this task only, during one access by
 * the kernel. The upper levels exist, the device's page is cached, and user
 * pages are exempt (ignore-gfp-highmem): so what fails is the table.
 */
#include "handler.h"
#include "memcg.h"
#include "../ksft_inject.h"

/* ---- failing allocations ------------------------------------------------ */

/* @times: how many allocations fail, -1 for all */
static void inject_init(long times)
{
	need_tables_apart();
	ksft_inject_init(KSFT_FAIL_PAGE_ALLOC);
	ksft_inject_set("ignore-gfp-highmem", "Y");
	ksft_inject_fail(times);
}

static int failing_access(const struct access *a, char *p)
{
	int err;

	ksft_inject_on();
	err = kernel_access(a, p);
	ksft_inject_off();
	return err;
}

/* ---- no table ----------------------------------------------------------- */

/* No table, no copied or cleared page, and no reference may be left */
static void check_clean(int fd, const struct access *a)
{
	struct fault_selftest_counts c = counts(fd);

	ksft_check(!c.tables_held, "%s: %u tables held", a->name,
		   c.tables_held);
	ksft_check(!has_table(fd, slot(1)), "%s: a table is in place", a->name);
	ksft_check(!c.atomic_sleep, "%s: %u allocations that may sleep, atomic",
		   a->name, c.atomic_sleep);
	ksft_check(!c.under_lock, "%s: %u allocations under the page lock",
		   a->name, c.under_lock);
	check_no_page_left(fd, a->name);
}

static void map_cached(int fd, const struct access *a)
{
	kernel_access_init();
	map_slots(fd, a, 1);
	cache_pages(fd, slot_page(1), 16);
	probe_from_here(fd);
}

/* The page that was found must be as before: unlocked, and usable. */
static void check_recovers(int fd, const struct access *a)
{
	ksft_check(!kernel_access(a, slot(1)), "%s: no recovery", a->name);
	ksft_check(word_at(slot(1) + PAGE / 2) == slot_page(1),
		   "%s: another page", a->name);
	ksft_check(counts(fd).tables_held == 1, "%s: %u tables for one page",
		   a->name, counts(fd).tables_held);
}

struct way {
	const struct access *access;
	unsigned int missing;		/* handlers that the file lacks */
};

static const struct way reading = { &read_access, FAULT_SELFTEST_NO_MAP_PAGES };
static const struct way around = { &read_access, 0 };
static const struct way cow = { &cow_access, 0 };
static const struct way shared = { &shared_access, FAULT_SELFTEST_NO_MKWRITE };
static const struct way mkwrite = { &shared_access, 0 };

static void no_table(const void *arg)
{
	const struct way *w = arg;
	const struct access *a = w->access;
	int fd = dev_open(), err;

	inject_init(-1);
	setup(fd, w->missing);
	map_cached(fd, a);
	err = failing_access(a, slot(1));
	ksft_check(err == EFAULT, "%s without a table: errno %d", a->name, err);
	check_clean(fd, a);
	check_recovers(fd, a);
}

static void inserted_no_table(const void *arg)
{
	unsigned int action = *(const int *)arg;
	int fd = dev_open(), err;

	inject_init(-1);
	map_cached(fd, &read_access);
	rule(fd, FAULT_SELFTEST_FAULT, action, 0, 0);
	rule(fd, FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_NOPAGE, 0, 0);
	err = failing_access(&read_access, slot(1));
	ksft_check(err == EFAULT, "inserted without a table: errno %d", err);
	check_clean(fd, &read_access);
}

/* DAX of v4.6: the failure must release i_mmap_rwsem. */
static void cow_without_page_no_table(void)
{
	int fd = dev_open(), err;

	inject_init(-1);
	map_cached(fd, &cow_access);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_COW, 0, 0);
	err = failing_access(&cow_access, slot(1));
	ksft_check(err == EFAULT, "no table: errno %d", err);
	check_clean(fd, &cow_access);
	check_recovers(fd, &cow_access);
	munmap(slot(1), SLOT);	/* takes i_mmap_rwsem for write */
}

static void anon_no_table(const void *arg)
{
	const struct access *a = arg;
	int fd = dev_open(), err;

	kernel_access_init();
	inject_init(-1);
	slots_reserve();
	map_at(slot(1), 2 * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*slot(2) = 1;
	probe_from_here(fd);
	err = failing_access(a, slot(1));
	ksft_check(err == EFAULT, "no table: errno %d", err);
	check_clean(fd, a);
	ksft_check(!kernel_access(a, slot(1)), "no recovery");
}

/*
 * The fault must return VM_FAULT_OOM alone, whatever ->fault returned for the
 * page: some architectures misread a combination.
 */
static void oom_alone(const struct way *w)
{
	const struct access *a = w->access;
	unsigned int result;
	int fd = dev_open();

	inject_init(-1);
	setup(fd, w->missing);
	map_cached(fd, a);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_MAJOR, 0, 0);
	ksft_inject_on();
	result = touch(fd, slot(1), a->write ? FAULT_SELFTEST_TOUCH_WRITE : 0);
	ksft_inject_off();
	ksft_check(result == FAULT_SELFTEST_TOUCHED_OOM, "%s: result %#x",
		   a->name, result);
	check_clean(fd, a);
	close(fd);
	munmap(slots, SLOTS * SLOT);
}

static void no_table_is_oom_alone(void)
{
	oom_alone(&reading);
	oom_alone(&cow);
	oom_alone(&shared);
	oom_alone(&mkwrite);
}

/*
 * Fault-around is optional: if it cannot get a table without waiting for one,
 * the fault must succeed without it.
 */
static void fault_around_falls_back(void)
{
	struct fault_selftest_event ev;
	int fd = dev_open(), err;

	inject_init(1);	/* first: its undo data needs tables, too */
	map_cached(fd, &read_access);
	err = failing_access(&read_access, slot(1));
	ksft_need(!ksft_inject_left(), "one failure");
	ksft_check(!err, "the fault failed with its favour: errno %d", err);
	ksft_check(next_event(fd, FAULT_SELFTEST_FAULT, &ev),
		   "->fault was not called");
	ksft_check(counts(fd).tables_held == 1, "%u tables for one page",
		   counts(fd).tables_held);
}

/* ---- and its charges ----------------------------------------------------- */

#define CHARGED	400		/* faults, of a page each */
#define SLACK	200		/* pages charged in advance, on each CPU */

static long charged_pages(void)
{
	return proc_number(GROUP "/memory.current", "") / (long)PAGE;
}

/* Faults that get a page but no table must not keep the charge. */
static long charges_kept(void)
{
	long before;
	int i;

	failing_access(&cow_access, slot(1));
	before = charged_pages();
	for (i = 0; i < CHARGED; i++)
		ksft_need(failing_access(&cow_access, slot(1)) == EFAULT,
			  "no table");
	return charged_pages() - before;
}

/* Exits at the end: the cgroup must be empty before it can be removed */
static void charged_member(void)
{
	long kept;

	group_join(getpid());
	inject_init(-1);
	kept = charges_kept();
	ksft_check(kept < SLACK, "%ld pages charged for %d faults that failed",
		   kept, CHARGED);
	_exit(KSFT_PASS);
}

static void no_charge_left(void)
{
	int status;
	pid_t pid;

	need_tables_apart();
	group_make();
	kernel_access_init();
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid)
		charged_member();
	ksft_need(waitpid(pid, &status, 0) == pid, "waitpid");
	ksft_need(WIFEXITED(status) && WEXITSTATUS(status) != KSFT_ERROR,
		  "status %#x", status);
	ksft_check(!status, "charges left");
}

static void anon_charges(void)
{
	slots_reserve();
	map_at(slot(1), 2 * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*slot(2) = 1;
	no_charge_left();
}

static void cow_charges(void)
{
	int fd = dev_open();

	map_slots(fd, &cow_access, 1);
	cache_pages(fd, slot_page(1), 16);
	no_charge_left();
}

/* ---- where it happens --------------------------------------------------- */

/* The lock that is not to be held: ->fault has handed out a page with it. */
static void need_fault_with(int fd, unsigned int action)
{
	struct fault_selftest_event ev;

	ksft_need(next_event(fd, FAULT_SELFTEST_FAULT, &ev) &&
		  ev.action == action, "a call of ->fault with action %u",
		  action);
}

static void need_no_fault(int fd)
{
	struct fault_selftest_event ev;

	ksft_need(!next_event(fd, FAULT_SELFTEST_FAULT, &ev),
		  "fault-around to do all");
}

static void probed(const struct access *a, unsigned int action,
		   unsigned int cached)
{
	int fd = dev_open();
	struct fault_selftest_counts c;

	need_lockdep();		/* it knows of RCU */

	kernel_access_init();
	map_slots(fd, a, 1);
	if (cached)
		cache_pages(fd, slot_page(1), cached);
	rule(fd, FAULT_SELFTEST_FAULT, action, 0, 0);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	ksft_need(!kernel_access(a, slot(1)), "%s", a->name);
	c = counts(fd);
	ksft_need(c.tables, "the probe to see a table");
	if (cached)
		need_no_fault(fd);
	else
		need_fault_with(fd, action);
	ksft_check(!c.under_lock,
		   "%s: %u allocations under the lock, %u may wait for I/O",
		   a->name, c.under_lock, c.under_lock_io);
	ksft_check(!c.atomic_sleep, "%s: %u of %u atomic ones may sleep",
		   a->name, c.atomic_sleep, c.atomic);
	close(fd);
	munmap(slots, SLOTS * SLOT);
}

static void lock_and_reclaim(const void *arg)
{
	probed(arg, FAULT_SELFTEST_LOCKED, 0);
	probed(arg, FAULT_SELFTEST_PAGE, 0);
	probed(arg, FAULT_SELFTEST_MAJOR, 0);
}

static void cow_without_page_lock_and_reclaim(void)
{
	probed(&cow_access, FAULT_SELFTEST_COW, 0);
}

static void fault_around_atomic(void)
{
	probed(&read_access, FAULT_SELFTEST_LOCKED, 16);
}

/* ---- concurrent changes -------------------------------------------------- */

/*
 * The page is truncated while it is unlocked to allocate the table: it must not
 * be mapped, and the fault must start again.
 */
static void truncated(const void *arg)
{
	const struct way *w = arg;
	const struct access *a = w->access;
	struct fault_selftest_event ev;
	int fd = dev_open();
	unsigned int calls = 0;

	setup(fd, w->missing | FAULT_SELFTEST_NO_MAP_PAGES);
	map_cached(fd, a);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_LOCKED,
	     FAULT_SELFTEST_TRUNCATE, 1);
	ksft_check(!kernel_access(a, slot(1)), "%s: an error", a->name);
	ksft_check(counts(fd).truncated == 1,
		   "%s: no table was allocated with the page unlocked", a->name);
	while (next_event(fd, FAULT_SELFTEST_FAULT, &ev))
		calls++;
	ksft_check(calls == 2, "%s: %u calls of ->fault, the page is gone",
		   a->name, calls);
	ksft_check(word_at(slot(1) + PAGE / 2) == slot_page(1),
		   "%s: another page", a->name);
	drain_lru();
	ksft_check(page_refs(fd, slot_page(1), 1) == (a != &cow_access),
		   "%s: the page of the file is not what is mapped", a->name);
	ksft_check(counts(fd).tables_held == 1, "%s: %u tables for one page",
		   a->name, counts(fd).tables_held);
	munmap(slot(1), SLOT);
	ksft_check(!tables_left(fd), "%u tables left", counts(fd).tables_held);
}

/* Another task has locked the page when the fault wants to relock it. */

struct waiter {
	char *where;
	int fd;
	int touch;	/* by a fault that must not drop the mmap lock */
	int err;
	volatile int done;
};

static void *wait_for_page(void *arg)
{
	struct waiter *w = arg;

	if (w->touch)
		w->err = !!(touch(w->fd, w->where, 0) &
			    (FAULT_SELFTEST_TOUCHED_OOM |
			     FAULT_SELFTEST_TOUCHED_SIGBUS));
	else
		w->err = kernel_read(w->where);
	w->done = 1;
	return NULL;
}

/* A previous thread must have touched the stack, which glibc reuses. */
static pthread_t start_waiter(struct waiter *w, char *where)
{
	pthread_t t;

	w->where = where;
	w->done = 0;
	ksft_need(!pthread_create(&t, NULL, wait_for_page, w), "a thread");
	return t;
}

static void prepare_to_steal(int fd, int touch)
{
	struct waiter w = { .fd = fd, .touch = touch };

	setup(fd, FAULT_SELFTEST_NO_MAP_PAGES);
	map_cached(fd, &read_access);
	pthread_join(start_waiter(&w, slot(2)), NULL);
	probe(fd, 0);
	drop_events(fd);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_LOCKED,
	     FAULT_SELFTEST_STEAL, 1);
}

static void wait_until_stolen(int fd, volatile int *done)
{
	while (!counts(fd).truncated && !*done)
		usleep(1000);
	ksft_check(counts(fd).truncated,
		   "no table was allocated with the page unlocked");
}

static unsigned int give_back(int fd)
{
	return page_locks(fd, slot_page(1), 1);
}

static void join_waiter(struct waiter *w, pthread_t t)
{
	ksft_check(give_back(w->fd) == 1, "the page is not locked any more");
	pthread_join(t, NULL);
	ksft_check(!w->err, "an error");
	ksft_check(word_at(slot(1) + PAGE / 2) == slot_page(1), "another page");
	munmap(slot(1), SLOT);
	check_no_page_left(w->fd, "in the end");
	ksft_check(!tables_left(w->fd), "%u tables left",
		   counts(w->fd).tables_held);
}

/* The fault must wait as ->fault does: without mmap lock or table. */
static void stolen_lock(void)
{
	struct waiter w = { .fd = dev_open() };
	struct fault_selftest_event ev;
	unsigned int held;
	pthread_t t;

	prepare_to_steal(w.fd, 0);
	t = start_waiter(&w, slot(1));
	wait_until_stolen(w.fd, &w.done);
	held = tables_left(w.fd);
	join_waiter(&w, t);	/* before any check: nothing else ends it */
	ksft_check(!held, "a table is held by who waits");
	ksft_check(next_event(w.fd, FAULT_SELFTEST_FAULT, &ev) &&
		   next_event(w.fd, FAULT_SELFTEST_FAULT, &ev) &&
		   (ev.saw & FAULT_SELFTEST_SAW_TRIED), "no second try");
}

/* A fault that must keep the mmap lock keeps the table, too. */
static void stolen_lock_no_retry(void)
{
	struct waiter w = { .fd = dev_open(), .touch = 1 };
	pthread_t t;

	prepare_to_steal(w.fd, 1);
	t = start_waiter(&w, slot(1));
	wait_until_stolen(w.fd, &w.done);
	usleep(10000);
	ksft_check(!w.done, "the page was mapped, and is not locked");
	join_waiter(&w, t);
}

static volatile int *shared_flag(void)
{
	int *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ksft_need(p != MAP_FAILED, "a page to share");
	return p;
}

/* Never returns: it waits for the page, and then for SIGKILL in any case. */
static void wait_for_stolen_page(int fd, volatile int *done)
{
	prepare_to_steal(fd, 0);
	*done = 0;	/* gets its table before the fault below does */
	kernel_read(slot(1));
	*done = 1;
	pause();
}

static pid_t fork_waiter(int fd, volatile int *done)
{
	pid_t pid;

	/* If this kernel cannot do it, skip here, not in the child. */
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_LOCKED,
	     FAULT_SELFTEST_STEAL, 1);
	clear_rules(fd);
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid)
		wait_for_stolen_page(fd, done);
	return pid;
}

/* The lock holder may keep the page for long: SIGKILL must end the wait. */
static void stolen_lock_killed(void)
{
	volatile int *done = shared_flag();
	int fd = dev_open(), tries = 10000;
	pid_t pid = fork_waiter(fd, done), died;

	while (!counts(fd).truncated && !*done)
		ksft_need(!waitpid(pid, NULL, WNOHANG), "the waiter to live");
	wait_until_stolen(fd, done);
	kill(pid, SIGKILL);
	while (!(died = waitpid(pid, NULL, WNOHANG)) && --tries)
		usleep(1000);
	ksft_check(give_back(fd) == 1, "the page is not locked any more");
	ksft_check(died == pid, "SIGKILL does not end the wait");
	ksft_check(!tables_left(fd), "%u tables left", counts(fd).tables_held);
	ksft_check(!page_refs(fd, slot_page(1), 1), "a reference left");
}

/* ---- where it does not happen -------------------------------------------- */

/* Not even temporarily: the fault maps nothing. */
static void no_table_wanted(const void *arg)
{
	const struct access *a = arg;
	int fd = dev_open();

	kernel_access_init();
	map_slots(fd, a, 1);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_SIGBUS, 0, 0);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	ksft_need(kernel_access(a, slot(1)) == EFAULT, "%s to fail", a->name);
	ksft_check(!counts(fd).tables, "%s: %u tables for nothing", a->name,
		   counts(fd).tables);
}

/*
 * Here there may be one temporarily: after ->page_mkwrite() it would be too
 * late to unlock the page. But it must not stay.
 */
static void failing_mkwrite_no_table(void)
{
	int fd = dev_open();
	long vmpte;

	kernel_access_init();
	map_slots(fd, &shared_access, 1);
	rule(fd, FAULT_SELFTEST_MKWRITE, FAULT_SELFTEST_SIGBUS, 0, 0);
	cache_pages(fd, slot_page(1), 1);
	vmpte = vm_pte(getpid());
	probe_from_here(fd);
	ksft_need(kernel_write(slot(1)) == EFAULT, "the write to fail");
	ksft_check(vm_pte(getpid()) == vmpte, "VmPTE %ld kB, not %ld",
		   vm_pte(getpid()), vmpte);
	ksft_check(!tables_left(fd), "%u tables left", counts(fd).tables_held);
	check_clean(fd, &shared_access);
}

/* ---- anonymous memory --------------------------------------------------- */

/* The page must be allocated and charged before the table. */
static void anon_page_first(void)
{
	int fd = dev_open();
	struct fault_selftest_counts c;

	kernel_access_init();
	slots_reserve();
	map_at(slot(1), 2 * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(slot(1), 2 * SLOT, MADV_NOHUGEPAGE);
	*slot(2) = 1;
	probe_from_here(fd);
	ksft_need(!kernel_write(slot(1)), "write");
	c = counts(fd);
	ksft_need(c.tables == 1 && c.pages == 1, "%u tables, %u pages",
		  c.tables, c.pages);
	ksft_check(!c.table_first, "the table came first");
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(read_no_table, no_table, &reading),
	KSFT_CASE_WITH(fault_around_no_table, no_table, &around),
	KSFT_CASE_WITH(cow_no_table, no_table, &cow),
	KSFT_CASE_WITH(shared_write_no_table, no_table, &shared),
	KSFT_CASE_WITH(mkwrite_no_table, no_table, &mkwrite),
	KSFT_CASE_WITH(pfn_no_table, inserted_no_table,
		       KSFT_INT(FAULT_SELFTEST_PFN)),
	KSFT_CASE_WITH(insert_no_table, inserted_no_table,
		       KSFT_INT(FAULT_SELFTEST_INSERT)),
	KSFT_CASE(cow_without_page_no_table),
	KSFT_CASE_WITH(anon_write_no_table, anon_no_table, &cow_access),
	KSFT_CASE_WITH(zero_page_no_table, anon_no_table, &read_access),
	KSFT_CASE(no_table_is_oom_alone),
	KSFT_CASE(fault_around_falls_back),
	KSFT_CASE(anon_charges),
	KSFT_CASE(cow_charges),
	KSFT_CASE_WITH(read_lock_and_reclaim, lock_and_reclaim, &read_access),
	KSFT_CASE_WITH(cow_lock_and_reclaim, lock_and_reclaim, &cow_access),
	KSFT_CASE_WITH(shared_write_lock_and_reclaim, lock_and_reclaim,
		       &shared_access),
	KSFT_CASE(cow_without_page_lock_and_reclaim),
	KSFT_CASE(fault_around_atomic),
	KSFT_CASE_WITH(read_truncated, truncated, &reading),
	KSFT_CASE_WITH(cow_truncated, truncated, &cow),
	KSFT_CASE_WITH(shared_write_truncated, truncated, &shared),
	KSFT_CASE_WITH(mkwrite_truncated, truncated, &mkwrite),
	KSFT_CASE(stolen_lock),
	KSFT_CASE(stolen_lock_no_retry),
	KSFT_CASE(stolen_lock_killed),
	/* Fault-around comes first, and finds nothing to map. */
	KSFT_CASE_WITH(cold_around_no_table, no_table_wanted, &read_access),
	KSFT_CASE_WITH(failing_cow_no_table, no_table_wanted, &cow_access),
	KSFT_CASE_WITH(failing_shared_write_no_table, no_table_wanted,
		       &shared_access),
	KSFT_CASE(failing_mkwrite_no_table),
	KSFT_CASE(anon_page_first),
};

int main(int argc, char **argv)
{
	ksft_before_case = window_of_16;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
