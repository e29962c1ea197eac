// SPDX-License-Identifier: GPL-2.0
/*
 * DAX: the file system inserts the pfn itself, and a write to a private mapping
 * copies with i_mmap_rwsem held instead of a page lock. Reclaim takes
 * i_mmap_rwsem, so nothing may be allocated under it.
 *
 * KSFT_SCRATCH_DAX names the device: a RAM disk (v4.6: BLK_DEV_RAM_DAX) or
 * legacy persistent memory (later kernels: memmap=16M!192M), blank or with an
 * ext4 that this test has made.
 */
#include "handler.h"
#include "../ksft_trace.h"
#include <sys/resource.h>

#define PAGES		16
#define FAULTS		8
#define ROUNDS		300
#define ROUNDS_MAX	1200	/* until a fault is too late */
#define RW		(PROT_READ | PROT_WRITE)

static int file;
static int prot, flags;

/* ---- a file ------------------------------------------------------------ */

static void make_fs(const char *disk)
{
	char mke2fs[128];

	snprintf(mke2fs, sizeof(mke2fs),
		 "busybox mke2fs -F -b 4096 -L %s '%.40s' >/dev/null 2>&1",
		 KSFT_SCRATCH_LABEL, disk);
	if (system(mke2fs))
		ksft_case_skip("cannot: %s", mke2fs);
}

static void mount_dax(void)
{
	const char *disk = ksft_scratch_or("KSFT_SCRATCH_DAX", 1);

	if (!ksft_undos->own_mounts)
		ksft_case_skip("no mount namespace of its own: not root");
	make_fs(disk);
	if (mount(disk, MNT, "ext4", 0, "dax"))
		ksft_case_skip("no DAX on %s (errno %d)", disk, errno);
}

/* Every byte of page i of the file is i + 1. */
static void use_file(void)
{
	char page[PAGE];
	int i;

	mount_dax();
	slots_reserve();
	fault_catch();
	file = make_file("data", 0);
	for (i = 0; i < PAGES; i++) {
		memset(page, i + 1, PAGE);
		ksft_need(write(file, page, PAGE) == PAGE, "write");
	}
}

static char *map_file(int nr, int map_flags)
{
	return map_at(slot(nr), PAGES * PAGE, RW, map_flags, file, 0);
}

static int filled(const char *p, char byte)
{
	return p[0] == byte && !memcmp(p, p + 1, PAGE - 1);
}

/* ---- what is mapped ----------------------------------------------------- */

static void expect_pages(const char *p, int from)
{
	int i;

	for (i = 0; i < PAGES; i++)
		ksft_check(filled(p + i * PAGE, from + i), "page %d", i);
}

static void read_data(void)
{
	use_file();
	expect_pages(map_file(2, MAP_SHARED), 1);
	expect_pages(map_file(3, MAP_PRIVATE), 1);
}

static long faults_taken(void)
{
	struct rusage r;

	ksft_need(!getrusage(RUSAGE_SELF, &r), "getrusage");
	return r.ru_minflt + r.ru_majflt;
}

/* One fault, one copy: a fault that then lacks a table has to copy again. */
static void private_write_faults(void)
{
	long faults;
	char *p;
	int i;

	use_file();
	*map_file(1, MAP_PRIVATE) = 1;
	faults_taken();
	for (i = 2; i < 2 + FAULTS; i++) {
		p = map_file(i, MAP_PRIVATE);
		faults = faults_taken();
		*(volatile char *)p = 1;
		faults = faults_taken() - faults;
		ksft_check(faults == 1, "%ld faults for one write", faults);
	}
}

static void private_write_data(void)
{
	char *p;
	int i;

	use_file();
	p = map_file(2, MAP_PRIVATE);
	for (i = 0; i < PAGES; i++)
		memset(p + i * PAGE, 100 + i, PAGE / 2);
	for (i = 0; i < PAGES; i++)
		ksft_check(p[i * PAGE] == 100 + i &&
			   p[i * PAGE + PAGE - 1] == i + 1, "page %d", i);
	expect_pages(map_file(3, MAP_SHARED), 1);
}

static void shared_write_data(void)
{
	char page[PAGE], *p;
	int i;

	use_file();
	p = map_file(2, MAP_SHARED);
	for (i = 0; i < PAGES; i++)
		memset(p + i * PAGE, 50 + i, PAGE);
	for (i = 0; i < PAGES; i++) {
		ksft_need(pread(file, page, PAGE, i * PAGE) == PAGE, "pread");
		ksft_check(filled(page, 50 + i), "page %d of the file", i);
	}
}

