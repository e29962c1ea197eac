// SPDX-License-Identifier: GPL-2.0
/*
 * Threads of one mm fault on the same empty PMD, with different results of the
 * handler, while the main thread changes the mapping. Whichever thread wins,
 * each must see a page that belongs there, and nothing may be left at the end.
 * The kernel itself reports wrong counters when the mm goes away.
 *
 * Bounded by rounds, not by time.
 */
#include "handler.h"

#define THREADS		4
#define ROUNDS		120
#define ACCESSES	6	/* of each thread in a round */

struct race {
	const struct access *access;
	unsigned int action;	/* of ->fault */
	unsigned int odd;	/* of ->fault, for threads with odd numbers */
	int same;		/* all on one page, or each on its own */
	int around;		/* by fault-around, ->fault only in between */
	int windows;		/* and each thread has its own window */
	void (*disturb)(int fd);
	int vanishes;		/* the mapping may be missing at times */
};

#define WINDOW	16	/* pages of a fault-around */

static const struct race *race;
static int race_fd;
static long huge_met;		/* accesses that have seen a huge page */
static pthread_barrier_t line;

/* ---- the threads -------------------------------------------------------- */

static int is_page(uint64_t word, uint64_t nr)
{
	return word == slot_page(1) + nr || word == FAULT_SELFTEST_PFN_WORD ||
	       word == (FAULT_SELFTEST_HUGE_WORD | nr);
}

/* Accesses by the kernel survive a missing mapping. */
static void access_vanishing(char *p)
{
	int err = kernel_access(race->access, p);

	ksft_check(!err || err == EFAULT, "errno %d", err);
}

static void access_page(char *p, uint64_t nr)
{
	uint64_t word;

	if (race->access->write)
		*(volatile char *)p = 1;
	word = word_at(p + PAGE / 2);
	if (word == (FAULT_SELFTEST_HUGE_WORD | nr))
		__atomic_add_fetch(&huge_met, 1, __ATOMIC_RELAXED);
	ksft_check(is_page(word, nr), "page %llu holds %#llx",
		   (unsigned long long)nr, (unsigned long long)word);
}

static int stride(void)
{
	return race->windows ? WINDOW : 1;
}

static void *racer(void *arg)
{
	uint64_t nr = race->same ? 0 : (uintptr_t)arg * stride();
	char *p = slot(1) + nr * PAGE;
	int round, i;

	touch_stack();
	pthread_barrier_wait(&line);
	for (round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&line);
		for (i = 0; i < ACCESSES; i++) {
			if (race->vanishes)
				access_vanishing(p);
			else
				access_page(p, nr);
		}
		pthread_barrier_wait(&line);
	}
	return NULL;
}

/* ---- what the main thread does ------------------------------------------ */

static void map_again(int fd)
{
	ksft_need(!munmap(slot(1), SLOT), "munmap");
	map_slot(fd, 1, race->access->map);
}

static void dontneed(int fd)
{
	(void)fd;
	ksft_need(!madvise(slot(1), SLOT, MADV_DONTNEED), "MADV_DONTNEED");
}

/* As truncation does */
static void unmap_file(int fd)
{
	struct fault_selftest_range r = {
		.pgoff = slot_page(1),
		.nr_pages = PAGES_PER_SLOT,
	};

	ksft_need(!ioctl(fd, FAULT_SELFTEST_UNMAP, &r), "UNMAP");
}

/* Not for huge pages: v4.6's move_page_tables() takes DAX ones for tables. */
static void move_away_and_back(int fd)
{
	(void)fd;
	ksft_need(mremap(slot(1), SLOT, SLOT, MREMAP_MAYMOVE | MREMAP_FIXED,
			 slot(4)) == slot(4), "mremap");
	ksft_need(mremap(slot(4), SLOT, SLOT, MREMAP_MAYMOVE | MREMAP_FIXED,
			 slot(1)) == slot(1), "mremap back");
}

static void fork_child(int fd)
{
	int status;
	pid_t pid = fork();

	(void)fd;
	ksft_need(pid >= 0, "fork");
	if (!pid) {
		access_page(slot(1), 0);
		_exit(KSFT_PASS);
	}
	ksft_need(waitpid(pid, &status, 0) == pid, "the child");
	ksft_check(!status, "the child: status %#x", status);
}

/* ---- a race ------------------------------------------------------------- */

static void set_answers(int fd)
{
	struct fault_selftest_rule r = {
		.nr_pages = 1,
		.handler = race->windows ? FAULT_SELFTEST_MAP_PAGES :
					   FAULT_SELFTEST_FAULT,
		.action = race->odd,
	};
	int err;

	if (!race->windows)
		rule(fd, FAULT_SELFTEST_FAULT, race->action, 0, 0);
	if (race->odd == race->action)
		return;
	for (r.pgoff = slot_page(1) + stride();
	     r.pgoff < slot_page(1) + THREADS * stride();
	     r.pgoff += 2 * stride()) {
		err = rule_for(fd, r);
		if (err && errno == EOPNOTSUPP)
			ksft_case_skip("action %u: not on this kernel", r.action);
		ksft_need(!err, "RULE");
	}
}

static void run_rounds(void)
{
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		map_again(race_fd);
		pthread_barrier_wait(&line);
		for (i = 0; race->disturb && i < ACCESSES / 2; i++)
			race->disturb(race_fd);
		pthread_barrier_wait(&line);
	}
}

