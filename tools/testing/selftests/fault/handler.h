/* SPDX-License-Identifier: GPL-2.0 */
/*
 * handler.h: /dev/fault_selftest from user space, and accesses by the kernel.
 *
 * slot(i) maps the file from page i * PAGES_PER_SLOT on, so that each page has
 * its own contents.
 */
#ifndef __HANDLER_H
#define __HANDLER_H

#include "device.h"
#include <linux/fs.h>
#include <pthread.h>

#define PAGES_PER_SLOT	(SLOT / PAGE)

static inline uint64_t slot_page(unsigned int nr)
{
	return nr * PAGES_PER_SLOT;
}

/* The whole slot, shared or private */
static inline char *map_slot(int fd, unsigned int nr, int flags)
{
	return map_at(slot(nr), SLOT, PROT_READ | PROT_WRITE, flags, fd,
		      slot_page(nr) * PAGE);
}

/* ---- requests ----------------------------------------------------------- */

static inline void setup(int fd, unsigned int flags)
{
	struct fault_selftest_setup s = { .flags = flags };

	ksft_need(!ioctl(fd, FAULT_SELFTEST_SETUP, &s), "SETUP %u", flags);
}

static inline int rule_for(int fd, struct fault_selftest_rule r)
{
	return ioctl(fd, FAULT_SELFTEST_RULE, &r);
}

/* For every page of the device */
static inline void rule(int fd, unsigned int handler, unsigned int action,
			unsigned int flags, unsigned int times)
{
	struct fault_selftest_rule r = {
		.nr_pages = FAULT_SELFTEST_SIZE / PAGE,
		.handler = handler,
		.action = action,
		.flags = flags,
		.times = times,
	};
	int err = rule_for(fd, r);

	if (err && errno == EOPNOTSUPP)
		ksft_case_skip("action %u: not on this kernel", action);
	ksft_need(!err, "RULE %u for handler %u", action, handler);
}

static inline void clear_rules(int fd)
{
	ksft_need(!ioctl(fd, FAULT_SELFTEST_CLEAR), "CLEAR");
}

static inline void wait_asleep(int fd, unsigned int nr)
{
	struct fault_selftest_wait w = { .nr = nr };

	ksft_need(!ioctl(fd, FAULT_SELFTEST_WAIT, &w), "WAIT for %u", nr);
}

static inline void wake_all(int fd)
{
	ksft_need(!ioctl(fd, FAULT_SELFTEST_WAKE), "WAKE");
}

static inline void cache_pages(int fd, uint64_t pgoff, uint64_t nr)
{
	struct fault_selftest_range r = { .pgoff = pgoff, .nr_pages = nr };

	ksft_need(!ioctl(fd, FAULT_SELFTEST_PAGES, &r), "PAGES");
}

static inline unsigned int levels(int fd, const void *p)
{
	struct fault_selftest_query q = { .address = (uintptr_t)p };

	ksft_need(!ioctl(fd, FAULT_SELFTEST_QUERY, &q), "QUERY %p", p);
	return q.levels;
}

static inline int has_table(int fd, const void *p)
{
	return !!(levels(fd, p) & FAULT_SELFTEST_HAS_TABLE);
}

/* Some configurations free tables by RCU, which may take a moment. */
static inline unsigned int tables_left(int fd)
{
	unsigned int tries = 10000;

	while (counts(fd).tables_held && --tries)
		usleep(1000);
	return counts(fd).tables_held;
}

static inline uint64_t page_refs(int fd, uint64_t pgoff, uint64_t nr)
{
	struct fault_selftest_refs r = { .pgoff = pgoff, .nr_pages = nr };

	ksft_need(!ioctl(fd, FAULT_SELFTEST_REFS, &r), "REFS");
	return r.refs;
}

/* How many are still locked with no fault running; this unlocks them. */
static inline unsigned int page_locks(int fd, uint64_t pgoff, uint64_t nr)
{
	struct fault_selftest_refs r = { .pgoff = pgoff, .nr_pages = nr };

	ksft_need(!ioctl(fd, FAULT_SELFTEST_REFS, &r), "REFS");
	return r.locked;
}

