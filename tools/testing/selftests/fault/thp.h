/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Enable transparent huge pages by madvise(): they are off by default in a
 * guest this small. The setting is global: each case changes it for itself, and
 * its keeper restores it.
 */
#ifndef __THP_H
#define __THP_H

#include "fault.h"

#define THP	"/sys/kernel/mm/transparent_hugepage/"

/* madvise() accepts MADV_HUGEPAGE where the machine has no huge pages, too. */
static inline void need_thp(void)
{
	if (access(THP "enabled", F_OK))
		ksft_case_skip("no transparent huge pages");
}

static inline void thp_set(const char *name, const char *value)
{
	char path[80];

	/* khugepaged, which starts and stops with it, calculates this anew. */
	ksft_keep("/proc/sys/vm/min_free_kbytes");
	snprintf(path, sizeof(path), THP "%s", name);
	if (!ksft_change(path, value))
		ksft_print_msg("%s stays as it is\n", path);
}

static inline void thp_on(void)
{
	thp_set("enabled", "madvise");
	thp_set("use_zero_page", "1");
}

#endif /* __THP_H */
