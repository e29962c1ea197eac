/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Userspace interface of /dev/fault_selftest (CONFIG_FAULT_SELFTEST).
 *
 * Each open of the device is a "file" of FAULT_SELFTEST_SIZE bytes of its own
 * which can be mapped. What its fault handlers do is told by rules, what they
 * saw is read back as events. Only for tests, and only for root: open() needs
 * CAP_SYS_ADMIN (EPERM).
 *
 * What a page holds. Page N of the file that was delivered by ->fault or
 * ->map_pages holds N in each of its 64-bit words. The pfn of
 * FAULT_SELFTEST_PFN holds FAULT_SELFTEST_PFN_WORD in each. Small page N of
 * the huge pfn holds FAULT_SELFTEST_HUGE_WORD | N in each.
 *
 * mmap() of the device: EINVAL beyond FAULT_SELFTEST_SIZE.
 *
 * Errors of every ioctl: ENOTTY (unknown request), EFAULT (bad pointer),
 * EINVAL (a field that is not as described below, an unknown flag, padding
 * that is not zero). Further ones are listed at the request.
 */
#ifndef _LINUX_FAULT_SELFTEST_H
#define _LINUX_FAULT_SELFTEST_H

#include <linux/types.h>
#include <linux/ioctl.h>

/* Bytes that can be mapped, on every architecture */
#define FAULT_SELFTEST_SIZE		(1ULL << 30)

#define FAULT_SELFTEST_PFN_WORD		0x5046000000000000ULL
#define FAULT_SELFTEST_HUGE_WORD	0x4855000000000000ULL

/* The handlers: what a rule is for, and who wrote an event */
enum {
	FAULT_SELFTEST_FAULT,		/* ->fault */
	FAULT_SELFTEST_MAP_PAGES,	/* ->map_pages */
	FAULT_SELFTEST_MKWRITE,		/* ->page_mkwrite */
	FAULT_SELFTEST_PMD_FAULT,	/* ->pmd_fault, v4.6 */
	FAULT_SELFTEST_NR_HANDLERS,
};

/*
 * What a handler does. In brackets: F ->fault, A ->map_pages, W
 * ->page_mkwrite, P ->pmd_fault; a rule with another combination is EINVAL.
 */
enum {
	/* F: page, locked by the mm core. A: all that is cached. W: return 0 */
	FAULT_SELFTEST_PAGE,
	/* F, W: locked page, VM_FAULT_LOCKED. The default of both */
	FAULT_SELFTEST_LOCKED,
	/* F: locked page, VM_FAULT_LOCKED | VM_FAULT_MAJOR */
	FAULT_SELFTEST_MAJOR,
	/* F, W: VM_FAULT_SIGBUS */
	FAULT_SELFTEST_SIGBUS,
	/* F, W: VM_FAULT_OOM */
	FAULT_SELFTEST_OOM,
	/* F, W: VM_FAULT_NOPAGE, A: nothing; with nothing mapped */
	FAULT_SELFTEST_NOPAGE,
	/*
	 * F: VM_FAULT_RETRY, the mmap lock released. As LOCKED if the fault
	 * does not allow it (the second try never does).
	 */
	FAULT_SELFTEST_RETRY,
	/* F: insert the pfn, VM_FAULT_NOPAGE */
	FAULT_SELFTEST_PFN,
	/*
	 * F: insert the huge pfn if the PMD is empty and the VMA is shared
	 * and covers it, and VM_FAULT_NOPAGE; otherwise as LOCKED.
	 * A: the same; otherwise nothing.
	 * P: make the huge pfn writable that fork() has write-protected, the
	 * default; of an empty PMD VM_FAULT_FALLBACK.
	 * EOPNOTSUPP: this kernel cannot (it takes transparent huge pages,
	 * and before v6.12 FS_DAX too).
	 */
	FAULT_SELFTEST_HUGE,
	/*
	 * F: write faults of a private mapping: fill the page of the caller
	 * and return VM_FAULT_LOCKED with i_mmap_rwsem held, as DAX did up to
	 * v4.10. Otherwise as LOCKED. EOPNOTSUPP: later kernels.
	 */
	FAULT_SELFTEST_COW,
	/*
	 * A: if the PMD is empty and the VMA is shared and covers it: do in
	 * ->map_pages what another thread can do to it. Insert the huge pfn,
	 * ask for a page table, as one may be needed, unmap the huge pfn, and
	 * take the table. In the end nothing is mapped. EOPNOTSUPP: this
	 * kernel knows no huge pfn, or asks before it calls ->map_pages
	 * (v6.12).
	 */
	FAULT_SELFTEST_ZAPPED,
	/*
	 * A: another thing that another thread can do: insert the huge pfn as
	 * for HUGE, and then map all that is cached, as PAGE does.
	 * EOPNOTSUPP: as for ZAPPED.
	 */
	FAULT_SELFTEST_HUGE_PAGE,
	/*
	 * A: map what is cached as an implementation of ->map_pages would, page
	 * by page with alloc_set_pte(). On a kernel whose ->map_pages has
	 * nothing of the kind, nothing. EOPNOTSUPP: v6.12.
	 */
	FAULT_SELFTEST_EACH,
	/* F: vm_insert_page() of the page, VM_FAULT_NOPAGE */
	FAULT_SELFTEST_INSERT,
	/* P: VM_FAULT_FALLBACK, and leave the huge PMD as it is */
	FAULT_SELFTEST_FALLBACK,
	FAULT_SELFTEST_NR_ACTIONS,
};

