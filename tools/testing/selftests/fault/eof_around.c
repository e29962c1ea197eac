// SPDX-License-Identifier: GPL-2.0
/*
 * Fault-around at the end of a file: what the page cache has is mapped by one
 * fault, in an empty PMD as anywhere else, and nothing beyond the last page.
 *
 * A large folio that ends the file is the difficult case. XFS makes one of a
 * large write; where it does not (v4.6), the same must hold of small pages.
 */
#include "handler.h"
#include "../ksft_trace.h"
#include <sys/resource.h>
#include <sys/uio.h>

#define WINDOW		(64UL << 10)	/* fault_around_bytes by default */

static void mount_xfs(void)
{
	private_mount(ksft_scratch("KSFT_SCRATCH_XFS"), "xfs", NULL);
}

/* A file of one write, every page with its own number in it, and cached. */
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

static long minor_faults(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return ru.ru_minflt;
}

static long faults_to_read(const volatile char *p, size_t from, size_t to)
{
	long before = minor_faults();
	size_t i;

	for (i = from; i < to; i += PAGE)
		(void)p[i];
	return minor_faults() - before;
}

/* Reads all of a file of @size bytes, from @from on, in an empty PMD. */
static long faults_in_new_slot(int fd, size_t from, size_t size)
{
	char *p;

	p = map_at(slot(1), size, PROT_READ, MAP_SHARED, fd, 0);
	faults_to_read(p, 0, size);	/* the test itself is warm now */
	p = map_at(slot(2), size, PROT_READ, MAP_SHARED, fd, 0);
	return faults_to_read(p, from, size);
}

struct part {
	size_t size, from;	/* of the file, and where it is read */
};

static void one_fault(const void *arg)
{
	const struct part *p = arg;
	long nr;
	int fd;

	mount_xfs();
	slots_reserve();
	fd = write_file("file", p->size);
	nr = faults_in_new_slot(fd, p->from, p->size);
	ksft_check(nr == 1, "%ld faults", nr);
}

/*
 * A file of one page, as most are. What is behind it is a SIGBUS, and on the
 * way there the page is mapped.
 */
static void one_page_file(void)
{
	char *p;
	long nr;
	int fd;

	mount_scratch();
	slots_reserve();
	fault_catch();
	fd = write_file("file", PAGE);
	faults_in_new_slot(fd, 0, PAGE);	/* warm */
	p = map_at(slot(3), 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ksft_check(try_read(p + PAGE) == SIGBUS, "a page behind the end");
	nr = faults_to_read(p, 0, PAGE);
	ksft_check(!nr, "%ld faults of a page that is cached nearby", nr);
}

/*
 * A folio that fills a PMD and ends the file with it is mapped by
 * fault-around, without ->fault.
 */
static void whole_pmd(void)
{
	int fd, calls;
	char *p;
	long nr;

	mount_xfs();
	slots_reserve();
	fd = write_file("file", SLOT);
	p = map_at(slot(1), SLOT, PROT_READ, MAP_SHARED, fd, 0);
	(void)*(volatile char *)p;
	calls = ksft_count_own("filemap/mm_filemap_fault");
	p = map_at(slot(2), SLOT, PROT_READ, MAP_SHARED, fd, 0);
	nr = faults_to_read(p, 0, SLOT);
	ksft_check(nr == 1, "no huge page, but %ld faults", nr);
	ksft_check(!ksft_event_count(calls), "%ld calls of ->fault",
		   ksft_event_count(calls));
}

/* And it takes no page table, not even one to be freed again. */
static void whole_pmd_tables(void)
{
	unsigned int i, tables = 0;
	int fd, dev = dev_open();
	char *p;

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

/* What a truncation leaves behind in the last folio is not mapped. */
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

/* A reference that truncation cannot do anything about. */
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
	faults_to_read(p, 0, WINDOW);
	pin_page(p);
	return fd;
}

/*
 * So the folio cannot be split, and stays as it is, with its end beyond that
 * of the file. What is within the file is mapped by one fault.
 */
static void folio_beyond_end(void)
{
	const size_t kept = 10 * PAGE;
	int fd = pinned_file();
	size_t i;
	char *p;
	long nr;

	ksft_need(!ftruncate(fd, kept), "truncate");
	p = map_at(slot(2), WINDOW, PROT_READ, MAP_SHARED, fd, 0);
	nr = faults_to_read(p, 0, kept);
	for (i = kept; i < WINDOW; i += PAGE)
		ksft_check(try_read(p + i) == SIGBUS, "page %zu", i / PAGE);
	ksft_check(nr == 1, "%ld faults", nr);
}

/* The same where truncation meets a mapping that is there. */
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

/* Fault-around may be under way when the file is truncated. */
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
 * It has looked how large the file is, and then a truncation runs from begin
 * to end, that cannot split the folio. Few rounds: where the kernel looks only
 * once that is lost by chance, too, if very rarely.
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
	/* A window that begins inside of the last folio. */
	PART(last_window_of_file, 4 * WINDOW, 3 * WINDOW),
	/* Not a whole number of pages, nor a power of two. */
	PART(odd_size, WINDOW - 3 * PAGE - 1000, 0),
	KSFT_CASE(one_page_file),
	KSFT_CASE(whole_pmd),
	KSFT_CASE(whole_pmd_tables),
	KSFT_CASE(folio_beyond_end),
	KSFT_CASE(sigbus_past_truncation),
	KSFT_CASE(sigbus_after_truncation),
	KSFT_CASE(sigbus_truncated_meanwhile),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
