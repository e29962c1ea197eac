/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transparent huge pages, for those who ask by madvise(): they are off by
 * default in a guest this small. They are the system's: each case switches
 * them on for itself, and its keeper puts them back.
 */
#ifndef __THP_H
#define __THP_H

#include "fault.h"

#define THP	"/sys/kernel/mm/transparent_hugepage/"

static inline void thp_set(const char *name, const char *value)
{
	char path[80];

	snprintf(path, sizeof(path), THP "%s", name);
	if (!ksft_change(path, value))
		ksft_print_msg("%s stays as it is\n", path);
}

static void thp_on(void)
{
	thp_set("enabled", "madvise");
	thp_set("use_zero_page", "1");
}

#endif /* __THP_H */
