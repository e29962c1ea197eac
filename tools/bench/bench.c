// SPDX-License-Identifier: GPL-2.0
/*
 * bench: what a page fault costs, in instructions, pages and page tables.
 *
 * Runs as PID 1 of a guest under QEMU's TCG with -icount shift=0: one tick of
 * the TSC is one executed instruction, so rdtsc around an access counts what
 * the kernel executed for it. One line of TSV per case goes to the second
 * serial port; the first is the console.
 *
 * A case is a line of a table: what is mapped, what exists before the first
 * sample, how far the samples are apart, and the function that takes one.
 * Every case is measured in three rounds. The rounds are in one boot on
 * purpose: the same image repeats to the byte, so that more boots would show
 * nothing, while a later round finds free lists, slabs and ticks in another
 * state. The spread between the rounds is printed beside their median.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define KB		1024ul
#define PAGE		(4 * KB)
#define WINDOW		(64 * KB)	/* fault_around_bytes by default */
#define PMD		(2048 * KB)
#define ARENA		(64 * KB * KB)
#define GIB		(1024 * KB * KB)
#define MIN_SAMPLES	256
#define MAX_SAMPLES	(16 * KB)
#define ROUNDS		3

/* The files, all on tmpfs and as long as the arena unless said otherwise. */
enum { ANON, WARM, HOLES, EMPTY, NR_FILES };

struct bench_case {
	const char *name;
	int file;		/* one of the above */
	int flags;		/* MAP_SHARED or MAP_PRIVATE */
	int prot;		/* 0: PROT_READ */
	size_t window;		/* fault_around_bytes; 0: WINDOW */
	size_t first;		/* offset of the first sample in each PMD */
	size_t step;		/* from sample to sample */
	size_t size;		/* how much of the arena is used; 0: all */
	void (*prepare)(const struct bench_case *c);	/* before the samples */
	uint64_t (*sample)(char *addr);
};

struct result {
	uint64_t median[ROUNDS];
	uint64_t min, max;
	unsigned long samples, pages, tables;
};

static char *arena;		/* its upper page tables always exist */
static int files[NR_FILES] = { -1, -1, -1, -1 };
static int pipe_fds[2];
static FILE *out;
static uint64_t samples[MAX_SAMPLES];

