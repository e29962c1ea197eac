// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/writeback_selftest: start writeback as reclaim, an OOM victim or a
 * softirq would, with free memory below the min watermark and a stalled
 * flusher, and report the cost. For tools/testing/selftests/writeback/;
 * include/linux/writeback_selftest.h documents the interface.
 *
 * Memory is taken and given back within one ioctl, mostly with preemption off,
 * so that other tasks never see the shortage. The stalled flusher belongs to a
 * private file system, and goes away with the open file.
 */
#include <linux/backing-dev.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/mempool.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/selftest_compat_writeback.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/vmstat.h>
#include <linux/wait.h>
#include <linux/writeback.h>
#include <linux/writeback_selftest.h>

#define WBST_MAX_CALLS	100000
#define WBST_TIMEOUT	(30 * HZ)

/*
 * The private file system: two inodes whose ->write_inode() can be stalled. One
 * puts the flusher to sleep, the other keeps the wb dirty.
 */
struct wbst_fs {
	struct mutex lock;		/* serialises STALL and RELEASE */
	struct vfsmount *mnt;
	struct inode *inode[2];
	wait_queue_head_t wait;
	bool stalled;
	bool busy;			/* one inode is always dirty again */
	bool asleep;			/* the flusher, in wbst_write_inode() */
};

/* One WBST_START: the request, and what is counted while it runs. */
struct wbst_run {
	struct wbst_start *arg;
	struct backing_dev_info *bdi;	/* private file system's, or NULL */
	struct list_head pages;
	struct list_head objects;
	struct tasklet_struct tasklet;
	struct wbst_pool *pool;		/* for WBST_REASON_MEMPOOL */
	bool done;
	atomic_t queued, merged, nowork;
};

struct wb_writeback_work;		/* private to fs/fs-writeback.c */

static DEFINE_MUTEX(wbst_drain_lock);

/* --- a file system whose flusher can be stopped ------------------------ */

static int wbst_write_inode(struct inode *inode, struct writeback_control *wbc)
{
	struct wbst_fs *fs = inode->i_sb->s_fs_info;

	if (READ_ONCE(fs->busy))
		mark_inode_dirty(fs->inode[inode == fs->inode[0]]);
	if (!READ_ONCE(fs->stalled))
		return 0;
	WRITE_ONCE(fs->asleep, true);
	wake_up_all(&fs->wait);
	wait_event(fs->wait, !READ_ONCE(fs->stalled));
	WRITE_ONCE(fs->asleep, false);
	return 0;
}

static const struct super_operations wbst_super_ops = {
	.statfs		= simple_statfs,
	.drop_inode	= selftest_drop_inode,
	.write_inode	= wbst_write_inode,
};

static int wbst_fill_super(struct super_block *sb)
{
	struct inode *root;
	int err;

	sb->s_op = &wbst_super_ops;
	sb->s_magic = 0x77627374;
	err = selftest_setup_bdi(sb, "wbselftest");
	if (err)
		return err;
	root = new_inode(sb);
	if (!root)
		return -ENOMEM;
	root->i_ino = 1;
	root->i_mode = S_IFDIR | 0700;
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

DEFINE_SELFTEST_MOUNT(wbst_mount, wbst_fill_super)

static void wbst_kill_sb(struct super_block *sb)
{
	struct backing_dev_info *bdi = sb->s_bdi;

	kill_anon_super(sb);
	selftest_cleanup_bdi(bdi);
}

static struct file_system_type wbst_fs_type = {
	.owner		= THIS_MODULE,
	.name		= "wbselftest",
	SELFTEST_MOUNT(wbst_mount),
	.kill_sb	= wbst_kill_sb,
};

static struct inode *wbst_new_inode(struct super_block *sb, unsigned long ino)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = ino;
	inode->i_mode = S_IFREG | 0600;
	insert_inode_hash(inode);	/* else it is not listed as dirty */
	return inode;
}

static void wbst_fs_put(struct wbst_fs *fs)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(fs->inode); i++) {
		iput(fs->inode[i]);
		fs->inode[i] = NULL;
	}
	if (fs->mnt)
		kern_unmount(fs->mnt);
	fs->mnt = NULL;
}

static int wbst_fs_get(struct wbst_fs *fs)
{
	struct vfsmount *mnt;
	int i;

	mnt = kern_mount(&wbst_fs_type);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	mnt->mnt_sb->s_fs_info = fs;
	fs->mnt = mnt;
	for (i = 0; i < ARRAY_SIZE(fs->inode); i++) {
		fs->inode[i] = wbst_new_inode(mnt->mnt_sb, 2 + i);
		if (!fs->inode[i]) {
			wbst_fs_put(fs);
			return -ENOMEM;
		}
	}
	return 0;
}

