/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fault as a handler of mm/fault_selftest.c sees it, on every kernel;
 * selftest_compat.h hides the differences.
 */
#ifndef _LINUX_SELFTEST_FAULT_H
#define _LINUX_SELFTEST_FAULT_H

#include <linux/mm.h>

struct fault_env;

struct selftest_fault {
	struct vm_area_struct *vma;
	unsigned long address;		/* page aligned */
	pgoff_t pgoff;
	pgoff_t last;			/* ->map_pages: inclusive */
	unsigned int flags;		/* FAULT_FLAG_* */
	int prealloc;			/* a table is at hand; -1: unknown */
	struct vm_fault *vmf;		/* NULL where ->map_pages has none */
	struct fault_env *fe;		/* ->map_pages, where it has one */
};

/* Return values of a ->map_pages body */
#define SELFTEST_MAP_NONE	0
#define SELFTEST_MAP_CACHED	1	/* call filemap_map_pages() */
#define SELFTEST_MAPPED		2	/* fault handled, do not call ->fault */

static inline unsigned long selftest_address(struct vm_area_struct *vma,
					     pgoff_t pgoff)
{
	return vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
}

#endif /* _LINUX_SELFTEST_FAULT_H */
