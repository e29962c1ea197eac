/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ksft_inject.h: fail allocations of this task between ksft_inject_on() and
 * ksft_inject_off(), by the kernel's fault injection.
 *
 * The probability must be restored before task-filter: the last change is
 * undone first (ksft_undo.h).
 */
#ifndef __KSFT_INJECT_H
#define __KSFT_INJECT_H

#include "ksft_cases.h"
#include <fcntl.h>

#define KSFT_FAIL_PAGE_ALLOC	"/sys/kernel/debug/fail_page_alloc/"
#define KSFT_FAILSLAB		"/sys/kernel/debug/failslab/"

/* Any allocation, silently. Not every directory has all of these. */
static const char *const ksft_inject_defaults[][2] = {
	{ "task-filter", "Y" },
	{ "ignore-gfp-wait", "N" },
	{ "ignore-gfp-highmem", "N" },
	{ "min-order", "0" },
	{ "interval", "1" },
	{ "verbose", "0" },
	{ "space", "0" },
};

static const char *ksft_inject_dir;
static int ksft_inject_fd = -1;		/* kept: opening it may allocate */

static inline void ksft_inject_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s%s", ksft_inject_dir, name);
}

static inline void ksft_inject_set(const char *name, const char *value)
{
	char path[80];

	ksft_inject_path(name, path, sizeof(path));
	ksft_need(ksft_change(path, value), "%s to %s", value, path);
}

static inline void ksft_inject_set_number(const char *name, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	ksft_inject_set(name, text);
}

static inline void ksft_inject_set_defaults(void)
{
	char path[80];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ksft_inject_defaults); i++) {
		ksft_inject_path(ksft_inject_defaults[i][0], path,
				 sizeof(path));
		if (!access(path, F_OK))
			ksft_inject_set(ksft_inject_defaults[i][0],
					ksft_inject_defaults[i][1]);
	}
}

/* For this directory and this task: a child must call it itself. */
static inline void ksft_inject_init(const char *dir)
{
	ksft_inject_dir = dir;
	if (access(dir, X_OK))
		ksft_case_skip("no %s", dir);
	ksft_inject_set_defaults();
	close(ksft_inject_fd);
	ksft_inject_fd = open("/proc/self/make-it-fail", O_WRONLY | O_CLOEXEC);
	ksft_need(ksft_inject_fd >= 0, "/proc/self/make-it-fail");
}

/* From now on, fail @times allocations, -1: all */
static inline void ksft_inject_fail(long times)
{
	ksft_inject_set_number("times", times);
	ksft_inject_set("probability", "100");
}

/* How many of them have not failed yet */
static inline long ksft_inject_left(void)
{
	char path[80], text[24];

	ksft_inject_path("times", path, sizeof(path));
	ksft_need(ksft_get(path, text, sizeof(text)), "%s", path);
	return strtol(text, NULL, 10);
}

static inline void ksft_inject_switch(const char *on)
{
	ksft_need(pwrite(ksft_inject_fd, on, 1, 0) == 1, "make-it-fail");
}

static inline void ksft_inject_on(void)
{
	ksft_inject_switch("1");
}

static inline void ksft_inject_off(void)
{
	ksft_inject_switch("0");
}

#endif /* __KSFT_INJECT_H */