static void wbst_let_go(struct wbst_fs *fs)
{
	struct super_block *sb = fs->mnt->mnt_sb;

	WRITE_ONCE(fs->busy, false);
	WRITE_ONCE(fs->stalled, false);
	wake_up_all(&fs->wait);
	down_read(&sb->s_umount);
	sync_inodes_sb(sb);		/* queues behind all other work */
	up_read(&sb->s_umount);
}

static int wbst_dirty(struct wbst_fs *fs, bool *why)
{
	int i, err;

	if (fs->stalled || fs->busy)
		return -EBUSY;
	if (!fs->mnt) {
		err = wbst_fs_get(fs);
		if (err)
			return err;
	}
	WRITE_ONCE(*why, true);
	for (i = 0; i < ARRAY_SIZE(fs->inode); i++)
		mark_inode_dirty(fs->inode[i]);
	return 0;
}

static int wbst_stall(struct wbst_fs *fs)
{
	int err = wbst_dirty(fs, &fs->stalled);
	long left;

	if (err)
		return err;
	selftest_start_writeback(1, WB_REASON_SYNC);
	left = wait_event_interruptible_timeout(fs->wait,
						READ_ONCE(fs->asleep),
						WBST_TIMEOUT);
	if (left > 0)
		return 0;
	wbst_let_go(fs);
	return left ? -EINTR : -ETIMEDOUT;
}

static int wbst_release(struct wbst_fs *fs)
{
	if (!fs->stalled && !fs->busy)
		return -EINVAL;
	wbst_let_go(fs);
	return 0;
}

/* --- memory ------------------------------------------------------------ */

/* No kswapd wakeups, which would disturb the figures. */
#define WBST_GFP_FREE	(__GFP_NOMEMALLOC | __GFP_NOWARN)
#define WBST_GFP_ALL	(__GFP_MEMALLOC | __GFP_NOWARN)

static bool wbst_take(struct wbst_run *run, gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	if (!page)
		return false;
	set_page_private(page, order);
	list_add(&page->lru, &run->pages);
	run->arg->taken += 1 << order;
	return true;
}

/* Is the zone of the last page down to the level? */
static bool wbst_is_low(struct wbst_run *run)
{
	struct page *last = list_first_entry(&run->pages, struct page, lru);
	struct zone *zone = page_zone(last);

	return zone_page_state_snapshot(zone, NR_FREE_PAGES) * 100 <=
	       min_wmark_pages(zone) * run->arg->level;
}

static void wbst_take_objects(struct wbst_run *run)
{
	struct list_head *object;

	if (run->arg->object_size < sizeof(*object))
		return;
	while ((object = kmalloc(run->arg->object_size, WBST_GFP_FREE))) {
		list_add(object, &run->objects);
		run->arg->objects++;
	}
}

/* Take everything above the min watermark. */
static void wbst_take_free(struct wbst_run *run)
{
	int order;

	for (order = PAGE_ALLOC_COSTLY_ORDER + 5; order >= 0; order--)
		while (wbst_take(run, WBST_GFP_FREE, order))
			cond_resched();
}

/*
 * Go on from there down to the level, with preemption off. A refill leaves
 * pages on this CPU's lists, hundreds on later kernels. They are free as well,
 * so the level is only reached once they are drained.
 */
static void wbst_take_reserve(struct wbst_run *run)
{
	bool more;

	drain_local_pages(NULL);
	do {
		while ((more = wbst_take(run, WBST_GFP_ALL, 0)) &&
		       !wbst_is_low(run))
			;
		drain_local_pages(NULL);
	} while (more && !wbst_is_low(run));
	wbst_take_objects(run);
}

static void wbst_give_back(struct wbst_run *run)
{
	struct list_head *object, *next;
	struct page *page, *tmp;

	list_for_each_entry_safe(page, tmp, &run->pages, lru) {
		unsigned int order = page_private(page);

		list_del(&page->lru);
		set_page_private(page, 0);
		__free_pages(page, order);
	}
	list_for_each_safe(object, next, &run->objects)
		kfree(object);
}

/* Exact counts of free pages, including those on this CPU's lists. */
static void wbst_count_free(struct wbst_start *arg, bool after)
{
	struct zone *zone;
	u32 i = 0;

	drain_local_pages(NULL);
	for_each_populated_zone(zone) {
		u64 free = zone_page_state_snapshot(zone, NR_FREE_PAGES);

		if (i == WBST_MAX_ZONES)
			break;
		arg->zone[i].min = min_wmark_pages(zone);
		if (after)
			arg->zone[i].after = free;
		else
			arg->zone[i].before = free;
		i++;
	}
	arg->nr_zones = i;
}

