// SPDX-License-Identifier: GPL-2.0
/*
 * Check exactly which pages a read fault maps around the faulting page, for
 * windows of 4 KiB to 2 MiB: against a model, and as a bitmap of the PMD for
 * comparing two kernels.
 *
 * Layouts count pages from a PMD boundary.
 */
#include "fault.h"

#define PER_PMD		(SLOT / PAGE)
#define AREA		(3 * PER_PMD)
#define AREA_SLOT	2
#define ALL		(1UL << 30)	/* more pages than any file has */

struct range {
	unsigned long first, nr;
};

struct layout {
	const char *name;
	struct range vma;
	unsigned long pgoff;		/* file page at the start of the VMA */
	unsigned long file_pages;	/* 0: as far as the VMA reaches */
	unsigned int tail_cut;		/* bytes missing in the last page */
	struct range cached[2];		/* file pages */
	unsigned int every;		/* only every n-th of these */
	struct range mapped[2];		/* mapped beforehand, one by one */
	unsigned long fault;
	int prot, flags;		/* 0: shared, read-only */
};

static const unsigned long windows[] = { PAGE, 2 * PAGE, 16 * PAGE, SLOT };

static const struct layout *now;
static char *area;
static int file;

static int within(const struct range *r, unsigned long page)
{
	return page >= r->first && page - r->first < r->nr;
}

/* ---- the model ----------------------------------------------------------- */

static unsigned long file_pages(void)
{
	return now->file_pages ? now->file_pages : now->pgoff + now->vma.nr;
}

static unsigned long file_page(unsigned long page)
{
	return page - now->vma.first + now->pgoff;
}

static int cached(unsigned long page)
{
	unsigned long nr = file_page(page);

	if (nr >= file_pages())
		return 0;
	if (!within(&now->cached[0], nr) && !within(&now->cached[1], nr))
		return 0;
	return !now->every || nr % now->every == 0;
}

static int premapped(unsigned long page)
{
	return within(&now->mapped[0], page) || within(&now->mapped[1], page);
}

static unsigned long min(unsigned long a, unsigned long b)
{
	return a < b ? a : b;
}

/*
 * A window is aligned to its size. If the VMA starts inside, the window starts
 * there and keeps its size. It never leaves the VMA or the PMD.
 */
static struct range window_of(unsigned long nr)
{
	unsigned long vma_end = now->vma.first + now->vma.nr;
	unsigned long pmd_end = (now->fault / PER_PMD + 1) * PER_PMD;
	struct range r = { now->fault / nr * nr, 0 };

	if (r.first < now->vma.first)
		r.first = now->vma.first;
	r.nr = min(r.first + nr, min(vma_end, pmd_end)) - r.first;
	return r;
}

static int expected(unsigned long page, unsigned long window)
{
	struct range r = window_of(window / PAGE);

	if (!within(&now->vma, page))
		return 0;
	if (premapped(page))
		return 1;
	if (page == now->fault)
		return file_page(page) < file_pages();
	if (window == PAGE || now->prot & PROT_WRITE)
		return 0;
	return within(&r, page) && cached(page);
}

/* ---- what the kernel does ------------------------------------------------ */

static void map_vma(void)
{
	map_at(area + now->vma.first * PAGE, now->vma.nr * PAGE,
	       now->prot ? now->prot : PROT_READ,
	       now->flags ? now->flags : MAP_SHARED, file,
	       (off_t)now->pgoff * PAGE);
}

static void touch(unsigned long page)
{
	char *p = area + page * PAGE;
	int eof = file_page(page) >= file_pages();
	int sig = now->prot & PROT_WRITE ? try_write(p, 1) : try_read(p);

	ksft_check(sig == (eof ? SIGBUS : 0), "signal %d at page %lu", sig,
		   page);
}

static void premap(void)
{
	unsigned long page;

	fault_around(1);
	for (page = 0; page < AREA; page++)
		if (premapped(page))
			touch(page);
}

static int present(uint64_t entry)
{
	return !!(entry & PM_PRESENT);
}

/* The first page of the PMD is the lowest bit of the first digit. */
static void print_picture(unsigned long window, const char *type,
			  const uint64_t *entries)
{
	const uint64_t *e = entries + now->fault / PER_PMD * PER_PMD;
	char hex[PER_PMD / 4 + 1] = "";
	unsigned int i;

	for (i = 0; i < PER_PMD; i += 4)
		sprintf(hex + i / 4, "%x", present(e[i]) |
			present(e[i + 1]) << 1 | present(e[i + 2]) << 2 |
			present(e[i + 3]) << 3);
	ksft_print_msg("picture %s.%s.%lu %s\n", now->name, type, window, hex);
}

static void compare(const uint64_t *entries, unsigned long window)
{
	unsigned long page;

	for (page = 0; page < AREA; page++)
		ksft_check(present(entries[page]) == expected(page, window),
			   "window %lu, fault at %lu: page %lu is %smapped",
			   window, now->fault, page,
			   present(entries[page]) ? "" : "not ");
}

static void one_window(const char *type, unsigned long window)
{
	static uint64_t entries[AREA];

	map_vma();
	premap();
	fault_around(window / PAGE);
	touch(now->fault);
	pagemap(area, entries, AREA);
	print_picture(window, type, entries);
	compare(entries, window);
	ksft_need(!munmap(area, AREA * PAGE), "munmap");
}

