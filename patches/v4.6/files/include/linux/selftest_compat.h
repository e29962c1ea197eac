/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mm/fault_selftest.c needs to build on v4.6, with and without struct
 * fault_env. Only names and shapes: what a test does is in the test.
 */
#ifndef _LINUX_SELFTEST_COMPAT_H
#define _LINUX_SELFTEST_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pfn_t.h>
#include <linux/sched.h>
#include <linux/selftest_fault.h>

typedef int vm_fault_t;

#define DEFINE_SELFTEST_HANDLER(name, body)				\
static int name(struct vm_area_struct *vma, struct vm_fault *vmf)	\
{									\
	struct selftest_fault f = {					\
		.vma = vma,						\
		.address = (unsigned long)vmf->virtual_address,		\
		.pgoff = vmf->pgoff,					\
		.last = vmf->pgoff,					\
		.flags = vmf->flags,					\
		.prealloc = -1,						\
		.vmf = vmf,						\
	};								\
	return body(&f);						\
}

#ifdef SELFTEST_FAULT_ENV	/* set by mm/Makefile */

#ifdef SELFTEST_PREALLOC_PTE	/* likewise */
#define SELFTEST_PREALLOC(fe)	(!!(fe)->prealloc_pte)
#else
#define SELFTEST_PREALLOC(fe)	0
#endif

#define DEFINE_SELFTEST_MAP_PAGES(name, body)				\
static void name(struct fault_env *fe, pgoff_t start, pgoff_t end)	\
{									\
	struct selftest_fault f = {					\
		.vma = fe->vma,						\
		.address = selftest_address(fe->vma, start),		\
		.pgoff = start,						\
		.last = end,						\
		.flags = fe->flags,					\
		.prealloc = SELFTEST_PREALLOC(fe),			\
		.fe = fe,						\
	};								\
	if (body(&f) == SELFTEST_MAP_CACHED)				\
		filemap_map_pages(fe, start, end);			\
}

#else

#define DEFINE_SELFTEST_MAP_PAGES(name, body)				\
static void name(struct vm_area_struct *vma, struct vm_fault *vmf)	\
{									\
	struct selftest_fault f = {					\
		.vma = vma,						\
		.address = (unsigned long)vmf->virtual_address,		\
		.pgoff = vmf->pgoff,					\
		.last = vmf->max_pgoff,					\
		.flags = vmf->flags,					\
		.prealloc = 0,						\
	};								\
	if (body(&f) == SELFTEST_MAP_CACHED)				\
		filemap_map_pages(vma, vmf);				\
}

#endif /* SELFTEST_FAULT_ENV */

/*
 * The two halves of getting a page table in ->map_pages. Without them, there is
 * a table already, or a module cannot call them.
 */
#if defined(SELFTEST_PREALLOC_PTE) && !defined(MODULE)
bool fault_map_pte(struct fault_env *fe);	/* mm/internal.h */

static inline bool selftest_prealloc_pte(struct selftest_fault *f)
{
	return fault_prealloc_pte(f->fe);
}

static inline void selftest_map_pte(struct selftest_fault *f)
{
	fault_map_pte(f->fe);
}
#else
static inline bool selftest_prealloc_pte(struct selftest_fault *f)
{
	return false;
}

static inline void selftest_map_pte(struct selftest_fault *f)
{
}
#endif

#ifdef MODULE
#define SELFTEST_EACH			0
#else
#define SELFTEST_EACH			1
#endif

#if defined(SELFTEST_ALLOC_SET_PTE) && !defined(MODULE)
/* As described at alloc_set_pte() */
static inline void selftest_map_page(struct fault_env *fe, struct page *page)
{
	if (!trylock_page(page)) {
		put_page(page);
		return;
	}
	if (alloc_set_pte(fe, NULL, page))
		put_page(page);
	unlock_page(page);
}

static inline void selftest_map_each(struct selftest_fault *f)
{
	struct fault_env *fe = f->fe;
	unsigned long address;
	struct page *page;
	pgoff_t pgoff;

	if (!fe->pte && !fault_prealloc_pte(fe))
		return;
	for (pgoff = f->pgoff; pgoff <= f->last; pgoff++) {
		page = find_get_page(f->vma->vm_file->f_mapping, pgoff);
		if (!page)
			continue;
		address = selftest_address(f->vma, pgoff);
		if (fe->pte)
			fe->pte += (long)(address - (fe->address & PAGE_MASK)) /
				   (long)PAGE_SIZE;
		fe->address = address;
		selftest_map_page(fe, page);
	}
}
#else
static inline void selftest_map_each(struct selftest_fault *f)
{
}
#endif

