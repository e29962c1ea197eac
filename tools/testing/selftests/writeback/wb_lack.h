/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wb_lack.h: a memory shortage and a stalled flusher, from user space alone.
 *
 * The flusher sleeps in a FUSE file system that withholds its answers.
 * min_free_kbytes is raised above what is free: memory is plentiful, but an
 * allocation that keeps off the reserves gets none. The test must have all the
 * memory it needs beforehand; and lowering min_free_kbytes needs a page.
 */
#ifndef __WB_LACK_H
#define __WB_LACK_H

#include "wb_device.h"
#include "wb_fuse.h"

#define WB_SPARE_PAGES	8192	/* freed at the end, to recover */
#define WB_LACK_KB	8192	/* min_free_kbytes is above free by this */
#define WB_WORKERS	6

/* Provide idle kernel threads: creating one would need memory. */
static inline void wb_prewarm_workers(void)
{
	int dev[WB_WORKERS], i;

	for (i = 0; i < WB_WORKERS; i++) {
		dev[i] = wb_open_device();
		ksft_need(!ioctl(dev[i], WBST_STALL), "stalling a flusher");
	}
	for (i = 0; i < WB_WORKERS; i++)
		close(dev[i]);
}

/* Writing the inode makes FUSE write its times: there the flusher sleeps. */
static inline void wb_stall_fuse(struct wb_fuse *f, uint64_t seed)
{
	wb_dirty(WB_FUSE_DISK, seed, 1);	/* keep open: close() flushes */
	wb_set(WB_VM "dirty_expire_centisecs", 10);
	wb_set(WB_VM "dirty_writeback_centisecs", 10);
	wb_fuse_set_hold(f, true);
	ksft_need(wb_wait_for(wb_fuse_nr_held(f), 60), "a stalled flusher");
}

/* Pages to be freed later; also locks everything else that is mapped. */
static inline char *wb_lock_pages(long pages)
{
	size_t size = pages * WB_PAGE;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ksft_need(p != MAP_FAILED, "mmap");
	madvise(p, size, MADV_NOHUGEPAGE);
	memset(p, 1, size);
	ksft_need(!mlockall(MCL_CURRENT), "mlockall");
	return p;
}

static inline void wb_no_memory_for_anybody(void)
{
	long kb = wb_get_key("/proc/meminfo", "MemFree:");

	wb_set(WB_VM "min_free_kbytes", kb + WB_LACK_KB);
}

#endif /* __WB_LACK_H */