static void hole_data(void)
{
	char *p;

	use_file();
	ksft_need(!ftruncate(file, 2 * PAGES * PAGE), "ftruncate");
	p = map_at(slot(2), 2 * PAGES * PAGE, RW, MAP_SHARED, file, 0);
	ksft_check(filled(p + PAGES * PAGE, 0), "a hole is not zero");
	p[PAGES * PAGE] = 1;
	ksft_check(p[PAGES * PAGE] == 1, "a hole that was written to");
	expect_pages(p, 1);
}

/* ---- faults that fail ---------------------------------------------------- */

static void beyond_end(char *where, int i)
{
	char *p = map_at(where, SLOT, prot, flags, file, 0);
	int sig;

	sig = prot & PROT_WRITE ? try_write(p + SLOT / 2, 1) :
				  try_read(p + SLOT / 2);
	ksft_check(sig == SIGBUS, "signal %d from access %d", sig, i);
}

/*
 * A kernel may allocate one table before it calls ->fault, but no more; the
 * table must go away with the mapping.
 */
static long access_beyond_end(const struct access *a)
{
	prot = a->write ? RW : PROT_READ;
	flags = a->map;
	return tables_added(beyond_end, FAULTS);
}

static void one_table_beyond_end(const void *arg)
{
	long added;

	use_file();
	added = access_beyond_end(arg);
	ksft_print_msg("%d faults added %ld kB of tables\n", FAULTS, added);
	ksft_check(added <= FAULTS * TABLE_KB,
		   "%d faults added %ld kB of tables", FAULTS, added);
	added -= vm_pte(getpid());
	ksft_need(!munmap(slot(2), FAULTS * SLOT), "munmap");
	added += vm_pte(getpid());
	ksft_check(!added, "%ld kB of them outlive the mapping", added);
}

static void sigbus_no_table(void)
{
	long added;

	use_file();
	added = access_beyond_end(&read_access);
	added += access_beyond_end(&cow_access);
	added += access_beyond_end(&shared_access);
	ksft_check(!added, "%d faults added %ld kB of tables", 3 * FAULTS,
		   added);
}

/* ---- what is allocated under i_mmap_rwsem -------------------------------- */

static void nothing_under_lock(const void *arg)
{
	const struct access *a = arg;
	struct fault_selftest_counts c;
	int i, fd = dev_open();
	char *p;

	need_lockdep();
	use_file();
	map_file(1, a->map)[PAGE] = 1;		/* an anon_vma */
	for (i = 2; i < 2 + FAULTS; i++) {
		p = map_file(i, a->map);
		probe(fd, FAULT_SELFTEST_PROBE_ON);
		if (a->write)
			*(volatile char *)p = 1;
		else
			(void)*(volatile char *)p;
		probe(fd, 0);
		c = counts(fd);
		ksft_need(c.tables, "a table for the fault");
		ksft_check(!c.under_i_mmap,
			   "%u allocations with i_mmap_rwsem held",
			   c.under_i_mmap);
		ksft_check(!c.atomic_sleep, "%u of them atomic",
			   c.atomic_sleep);
	}
}

/* ---- what is allocated with the DAX entry locked -------------------------- */

static void trace_tables(void)
{
	char filter[32];

	if (!ksft_has_event("fs_dax/dax_pte_fault"))
		ksft_case_skip("no tracepoint of DAX faults");
	snprintf(filter, sizeof(filter), "common_pid==%d", getpid());
	ksft_trace("fs_dax/dax_pte_fault", filter);
	ksft_trace("fs_dax/dax_pte_fault_done", filter);
	ksft_trace("kmem/mm_page_alloc", filter);
}

/* As the probe of /dev/fault_selftest tells a table, of order 0 */
static int is_table(const char *line)
{
	return strstr(line, " mm_page_alloc:") && strstr(line, "order=0") &&
	       strstr(line, "__GFP_ZERO") && !strstr(line, "MOVABLE");
}

/* How many tables the @nr faults that were traced have allocated in ->fault */
static int late_tables(int nr)
{
	int locked = 0, faults = 0, tables = 0, late = 0;
	char *line, *save;

	for (line = strtok_r(ksft_traced(), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strstr(line, " dax_pte_fault"))
			locked = !strstr(line, " dax_pte_fault_done:");
		faults += locked && strstr(line, " dax_pte_fault:");
		tables += is_table(line);
		late += locked && is_table(line);
	}
	ksft_need(faults == nr && tables >= nr,
		  "a table for each fault, not %d for %d", tables, faults);
	return late;
}