/* Pages that are not written stay holes, in the page cache as well. */
static void fill_cache(void)
{
	unsigned long page;
	off_t off;

	for (page = 0; page < AREA; page++) {
		off = (off_t)file_page(page) * PAGE;
		if (within(&now->vma, page) && cached(page))
			ksft_need(pwrite(file, "x", 1, off) == 1, "cache");
	}
}

/* A fault caches its own page, so each window needs a new file. */
static void one_file(const char *type, unsigned long window)
{
	off_t size = (off_t)file_pages() * PAGE - now->tail_cut;
	char path[32];

	snprintf(path, sizeof(path), "%s.%lu", type, window);
	file = make_file(path, size);
	fill_cache();
	ksft_need(!ftruncate(file, size), "size");
	one_window(type, window);
	close(file);
}

static void look(const void *arg)
{
	static const char * const types[] = { "ramfs", "tmpfs" };
	unsigned int t, w;

	now = arg;
	fault_catch();
	slots_reserve();
	area = slot(AREA_SLOT);
	for (t = 0; t < ARRAY_SIZE(types); t++) {
		private_mount("none", types[t], NULL);
		for (w = 0; w < ARRAY_SIZE(windows); w++)
			one_file(types[t], windows[w]);
	}
}

/* ---- layouts ------------------------------------------------------------- */

#define LAYOUT(id, ...) \
	KSFT_CASE_WITH(id, look, &(const struct layout){ #id, __VA_ARGS__ })

/* One PMD and some pages on both sides; page n maps file page n. */
#define WIDE	.vma = { 448, 640 }, .pgoff = 448
#define CACHED	.cached = { { 0, ALL } }

static const struct ksft_case cases[] = {
	LAYOUT(middle, WIDE, CACHED, .fault = 700),
	LAYOUT(vma_start, .vma = { 515, 600 }, CACHED, .fault = 516),
	LAYOUT(vma_end, .vma = { 512, 300 }, CACHED, .fault = 811),
	LAYOUT(vma_small, .vma = { 521, 3 }, CACHED, .fault = 522),
	LAYOUT(vma_one_page, .vma = { 640, 1 }, CACHED, .fault = 640),
	LAYOUT(pmd_first_page, WIDE, CACHED, .fault = 512),
	LAYOUT(pmd_last_page, WIDE, CACHED, .fault = 1023),
	/* A window that starts with the VMA would reach into the next PMD. */
	LAYOUT(vma_start_pmd_end, .vma = { 1021, 400 }, CACHED, .fault = 1022),
	LAYOUT(vma_end_pmd_start, .vma = { 100, 414 }, CACHED, .fault = 513),
	LAYOUT(cache_holes, WIDE, CACHED, .every = 3, .fault = 699),
	LAYOUT(cache_far_holes, WIDE, CACHED, .every = 100, .fault = 700),
	LAYOUT(fault_in_hole, WIDE, CACHED, .every = 3, .fault = 700),
	LAYOUT(hole_around, WIDE, .cached = { { 0, 690 }, { 710, ALL } },
	       .fault = 700),
	LAYOUT(cold, WIDE, .fault = 700),
	LAYOUT(eof, WIDE, CACHED, .file_pages = 702, .fault = 700),
	LAYOUT(eof_last_page, WIDE, CACHED, .file_pages = 701, .fault = 700),
	LAYOUT(eof_part_page, WIDE, CACHED, .file_pages = 702, .tail_cut = 4000,
	       .fault = 698),
	LAYOUT(eof_one_page_file, .vma = { 512, 64 }, CACHED, .file_pages = 1,
	       .fault = 512),
	LAYOUT(beyond_eof, WIDE, CACHED, .file_pages = 700, .fault = 701),
	LAYOUT(beyond_eof_cold, WIDE, .file_pages = 700, .fault = 701),
	LAYOUT(mapped_before, WIDE, CACHED, .mapped = { { 688, 12 } },
	       .fault = 700),
	LAYOUT(mapped_after, WIDE, CACHED, .mapped = { { 701, 40 } },
	       .fault = 700),
	LAYOUT(mapped_some, WIDE, CACHED, .mapped = { { 690, 3 }, { 702, 1 } },
	       .fault = 700),
	LAYOUT(mapped_but_first, WIDE, CACHED, .mapped = { { 705, 15 } },
	       .fault = 704),
	LAYOUT(mapped_but_last, WIDE, CACHED, .mapped = { { 704, 15 } },
	       .fault = 719),
	LAYOUT(mapped_then_holes, WIDE, CACHED, .every = 3,
	       .mapped = { { 688, 2 }, { 702, 1 } }, .fault = 700),
	LAYOUT(odd_offset, .vma = { 448, 640 }, CACHED, .pgoff = 5,
	       .fault = 700),
	LAYOUT(vma_start_odd_offset, .vma = { 517, 900 }, CACHED, .pgoff = 77,
	       .fault = 519),
	LAYOUT(private_read, WIDE, CACHED, .fault = 700, .prot = PROT_READ,
	       .flags = MAP_PRIVATE),
	LAYOUT(private_write, WIDE, CACHED, .fault = 700,
	       .prot = PROT_READ | PROT_WRITE, .flags = MAP_PRIVATE),
	LAYOUT(shared_write, WIDE, CACHED, .fault = 700,
	       .prot = PROT_READ | PROT_WRITE),
	/* Neither the offset nor the page number fits into an int. */
	LAYOUT(far_offset, .vma = { 448, 640 }, CACHED, .pgoff = 0x80000003UL,
	       .fault = 700),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