/* --- a mempool without an element --------------------------------------- */

struct wbst_pool {
	mempool_t *pool;
	void *element;			/* its only one, held by us */
	bool fails;
	bool greedy;			/* allowed to use the reserves */
	struct completion got;		/* completed by the waiting thread */
};

static void *wbst_pool_alloc(gfp_t gfp, void *data)
{
	struct wbst_pool *p = data;

	if (!(gfp & __GFP_NOMEMALLOC))
		p->greedy = true;
	return p->fails ? NULL : alloc_page(gfp);
}

static void wbst_pool_free(void *element, void *data)
{
	__free_page(element);
}

static int wbst_pool_get(struct wbst_pool *p)
{
	p->fails = false;
	p->pool = mempool_create(1, wbst_pool_alloc, wbst_pool_free, p);
	if (!p->pool)
		return -ENOMEM;
	p->fails = true;
	p->element = mempool_alloc(p->pool, GFP_NOWAIT);
	p->greedy = false;
	if (p->element)
		return 0;
	mempool_destroy(p->pool);
	return -ENOMEM;
}

static void wbst_pool_put(struct wbst_pool *p)
{
	if (p->element)
		mempool_free(p->element, p->pool);
	mempool_destroy(p->pool);
}

/* Pages go to run->pages, which wbst_give_back() frees. */
static void wbst_pool_call(struct wbst_run *run)
{
	struct page *page;
	u32 i;

	run->pool->fails = false;
	for (i = 0; i < run->arg->calls; i++) {
		page = mempool_alloc(run->pool->pool, GFP_NOWAIT);
		if (!page)
			continue;
		set_page_private(page, 0);
		list_add(&page->lru, &run->pages);
		atomic_inc(&run->queued);
	}
}

static int wbst_pool_waiter(void *data)
{
	struct wbst_pool *p = data;
	void *element = mempool_alloc(p->pool, GFP_NOIO);

	mempool_free(element, p->pool);
	complete(&p->got);
	return 0;
}

static int wbst_mempool_wait(void)
{
	struct wbst_pool p;
	struct task_struct *t;
	unsigned long left;
	int err = wbst_pool_get(&p);

	if (err)
		return err;
	init_completion(&p.got);
	t = kthread_run(wbst_pool_waiter, &p, "wbst_mempool");
	if (IS_ERR(t)) {
		wbst_pool_put(&p);
		return PTR_ERR(t);
	}
	/* Unordered, but that is harmless: poll until it is true */
	while (!waitqueue_active(&p.pool->wait) && !completion_done(&p.got))
		schedule_timeout_uninterruptible(1);
	err = completion_done(&p.got) ? -EINVAL : 0;	/* it did not wait */
	mempool_free(p.element, p.pool);
	p.element = NULL;
	left = wait_for_completion_timeout(&p.got, 2 * HZ);
	if (!left) {
		err = -ETIMEDOUT;
		wait_for_completion(&p.got);
	}
	if (!err && p.greedy)
		err = -EDQUOT;
	wbst_pool_put(&p);
	return err;
}

/* --- the calls --------------------------------------------------------- */

static void wbst_call(struct wbst_run *run)
{
	enum wb_reason reason = WB_REASON_SYNC;
	u32 i;

	if (run->arg->reason == WBST_REASON_MEMPOOL) {
		wbst_pool_call(run);
		run->done = true;
		return;
	}
	if (run->arg->reason == WBST_REASON_RECLAIM)
		reason = SELFTEST_WB_REASON_RECLAIM;
	if (run->arg->reason == WBST_REASON_DYING)
		clear_bit(WB_registered, &run->bdi->wb.state);
	for (i = 0; i < run->arg->calls; i++)
		if (run->arg->reason == WBST_REASON_LAPTOP)
			selftest_start_laptop(run->bdi, run->arg->nr_pages);
		else
			selftest_start_writeback(run->arg->nr_pages, reason);
	if (run->arg->reason == WBST_REASON_DYING)
		set_bit(WB_registered, &run->bdi->wb.state);
	run->done = true;
}

static void wbst_tasklet(unsigned long data)
{
	wbst_call((struct wbst_run *)data);
}

static void wbst_call_in_softirq(struct wbst_run *run)
{
	local_bh_disable();
	tasklet_schedule(&run->tasklet);
	local_bh_enable();		/* runs it, unless ksoftirqd does */
}

