/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Userspace interface of /dev/fault_selftest (CONFIG_FAULT_SELFTEST).
 *
 * Each open() of the device creates a "file" of FAULT_SELFTEST_SIZE bytes that
 * can be mapped. Rules define what its fault handlers do; events report what
 * the handlers saw. For tests only, and for root only: open() needs
 * CAP_SYS_ADMIN (EPERM).
 *
 * Page contents: each 64-bit word of page N of the file, as delivered by
 * ->fault or ->map_pages, is N. Each word of the pfn of FAULT_SELFTEST_PFN is
 * FAULT_SELFTEST_PFN_WORD. Each word of small page N of the huge pfn is
 * FAULT_SELFTEST_HUGE_WORD | N.
 *
 * mmap() of the device: EINVAL beyond FAULT_SELFTEST_SIZE.
 *
 * Errors of every ioctl: ENOTTY (unknown request), EFAULT (bad pointer),
 * EINVAL (a field that is not as described below, an unknown flag, padding
 * that is not zero). Each request lists its further errors.
 */
#ifndef _LINUX_FAULT_SELFTEST_H
#define _LINUX_FAULT_SELFTEST_H

#include <asm/bitsperlong.h>
#include <linux/types.h>
#include <linux/ioctl.h>

/*
 * Mappable bytes: 128 PMDs even if pages have 64 kB. 32-bit kernels map no
 * character device beyond 4 GiB.
 */
#define FAULT_SELFTEST_SIZE		(1ULL << (__BITS_PER_LONG == 64 ? 36 : 30))

#define FAULT_SELFTEST_PFN_WORD		0x5046000000000000ULL
#define FAULT_SELFTEST_HUGE_WORD	0x4855000000000000ULL

/* The handlers: target of a rule, source of an event */
enum {
	FAULT_SELFTEST_FAULT,		/* ->fault */
	FAULT_SELFTEST_MAP_PAGES,	/* ->map_pages */
	FAULT_SELFTEST_MKWRITE,		/* ->page_mkwrite */
	FAULT_SELFTEST_PMD_FAULT,	/* ->pmd_fault, v4.6 */
	FAULT_SELFTEST_NR_HANDLERS,
};

/*
 * What a handler does. F: ->fault, A: ->map_pages, W: ->page_mkwrite, P:
 * ->pmd_fault. EINVAL: a rule with any other combination.
 */
enum {
	/* F: page that the mm core locks. A: all that is cached. W: return 0 */
	FAULT_SELFTEST_PAGE,
	/* F, W: locked page, VM_FAULT_LOCKED. The default for both */
	FAULT_SELFTEST_LOCKED,
	/* F: locked page, VM_FAULT_LOCKED | VM_FAULT_MAJOR */
	FAULT_SELFTEST_MAJOR,
	/* F, W: VM_FAULT_SIGBUS */
	FAULT_SELFTEST_SIGBUS,
	/* F, W: VM_FAULT_OOM */
	FAULT_SELFTEST_OOM,
	/* F, W: VM_FAULT_NOPAGE with nothing mapped. A: nothing */
	FAULT_SELFTEST_NOPAGE,
	/*
	 * F: drop the mmap lock, VM_FAULT_RETRY. As LOCKED if the fault may
	 * not retry (the second try never may).
	 */
	FAULT_SELFTEST_RETRY,
	/* F: insert the pfn, VM_FAULT_NOPAGE */
	FAULT_SELFTEST_PFN,
	/*
	 * F: if the PMD is empty and the VMA is shared and covers it, insert
	 * the huge pfn, VM_FAULT_NOPAGE; otherwise as LOCKED.
	 * A: the same; otherwise nothing.
	 * P: make a huge pfn that fork() has write-protected writable again
	 * (the default); VM_FAULT_FALLBACK if the PMD is empty.
	 * EOPNOTSUPP: this kernel cannot (it needs transparent huge pages and,
	 * before v6.12, FS_DAX).
	 */
	FAULT_SELFTEST_HUGE,
	/*
	 * F: on a write fault in a private mapping, fill the caller's page and
	 * return VM_FAULT_LOCKED with i_mmap_rwsem held, as DAX did up to
	 * v4.10. Otherwise as LOCKED. EOPNOTSUPP: later kernels.
	 */
	FAULT_SELFTEST_COW,
	/*
	 * A: if the PMD is empty and the VMA is shared and covers it, do in
	 * ->map_pages what another thread might do: insert the huge pfn, run
	 * the check that preallocates a page table, unmap the huge pfn, and try
	 * to install the table. Nothing stays mapped. EOPNOTSUPP: this kernel
	 * has no huge pfn, or preallocates before it calls ->map_pages (v6.12).
	 */
	FAULT_SELFTEST_ZAPPED,
	/*
	 * A: another race with another thread: insert the huge pfn as for
	 * HUGE, then map all that is cached, as for PAGE.
	 * EOPNOTSUPP: as for ZAPPED.
	 */
	FAULT_SELFTEST_HUGE_PAGE,
	/*
	 * A: map cached pages one by one with alloc_set_pte(), as a driver's
	 * ->map_pages would; nothing on a kernel without it. EOPNOTSUPP: v6.12.
	 */
	FAULT_SELFTEST_EACH,
	/* F: vm_insert_page() of the page, VM_FAULT_NOPAGE */
	FAULT_SELFTEST_INSERT,
	/* P: VM_FAULT_FALLBACK, and leave the huge PMD as it is */
	FAULT_SELFTEST_FALLBACK,
	FAULT_SELFTEST_NR_ACTIONS,
};

