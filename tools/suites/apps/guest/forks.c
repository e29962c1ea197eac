// SPDX-License-Identifier: GPL-2.0
/*
 * forks.so: LD_PRELOAD for a program whose fork() is counted, as the program
 * sees it. Appends to the file $FORKS: the instructions of the call in the
 * parent, the pages allocated for it, the page tables of the child.
 *
 * The parent runs SCHED_FIFO during the call, so that the child, which does
 * not inherit it, waits until the call is over.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stdarg.h>
#include "count.h"

static void note(const char *format, ...)
{
	const char *name = getenv("FORKS");
	int fd = name ? open(name, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;
	char line[100];
	va_list args;

	if (fd < 0)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(fd, line, strlen(line)) < 0)
		perror(name);
	close(fd);
}

static void run_alone(int alone)
{
	struct sched_param p = { .sched_priority = alone };

	if (sched_setscheduler(0, (alone ? SCHED_FIFO : SCHED_OTHER) |
			       SCHED_RESET_ON_FORK, &p))
		note("fork_not_alone\tcalls\t1\n");
}

pid_t fork(void)
{
	static pid_t (*real)(void);
	uint64_t began, ended;
	long pages;
	pid_t pid;

	if (!real)
		real = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
	run_alone(1);
	pages = pages_allocated();
	began = rdtsc();
	pid = real();
	ended = rdtsc();
	if (!pid) {
		note("child_tables\tkB\t%ld\n", sum_of("/proc/self/status", "VmPTE:"));
		return 0;
	}
	pages = pages_allocated() - pages;
	note("fork\tinstructions\t%llu\n", (unsigned long long)(ended - began));
	note("fork_pages\tpages\t%ld\n", pages);
	run_alone(0);
	return pid;
}
