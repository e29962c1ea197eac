// SPDX-License-Identifier: GPL-2.0
/*
 * bench: the cost of a page fault, in instructions, pages and page tables.
 *
 * Runs as PID 1 of a guest under QEMU's TCG with -icount shift=0: one tick of
 * the TSC is one executed instruction, so rdtsc around an access counts what
 * the kernel executed for it. One line of TSV per case goes to the second
 * serial port; the first is the console.
 *
 * A case is a line of the table in cases.c: what is mapped, what exists before
 * the first sample, how far the samples are apart, and what takes one. Every
 * case is measured in three rounds. The rounds are in one boot on purpose: the
 * same image repeats to the byte, so more boots would show nothing new, while a
 * later round finds free lists, slabs and ticks in another state. The spread
 * between the rounds is printed beside their median.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "bench.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define GIB		(1024 * KB * KB)
#define MIN_SAMPLES	256
#define MAX_SAMPLES	(4 * KB)
#define ROUNDS		3

struct result {
	uint64_t median[ROUNDS];
	uint64_t min, max;
	unsigned long samples, pages;
	long tables;		/* fewer, if some are freed */
};

char *arena;
int files[NR_FILES] = { -1, -1, -1, -1 };
static FILE *out;
static uint64_t samples[MAX_SAMPLES];

void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	reboot(RB_AUTOBOOT);
	_exit(1);
}

void set_file(const char *name, const char *value)
{
	ssize_t len = strlen(value);
	int fd = open(name, O_WRONLY);

	need(fd >= 0 && write(fd, value, len) == len, name);
	close(fd);
}

void set_window(size_t bytes)
{
	char value[24];

	sprintf(value, "%zu", bytes);
	set_file("/sys/kernel/debug/fault_around_bytes", value);
}

size_t case_size(const struct bench_case *c)
{
	return c->size ? c->size : ARENA;
}

/* Accounting: page allocations of the system, page tables of this mm. */

unsigned long sum_of(const char *file, const char *key)
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
	if (c->thp)
		need(!madvise(arena, ARENA, MADV_HUGEPAGE), "MADV_HUGEPAGE");
}

/* Also frees the page tables, except for the upper ones. */
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

	tables = page_tables();
	pages = page_allocations();
	samples_begin();
	for (off = c->first; off < case_size(c); off += c->step)
		if (off % PMD >= c->first && n < MAX_SAMPLES)
			samples[n++] = c->sample(arena + off);
	samples_end();
	r->pages += page_allocations() - pages;
	r->tables += page_tables() - tables;
	r->samples += n - first;
	return n;
}

/* Map the arena, fill it with samples, unmap it. */
static int run_pass(const struct bench_case *c, size_t *n, struct result *r)
{
	int skip;

	map_arena(c);
	set_window(c->window ? c->window : WINDOW);
	skip = c->prepare ? c->prepare(c) : 0;
	if (!skip)
		*n = take_samples(c, *n, r);
	unmap_arena();
	if (!skip && c->finish)
		c->finish();
	return skip;
}

static int cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int run_round(const struct bench_case *c, int round, struct result *r)
{
	size_t n = 0;

	while (n < MIN_SAMPLES)
		if (run_pass(c, &n, r))
			return -1;
	qsort(samples, n, sizeof(samples[0]), cmp);
	r->median[round] = samples[n / 2];
	if (!round || samples[0] < r->min)
		r->min = samples[0];
	if (samples[n - 1] > r->max)
		r->max = samples[n - 1];
	return 0;
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

/* Words of the kernel command line end up in PID 1's environment. */
static int wanted(const char *name)
{
	const char *pattern = getenv("cases");

	return !pattern || !fnmatch(pattern, name, 0);
}

static void run_case(const struct bench_case *c)
{
	struct result r = { .samples = 0 };
	int round;

	if (!wanted(c->name))
		return;
	next_case();
	for (round = 0; round < ROUNDS; round++)
		if (run_round(c, round, &r)) {
			fprintf(out, "# %s: not on this kernel\n", c->name);
			return;
		}
	report(c, &r);
}

/* Duties of PID 1, and the environment of the cases. */

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
		need(pwrite(files[WARM], page, PAGE, off) == (ssize_t)PAGE, "warming");
}

/* A page at the end of its gigabyte keeps the arena's PMD table alive. */
static void make_arena(void)
{
	char *p = mmap(NULL, 2 * GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_NORESERVE, -1, 0);

	need(p != MAP_FAILED, "arena");
	arena = (char *)(((uintptr_t)p + GIB - 1) & ~(GIB - 1));
	need(!mprotect(arena + GIB - PAGE, PAGE, PROT_READ | PROT_WRITE),
	     "anchor");
	arena[GIB - 1] = 1;
	unmap_arena();
}

static void open_report(void)
{
	struct utsname u;

	out = fopen("/dev/ttyS1", "w");
	need(out && !uname(&u), "/dev/ttyS1");
	fprintf(out, "# release\t%s\n", u.release);
	fprintf(out, "# case\tmedian\tspread\tmin\tmax\tsamples\t"
		"pages\ttables\n");
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "exit"))
		return 0;
	mount_all();
	set_file("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	set_file("/proc/sys/debug/exception-trace", "0");
	make_files();
	make_arena();
	open_report();
	for (i = 0; i < nr_cases; i++)
		run_case(&cases[i]);
	fprintf(out, "# complete\n");
	fclose(out);
	reboot(RB_AUTOBOOT);
	return 1;
}
