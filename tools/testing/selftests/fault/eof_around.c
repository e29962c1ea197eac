// SPDX-License-Identifier: GPL-2.0
/*
 * Fault-around at the end of a file: one fault maps what the page cache has, in
 * an empty PMD as anywhere else, and nothing beyond the last page.
 *
 * The difficult case is a large folio that ends the file. XFS creates one for a
 * large write; where it does not (v4.6), the same must hold for small pages.
 */
#include "handler.h"
#include "thp.h"
#include "../ksft_trace.h"
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define WINDOW		(16 * PAGE)
#define FOLIO_MAX	2048		/* pages, of the page cache */

static void mount_xfs(void)
{
	private_mount(ksft_scratch("KSFT_SCRATCH_XFS"), "xfs", NULL);
}

/* A cached file, from one write(); every page contains its own number. */
static int write_file(const char *name, size_t size)
{
	int fd = make_file(name, 0);
	char path[64];
	size_t i;
	char *buf;

	buf = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ksft_need(buf != MAP_FAILED, "a buffer");
	for (i = 0; i < size; i += PAGE)
		buf[i] = i / PAGE + 1;
	ksft_need(write(fd, buf, size) == (ssize_t)size, "write %s", name);
	munmap(buf, size);
	snprintf(path, sizeof(path), MNT "/%s", name);
	unlink(path);
	return fd;
}

/*
 * How many pages from @from to @to are not mapped after a read of the first.
 * Faults would not tell on s390, where a page that fault-around has mapped
 * takes one more to become young.
 */
static unsigned int not_mapped(const volatile char *p, size_t from, size_t to)
{
	unsigned int i, nr = 0, pages = (to - from + PAGE - 1) / PAGE;
	uint64_t entries[PTES];

	(void)p[from];
	pagemap(p + from, entries, pages);
	for (i = 0; i < pages; i++)
		nr += !(entries[i] & PM_PRESENT);
	return nr;
}

/* The same for a new mapping of a file, in an empty PMD */
static unsigned int not_mapped_in_slot(int fd, size_t from, size_t size)
{
	char *p = map_at(slot(2), size, PROT_READ, MAP_SHARED, fd, 0);

	return not_mapped(p, from, size);
}

static void read_pages(const volatile char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE)
		(void)p[i];
}

struct part {
	size_t size, from;	/* of the file, and where to read */
};

static void one_fault(const void *arg)
{
	const struct part *p = arg;
	unsigned int nr;
	int fd;

	mount_xfs();
	slots_reserve();
	fd = write_file("file", p->size);
	nr = not_mapped_in_slot(fd, p->from, p->size);
	ksft_check(!nr, "%u pages are not mapped", nr);
}

/*
 * A file of one page, as most files are. An access behind it ends in SIGBUS,
 * but on the way fault-around maps the page.
 */
