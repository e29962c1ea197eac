// SPDX-License-Identifier: GPL-2.0
/*
 * Races for a page table entry that are lost for certain: threads sleep in
 * the handler, in front of an empty PMD, until another task has populated it,
 * or until all of them are ready to do so at the same time.
 *
 * A late thread maps nothing, keeps nothing, and sees what is there.
 * handler_race.c leaves the races to chance, and so reaches more places.
 */
#include "handler.h"
#include <sys/resource.h>

#define THREADS		4
#define ROUNDS		8

struct lost {
	const struct access *access;
	unsigned long step;
	unsigned int handler;
	unsigned int action;		/* of the sleepers */
	unsigned int flags;
	void (*meanwhile)(void);
	uint64_t (*expect)(int i);
	unsigned int tables;		/* at the end */
	long majors;			/* major faults of each sleeper */
};

static const struct access *lost_access;
static long lost_majors;
static char *where[THREADS];		/* each thread's page */
static pthread_barrier_t line;
static int fd;

/* ---- the threads -------------------------------------------------------- */

static long major_faults(void)
{
	struct rusage r;

	ksft_need(!getrusage(RUSAGE_THREAD, &r), "getrusage");
	return r.ru_majflt;
}

static void *loser(void *arg)
{
	char **p = arg;
	long majors;
	int round;

	touch_stack();
	pthread_barrier_wait(&line);
	for (round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&line);
		majors = major_faults();
		ksft_check(!kernel_access(lost_access, *p), "%s: an error",
			   lost_access->name);
		majors = major_faults() - majors;
		ksft_check(majors == lost_majors, "%ld major faults, not %ld",
			   majors, lost_majors);
		pthread_barrier_wait(&line);
	}
	return NULL;
}

