/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wb_util.h: shared by the writeback tests. Knobs and mounts are restored
 * however a case ends (ksft_undo.h), and only scratch disks are written to
 * (ksft_scratch.h); patterns show whether data has reached the disk.
 */
#ifndef __WB_UTIL_H
#define __WB_UTIL_H

#include "../ksft_inject.h"
#include "../ksft_scratch.h"
#include "../ksft_trace.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/loop.h>

#define WB_MNT		"/tmp/wb.mnt"
#define WB_FUSE		"/tmp/wb.fuse"
#define WB_PAGE		((unsigned long)KSFT_PAGE_SIZE)

#define WB_EXT4		"KSFT_SCRATCH_EXT4"
#define WB_XFS		"KSFT_SCRATCH_XFS"

#ifndef __aligned
#define __aligned(x) __attribute__((aligned(x)))
#endif

/* --- files ------------------------------------------------------------ */

/* Until the case ends; a sync then makes flushers use the old intervals. */
static inline void wb_set(const char *path, long value)
{
	char text[32];

	if (strstr(path, "/dirty_") && !ksft_undo_of("sync"))
		ksft_undo_later(KSFT_SYNC, "sync", "");
	snprintf(text, sizeof(text), "%ld", value);
	ksft_need(ksft_change(path, text), "%s = %s", path, text);
}

static inline long wb_get(const char *path)
{
	char text[64];

	ksft_need(ksft_read(path, text, sizeof(text)), "reading %s", path);
	return strtol(text, NULL, 0);
}

/* The number after @key in the first line that starts with it, or -1. */
static inline long wb_find_key(const char *path, const char *key)
{
	static char text[65536];
	char *line, *save;

	ksft_need(ksft_read(path, text, sizeof(text)), "reading %s", path);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, key, strlen(key)))
			return strtol(line + strlen(key), NULL, 10);
	return -1;
}

static inline long wb_get_key(const char *path, const char *key)
{
	long value = wb_find_key(path, key);

	ksft_need(value != -1, "%s in %s", key, path);
	return value;
}

static inline long wb_min(long a, long b)
{
	return a < b ? a : b;
}

/* For behaviour that has no feature test. */
static inline int wb_kernel_major(void)
{
	struct utsname u;

	ksft_need(!uname(&u), "uname");
	return atoi(u.release);
}

static inline double wb_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static inline void wb_msleep(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* Wait until a condition holds; false after a generous limit. */
#define wb_wait_for(cond, seconds) ({					\
	double __end = wb_seconds() + (seconds);			\
	bool __ok;							\
									\
	while (!(__ok = (cond)) && wb_seconds() < __end)		\
		wb_msleep(10);						\
	__ok;								\
})

/* --- places ------------------------------------------------------------ */

#define WB_VM		"/proc/sys/vm/"

static inline void wb_mkdir(const char *dir)
{
	ksft_need(ksft_undo_of(dir) || ksft_mkdir(dir), "mkdir %s", dir);
}

static inline void wb_mount_at(const char *dir, const char *dev,
			       const char *type)
{
	bool done;

	if (!ksft_undos->own_mounts)
		ksft_case_skip("no mount namespace of its own: not root");
	wb_mkdir(dir);
	/* EBUSY: an exiting FUSE server still has the disk */
	ksft_need(wb_wait_for((done = ksft_mount(dev, dir, type, 0, NULL)) ||
			      errno != EBUSY, 10), "%s to be free", dev);
	if (!done && errno == ENODEV)
		ksft_case_skip("no %s", type);
	ksft_need(done, "%s on %s", type, dev);
}

static inline void wb_mount(const char *dev, const char *type)
{
	wb_mount_at(WB_MNT, dev, type);
}

/* The scratch disk; if there is none, skip before anything is changed. */
static inline const char *wb_ext4_dev(void)
{
	static const char *dev;

	if (!dev)
		dev = ksft_scratch(WB_EXT4);
	return dev;
}

static inline void wb_mount_ext4(void)
{
	wb_mount(wb_ext4_dev(), "ext4");
}

static inline void wb_mount_cgroup2(const char *dir)
{
	char control[64];

	wb_mkdir(dir);
	if (!ksft_mount("none", dir, "cgroup2", 0, NULL))
		ksft_case_skip("no cgroup2");
	snprintf(control, sizeof(control), "%s/cgroup.subtree_control", dir);
	if (!ksft_controller(control, "memory") ||
	    !ksft_controller(control, "io"))
		ksft_case_skip("no memory and io controllers on cgroup2");
}

