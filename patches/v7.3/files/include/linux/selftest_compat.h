/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mm/fault_selftest.c needs to build on v7.3. Only names and shapes: what
 * a test does is in the test.
 */
#ifndef _LINUX_SELFTEST_COMPAT_H
#define _LINUX_SELFTEST_COMPAT_H

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/selftest_fault.h>

#define DEFINE_SELFTEST_HANDLER(name, body)				\
static vm_fault_t name(struct vm_fault *vmf)				\
{									\
	struct selftest_fault f = {					\
		.vma = vmf->vma,					\
		.address = vmf->address & PAGE_MASK,			\
		.pgoff = vmf->pgoff,					\
		.last = vmf->pgoff,					\
		.flags = vmf->flags,					\
		.prealloc = !!vmf->prealloc_pte,			\
		.vmf = vmf,						\
	};								\
	return body(&f);						\
}

#define DEFINE_SELFTEST_MAP_PAGES(name, body)				\
static vm_fault_t name(struct vm_fault *vmf, pgoff_t start, pgoff_t end)	\
{									\
	struct selftest_fault f = {					\
		.vma = vmf->vma,					\
		.address = selftest_address(vmf->vma, start),		\
		.pgoff = start,						\
		.last = end,						\
		.flags = vmf->flags,					\
		.prealloc = !!vmf->prealloc_pte,			\
	};								\
	int todo = body(&f);						\
									\
	if (todo == SELFTEST_MAP_CACHED)				\
		return filemap_map_pages(vmf, start, end);		\
	return todo == SELFTEST_MAPPED ? VM_FAULT_NOPAGE : 0;		\
}

static inline void selftest_unlock_fault(struct selftest_fault *f)
{
	release_fault_lock(f->vmf);
}

static inline bool selftest_vma_locked(struct selftest_fault *f)
{
	return f->flags & FAULT_FLAG_VMA_LOCK;
}

static inline bool selftest_mmap_locked(struct mm_struct *mm)
{
	return rwsem_is_locked(&mm->mmap_lock);
}

static inline int selftest_init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, 0x5e1f7e57) ? 0 : -ENOMEM;
}

#define SELFTEST_PSEUDO_FS	.init_fs_context = selftest_init_fs_context

static inline vm_fault_t selftest_insert_mixed(struct selftest_fault *f,
					       struct page *page)
{
	return vmf_insert_mixed(f->vma, f->address, page_to_pfn(page));
}

#define SELFTEST_DAX_COW	0
#define SELFTEST_DAX_INODE	0

static inline vm_fault_t selftest_insert_pfn_pmd(struct selftest_fault *f,
						 pmd_t *pmd, struct page *page)
{
	return vmf_insert_pfn_pmd(f->vmf, page_to_pfn(page),
				  f->flags & FAULT_FLAG_WRITE);
}

/* ->map_pages finds the page table preallocated, and runs under RCU */
#define SELFTEST_ZAPPED			0

static inline bool selftest_prealloc_pte(struct selftest_fault *f)
{
	return false;
}

static inline void selftest_map_pte(struct selftest_fault *f)
{
}

#define SELFTEST_EACH			0

static inline void selftest_map_each(struct selftest_fault *f)
{
}

/* No page is unlocked to allocate its table */
#define SELFTEST_TRUNCATE		0

static inline void selftest_drop_page(struct page *page)
{
}

static inline vm_fault_t selftest_handle_fault(struct vm_area_struct *vma,
					       unsigned long address,
					       unsigned int flags)
{
	return handle_mm_fault(vma, address, flags, NULL);
}

/* Losing a race to a huge page is a VM_BUG_ON() */
#define SELFTEST_PFN_UNCHECKED		0

/* Flags of a user page table, and of no other allocation of order 0 */
#ifdef CONFIG_S390
#define SELFTEST_GFP_TABLE	(__GFP_COMP | __GFP_ACCOUNT)
#else
#define SELFTEST_GFP_TABLE	(__GFP_ZERO | __GFP_ACCOUNT)
#endif

/* A huge PMD in a VM_MIXEDMAP area, for which no page is counted */
#define SELFTEST_HUGE			IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP)
#define SELFTEST_PMD_FAULT		0
#define SELFTEST_INSERT_PFN_PMD		SELFTEST_HUGE
#define selftest_mkhuge(pmd)		pmd_mkspecial(pmd_mkhuge(pmd))
#define selftest_mkwrite(pmd)		pmd_mkwrite_novma(pmd)

#endif /* _LINUX_SELFTEST_COMPAT_H */
