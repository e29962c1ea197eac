// SPDX-License-Identifier: GPL-2.0
/*
 * fault_selftest: fault handlers that do on request what no user program can
 * make a handler do, and report what they saw on entry. The assertions are in
 * the kselftests in tools/testing/selftests/fault/.
 *
 * include/linux/fault_selftest.h documents the interface.
 *
 * Lifetime: all state hangs off one open file. A mapping pins the file; so
 * does a task that sleeps in ->fault, through the VMA or, once it has dropped
 * the mmap lock, through its own reference. So nothing races with ->release.
 *
 * Locks: fst->lock (rules, events, sleepers) nests inside the PTE lock and
 * RCU, because ->map_pages takes it there. probe->lock is a leaf lock, taken
 * inside the page allocator in any context.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/fault_selftest.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/highmem.h>
#include <linux/huge_mm.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/selftest_compat.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#define FST_NR_PAGES	((pgoff_t)(FAULT_SELFTEST_SIZE >> PAGE_SHIFT))
#define FST_NR_EVENTS	2048	/* power of two, for kfifo */
#define FST_NR_HELD	4096
#define FST_HUGE_ORDER	(PMD_SHIFT - PAGE_SHIFT)

/* A page that the probe saw allocated and not yet freed, or a spare entry */
struct fst_held {
	struct hlist_node node;
	struct page *page;
	u32 *count;		/* the counts.*_held that includes it */
};

struct fst_probe {
	raw_spinlock_t lock;	/* counts, spare, held */
	struct mm_struct *mm;	/* pinned; NULL: off */
	struct fault_selftest_counts counts;
	struct hlist_head spare;
	struct fst_held *pool;
	DECLARE_HASHTABLE(held, 8);
};

struct fst_rule {
	struct list_head list;
	struct fault_selftest_rule r;
};

struct fst {
	struct inode *inode;		/* whose page cache is mapped */
	struct page *pfn_page;
	struct page *huge_page;		/* NULL until a rule asks for it */
	unsigned int setup;		/* FAULT_SELFTEST_NO_* */
	struct mutex mutex;		/* huge_page; probe on and off */
	struct mutex read_mutex;	/* serialises readers of events */
	struct mutex insert_mutex;	/* pfns, huge pfns: see fst_do_pfn() */

	spinlock_t lock;		/* the fields up to wait, and dax */
	struct list_head rules;
	unsigned int nr_rules;
	DECLARE_KFIFO_PTR(events, struct fault_selftest_event);
	unsigned int events_lost;
	unsigned int asleep;
	unsigned int wakes;
	wait_queue_head_t wait;		/* sleepers, and FAULT_SELFTEST_WAIT */

	/* Last task that got a page, or i_mmap_rwsem, from a handler */
	struct task_struct *holder;
	struct page *holder_page;
	u32 meanwhile;			/* FAULT_SELFTEST_TRUNCATE or _STEAL */

	unsigned int dax;		/* reasons to be DAX: fst_mark_huge() */

	struct fst_probe probe;
};

static struct vfsmount *fst_mnt;
static int fst_mnt_count;

static struct tracepoint *fst_tp_alloc;
static struct tracepoint *fst_tp_free;

/* Page tables */

static bool fst_pte_present(pmd_t pmd, unsigned long address)
{
	bool present;
#ifdef CONFIG_HIGHPTE
	pte_t *table = kmap_local_page(pmd_page(pmd));

	present = pte_present(table[pte_index(address)]);
	kunmap_local(table);
#else
	present = pte_present(*pte_offset_kernel(&pmd, address));
#endif
	return present;
}

static u32 fst_pmd_levels(pmd_t pmd, unsigned long address)
{
	if (pmd_none(pmd))
		return 0;
	if (pmd_leaf(pmd))
		return FAULT_SELFTEST_HAS_PMD | FAULT_SELFTEST_HAS_HUGE;
	if (!pmd_present(pmd) || pmd_bad(pmd))
		return FAULT_SELFTEST_HAS_PMD;
	if (!fst_pte_present(pmd, address))
		return FAULT_SELFTEST_HAS_PMD | FAULT_SELFTEST_HAS_TABLE;
	return FAULT_SELFTEST_HAS_PMD | FAULT_SELFTEST_HAS_TABLE |
	       FAULT_SELFTEST_HAS_PTE;
}

/* Caller must pin the upper levels, see fst_query(); *levels: those set */
static pmd_t *fst_find_pmd(struct mm_struct *mm, unsigned long address,
			   u32 *levels)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;

	*levels = 0;
	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return NULL;
	*levels |= FAULT_SELFTEST_HAS_PGD;
	p4d = p4d_offset(pgd, address);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return NULL;
	*levels |= FAULT_SELFTEST_HAS_P4D;
	pud = pud_offset(p4d, address);
	if (pud_none(*pud) || pud_bad(*pud))
		return NULL;
	*levels |= FAULT_SELFTEST_HAS_PUD;
	return pmd_offset(pud, address);
}

static u32 fst_levels(struct mm_struct *mm, unsigned long address)
{
	u32 levels;
	pmd_t *pmd = fst_find_pmd(mm, address, &levels);
	pmd_t pmdval;

	if (!pmd)
		return levels;
	/* RCU: later kernels free empty page tables without the mmap lock */
	rcu_read_lock();
	pmdval = *pmd;
	barrier();
	levels |= fst_pmd_levels(pmdval, address);
	rcu_read_unlock();
	return levels;
}

/*
 * The probe: tracepoints of the page allocator.
 *
 * A shrinker, or a kprobe on __alloc_pages, could also show that no allocation
 * under a page lock can wait for I/O. But a shrinker only runs when memory is
 * short, so a test would have to exhaust memory at the very allocation under
 * test; and a kprobe depends on the allocator's calling convention. The
 * tracepoint sees every allocation, cheap ones included, in the context of its
 * task: the gfp mask and the task's NOIO scope show what reclaim would have
 * been allowed to do.
 */

static bool fst_under_lock(struct fst *fst)
{
	struct page *page;

	if (READ_ONCE(fst->holder) != current)
		return false;
	page = READ_ONCE(fst->holder_page);
	if (page)
		return PageLocked(page);
	return rwsem_is_locked(&fst->inode->i_data.i_mmap_rwsem);
}

/* DAX takes the lock of the file it maps; the device knows only its own */
static bool fst_under_i_mmap(void)
{
#ifdef CONFIG_LOCKDEP
	int i;

	for (i = 0; i < current->lockdep_depth; i++)
		if (strstr(current->held_locks[i].instance->name,
			   "i_mmap_rwsem"))
			return true;
#endif
	return false;
}

static bool fst_in_rcu(void)
{
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	return debug_lockdep_rcu_enabled() && rcu_read_lock_held();
#else
	return false;
#endif
}