static void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	asm volatile("rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/* Samples: each returns the instructions that it took. */

static uint64_t read_byte(char *addr)
{
	uint64_t start = rdtsc();

	*(volatile char *)addr;
	return rdtsc() - start;
}

static uint64_t write_byte(char *addr)
{
	uint64_t start = rdtsc();

	*(volatile char *)addr = 1;
	return rdtsc() - start;
}

static jmp_buf after_signal;
static volatile uint64_t signal_time;

static void on_signal(int sig)
{
	(void)sig;
	signal_time = rdtsc();	/* sigreturn is not part of the sample */
	longjmp(after_signal, 1);
}

static uint64_t read_signal(char *addr)
{
	volatile uint64_t start;

	if (!setjmp(after_signal)) {
		start = rdtsc();
		*(volatile char *)addr;
	}
	return signal_time - start;
}

static uint64_t write_signal(char *addr)
{
	volatile uint64_t start;

	if (!setjmp(after_signal)) {
		start = rdtsc();
		*(volatile char *)addr = 1;
	}
	return signal_time - start;
}

/* No signal here, so the fault is most of what is counted. */
static uint64_t read_efault(char *addr)
{
	uint64_t start = rdtsc();
	ssize_t n = write(pipe_fds[1], addr, 1);
	uint64_t end = rdtsc();

	need(n < 0, "write from beyond the end of a file");
	return end - start;
}

static uint64_t map_touch_unmap(char *addr)
{
	uint64_t start = rdtsc();

	mmap(addr, PMD, PROT_READ, MAP_SHARED | MAP_FIXED, files[WARM], 0);
	*(volatile char *)addr;
	munmap(addr, PMD);
	return rdtsc() - start;
}

static uint64_t fork_exit(char *addr)
{
	uint64_t start = rdtsc();
	pid_t pid = fork();

	(void)addr;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return rdtsc() - start;
}

static uint64_t fork_exec_exit(char *addr)
{
	uint64_t start = rdtsc();
	pid_t pid = fork();

	(void)addr;
	if (!pid) {
		execl("/init", "init", "exit", NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return rdtsc() - start;
}

/* Preparations: what exists before the first sample. */

static void set_window(size_t bytes)
{
	FILE *f = fopen("/sys/kernel/debug/fault_around_bytes", "w");

	need(f && fprintf(f, "%zu", bytes) > 0 && !fclose(f), "fault-around");
}

static size_t case_size(const struct bench_case *c)
{
	return c->size ? c->size : ARENA;
}

static void drop(char *addr, size_t len)
{
	need(!madvise(addr, len, MADV_DONTNEED), "MADV_DONTNEED");
}

/* A table in each PMD, with nothing but its first page mapped. */
static void with_tables(const struct bench_case *c)
{
	size_t off;

	set_window(PAGE);
	for (off = 0; off < case_size(c); off += PMD)
		c->sample(arena + off);
	set_window(c->window ? c->window : WINDOW);
}

/* A pathfinder beyond the samples: a VMA needs its anon_vma only once. */
static void with_anon_vma(const struct bench_case *c)
{
	*(volatile char *)(arena + case_size(c)) = 1;
}

static void with_zero_pages(const struct bench_case *c)
{
	size_t off;

	for (off = 0; off < case_size(c); off += PAGE)
		*(volatile char *)(arena + off);
}

/* Everything mapped but the one PTE in each window that is sampled. */
static void with_one_gap(const struct bench_case *c)
{
	size_t off;

	for (off = 0; off < case_size(c); off += WINDOW)
		*(volatile char *)(arena + off);
	for (off = c->first; off < case_size(c); off += c->step)
		drop(arena + off, PAGE);
}

static void with_holes(const struct bench_case *c)
{
	(void)c;
	need(!ftruncate(files[HOLES], 0) && !ftruncate(files[HOLES], ARENA),
	     "punching");
}

#define LAST	(WINDOW - PAGE)
#define RW	(PROT_READ | PROT_WRITE)

static const struct bench_case cases[] = {
	{ "warm_read_table", WARM, MAP_SHARED, .first = WINDOW, .step = WINDOW,
	  .prepare = with_tables, .sample = read_byte },
	{ "warm_read_fresh", WARM, MAP_SHARED, .step = PMD,
	  .sample = read_byte },
	{ "warm_read_one_page_table", WARM, MAP_SHARED, .window = PAGE,
	  .first = PAGE, .step = PAGE, .size = PMD,
	  .prepare = with_tables, .sample = read_byte },
	{ "warm_read_one_page_fresh", WARM, MAP_SHARED, .window = PAGE,
	  .step = PMD, .sample = read_byte },
	{ "anon_write_table", ANON, MAP_PRIVATE, RW, .first = PAGE,
	  .step = PAGE, .size = PMD,
	  .prepare = with_tables, .sample = write_byte },
	{ "anon_write_fresh", ANON, MAP_PRIVATE, RW, .step = PMD,
	  .size = ARENA - PMD, .prepare = with_anon_vma, .sample = write_byte },
	{ "zero_page_table", ANON, MAP_PRIVATE, RW, .first = PAGE,
	  .step = PAGE, .size = PMD,
	  .prepare = with_tables, .sample = read_byte },
	{ "zero_page_fresh", ANON, MAP_PRIVATE, RW, .step = PMD,
	  .sample = read_byte },
	{ "zero_page_then_write", ANON, MAP_PRIVATE, RW, .first = PAGE,
	  .step = PAGE, .size = PMD,
	  .prepare = with_zero_pages, .sample = write_byte },
	{ "private_cow_table", WARM, MAP_PRIVATE, RW, .first = PAGE,
	  .step = PAGE, .size = PMD,
	  .prepare = with_tables, .sample = write_byte },
	{ "private_cow_fresh", WARM, MAP_PRIVATE, RW, .step = PMD,
	  .size = ARENA - PMD, .prepare = with_anon_vma, .sample = write_byte },
	{ "shared_write_table", WARM, MAP_SHARED, RW, .first = PAGE,
	  .step = PAGE, .size = PMD,
	  .prepare = with_tables, .sample = write_byte },
	{ "shared_write_fresh", WARM, MAP_SHARED, RW, .step = PMD,
	  .sample = write_byte },
	{ "tmpfs_hole_read_fresh", HOLES, MAP_SHARED, .step = PMD,
	  .prepare = with_holes, .sample = read_byte },
	{ "one_gap_first_slot", WARM, MAP_SHARED, .step = WINDOW,
	  .size = 8 * PMD, .prepare = with_one_gap, .sample = read_byte },
	{ "one_gap_last_slot", WARM, MAP_SHARED, .first = LAST,
	  .step = WINDOW, .size = 8 * PMD,
	  .prepare = with_one_gap, .sample = read_byte },
	{ "fail_sigbus_read_fresh", EMPTY, MAP_SHARED, .step = PMD,
	  .sample = read_signal },
	{ "fail_sigbus_read_same_pmd", EMPTY, MAP_SHARED, .step = PAGE,
	  .size = PMD, .sample = read_signal },
	{ "fail_sigbus_shared_write_fresh", EMPTY, MAP_SHARED, RW,
	  .step = PMD, .sample = write_signal },
	{ "fail_sigbus_cow_write_fresh", EMPTY, MAP_PRIVATE, RW, .step = PMD,
	  .sample = write_signal },
	{ "fail_efault_read_fresh", EMPTY, MAP_SHARED, .step = PMD,
	  .sample = read_efault },
	{ "fail_efault_read_same_pmd", EMPTY, MAP_SHARED, .step = PAGE,
	  .size = PMD, .sample = read_efault },
	{ "mmap_touch_munmap", ANON, MAP_PRIVATE, .step = PMD,
	  .sample = map_touch_unmap },
	{ "fork_exit", ANON, MAP_PRIVATE, .step = PMD, .sample = fork_exit },
	{ "fork_exec_exit", ANON, MAP_PRIVATE, .step = PMD,
	  .sample = fork_exec_exit },
};

/* The books: page allocations of the system, page tables of this mm. */

static unsigned long sum_of(const char *file, const char *key)
{
	static char buf[16 * KB];
	unsigned long sum = 0;
	int fd = open(file, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	char *line;

	need(n > 0, file);
	close(fd);
	buf[n] = 0;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, key, strlen(key)))
			sum += strtoul(strpbrk(line, " \t"), NULL, 10);
	return sum;
}

static unsigned long page_allocations(void)
{
	return sum_of("/proc/vmstat", "pgalloc_");
}

static unsigned long page_tables(void)
{
	return sum_of("/proc/self/status", "VmPTE:") / 4;
}

static void map_arena(const struct bench_case *c)
{
	int anon = files[c->file] < 0 ? MAP_ANONYMOUS : 0;
	int prot = c->prot ? c->prot : PROT_READ;

	need(mmap(arena, ARENA, prot, c->flags | anon | MAP_FIXED,
		  files[c->file], 0) == arena, "mmap");
}

/* Also frees the page tables below the upper ones. */
static void unmap_arena(void)
{
	munmap(arena, ARENA);
	need(mmap(arena, ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		  MAP_FIXED | MAP_NORESERVE, -1, 0) == arena, "reserving");
}

static size_t take_samples(const struct bench_case *c, size_t n,
			   struct result *r)
{
	unsigned long pages, tables, first = n;
	size_t off;

	map_arena(c);
	set_window(c->window ? c->window : WINDOW);
	if (c->prepare)
		c->prepare(c);
	tables = page_tables();
	pages = page_allocations();
	for (off = c->first; off < case_size(c); off += c->step)
		if (off % PMD >= c->first && n < MAX_SAMPLES)
			samples[n++] = c->sample(arena + off);
	r->pages += page_allocations() - pages;
	r->tables += page_tables() - tables;
	r->samples += n - first;
	unmap_arena();
	return n;
}

static int cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void run_round(const struct bench_case *c, int round, struct result *r)
{
	size_t n = 0;

	while (n < MIN_SAMPLES)
		n = take_samples(c, n, r);
	qsort(samples, n, sizeof(samples[0]), cmp);
	r->median[round] = samples[n / 2];
	if (!round || samples[0] < r->min)
		r->min = samples[0];
	if (samples[n - 1] > r->max)
		r->max = samples[n - 1];
}

static void report(const struct bench_case *c, struct result *r)
{
	qsort(r->median, ROUNDS, sizeof(r->median[0]), cmp);
	fprintf(out, "%s\t%lu\t%lu\t%lu\t%lu\t%lu\t%.3f\t%.3f\n", c->name,
		r->median[ROUNDS / 2], r->median[ROUNDS - 1] - r->median[0],
		r->min, r->max, r->samples,
		(double)r->pages / r->samples, (double)r->tables / r->samples);
	fflush(out);
}

static void run_case(const struct bench_case *c)
{
	struct result r = { .samples = 0 };
	int round;

	for (round = 0; round < ROUNDS; round++)
		run_round(c, round, &r);
	report(c, &r);
}

/* PID 1's duties, and the surroundings of the cases. */

static void mount_all(void)
{
	static const char *const fs[][2] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" },
		{ "debugfs", "/sys/kernel/debug" }, { "devtmpfs", "/dev" },
		{ "tmpfs", "/tmp" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fs); i++) {
		mkdir(fs[i][1], 0755);
		need(!mount("none", fs[i][1], fs[i][0], 0, ""), fs[i][1]);
	}
}

static int make_file(const char *name, off_t size)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

	need(fd >= 0 && !ftruncate(fd, size), name);
	return fd;
}

