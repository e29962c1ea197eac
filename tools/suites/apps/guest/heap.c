// SPDX-License-Identifier: GPL-2.0
/*
 * heap MIB: a heap of small objects that shrinks: all but the last are freed,
 * and the allocator gives the memory back. Then a child is forked. LD_PRELOAD
 * selects the malloc; forks.so counts.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <sys/wait.h>
#include "count.h"

#define OBJECT	4000ul

static void give_back(void)
{
	int (*mallctl)(const char *, void *, size_t *, void *, size_t) =
		(int (*)(const char *, void *, size_t *, void *, size_t))
		dlsym(RTLD_DEFAULT, "mallctl");

	if (mallctl)	/* all arenas: MALLCTL_ARENAS_ALL */
		need(!mallctl("arena.4096.purge", NULL, NULL, NULL, 0), "purge");
	else
		malloc_trim(0);
}

int main(int argc, char **argv)
{
	size_t i, n = (argc > 1 ? strtoul(argv[1], NULL, 0) : 1) * 262;
	char **objects = malloc(n * sizeof(*objects));

	need(!!objects, "malloc");
	for (i = 0; i < n; i++) {
		objects[i] = malloc(OBJECT);
		need(!!objects[i], "malloc");
		memset(objects[i], 'H', OBJECT);
	}
	for (i = 0; i + 1 < n; i++)
		free(objects[i]);
	give_back();
	fprintf(stderr, "heap: %ld kB left\n", sum_of("/proc/self/status", "VmRSS:"));
	if (!fork())
		_exit(0);
	wait(NULL);
	return 0;
}
