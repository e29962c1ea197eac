// SPDX-License-Identifier: GPL-2.0
/*
 * Userspace resolves a missing userfault: until it has done so, the kernel must
 * allocate no page, no huge page and no page table for it.
 */
#include "thp.h"
#include "../ksft_trace.h"
#include "uffd.h"
#include <time.h>

#define MANY		256

static int uffd;

/* Room for MANY huge pages and one more, below one PMD table. */
static char *huge_region(void)
{
	char *p;

	need_thp();
	p = mmap(NULL, 2 * BIG, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ksft_need(p != MAP_FAILED, "reserve 512 tables, twice");
	p = (char *)(((uintptr_t)p + BIG - 1) & ~(BIG - 1));
	map_at(p, (MANY + 1) * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (madvise(p, (MANY + 1) * SLOT, MADV_HUGEPAGE))
		ksft_case_skip("no transparent huge pages");
	return p;
}

static void *server(void *arg)
{
	int i;

	for (i = 0; i <= MANY; i++)
		uffd_zeropage(uffd, uffd_next(uffd));
	return arg;
}

static void touch(volatile char *p, int write)
{
	if (write)
		*p = 1;
	else
		(void)*p;
}

static void many_huge(const void *arg)
{
	int write = *(const int *)arg;
	char *p = huge_region();
	pthread_t thread;
	int i, event;
	long nr;

	if (!write)
		need_table_pages();	/* else a huge page is enough to tell */
	uffd = uffd_open(0);
	uffd_register(uffd, p, (MANY + 1) * SLOT, UFFDIO_REGISTER_MODE_MISSING);
	ksft_need(!pthread_create(&thread, NULL, server, NULL), "a thread");
	touch(p, 0);
	event = ksft_count_own("kmem/mm_page_alloc");
	for (i = 1; i <= MANY; i++)
		touch(p + i * SLOT, write);
	nr = ksft_event_count(event);
	pthread_join(thread, NULL);
	/* A write goes on to copy the zero page that it got. */
	if (write)
		nr -= MANY;
	ksft_print_msg("%ld allocations for %d faults\n", nr, MANY);
	ksft_check(!nr, "%ld allocations for %d faults", nr, MANY);
}

static void region_of_slots(int advice)
{
	slots_reserve();
	if (advice == MADV_HUGEPAGE)
		need_thp();
	map_at(slot(1), (SLOTS - 1) * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (madvise(slot(1), (SLOTS - 1) * SLOT, advice))
		ksft_case_skip("no transparent huge pages");
}

static void blocked_tables(const void *arg)
{
	long before, added;

	region_of_slots(*(const int *)arg);
	uffd = uffd_open(0);
	uffd_register(uffd, slot(1), (SLOTS - 1) * SLOT,
		      UFFDIO_REGISTER_MODE_MISSING);
	sleepers_start();
	before = vm_pte(getpid());
	sleepers_to_bed(uffd);
	added = vm_pte(getpid()) - before;
	sleepers_zeropage(uffd);
	sleepers_join();
	ksft_check(!added, "%ld kB of tables while %d wait", added, SLEEPERS);
	added = vm_pte(getpid()) - before;
	ksft_check(added == SLEEPERS * TABLE_KB, "%ld kB of tables at the end",
		   added);
}

/* ---- UFFD_FEATURE_SIGBUS: no message, the fault fails ------------------- */

static int writing;

/* tables_added() reserves new slots, so map and register here. */
static void sigbus_at(char *where, int i)
{
	(void)i;
	map_at(where, PAGE, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uffd_register(uffd, where, PAGE, UFFDIO_REGISTER_MODE_MISSING);
	if (writing)
		ksft_check(try_write(where, 1) == SIGBUS,
			   "a missing page was written");
	else
		ksft_check(try_read(where) == SIGBUS,
			   "a missing page was read");
}

static void sigbus_tables(const void *arg)
{
	long added;

	writing = *(const int *)arg;
	fault_catch();
	uffd = uffd_open(UFFD_FEATURE_SIGBUS);
	added = tables_added(sigbus_at, 16);
	ksft_check(!added, "%ld kB of tables", added);
}

/* ---- UFFDIO_COPY: a present page needs no allocation --------------------- */

#define LATE	64

static int copy_to(char *where, const char *page)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)where, .src = (uintptr_t)page, .len = PAGE,
	};

	return ioctl(uffd, UFFDIO_COPY, &copy) ? errno : 0;
}

static int zeropage_to(char *where)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)where, PAGE } };

	return ioctl(uffd, UFFDIO_ZEROPAGE, &zero) ? errno : 0;
}

