// SPDX-License-Identifier: GPL-2.0
/*
 * restore NAME MIB PAGES: restore the snapshot of a guest's memory as virtual
 * machine monitors do: memory is registered with userfaultfd, and a thread
 * copies PAGES pages of the snapshot at each fault. Faults come in the order of
 * a guest that wakes up: all over the place, every other one a write.
 *
 * Pages that were allocated, but end up neither as memory nor as page tables,
 * were cleared in vain.
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "count.h"

#define PAGE	4096ul
#define PMD	(512 * PAGE)

static char *memory, *snapshot;
static size_t size, chunk;
static int uffd;

static char *aligned(size_t bytes)
{
	char *p = mmap(NULL, bytes + PMD, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	need(p != MAP_FAILED, "mmap");
	return (char *)(((uintptr_t)p + PMD - 1) & -PMD);
}

static void *serve(void *unused)
{
	struct uffd_msg msg;

	while (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		uintptr_t at = msg.arg.pagefault.address & -(uintptr_t)chunk;
		struct uffdio_copy copy = {
			.dst = at,
			.src = (uintptr_t)snapshot + (at - (uintptr_t)memory),
			.len = chunk,
		};

		need(!ioctl(uffd, UFFDIO_COPY, &copy), "UFFDIO_COPY");
	}
	return unused;
}

static void register_memory(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)memory, .len = size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	pthread_t thread;

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	need(uffd >= 0, "userfaultfd");
	need(!ioctl(uffd, UFFDIO_API, &api), "UFFDIO_API");
	need(!ioctl(uffd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
	need(!pthread_create(&thread, NULL, serve, NULL), "pthread_create");
}

/* Each page once: an odd factor permutes a power of two. */
static void touch_all(void)
{
	size_t i, n = size / PAGE;

	for (i = 0; i < n; i++) {
		volatile char *page = memory + (i * 40503 % n) * PAGE;

		if (i % 2)
			*page = 'S';
		else
			(void)*page;
	}
}

static long held(void)
{
	return (sum_of("/proc/self/status", "RssAnon:") +
		sum_of("/proc/self/status", "VmPTE:")) / 4;
}

int main(int argc, char **argv)
{
	uint64_t began;
	long pages, kept;

	need(argc == 4, "usage: restore NAME MIB PAGES");
	size = strtoul(argv[2], NULL, 0) << 20;
	chunk = strtoul(argv[3], NULL, 0) * PAGE;
	memory = aligned(size);
	snapshot = aligned(size);
	memset(snapshot, 'S', size);
	register_memory();
	kept = held();
	pages = pages_allocated();
	began = rdtsc();
	touch_all();
	began = rdtsc() - began;
	pages = pages_allocated() - pages;
	kept = held() - kept;
	need(!memcmp(memory, snapshot, size), "it is not the snapshot");
	printf("%s\tinstructions\t%llu\n", argv[1], (unsigned long long)began);
	printf("%s_pages\tpages\t%ld\n", argv[1], pages);
	printf("%s_in_vain\tMiB\t%ld\n", argv[1], (pages - kept + 128) >> 8);
	return 0;
}