static void fst_count_context(struct fst *fst, gfp_t gfp)
{
	struct fault_selftest_counts *c = &fst->probe.counts;

	if (fst_under_lock(fst)) {
		c->under_lock++;
		if ((gfp & __GFP_DIRECT_RECLAIM) &&
		    (gfp & (__GFP_IO | __GFP_FS)))
			c->under_lock_io++;
	}
	if (fst_under_i_mmap())
		c->under_i_mmap++;
}

static void fst_count_atomic(struct fst *fst, gfp_t gfp, bool atomic)
{
	struct fault_selftest_counts *c = &fst->probe.counts;

	if (atomic) {
		c->atomic++;
		if (gfp & __GFP_DIRECT_RECLAIM)
			c->atomic_sleep++;
	}
}

static void fst_hold(struct fst_probe *p, struct page *page, u32 *count)
{
	struct fst_held *h;

	if (hlist_empty(&p->spare)) {
		p->counts.lost++;
		return;
	}
	h = hlist_entry(p->spare.first, struct fst_held, node);
	hlist_del(&h->node);
	h->page = page;
	h->count = count;
	hash_add(p->held, &h->node, (unsigned long)page);
	++*count;
}

static bool fst_is_table(unsigned int order, gfp_t gfp)
{
	return !order && !(gfp & __GFP_MOVABLE) &&
	       (gfp & SELFTEST_GFP_TABLE) == SELFTEST_GFP_TABLE;
}

static void fst_count_kind(struct fst_probe *p, struct page *page,
			   unsigned int order, gfp_t gfp)
{
	struct fault_selftest_counts *c = &p->counts;

	if (!page) {
		c->failed++;
	} else if (fst_is_table(order, gfp)) {
		if (!c->pages)
			c->table_first++;
		c->tables++;
		fst_hold(p, page, &c->tables_held);
	} else if (!order && (gfp & __GFP_MOVABLE)) {
		c->pages++;
		fst_hold(p, page, &c->pages_held);
	}
}

/*
 * While a fault allocates the page table with the page unlocked, another task
 * may truncate or lock the page. The probe runs in that allocation, and so
 * hits the window every time.
 */
static void fst_meanwhile(struct fst *fst)
{
	u32 what = READ_ONCE(fst->meanwhile);
	struct page *page = READ_ONCE(fst->holder_page);

	if (READ_ONCE(fst->holder) != current || !page || !trylock_page(page))
		return;
	WRITE_ONCE(fst->meanwhile, 0);
	fst->probe.counts.truncated++;
	if (what & FAULT_SELFTEST_STEAL)
		return;
	if (page->mapping)
		selftest_drop_page(page);
	unlock_page(page);
}

static void fst_saw_alloc(void *data, struct page *page, unsigned int order,
			  gfp_t gfp, int migratetype)
{
	struct fst *fst = data;
	struct fst_probe *p = &fst->probe;
	struct mm_struct *mm = READ_ONCE(p->mm);
	/* The tracepoint itself disables preemption once */
	bool atomic = preempt_count() > PREEMPT_DISABLE_OFFSET ||
		      irqs_disabled() || fst_in_rcu();
	unsigned long flags;

	if (in_interrupt() || !mm || current->mm != mm)
		return;
	gfp = current_gfp_context(gfp);
	raw_spin_lock_irqsave(&p->lock, flags);
	fst_count_context(fst, gfp);
	fst_count_atomic(fst, gfp, atomic);
	fst_count_kind(p, page, order, gfp);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	if (READ_ONCE(fst->meanwhile) && fst_is_table(order, gfp))
		fst_meanwhile(fst);
}

static void fst_saw_free(void *data, struct page *page, unsigned int order)
{
	struct fst_probe *p = &((struct fst *)data)->probe;
	struct fst_held *h;
	unsigned long flags;

	if (order)
		return;
	raw_spin_lock_irqsave(&p->lock, flags);
	hash_for_each_possible(p->held, h, node, (unsigned long)page) {
		if (h->page != page)
			continue;
		hash_del(&h->node);
		hlist_add_head(&h->node, &p->spare);
		--*h->count;
		break;
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

static void fst_probe_detach(struct fst *fst)
{
	struct fst_probe *p = &fst->probe;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		return;		/* never attached */
	tracepoint_probe_unregister(fst_tp_alloc, fst_saw_alloc, fst);
	tracepoint_probe_unregister(fst_tp_free, fst_saw_free, fst);
	tracepoint_synchronize_unregister();
	mmdrop(p->mm);
	WRITE_ONCE(p->mm, NULL);
	vfree(p->pool);
	p->pool = NULL;
}

static int fst_probe_attach(struct fst *fst)
{
	int err;

	err = tracepoint_probe_register(fst_tp_free, fst_saw_free, fst);
	if (err)
		return err;
	err = tracepoint_probe_register(fst_tp_alloc, fst_saw_alloc, fst);
	if (err) {
		tracepoint_probe_unregister(fst_tp_free, fst_saw_free, fst);
		tracepoint_synchronize_unregister();
	}
	return err;
}

static void fst_probe_reset(struct fst_probe *p)
{
	int i;

	memset(&p->counts, 0, sizeof(p->counts));
	hash_init(p->held);
	INIT_HLIST_HEAD(&p->spare);
	for (i = 0; i < FST_NR_HELD; i++)
		hlist_add_head(&p->pool[i].node, &p->spare);
}

static int fst_probe_on(struct fst *fst)
{
	struct fst_probe *p = &fst->probe;
	int err;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS) || !fst_tp_alloc || !fst_tp_free)
		return -EOPNOTSUPP;
	if (p->mm)
		return -EBUSY;
	p->pool = vzalloc(FST_NR_HELD * sizeof(*p->pool));
	if (!p->pool)
		return -ENOMEM;
	fst_probe_reset(p);
	mmgrab(current->mm);
	/* p->mm comes last, lest registering count its own allocations */
	err = fst_probe_attach(fst);
	if (err) {
		mmdrop(current->mm);
		vfree(p->pool);
		p->pool = NULL;
		return err;
	}
	WRITE_ONCE(p->mm, current->mm);
	return 0;
}

static long fst_ioctl_probe(struct fst *fst, void __user *arg)
{
	struct fault_selftest_probe probe;
	long err = 0;

	if (copy_from_user(&probe, arg, sizeof(probe)))
		return -EFAULT;
	if (probe.pad || (probe.flags & ~FAULT_SELFTEST_PROBE_ON))
		return -EINVAL;
	mutex_lock(&fst->mutex);
	if (probe.flags & FAULT_SELFTEST_PROBE_ON)
		err = fst_probe_on(fst);
	else if (fst->probe.mm)
		fst_probe_detach(fst);
	mutex_unlock(&fst->mutex);
	return err;
}

static long fst_ioctl_counts(struct fst *fst, void __user *arg)
{
	struct fst_probe *p = &fst->probe;
	struct fault_selftest_counts counts;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	counts = p->counts;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	counts.events_lost = READ_ONCE(fst->events_lost);
	return copy_to_user(arg, &counts, sizeof(counts)) ? -EFAULT : 0;
}

/* Events */

