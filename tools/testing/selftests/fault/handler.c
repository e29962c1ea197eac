// SPDX-License-Identifier: GPL-2.0
/*
 * What a fault handler finds when it is called, and what is left behind if it
 * maps nothing, for every result that it can return.
 */
#include "handler.h"

#define EMPTY		FAULT_SELFTEST_SAW_PMD_EMPTY

/* ---- on entry ----------------------------------------------------------- */

static struct fault_selftest_event seen_by(unsigned int handler,
					   const struct access *a, int cached)
{
	struct fault_selftest_event ev;
	int fd = dev_open();

	kernel_access_init();
	map_slots(fd, a, 1);
	if (cached)
		cache_pages(fd, slot_page(1), 1);
	ksft_need(!kernel_access(a, slot(1)), "%s", a->name);
	ksft_need(next_event(fd, handler, &ev), "the handler to be called");
	ksft_need(ev.address == (uintptr_t)slot(1) && ev.pgoff == slot_page(1),
		  "the first page, not %#llx", (unsigned long long)ev.address);
	return ev;
}

struct call {
	unsigned int handler;
	const struct access *access;
};

static void check_pmd_empty(const void *arg)
{
	const struct call *c = arg;
	struct fault_selftest_event ev = seen_by(c->handler, c->access, 0);

	ksft_check(ev.saw & EMPTY, "%s: the PMD was not empty",
		   c->access->name);
}

static void map_pages_pmd_empty(void)
{
	struct fault_selftest_event ev = seen_by(FAULT_SELFTEST_MAP_PAGES,
						 &read_access, 1);

	ksft_check(ev.saw & EMPTY, "the PMD was not empty");
}

static void fault_not_atomic(void)
{
	struct fault_selftest_event ev = seen_by(FAULT_SELFTEST_FAULT,
						 &read_access, 0);

	ksft_check(!(ev.saw & (FAULT_SELFTEST_SAW_ATOMIC |
			       FAULT_SELFTEST_SAW_RCU)), "saw %#x", ev.saw);
	ksft_check(ev.saw & (FAULT_SELFTEST_SAW_MMAP_LOCK |
			     FAULT_SELFTEST_SAW_VMA_LOCK), "saw %#x", ev.saw);
}

static void map_pages_maps(void)
{
	int fd = dev_open();
	unsigned int i;

	map_slots(fd, &read_access, 1);
	cache_pages(fd, slot_page(1), 4);
	ksft_check(word_at(slot(1)) == slot_page(1), "another page");
	for (i = 0; i < 4; i++)
		ksft_check(levels(fd, slot(1) + i * PAGE) &
			   FAULT_SELFTEST_HAS_PTE, "page %u", i);
	ksft_check(!(levels(fd, slot(1) + 4 * PAGE) & FAULT_SELFTEST_HAS_PTE),
		   "a page that nobody has");
}

/* ---- mapping instead of the mm core ------------------------------------- */

static void pfn_from_fault(const void *arg)
{
	const struct access *a = arg;
	int fd = dev_open();

	map_slots(fd, a, 2);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_PFN, 0, 0);
	ksft_check(word_at(slot(1)) == FAULT_SELFTEST_PFN_WORD, "%#llx",
		   (unsigned long long)word_at(slot(1)));
	if (a->write)
		*slot(1) = 1;
	ksft_check(counts(fd).tables_held == 1, "%u tables for one pfn",
		   counts(fd).tables_held);
}

static void huge_from_fault(const void *arg)
{
	int write = *(const int *)arg;
	int fd = dev_open();
	unsigned int i;

	map_slots(fd, &shared_access, 1);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_HUGE, 0, 0);
	if (write)
		((volatile uint64_t *)slot(1))[1] = 1;
	(void)word_at(slot(1));
	ksft_check(levels(fd, slot(1)) & FAULT_SELFTEST_HAS_HUGE,
		   "no huge page: levels %#x", levels(fd, slot(1)));
	for (i = 0; i < PAGES_PER_SLOT; i++)
		ksft_check(word_at(slot(1) + i * PAGE) ==
			   (FAULT_SELFTEST_HUGE_WORD | i), "page %u", i);
	ksft_check(!counts(fd).tables_held, "%u tables for a huge page",
		   counts(fd).tables_held);
}