/* Only the calls, not the other allocations of the ioctl. */
static void wbst_call_failing(struct wbst_run *run)
{
#ifdef CONFIG_FAILSLAB
	current->make_it_fail = 1;
	wbst_call(run);
	current->make_it_fail = 0;
#endif
}

static void wbst_call_as(struct wbst_run *run)
{
	unsigned int memalloc = current->flags & PF_MEMALLOC;

	switch (run->arg->who) {
	case WBST_MEMALLOC:
		current->flags |= PF_MEMALLOC;
		wbst_call(run);
		current->flags = (current->flags & ~PF_MEMALLOC) | memalloc;
		break;
	case WBST_OOM_VICTIM:
		selftest_set_oom_victim(true);
		wbst_call(run);
		selftest_set_oom_victim(false);
		break;
	case WBST_SOFTIRQ:
		wbst_call_in_softirq(run);
		break;
	case WBST_FAILSLAB:
		wbst_call_failing(run);
		break;
	default:
		wbst_call(run);
	}
}

/*
 * No other task runs on this CPU while the reserve is taken. For exact figures,
 * the caller must make sure that no other CPU is online.
 */
static void wbst_window(struct wbst_run *run)
{
	s64 slab;

	preempt_disable();
	if (run->arg->level)
		wbst_take_reserve(run);
	wbst_count_free(run->arg, false);
	slab = selftest_slab_pages();
	wbst_call_as(run);
	run->arg->slab = selftest_slab_pages() - slab;
	wbst_count_free(run->arg, true);
	wbst_give_back(run);
	preempt_enable();
}

/* --- the fate of each request, from the trace events -------------------- */

static void wbst_probe_queue(void *data, struct bdi_writeback *wb,
			     struct wb_writeback_work *work)
{
	struct wbst_run *run = data;

	if (wb->bdi == run->bdi)
		atomic_inc(&run->queued);
}

static void wbst_probe_merge(void *data, struct bdi_writeback *wb,
			     struct wb_writeback_work *work)
{
	struct wbst_run *run = data;

	if (wb->bdi == run->bdi)
		atomic_inc(&run->merged);
}

static void wbst_probe_nowork(void *data, struct bdi_writeback *wb)
{
	struct wbst_run *run = data;

	if (wb->bdi == run->bdi)
		atomic_inc(&run->nowork);
}

/* Found by name, since not every kernel has all of them. */
static struct {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} wbst_probes[] = {
	{ "writeback_queue", wbst_probe_queue },
	{ "writeback_merge", wbst_probe_merge },
	{ "writeback_nowork", wbst_probe_nowork },
};

static void wbst_find_tracepoint(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(wbst_probes); i++)
		if (!strcmp(tp->name, wbst_probes[i].name))
			wbst_probes[i].tp = tp;
}

static void wbst_unwatch(struct wbst_run *run, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		if (wbst_probes[i].tp)
			tracepoint_probe_unregister(wbst_probes[i].tp,
						    wbst_probes[i].probe, run);
	tracepoint_synchronize_unregister();
}

static int wbst_watch(struct wbst_run *run)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(wbst_probes); i++) {
		if (!wbst_probes[i].tp)
			continue;
		err = tracepoint_probe_register(wbst_probes[i].tp,
						wbst_probes[i].probe, run);
		if (err) {
			wbst_unwatch(run, i);
			return err;
		}
	}
	return 0;
}

static u64 wbst_listed(struct bdi_writeback *wb)
{
	struct list_head *item;
	unsigned long flags;
	u64 nr = 0;

	spin_lock_irqsave(&wb->work_lock, flags);
	list_for_each(item, &wb->work_list)
		nr++;
	spin_unlock_irqrestore(&wb->work_lock, flags);
	return nr;
}

/* --- the device -------------------------------------------------------- */

static void wbst_run_window(struct wbst_run *run)
{
	if (!run->arg->level) {
		wbst_window(run);
		return;
	}
	mutex_lock(&wbst_drain_lock);
	wbst_take_free(run);
	wbst_window(run);
	mutex_unlock(&wbst_drain_lock);
}

static int wbst_run_watched(struct wbst_run *run)
{
	int err = wbst_watch(run);

	if (err)
		return err;
	wbst_run_window(run);
	run->arg->listed = wbst_listed(&run->bdi->wb);
	wbst_unwatch(run, ARRAY_SIZE(wbst_probes));
	run->arg->queued = atomic_read(&run->queued);
	run->arg->merged = atomic_read(&run->merged);
	run->arg->nowork = atomic_read(&run->nowork);
	return 0;
}

static int wbst_run_pool(struct wbst_run *run)
{
	int err = wbst_pool_get(run->pool);

	if (err)
		return err;
	wbst_run_window(run);
	wbst_pool_put(run->pool);
	run->arg->queued = atomic_read(&run->queued);
	return 0;
}