static void start_losers(pthread_t *t)
{
	int i;

	pthread_barrier_init(&line, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		ksft_need(!pthread_create(&t[i], NULL, loser, &where[i]),
			  "a thread");
	pthread_barrier_wait(&line);	/* they have touched their stacks */
}

/* ---- a race ------------------------------------------------------------- */

/* They sleep with the mmap lock held for read: no task may write-lock it. */
static void put_asleep(const struct lost *l)
{
	clear_rules(fd);
	rule(fd, l->handler, l->action, FAULT_SELFTEST_SLEEP | l->flags,
	     THREADS);
	pthread_barrier_wait(&line);
	wait_asleep(fd, THREADS);
	clear_rules(fd);
}

static void wake_and_wait(void)
{
	wake_all(fd);
	pthread_barrier_wait(&line);
}

static void check_words(uint64_t (*expect)(int i))
{
	uint64_t word;
	int i;

	for (i = 0; i < THREADS; i++) {
		word = word_at(where[i] + PAGE / 2);
		ksft_check(word == expect(i), "thread %d sees %#llx", i,
			   (unsigned long long)word);
	}
}

static void check_round(unsigned int tables)
{
	ksft_check(counts(fd).tables_held == tables, "%u tables, not %u",
		   counts(fd).tables_held, tables);
	ksft_need(!munmap(slot(1), SLOT), "munmap");
	ksft_check(!tables_left(fd), "%u tables left", counts(fd).tables_held);
}

/*
 * @step: distance between the threads' pages; 0: all use one page. The pages
 * are cached, and everything is touched, before the probe starts.
 */
static void prepare(const struct access *a, unsigned long step, pthread_t *t)
{
	int i;

	lost_access = a;
	fd = dev_open();
	setup(fd, FAULT_SELFTEST_NO_MAP_PAGES);
	kernel_access_init();
	map_slots(fd, a, 1);
	cache_pages(fd, slot_page(1), THREADS);
	for (i = 0; i < THREADS; i++)
		where[i] = slot(1) + i * step;
	start_losers(t);
	check_no_page_left(fd, "before");
	ksft_need(!munmap(slot(1), SLOT), "munmap");
	probe(fd, FAULT_SELFTEST_PROBE_ON);
}

static uint64_t own_page(int i)
{
	return slot_page(1) + (where[i] - slot(1)) / PAGE;
}

static uint64_t pfn_word(int i)
{
	(void)i;
	return FAULT_SELFTEST_PFN_WORD;
}

static uint64_t huge_word(int i)
{
	return FAULT_SELFTEST_HUGE_WORD | (where[i] - slot(1)) / PAGE;
}

static void run_round(const struct lost *l)
{
	map_slot(fd, 1, l->access->map);
	put_asleep(l);
	if (l->meanwhile)
		l->meanwhile();
	wake_and_wait();
	check_words(l->expect);
	check_round(l->tables);
}

static void run(const void *arg)
{
	const struct lost *l = arg;
	pthread_t t[THREADS];
	int i;

	lost_majors = l->majors;
	prepare(l->access, l->step, t);
	for (i = 0; i < ROUNDS; i++)
		run_round(l);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	check_no_page_left(fd, l->access->name);
}

/* ---- what happens in between -------------------------------------------- */

static void map_with(unsigned int action)
{
	rule(fd, FAULT_SELFTEST_FAULT, action, 0, 0);
	ksft_need(!kernel_access(lost_access, slot(1)), "the winner");
	clear_rules(fd);
}

static void map_page(void)
{
	map_with(FAULT_SELFTEST_LOCKED);
}

static void map_pfn(void)
{
	map_with(FAULT_SELFTEST_PFN);
}

static void map_huge(void)
{
	map_with(FAULT_SELFTEST_HUGE);
	ksft_need(levels(fd, slot(1)) & FAULT_SELFTEST_HAS_HUGE ||
		  has_table(fd, slot(1)), "something in the PMD");
}

static void zap(void)
{
	ksft_need(!madvise(slot(1), SLOT, MADV_DONTNEED), "MADV_DONTNEED");
}

static void map_page_and_zap(void)
{
	map_page();
	zap();
}

static void map_huge_and_zap(void)
{
	map_huge();
	zap();
}

static void truncate_file(void)
{
	struct fault_selftest_range r = {
		.pgoff = slot_page(1),
		.nr_pages = PAGES_PER_SLOT,
	};

	ksft_need(!ioctl(fd, FAULT_SELFTEST_UNMAP, &r), "UNMAP");
}

static void map_page_and_truncate(void)
{
	map_page();
	truncate_file();
}

/* ---- a table that was there ---------------------------------------------- */

static void *read_or_write(void *p)
{
	return (void *)(long)kernel_access(lost_access, p);
}

/* One thread sleeps where there is a table because a neighbour is mapped. */
static void sleep_beside_neighbour(const struct lost *l, pthread_t *t)
{
	lost_access = l->access;
	fd = dev_open();
	setup(fd, FAULT_SELFTEST_NO_MAP_PAGES);
	kernel_access_init();
	map_slots(fd, l->access, 1);
	where[0] = slot(1) + PAGE;
	ksft_need(!kernel_access(l->access, slot(1)), "the neighbour");
	drop_events(fd);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	rule(fd, l->handler, l->action, FAULT_SELFTEST_SLEEP, 1);
	ksft_need(!pthread_create(t, NULL, read_or_write, where[0]),
		  "a thread");
	wait_asleep(fd, 1);
	clear_rules(fd);
}

static void check_started_again(void)
{
	struct fault_selftest_event ev;
	int calls = 0;

	while (next_event(fd, FAULT_SELFTEST_FAULT, &ev))
		if (++calls == 2)
			ksft_check(ev.saw & FAULT_SELFTEST_SAW_PREALLOC,
				   "no table was at hand the second time");
	ksft_check(calls == 2, "->fault was called %d times", calls);
}

static void check_nothing_left(void)
{
	ksft_need(!munmap(slot(1), SLOT), "munmap");
	ksft_check(!page_locks(fd, slot_page(1), PAGES_PER_SLOT),
		   "a page stays locked");
	drain_lru();
	ksft_check(!page_refs(fd, slot_page(1), PAGES_PER_SLOT),
		   "references left");
}

/*
 * Kernels that free empty tables free this one under the sleeper, which has
 * preallocated none. It wakes up with a page locked, and so must not allocate.
 */
static void lose_table(const void *arg)
{
	unsigned int before;
	pthread_t t;
	void *err;
	int there;

	sleep_beside_neighbour(arg, &t);
	before = counts(fd).tables;
	zap();
	there = has_table(fd, where[0]);
	wake_all(fd);
	pthread_join(t, &err);
	ksft_check(!err, "errno %ld", (long)err);
	if (there)
		ksft_case_skip("tables stay when they are emptied");
	ksft_check(!counts(fd).under_lock,
		   "%u pages allocated under the page lock",
		   counts(fd).under_lock);
	ksft_check(counts(fd).tables == before + 1, "%u tables, not 1",
		   counts(fd).tables - before);
	ksft_check(word_at(where[0] + PAGE / 2) == own_page(0), "another page");
	check_started_again();
	check_nothing_left();
}

/* ---- fault-around ------------------------------------------------------- */

/*
 * Fault-around sees a PMD that is not empty, and finds it empty when it is
 * about to map. Nothing sleeps in between, so the handler itself plays the
 * other thread. Without a table nothing is mapped, and ->fault maps the page.
 */
static void around_lost_to_zapped_huge(void)
{
	struct fault_selftest_event ev;
	long vmpte;

	fd = dev_open();
	kernel_access_init();
	map_slots(fd, &read_access, 1);
	rule(fd, FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_ZAPPED, 0, 0);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	vmpte = vm_pte(getpid());
	ksft_check(!kernel_read(slot(1)), "an error");
	ksft_need(next_event(fd, FAULT_SELFTEST_MAP_PAGES, &ev), "->map_pages");
	ksft_check(ev.saw & FAULT_SELFTEST_SAW_PMD_EMPTY,
		   "->map_pages: the PMD was not empty");
	ksft_need(next_event(fd, FAULT_SELFTEST_FAULT, &ev), "->fault");
	ksft_check(ev.saw & FAULT_SELFTEST_SAW_PMD_EMPTY,
		   "->fault: the PMD was not empty");
	ksft_check(!counts(fd).atomic_sleep, "a table allocated under RCU");
	ksft_check(word_at(slot(1) + PAGE / 2) == slot_page(1), "another page");
	ksft_check(vm_pte(getpid()) == vmpte + TABLE_KB, "VmPTE %ld kB, not %ld",
		   vm_pte(getpid()), vmpte + TABLE_KB);
	munmap(slot(1), SLOT);
	ksft_check(!tables_left(fd), "%u tables left", counts(fd).tables_held);
}

/*
 * Fault-around has found pages to map, but when it has locked the first one the
 * PMD is huge. It must map nothing and unlock the page. The reader sees what
 * the other thread has mapped, without a call of ->fault.
 */
static void around_lost_to_huge(void)
{
	struct fault_selftest_event ev;

	fd = dev_open();
	kernel_access_init();
	map_slots(fd, &read_access, 1);
	cache_pages(fd, slot_page(1), 16);
	rule(fd, FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_HUGE_PAGE, 0, 0);
	probe_from_here(fd);
	ksft_check(!kernel_read(slot(1)), "an error");
	check_no_page_left(fd, "fault-around");
	ksft_check(levels(fd, slot(1)) & FAULT_SELFTEST_HAS_HUGE,
		   "the PMD was not empty");
	ksft_check(word_at(slot(1) + PAGE) == (FAULT_SELFTEST_HUGE_WORD | 1),
		   "another page");
	ksft_check(!next_event(fd, FAULT_SELFTEST_FAULT, &ev),
		   "->fault was called");
	ksft_check(!counts(fd).tables_held, "%u tables left",
		   counts(fd).tables_held);
}

/* ---- cases --------------------------------------------------------------- */

#define IN_FAULT(a) \
	.handler = FAULT_SELFTEST_FAULT, .action = FAULT_SELFTEST_##a
#define IN_MKWRITE(a) \
	.handler = FAULT_SELFTEST_MKWRITE, .action = FAULT_SELFTEST_##a
#define UNCHECKED	.flags = FAULT_SELFTEST_UNCHECKED
#define TABLE_OF(word)	.expect = word, .tables = 1

#define LOST(id, who, ...)				\
	KSFT_CASE_WITH(id, run, &(const struct lost){	\
		.access = &who##_access, __VA_ARGS__ })
#define LOSES(id, who, ...)					\
	KSFT_CASE_WITH(id, lose_table, &(const struct lost){	\
		.access = &who##_access, __VA_ARGS__ })

static const struct ksft_case cases[] = {
	LOST(read_one_page, read, IN_FAULT(LOCKED), TABLE_OF(own_page)),
	LOST(cow_one_page, cow, IN_FAULT(LOCKED), TABLE_OF(own_page)),
	LOST(shared_write_one_page, shared, IN_FAULT(LOCKED),
	     TABLE_OF(own_page)),
	LOST(mkwrite_one_page, shared, IN_MKWRITE(LOCKED), TABLE_OF(own_page)),
	LOST(pfn_one_page, read, IN_FAULT(PFN), TABLE_OF(pfn_word)),
	LOST(insert_one_page, read, IN_FAULT(INSERT), TABLE_OF(own_page)),
	LOST(insert_one_table, read, .step = PAGE, IN_FAULT(INSERT),
	     TABLE_OF(own_page)),
	LOST(read_one_table, read, .step = PAGE, IN_FAULT(LOCKED),
	     TABLE_OF(own_page)),
	LOST(cow_one_table, cow, .step = PAGE, IN_FAULT(LOCKED),
	     TABLE_OF(own_page)),
	LOST(shared_write_one_table, shared, .step = PAGE, IN_FAULT(LOCKED),
	     TABLE_OF(own_page)),
	LOST(mkwrite_one_table, shared, .step = PAGE, IN_MKWRITE(LOCKED),
	     TABLE_OF(own_page)),
	LOST(huge_one_pmd, shared, .step = PAGE, IN_FAULT(HUGE),
	     .expect = huge_word),
	LOST(read_lost_to_page, read, IN_FAULT(LOCKED), .meanwhile = map_page,
	     TABLE_OF(own_page)),
	LOST(cow_lost_to_page, cow, IN_FAULT(LOCKED), .meanwhile = map_page,
	     TABLE_OF(own_page)),
	/* It was a major fault because it slept, whichever page is mapped. */
	LOST(major_read_lost_to_page, read, IN_FAULT(MAJOR),
	     .meanwhile = map_page, TABLE_OF(own_page), .majors = 1),
	LOST(major_cow_lost_to_page, cow, IN_FAULT(MAJOR),
	     .meanwhile = map_page, TABLE_OF(own_page), .majors = 1),
	LOST(insert_lost_to_page, read, IN_FAULT(INSERT), .meanwhile = map_page,
	     TABLE_OF(own_page)),
	LOST(read_lost_to_pfn, read, IN_FAULT(LOCKED), .meanwhile = map_pfn,
	     TABLE_OF(pfn_word)),
	LOST(read_lost_to_huge, read, .step = PAGE, IN_FAULT(LOCKED),
	     .meanwhile = map_huge, .expect = huge_word),
	LOST(shared_write_lost_to_huge, shared, .step = PAGE, IN_FAULT(LOCKED),
	     .meanwhile = map_huge, .expect = huge_word),
	LOST(mkwrite_lost_to_huge, shared, .step = PAGE, IN_MKWRITE(LOCKED),
	     .meanwhile = map_huge, .expect = huge_word),
	LOST(huge_lost_to_page, shared, .step = PAGE, IN_FAULT(HUGE),
	     .meanwhile = map_page, TABLE_OF(own_page)),
	/* The same without a recheck after the sleep: the kernel must do it. */
	LOST(pfn_lost_to_huge, read, .step = PAGE, IN_FAULT(PFN), UNCHECKED,
	     .meanwhile = map_huge, .expect = huge_word),
	LOST(pfn_lost_to_zapped_huge, read, .step = PAGE, IN_FAULT(PFN),
	     UNCHECKED, .meanwhile = map_huge_and_zap, TABLE_OF(pfn_word)),
	LOST(insert_lost_to_huge, read, .step = PAGE, IN_FAULT(INSERT),
	     UNCHECKED, .meanwhile = map_huge, .expect = huge_word),
	LOST(insert_lost_to_zapped_huge, read, .step = PAGE, IN_FAULT(INSERT),
	     UNCHECKED, .meanwhile = map_huge_and_zap, TABLE_OF(own_page)),
	LOST(huge_lost_to_table, read, .step = PAGE, IN_FAULT(HUGE), UNCHECKED,
	     .meanwhile = map_page, TABLE_OF(own_page)),
	LOST(huge_lost_to_huge, read, .step = PAGE, IN_FAULT(HUGE), UNCHECKED,
	     .meanwhile = map_huge, .expect = huge_word),
	LOST(read_lost_to_zapped_page, read, IN_FAULT(LOCKED),
	     .meanwhile = map_page_and_zap, TABLE_OF(own_page)),
	LOST(cow_lost_to_zapped_page, cow, IN_FAULT(LOCKED),
	     .meanwhile = map_page_and_zap, TABLE_OF(own_page)),
	LOST(shared_write_lost_to_zapped_huge, shared, .step = PAGE,
	     IN_FAULT(LOCKED), .meanwhile = map_huge_and_zap,
	     TABLE_OF(own_page)),
	LOST(read_lost_to_truncation, read, .step = PAGE, IN_FAULT(LOCKED),
	     .meanwhile = map_page_and_truncate, TABLE_OF(own_page)),
	LOST(cow_lost_to_truncation, cow, .step = PAGE, IN_FAULT(LOCKED),
	     .meanwhile = map_page_and_truncate, TABLE_OF(own_page)),
	LOSES(read_loses_table, read, IN_FAULT(LOCKED)),
	LOSES(cow_loses_table, cow, IN_FAULT(LOCKED)),
	LOSES(shared_write_loses_table, shared, IN_FAULT(LOCKED)),
	LOSES(mkwrite_loses_table, shared, IN_MKWRITE(LOCKED)),
	KSFT_CASE(around_lost_to_zapped_huge),
	KSFT_CASE(around_lost_to_huge),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
