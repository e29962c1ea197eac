/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memcg.h: a memory cgroup for one case. When the case ends, however it ends,
 * the cgroup is removed and the controller is restored.
 */
#ifndef __MEMCG_H
#define __MEMCG_H

#include "fault.h"

#define GROUP	MNT "/fault"

static inline void group_make(void)
{
	private_mount("none", "cgroup2", NULL);
	if (!ksft_controller(MNT "/cgroup.subtree_control", "memory"))
		ksft_case_skip("no memory controller on cgroup2");
	ksft_need(ksft_mkdir(GROUP), "a cgroup");
}

static inline void group_limit(const char *limit)
{
	ksft_need(ksft_put(GROUP "/memory.max", limit), "limit %s", limit);
}

static inline void group_join(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	ksft_need(ksft_put(GROUP "/cgroup.procs", text), "to move %d", pid);
}

/* Pages are charged in advance, for each CPU. */
static inline void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	ksft_need(!sched_setaffinity(0, sizeof(set), &set), "affinity");
}

#endif /* __MEMCG_H */