static void start_racers(pthread_t *t)
{
	uintptr_t i;

	pthread_barrier_init(&line, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		ksft_need(!pthread_create(&t[i], NULL, racer, (void *)i),
			  "a thread");
	pthread_barrier_wait(&line);	/* they have touched their stacks */
}

/*
 * The probe also counts the tables that fork() allocates for the child, its PGD
 * among them. The PGD outlives the child as long as an idle CPU borrows the
 * child's mm: until a task with its own mm runs there, as drain_lru() does on
 * each CPU.
 */
static void check_nothing_left(void)
{
	uint64_t refs;

	drain_lru();
	ksft_check(!tables_left(race_fd), "%u tables left",
		   counts(race_fd).tables_held);
	/* After fork() the parent also copies pages elsewhere */
	ksft_check(race->disturb == fork_child || !counts(race_fd).pages_held,
		   "%u copied pages left", counts(race_fd).pages_held);
	refs = page_refs(race_fd, slot_page(1), PAGES_PER_SLOT);
	ksft_check(!refs, "%llu references to the file's pages left",
		   (unsigned long long)refs);
}

/* Cache the pages before the probe starts: those it sees are copies. */
static void prepare(const struct race *r)
{
	race = r;
	race_fd = dev_open();
	setup(race_fd, r->around ? 0 : FAULT_SELFTEST_NO_MAP_PAGES);
	kernel_access_init();
	map_slots(race_fd, r->access, 1);
	set_answers(race_fd);
	cache_pages(race_fd, slot_page(1), PAGES_PER_SLOT);
	check_nothing_left();		/* touches what it needs later */
	huge_met = 0;
}

/* If no access met a huge page, the intended race did not take place. */
static void check_huge_met(void)
{
	int wanted = race->action == FAULT_SELFTEST_HUGE ||
		     race->odd == FAULT_SELFTEST_HUGE;

	if (wanted)
		ksft_print_msg("%ld accesses to a huge page\n", huge_met);
	ksft_check(!wanted || huge_met, "nobody has met a huge page");
}

static void run_race(const void *arg)
{
	pthread_t t[THREADS];
	int i;

	prepare(arg);
	start_racers(t);
	probe(race_fd, FAULT_SELFTEST_PROBE_ON);
	run_rounds();
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	munmap(slot(1), SLOT);
	check_nothing_left();
	check_huge_met();
}

#define PAGE_ANSWER	FAULT_SELFTEST_LOCKED
#define PFN_ANSWER	FAULT_SELFTEST_PFN
#define HUGE_ANSWER	FAULT_SELFTEST_HUGE
#define ANSWERS(a, b)	.action = a##_ANSWER, .odd = b##_ANSWER

#define RACE(id, who, ...)					\
	KSFT_CASE_WITH(id, run_race, &(const struct race){	\
		.access = &who##_access, __VA_ARGS__ })

static const struct ksft_case cases[] = {
	RACE(same_page_read, read, ANSWERS(PAGE, PAGE), .same = 1),
	RACE(same_page_cow, cow, ANSWERS(PAGE, PAGE), .same = 1),
	RACE(same_page_shared_write, shared, ANSWERS(PAGE, PAGE), .same = 1),
	RACE(own_page_read, read, ANSWERS(PAGE, PAGE)),
	RACE(own_page_cow, cow, ANSWERS(PAGE, PAGE)),
	RACE(own_page_shared_write, shared, ANSWERS(PAGE, PAGE)),
	RACE(fault_around, read, ANSWERS(PAGE, PAGE), .around = 1),
	RACE(fault_around_dontneed, read, ANSWERS(PAGE, PAGE), .around = 1,
	     .disturb = dontneed),
	RACE(fault_around_unmap, read, ANSWERS(PAGE, PAGE), .around = 1,
	     .disturb = unmap_file),
	RACE(page_and_pfn, read, ANSWERS(PAGE, PFN)),
	RACE(page_and_huge, shared, ANSWERS(PAGE, HUGE)),
	RACE(pfn_and_huge, shared, ANSWERS(PFN, HUGE)),
	RACE(huge_only, shared, ANSWERS(HUGE, HUGE)),
	/* filemap_map_pages(), but ->map_pages maps odd windows huge */
	RACE(around_and_huge, read, .around = 1, .windows = 1,
	     .action = FAULT_SELFTEST_PAGE, .odd = FAULT_SELFTEST_HUGE),
	RACE(around_and_huge_dontneed, read, .around = 1, .windows = 1,
	     .action = FAULT_SELFTEST_PAGE, .odd = FAULT_SELFTEST_HUGE,
	     .disturb = dontneed),
	RACE(read_dontneed, read, ANSWERS(PAGE, PAGE), .disturb = dontneed),
	RACE(cow_dontneed, cow, ANSWERS(PAGE, PAGE), .disturb = dontneed),
	RACE(huge_dontneed, shared, ANSWERS(PAGE, HUGE), .disturb = dontneed),
	RACE(shared_write_unmap, shared, ANSWERS(PAGE, PAGE),
	     .disturb = unmap_file),
	RACE(huge_unmap, shared, ANSWERS(PAGE, HUGE), .disturb = unmap_file),
	RACE(cow_mremap, cow, ANSWERS(PAGE, PAGE),
	     .disturb = move_away_and_back, .vanishes = 1),
	RACE(read_munmap, read, ANSWERS(PAGE, PAGE), .around = 1,
	     .disturb = map_again, .vanishes = 1),
	RACE(cow_munmap, cow, ANSWERS(PAGE, PAGE), .disturb = map_again,
	     .vanishes = 1),
	RACE(cow_fork, cow, ANSWERS(PAGE, PAGE), .disturb = fork_child),
	RACE(huge_fork, shared, ANSWERS(PAGE, HUGE), .disturb = fork_child),
};

int main(int argc, char **argv)
{
	ksft_before_case = window_of_16;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