/*
 * FAULT_SELFTEST_SETUP: which handlers the mappings made after it have.
 * flags (in): FAULT_SELFTEST_NO_*
 */
struct fault_selftest_setup {
	__u32 flags;
	__u32 pad;
};

#define FAULT_SELFTEST_NO_MAP_PAGES	(1U << 0)
#define FAULT_SELFTEST_NO_MKWRITE	(1U << 1)

/*
 * FAULT_SELFTEST_RULE: what @handler does for pages @pgoff to @pgoff +
 * @nr_pages - 1 of the file (for ->map_pages: if its range begins in there).
 * The newest rule that fits wins.
 *
 * pgoff (in), nr_pages (in): in pages
 * handler (in), action (in): see above
 * times (in): the rule is forgotten after so many uses, 0: never
 * flags (in): FAULT_SELFTEST_SLEEP*
 *
 * ERANGE: pages beyond FAULT_SELFTEST_SIZE, or none. ENOSPC: too many rules
 * (FAULT_SELFTEST_MAX_RULES). EOPNOTSUPP: this kernel has no such handler.
 * ENOMEM.
 */
struct fault_selftest_rule {
	__u64 pgoff;
	__u64 nr_pages;
	__u32 handler;
	__u32 action;
	__u32 times;
	__u32 flags;
};

#define FAULT_SELFTEST_MAX_RULES	256

/*
 * Sleep with the mmap lock held until FAULT_SELFTEST_WAKE, then act. Killed
 * meanwhile: as RETRY where allowed, otherwise as SIGBUS. Not in ->map_pages.
 */
#define FAULT_SELFTEST_SLEEP		(1U << 0)
/*
 * Only with action RETRY: release the mmap lock, sleep until
 * FAULT_SELFTEST_WAKE, VM_FAULT_RETRY.
 */
#define FAULT_SELFTEST_SLEEP_UNLOCKED	(1U << 1)
/*
 * With action PFN, INSERT or HUGE: if the PMD was empty on entry, insert with
 * the kernel's vm_insert_mixed(), vm_insert_page() or vmf_insert_pfn_pmd()
 * without looking at the PMD again after the sleep. EOPNOTSUPP: this kernel
 * takes a huge page for a table then (PFN and INSERT, v6.12), or does not let
 * a module do it (HUGE, v4.6).
 */
#define FAULT_SELFTEST_UNCHECKED	(1U << 2)
/*
 * With action PAGE, LOCKED or MAJOR of ->fault, and the probe on: do what
 * truncation can do while the page is not locked. When the task allocates
 * a page table next, and the page is not locked, it leaves the page cache.
 * EOPNOTSUPP: v6.12.
 */
#define FAULT_SELFTEST_TRUNCATE		(1U << 3)
/*
 * The same, but do what anybody can do with the page who takes an interest in
 * it: lock it, until FAULT_SELFTEST_REFS unlocks it.
 */
#define FAULT_SELFTEST_STEAL		(1U << 4)

/*
 * FAULT_SELFTEST_WAIT: wait until @nr handlers are asleep at the same time.
 * nr (in): tasks
 * EINTR: a signal came first.
 */
struct fault_selftest_wait {
	__u32 nr;
	__u32 pad;
};

/*
 * FAULT_SELFTEST_PAGES: bring pages of the file into its page cache, where
 * filemap_map_pages() finds them. FAULT_SELFTEST_UNMAP: take them out of
 * every mapping, as truncation does (COWed ones too); they stay cached.
 * pgoff (in), nr_pages (in): in pages
 * ERANGE: as for a rule. ENOMEM.
 */