/* --- data that can be recognised -------------------------------------- */

/* Page @n of a file with this seed. */
static inline void wb_pattern(void *page, uint64_t seed, uint64_t n)
{
	uint64_t *word = page, x = seed * 0x9e3779b97f4a7c15ULL + n + 1;
	size_t i;

	for (i = 0; i < WB_PAGE / sizeof(*word); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		word[i] = x;
	}
}

static inline bool wb_is_pattern(const void *page, uint64_t seed, uint64_t n)
{
	static char want[WB_PAGE] __aligned(8);

	wb_pattern(want, seed, n);
	return !memcmp(page, want, WB_PAGE);
}

/* Write pages of the pattern, and leave them dirty in the page cache. */
static inline int wb_dirty(const char *path, uint64_t seed, long pages)
{
	static char page[WB_PAGE] __aligned(8);
	long n;
	int fd;

	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ksft_need(fd >= 0, "creating %s", path);
	for (n = 0; n < pages; n++) {
		wb_pattern(page, seed, n);
		ksft_need(pwrite(fd, page, WB_PAGE, n * WB_PAGE) ==
			  (ssize_t)WB_PAGE, "writing %s", path);
	}
	return fd;
}

/* How many pages of a file read back right. */
static inline long wb_good_pages(const char *path, uint64_t seed, long pages)
{
	static char page[WB_PAGE] __aligned(8);
	long n, good = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	for (n = 0; n < pages; n++)
		good += pread(fd, page, WB_PAGE, n * WB_PAGE) ==
				(ssize_t)WB_PAGE &&
			wb_is_pattern(page, seed, n);
	close(fd);
	return good;
}

static inline long wb_good_extent(int disk, const struct fiemap_extent *e,
				  uint64_t seed)
{
	static char page[WB_PAGE] __aligned(WB_PAGE);
	uint64_t off;
	long good = 0;

	if (e->fe_flags & (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC |
			   FIEMAP_EXTENT_UNWRITTEN))
		return 0;
	for (off = 0; off < e->fe_length; off += WB_PAGE)
		good += pread(disk, page, WB_PAGE, e->fe_physical + off) ==
				(ssize_t)WB_PAGE &&
			wb_is_pattern(page, seed,
				      (e->fe_logical + off) / WB_PAGE);
	return good;
}

/*
 * How many pages are on the disk itself while the file system is mounted: reads
 * the extents, bypassing all caches.
 */
static inline long wb_pages_on_disk(int fd, const char *dev, uint64_t seed)
{
	static union {
		struct fiemap map;
		char room[sizeof(struct fiemap) +
			  64 * sizeof(struct fiemap_extent)];
	} u;
	long good = 0;
	unsigned int i;
	int disk;

	memset(&u, 0, sizeof(u));
	u.map.fm_length = ~0ULL;
	u.map.fm_extent_count = 64;
	ksft_need(!ioctl(fd, FS_IOC_FIEMAP, &u.map), "FIEMAP");
	disk = open(dev, O_RDONLY | O_DIRECT | O_CLOEXEC);
	ksft_need(disk >= 0, "opening %s", dev);
	for (i = 0; i < u.map.fm_mapped_extents; i++)
		good += wb_good_extent(disk, &u.map.fm_extents[i], seed);
	close(disk);
	return good;
}

/* --- failing allocations ---------------------------------------------- */

/*
 * Fail one slab allocation of a task with make-it-fail set. (No filter by
 * cache: failslab refuses caches that share their slabs, as those of kmalloc
 * may.)
 */
static inline void wb_fail_one_alloc(void)
{
	ksft_inject_init(KSFT_FAILSLAB);
	ksft_inject_fail(1);
}

/* The name of the kernel function that contains @addr. */
static inline bool wb_symbol(uint64_t addr, char *name, size_t size)
{
	char line[256], sym[128];
	unsigned long long at, best = 0;
	char type;
	FILE *f;

	f = fopen("/proc/kallsyms", "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %127s", &at, &type, sym) != 3)
			continue;
		if (at <= addr && at > best && strchr("tTwW", type)) {
			best = at;
			snprintf(name, size, "%s", sym);
		}
	}
	fclose(f);
	return best;
}

#endif /* __WB_UTIL_H */
