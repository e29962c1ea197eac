// SPDX-License-Identifier: GPL-2.0
/*
 * Threads of one process race for empty PMDs, while another thread pulls the
 * rug: MADV_DONTNEED, mremap, munmap, truncation, fork.
 *
 * Each thread has its own word in every page. It must read back what it wrote,
 * or zero where the disturbance may lose it. VmPTE, and the kernel log after
 * the exit, show whether the accounting is right.
 *
 * "races rounds=1000 [case...]" runs longer.
 */
#include "thp.h"
#include <pthread.h>

#define THREADS	4
#define PMDS	8		/* empty PMDs in a round */
#define FIRST	2		/* their first slot */
#define MOVED	(FIRST + PMDS)	/* and where mremap() moves them */
#define PASSES	3
#define RACES_MAX 10	/* until khugepaged takes part in one */
#define KHUGEPAGED "khugepaged/scan_sleep_millisecs"
#define RW	(PROT_READ | PROT_WRITE)

static unsigned long rounds = 10;

struct kind {
	const char *type;	/* of the file system; NULL: anonymous */
	int flags;
	int pmds;
	int reads;		/* reads only */
	int huge;
};

static const struct kind anon = { .flags = MAP_PRIVATE, .pmds = PMDS };
static const struct kind zero = { .flags = MAP_PRIVATE, .pmds = PMDS,
				  .reads = 1 };
static const struct kind private_file = { .type = "ramfs", .pmds = PMDS,
					  .flags = MAP_PRIVATE };
static const struct kind shared_file = { .type = "ramfs", .pmds = PMDS,
					 .flags = MAP_SHARED };
static const struct kind tmpfs = { .type = "tmpfs", .pmds = PMDS,
				   .flags = MAP_SHARED };
static const struct kind huge = { .flags = MAP_PRIVATE, .pmds = 2, .huge = 1 };

/* The pages of a PMD that are used */
static const unsigned int pages[] = { 0, 7, PTES / 2 + 44, PTES - 1 };

static const struct kind *kind;
static int file;
static int may_lose;		/* this case may lose written data */
static int vanishes;		/* the range may be missing at times */
static int may_vanish;		/* it may be missing now */

/* ---- what a thread does -------------------------------------------------- */

static unsigned long this_round;
static pthread_barrier_t start, end;
static int running;		/* threads not done with this round */
static char written[THREADS][PMDS][ARRAY_SIZE(pages)];

static __u64 value(int thread, int pmd, unsigned int page)
{
	return this_round << 16 | pmd << 12 | page << 8 | (thread + 1);
}

static volatile __u64 *word(int first, int thread, int pmd,
			       unsigned int page)
{
	return (__u64 *)(slot(first + pmd) + pages[page] * PAGE) + thread;
}

static int signalled(int sig)
{
	ksft_check(!sig || may_vanish, "signal %d, and nobody took it away",
		   sig);
	return sig;
}

static int try_load(volatile __u64 *p, __u64 *v)
{
	int sig = sigsetjmp(fault_jmp, 0);

	if (!sig)
		*v = *p;
	return signalled(sig);
}

static int try_store(volatile __u64 *p, __u64 v)
{
	int sig = sigsetjmp(fault_jmp, 0);

	if (!sig)
		*p = v;
	return signalled(sig);
}

static void load(volatile __u64 *p, __u64 want, int or_nothing)
{
	__u64 v;

	if (!try_load(p, &v))
		ksft_check(v == want || (or_nothing && !v),
			   "%#lx where %#lx was written", (long)v, (long)want);
}

static void touch(int thread, int pmd, unsigned int page)
{
	volatile __u64 *p = word(FIRST, thread, pmd, page);
	__u64 v = value(thread, pmd, page);

	if (kind->reads || page & 1)
		load(p, 0, 0);
	if (kind->reads || try_store(p, v))
		return;
	written[thread][pmd][page] = 1;
	load(p, v, may_lose);
}

static void touch_all(int thread)
{
	unsigned int i;
	int pmd;

	for (pmd = 0; pmd < kind->pmds; pmd++)
		for (i = 0; i < ARRAY_SIZE(pages); i++)
			touch(thread, pmd, (i + thread) % ARRAY_SIZE(pages));
}