/* The child's copy, the parent's write protection, then nothing again */
static void fork_huge(void)
{
	int fd = dev_open(), status;

	map_slots(fd, &shared_access, 1);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_HUGE, 0, 0);
	*slot(1) = 1;
	ksft_check(levels(fd, slot(1)) & FAULT_SELFTEST_HAS_HUGE, "no huge page");
	if (!fork()) {
		*slot(1) = 2;
		_exit(0);
	}
	ksft_need(wait(&status) > 0, "the child");
	ksft_check(!status, "the child died");
	ksft_check(*slot(1) == 2, "the child wrote elsewhere");
	*slot(1) = 3;
	munmap(slot(1), SLOT);
	ksft_check(!(levels(fd, slot(1)) & FAULT_SELFTEST_HAS_PMD),
		   "still something there");
}

/* ---- mapping from ->map_pages -------------------------------------------- */

static unsigned int calls_of(int fd, unsigned int handler)
{
	struct fault_selftest_event ev;
	unsigned int calls = 0;

	while (next_event(fd, handler, &ev))
		calls++;
	return calls;
}

/* The fault is resolved: ->fault would do it all again, or fail. */
static void map_pages_huge(void)
{
	int fd = dev_open();

	kernel_access_init();
	map_slots(fd, &read_access, 1);
	rule(fd, FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_HUGE, 0, 0);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_SIGBUS, 0, 0);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	ksft_check(!kernel_read(slot(1)), "->fault was asked, and failed");
	ksft_check(!calls_of(fd, FAULT_SELFTEST_FAULT), "->fault was called");
	ksft_check(word_at(slot(1) + 9 * PAGE) == (FAULT_SELFTEST_HUGE_WORD | 9),
		   "no huge page: levels %#x", levels(fd, slot(1)));
	ksft_check(!tables_left(fd), "%u tables for a huge page",
		   counts(fd).tables_held);
}

#define WINDOW	16U		/* pages of a fault-around */
#define TAKEN	3U		/* the one that maps something else */

/* Each page of the file must be where it belongs, and be accounted for */
static void check_each(int fd, unsigned int taken)
{
	unsigned int i, mapped = WINDOW - (taken < WINDOW);
	uint64_t want;

	ksft_check(!calls_of(fd, FAULT_SELFTEST_FAULT), "->fault was called");
	for (i = 0; i < WINDOW; i++) {
		ksft_check(levels(fd, slot(1) + i * PAGE) &
			   FAULT_SELFTEST_HAS_PTE, "page %u is not mapped", i);
		want = i == taken ? FAULT_SELFTEST_PFN_WORD : slot_page(1) + i;
		ksft_check(word_at(slot(1) + i * PAGE + PAGE / 2) == want,
			   "page %u holds something else", i);
	}
	drain_lru();
	ksft_check(!page_locks(fd, slot_page(1), WINDOW), "a locked page");
	ksft_check(page_refs(fd, slot_page(1), WINDOW) == mapped,
		   "%llu references, not %u",
		   (unsigned long long)page_refs(fd, slot_page(1), WINDOW),
		   mapped);
	ksft_check(counts(fd).tables_held == 1, "%u tables",
		   counts(fd).tables_held);
	munmap(slot(1), SLOT);
	check_no_page_left(fd, "unmapped");
	ksft_check(!tables_left(fd), "%u tables left", counts(fd).tables_held);
}

static void prepare_each(int fd)
{
	kernel_access_init();
	map_slots(fd, &read_access, 1);
	cache_pages(fd, slot_page(1), WINDOW);
	drain_lru();
	probe_from_here(fd);
}

/*
 * alloc_set_pte() from a driver's ->map_pages: its first page has to provide
 * the table. The fault is on the last page of the window.
 */
static void map_pages_each(void)
{
	int fd = dev_open();

	prepare_each(fd);
	rule(fd, FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_EACH, 0, 0);
	ksft_check(!kernel_read(slot(1) + (WINDOW - 1) * PAGE), "an error");
	check_each(fd, WINDOW);
}

/* If there is a table, its lock is held, and it may already map something. */
static void map_pages_each_table(void)
{
	int fd = dev_open();

	prepare_each(fd);
	rule(fd, FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_NOPAGE, 0, 0);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_PFN, 0, 0);
	ksft_need(!kernel_read(slot(1) + TAKEN * PAGE), "the pfn");
	clear_rules(fd);
	drop_events(fd);
	rule(fd, FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_EACH, 0, 0);
	ksft_check(!kernel_read(slot(1) + 8 * PAGE), "an error");
	check_each(fd, TAKEN);
}

