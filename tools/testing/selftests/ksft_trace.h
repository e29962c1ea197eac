/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ksft_trace.h: tracepoints, counted by perf or read as text.
 *
 * perf keeps a number only, so no event is ever lost. It counts for this thread
 * only, or what passes a filter on all CPUs. The text comes from an instance of
 * the tracing directory, which is removed with the case.
 */
#ifndef __KSFT_TRACE_H
#define __KSFT_TRACE_H

#include "ksft_cases.h"
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define KSFT_CPUS	64

/* Mounted at either place; the second one may automount on access. */
static inline const char *ksft_tracing_dir(void)
{
	static const char *const dirs[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};

	return access("/sys/kernel/tracing/events", F_OK) ? dirs[1] : dirs[0];
}

/* @event is "system/name"; false if the kernel does not have it */
static inline bool ksft_event_read(const char *event, const char *file,
				   char *text, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/events/%s/%s", ksft_tracing_dir(),
		 event, file);
	return ksft_read(path, text, size);
}

/* The event's id, or -1 */
static inline long ksft_event_id(const char *event)
{
	char text[32];

	return ksft_event_read(event, "id", text, sizeof(text)) ?
		strtol(text, NULL, 10) : -1;
}

static inline bool ksft_has_event(const char *event)
{
	return ksft_event_id(event) >= 0;
}

static inline int ksft_event_open(const char *event, pid_t pid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = ksft_event_id(event),
	};

	if (!ksft_has_event(event))
		ksft_case_skip("no tracepoint %s", event);
	return syscall(__NR_perf_event_open, &attr, pid, cpu, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

static inline long ksft_event_count(int fd)
{
	uint64_t nr;

	ksft_need(read(fd, &nr, sizeof(nr)) == sizeof(nr), "a count");
	return nr;
}

/* ---- this thread --------------------------------------------------------- */

/* Counts from now on. */
static inline int ksft_count_own(const char *event)
{
	int fd = ksft_event_open(event, 0, -1);

	ksft_need(fd >= 0, "count %s", event);
	return fd;
}

/* ---- all CPUs ------------------------------------------------------------ */

struct ksft_counter {
	int fd[KSFT_CPUS];
	int nr;
};

static inline void ksft_event_filter(int fd, const char *filter)
{
	ksft_need(!filter || !ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter),
		  "filter %s", filter);
}

/* Counts from now on, only events that pass the filter. */
static inline struct ksft_counter ksft_count(const char *event,
					     const char *filter)
{
	struct ksft_counter c = { .nr = sysconf(_SC_NPROCESSORS_CONF) };
	int i;

	ksft_need(c.nr <= KSFT_CPUS, "no more than %d CPUs", KSFT_CPUS);
	for (i = 0; i < c.nr; i++) {
		c.fd[i] = ksft_event_open(event, -1, i);
		if (c.fd[i] < 0 && errno == ENODEV)
			continue;	/* offline */
		ksft_need(c.fd[i] >= 0, "count %s on CPU %d", event, i);
		ksft_event_filter(c.fd[i], filter);
	}
	return c;
}

static inline long ksft_counted(const struct ksft_counter *c)
{
	long sum = 0;
	int i;

	for (i = 0; i < c->nr; i++)
		if (c->fd[i] >= 0)
			sum += ksft_event_count(c->fd[i]);
	return sum;
}

/* ---- text ---------------------------------------------------------------- */

static inline const char *ksft_instance(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/instances/ksft%s", ksft_tracing_dir(),
		 name);
	return path;
}

static inline void ksft_tracing(const char *name, const char *value)
{
	const char *path = ksft_instance(name);

	ksft_need(ksft_put(path, value), "%s to %s", value, path);
}

static inline void ksft_instance_make(void)
{
	const char *dir = ksft_instance("");

	if (access(ksft_tracing_dir(), W_OK))
		ksft_case_skip("no %s", ksft_tracing_dir());
	ksft_need(ksft_undo_of(dir) || ksft_mkdir(dir), "mkdir %s", dir);
}

/* Record events from now on, one "system/name" and filter at a time. */
static inline void ksft_trace(const char *event, const char *filter)
{
	char name[128];

	ksft_instance_make();
	ksft_tracing("/tracing_on", "1");
	snprintf(name, sizeof(name), "/events/%s/filter", event);
	if (filter)
		ksft_tracing(name, filter);
	snprintf(name, sizeof(name), "/events/%s/enable", event);
	ksft_tracing(name, "1");
}

/* Drop what was recorded, if anything, and go on. */
static inline void ksft_trace_afresh(void)
{
	ksft_instance_make();
	ksft_tracing("/trace", "");
	ksft_tracing("/tracing_on", "1");
}

/* Stop recording, and return the recorded text. */
static inline char *ksft_traced(void)
{
	static char text[1 << 20];

	ksft_tracing("/tracing_on", "0");
	ksft_need(ksft_read(ksft_instance("/trace"), text,
			    sizeof(text)),
		  "reading the trace");
	return text;
}

#endif /* __KSFT_TRACE_H */
