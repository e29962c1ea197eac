/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers: address slots, files, page table counters.
 *
 * The meter is VmPTE of /proc/<pid>/status: page tables in kB. v4.6 counts
 * PTE tables only, later kernels the upper levels as well; so the upper
 * levels are populated before anything is measured, and each fault gets its
 * own PMD: a slot.
 */
#ifndef __FAULT_H
#define __FAULT_H

#include "../ksft_scratch.h"
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define PAGE		((size_t)KSFT_PAGE_SIZE)
#ifdef KSFT_PTES
#define PTES		(KSFT_PTES + 0U)	/* of a table, 8 bytes each */
#elif defined(__s390x__)
#define PTES		256U
#else
#define PTES		(KSFT_PAGE_SIZE / 8U)
#endif
#define TABLE_KB	((int)(PTES * 8 / 1024))	/* one PTE table */
#define SLOT		(PTES * PAGE)		/* reach of a PTE table */
#define BIG		(512 * SLOT)		/* 1 GiB, with pages of 4 kB */
/* kB of tables of a small process: 15, none of them less than a small page */
#define EMPTY_MAX	(15 * (TABLE_KB > 4 ? TABLE_KB : 4))
#define SLOTS		128UL
#define MNT		"/tmp"			/* see private_mount() */

/* ---- the meter --------------------------------------------------------- */

/* The contents of a file in /proc, or "". No heap: that might fault. */
static inline const char *proc_read(const char *path)
{
	static char buf[16384];

	ksft_read(path, buf, sizeof(buf));
	return buf;
}

/* The number after @key, or -1 */
static inline long number_in(const char *text, const char *key)
{
	const char *p = *text ? strstr(text, key) : NULL;

	return p ? strtol(p + strlen(key), NULL, 10) : -1;
}

static inline long proc_number(const char *path, const char *key)
{
	return number_in(proc_read(path), key);
}

/* Tables that are parts of a page are not allocated, and freed, each. */
static inline void need_table_pages(void)
{
#ifdef KSFT_PTES
	ksft_case_skip("page tables share pages");
#endif
}

/*
 * With HIGHPTE a table is in high memory like a user page: fail_page_alloc
 * cannot tell them apart.
 */
static inline void need_tables_apart(void)
{
	need_table_pages();
	if (proc_number("/proc/meminfo", "HighTotal:") > 0)
		ksft_case_skip("page tables may be in high memory");
}

/* Without lockdep nobody knows which locks are held, or whether RCU is. */
static inline void need_lockdep(void)
{
	if (proc_number("/proc/lockdep_stats", " debug_locks:") != 1)
		ksft_case_skip("lockdep is off");
}

/*
 * Where the stack ends within its page, and the page within its table, is
 * random: a deeper call later, like a signal, may need one more, which would be
 * counted.
 */
static __attribute__((noinline, unused)) void touch_stack(void)
{
	volatile char room[4 * 4096];
	size_t i;

	for (i = 0; i < sizeof(room); i += 4096)
		room[i] = 0;
}

/* kB of page tables of a process */
static inline long vm_pte(pid_t pid)
{
	char path[32];
	long kb;

	touch_stack();
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	kb = proc_number(path, "\nVmPTE:");
	ksft_need(kb >= 0, "VmPTE of %d", pid);
	return kb;
}

/* ---- what is mapped ----------------------------------------------------- */

#define PM_UFFD_WP	(1ULL << 57)
#define PM_SWAP		(1ULL << 62)
#define PM_PRESENT	(1ULL << 63)

/* The pagemap entries of @nr pages. Reading them maps nothing. */
static inline void pagemap(const volatile void *from, uint64_t *entries,
			   size_t nr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	ssize_t len = nr * sizeof(*entries);

	ksft_need(fd >= 0 && pread(fd, entries, len, (uintptr_t)from / PAGE *
				   sizeof(*entries)) == len, "pagemap");
	close(fd);
}

static inline uint64_t pagemap_entry(const volatile void *p)
{
	uint64_t entry;

	pagemap(p, &entry, 1);
	return entry;
}

/* ---- slots: an empty PMD each ------------------------------------------ */

static char *slots;

static inline char *slot(unsigned int nr)
{
	return slots + nr * SLOT;
}