#define SELFTEST_TRUNCATE		1

/* Locked, not mapped. Does not sleep. */
static inline void selftest_drop_page(struct page *page)
{
	delete_from_page_cache(page);
}

static inline vm_fault_t selftest_handle_fault(struct vm_area_struct *vma,
					       unsigned long address,
					       unsigned int flags)
{
	return handle_mm_fault(vma->vm_mm, vma, address, flags);
}

static inline void selftest_unlock_fault(struct selftest_fault *f)
{
	up_read(&f->vma->vm_mm->mmap_sem);
}

static inline bool selftest_vma_locked(struct selftest_fault *f)
{
	return false;
}

static inline bool selftest_mmap_locked(struct mm_struct *mm)
{
	return rwsem_is_locked(&mm->mmap_sem);
}

static inline void mmap_read_lock(struct mm_struct *mm)
{
	down_read(&mm->mmap_sem);
}

static inline void mmap_read_unlock(struct mm_struct *mm)
{
	up_read(&mm->mmap_sem);
}

static inline void mmap_write_lock(struct mm_struct *mm)
{
	down_write(&mm->mmap_sem);
}

static inline void mmap_write_unlock(struct mm_struct *mm)
{
	up_write(&mm->mmap_sem);
}

static inline void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

static inline void vm_flags_set(struct vm_area_struct *vma,
				unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline gfp_t current_gfp_context(gfp_t gfp)
{
	return memalloc_noio_flags(gfp);
}

static inline vm_fault_t selftest_insert_mixed(struct selftest_fault *f,
					       struct page *page)
{
	switch (vm_insert_mixed(f->vma, f->address, page_to_pfn_t(page))) {
	case 0:
	case -EBUSY:
		return VM_FAULT_NOPAGE;
	case -ENOMEM:
		return VM_FAULT_OOM;
	}
	return VM_FAULT_SIGBUS;
}

/* Four levels: the fourth is the PGD itself */
typedef pgd_t p4d_t;
#define p4d_offset(pgd, address)	(pgd)
#define p4d_none(p4d)			0
#define p4d_bad(p4d)			0

#define pmd_leaf(pmd)			pmd_large(pmd)

static inline struct dentry *selftest_mount(struct file_system_type *type,
					    int flags, const char *dev_name,
					    void *data)
{
	return mount_pseudo(type, "selftest:", NULL, NULL, 0x5e1f7e57);
}

#define SELFTEST_PSEUDO_FS	.mount = selftest_mount

/* ->fault of a DAX file may return with i_mmap_rwsem held and no page */
#define SELFTEST_DAX_COW	1
#define SELFTEST_DAX_INODE	S_DAX

#define SELFTEST_GFP_TABLE		__GFP_ZERO

/* With PAE, the CPU reserves the bit of pmd_mkdevmap() */
#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && defined(CONFIG_FS_DAX) && \
	defined(__HAVE_ARCH_PTE_DEVMAP) && defined(CONFIG_X86_64)
#define SELFTEST_HUGE			1
#else
#define SELFTEST_HUGE			0
#endif
#define SELFTEST_PMD_FAULT		SELFTEST_HUGE
#define SELFTEST_ZAPPED			SELFTEST_HUGE
#define selftest_mkhuge(pmd)		pmd_mkdevmap(pmd_mkhuge(pmd))
#define selftest_mkwrite(pmd)		pmd_mkwrite(pmd)

/* Without the late page tables there is no race to lose */
#define SELFTEST_PFN_UNCHECKED		1

#if SELFTEST_HUGE && !defined(MODULE)
#define SELFTEST_INSERT_PFN_PMD		1

static inline vm_fault_t selftest_insert_pfn_pmd(struct selftest_fault *f,
						 pmd_t *pmd, struct page *page)
{
	return vmf_insert_pfn_pmd(f->vma, f->address & PMD_MASK, pmd,
				  __pfn_to_pfn_t(page_to_pfn(page),
						 PFN_DEV | PFN_MAP),
				  f->flags & FAULT_FLAG_WRITE);
}
#else
#define SELFTEST_INSERT_PFN_PMD		0
#endif

#define kmap_local_page(page)		kmap_atomic(page)
#define kunmap_local(addr)		kunmap_atomic(addr)

#endif /* _LINUX_SELFTEST_COMPAT_H */
