// SPDX-License-Identifier: GPL-2.0
/*
 * fallback: starting writeback when no work item can be allocated.
 *
 * The item that wb_start_writeback() allocates must not come out of the
 * memory reserves. The fallback makes a failure harmless, so it is tested
 * as well: the event reports it, and sync(2), fsync(2) and plain expiry still
 * bring the data to the disk.
 */
#include "wb_device.h"

#define FILE_PATH	WB_MNT "/fallback"
#define FILE_PAGES	64
#define SEED		((uint64_t)getpid())	/* differs from case to case */

/* The allocation by which this kernel starts writeback, as traced. */
struct start_alloc {
	char site[128];
	char flags[256];
	unsigned int bytes;
};

/* The functions that may allocate, depending on inlining. */
static const char *const start_sites[] = {
	"wb_start_writeback", "wakeup_flusher_threads", NULL
};

static const char *const split_sites[] = {
	"bdi_split_work_to_wbs", "sync_inodes_sb", NULL
};

/* The allocating function: an address in v4.6, name and offset later. */
static bool parse_site(const char *text, char *name, size_t size)
{
	uint64_t addr;
	char *end;

	addr = strtoull(text, &end, 16);
	if (*end == ' ')
		return wb_symbol(addr, name, size);
	snprintf(name, size, "%.*s", (int)strcspn(text, "+ "), text);
	return true;
}

static bool is_one_of(const char *name, const char *const *site)
{
	while (*site && strncmp(name, *site, strlen(*site)))
		site++;
	return *site;
}

static bool parse_alloc(const char *line, const char *const *sites,
			struct start_alloc *a)
{
	const char *site = strstr(line, "call_site=");
	const char *bytes = strstr(line, "bytes_alloc=");
	const char *flags = strstr(line, "gfp_flags=");

	if (!site || !bytes || !flags)
		return false;
	a->bytes = strtoul(bytes + strlen("bytes_alloc="), NULL, 10);
	snprintf(a->flags, sizeof(a->flags), "%.*s",
		 (int)strcspn(flags, "\n "), flags);
	return parse_site(site + strlen("call_site="), a->site,
			  sizeof(a->site)) && is_one_of(a->site, sites);
}

/* Trace what sync(2) allocates with something dirty. */
static bool traced_alloc(const char *const *sites, const char *filter,
			 struct start_alloc *a)
{
	char *line, *save;