static u32 fst_saw_flags(struct selftest_fault *f)
{
	u32 saw = 0;

	if (f->flags & FAULT_FLAG_WRITE)
		saw |= FAULT_SELFTEST_SAW_WRITE;
	if (f->flags & FAULT_FLAG_ALLOW_RETRY)
		saw |= FAULT_SELFTEST_SAW_RETRY_OK;
	if (f->flags & FAULT_FLAG_TRIED)
		saw |= FAULT_SELFTEST_SAW_TRIED;
	if (f->prealloc > 0)
		saw |= FAULT_SELFTEST_SAW_PREALLOC;
	if (f->prealloc < 0)
		saw |= FAULT_SELFTEST_SAW_PREALLOC_UNKNOWN;
	if (selftest_mmap_locked(f->vma->vm_mm))
		saw |= FAULT_SELFTEST_SAW_MMAP_LOCK;
	if (selftest_vma_locked(f))
		saw |= FAULT_SELFTEST_SAW_VMA_LOCK;
	return saw;
}

/* Must run before this file itself takes a lock or enters RCU */
static u32 fst_saw_context(void)
{
	u32 saw = 0;

	if (preempt_count() || irqs_disabled())
		saw |= FAULT_SELFTEST_SAW_ATOMIC;
	if (fst_in_rcu())
		saw |= FAULT_SELFTEST_SAW_RCU;
	return saw;
}

static u32 fst_saw_pmd(struct selftest_fault *f)
{
	u32 levels = fst_levels(f->vma->vm_mm, f->address);

	if (!(levels & FAULT_SELFTEST_HAS_PMD))
		return FAULT_SELFTEST_SAW_PMD_EMPTY;
	if (levels & FAULT_SELFTEST_HAS_HUGE)
		return FAULT_SELFTEST_SAW_PMD_HUGE;
	return 0;
}

static u32 fst_locks_held(void)
{
#ifdef CONFIG_LOCKDEP
	return current->lockdep_depth;
#else
	return ~0U;
#endif
}

static void fst_add_event(struct fst *fst, struct selftest_fault *f,
			  struct fault_selftest_event *ev)
{
	ev->address = f->address;
	ev->pgoff = f->pgoff;
	ev->nr_pages = f->last - f->pgoff + 1;
	ev->tid = task_pid_vnr(current);
	ev->tables_held = READ_ONCE(fst->probe.mm) ?
			  READ_ONCE(fst->probe.counts.tables_held) : ~0U;
	if (!kfifo_in(&fst->events, ev, 1))
		fst->events_lost++;
}

static ssize_t fst_read(struct file *file, char __user *buf, size_t count,
			loff_t *ppos)
{
	struct fst *fst = file->private_data;
	unsigned int copied;
	int err;

	if (count < sizeof(struct fault_selftest_event))
		return -EINVAL;
	count = min_t(size_t, count, INT_MAX);
	if (mutex_lock_interruptible(&fst->read_mutex))
		return -ERESTARTSYS;
	err = kfifo_to_user(&fst->events, buf, count, &copied);
	mutex_unlock(&fst->read_mutex);
	if (err && !copied)
		return err;
	return copied;
}

/* Rules */

static struct fst_rule *fst_find_rule(struct fst *fst, u32 handler,
				      pgoff_t pgoff)
{
	struct fst_rule *rule;

	list_for_each_entry(rule, &fst->rules, list) {
		if (rule->r.handler == handler && pgoff >= rule->r.pgoff &&
		    pgoff - rule->r.pgoff < rule->r.nr_pages)
			return rule;
	}
	return NULL;
}

static void fst_forget_rule(struct fst *fst, struct fst_rule *rule)
{
	list_del(&rule->list);
	fst->nr_rules--;
	kfree(rule);
}

static u32 fst_use_rule(struct fst *fst, struct fst_rule *rule, u32 *flags)
{
	u32 action = rule->r.action;

	*flags = rule->r.flags;
	if (rule->r.times && !--rule->r.times)
		fst_forget_rule(fst, rule);
	return action;
}

static const u32 fst_default_action[] = {
	[FAULT_SELFTEST_FAULT]		= FAULT_SELFTEST_LOCKED,
	[FAULT_SELFTEST_MAP_PAGES]	= FAULT_SELFTEST_PAGE,
	[FAULT_SELFTEST_MKWRITE]	= FAULT_SELFTEST_LOCKED,
	[FAULT_SELFTEST_PMD_FAULT]	= FAULT_SELFTEST_HUGE,
};

/* Internal flag, in addition to those of a rule: the PMD was empty on entry */
#define FST_PMD_EMPTY	BIT(31)

/* Every handler starts here: log an event, and return the action to take */
static u32 fst_enter(struct selftest_fault *f, u32 handler, u32 *flags)
{
	struct fst *fst = f->vma->vm_file->private_data;
	struct fault_selftest_event ev = {
		.handler = handler,
		.action = fst_default_action[handler],
		.locks = fst_locks_held(),
		.saw = fst_saw_context() | fst_saw_flags(f),
	};
	struct fst_rule *rule;

	ev.saw |= fst_saw_pmd(f);
	*flags = 0;
	spin_lock(&fst->lock);
	if (fst->holder == current)
		WRITE_ONCE(fst->holder, NULL);
	rule = fst_find_rule(fst, handler, f->pgoff);
	if (rule)
		ev.action = fst_use_rule(fst, rule, flags);
	fst_add_event(fst, f, &ev);
	spin_unlock(&fst->lock);
	if (ev.saw & FAULT_SELFTEST_SAW_PMD_EMPTY)
		*flags |= FST_PMD_EMPTY;
	return ev.action;
}

static const u32 fst_actions[] = {
	[FAULT_SELFTEST_FAULT]		= (BIT(FAULT_SELFTEST_ZAPPED) - 1) |
					  BIT(FAULT_SELFTEST_INSERT),
	[FAULT_SELFTEST_MAP_PAGES]	= BIT(FAULT_SELFTEST_PAGE) |
					  BIT(FAULT_SELFTEST_NOPAGE) |
					  BIT(FAULT_SELFTEST_HUGE) |
					  BIT(FAULT_SELFTEST_ZAPPED) |
					  BIT(FAULT_SELFTEST_HUGE_PAGE) |
					  BIT(FAULT_SELFTEST_EACH),
	[FAULT_SELFTEST_MKWRITE]	= BIT(FAULT_SELFTEST_PAGE) |
					  BIT(FAULT_SELFTEST_LOCKED) |
					  BIT(FAULT_SELFTEST_SIGBUS) |
					  BIT(FAULT_SELFTEST_OOM) |
					  BIT(FAULT_SELFTEST_NOPAGE),
	[FAULT_SELFTEST_PMD_FAULT]	= BIT(FAULT_SELFTEST_HUGE) |
					  BIT(FAULT_SELFTEST_FALLBACK),
};

#define FST_MEANWHILE_FLAGS	(FAULT_SELFTEST_TRUNCATE | FAULT_SELFTEST_STEAL)