/*
 * FAULT_SELFTEST_SETUP: choose the handlers of mappings created afterwards.
 * flags (in): FAULT_SELFTEST_NO_*
 */
struct fault_selftest_setup {
	__u32 flags;
	__u32 pad;
};

#define FAULT_SELFTEST_NO_MAP_PAGES	(1U << 0)
#define FAULT_SELFTEST_NO_MKWRITE	(1U << 1)

/*
 * FAULT_SELFTEST_RULE: define what @handler does for pages @pgoff to @pgoff +
 * @nr_pages - 1 of the file (->map_pages: if its range begins in there). The
 * newest matching rule wins.
 *
 * pgoff (in), nr_pages (in): in pages
 * handler (in), action (in): see above
 * times (in): the rule is dropped after this many uses, 0: never
 * flags (in): FAULT_SELFTEST_SLEEP to _STEAL, see below
 *
 * ERANGE: no pages, or beyond FAULT_SELFTEST_SIZE. ENOSPC: too many rules
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
 * Sleep with the mmap lock held until FAULT_SELFTEST_WAKE, then act. If killed
 * before: as RETRY where allowed, otherwise as SIGBUS. Not in ->map_pages.
 */
#define FAULT_SELFTEST_SLEEP		(1U << 0)
/*
 * Only with action RETRY: drop the mmap lock, sleep until FAULT_SELFTEST_WAKE,
 * then, after an RCU barrier, return VM_FAULT_RETRY.
 */
#define FAULT_SELFTEST_SLEEP_UNLOCKED	(1U << 1)
/*
 * With action PFN, INSERT or HUGE: if the PMD was empty on entry, call the
 * kernel's vm_insert_mixed(), vm_insert_page() or vmf_insert_pfn_pmd() without
 * rechecking the PMD after the sleep. EOPNOTSUPP: this kernel would take a huge
 * page for a table (PFN and INSERT, v6.12), or does not let a module do it
 * (HUGE, v4.6).
 */
#define FAULT_SELFTEST_UNCHECKED	(1U << 2)
/*
 * With action PAGE, LOCKED or MAJOR of ->fault, and the probe on: the next
 * time the task allocates a page table with the page unlocked, drop the page
 * from the page cache, as truncation may do then. EOPNOTSUPP: v6.12.
 */
#define FAULT_SELFTEST_TRUNCATE		(1U << 3)
/*
 * The same, but lock the page, as any task may do then, until
 * FAULT_SELFTEST_REFS unlocks it.
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
 * filemap_map_pages() finds them. FAULT_SELFTEST_UNMAP: unmap them from every
 * mapping, as truncation does (COWed pages too); they stay cached.
 * pgoff (in), nr_pages (in): in pages
 * ERANGE: as for a rule. ENOMEM.
 */
struct fault_selftest_range {
	__u64 pgoff;
	__u64 nr_pages;
};

/*
 * FAULT_SELFTEST_QUERY: report which levels of the caller's page tables exist.
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
#define FAULT_SELFTEST_HAS_HUGE		(1U << 4)	/* PMD is a huge page */
#define FAULT_SELFTEST_HAS_TABLE	(1U << 5)	/* PMD has a table */
#define FAULT_SELFTEST_HAS_PTE		(1U << 6)	/* PTE is present */

/*
 * FAULT_SELFTEST_PROBE: with FAULT_SELFTEST_PROBE_ON, reset the counters and
 * watch every page allocation of the caller's mm; without it, stop.
 * flags (in): FAULT_SELFTEST_PROBE_ON
 *
 * A "table" is an order-0 allocation with __GFP_ZERO (later kernels:
 * __GFP_ACCOUNT, too) and without __GFP_MOVABLE. So upper levels that are
 * filled in count as well, and so do the tables of fork().
 *
 * EBUSY: already on. EOPNOTSUPP: the kernel has no tracepoints. ENOMEM.
 */
struct fault_selftest_probe {
	__u32 flags;
	__u32 pad;
};