static void one_page_file(void)
{
	char *p;
	int fd;

	mount_scratch();
	slots_reserve();
	fault_catch();
	fd = write_file("file", PAGE);
	p = map_at(slot(3), 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ksft_check(try_read(p + PAGE) == SIGBUS, "a page behind the end");
	ksft_check(pagemap_entry(p) & PM_PRESENT,
		   "the page that is cached nearby is not mapped");
}

/* The same by a program that any user can run, if it is installed with us. */
static void reproducer(void)
{
	int status;

	if (access("./eof-around", X_OK))
		ksft_case_skip("there is no ./eof-around");
#ifdef __s390x__
	ksft_case_skip("it counts faults: see not_mapped()");
#endif
	mount_scratch();
	status = system("./eof-around " MNT " >&2");
	ksft_need(WIFEXITED(status) && WEXITSTATUS(status) < 2,
		  "an answer of eof-around");
	ksft_check(!WEXITSTATUS(status), "affected, says eof-around");
}

/*
 * Fault-around maps a folio that fills a PMD and ends the file, without a call
 * of ->fault.
 */
static void whole_pmd(void)
{
	unsigned int nr;
	int fd, calls;
	char *p;

	need_thp();
	if (PTES > FOLIO_MAX)
		ksft_case_skip("no folio of the page cache fills a PMD");
	mount_xfs();
	slots_reserve();
	fd = write_file("file", SLOT);
	p = map_at(slot(1), SLOT, PROT_READ, MAP_SHARED, fd, 0);
	(void)*(volatile char *)p;
	calls = ksft_count_own("filemap/mm_filemap_fault");
	p = map_at(slot(2), SLOT, PROT_READ, MAP_SHARED, fd, 0);
	nr = not_mapped(p, 0, SLOT);
	ksft_check(!nr, "no huge page: %u pages are not mapped", nr);
	ksft_check(!ksft_event_count(calls), "%ld calls of ->fault",
		   ksft_event_count(calls));
}

/* Nor does that allocate a page table, not even temporarily. */
static void whole_pmd_tables(void)
{
	unsigned int i, tables = 0;
	int fd, dev = dev_open();
	char *p;

	need_thp();
	mount_xfs();
	slots_reserve();
	fd = write_file("file", SLOT);
	for (i = 1; i <= 32; i++) {
		p = map_at(slot(i), SLOT, PROT_READ, MAP_SHARED, fd, 0);
		probe(dev, FAULT_SELFTEST_PROBE_ON);
		(void)*(volatile char *)p;
		tables += counts(dev).tables;
		probe(dev, 0);
		if (!(levels(dev, p) & FAULT_SELFTEST_HAS_HUGE))
			ksft_case_skip("no huge page in this page cache");
	}
	ksft_print_msg("%u tables for %u huge pages\n", tables, i - 1);
	ksft_check(!tables, "%u tables for %u huge pages", tables, i - 1);
}

/* What truncation leaves behind in the last folio must not be mapped. */
static void sigbus_past_truncation(void)
{
	const size_t kept = 5 * PAGE;
	size_t i;
	char *p;
	int fd;

	mount_xfs();
	slots_reserve();
	fault_catch();
	fd = write_file("file", WINDOW);
	ksft_need(!ftruncate(fd, kept - 100), "truncate");
	p = map_at(slot(2), WINDOW, PROT_READ, MAP_SHARED, fd, 0);
	for (i = 0; i < WINDOW; i += PAGE)
		ksft_check(try_read(p + i) == (i < kept ? 0 : SIGBUS),
			   "page %zu", i / PAGE);
	for (i = 0; i < kept; i += PAGE)
		ksft_check(p[i] == (char)(i / PAGE + 1), "data of page %zu",
			   i / PAGE);
}

/* Take a page reference that truncation cannot drop. */
static void pin_page(char *p)
{
	struct iovec iov = { .iov_base = p, .iov_len = 1 };
	int fds[2];

	ksft_need(!pipe(fds) && vmsplice(fds[1], &iov, 1, 0) == 1,
		  "a pinned page");
}

static int pinned_file(void)
{
	char *p;
	int fd;

	mount_xfs();
	slots_reserve();
	fault_catch();
	fd = write_file("file", WINDOW);
	p = map_at(slot(1), WINDOW, PROT_READ, MAP_SHARED, fd, 0);
	read_pages(p, WINDOW);
	pin_page(p);
	return fd;
}

/*
 * The pinned folio cannot be split, and keeps its end beyond the end of the
 * file. One fault maps what is within the file.
 */
static void folio_beyond_end(void)
{
	const size_t kept = 10 * PAGE;
	int fd = pinned_file();
	unsigned int nr;
	size_t i;
	char *p;

	ksft_need(!ftruncate(fd, kept), "truncate");
	p = map_at(slot(2), WINDOW, PROT_READ, MAP_SHARED, fd, 0);
	nr = not_mapped(p, 0, kept);
	for (i = kept; i < WINDOW; i += PAGE)
		ksft_check(try_read(p + i) == SIGBUS, "page %zu", i / PAGE);
	ksft_check(!nr, "%u pages are not mapped", nr);
}

/* The same if the pages are mapped when the file is truncated. */
static void sigbus_after_truncation(void)
{
	size_t i;
	char *p;
	int fd;

	mount_xfs();
	slots_reserve();
	fault_catch();
	fd = write_file("file", WINDOW);
	p = map_at(slot(2), WINDOW, PROT_READ, MAP_SHARED, fd, 0);
	for (i = 0; i < WINDOW; i += PAGE)
		ksft_check(!try_read(p + i), "page %zu before", i / PAGE);
	ksft_need(!ftruncate(fd, 3 * PAGE), "truncate");
	for (i = 0; i < WINDOW; i += PAGE)
		ksft_check(try_read(p + i) == (i < 3 * PAGE ? 0 : SIGBUS),
			   "page %zu after", i / PAGE);
}

static pthread_barrier_t start_line;

static void *read_first_page(void *p)
{
	pthread_barrier_wait(&start_line);
	(void)*(volatile char *)p;
	return NULL;
}

/* Truncate the file while fault-around may be running. */
static void truncate_meanwhile(char *p, int fd, size_t kept)
{
	pthread_t t;

	pthread_barrier_init(&start_line, NULL, 2);
	ksft_need(!pthread_create(&t, NULL, read_first_page, p), "a thread");
	pthread_barrier_wait(&start_line);
	ksft_need(!ftruncate(fd, kept), "truncate");
	pthread_join(t, NULL);
	pthread_barrier_destroy(&start_line);
}

/*
 * Fault-around has checked the file size, then a complete truncation runs that
 * cannot split the folio. Few rounds: a kernel that checks only once loses that
 * race by chance, too, if very rarely.
 */
static void sigbus_truncated_meanwhile(void)
{
	const size_t kept = 3 * PAGE;
	int round, fd = pinned_file();
	char *p;

	for (round = 0; round < 8; round++) {
		p = map_at(slot(2), WINDOW, PROT_READ, MAP_SHARED, fd, 0);
		truncate_meanwhile(p, fd, kept);
		ksft_check(try_read(p + kept) == SIGBUS,
			   "round %d: a page behind the end is mapped", round);
		ksft_need(!ftruncate(fd, WINDOW), "the file as it was");
	}
}

#define PART(id, size, from) \
	KSFT_CASE_WITH(id, one_fault, &(const struct part){ size, from })

static const struct ksft_case cases[] = {
	PART(whole_file, WINDOW, 0),
	PART(last_page_of_file, WINDOW, WINDOW - PAGE),
	/* A window that begins inside the last folio. */
	PART(last_window_of_file, 4 * WINDOW, 3 * WINDOW),
	/* Not a whole number of pages, nor a power of two. */
	PART(odd_size, WINDOW - 3 * PAGE - 1000, 0),
	KSFT_CASE(one_page_file),
	KSFT_CASE(reproducer),
	KSFT_CASE(whole_pmd),
	KSFT_CASE(whole_pmd_tables),
	KSFT_CASE(folio_beyond_end),
	KSFT_CASE(sigbus_past_truncation),
	KSFT_CASE(sigbus_after_truncation),
	KSFT_CASE(sigbus_truncated_meanwhile),
};

int main(int argc, char **argv)
{
	ksft_before_case = window_of_16;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