/* Drain the LRU caches of all CPUs: mlock() drains at least its own CPU's. */
static inline void drain_lru(void)
{
	int cpu, nr = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t all, set;

	ksft_need(!sched_getaffinity(0, sizeof(all), &all), "affinity");
	for (cpu = 0; cpu < nr; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		ksft_need(!sched_setaffinity(0, sizeof(set), &set) &&
			  !mlock(slots, PAGE) && !munlock(slots, PAGE),
			  "mlock on CPU %d", cpu);
	}
	ksft_need(!sched_setaffinity(0, sizeof(all), &all), "affinity");
}

/* What handle_mm_fault() returns, as FAULT_SELFTEST_TOUCHED_* */
static inline unsigned int touch(int fd, void *p, unsigned int flags)
{
	struct fault_selftest_touch t = { .address = (uintptr_t)p,
					  .flags = flags };

	ksft_need(!ioctl(fd, FAULT_SELFTEST_TOUCH, &t), "TOUCH %p", p);
	return t.result;
}

/* Get the next event of @handler, and drop those of other handlers. */
static inline int next_event(int fd, unsigned int handler,
			     struct fault_selftest_event *ev)
{
	while (read(fd, ev, sizeof(*ev)) == sizeof(*ev))
		if (ev->handler == handler)
			return 1;
	return 0;
}

static inline void drop_events(int fd)
{
	struct fault_selftest_event ev;

	while (read(fd, &ev, sizeof(ev)) == sizeof(ev))
		;
}

/*
 * Start the probe once all that is used later has been touched: after fork(),
 * it is random which of the two tasks copies a page.
 */
static inline void probe_from_here(int fd)
{
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	drain_lru();
	counts(fd);
	probe(fd, 0);
	drop_events(fd);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
}

/* ---- accesses ----------------------------------------------------------- */

static inline uint64_t word_at(const void *p)
{
	return *(const volatile uint64_t *)p;
}

/*
 * The kernel reads or writes four bytes. A failing fault is EFAULT there, even
 * VM_FAULT_OOM, which would invoke the OOM killer for a user mode fault. These
 * two ioctls only use get_user() and put_user(): copy_from_user() would retry
 * byte by byte.
 */
static int kernel_fd;

static inline void kernel_access_init(void)
{
	kernel_fd = open("/dev/null", O_RDWR);
	ksft_need(kernel_fd >= 0, "/dev/null");
}

static inline int kernel_read(void *p)
{
	return ioctl(kernel_fd, FIONBIO, p) ? errno : 0;
}

static inline int kernel_write(void *p)
{
	return ioctl(kernel_fd, FIGETBSZ, p) ? errno : 0;
}

/* ---- accounting ---------------------------------------------------------- */

/*
 * With the LRU caches drained, there must be no copied page, and no reference
 * to or lock on a page of slot 1.
 */
static inline void check_no_page_left(int fd, const char *what)
{
	uint64_t refs;

	ksft_check(!page_locks(fd, slot_page(1), PAGES_PER_SLOT),
		   "%s: a page stays locked", what);
	drain_lru();
	ksft_check(!counts(fd).pages_held, "%s: %u pages left", what,
		   counts(fd).pages_held);
	refs = page_refs(fd, slot_page(1), PAGES_PER_SLOT);
	ksft_check(!refs, "%s: %llu references left", what,
		   (unsigned long long)refs);
}

/* ---- the three kinds of file fault -------------------------------------- */

struct access {
	const char *name;
	int map;		/* MAP_SHARED or MAP_PRIVATE */
	int write;
};

static const struct access read_access = { "read", MAP_SHARED, 0 };
static const struct access cow_access = { "private write", MAP_PRIVATE, 1 };
static const struct access shared_access = { "shared write", MAP_SHARED, 1 };
static const struct access *const accesses[] = {
	&read_access, &cow_access, &shared_access,
};

static inline int kernel_access(const struct access *a, char *p)
{
	return a->write ? kernel_write(p) : kernel_read(p);
}

/*
 * Map the device in slots 1 to @nr, and in one slot more. An access to that one
 * brings what else a first fault allocates (an anon_vma); it has no other use.
 */
static inline void map_slots(int fd, const struct access *a, unsigned int nr)
{
	unsigned int i;

	slots_reserve();
	for (i = 1; i <= nr + 1; i++)
		map_slot(fd, i, a->map);
	if (a->write)
		*slot(nr + 1) = 1;
	else
		ksft_need(word_at(slot(nr + 1)) == slot_page(nr + 1),
			  "what a page holds");
	drop_events(fd);
}

#endif /* __HANDLER_H */