/* Actions of ->fault that take these flags */
#define FST_UNCHECKED	(BIT(FAULT_SELFTEST_PFN) | \
			 BIT(FAULT_SELFTEST_INSERT) | BIT(FAULT_SELFTEST_HUGE))
#define FST_MEANWHILE	(BIT(FAULT_SELFTEST_PAGE) | \
			 BIT(FAULT_SELFTEST_LOCKED) | BIT(FAULT_SELFTEST_MAJOR))

static bool fst_flags_ok(const struct fault_selftest_rule *r)
{
	if ((r->flags & FAULT_SELFTEST_UNCHECKED) &&
	    (r->handler != FAULT_SELFTEST_FAULT ||
	     !(FST_UNCHECKED & BIT(r->action))))
		return false;
	if ((r->flags & FST_MEANWHILE_FLAGS) &&
	    (r->handler != FAULT_SELFTEST_FAULT ||
	     !(FST_MEANWHILE & BIT(r->action))))
		return false;
	switch (r->flags & ~(FAULT_SELFTEST_UNCHECKED | FST_MEANWHILE_FLAGS)) {
	case 0:
		return true;
	case FAULT_SELFTEST_SLEEP:
		return r->handler == FAULT_SELFTEST_FAULT ||
		       r->handler == FAULT_SELFTEST_MKWRITE;
	case FAULT_SELFTEST_SLEEP_UNLOCKED:
		return r->action == FAULT_SELFTEST_RETRY;
	}
	return false;
}

static int fst_check_range(u64 pgoff, u64 nr_pages)
{
	if (!nr_pages || pgoff >= FST_NR_PAGES ||
	    nr_pages > FST_NR_PAGES - pgoff)
		return -ERANGE;
	return 0;
}

static int fst_check_rule(const struct fault_selftest_rule *r)
{
	if (r->handler >= FAULT_SELFTEST_NR_HANDLERS ||
	    r->action >= FAULT_SELFTEST_NR_ACTIONS ||
	    !(fst_actions[r->handler] & BIT(r->action)) || !fst_flags_ok(r))
		return -EINVAL;
	return fst_check_range(r->pgoff, r->nr_pages);
}

static int fst_add_rule(struct fst *fst, struct fst_rule *rule)
{
	int err = -ENOSPC;

	spin_lock(&fst->lock);
	if (fst->nr_rules < FAULT_SELFTEST_MAX_RULES) {
		list_add(&rule->list, &fst->rules);
		fst->nr_rules++;
		err = 0;
	}
	spin_unlock(&fst->lock);
	return err;
}

static void fst_clear_rules(struct fst *fst)
{
	struct fst_rule *rule, *next;

	spin_lock(&fst->lock);
	list_for_each_entry_safe(rule, next, &fst->rules, list)
		fst_forget_rule(fst, rule);
	spin_unlock(&fst->lock);
}

/* Pages */

static void fst_fill_page(struct page *page, u64 word)
{
	u64 *p = kmap_local_page(page);
	int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*p); i++)
		p[i] = word;
	kunmap_local(p);
	flush_dcache_page(page);
}

static void fst_count_dax(struct fst *fst, int nr)
{
	spin_lock(&fst->lock);
	fst->dax += nr;
	if (fst->dax)
		fst->inode->i_flags |= SELFTEST_DAX_INODE;
	else
		fst->inode->i_flags &= ~SELFTEST_DAX_INODE;
	spin_unlock(&fst->lock);
}

/*
 * v4.6 accepts a huge PMD without a refcount from a DAX file only, but for such
 * a file it allocates page tables before it calls ->fault. So the file is DAX
 * only while a huge pfn may be mapped: as long as a VMA that had one exists.
 */
static void __maybe_unused fst_mark_huge(struct fst *fst,
					 struct vm_area_struct *vma)
{
	fst_count_dax(fst, 1);
	if (xchg(&vma->vm_private_data, fst))
		fst_count_dax(fst, -1);
}

/* A split, fork() or mremap() has copied vm_private_data */
static void fst_vma_open(struct vm_area_struct *vma)
{
	if (vma->vm_private_data)
		fst_count_dax(vma->vm_private_data, 1);
}

static void fst_vma_close(struct vm_area_struct *vma)
{
	if (vma->vm_private_data)
		fst_count_dax(vma->vm_private_data, -1);
}

/* Returns a locked page with a reference. Unevictable, so never reclaimed. */
static struct page *fst_get_page(struct fst *fst, pgoff_t pgoff)
{
	struct address_space *mapping = fst->inode->i_mapping;
	struct page *page;

	page = find_or_create_page(mapping, pgoff, mapping_gfp_mask(mapping));
	if (page && !PageUptodate(page)) {
		fst_fill_page(page, pgoff);
		SetPageUptodate(page);
	}
	return page;
}

static int fst_cache_page(struct fst *fst, pgoff_t pgoff)
{
	struct page *page = fst_get_page(fst, pgoff);

	if (!page)
		return -ENOMEM;
	unlock_page(page);
	put_page(page);
	return 0;
}

#if SELFTEST_HUGE

/*
 * vmf_insert_pfn_pmd() is not available to modules in v4.6, and overwrites a
 * table that another thread has installed; in v6.12 it warns about one.
 */
static bool fst_set_huge_pmd(struct fst *fst, struct vm_area_struct *vma,
			     unsigned long address, pmd_t *pmd)
{
	pmd_t entry = pfn_pmd(page_to_pfn(fst->huge_page), vma->vm_page_prot);
	spinlock_t *ptl;
	bool ok;

	entry = pmd_mkyoung(selftest_mkhuge(entry));
	if (vma->vm_flags & VM_WRITE)
		entry = pmd_mkdirty(selftest_mkwrite(entry));
	ptl = pmd_lock(vma->vm_mm, pmd);
	ok = pmd_none(*pmd) || pmd_leaf(*pmd);
	if (ok)
		set_pmd_at(vma->vm_mm, address & PMD_MASK, pmd, entry);
	spin_unlock(ptl);
	return ok;
}

static vm_fault_t fst_insert_huge(struct fst *fst, struct selftest_fault *f)
{
	u32 levels;
	pmd_t *pmd = fst_find_pmd(f->vma->vm_mm, f->address, &levels);

	fst_mark_huge(fst, f->vma);
	if (pmd)
		fst_set_huge_pmd(fst, f->vma, f->address, pmd);
	return VM_FAULT_NOPAGE;
}

#else

static vm_fault_t fst_insert_huge(struct fst *fst, struct selftest_fault *f)
{
	return VM_FAULT_SIGBUS;
}

#endif

#if SELFTEST_INSERT_PFN_PMD

static vm_fault_t fst_insert_huge_unchecked(struct fst *fst,
					    struct selftest_fault *f)
{
	u32 levels;
	pmd_t *pmd = fst_find_pmd(f->vma->vm_mm, f->address, &levels);

	fst_mark_huge(fst, f->vma);
	return selftest_insert_pfn_pmd(f, pmd, fst->huge_page);
}

#else

static vm_fault_t fst_insert_huge_unchecked(struct fst *fst,
					    struct selftest_fault *f)
{
	return VM_FAULT_SIGBUS;
}