static void make_files(void)
{
	static char page[PAGE];
	size_t off;

	files[WARM] = make_file("/tmp/warm", ARENA);
	files[HOLES] = make_file("/tmp/holes", ARENA);
	files[EMPTY] = make_file("/tmp/empty", 0);
	for (off = 0; off < ARENA; off += PAGE)
		need(pwrite(files[WARM], page, PAGE, off) == PAGE, "warming");
	need(!pipe(pipe_fds), "pipe");
}

/* A page at the end of its gigabyte keeps the arena's PMD table alive. */
static void make_arena(void)
{
	char *p = mmap(NULL, 2 * GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_NORESERVE, -1, 0);

	need(p != MAP_FAILED, "arena");
	arena = (char *)(((uintptr_t)p + GIB - 1) & ~(GIB - 1));
	need(!mprotect(arena + GIB - PAGE, PAGE, RW), "anchor");
	arena[GIB - 1] = 1;
	unmap_arena();
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "exit"))
		return 0;
	mount_all();
	make_files();
	make_arena();
	catch_signals();
	out = fopen("/dev/ttyS1", "w");
	need(!!out, "/dev/ttyS1");
	fprintf(out, "case\tmedian\tspread\tmin\tmax\tsamples\tpages\ttables\n");
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(&cases[i]);
	fprintf(out, "# complete\n");
	fclose(out);
	reboot(RB_AUTOBOOT);
	return 1;
}