	close(wb_dirty(FILE_PATH, SEED + 1, 1));
	ksft_trace("kmem/kmalloc", filter);
	sync();
	for (line = strtok_r(ksft_traced(), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (parse_alloc(line, sites, a))
			return true;
	return false;
}

/*
 * Skip if there is none. Try more than once: a flusher that is faster than
 * sync(2) leaves nothing dirty to be split.
 */
static struct start_alloc find_alloc(const char *const *sites)
{
	struct start_alloc a = { .bytes = 0 };
	char filter[64];
	int i;

	snprintf(filter, sizeof(filter), "common_pid==%d", getpid());
	for (i = 0; i < 20; i++)
		if (traced_alloc(sites, filter, &a))
			return a;
	ksft_case_skip("this kernel starts writeback without an allocation");
	return a;
}

static struct start_alloc find_start_alloc(void)
{
	return find_alloc(start_sites);
}

/*
 * sync(2) without an item for the only dirty wb: the item is its first
 * allocation, once earlier dirty data is out of the way.
 */
static void sync_without_an_item(struct ksft_counter *nowork)
{
	char filter[64];

	snprintf(filter, sizeof(filter), "common_pid==%d", getpid());
	*nowork = ksft_count("writeback/writeback_nowork", filter);
	wb_fail_one_alloc();
	ksft_inject_on();
	sync();
	ksft_inject_off();
}

static void check_remounted(void)
{
	ksft_need(!umount2(WB_MNT, 0), "umount");
	wb_mount_ext4();
	ksft_check(wb_good_pages(FILE_PATH, SEED, FILE_PAGES) == FILE_PAGES,
		   "data lost: differs after a remount");
}

/* Later kernels include it in GFP_NOWAIT. */
static bool has_nowarn(const char *flags)
{
	return strstr(flags, "__GFP_NOWARN") ||
	       (wb_kernel_major() >= 6 && strstr(flags, "GFP_NOWAIT"));
}

static void check_flags(const void *arg)
{
	struct start_alloc a;

	wb_mount_ext4();
	a = find_alloc(arg);
	ksft_print_msg("%s: %u bytes, %s\n", a.site, a.bytes, a.flags);
	ksft_check(!strstr(a.flags, "GFP_ATOMIC") &&
		   !strstr(a.flags, "__GFP_HIGH"),
		   "the item may come out of the atomic reserve");
	ksft_check(strstr(a.flags, "__GFP_NOMEMALLOC"),
		   "a reclaiming task takes the item past the watermarks");
	ksft_check(has_nowarn(a.flags),
		   "a failure that is expected is reported");
}

static void no_item_is_told(void)
{
	struct ksft_counter nowork, queued;
	char filter[64];

	wb_mount_ext4();
	find_start_alloc();
	close(wb_dirty(FILE_PATH, SEED, FILE_PAGES));
	snprintf(filter, sizeof(filter), "common_pid==%d && sync_mode==0",
		 getpid());
	queued = ksft_count("writeback/writeback_queue", filter);
	sync_without_an_item(&nowork);
	ksft_check(ksft_counted(&nowork) == 1, "%ld writeback_nowork events",
		   ksft_counted(&nowork));
	ksft_check(!ksft_counted(&queued), "an item was queued after all");
}

static void sync_without_item(void)
{
	struct ksft_counter nowork;
	int fd;

	wb_mount_ext4();
	find_start_alloc();
	fd = wb_dirty(FILE_PATH, SEED, FILE_PAGES);
	sync_without_an_item(&nowork);
	ksft_need(ksft_counted(&nowork) == 1, "an item that cannot be had");
	ksft_check(wb_pages_on_disk(fd, wb_ext4_dev(), SEED) == FILE_PAGES,
		   "sync(2) came back before the data was on the disk");
	close(fd);
	check_remounted();
}

#define NO_PAGES	-1	/* no request that could be kept */

/* A start request alone, as from reclaim, without an item either. */
static void start_without_an_item(long nr_pages)
{
	struct wbst_start s = { .calls = 1, .nr_pages = nr_pages };
	struct ksft_counter nowork;
	int dev = wb_open_device();
	char filter[64];

	snprintf(filter, sizeof(filter), "common_pid==%d", getpid());
	nowork = ksft_count("writeback/writeback_nowork", filter);
	wb_fail_one_alloc();
	ksft_inject_on();
	wb_start(dev, &s);
	ksft_inject_off();
	ksft_need(ksft_counted(&nowork) == 1, "an item that cannot be had");
	close(dev);
}

/* Keep periodic writeback away, and the timer that the mount starts. */
static int dirty_for_long(void)
{
	wb_ext4_dev();		/* may skip, while nothing is changed */
	wb_set(WB_VM "dirty_writeback_centisecs", 360000);
	wb_mount_ext4();
	find_start_alloc();
	return wb_dirty(FILE_PATH, SEED, FILE_PAGES);
}

static void check_gets_to_disk(int fd, const char *what)
{
	ksft_check(wb_wait_for(wb_pages_on_disk(fd, wb_ext4_dev(), SEED) ==
			       FILE_PAGES, 20), "no item, and %s", what);
	close(fd);
	check_remounted();
}

static void flusher_is_woken(void)
{
	int fd = dirty_for_long();

	ksft_keep(WB_VM "dirty_background_ratio");	/* zeroed by the next */
	wb_set(WB_VM "dirty_background_bytes", WB_PAGE);
	ksft_need(!wb_pages_on_disk(fd, wb_ext4_dev(), SEED), "a lazy flusher");
	start_without_an_item(NO_PAGES);
	check_gets_to_disk(fd, "the flusher was not woken either");
}

/* Too little is dirty for a woken flusher to write, and it is not old. */
static void wish_without_item(void)
{
	int fd = dirty_for_long();

	ksft_need(!wb_pages_on_disk(fd, wb_ext4_dev(), SEED), "a lazy flusher");
	start_without_an_item(1024);
	check_gets_to_disk(fd, "the wish is lost");
}

#define WISH	1021	/* pages: no other request has this number */

/*
 * Periodic writeback goes on for as long as there are old inodes. It must end
 * for a request that is kept, as it does for an item.
 */
static void wish_not_starved(void)
{
	struct wbst_start s = {
		.who = WBST_FAILSLAB, .calls = 1, .nr_pages = WISH,
	};
	struct ksft_counter periodic, begun;
	int dev = wb_open_device();
	char filter[64];

	if (!ksft_has_event("writeback/writeback_nowork"))
		ksft_case_skip("this kernel starts writeback without an allocation");
	snprintf(filter, sizeof(filter), "nr_pages==%d", WISH);
	begun = ksft_count("writeback/writeback_exec", filter);
	periodic = ksft_count("writeback/writeback_start",
			    "for_kupdate==1 && name ~ \"wbselftest*\"");
	wb_set(WB_VM "dirty_expire_centisecs", 0);
	wb_set(WB_VM "dirty_writeback_centisecs", 10);
	ksft_need(!ioctl(dev, WBST_BUSY), "a busy flusher");
	ksft_need(wb_wait_for(ksft_counted(&periodic) > 1000, 60),
		  "periodic writeback without an end");
	wb_fail_one_alloc();
	wb_start(dev, &s);
	ksft_need(s.nowork == 1, "an item that cannot be had");
	ksft_check(wb_wait_for(ksft_counted(&begun), 20),
		   "periodic writeback goes on, and the request waits");
	wb_release(dev);
	close(dev);
}

/*
 * A wb that is being unregistered must keep no request: it would be merged with
 * the next one.
 */
static void refused_without_item(void)
{
	struct wbst_start refused = {
		.who = WBST_FAILSLAB, .calls = 1, .nr_pages = WISH,
		.reason = WBST_REASON_DYING,
	};
	struct wbst_start next = { .calls = 1, .nr_pages = WISH - 1 };
	struct ksft_counter begun;
	int dev = wb_stall();
	char filter[64];

	snprintf(filter, sizeof(filter), "nr_pages==%d", WISH - 1);
	begun = ksft_count("writeback/writeback_exec", filter);
	wb_fail_one_alloc();
	wb_start(dev, &refused);
	if (!refused.nowork)
		ksft_case_skip("this kernel starts writeback without an allocation");
	wb_start(dev, &next);
	wb_release(dev);
	ksft_check(wb_wait_for(ksft_counted(&begun), 20),
		   "a request that was to be refused was kept");
	close(dev);
}

/*
 * Without an item, sync_inodes_sb() keeps the work on its stack and waits for
 * it. (Through the device, which allocates nothing else on its way there.)
 */
static void split_without_item(void)
{
	struct ksft_counter begun = ksft_count("writeback/writeback_exec",
				"sync_mode==1 && name ~ \"wbselftest*\"");
	int tries = 0;
	long synced;

	do {
		int dev = wb_stall();

		synced = -ksft_counted(&begun);
		wb_fail_one_alloc();
		ksft_inject_on();
		wb_release(dev);
		ksft_inject_off();
		synced += ksft_counted(&begun);
		close(dev);
		/* a faster flusher has left nothing to be split */
	} while (ksft_inject_left() && ++tries < 10);
	ksft_need(!ksft_inject_left(), "an item that cannot be had");
	ksft_check(synced == 1, "no item, and nothing was synced");
}

#define REFUSED	10
#define PTR	64

/* What follows "ptr=" in a traced line. */
static bool parse_ptr(const char *line, char *ptr)
{
	const char *at = strstr(line, "ptr=");

	if (at)
		snprintf(ptr, PTR, "%.*s", (int)strcspn(at, "\n "), at);
	return at;
}

/* Items of start requests that were allocated and not freed. */
static long not_freed(char *trace, long *allocated)
{
	char item[REFUSED][PTR] = { "" }, ptr[PTR], *line, *save;
	struct start_alloc a;
	long i, nr = 0;

	for (line = strtok_r(trace, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!parse_ptr(line, ptr))
			continue;
		for (i = 0; i < REFUSED && strcmp(item[i], ptr); i++)
			;
		if (i < REFUSED) {
			item[i][0] = 0;
			nr--;
			continue;
		}
		if (!parse_alloc(line, start_sites, &a))
			continue;
		for (i = 0; i < REFUSED - 1 && item[i][0]; i++)
			;
		memcpy(item[i], ptr, PTR);
		nr++;
		++*allocated;
	}
	return nr;
}

/* A wb that is being unregistered refuses items: they must be freed. */
static void refused_item_is_freed(void)
{
	struct wbst_start s = {
		.calls = REFUSED, .nr_pages = 32, .reason = WBST_REASON_DYING,
	};
	long allocated = 0, left;
	int dev = wb_stall();
	char filter[64];

	snprintf(filter, sizeof(filter), "common_pid==%d", getpid());
	ksft_trace("kmem/kmalloc", filter);
	ksft_trace("kmem/kfree", filter);
	wb_start(dev, &s);
	left = not_freed(ksft_traced(), &allocated);
	wb_release(dev);
	if (!allocated)
		ksft_case_skip("this kernel starts writeback without an allocation");
	ksft_check(!left, "%ld of %ld items that were refused are lost", left,
		   allocated);
	close(dev);
}

static void fsync_without_item(void)
{
	int fd;

	wb_mount_ext4();
	find_start_alloc();
	fd = wb_dirty(FILE_PATH, SEED, FILE_PAGES);
	start_without_an_item(NO_PAGES);
	ksft_check(!fsync(fd), "fsync(2): %s", strerror(errno));
	ksft_check(wb_pages_on_disk(fd, wb_ext4_dev(), SEED) == FILE_PAGES,
		   "fsync(2) came back before the data was on the disk");
	close(fd);
	check_remounted();
}

static void expiry_without_item(void)
{
	int fd;

	wb_mount_ext4();
	find_start_alloc();
	fd = wb_dirty(FILE_PATH, SEED, FILE_PAGES);
	start_without_an_item(NO_PAGES);
	wb_set(WB_VM "dirty_expire_centisecs", 10);
	wb_set(WB_VM "dirty_writeback_centisecs", 10);
	ksft_check(wb_wait_for(wb_pages_on_disk(fd, wb_ext4_dev(), SEED) ==
			       FILE_PAGES, 60),
		   "expired data never reached the disk");
	close(fd);
	check_remounted();
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(gfp_flags, check_flags, start_sites),
	/* With cgroup writeback, one item for each wb that sync(2) visits. */
	KSFT_CASE_WITH(split_gfp_flags, check_flags, split_sites),
	KSFT_CASE(no_item_is_told),
	KSFT_CASE(sync_without_item),
	KSFT_CASE(flusher_is_woken),
	KSFT_CASE(wish_without_item),
	KSFT_CASE(wish_not_starved),
	KSFT_CASE(split_without_item),
	KSFT_CASE(refused_item_is_freed),
	KSFT_CASE(refused_without_item),
	KSFT_CASE(fsync_without_item),
	KSFT_CASE(expiry_without_item),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
