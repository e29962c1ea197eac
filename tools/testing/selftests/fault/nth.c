// SPDX-License-Identifier: GPL-2.0
/*
 * Fail every allocation of a fault once, of pages or of slab objects: the first
 * in one fault, the second in the next, until there is none left to fail. The
 * fault fails or does without; either way it must leave no table, page,
 * reference or charge behind, and the next one must succeed.
 *
 * Each attempt makes a new mapping, and so allocates what that needs besides
 * pages: the anon_vma, the page cache nodes. "space" of the fault injection is
 * how much may be allocated first: pages, or bytes of slab objects.
 */
#include "handler.h"
#include "memcg.h"
#include "thp.h"
#include "../ksft_inject.h"

#define WINDOW	16		/* pages that fault-around maps */
#define RW	(PROT_READ | PROT_WRITE)

struct path {
	const char *type;		/* of a file system; or ... */
	int device;			/* ... the selftest's, or anonymous */
	int huge;
	const struct access *access;
	int cached;			/* pages in the page cache */
	unsigned int missing;		/* handlers that the device lacks */
	unsigned int action;		/* of its ->fault */
};

static const struct path anon_write = { .access = &cow_access };

static const struct path zero_page = {
	.access = &(const struct access){ "read", MAP_PRIVATE, 0 },
};

static const struct path huge_write = { .access = &cow_access, .huge = 1 };

static const struct path huge_zero_page = {
	.access = &(const struct access){ "read", MAP_PRIVATE, 0 }, .huge = 1,
};

static const struct path ramfs_warm_read = {
	.type = "ramfs", .access = &read_access, .cached = WINDOW,
};

static const struct path ramfs_cold_read = {
	.type = "ramfs", .access = &read_access,
};

static const struct path ramfs_cow = {
	.type = "ramfs", .access = &cow_access, .cached = WINDOW,
};

static const struct path ramfs_cold_cow = {
	.type = "ramfs", .access = &cow_access,
};

static const struct path tmpfs_read = {
	.type = "tmpfs", .access = &read_access,
};

static const struct path tmpfs_write = {
	.type = "tmpfs", .access = &shared_access,
};

static const struct path device_read = {
	.device = 1, .access = &read_access, .cached = WINDOW,
	.missing = FAULT_SELFTEST_NO_MAP_PAGES,
};

static const struct path device_around = {
	.device = 1, .access = &read_access, .cached = WINDOW,
};

static const struct path device_cow = {
	.device = 1, .access = &cow_access, .cached = WINDOW,
};

static const struct path device_write = {
	.device = 1, .access = &shared_access, .cached = WINDOW,
	.missing = FAULT_SELFTEST_NO_MKWRITE,
};

static const struct path device_mkwrite = {
	.device = 1, .access = &shared_access, .cached = WINDOW,
};

static const struct path device_pfn = {
	.device = 1, .access = &read_access,
	.missing = FAULT_SELFTEST_NO_MAP_PAGES, .action = FAULT_SELFTEST_PFN,
};

static const struct path device_insert = {
	.device = 1, .access = &read_access,
	.missing = FAULT_SELFTEST_NO_MAP_PAGES, .action = FAULT_SELFTEST_INSERT,
};

/* ---- the stage ---------------------------------------------------------- */

static int dev, file = -1;

static void make_cached(const struct path *path)
{
	char page[PAGE];
	int i;

	memset(page, 'w', PAGE);
	for (i = 0; i < path->cached; i++)
		ksft_need(pwrite(file, page, PAGE, i * PAGE) == (ssize_t)PAGE,
			  "a warm page");
}

static void set_stage(const struct path *path)
{
	dev = dev_open();
	kernel_access_init();
	slots_reserve();
	if (path->huge) {
		need_thp();
		thp_on();
	}
	if (path->device) {
		setup(dev, path->missing);
		if (path->cached)
			cache_pages(dev, slot_page(1), path->cached);
		if (path->action)
			rule(dev, FAULT_SELFTEST_FAULT, path->action, 0, 0);
	} else if (path->type) {
		private_mount("none", path->type, NULL);
		file = make_file("mapped", SLOT);
		make_cached(path);
	}
}