struct fault_selftest_range {
	__u64 pgoff;
	__u64 nr_pages;
};

/*
 * FAULT_SELFTEST_QUERY: which levels of the caller's page tables are there.
 * address (in): a user address
 * levels (out): FAULT_SELFTEST_HAS_*
 * ERANGE: not a user address.
 */
struct fault_selftest_query {
	__u64 address;
	__u32 levels;
	__u32 pad;
};

#define FAULT_SELFTEST_HAS_PGD		(1U << 0)	/* PGD entry set */
#define FAULT_SELFTEST_HAS_P4D		(1U << 1)
#define FAULT_SELFTEST_HAS_PUD		(1U << 2)
#define FAULT_SELFTEST_HAS_PMD		(1U << 3)	/* PMD is not empty */
#define FAULT_SELFTEST_HAS_HUGE		(1U << 4)	/* PMD maps a huge page */
#define FAULT_SELFTEST_HAS_TABLE	(1U << 5)	/* PMD has a PTE table */
#define FAULT_SELFTEST_HAS_PTE		(1U << 6)	/* PTE is present */

/*
 * FAULT_SELFTEST_PROBE: look at every page allocation of the caller's mm from
 * now on, counters at 0; or, without FAULT_SELFTEST_PROBE_ON, no longer.
 * flags (in): FAULT_SELFTEST_PROBE_ON
 *
 * A "table" is an order-0 allocation with __GFP_ZERO (later kernels:
 * __GFP_ACCOUNT, too) and without __GFP_MOVABLE. So upper levels that are
 * filled in meanwhile are counted as well, and those of fork().
 *
 * EBUSY: it is on already. EOPNOTSUPP: the kernel has no tracepoints. ENOMEM.
 */
struct fault_selftest_probe {
	__u32 flags;
	__u32 pad;
};

#define FAULT_SELFTEST_PROBE_ON		(1U << 0)

/*
 * FAULT_SELFTEST_COUNTS: what the probe has seen; also once it is off.
 * All (out), in allocations. "under lock": by the task that was last handed
 * a page (or i_mmap_rwsem, see FAULT_SELFTEST_COW) by ->fault or
 * ->page_mkwrite, while that lock is still held. That is exact for one task
 * at a time.
 */
struct fault_selftest_counts {
	__u32 tables;		/* tables allocated */
	__u32 tables_held;	/* of these not freed yet: installed or not */
	__u32 pages;		/* movable pages (user memory) allocated */
	__u32 pages_held;	/* of these not freed yet; LRU caches delay it */
	__u32 failed;		/* failed allocations of any kind */
	__u32 under_lock;	/* any allocation under the lock ... */
	__u32 under_lock_io;	/* ... that may reclaim by __GFP_IO or _FS */
	__u32 atomic;		/* any with preemption off or under RCU ... */
	__u32 atomic_sleep;	/* ... that had __GFP_DIRECT_RECLAIM */
	__u32 under_i_mmap;	/* any with some i_mmap_rwsem held; needs lockdep */
	__u32 table_first;	/* tables allocated before any page was */
	__u32 lost;		/* more than *_held can follow: those are wrong */
	__u32 events_lost;	/* events since open() that read() will miss */
	__u32 truncated;	/* pages, by FAULT_SELFTEST_TRUNCATE or _STEAL */
};

/*
 * FAULT_SELFTEST_REFS: references to cached pages of the file that are not
 * the page cache's own, nor this request's.
 * pgoff (in), nr_pages (in): in pages
 * refs (out): mappings have one each, and the LRU caches some for a while
 * locked (out): pages that are locked. They are unlocked, which is wrong while
 * faults go on, but somebody has to if a fault has forgotten it.
 * ERANGE: as for a rule.
 */
struct fault_selftest_refs {
	__u64 pgoff;
	__u64 nr_pages;
	__u64 refs;
	__u32 locked;
	__u32 pad;
};

/*
 * FAULT_SELFTEST_TOUCH: handle_mm_fault() for one address, as a fault of the
 * kernel's which may not be retried. The rest of a fault, which is the
 * architecture's, hides most of what it returns.
 * address (in)
 * flags (in): FAULT_SELFTEST_TOUCH_WRITE
 * result (out): FAULT_SELFTEST_TOUCHED_*
 * ERANGE: nothing is mapped there.
 */
struct fault_selftest_touch {
	__u64 address;
	__u32 flags;
	__u32 result;
};

#define FAULT_SELFTEST_TOUCH_WRITE	(1U << 0)

