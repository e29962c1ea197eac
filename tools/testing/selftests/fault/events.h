/* SPDX-License-Identifier: GPL-2.0 */
/*
 * events.h: how often a tracepoint is passed, counted by perf.
 *
 * perf counts for this thread alone and keeps nothing but a number, so that
 * the rest of the system does not show, and nothing of it is ever lost.
 */
#ifndef __EVENTS_H
#define __EVENTS_H

#include "../ksft_cases.h"
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

static const char *const event_dirs[] = {
	"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
};

/* @event is "system/name"; where the kernel has none of it, the case skips. */
static inline long event_id(const char *event)
{
	char path[128], buf[32] = "";
	unsigned int i;
	int fd = -1;

	for (i = 0; fd < 0 && i < ARRAY_SIZE(event_dirs); i++) {
		snprintf(path, sizeof(path), "%s/events/%s/id", event_dirs[i],
			 event);
		fd = open(path, O_RDONLY);
	}
	if (fd < 0)
		ksft_case_skip("no tracepoint %s", event);
	ksft_need(read(fd, buf, sizeof(buf) - 1) > 0, "read %s", path);
	close(fd);
	return strtol(buf, NULL, 10);
}

/* Counts from now on. */
static inline int event_open(const char *event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = event_id(event),
	};
	int fd = syscall(__NR_perf_event_open, &attr, 0, -1, -1, 0);

	ksft_need(fd >= 0, "count %s", event);
	return fd;
}

static inline long event_count(int fd)
{
	uint64_t nr;

	ksft_need(read(fd, &nr, sizeof(nr)) == sizeof(nr), "a count");
	return nr;
}

#endif /* __EVENTS_H */
