/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fs/writeback_selftest.c needs to build on v7.3.
 * Only names and shapes: what a test does is in the test.
 */
#ifndef _LINUX_SELFTEST_COMPAT_WRITEBACK_H
#define _LINUX_SELFTEST_COMPAT_WRITEBACK_H

#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <linux/writeback.h>

/* No device: @fill(sb) fills the file system. */
#define DEFINE_SELFTEST_MOUNT(name, fill)				\
static int name##_fill(struct super_block *sb, struct fs_context *fc)	\
{									\
	return fill(sb);						\
}									\
									\
static int name##_tree(struct fs_context *fc)				\
{									\
	return get_tree_nodev(fc, name##_fill);				\
}									\
									\
static const struct fs_context_operations name##_ops = {		\
	.get_tree	= name##_tree,					\
};									\
									\
static int name(struct fs_context *fc)					\
{									\
	fc->ops = &name##_ops;						\
	return 0;							\
}

#define SELFTEST_MOUNT(name)	.init_fs_context = name

#define selftest_drop_inode	inode_just_drop

#define SELFTEST_WB_REASON_RECLAIM	WB_REASON_VMSCAN

/* The victim's mm is marked, not the task: impossible without a kill. */
#define SELFTEST_OOM_VICTIM	0

static inline void selftest_set_oom_victim(bool victim)
{
}

/* Always requests everything. */
static inline void selftest_start_writeback(long nr_pages,
					    enum wb_reason reason)
{
	wakeup_flusher_threads(reason);
}

/* Its timer requests everything, as all others do. */
#define SELFTEST_LAPTOP	0

static inline void selftest_start_laptop(struct backing_dev_info *bdi,
					 long nr_pages)
{
}

static inline s64 selftest_slab_pages(void)
{
	return global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
}

static inline int selftest_setup_bdi(struct super_block *sb, char *name)
{
	static atomic_t nr;

	return super_setup_bdi_name(sb, "%s-%d", name, atomic_inc_return(&nr));
}

static inline void selftest_cleanup_bdi(struct backing_dev_info *bdi)
{
}

#endif /* _LINUX_SELFTEST_COMPAT_WRITEBACK_H */
