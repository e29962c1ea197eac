/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fs/writeback_selftest.c needs to build on v6.12.
 * Only names and shapes: what a test does stands in the test.
 */
#ifndef _LINUX_SELFTEST_COMPAT_WRITEBACK_H
#define _LINUX_SELFTEST_COMPAT_WRITEBACK_H

#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <linux/writeback.h>

#define SELFTEST_WB_REASON_RECLAIM	WB_REASON_VMSCAN

/* The victim's mm is marked, not the task: not to be had without a kill. */
#define SELFTEST_OOM_VICTIM	0

static inline void selftest_set_oom_victim(bool victim)
{
}

/* Always asks for everything. */
static inline void selftest_start_writeback(long nr_pages,
					    enum wb_reason reason)
{
	wakeup_flusher_threads(reason);
}

/* Its timer asks for everything, as all others do. */
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