static char *page_to_copy(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ksft_need(page != MAP_FAILED, "a page");
	*page = 'c';
	return page;
}

/* Prefetch that arrives after the fault */
static void late_copies(void)
{
	char *page = page_to_copy();
	int i, event;
	long nr;

	region_of_slots(MADV_NOHUGEPAGE);
	for (i = 0; i < LATE; i++)
		slot(1)[i * PAGE] = 'd';
	uffd = uffd_open(0);
	uffd_register(uffd, slot(1), SLOT, UFFDIO_REGISTER_MODE_MISSING);
	ksft_need(copy_to(slot(1), page) == EEXIST, "EEXIST");
	event = ksft_count_own("kmem/mm_page_alloc");
	for (i = 0; i < LATE; i++)
		ksft_need(copy_to(slot(1) + i * PAGE, page) == EEXIST,
			  "EEXIST for page %d", i);
	nr = ksft_event_count(event);
	for (i = 0; i < LATE; i++)
		ksft_need(slot(1)[i * PAGE] == 'd', "page %d as it was", i);
	ksft_need(!copy_to(slot(1) + LATE * PAGE, page) &&
		  slot(1)[LATE * PAGE] == 'c', "a copy that is in time");
	ksft_print_msg("%ld pages for %d late copies\n", nr, LATE);
	ksft_check(!nr, "%ld pages for %d late copies", nr, LATE);
}

/* A huge page is no table that a page could be put into. */
static void late_for_huge_page(const void *arg)
{
	int error, zero = *(const int *)arg;
	char *page = page_to_copy(), *where;

	region_of_slots(MADV_HUGEPAGE);
	where = slot(1) + LATE * PAGE;
	slot(1)[0] = 'd';
	if (!(pagemap_entry(where) & PM_PRESENT))
		ksft_case_skip("no memory for a huge page");
	uffd = uffd_open(0);
	uffd_register(uffd, slot(1), SLOT, UFFDIO_REGISTER_MODE_MISSING);
	error = zero ? zeropage_to(where) : copy_to(where, page);
	ksft_check(error == EEXIST, "error %d, not EEXIST", error);
	ksft_check(slot(1)[0] == 'd' && !*where, "a huge page that changed");
}

/* ---- races: a present page is never reported as missing ----------------- */

#define ROUNDS		500

static volatile int stop;

static void told_of_present_page(int sig)
{
	static const char why[] =
		"# assertion failed: a page that is there was missing\n";

	(void)sig;
	if (write(1, why, sizeof(why) - 1) < 0)
		_exit(KSFT_ERROR);
	_exit(KSFT_FAIL);
}

/* Read all of the slot but the first page, which comes and goes. */
static void *reader(void *arg)
{
	volatile char *p = arg;
	unsigned long i;

	while (!stop)
		for (i = PAGE; i < SLOT; i += PAGE)
			(void)p[i];
	return NULL;
}

/*
 * The same through get_user_pages(), which cannot wait for userspace here: the
 * read would fail.
 */
static void *mem_reader(void *arg)
{
	int fd = open("/proc/self/mem", O_RDONLY);
	unsigned long i;
	char c;

	ksft_need(fd >= 0, "/proc/self/mem");
	while (!stop)
		for (i = PAGE; i < SLOT; i += PAGE)
			ksft_check(pread(fd, &c, 1, (uintptr_t)arg + i) == 1,
				   "a page that is there was missing");
	return NULL;
}

/*
 * Dropping one page of a huge zero page splits it: the PMD is cleared, then
 * populated with a table. A concurrent fault may see the empty PMD.
 */