static inline char *map_at(char *where, size_t len, int prot, int flags, int fd,
			   off_t off)
{
	char *p = mmap(where, len, prot, flags | MAP_FIXED, fd, off);

	ksft_need(p == where, "mmap");
	return p;
}

/*
 * A block aligned to its own size has all its PTE tables below one PMD
 * table. Touching a page in slot 0 populates that table and those above.
 */
static inline void slots_reserve(void)
{
	size_t len = SLOTS * SLOT;
	char *p;

	p = mmap(NULL, 2 * len, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ksft_need(p != MAP_FAILED, "reserve %zu bytes", 2 * len);
	slots = (char *)(((uintptr_t)p + len - 1) & ~(uintptr_t)(len - 1));
	p = map_at(slots, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(volatile char *)p = 1;
}

/*
 * kB of page tables that @nr faults add, each in its own slot. A first fault,
 * in slot 1, is not measured: it covers what the test has not touched yet.
 */
static inline long tables_added(void (*fault)(char *where, int i), int nr)
{
	long before;
	int i;

	slots_reserve();
	fault(slot(1), 0);
	before = vm_pte(getpid());
	for (i = 1; i <= nr; i++)
		fault(slot(i + 1), i);
	return vm_pte(getpid()) - before;
}

/* ---- faults and the signals they end in --------------------------------- */

static __thread sigjmp_buf fault_jmp;

static inline void fault_signal(int sig)
{
	siglongjmp(fault_jmp, sig);
}

static inline void fault_catch(void)
{
	struct sigaction sa = {
		.sa_handler = fault_signal,
		.sa_flags = SA_NODEFER,	/* the jump restores no mask */
	};

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
}

/* Both return the signal that the access ended in, or 0. */
static inline int try_read(const volatile char *p)
{
	int sig = sigsetjmp(fault_jmp, 0);

	if (!sig)
		(void)*p;
	return sig;
}

static inline int try_write(volatile char *p, char c)
{
	int sig = sigsetjmp(fault_jmp, 0);

	if (!sig)
		*p = c;
	return sig;
}

/* ---- fault-around -------------------------------------------------------- */

#define FAULT_AROUND	"/sys/kernel/debug/fault_around_bytes"

static inline void need_fault_around(void)
{
	if (access(FAULT_AROUND, W_OK))
		ksft_case_skip("no " FAULT_AROUND);
}

/* How many pages a read fault may map, until the case ends */
static inline void fault_around(unsigned long pages)
{
	char text[24];

	need_fault_around();
	snprintf(text, sizeof(text), "%lu", pages * PAGE);
	ksft_need(ksft_change(FAULT_AROUND, text), "%s to " FAULT_AROUND, text);
}

/*
 * For tests that take a window of 16 pages for granted: fault_around_bytes is
 * 64 kB, whatever a page is.
 */
static inline void window_of_16(void)
{
	if (PAGE > 4096 && !access(FAULT_AROUND, W_OK))
		fault_around(16);
}

/* ---- files -------------------------------------------------------------- */

/*
 * Mounts over MNT, in the mount namespace of the case: invisible elsewhere,
 * and gone with the case, however it ends.
 */
static inline void private_mount(const char *dev, const char *type,
				 const char *options)
{
	if (!ksft_undos->own_mounts)
		ksft_case_skip("no mount namespace of its own: not root");
	if (mount(dev, MNT, type, 0, options)) {
		if (errno == ENODEV)
			ksft_case_skip("no %s", type);
		ksft_need(0, "mount %s", type);
	}
}

static inline void mount_scratch(void)
{
	private_mount(ksft_scratch("KSFT_SCRATCH_EXT4"), "ext4", NULL);
}

/* Create a file of @size bytes, all of it a hole, and unlink it. */
static inline int make_file(const char *name, off_t size)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), MNT "/%s", name);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ksft_need(fd >= 0 && !unlink(path), "create %s", path);
	if (ftruncate(fd, size)) {
		if (errno == EFBIG)
			ksft_case_skip("no file is as large here");
		ksft_need(0, "size of %s", path);
	}
	return fd;
}

/*
 * Small enough for glibc to cache all stacks, with their page tables, and large
 * enough for every architecture.
 */
#define THREAD_STACK	(128 << 10)

#endif /* __FAULT_H */