/* ---- ->pmd_fault declines ------------------------------------------------ */

#define PATIENCE	10		/* seconds */

/* The status of a child that writes, and then must see @word further on */
static int write_within(char *p, uint64_t word)
{
	pid_t pid = fork();
	int status;

	ksft_need(pid >= 0, "fork");
	if (!pid) {
		alarm(PATIENCE);
		*(volatile char *)p = 1;
		_exit(word_at(p + PAGE / 2) == word ? KSFT_PASS : KSFT_FAIL);
	}
	ksft_need(waitpid(pid, &status, 0) == pid, "the child");
	return status;
}

/*
 * A write to a huge page that fork() has write-protected. If ->pmd_fault
 * declines, the PMD stays huge: the kernel must split it, or the fault is
 * retried forever. So there is a table when ->fault is called.
 */
static void huge_wp_falls_back(void)
{
	struct fault_selftest_event ev;
	int fd = dev_open(), status;

	map_slots(fd, &shared_access, 1);
	rule(fd, FAULT_SELFTEST_PMD_FAULT, FAULT_SELFTEST_FALLBACK, 0, 0);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_HUGE, 0, 1);
	*slot(1) = 1;
	ksft_check(levels(fd, slot(1)) & FAULT_SELFTEST_HAS_HUGE, "no huge page");
	drop_events(fd);
	status = write_within(slot(1) + 5 * PAGE, slot_page(1) + 5);
	ksft_check(!WIFSIGNALED(status), "the write is retried for ever");
	ksft_check(!status, "another page than the one of ->fault");
	ksft_need(next_event(fd, FAULT_SELFTEST_PMD_FAULT, &ev), "->pmd_fault");
	ksft_check(ev.saw & FAULT_SELFTEST_SAW_PMD_HUGE, "saw %#x", ev.saw);
	ksft_check(next_event(fd, FAULT_SELFTEST_FAULT, &ev), "no ->fault");
	ksft_check(!(ev.saw & (EMPTY | FAULT_SELFTEST_SAW_PMD_HUGE)),
		   "->fault came without a table: saw %#x", ev.saw);
}

/* ---- nothing mapped, nothing left --------------------------------------- */

struct answer {
	unsigned int handler;
	unsigned int action;
	unsigned int times;	/* then SIGBUS, or it would fault forever */
};

static void answer_set(int fd, const struct answer *an)
{
	rule(fd, an->handler, FAULT_SELFTEST_SIGBUS, 0, 0);
	rule(fd, an->handler, an->action, 0, an->times);
}

static void check_nothing_left(int fd, const struct access *a, long vmpte)
{
	struct fault_selftest_counts c = counts(fd);

	ksft_check(!has_table(fd, slot(1)), "%s: a table is in place", a->name);
	ksft_check(!c.tables_held, "%s: %u tables held", a->name,
		   c.tables_held);
	ksft_check(vm_pte(getpid()) == vmpte, "%s: VmPTE %ld kB, not %ld",
		   a->name, vm_pte(getpid()), vmpte);
}

static void failing(const struct access *a, const struct answer *an)
{
	int fd = dev_open(), err;
	long vmpte;

	kernel_access_init();
	map_slots(fd, a, 1);
	answer_set(fd, an);
	vmpte = vm_pte(getpid());
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	err = kernel_access(a, slot(1));
	probe(fd, 0);
	ksft_need(err == EFAULT, "EFAULT, not %d", err);
	check_nothing_left(fd, a, vmpte);
	clear_rules(fd);
	ksft_check(!kernel_access(a, slot(1)), "%s: no recovery", a->name);
	close(fd);
	munmap(slots, SLOTS * SLOT);
}

static void failing_fault(const void *arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++)
		failing(accesses[i], arg);
}

static void failing_mkwrite(const void *arg)
{
	failing(&shared_access, arg);
}

/* ---- answers that map --------------------------------------------------- */