#endif

#if SELFTEST_PMD_FAULT

/* fork() write-protects the huge PMD; the next write faults here */
static int fst_pmd_fault(struct vm_area_struct *vma, unsigned long address,
			 pmd_t *pmd, unsigned int fault_flags)
{
	struct selftest_fault f = {
		.vma = vma,
		.address = address & PAGE_MASK,
		.pgoff = linear_page_index(vma, address),
		.last = linear_page_index(vma, address),
		.flags = fault_flags,
		.prealloc = -1,
	};
	u32 flags, action = fst_enter(&f, FAULT_SELFTEST_PMD_FAULT, &flags);

	if (pmd_none(*pmd) || action == FAULT_SELFTEST_FALLBACK)
		return VM_FAULT_FALLBACK;
	fst_set_huge_pmd(vma->vm_file->private_data, vma, address, pmd);
	return 0;
}

#define FST_HUGE_OPS	.pmd_fault = fst_pmd_fault,

#else

#define FST_HUGE_OPS

#endif

static bool fst_huge_fits(struct selftest_fault *f)
{
	unsigned long start = f->address & PMD_MASK;

	return (f->vma->vm_flags & VM_SHARED) && start >= f->vma->vm_start &&
	       f->vma->vm_end - start >= PMD_SIZE;
}

static int fst_alloc_huge(struct fst *fst)
{
	struct page *page;
	int i;

	page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN,
			   FST_HUGE_ORDER);
	if (!page)
		return -ENOMEM;
	for (i = 0; i < 1 << FST_HUGE_ORDER; i++)
		fst_fill_page(page + i, FAULT_SELFTEST_HUGE_WORD | i);
	fst->huge_page = page;
	return 0;
}

/* The first rule for a huge pfn allocates it */
static int fst_prepare_huge(struct fst *fst)
{
	int err = 0;

	if (!SELFTEST_HUGE)
		return -EOPNOTSUPP;
	mutex_lock(&fst->mutex);
	if (!fst->huge_page)
		err = fst_alloc_huge(fst);
	mutex_unlock(&fst->mutex);
	return err;
}

static bool fst_can_action(const struct fault_selftest_rule *r)
{
	bool unchecked = r->flags & FAULT_SELFTEST_UNCHECKED;

	switch (r->action) {
	case FAULT_SELFTEST_HUGE:
		return SELFTEST_HUGE && (!unchecked || SELFTEST_INSERT_PFN_PMD);
	case FAULT_SELFTEST_ZAPPED:
	case FAULT_SELFTEST_HUGE_PAGE:
		return SELFTEST_ZAPPED;
	case FAULT_SELFTEST_PFN:
	case FAULT_SELFTEST_INSERT:
		return !unchecked || SELFTEST_PFN_UNCHECKED;
	case FAULT_SELFTEST_EACH:
		return SELFTEST_EACH;
	case FAULT_SELFTEST_COW:
		return SELFTEST_DAX_COW;
	}
	return true;
}

static int fst_prepare_rule(struct fst *fst,
			    const struct fault_selftest_rule *r)
{
	if (!fst_can_action(r) ||
	    (r->handler == FAULT_SELFTEST_PMD_FAULT && !SELFTEST_PMD_FAULT) ||
	    ((r->flags & FST_MEANWHILE_FLAGS) && !SELFTEST_TRUNCATE))
		return -EOPNOTSUPP;
	switch (r->action) {
	case FAULT_SELFTEST_HUGE:
	case FAULT_SELFTEST_ZAPPED:
	case FAULT_SELFTEST_HUGE_PAGE:
		return fst_prepare_huge(fst);
	case FAULT_SELFTEST_COW:
		fst_count_dax(fst, 1);	/* for good: only DAX does this */
		break;
	}
	return 0;
}

static long fst_ioctl_rule(struct fst *fst, void __user *arg)
{
	struct fst_rule *rule;
	int err;

	rule = kmalloc(sizeof(*rule), GFP_KERNEL);
	if (!rule)
		return -ENOMEM;
	err = -EFAULT;
	if (copy_from_user(&rule->r, arg, sizeof(rule->r)))
		goto free;
	err = fst_check_rule(&rule->r);
	if (!err)
		err = fst_prepare_rule(fst, &rule->r);
	if (!err)
		err = fst_add_rule(fst, rule);
	if (!err)
		return 0;
free:
	kfree(rule);
	return err;
}

/* Handlers */

static void fst_holds(struct fst *fst, struct page *page)
{
	WRITE_ONCE(fst->holder_page, page);
	WRITE_ONCE(fst->holder, current);
}

static vm_fault_t fst_do_page(struct fst *fst, struct selftest_fault *f,
			      u32 action)
{
	struct page *page = fst_get_page(fst, f->pgoff);

	if (!page)
		return VM_FAULT_OOM;
	f->vmf->page = page;
	fst_holds(fst, page);
	if (action == FAULT_SELFTEST_PAGE) {
		unlock_page(page);
		return 0;
	}
	if (action == FAULT_SELFTEST_MAJOR)
		return VM_FAULT_LOCKED | VM_FAULT_MAJOR;
	return VM_FAULT_LOCKED;
}

static vm_fault_t fst_do_cow(struct fst *fst, struct selftest_fault *f)
{
	if (!f->vmf->cow_page)
		return fst_do_page(fst, f, FAULT_SELFTEST_LOCKED);
	fst_fill_page(f->vmf->cow_page, f->pgoff);
	fst_holds(fst, NULL);
	i_mmap_lock_read(fst->inode->i_mapping);
	return VM_FAULT_LOCKED;
}

/* Trust the PMD state seen on entry */
static bool fst_unchecked(u32 flags)
{
	return (flags & FAULT_SELFTEST_UNCHECKED) && (flags & FST_PMD_EMPTY);
}

/*
 * The caller must serialise pfns against huge pfns: vm_insert_mixed() assumes
 * that every PMD which is not empty has a table.
 */
static vm_fault_t fst_do_pfn(struct fst *fst, struct selftest_fault *f,
			     u32 flags)
{
	vm_fault_t ret = VM_FAULT_NOPAGE;

	if (fst_unchecked(flags))
		return selftest_insert_mixed(f, fst->pfn_page);
	mutex_lock(&fst->insert_mutex);
	if (!(fst_levels(f->vma->vm_mm, f->address) & FAULT_SELFTEST_HAS_HUGE))
		ret = selftest_insert_mixed(f, fst->pfn_page);
	mutex_unlock(&fst->insert_mutex);
	return ret;
}