static void map_path(const struct path *path)
{
	int flags = path->access->map;

	if (path->device)
		map_slot(dev, 1, flags);
	else
		map_at(slot(1), SLOT, RW,
		       flags | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
	madvise(slot(1), SLOT, path->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

/* Also drop from the page cache what the fault has brought in. */
static void unmap_path(const struct path *path)
{
	map_at(slot(1), SLOT, PROT_NONE,
	       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (file >= 0 && !path->cached)
		ksft_need(!ftruncate(file, 0) && !ftruncate(file, SLOT),
			  "an empty file");
}

static uint64_t expected_word(const struct path *path)
{
	uint64_t word = 0;

	if (path->action == FAULT_SELFTEST_PFN)
		return FAULT_SELFTEST_PFN_WORD;
	if (path->device)
		return slot_page(1);
	if (path->cached)
		memset(&word, 'w', sizeof(word));
	return word;
}

static void check_works(const struct path *path)
{
	int err = kernel_access(path->access, slot(1));

	ksft_check(!err, "errno %d, and nothing is injected", err);
	ksft_check(word_at(slot(1) + PAGE / 2) == expected_word(path),
		   "%#llx is there",
		   (unsigned long long)word_at(slot(1) + PAGE / 2));
}

/* ---- failures ------------------------------------------------------------ */

/* The allocations to fail, and the smallest step between two of them */
struct kind {
	const char *dir;
	int step;
	int rounds;
};

static const struct kind pages = { KSFT_FAIL_PAGE_ALLOC, 1, 128 };
static const struct kind few_pages = { KSFT_FAIL_PAGE_ALLOC, 1, 8 };
static const struct kind slabs = { KSFT_FAILSLAB, 16, 16 };

struct nth {
	const struct path *path;
	const struct kind *kind;
};

/* Returns whether there was an allocation to fail */
static int attempt(const struct path *path, long space)
{
	long before;
	int err;

	map_path(path);
	before = vm_pte(getpid());
	ksft_inject_set_number("space", space);
	ksft_inject_set("times", "1");
	ksft_inject_on();
	err = kernel_access(path->access, slot(1));
	ksft_inject_off();
	ksft_check(!err || err == EFAULT, "errno %d", err);
	ksft_check(!err || vm_pte(getpid()) == before,
		   "space %ld: a failing fault left %ld kB of tables", space,
		   vm_pte(getpid()) - before);
	check_works(path);
	unmap_path(path);
	return !ksft_inject_left();
}

/* A huge page takes 512 pages of space, and fails for each of them. */
static long next_space(const struct nth *c, long space)
{
	space += c->kind->step;
	return c->path->huge && space == 4 ? (long)(SLOT / PAGE) + 1 : space;
}

static long fail_each(const struct nth *c)
{
	long space, failed = 0;
	int i;

	for (i = 0; i < c->kind->rounds; i++)
		for (space = 1; attempt(c->path, space);
		     space = next_space(c, space))
			failed++;
	return failed;
}

/* The first faults cover what the test itself has not touched yet. */
static void rehearse(const struct nth *c)
{
	set_stage(c->path);
	ksft_inject_init(c->kind->dir);
	ksft_inject_fail(1);
	attempt(c->path, 1);
	attempt(c->path, 1 << 20);
}

static void each_fails(const void *arg)
{
	const struct nth *c = arg;
	long failed;

	rehearse(c);
	probe_from_here(dev);
	failed = fail_each(c);
	ksft_need(failed, "an allocation that can fail");
	ksft_check(!tables_left(dev), "%u tables left",
		   counts(dev).tables_held);
	check_no_page_left(dev, c->path->access->name);
	ksft_print_msg("%ld failures\n", failed);
}

#define SLACK	100	/* pages charged in advance, for one CPU */

static long charged_pages(void)
{
	return proc_number(GROUP "/memory.current", "") / (long)PAGE;
}

/* Each case fails more often than SLACK pages could hide. */
static void charges(const void *arg)
{
	const struct nth *c = arg;
	long before;

	group_make();
	group_join(getpid());
	stay_on_this_cpu();
	rehearse(c);
	before = charged_pages();
	ksft_need(fail_each(c), "an allocation that can fail");
	ksft_check(charged_pages() - before < SLACK, "%ld pages stay charged",
		   charged_pages() - before);
}

#define ROW(id, fn, path, kind)						\
	KSFT_CASE_WITH(id, fn, &(const struct nth){ &path, &kind })
#define PAGES(id, path)	ROW(id, each_fails, path, pages)
#define SLABS(id, path)	ROW(id, each_fails, path, slabs)

static const struct ksft_case cases[] = {
	PAGES(anon_write_pages, anon_write),
	SLABS(anon_write_slabs, anon_write),
	PAGES(zero_page_pages, zero_page),
	SLABS(zero_page_slabs, zero_page),
	ROW(huge_write_pages, each_fails, huge_write, few_pages),
	ROW(huge_write_slabs, each_fails, huge_write, slabs),
	PAGES(huge_zero_page_pages, huge_zero_page),
	SLABS(huge_zero_page_slabs, huge_zero_page),
	PAGES(ramfs_warm_read_pages, ramfs_warm_read),
	SLABS(ramfs_warm_read_slabs, ramfs_warm_read),
	PAGES(ramfs_cold_read_pages, ramfs_cold_read),
	SLABS(ramfs_cold_read_slabs, ramfs_cold_read),
	PAGES(ramfs_cow_pages, ramfs_cow),
	SLABS(ramfs_cow_slabs, ramfs_cow),
	PAGES(ramfs_cold_cow_pages, ramfs_cold_cow),
	SLABS(ramfs_cold_cow_slabs, ramfs_cold_cow),
	PAGES(tmpfs_read_pages, tmpfs_read),
	SLABS(tmpfs_read_slabs, tmpfs_read),
	PAGES(tmpfs_write_pages, tmpfs_write),
	SLABS(tmpfs_write_slabs, tmpfs_write),
	PAGES(device_read_pages, device_read),
	SLABS(device_read_slabs, device_read),
	PAGES(device_around_pages, device_around),
	SLABS(device_around_slabs, device_around),
	PAGES(device_cow_pages, device_cow),
	SLABS(device_cow_slabs, device_cow),
	PAGES(device_write_pages, device_write),
	SLABS(device_write_slabs, device_write),
	PAGES(device_mkwrite_pages, device_mkwrite),
	SLABS(device_mkwrite_slabs, device_mkwrite),
	PAGES(device_pfn_pages, device_pfn),
	SLABS(device_pfn_slabs, device_pfn),
	PAGES(device_insert_pages, device_insert),
	SLABS(device_insert_slabs, device_insert),
	ROW(anon_write_charges, charges, anon_write, pages),
	ROW(huge_write_charges, charges, huge_write, few_pages),
	ROW(device_cow_charges, charges, device_cow, pages),
};

int main(int argc, char **argv)
{
	ksft_before_case = need_table_pages;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