#define FAULT_SELFTEST_PROBE_ON		(1U << 0)

/*
 * FAULT_SELFTEST_COUNTS: report what the probe has seen, also once it is off.
 * All (out), in allocations. "Under lock": by the task that last got a page (or
 * i_mmap_rwsem, see FAULT_SELFTEST_COW) from ->fault or ->page_mkwrite, while
 * that lock is still held. Exact for one task at a time only.
 */
struct fault_selftest_counts {
	__u32 tables;		/* tables allocated */
	__u32 tables_held;	/* of these, not yet freed: installed or not */
	__u32 pages;		/* movable pages (user memory) allocated */
	__u32 pages_held;	/* of these, not yet freed; the LRU delays it */
	__u32 failed;		/* failed allocations of any kind */
	__u32 under_lock;	/* any allocation under the lock ... */
	__u32 under_lock_io;	/* ... that may reclaim by __GFP_IO or _FS */
	__u32 atomic;		/* any in atomic context or under RCU ... */
	__u32 atomic_sleep;	/* ... that had __GFP_DIRECT_RECLAIM */
	__u32 under_i_mmap;	/* any under an i_mmap_rwsem; needs lockdep */
	__u32 table_first;	/* tables allocated before any page was */
	__u32 lost;		/* not tracked: if not 0, *_held are wrong */
	__u32 events_lost;	/* events since open() that read() will miss */
	__u32 truncated;	/* by FAULT_SELFTEST_TRUNCATE or _STEAL */
};

/*
 * FAULT_SELFTEST_REFS: count references to cached pages of the file, other than
 * the page cache's and this request's own.
 * pgoff (in), nr_pages (in): in pages
 * refs (out): one for each mapping, and some in the LRU caches for a while
 * locked (out): locked pages. This request unlocks them, in case a fault forgot
 * to; so it is wrong while faults are running.
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
 * FAULT_SELFTEST_TOUCH: call handle_mm_fault() for one address, as for a kernel
 * fault that may not retry. In a real fault, the architecture's code hides most
 * of the return value.
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
 * An event: what a handler saw on entry. read() on the device consumes as many
 * whole events as fit, oldest first. It returns 0 if there is none, EINVAL if
 * not even one fits.
 */
struct fault_selftest_event {
	__u64 address;		/* of the page; ->map_pages: of the first one */
	__u64 pgoff;		/* of the same, in pages of the file */
	__u32 nr_pages;		/* 1; ->map_pages: how many it may map */
	__u32 handler;		/* enum */
	__u32 action;		/* enum: as set by the rule */
	__u32 saw;		/* FAULT_SELFTEST_SAW_* */
	__u32 tid;		/* of the task, in its own pid namespace */
	__u32 locks;		/* held, as counted by lockdep; ~0: unknown */
	__u32 tables_held;	/* as counted by the probe; ~0: probe is off */
	__u32 pad;
};

#define FAULT_SELFTEST_SAW_PMD_EMPTY	(1U << 0)
#define FAULT_SELFTEST_SAW_PMD_HUGE	(1U << 1)
#define FAULT_SELFTEST_SAW_ATOMIC	(1U << 2)	/* preempt/irqs off */
#define FAULT_SELFTEST_SAW_RCU		(1U << 3)	/* needs lockdep */
#define FAULT_SELFTEST_SAW_PREALLOC	(1U << 4)	/* a table is at hand */
/* The handler cannot see whether a table is at hand: see tables_held */
#define FAULT_SELFTEST_SAW_PREALLOC_UNKNOWN	(1U << 5)
#define FAULT_SELFTEST_SAW_MMAP_LOCK	(1U << 6)	/* some task holds it */
#define FAULT_SELFTEST_SAW_VMA_LOCK	(1U << 7)	/* only the VMA's */
#define FAULT_SELFTEST_SAW_WRITE	(1U << 8)
#define FAULT_SELFTEST_SAW_RETRY_OK	(1U << 9)	/* RETRY is allowed */
#define FAULT_SELFTEST_SAW_TRIED	(1U << 10)	/* second try */

#define FAULT_SELFTEST_IOC_MAGIC	0xFB

#define FAULT_SELFTEST_SETUP	_IOW(FAULT_SELFTEST_IOC_MAGIC, 0, \
				     struct fault_selftest_setup)
#define FAULT_SELFTEST_RULE	_IOW(FAULT_SELFTEST_IOC_MAGIC, 1, \
				     struct fault_selftest_rule)
/* Drop all rules */
#define FAULT_SELFTEST_CLEAR	_IO(FAULT_SELFTEST_IOC_MAGIC, 2)
#define FAULT_SELFTEST_WAIT	_IOW(FAULT_SELFTEST_IOC_MAGIC, 3, \
				     struct fault_selftest_wait)
/* Wake all current sleepers */
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