/* As a driver that inserts its pages itself */
static vm_fault_t fst_insert_page(struct fst *fst, struct selftest_fault *f)
{
	struct page *page = fst_get_page(fst, f->pgoff);
	int err;

	if (!page)
		return VM_FAULT_OOM;
	unlock_page(page);
	err = vm_insert_page(f->vma, f->address, page);
	put_page(page);
	if (err == -ENOMEM)
		return VM_FAULT_OOM;
	return err && err != -EBUSY ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

static vm_fault_t fst_do_insert(struct fst *fst, struct selftest_fault *f,
				u32 flags)
{
	vm_fault_t ret = VM_FAULT_NOPAGE;

	if (fst_unchecked(flags))
		return fst_insert_page(fst, f);
	mutex_lock(&fst->insert_mutex);
	if (!(fst_levels(f->vma->vm_mm, f->address) & FAULT_SELFTEST_HAS_HUGE))
		ret = fst_insert_page(fst, f);
	mutex_unlock(&fst->insert_mutex);
	return ret;
}

static vm_fault_t fst_do_huge(struct fst *fst, struct selftest_fault *f,
			      u32 flags)
{
	vm_fault_t ret;

	if (fst_huge_fits(f) && fst_unchecked(flags))
		return fst_insert_huge_unchecked(fst, f);
	if (!fst_huge_fits(f) || (fst_levels(f->vma->vm_mm, f->address) &
				  FAULT_SELFTEST_HAS_TABLE))
		return fst_do_page(fst, f, FAULT_SELFTEST_LOCKED);
	mutex_lock(&fst->insert_mutex);
	ret = fst_insert_huge(fst, f);
	mutex_unlock(&fst->insert_mutex);
	return ret;
}

static bool fst_may_retry(struct selftest_fault *f)
{
	return (f->flags & FAULT_FLAG_ALLOW_RETRY) &&
	       !(f->flags & (FAULT_FLAG_RETRY_NOWAIT | FAULT_FLAG_TRIED));
}

/* Returns true if woken, false if killed */
static bool fst_sleep(struct fst *fst)
{
	unsigned int wakes;
	int err;

	spin_lock(&fst->lock);
	wakes = fst->wakes;
	fst->asleep++;
	spin_unlock(&fst->lock);
	wake_up_all(&fst->wait);
	err = wait_event_killable(fst->wait, READ_ONCE(fst->wakes) != wakes);
	spin_lock(&fst->lock);
	fst->asleep--;
	spin_unlock(&fst->lock);
	return !err;
}

static vm_fault_t fst_do_retry(struct fst *fst, struct selftest_fault *f,
			       bool asleep)
{
	struct file *file;

	if (!fst_may_retry(f))
		return fst_do_page(fst, f, FAULT_SELFTEST_LOCKED);
	/* Once unlocked, the VMA and its file reference may go away */
	file = get_file(f->vma->vm_file);
	selftest_unlock_fault(f);
	if (asleep) {
		fst_sleep(fst);
		/* If unmapped meanwhile, the VMA is freed: KASAN sees its use. */
		rcu_barrier();
	}
	fput(file);
	return VM_FAULT_RETRY;
}

static vm_fault_t fst_killed(struct selftest_fault *f)
{
	if (!fst_may_retry(f))
		return VM_FAULT_SIGBUS;
	selftest_unlock_fault(f);
	return VM_FAULT_RETRY;
}

static vm_fault_t fst_do_fault(struct selftest_fault *f)
{
	struct fst *fst = f->vma->vm_file->private_data;
	u32 flags, action = fst_enter(f, FAULT_SELFTEST_FAULT, &flags);

	if ((flags & FAULT_SELFTEST_SLEEP) && !fst_sleep(fst))
		return fst_killed(f);
	switch (action) {
	case FAULT_SELFTEST_SIGBUS:
		return VM_FAULT_SIGBUS;
	case FAULT_SELFTEST_OOM:
		return VM_FAULT_OOM;
	case FAULT_SELFTEST_NOPAGE:
		return VM_FAULT_NOPAGE;
	case FAULT_SELFTEST_RETRY:
		return fst_do_retry(fst, f,
				    flags & FAULT_SELFTEST_SLEEP_UNLOCKED);
	case FAULT_SELFTEST_PFN:
		return fst_do_pfn(fst, f, flags);
	case FAULT_SELFTEST_INSERT:
		return fst_do_insert(fst, f, flags);
	case FAULT_SELFTEST_HUGE:
		return fst_do_huge(fst, f, flags);
	case FAULT_SELFTEST_COW:
		return fst_do_cow(fst, f);
	}
	WRITE_ONCE(fst->meanwhile, flags & FST_MEANWHILE_FLAGS);
	return fst_do_page(fst, f, action);
}

static void fst_unmap(struct fst *fst, pgoff_t pgoff, pgoff_t nr_pages)
{
	unmap_mapping_range(fst->inode->i_mapping,
			    (loff_t)pgoff << PAGE_SHIFT,
			    (loff_t)nr_pages << PAGE_SHIFT, 1);
}

/*
 * The preallocation check sees a huge PMD, but the table is needed once the PMD
 * is empty again. In between, the kernel only enters RCU and looks at pages:
 * another thread would hit that window by chance only, so the handler plays
 * both threads.
 */
static void fst_map_zapped(struct fst *fst, struct selftest_fault *f)
{
	mutex_lock(&fst->insert_mutex);
	fst_insert_huge(fst, f);
	mutex_unlock(&fst->insert_mutex);
	if (!selftest_prealloc_pte(f))
		return;
	fst_unmap(fst, linear_page_index(f->vma, f->address & PMD_MASK),
		  PMD_SIZE >> PAGE_SHIFT);
	rcu_read_lock();
	selftest_map_pte(f);
	rcu_read_unlock();
}

/* The PMD was empty, so no PTE lock is held; on v6.12, RCU is */
static int fst_map_huge(struct fst *fst, struct selftest_fault *f)
{
	fst_insert_huge(fst, f);
	if (fst_levels(f->vma->vm_mm, f->address) & FAULT_SELFTEST_HAS_HUGE)
		return SELFTEST_MAPPED;
	return SELFTEST_MAP_NONE;
}

static int fst_do_map_pages(struct selftest_fault *f)
{
	struct fst *fst = f->vma->vm_file->private_data;
	u32 flags, action = fst_enter(f, FAULT_SELFTEST_MAP_PAGES, &flags);
	bool huge = (flags & FST_PMD_EMPTY) && fst_huge_fits(f);

	switch (action) {
	case FAULT_SELFTEST_PAGE:
		return SELFTEST_MAP_CACHED;
	case FAULT_SELFTEST_HUGE:
		return huge ? fst_map_huge(fst, f) : SELFTEST_MAP_NONE;
	case FAULT_SELFTEST_HUGE_PAGE:
		if (huge)
			fst_map_huge(fst, f);
		return SELFTEST_MAP_CACHED;
	case FAULT_SELFTEST_ZAPPED:
		if (huge)
			fst_map_zapped(fst, f);
		break;
	case FAULT_SELFTEST_EACH:
		selftest_map_each(f);
		break;
	}
	return SELFTEST_MAP_NONE;
}

static vm_fault_t fst_do_mkwrite(struct selftest_fault *f)
{
	struct fst *fst = f->vma->vm_file->private_data;
	u32 flags, action = fst_enter(f, FAULT_SELFTEST_MKWRITE, &flags);
	struct page *page = f->vmf->page;

	if ((flags & FAULT_SELFTEST_SLEEP) && !fst_sleep(fst))
		return VM_FAULT_SIGBUS;
	switch (action) {
	case FAULT_SELFTEST_SIGBUS:
		return VM_FAULT_SIGBUS;
	case FAULT_SELFTEST_OOM:
		return VM_FAULT_OOM;
	case FAULT_SELFTEST_NOPAGE:
		return VM_FAULT_NOPAGE;
	}
	fst_holds(fst, page);
	if (action == FAULT_SELFTEST_PAGE)
		return 0;
	lock_page(page);
	if (page->mapping == fst->inode->i_mapping)
		return VM_FAULT_LOCKED;
	unlock_page(page);		/* as a file system does */
	return VM_FAULT_NOPAGE;
}

DEFINE_SELFTEST_HANDLER(fst_fault, fst_do_fault)
DEFINE_SELFTEST_HANDLER(fst_page_mkwrite, fst_do_mkwrite)
DEFINE_SELFTEST_MAP_PAGES(fst_map_pages, fst_do_map_pages)

#define FST_OPS		FST_HUGE_OPS \
			.open = fst_vma_open, .close = fst_vma_close,

/* Indexed by FAULT_SELFTEST_NO_* */
static const struct vm_operations_struct fst_vm_ops[] = {
	{
		FST_OPS
		.fault = fst_fault,
		.map_pages = fst_map_pages,
		.page_mkwrite = fst_page_mkwrite,
	},
	[FAULT_SELFTEST_NO_MAP_PAGES] = {
		FST_OPS
		.fault = fst_fault,
		.page_mkwrite = fst_page_mkwrite,
	},
	[FAULT_SELFTEST_NO_MKWRITE] = {
		FST_OPS
		.fault = fst_fault,
		.map_pages = fst_map_pages,
	},
	[FAULT_SELFTEST_NO_MAP_PAGES | FAULT_SELFTEST_NO_MKWRITE] = {
		FST_OPS
		.fault = fst_fault,
	},
};

static int fst_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct fst *fst = file->private_data;

	if (fst_check_range(vma->vm_pgoff,
			    (vma->vm_end - vma->vm_start) >> PAGE_SHIFT))
		return -EINVAL;
	/* Pages, pfns and huge pfns may mix; mremap() must not grow it */
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND);
	vma->vm_ops = &fst_vm_ops[READ_ONCE(fst->setup)];
	return 0;
}