static int wbst_check_start(const struct wbst_start *arg, bool has_bdi)
{
	if (arg->calls > WBST_MAX_CALLS || arg->level > 100 ||
	    arg->who > WBST_FAILSLAB || arg->reason > WBST_REASON_DYING)
		return -EINVAL;
	/* A late tasklet would find the pool gone */
	if (arg->who == WBST_SOFTIRQ && arg->reason == WBST_REASON_MEMPOOL)
		return -EINVAL;
	if (arg->who == WBST_OOM_VICTIM && !SELFTEST_OOM_VICTIM)
		return -EOPNOTSUPP;
	if (arg->who == WBST_FAILSLAB && !IS_ENABLED(CONFIG_FAILSLAB))
		return -EOPNOTSUPP;
	if (arg->reason == WBST_REASON_LAPTOP && !SELFTEST_LAPTOP)
		return -EOPNOTSUPP;
	if ((arg->reason == WBST_REASON_LAPTOP ||
	     arg->reason == WBST_REASON_DYING) && !has_bdi)
		return -EINVAL;
	return 0;
}

static int wbst_run(struct wbst_run *run)
{
	if (run->arg->reason == WBST_REASON_MEMPOOL)
		return wbst_run_pool(run);
	if (run->bdi)
		return wbst_run_watched(run);
	wbst_run_window(run);
	return 0;
}

static int wbst_start(struct wbst_fs *fs, struct wbst_start *arg)
{
	struct wbst_pool pool = {};
	struct wbst_run run = {
		.arg = arg,
		.bdi = fs->mnt ? fs->mnt->mnt_sb->s_bdi : NULL,
		.pool = &pool,
	};
	int err;

	err = wbst_check_start(arg, run.bdi);
	if (err)
		return err;
	INIT_LIST_HEAD(&run.pages);
	INIT_LIST_HEAD(&run.objects);
	tasklet_init(&run.tasklet, wbst_tasklet, (unsigned long)&run);
	arg->taken = 0;
	arg->objects = 0;
	err = wbst_run(&run);
	tasklet_kill(&run.tasklet);
	if (!err && !run.done)
		err = -EAGAIN;		/* the softirq came too late */
	return err;
}

static long wbst_ioctl_start(struct wbst_fs *fs, void __user *user)
{
	struct wbst_start arg;
	long err;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	err = wbst_start(fs, &arg);
	if (!err && copy_to_user(user, &arg, sizeof(arg)))
		err = -EFAULT;
	return err;
}

static long wbst_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct wbst_fs *fs = file->private_data;
	long err = -ENOTTY;

	if (mutex_lock_killable(&fs->lock))
		return -EINTR;
	switch (cmd) {
	case WBST_STALL:
		err = wbst_stall(fs);
		break;
	case WBST_BUSY:
		err = wbst_dirty(fs, &fs->busy);
		break;
	case WBST_RELEASE:
		err = wbst_release(fs);
		break;
	case WBST_START:
		err = wbst_ioctl_start(fs, (void __user *)arg);
		break;
	case WBST_MEMPOOL_WAIT:
		err = wbst_mempool_wait();
		break;
	}
	mutex_unlock(&fs->lock);
	return err;
}

#ifdef CONFIG_COMPAT
static long wbst_compat_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	return wbst_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

static int wbst_open(struct inode *inode, struct file *file)
{
	struct wbst_fs *fs;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	fs = kzalloc(sizeof(*fs), GFP_KERNEL);
	if (!fs)
		return -ENOMEM;
	mutex_init(&fs->lock);
	init_waitqueue_head(&fs->wait);
	file->private_data = fs;
	return 0;
}

static int wbst_close(struct inode *inode, struct file *file)
{
	struct wbst_fs *fs = file->private_data;

	if (fs->mnt)
		wbst_let_go(fs);
	wbst_fs_put(fs);
	kfree(fs);
	return 0;
}

static const struct file_operations wbst_fops = {
	.owner		= THIS_MODULE,
	.open		= wbst_open,
	.release	= wbst_close,
	.unlocked_ioctl	= wbst_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= wbst_compat_ioctl,
#endif
};

static struct miscdevice wbst_device = {
	.minor		= MISC_DYNAMIC_MINOR,
	.name		= "writeback_selftest",
	.fops		= &wbst_fops,
	.mode		= 0600,
};

static int __init wbst_init(void)
{
	for_each_kernel_tracepoint(wbst_find_tracepoint, NULL);
	return misc_register(&wbst_device);
}
device_initcall(wbst_init);
