/* SPDX-License-Identifier: GPL-2.0 */
/*
 * look.h: what is compared after each step: the figures of /proc/self/status,
 * and the bits of /proc/self/pagemap in ARENA, except for the page frames.
 */
#ifndef FUZZ_LOOK_H
#define FUZZ_LOOK_H

#include <sys/utsname.h>
#include "ops.h"

#define PAGES		(ARENA_SIZE / PAGE)
#define PAGEMAP_PFN	((1ULL << 55) - 1)

struct figures {
	long tables;		/* page tables of the mm: VmPTE */
	long rss, size, locked, data;	/* kB; rss is 0 if it is no exact sum */
	long major;		/* faults */
	uint64_t map;		/* digest of the bits of all pages */
};

static uint64_t bits[PAGES];
static char *zapped;

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static long field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

/* From 6.2 to 6.15, counts still held by the CPUs are left out. */
static int rss_is_a_sum(void)
{
	static int known = -1;
	struct utsname u;
	int major, minor;

	if (known < 0) {
		uname(&u);
		need(sscanf(u.release, "%d.%d", &major, &minor) == 2, "uname");
		known = major * 100 + minor < 602 || major * 100 + minor > 615;
	}
	return known;
}

/* Up to 6.1 a task caches its rss counts until it unmaps something. */
static void hand_in_rss(void)
{
	if (!zapped)
		zapped = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(zapped != MAP_FAILED, "mmap");
	*zapped = 1;
	madvise(zapped, PAGE, MADV_DONTNEED);
	*zapped = 1;
	madvise(zapped, PAGE, MADV_DONTNEED);
}

static void look_at_status(struct figures *f)
{
	static int fd = -1;
	static char text[4096];
	ssize_t n;

	if (fd < 0)
		fd = open("/proc/self/status", O_RDONLY);
	hand_in_rss();
	n = pread(fd, text, sizeof(text) - 1, 0);
	need(n > 0, "/proc/self/status");
	text[n] = 0;
	f->tables = field(text, "VmPTE:") / 4;
	f->rss = rss_is_a_sum() ? field(text, "VmRSS:") : 0;
	f->size = field(text, "VmSize:");
	f->locked = field(text, "VmLck:");
	f->data = field(text, "VmData:");
	f->major = major_faults() - major_not_compared;
}

static void look_at_pages(struct figures *f)
{
	static int fd = -1;
	ul i;

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY);
	need(pread(fd, bits, sizeof(bits), ARENA / PAGE * 8) == sizeof(bits),
	     "/proc/self/pagemap");
	f->map = 0;
	for (i = 0; i < PAGES; i++) {
		bits[i] &= ~PAGEMAP_PFN;
		if (bits[i])
			f->map = mix(f->map, bits[i] + i);
	}
}

static void look(struct figures *f)
{
	look_at_status(f);
	look_at_pages(f);
}

/* Runs of pages with the same bits: first page in ARENA+number:bits */
static void print_map(FILE *out)
{
	ul i, n;

	for (i = 0; i < PAGES; i += n) {
		for (n = 1; i + n < PAGES && bits[i + n] == bits[i]; n++)
			;
		if (bits[i])
			fprintf(out, " %lu+%lu:%lx", i, n, (ul)(bits[i] >> 55));
	}
}

static void print_figures(FILE *out, long rc, const struct figures *f)
{
	fprintf(out, "%ld tables=%ld rss=%ld size=%ld locked=%ld data=%ld major=%ld map=",
		rc, f->tables, f->rss, f->size, f->locked, f->data, f->major);
	print_map(out);
	fputc('\n', out);
}

/* A call of a shrunk program */
static void say(const char *what, long rc)
{
	struct figures f;

	look(&f);
	printf("%s = ", what);
	print_figures(stdout, rc, &f);
}

#define SAY(call)	say(#call, call)

#endif /* FUZZ_LOOK_H */