/* Other requests */

static long fst_ioctl_setup(struct fst *fst, void __user *arg)
{
	struct fault_selftest_setup setup;

	if (copy_from_user(&setup, arg, sizeof(setup)))
		return -EFAULT;
	if (setup.pad || setup.flags >= ARRAY_SIZE(fst_vm_ops))
		return -EINVAL;
	WRITE_ONCE(fst->setup, setup.flags);
	return 0;
}

static long fst_ioctl_wait(struct fst *fst, void __user *arg)
{
	struct fault_selftest_wait wait;

	if (copy_from_user(&wait, arg, sizeof(wait)))
		return -EFAULT;
	if (wait.pad)
		return -EINVAL;
	if (wait_event_interruptible(fst->wait,
				     READ_ONCE(fst->asleep) >= wait.nr))
		return -EINTR;
	return 0;
}

static long fst_ioctl_wake(struct fst *fst)
{
	spin_lock(&fst->lock);
	WRITE_ONCE(fst->wakes, fst->wakes + 1);
	spin_unlock(&fst->lock);
	wake_up_all(&fst->wait);
	return 0;
}

static long fst_get_range(struct fault_selftest_range *range, void __user *arg)
{
	if (copy_from_user(range, arg, sizeof(*range)))
		return -EFAULT;
	return fst_check_range(range->pgoff, range->nr_pages);
}

static long fst_ioctl_pages(struct fst *fst, void __user *arg)
{
	struct fault_selftest_range range;
	long err = fst_get_range(&range, arg);
	pgoff_t i;

	for (i = 0; !err && i < range.nr_pages; i++) {
		err = fst_cache_page(fst, range.pgoff + i);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err;
}

static long fst_ioctl_unmap(struct fst *fst, void __user *arg)
{
	struct fault_selftest_range range;
	long err = fst_get_range(&range, arg);

	if (err)
		return err;
	fst_unmap(fst, range.pgoff, range.nr_pages);
	return 0;
}

static void fst_add_refs(struct address_space *mapping, pgoff_t pgoff,
			 struct fault_selftest_refs *refs)
{
	struct page *page = find_get_page(mapping, pgoff);

	if (!page)
		return;
	refs->refs += page_count(page) - 2;	/* the page cache's and ours */
	if (PageLocked(page)) {
		refs->locked++;
		unlock_page(page);
	}
	put_page(page);
}

static long fst_ioctl_refs(struct fst *fst, void __user *arg)
{
	struct fault_selftest_refs refs;
	pgoff_t i;

	if (copy_from_user(&refs, arg, sizeof(refs)))
		return -EFAULT;
	if (fst_check_range(refs.pgoff, refs.nr_pages))
		return -ERANGE;
	refs.refs = 0;
	refs.locked = 0;
	for (i = 0; i < refs.nr_pages; i++) {
		fst_add_refs(fst->inode->i_mapping, refs.pgoff + i, &refs);
		cond_resched();
	}
	return copy_to_user(arg, &refs, sizeof(refs)) ? -EFAULT : 0;
}

/*
 * Where there is a VMA, the mmap read lock is enough to pin the page tables.
 * Elsewhere munmap() may be freeing them with the lock downgraded to read:
 * only the write lock excludes it.
 */
static u32 fst_query(struct mm_struct *mm, unsigned long address)
{
	struct vm_area_struct *vma;
	u32 levels;

	mmap_read_lock(mm);
	vma = find_vma(mm, address);
	if (vma && vma->vm_start <= address) {
		levels = fst_levels(mm, address);
		mmap_read_unlock(mm);
		return levels;
	}
	mmap_read_unlock(mm);
	mmap_write_lock(mm);
	levels = fst_levels(mm, address);
	mmap_write_unlock(mm);
	return levels;
}

static const struct {
	unsigned int from, to;
} fst_touched[] = {
	{ VM_FAULT_OOM, FAULT_SELFTEST_TOUCHED_OOM },
	{ VM_FAULT_SIGBUS, FAULT_SELFTEST_TOUCHED_SIGBUS },
	{ VM_FAULT_MAJOR, FAULT_SELFTEST_TOUCHED_MAJOR },
	{ VM_FAULT_NOPAGE, FAULT_SELFTEST_TOUCHED_NOPAGE },
	{ VM_FAULT_LOCKED, FAULT_SELFTEST_TOUCHED_LOCKED },
};

static u32 fst_result(unsigned int ret)
{
	u32 result = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(fst_touched); i++) {
		if (ret & fst_touched[i].from)
			result |= fst_touched[i].to;
		ret &= ~fst_touched[i].from;
	}
	return ret ? result | FAULT_SELFTEST_TOUCHED_OTHER : result;
}

