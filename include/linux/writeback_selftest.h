/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Interface of /dev/writeback_selftest (CONFIG_WRITEBACK_SELFTEST): starts
 * writeback in ways that no user program can, and reports the cost.
 *
 * Each open file may have a private file system with its own bdi, whose
 * flusher sleeps in ->write_inode() on request. Closing the file ends
 * everything that was started through it.
 */
#ifndef _LINUX_WRITEBACK_SELFTEST_H
#define _LINUX_WRITEBACK_SELFTEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The context that starts writeback. */
enum {
	WBST_TASK,		/* the task as it is */
	WBST_MEMALLOC,		/* the task with PF_MEMALLOC, as in reclaim */
	WBST_OOM_VICTIM,	/* the task with TIF_MEMDIE, or EOPNOTSUPP */
	WBST_SOFTIRQ,		/* a tasklet */
	WBST_FAILSLAB,		/* the task under failslab, or EOPNOTSUPP */
};

/* The reason; not the kernel's numbers, which vary between versions. */
enum {
	WBST_REASON_SYNC,
	WBST_REASON_RECLAIM,
	/*
	 * As the laptop mode timer, for the private file system only: cyclic.
	 * EOPNOTSUPP if this kernel's timer cannot start a single wb, EINVAL
	 * without a private file system.
	 */
	WBST_REASON_LAPTOP,
	/*
	 * Starts nothing, but allocates with GFP_NOWAIT from a mempool of pages
	 * that has no element left: @queued counts the successes. EINVAL with
	 * WBST_SOFTIRQ.
	 */
	WBST_REASON_MEMPOOL,
	/*
	 * As WBST_REASON_SYNC, while the wb of the private file system refuses
	 * items, as if it was being unregistered. EINVAL without a private file
	 * system.
	 */
	WBST_REASON_DYING,
};

#define WBST_MAX_ZONES 4

struct wbst_zone {
	__u64 min;		/* the min watermark */
	__u64 before;		/* free pages when the calls began */
	__u64 after;		/* and after the last one */
};

/*
 * Call wakeup_flusher_threads() a number of times.
 *
 * @who:	(in) one of the above
 * @reason:	(in) one of the above
 * @calls:	(in) number of calls
 * @level:	(in) first take free memory, until the zone it comes from is
 *		down to this percentage of its min watermark; 0 leaves memory
 *		alone. Given back before the ioctl returns
 * @nr_pages:	(in) number of pages to request (on kernels that count them)
 * @object_size:(in) with @level, also take the free slab objects of this size
 * @nr_zones:	(out) how many of @zone are filled in
 * @zone:	(out) populated zones, lowest first
 * @taken:	(out) pages taken to get to @level
 * @objects:	(out) slab objects taken
 * @slab:	(out) pages by which slab grew during the calls
 * @queued:	(out) requests that became an item, from the trace events; like
 *		the next three, for the private file system only
 * @merged:	(out) requests that were merged into another
 * @nowork:	(out) requests that found no memory for an item
 * @listed:	(out) items still queued for the flusher after the calls
 */
struct wbst_start {
	__u32 who;
	__u32 reason;
	__u32 calls;
	__u32 level;
	__s64 nr_pages;
	__u32 object_size;
	__u32 nr_zones;
	struct wbst_zone zone[WBST_MAX_ZONES];
	__u64 taken;
	__u64 objects;
	__s64 slab;
	__u64 queued;
	__u64 merged;
	__u64 nowork;
	__u64 listed;
};

/* Put the flusher to sleep in a first request, and wait until it sleeps. */
#define WBST_STALL	_IO('W', 0x80)
/*
 * Let the flusher go on, and wait until it has done all queued work. A request
 * that was kept without an item may still be pending.
 */
#define WBST_RELEASE	_IO('W', 0x81)
#define WBST_START	_IOWR('W', 0x82, struct wbst_start)
/*
 * Make a thread wait for an element of an empty mempool whose allocator fails,
 * then free an element. EINVAL: the thread did not wait; ETIMEDOUT: the element
 * did not wake it; EDQUOT: the allocator was allowed to use the reserves.
 */
#define WBST_MEMPOOL_WAIT	_IO('W', 0x83)

/*
 * Writing either of two inodes dirties the other: writeback that continues
 * while there are dirty inodes does not end before WBST_RELEASE.
 */
#define WBST_BUSY	_IO('W', 0x84)

#endif /* _LINUX_WRITEBACK_SELFTEST_H */