static void check_mapped(int fd, const struct access *a)
{
	ksft_check(word_at(slot(1) + PAGE / 2) == slot_page(1),
		   "%s: another page", a->name);
	ksft_check(counts(fd).tables_held == 1, "%s: %u tables", a->name,
		   counts(fd).tables_held);
}

static void delivering(const struct access *a, unsigned int action)
{
	int fd = dev_open();

	kernel_access_init();
	map_slots(fd, a, 1);
	rule(fd, FAULT_SELFTEST_FAULT, action, 0, 1);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	ksft_check(!kernel_access(a, slot(1)), "%s failed", a->name);
	check_mapped(fd, a);
	close(fd);
	munmap(slots, SLOTS * SLOT);
}

static void delivering_all(const void *arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++)
		delivering(accesses[i], *(const int *)arg);
}

static void mkwrite_unlocked(void)
{
	int fd = dev_open();

	map_slots(fd, &shared_access, 1);
	rule(fd, FAULT_SELFTEST_MKWRITE, FAULT_SELFTEST_PAGE, 0, 1);
	*slot(1) = 7;
	ksft_check(*slot(1) == 7, "the write is lost");
}

/* DAX of v4.6 fills the caller's page, returns with a lock but no page */
static void cow_without_page(void)
{
	int fd = dev_open();

	map_slots(fd, &cow_access, 1);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_COW, 0, 0);
	*slot(1) = 0;
	ksft_check(word_at(slot(1) + PAGE / 2) == slot_page(1), "another page");
	munmap(slot(1), SLOT);	/* takes i_mmap_rwsem for write */
}

#define DELIVERING(id, action) \
	KSFT_CASE_WITH(id, delivering_all, KSFT_INT(FAULT_SELFTEST_##action))
#define PMD_EMPTY(id, handler, access)					\
	KSFT_CASE_WITH(id, check_pmd_empty, &(const struct call){	\
		FAULT_SELFTEST_##handler, &access##_access })
#define FAILING(id, fn, handler, action, times)				\
	KSFT_CASE_WITH(id, fn, &(const struct answer){			\
		FAULT_SELFTEST_##handler, FAULT_SELFTEST_##action, times })

static const struct ksft_case cases[] = {
	PMD_EMPTY(read_pmd_empty, FAULT, read),
	PMD_EMPTY(cow_pmd_empty, FAULT, cow),
	PMD_EMPTY(shared_write_pmd_empty, FAULT, shared),
	PMD_EMPTY(mkwrite_pmd_empty, MKWRITE, shared),
	KSFT_CASE(map_pages_pmd_empty),
	KSFT_CASE(map_pages_maps),
	KSFT_CASE(fault_not_atomic),
	KSFT_CASE_WITH(read_pfn, pfn_from_fault, &read_access),
	KSFT_CASE_WITH(cow_pfn, pfn_from_fault, &cow_access),
	KSFT_CASE_WITH(shared_write_pfn, pfn_from_fault, &shared_access),
	KSFT_CASE_WITH(read_huge, huge_from_fault, KSFT_INT(0)),
	KSFT_CASE_WITH(shared_write_huge, huge_from_fault, KSFT_INT(1)),
	KSFT_CASE(fork_huge),
	KSFT_CASE(map_pages_huge),
	KSFT_CASE(map_pages_each),
	KSFT_CASE(map_pages_each_table),
	KSFT_CASE(huge_wp_falls_back),
	FAILING(sigbus, failing_fault, FAULT, SIGBUS, 0),
	FAILING(oom, failing_fault, FAULT, OOM, 0),
	FAILING(nopage, failing_fault, FAULT, NOPAGE, 1),
	FAILING(retry, failing_fault, FAULT, RETRY, 1),
	FAILING(mkwrite_sigbus, failing_mkwrite, MKWRITE, SIGBUS, 0),
	FAILING(mkwrite_oom, failing_mkwrite, MKWRITE, OOM, 0),
	FAILING(mkwrite_nopage, failing_mkwrite, MKWRITE, NOPAGE, 1),
	DELIVERING(page_unlocked, PAGE),
	DELIVERING(page_locked, LOCKED),
	DELIVERING(page_major, MAJOR),
	DELIVERING(page_retried, RETRY),
	KSFT_CASE(mkwrite_unlocked),
	KSFT_CASE(cow_without_page),
};

int main(int argc, char **argv)
{
	ksft_before_case = window_of_16;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
