/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fs/writeback_selftest.c needs to build on v4.6.
 * Only names and shapes: what a test does is in the test.
 */
#ifndef _LINUX_SELFTEST_COMPAT_WRITEBACK_H
#define _LINUX_SELFTEST_COMPAT_WRITEBACK_H

#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <linux/writeback.h>

/* No device: @fill(sb) fills the file system. */
#define DEFINE_SELFTEST_MOUNT(name, fill)				\
static int name##_fill(struct super_block *sb, void *data, int silent)	\
{									\
	return fill(sb);						\
}									\
									\
static struct dentry *name(struct file_system_type *type, int flags,	\
			   const char *dev_name, void *data)		\
{									\
	return mount_nodev(type, flags, data, name##_fill);		\
}

#define SELFTEST_MOUNT(name)	.mount = name

#define selftest_drop_inode	generic_delete_inode

#define SELFTEST_WB_REASON_RECLAIM	WB_REASON_TRY_TO_FREE_PAGES

#define SELFTEST_OOM_VICTIM	1

static inline void selftest_set_oom_victim(bool victim)
{
	if (victim)
		set_thread_flag(TIF_MEMDIE);
	else
		clear_thread_flag(TIF_MEMDIE);
}

static inline void selftest_start_writeback(long nr_pages,
					    enum wb_reason reason)
{
	wakeup_flusher_threads(nr_pages, reason);
}

#define SELFTEST_LAPTOP	1

static inline void selftest_start_laptop(struct backing_dev_info *bdi,
					 long nr_pages)
{
	wb_start_writeback(&bdi->wb, nr_pages, true,
			   WB_REASON_LAPTOP_TIMER);
}

static inline s64 selftest_slab_pages(void)
{
	struct zone *zone;
	s64 nr = 0;

	for_each_populated_zone(zone)
		nr += zone_page_state_snapshot(zone, NR_SLAB_UNRECLAIMABLE);
	return nr;
}

static inline int selftest_setup_bdi(struct super_block *sb, char *name)
{
	struct backing_dev_info *bdi = kzalloc(sizeof(*bdi), GFP_KERNEL);
	int err;

	if (!bdi)
		return -ENOMEM;
	err = bdi_setup_and_register(bdi, name);
	if (err) {
		kfree(bdi);
		return err;
	}
	sb->s_bdi = bdi;
	return 0;
}

static inline void selftest_cleanup_bdi(struct backing_dev_info *bdi)
{
	if (bdi == &noop_backing_dev_info)
		return;
	bdi_destroy(bdi);
	kfree(bdi);
}

#endif /* _LINUX_SELFTEST_COMPAT_WRITEBACK_H */