/* ->fault maps the copy, with the entry locked: the table must come before. */
static void private_write_table_first(void)
{
	int i, late;

	use_file();
	for (i = 1; i <= 1 + FAULTS; i++)
		map_file(i, MAP_PRIVATE);
	*slot(1) = 1;				/* an anon_vma */
	trace_tables();
	for (i = 2; i <= 1 + FAULTS; i++)
		*(volatile char *)slot(i) = 1;
	late = late_tables(FAULTS);
	ksft_check(!late, "%d tables with the DAX entry locked", late);
}

/* ---- what a fault costs -------------------------------------------------- */

/* The handler inserts the pfn itself: there is no need for a second table. */
static void tables_of_fault(void)
{
	unsigned int i, tables = 0;
	int fd = dev_open();
	char *p;

	use_file();
	for (i = 1; i <= FAULTS; i++) {
		p = map_file(i, MAP_SHARED);
		probe(fd, FAULT_SELFTEST_PROBE_ON);
		(void)*(volatile char *)p;
		probe(fd, 0);
		tables += counts(fd).tables;
	}
	ksft_print_msg("%u tables for %d faults\n", tables, FAULTS);
	ksft_check(tables == FAULTS, "%u tables for %d faults", tables, FAULTS);
}

/* ---- races --------------------------------------------------------------- */

static volatile int stop;
static unsigned long mapped, truncated;	/* accesses that found it so */

static void count_access(int sig)
{
	__atomic_add_fetch(sig ? &truncated : &mapped, 1, __ATOMIC_RELAXED);
}

/*
 * Since v6.15 a mapping holds a page reference. A truncation that races with a
 * fault has unmapped too early, and waits until the mapping is gone: so the
 * thread has to unmap it.
 */
static void *faulter(void *where)
{
	char *p = where;
	int i;

	while (!stop) {
		for (i = 0; i < PAGES; i++) {
			count_access(try_write(p + i * PAGE, i + 1));
			count_access(try_read(p + i * PAGE));
		}
		madvise(p, PAGES * PAGE, MADV_DONTNEED);
	}
	return NULL;
}

/*
 * Extend with write(2), so that there is never a hole: in v4.6, a read and a
 * write fault on the same hole race (a warning in dax_radix_entry(), fixed by
 * the entry lock of v4.7).
 */
static void race_round(char *shared, char *private)
{
	static const char data[(PAGES - 1) * PAGE] = { 1 };

	madvise(shared, PAGES * PAGE, MADV_DONTNEED);
	madvise(private, PAGES * PAGE, MADV_DONTNEED);
	ksft_need(!ftruncate(file, PAGE), "ftruncate");
	ksft_need(pwrite(file, data, sizeof(data), PAGE) == sizeof(data),
		  "pwrite");
	/* Replacing a mapping frees the table of its slot. */
	map_file(4, MAP_SHARED);
	map_file(5, MAP_PRIVATE);
}

/*
 * Threads fault in shared and private pages that come and go. What goes wrong
 * shows in the kernel log; so here both sides must have met.
 */
static void truncate_race(void)
{
	pthread_t t[4];
	int i;

	use_file();
	for (i = 0; i < 4; i++)
		map_file(2 + i, i % 2 ? MAP_PRIVATE : MAP_SHARED);
	for (i = 0; i < 4; i++)
		ksft_need(!pthread_create(&t[i], NULL, faulter, slot(2 + i)),
			  "a thread");
	for (i = 0; i < ROUNDS || (!truncated && i < ROUNDS_MAX); i++)
		race_round(slot(2), slot(3));
	stop = 1;
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ksft_print_msg("%lu accesses, and %lu to what was truncated\n", mapped,
		       truncated);
	ksft_need(mapped && truncated, "faults before and after a truncation");
	ksft_check(!munmap(slot(2), 4 * SLOT), "munmap");
}

static const struct ksft_case cases[] = {
	KSFT_CASE(read_data),
	KSFT_CASE(private_write_data),
	KSFT_CASE(private_write_faults),
	KSFT_CASE(shared_write_data),
	KSFT_CASE(hole_data),
	KSFT_CASE_WITH(sigbus_read, one_table_beyond_end, &read_access),
	KSFT_CASE_WITH(sigbus_private_write, one_table_beyond_end, &cow_access),
	KSFT_CASE_WITH(sigbus_shared_write, one_table_beyond_end,
		       &shared_access),
	KSFT_CASE(sigbus_no_table),
	KSFT_CASE_WITH(read_under_lock, nothing_under_lock, &read_access),
	KSFT_CASE_WITH(private_write_under_lock, nothing_under_lock,
		       &cow_access),
	KSFT_CASE_WITH(shared_write_under_lock, nothing_under_lock,
		       &shared_access),
	KSFT_CASE(private_write_table_first),
	KSFT_CASE(tables_of_fault),
	KSFT_CASE(truncate_race),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