#define FAULT_SELFTEST_TOUCHED_OOM	(1U << 0)	/* VM_FAULT_OOM */
#define FAULT_SELFTEST_TOUCHED_SIGBUS	(1U << 1)
#define FAULT_SELFTEST_TOUCHED_MAJOR	(1U << 2)
#define FAULT_SELFTEST_TOUCHED_NOPAGE	(1U << 3)
#define FAULT_SELFTEST_TOUCHED_LOCKED	(1U << 4)
#define FAULT_SELFTEST_TOUCHED_OTHER	(1U << 5)	/* any other bit */

/*
 * An event: what a handler saw when it was entered. read() on the device
 * gives as many whole ones as fit, oldest first, and takes them off; 0 when
 * there is none; EINVAL when not even one fits.
 */
struct fault_selftest_event {
	__u64 address;		/* of the page; ->map_pages: of the first one */
	__u64 pgoff;		/* of the same, in pages of the file */
	__u32 nr_pages;		/* 1; ->map_pages: how many it may map */
	__u32 handler;		/* enum */
	__u32 action;		/* enum: what the rule said */
	__u32 saw;		/* FAULT_SELFTEST_SAW_* */
	__u32 tid;		/* of the task, in its own pid namespace */
	__u32 locks;		/* held as lockdep counts; ~0: not known */
	__u32 tables_held;	/* by the probe; ~0: it is off */
	__u32 pad;
};

#define FAULT_SELFTEST_SAW_PMD_EMPTY	(1U << 0)
#define FAULT_SELFTEST_SAW_PMD_HUGE	(1U << 1)
#define FAULT_SELFTEST_SAW_ATOMIC	(1U << 2)	/* preempt_count() != 0 */
#define FAULT_SELFTEST_SAW_RCU		(1U << 3)	/* needs lockdep */
#define FAULT_SELFTEST_SAW_PREALLOC	(1U << 4)	/* a table is at hand */
/* The handler is not told whether a table is at hand: see tables_held */
#define FAULT_SELFTEST_SAW_PREALLOC_UNKNOWN	(1U << 5)
#define FAULT_SELFTEST_SAW_MMAP_LOCK	(1U << 6)	/* somebody holds it */
#define FAULT_SELFTEST_SAW_VMA_LOCK	(1U << 7)	/* only the VMA's */
#define FAULT_SELFTEST_SAW_WRITE	(1U << 8)
#define FAULT_SELFTEST_SAW_RETRY_OK	(1U << 9)	/* RETRY is allowed */
#define FAULT_SELFTEST_SAW_TRIED	(1U << 10)	/* second try */

#define FAULT_SELFTEST_IOC_MAGIC	0xFB

#define FAULT_SELFTEST_SETUP	_IOW(FAULT_SELFTEST_IOC_MAGIC, 0, \
				     struct fault_selftest_setup)
#define FAULT_SELFTEST_RULE	_IOW(FAULT_SELFTEST_IOC_MAGIC, 1, \
				     struct fault_selftest_rule)
/* Forget every rule */
#define FAULT_SELFTEST_CLEAR	_IO(FAULT_SELFTEST_IOC_MAGIC, 2)
#define FAULT_SELFTEST_WAIT	_IOW(FAULT_SELFTEST_IOC_MAGIC, 3, \
				     struct fault_selftest_wait)
/* Wake all that are asleep now */
#define FAULT_SELFTEST_WAKE	_IO(FAULT_SELFTEST_IOC_MAGIC, 4)
#define FAULT_SELFTEST_PAGES	_IOW(FAULT_SELFTEST_IOC_MAGIC, 5, \
				     struct fault_selftest_range)
#define FAULT_SELFTEST_UNMAP	_IOW(FAULT_SELFTEST_IOC_MAGIC, 6, \
				     struct fault_selftest_range)
#define FAULT_SELFTEST_QUERY	_IOWR(FAULT_SELFTEST_IOC_MAGIC, 7, \
				      struct fault_selftest_query)
#define FAULT_SELFTEST_PROBE	_IOW(FAULT_SELFTEST_IOC_MAGIC, 8, \
				     struct fault_selftest_probe)
#define FAULT_SELFTEST_COUNTS	_IOR(FAULT_SELFTEST_IOC_MAGIC, 9, \
				     struct fault_selftest_counts)
#define FAULT_SELFTEST_REFS	_IOWR(FAULT_SELFTEST_IOC_MAGIC, 10, \
				      struct fault_selftest_refs)
#define FAULT_SELFTEST_TOUCH	_IOWR(FAULT_SELFTEST_IOC_MAGIC, 11, \
				      struct fault_selftest_touch)

#endif /* _LINUX_FAULT_SELFTEST_H */
