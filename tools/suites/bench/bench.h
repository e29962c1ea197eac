/* SPDX-License-Identifier: GPL-2.0 */
/* The definition of a case of the benchmark, and what its functions may use. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#define KB		1024ul
#define PAGE		(4 * KB)
#define WINDOW		(64 * KB)	/* fault_around_bytes by default */
#define PMD		(2048 * KB)
#define ARENA		(64 * KB * KB)

/* What a case maps. The files are on tmpfs. */
enum {
	ANON,
	WARM,		/* as long as the arena, every page in the page cache */
	HOLES,		/* as long as the arena, nothing in it */
	EMPTY,		/* zero length: every fault fails */
	NR_FILES
};

struct bench_case {
	const char *name;	/* fail_*: a fault that cannot be served */
	int file;		/* one of the above */
	int flags;		/* MAP_SHARED or MAP_PRIVATE */
	int prot;		/* 0: PROT_READ */
	int thp;		/* MADV_HUGEPAGE */
	size_t window;		/* fault_around_bytes; 0: WINDOW */
	size_t first;		/* offset of the first sample in each PMD */
	size_t step;		/* from sample to sample */
	size_t size;		/* how much of the arena is used; 0: all */

	/* Before the samples; returns non-zero where the kernel lacks it. */
	int (*prepare)(const struct bench_case *c);
	uint64_t (*sample)(char *addr);	/* returns instructions */
	void (*finish)(void);
};

extern const struct bench_case cases[];
extern const size_t nr_cases;

extern char *arena;		/* its upper page tables always exist */
extern int files[NR_FILES];	/* -1 for ANON */

void need(int ok, const char *what);	/* ends the guest when not ok */
void set_file(const char *name, const char *value);
void set_window(size_t bytes);
size_t case_size(const struct bench_case *c);
unsigned long sum_of(const char *file, const char *key);

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	asm volatile("rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/* Nops that plugin/marks.h knows: begin of a case, begin and end of samples. */
static inline void next_case(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0, 'C', 'A', 'S', 'E'");
}

static inline void samples_begin(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0, 'F', 'R', 'O', 'M'");
}

static inline void samples_end(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0, 'U', 'P', 'T', 'O'");
}

#endif
