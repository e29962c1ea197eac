/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is counted in the guest, which runs under QEMU's TCG with -icount
 * shift=0: one tick of the TSC is one executed instruction. A figure is a line
 * "NAME UNIT VALUE", tab-separated.
 */
#ifndef COUNT_H
#define COUNT_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	asm volatile("rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/* The sum of the values of all lines of a /proc file that begin with key. */
static inline long sum_of(const char *file, const char *key)
{
	static char buf[16384];
	long sum = 0;
	int fd = open(file, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	char *line;

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	for (line = buf; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, strlen(key)))
			sum += atol(line + strcspn(line, " \t\n"));
	}
	return sum;
}

static inline long pages_allocated(void)
{
	return sum_of("/proc/vmstat", "pgalloc_");
}

static inline void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

#endif
