/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Interface of /dev/writeback_selftest (CONFIG_WRITEBACK_SELFTEST): starts
 * writeback in ways that no user program can, and tells what that cost.
 *
 * Each open file may have a file system of its own, with its own bdi, whose
 * flusher sleeps in ->write_inode() for as long as it is told to. Closing the
 * file ends all that was begun through it.
 */
#ifndef _LINUX_WRITEBACK_SELFTEST_H
#define _LINUX_WRITEBACK_SELFTEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Who starts writeback. */
enum {
	WBST_TASK,		/* the task as it is */
	WBST_MEMALLOC,		/* the task with PF_MEMALLOC, as in reclaim */
	WBST_OOM_VICTIM,	/* the task with TIF_MEMDIE: EOPNOTSUPP if none */
	WBST_SOFTIRQ,		/* a tasklet */
	WBST_FAILSLAB,		/* the task, subject to failslab: EOPNOTSUPP if none */
};

/* And why; numbers of its own, as those of the kernel vary. */
enum {
	WBST_REASON_SYNC,
	WBST_REASON_RECLAIM,
	/*
	 * As the timer of laptop mode, of the stalled file system alone:
	 * cyclic. EOPNOTSUPP if that is not asked for by wb, EINVAL without
	 * a WBST_STALL before.
	 */
	WBST_REASON_LAPTOP,
	/*
	 * Nothing is started, but an element is asked for by GFP_NOWAIT of a
	 * mempool of pages that has none: @queued is how many were had. EINVAL
	 * by WBST_SOFTIRQ.
	 */
	WBST_REASON_MEMPOOL,
	/*
	 * As WBST_REASON_SYNC, while the wb of the stalled file system refuses
	 * items, as one that is being unregistered. EINVAL without a WBST_STALL
	 * before.
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
 * @calls:	(in) how many
 * @level:	(in) first take free memory, until the zone that is allocated
 *		from is left with that percentage of its min watermark; 0 to
 *		leave memory alone. Given back before the call returns
 * @nr_pages:	(in) how many pages to ask for (kernels that count them)
 * @object_size:(in) with @level, also take the free slab objects of that size
 * @nr_zones:	(out) how many of @zone are filled in
 * @zone:	(out) populated zones, lowest first
 * @taken:	(out) pages taken to get to @level
 * @objects:	(out) slab objects taken
 * @slab:	(out) pages that slab grew by during the calls
 * @queued:	(out) requests that became an item, by the trace events, for
 *		the private file system only, as the next three
 * @merged:	(out) requests that became part of another
 * @nowork:	(out) requests that found no memory for an item
 * @listed:	(out) items that wait for the flusher after the calls
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

/* Put a flusher to sleep: returns once it does, with one request begun. */
#define WBST_STALL	_IO('W', 0x80)
/*
 * Let it go on: returns when it has done all that was queued. A request that was
 * kept without an item may still be to come.
 */
#define WBST_RELEASE	_IO('W', 0x81)
#define WBST_START	_IOWR('W', 0x82, struct wbst_start)
/*
 * A thread waits for an element of a mempool that has none, and whose allocator
 * fails; one is given back. EINVAL: it did not wait; ETIMEDOUT: that did not
 * wake it; EDQUOT: the allocator was told that it may take the reserves.
 */
#define WBST_MEMPOOL_WAIT	_IO('W', 0x83)

/*
 * Of two inodes the one is dirty again when the other is written: writeback that
 * goes on for as long as there are dirty inodes has no end before WBST_RELEASE.
 */
#define WBST_BUSY	_IO('W', 0x84)

#endif /* _LINUX_WRITEBACK_SELFTEST_H */