static void split_huge_zero(void *(*reader)(void *))
{
	pthread_t thread[3];
	long splits;
	char *p;
	int i;

	splits = proc_number("/proc/vmstat", "\nthp_split_pmd ");
	/* the readers may be faster than madvise */
	thp_set("enabled", "always");
	region_of_slots(MADV_HUGEPAGE);
	for (i = 0; i < 3; i++)
		ksft_need(!pthread_create(&thread[i], NULL, reader, slot(1)),
			  "a thread");
	for (i = 0; i < ROUNDS; i++) {
		map_at(slot(1), SLOT, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (p = slot(1); p < slot(2); p += PAGE)
			touch(p, 0);
		uffd_register(uffd, slot(1), SLOT,
			      UFFDIO_REGISTER_MODE_MISSING);
		ksft_need(!madvise(slot(1), PAGE, MADV_DONTNEED), "madvise");
	}
	stop = 1;
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	thp_set("enabled", "madvise");
	splits = proc_number("/proc/vmstat", "\nthp_split_pmd ") - splits;
	ksft_need(splits, "a huge zero page to split");
}

static void huge_zero_split(void)
{
	struct sigaction sa = { .sa_handler = told_of_present_page };

	sigaction(SIGBUS, &sa, NULL);
	uffd = uffd_open(UFFD_FEATURE_SIGBUS);
	split_huge_zero(reader);
}

static void huge_zero_split_mem(void)
{
	uffd = uffd_open(0);
	split_huge_zero(mem_reader);
}

/* ---- a PTE that is empty for a moment ------------------------------------ */

#define COW_PAGES	32U	/* of a round */
#define COW_ROUNDS	192
#define COW_SECONDS	15	/* a step takes long on shared CPUs */

static volatile unsigned long mine, theirs;	/* progress of each, in pages */
static volatile unsigned long written;		/* by mem_writer() */

/* Keep both roughly in step, so that every lag between them occurs. */
static void in_step(volatile unsigned long *me, volatile unsigned long *other,
		    unsigned long to, unsigned int lag)
{
	*me = to;
	while (*other < to && !stop)
		if (!(++lag & 0xfff))
			sched_yield();
	for (lag &= 63; lag; lag--)
		__asm__ volatile("" ::: "memory");
}

/* get_user_pages() cannot wait for userspace here: the write would fail. */
static void *mem_writer(void *arg)
{
	int fd = open("/proc/self/mem", O_RDWR);
	unsigned long i;
	char c = 1;

	ksft_need(fd >= 0, "/proc/self/mem");
	for (i = 0; ; i++) {
		in_step(&theirs, &mine, i + 1, 0);
		if (stop)
			break;
		ksft_check(pwrite(fd, &c, 1, (uintptr_t)arg +
				  i % COW_PAGES * PAGE) ==
			   1, "page %lu, which is there, was missing", i);
		written = i + 1;
	}
	return NULL;
}

/* Userspace must get no message: all the pages are present. */
static void *unwanted(void *arg)
{
	struct pollfd pfd = { .fd = uffd, .events = POLLIN };

	while (!stop)
		ksft_check(poll(&pfd, 1, 10) != 1 || !(pfd.revents & POLLIN),
			   "a page that is there is asked for");
	return arg;
}

static void all_zero_pages(void)
{
	struct uffdio_zeropage zero = {
		.range = { (uintptr_t)slot(1), COW_PAGES * PAGE },
	};

	madvise(slot(1), SLOT, MADV_DONTNEED);
	ksft_need(!ioctl(uffd, UFFDIO_ZEROPAGE, &zero), "UFFDIO_ZEROPAGE");
}

/*
 * Two writes to a zero page: the one that copies it clears the PTE before it
 * sets it. A concurrent fault may see the empty PTE, but the page is there:
 * userspace has provided it.
 */
static void cow_is_not_missing(void)
{
	time_t end = time(NULL) + COW_SECONDS;
	unsigned long i;
	pthread_t thread[2];

	uffd = uffd_open(0);
	region_of_slots(MADV_NOHUGEPAGE);
	uffd_register(uffd, slot(1), SLOT, UFFDIO_REGISTER_MODE_MISSING);
	ksft_need(!pthread_create(&thread[0], NULL, mem_writer, slot(1)) &&
		  !pthread_create(&thread[1], NULL, unwanted, NULL), "threads");
	for (i = 0; i < COW_ROUNDS * COW_PAGES; i++) {
		if (!(i % COW_PAGES)) {
			while (written < i)
				sched_yield();
			if (time(NULL) > end)
				break;
			all_zero_pages();
		}
		in_step(&mine, &theirs, i + 1, i);
		slot(1)[i % COW_PAGES * PAGE + 8] = 1;
	}
	ksft_print_msg("%lu pages\n", i);
	while (written < i)
		sched_yield();
	stop = 1;
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
}

#define RACE_SLOTS	8
#define TOLD_MIN	16		/* userfaults, in ROUNDS_MAX at most */
#define ROUNDS_MAX	(16 * ROUNDS)

static volatile unsigned long told;	/* userfaults that were read */

/* Wakes each waiter: with the page or, if that is there, without. */
static void *race_server(void *arg)
{
	struct pollfd pfd = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	while (!stop) {
		if (poll(&pfd, 1, 10) != 1 ||
		    read(uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		struct uffdio_zeropage zero = { .range = {
			msg.arg.pagefault.address & ~(PAGE - 1), PAGE } };

		told++;
		if (ioctl(uffd, UFFDIO_ZEROPAGE, &zero))
			ioctl(uffd, UFFDIO_WAKE, &zero.range);
	}
	return arg;
}

/*
 * If a fault waits for userspace, is released by UFFDIO_UNREGISTER and has to
 * wait once more, kernels before v5.7 end it with SIGBUS.
 */
static void *toucher(void *arg)
{
	unsigned long seed = (uintptr_t)arg;
	int i;

	for (i = 0; !stop; i++) {
		char *p;

		seed = seed * 1103515245 + 12345;
		p = slot(1 + (seed >> 16) % RACE_SLOTS) +
		    (seed >> 20) % 4 * PAGE;
		if (i % 4 && i & 1)
			try_write(p, 1);
		else if (i % 4)
			try_read(p);
		else
			madvise(p, i % 8 ? PAGE : SLOT / 2, MADV_DONTNEED);
	}
	return NULL;
}

/* Ends with nothing registered, so that no fault waits for ever. */
static void register_against_touchers(void)
{
	struct uffdio_range range = { (uintptr_t)slot(1), RACE_SLOTS * SLOT };
	int i;

	for (i = 0; i < ROUNDS / 4 || (told < TOLD_MIN && i < ROUNDS_MAX);
	     i++) {
		uffd_register(uffd, slot(1), RACE_SLOTS * SLOT,
			      UFFDIO_REGISTER_MODE_MISSING);
		sched_yield();
		ksft_need(!ioctl(uffd, UFFDIO_UNREGISTER, &range),
			  "UFFDIO_UNREGISTER");
	}
	ksft_print_msg("%lu userfaults in %d rounds\n", told, i);
	ksft_need(told >= TOLD_MIN, "faults while it is registered");
}

static void register_against_faults(const void *arg)
{
	pthread_t thread[3];
	int i;

	fault_catch();
	region_of_slots(*(const int *)arg);
	uffd = uffd_open(0);
	for (i = 0; i < 3; i++)
		ksft_need(!pthread_create(&thread[i], NULL,
					  i ? toucher : race_server,
					  (void *)(long)i), "a thread");
	register_against_touchers();
	stop = 1;
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	/* All other failures would show in the kernel log. */
	ksft_check(!munmap(slot(1), RACE_SLOTS * SLOT), "munmap");
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(huge_write_pages, many_huge, KSFT_INT(1)),
	KSFT_CASE_WITH(huge_read_pages, many_huge, KSFT_INT(0)),
	KSFT_CASE_WITH(small_blocked_tables, blocked_tables,
		       KSFT_INT(MADV_NOHUGEPAGE)),
	KSFT_CASE_WITH(huge_blocked_tables, blocked_tables,
		       KSFT_INT(MADV_HUGEPAGE)),
	KSFT_CASE_WITH(sigbus_read_tables, sigbus_tables, KSFT_INT(0)),
	KSFT_CASE_WITH(sigbus_write_tables, sigbus_tables, KSFT_INT(1)),
	KSFT_CASE(late_copies),
	KSFT_CASE_WITH(copy_to_huge_page, late_for_huge_page, KSFT_INT(0)),
	KSFT_CASE_WITH(zeropage_to_huge_page, late_for_huge_page, KSFT_INT(1)),
	KSFT_CASE(huge_zero_split),
	KSFT_CASE(huge_zero_split_mem),
	KSFT_CASE(cow_is_not_missing),
	KSFT_CASE_WITH(register_against_small_faults, register_against_faults,
		       KSFT_INT(MADV_NOHUGEPAGE)),
	KSFT_CASE_WITH(register_against_huge_faults, register_against_faults,
		       KSFT_INT(MADV_HUGEPAGE)),
};

int main(int argc, char **argv)
{
	ksft_before_case = thp_on;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