static void *racer(void *arg)
{
	int thread = (long)arg;
	unsigned long round;

	touch_stack();
	for (round = 1; round <= rounds; round++) {
		pthread_barrier_wait(&start);
		touch_all(thread);
		__atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static int still_running(void)
{
	return __atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0;
}

/* ---- a round ------------------------------------------------------------- */

static size_t length(void)
{
	return kind->pmds * SLOT;
}

static void map_part(int pmd, size_t len)
{
	char *p = slot(FIRST + pmd);

	if (kind->type)
		map_at(p, len, RW, kind->flags, file, pmd * SLOT);
	else
		map_at(p, len, RW, kind->flags | MAP_ANONYMOUS, -1, 0);
	if (kind->huge)
		madvise(p, len, MADV_HUGEPAGE);
}

/* A new file is all holes; on ramfs half of the pages get cached. */
static void renew_file(void)
{
	unsigned int i;
	char c;

	ksft_need(!ftruncate(file, 0) && !ftruncate(file, length()), "size");
	if (strcmp(kind->type, "ramfs"))
		return;
	for (i = 0; i < PMDS * ARRAY_SIZE(pages); i += 2)
		ksft_need(pread(file, &c, 1, i / ARRAY_SIZE(pages) * SLOT +
				pages[i % ARRAY_SIZE(pages)] * PAGE) == 1,
			  "pread");
}

static void verify(int first)
{
	unsigned int page;
	int thread, pmd;
	__u64 want;

	for (thread = 0; thread < THREADS; thread++)
		for (pmd = 0; pmd < kind->pmds; pmd++)
			for (page = 0; page < ARRAY_SIZE(pages); page++) {
				want = written[thread][pmd][page] ?
				       value(thread, pmd, page) : 0;
				load(word(first, thread, pmd, page), want,
				     may_lose);
			}
}

static void one_round(unsigned long round, int (*disturb)(void))
{
	int first;

	memset(written, 0, sizeof(written));
	if (kind->type)
		renew_file();
	map_part(0, length());
	running = THREADS;
	this_round = round;
	may_vanish = vanishes;
	pthread_barrier_wait(&start);
	first = disturb();
	pthread_barrier_wait(&end);
	may_vanish = 0;			/* the whole range is mapped now */
	verify(first);
	ksft_need(!munmap(slot(FIRST), 2 * PMDS * SLOT), "munmap");
}

static int moved(void), unmapped(void), truncated(void);

struct race {
	const struct kind *kind;
	int (*disturb)(void);
	int loses;		/* it may lose written data */
};

static void race(const void *arg)
{
	const struct race *r = arg;
	pthread_t threads[THREADS];
	unsigned long round;
	long i, before, added;

	kind = r->kind;
	may_lose = r->loses;
	vanishes = r->disturb == moved || r->disturb == unmapped ||
		   r->disturb == truncated;
	fault_catch();
	touch_stack();
	slots_reserve();
	if (kind->type) {
		private_mount("none", kind->type, NULL);
		file = make_file("race", 0);
	}
	pthread_barrier_init(&start, NULL, THREADS + 1);
	pthread_barrier_init(&end, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		ksft_need(!pthread_create(&threads[i], NULL, racer, (void *)i),
			  "a thread");
	one_round(1, r->disturb);
	before = vm_pte(getpid());
	for (round = 2; round <= rounds; round++)
		one_round(round, r->disturb);
	added = vm_pte(getpid()) - before;
	ksft_check(!added, "%ld kB of tables left over", added);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* ---- disturbances; each returns the slot where the range then starts ----- */

static int undisturbed(void)
{
	return FIRST;
}

/* One PMD after another, following the threads; but not forever. */
static void keep_at(void (*disturb)(int pmd))
{
	int pass, pmd;

	for (pass = 0; pass < PASSES && still_running(); pass++)
		for (pmd = 0; pmd < kind->pmds; pmd++) {
			disturb(pmd);
			sched_yield();
		}
}

static void empty_pmd(int pmd)
{
	madvise(slot(FIRST + pmd), SLOT, MADV_DONTNEED);
}

static int dontneed(void)
{
	keep_at(empty_pmd);
	return FIRST;
}

/* Once only: later accesses find nothing at the old address. */
static int moved(void)
{
	ksft_need(mremap(slot(FIRST), length(), length(),
			 MREMAP_MAYMOVE | MREMAP_FIXED, slot(MOVED)) ==
		  slot(MOVED), "mremap");
	return MOVED;
}

/* Free the table under the threads that look for it. */
static void unmap_pmd(int pmd)
{
	munmap(slot(FIRST + pmd), SLOT);
	map_part(pmd, SLOT);
}

static int unmapped(void)
{
	keep_at(unmap_pmd);
	return FIRST;
}

static void cut_file(int pmd)
{
	ksft_need(!ftruncate(file, pmd * SLOT) && !ftruncate(file, length()),
		  "ftruncate");
}

static int truncated(void)
{
	keep_at(cut_file);
	return FIRST;
}

/* The child may have a word or not, depending on timing, but no wrong one. */
static void check_in_child(void)
{
	unsigned int page;
	int thread, pmd;

	for (thread = 0; thread < THREADS; thread++)
		for (pmd = 0; pmd < kind->pmds; pmd++)
			for (page = 0; page < ARRAY_SIZE(pages); page++)
				load(word(FIRST, thread, pmd, page),
				     value(thread, pmd, page), 1);
	_exit(KSFT_PASS);
}

static int forked(void)
{
	pid_t pid = fork();
	int status;

	ksft_need(pid >= 0, "fork");
	if (!pid)
		check_in_child();
	ksft_need(waitpid(pid, &status, 0) == pid, "waitpid");
	ksft_check(!status, "child's status %#x", status);
	return FIRST;
}

static long collapses(void)
{
	return proc_number(THP "khugepaged/pages_collapsed", "");
}

/*
 * For khugepaged, which collapses what it finds in the background, but no page
 * that is not yet on the LRU list: mlock() puts them there.
 */
static void offer_pmd(int pmd)
{
	madvise(slot(FIRST + pmd), SLOT, MADV_HUGEPAGE);
	mlock(slot(0), PAGE);
}

/* Give khugepaged a chance in each round; anon_collapsed() insists. */
static int collapsed(void)
{
	long before = collapses();
	int i;

	keep_at(offer_pmd);
	for (i = 0; i < 50 && collapses() == before; i++)
		usleep(1000);
	return FIRST;
}

/* ---- cases --------------------------------------------------------------- */

/*
 * Let khugepaged scan without a pause, and race until it has collapsed at least
 * once. The counter is the system's, but khugepaged scans only memory that was
 * advised to be huge, which little else is.
 */
static void anon_collapsed(void)
{
	long before;
	int i;

	thp_set(KHUGEPAGED, "0");
	before = collapses();
	if (before < 0)
		ksft_case_skip("no khugepaged");
	for (i = 0; i < RACES_MAX && collapses() == before; i++)
		race(&(const struct race){ &anon, collapsed, 0 });
	ksft_print_msg("%ld huge pages by khugepaged\n", collapses() - before);
	ksft_need(collapses() > before, "a huge page by khugepaged");
}

#define RACE(id, kind, ...) \
	KSFT_CASE_WITH(id, race, &(const struct race){ &kind, __VA_ARGS__ })

static const struct ksft_case cases[] = {
	RACE(anon_undisturbed, anon, undisturbed, 0),
	RACE(anon_dontneed, anon, dontneed, 1),
	RACE(anon_moved, anon, moved, 0),
	RACE(anon_unmapped, anon, unmapped, 1),
	RACE(anon_forked, anon, forked, 0),
	RACE(zero_undisturbed, zero, undisturbed, 0),
	RACE(zero_dontneed, zero, dontneed, 0),
	RACE(zero_moved, zero, moved, 0),
	RACE(zero_unmapped, zero, unmapped, 0),
	RACE(zero_forked, zero, forked, 0),
	RACE(private_file_undisturbed, private_file, undisturbed, 0),
	RACE(private_file_dontneed, private_file, dontneed, 1),
	RACE(private_file_moved, private_file, moved, 0),
	RACE(private_file_unmapped, private_file, unmapped, 1),
	RACE(private_file_truncated, private_file, truncated, 1),
	RACE(private_file_forked, private_file, forked, 0),
	RACE(shared_file_undisturbed, shared_file, undisturbed, 0),
	RACE(shared_file_dontneed, shared_file, dontneed, 0),
	RACE(shared_file_moved, shared_file, moved, 0),
	RACE(shared_file_unmapped, shared_file, unmapped, 0),
	RACE(shared_file_truncated, shared_file, truncated, 1),
	RACE(shared_file_forked, shared_file, forked, 0),
	RACE(tmpfs_undisturbed, tmpfs, undisturbed, 0),
	RACE(tmpfs_dontneed, tmpfs, dontneed, 0),
	RACE(tmpfs_moved, tmpfs, moved, 0),
	RACE(tmpfs_unmapped, tmpfs, unmapped, 0),
	RACE(tmpfs_truncated, tmpfs, truncated, 1),
	RACE(tmpfs_forked, tmpfs, forked, 0),
	RACE(huge_undisturbed, huge, undisturbed, 0),
	RACE(huge_dontneed, huge, dontneed, 1),
	RACE(huge_moved, huge, moved, 0),
	RACE(huge_unmapped, huge, unmapped, 1),
	RACE(huge_forked, huge, forked, 0),
	KSFT_CASE(anon_collapsed),
};

int main(int argc, char **argv)
{
	if (argc > 1 && sscanf(argv[1], "rounds=%lu", &rounds) == 1) {
		argc--;
		argv++;
	}
	ksft_before_case = thp_on;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
