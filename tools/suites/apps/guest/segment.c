// SPDX-License-Identifier: GPL-2.0
/*
 * segment MIB BACKENDS: many processes on one shared segment, like the backends
 * of a database: each reads all of it. Half of the segment was never written.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include "count.h"

#define PAGE	4096ul

static volatile char *segment;
static size_t size;

static void backend(int to)
{
	size_t at;
	long tables;

	for (at = 0; at < size; at += PAGE)
		(void)segment[at];
	tables = sum_of("/proc/self/status", "VmPTE:");
	_exit(write(to, &tables, sizeof(tables)) != sizeof(tables));
}

int main(int argc, char **argv)
{
	long i, tables, sum = 0, pages, backends;
	uint64_t began;
	int p[2];

	need(argc == 3 && !pipe(p), "usage: segment MIB BACKENDS");
	size = strtoul(argv[1], NULL, 0) << 20;
	backends = atol(argv[2]);
	segment = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(segment != MAP_FAILED, "mmap");
	memset((char *)segment, 'S', size / 2);
	pages = pages_allocated();
	began = rdtsc();
	for (i = 0; i < backends; i++) {
		if (!fork())
			backend(p[1]);
		need(wait(NULL) > 0 && read(p[0], &tables, sizeof(tables)) > 0, "wait");
		sum += tables;
	}
	began = rdtsc() - began;
	printf("backends\tinstructions\t%llu\n", (unsigned long long)began);
	printf("backends_pages\tpages\t%ld\n", pages_allocated() - pages);
	printf("backends_tables\tkB\t%ld\n", sum);
	return 0;
}