static long fst_ioctl_touch(void __user *arg)
{
	struct fault_selftest_touch touch;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned int flags = 0;
	long err = -ERANGE;

	if (copy_from_user(&touch, arg, sizeof(touch)))
		return -EFAULT;
	if (touch.result || (touch.flags & ~FAULT_SELFTEST_TOUCH_WRITE))
		return -EINVAL;
	if (touch.flags & FAULT_SELFTEST_TOUCH_WRITE)
		flags = FAULT_FLAG_WRITE;
	mmap_read_lock(mm);
	vma = find_vma(mm, touch.address);
	if (vma && vma->vm_start <= touch.address) {
		touch.result = fst_result(selftest_handle_fault(vma,
							touch.address, flags));
		err = 0;
	}
	mmap_read_unlock(mm);
	if (!err && copy_to_user(arg, &touch, sizeof(touch)))
		err = -EFAULT;
	return err;
}

static long fst_ioctl_query(void __user *arg)
{
	struct fault_selftest_query query;
	struct mm_struct *mm = current->mm;

	if (copy_from_user(&query, arg, sizeof(query)))
		return -EFAULT;
	if (query.pad || query.levels)
		return -EINVAL;
	if (query.address >= TASK_SIZE)
		return -ERANGE;
	query.levels = fst_query(mm, query.address);
	return copy_to_user(arg, &query, sizeof(query)) ? -EFAULT : 0;
}

static long fst_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct fst *fst = file->private_data;
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case FAULT_SELFTEST_SETUP:
		return fst_ioctl_setup(fst, argp);
	case FAULT_SELFTEST_RULE:
		return fst_ioctl_rule(fst, argp);
	case FAULT_SELFTEST_CLEAR:
		fst_clear_rules(fst);
		return 0;
	case FAULT_SELFTEST_WAIT:
		return fst_ioctl_wait(fst, argp);
	case FAULT_SELFTEST_WAKE:
		return fst_ioctl_wake(fst);
	case FAULT_SELFTEST_PAGES:
		return fst_ioctl_pages(fst, argp);
	case FAULT_SELFTEST_UNMAP:
		return fst_ioctl_unmap(fst, argp);
	case FAULT_SELFTEST_QUERY:
		return fst_ioctl_query(argp);
	case FAULT_SELFTEST_PROBE:
		return fst_ioctl_probe(fst, argp);
	case FAULT_SELFTEST_COUNTS:
		return fst_ioctl_counts(fst, argp);
	case FAULT_SELFTEST_REFS:
		return fst_ioctl_refs(fst, argp);
	case FAULT_SELFTEST_TOUCH:
		return fst_ioctl_touch(argp);
	}
	return -ENOTTY;
}

#ifdef CONFIG_COMPAT
static long fst_compat_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	return fst_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

/* Open and release */

static struct file_system_type fst_fs_type = {
	.name		= "fault_selftest",
	.owner		= THIS_MODULE,
	.kill_sb	= kill_anon_super,
	SELFTEST_PSEUDO_FS,
};

/* Each open file has its own inode: the device node's is shared */
static struct inode *fst_new_inode(void)
{
	struct inode *inode;
	int err;

	err = simple_pin_fs(&fst_fs_type, &fst_mnt, &fst_mnt_count);
	if (err)
		return ERR_PTR(err);
	inode = alloc_anon_inode(fst_mnt->mnt_sb);
	if (IS_ERR(inode)) {
		simple_release_fs(&fst_mnt, &fst_mnt_count);
		return inode;
	}
	i_size_write(inode, FAULT_SELFTEST_SIZE);
	mapping_set_unevictable(inode->i_mapping);
	return inode;
}

static void fst_put_inode(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&fst_mnt, &fst_mnt_count);
}

static int fst_alloc(struct fst *fst)
{
	int err;

	err = kfifo_alloc(&fst->events, FST_NR_EVENTS, GFP_KERNEL);
	if (err)
		return err;
	err = -ENOMEM;
	fst->pfn_page = alloc_page(GFP_KERNEL);
	if (!fst->pfn_page)
		goto free_events;
	fst->inode = fst_new_inode();
	err = PTR_ERR_OR_ZERO(fst->inode);
	if (err)
		goto free_page;
	fst_fill_page(fst->pfn_page, FAULT_SELFTEST_PFN_WORD);
	return 0;

free_page:
	__free_page(fst->pfn_page);
free_events:
	kfifo_free(&fst->events);
	return err;
}

static void fst_init_locks(struct fst *fst)
{
	mutex_init(&fst->mutex);
	mutex_init(&fst->read_mutex);
	mutex_init(&fst->insert_mutex);
	spin_lock_init(&fst->lock);
	INIT_LIST_HEAD(&fst->rules);
	init_waitqueue_head(&fst->wait);
	raw_spin_lock_init(&fst->probe.lock);
}

static int fst_open(struct inode *inode, struct file *file)
{
	struct fst *fst;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	fst = kzalloc(sizeof(*fst), GFP_KERNEL);
	if (!fst)
		return -ENOMEM;
	fst_init_locks(fst);
	err = fst_alloc(fst);
	if (err) {
		kfree(fst);
		return err;
	}
	file->private_data = fst;
	file->f_mapping = fst->inode->i_mapping;
	return nonseekable_open(inode, file);
}

static int fst_release(struct inode *inode, struct file *file)
{
	struct fst *fst = file->private_data;

	if (fst->probe.mm)
		fst_probe_detach(fst);
	fst_clear_rules(fst);
	fst_put_inode(fst->inode);
	if (fst->huge_page)
		__free_pages(fst->huge_page, FST_HUGE_ORDER);
	__free_page(fst->pfn_page);
	kfifo_free(&fst->events);
	kfree(fst);
	return 0;
}

static const struct file_operations fst_fops = {
	.owner		= THIS_MODULE,
	.open		= fst_open,
	.release	= fst_release,
	.read		= fst_read,
	.mmap		= fst_mmap,
	.unlocked_ioctl	= fst_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= fst_compat_ioctl,
#endif
};

static struct miscdevice fst_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "fault_selftest",
	.fops	= &fst_fops,
	.mode	= 0600,
};

static void fst_find_tracepoint(struct tracepoint *tp, void *priv)
{
	if (!strcmp(tp->name, "mm_page_alloc"))
		fst_tp_alloc = tp;
	else if (!strcmp(tp->name, "mm_page_free"))
		fst_tp_free = tp;
}

static int __init fst_init(void)
{
	if (IS_ENABLED(CONFIG_TRACEPOINTS))
		for_each_kernel_tracepoint(fst_find_tracepoint, NULL);
	return misc_register(&fst_device);
}

static void __exit fst_exit(void)
{
	misc_deregister(&fst_device);
}

module_init(fst_init);
module_exit(fst_exit);
MODULE_DESCRIPTION("Page fault handlers on request, for selftests");
MODULE_LICENSE("GPL");
