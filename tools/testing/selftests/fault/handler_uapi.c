// SPDX-License-Identifier: GPL-2.0
/*
 * The interface of /dev/fault_selftest itself: what it must refuse, and that
 * it goes away quietly. The other handler programs rely on that.
 */
#include "handler.h"
#include <linux/capability.h>
#include <sys/syscall.h>

#define PAGES_ALL	(FAULT_SELFTEST_SIZE / PAGE)

/* errno of a request, 0 if it is accepted */
static int request(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? errno : 0;
}

#define check_refused(fd, cmd, arg, err) do {				\
	int got = request(fd, cmd, arg);				\
									\
	ksft_check(got == (err), #cmd ": errno %d, not " #err, got);	\
} while (0)

static void unknown_request(void)
{
	int fd = dev_open();

	check_refused(fd, _IO(FAULT_SELFTEST_IOC_MAGIC, 100), NULL, ENOTTY);
	check_refused(fd, _IO(0x5e, 2), NULL, ENOTTY);
	/* right number, wrong size */
	check_refused(fd, _IOW(FAULT_SELFTEST_IOC_MAGIC, 1, char), NULL,
		      ENOTTY);
}

static void bad_pointer(void)
{
	static const unsigned long requests[] = {
		FAULT_SELFTEST_SETUP, FAULT_SELFTEST_RULE, FAULT_SELFTEST_WAIT,
		FAULT_SELFTEST_PAGES, FAULT_SELFTEST_UNMAP,
		FAULT_SELFTEST_QUERY, FAULT_SELFTEST_PROBE,
		FAULT_SELFTEST_COUNTS,
	};
	int fd = dev_open();
	unsigned int i;
	ssize_t len;
	char *p;

	slots_reserve();
	p = slot(1);		/* nothing there */
	for (i = 0; i < ARRAY_SIZE(requests); i++)
		ksft_check(request(fd, requests[i], p) == EFAULT,
			   "request %u takes a bad pointer", i);
	map_slot(fd, 2, MAP_SHARED);
	*slot(2) = 1;
	len = read(fd, p, SLOT);
	ksft_check(len < 0 && errno == EFAULT,
		   "events read to a bad pointer: %zd, errno %d", len, errno);
}

static const struct fault_selftest_rule good_rule = {
	.nr_pages = 1,
	.handler = FAULT_SELFTEST_FAULT,
	.action = FAULT_SELFTEST_SIGBUS,
};

#define FAULT(a)	.handler = FAULT_SELFTEST_FAULT, .action = (a)
#define MAP_PAGES(a)	.handler = FAULT_SELFTEST_MAP_PAGES, .action = (a)
#define MKWRITE(a)	.handler = FAULT_SELFTEST_MKWRITE, .action = (a)
#define PMD_FAULT(a)	.handler = FAULT_SELFTEST_PMD_FAULT, .action = (a)

static const struct {
	int err;
	struct fault_selftest_rule r;
} rules[] = {
	{ 0, { 0, 1, FAULT(FAULT_SELFTEST_RETRY) } },
	{ 0, { PAGES_ALL - 1, 1, FAULT(FAULT_SELFTEST_RETRY) } },
	{ 0, { 0, PAGES_ALL, MAP_PAGES(FAULT_SELFTEST_NOPAGE) } },
	{ ERANGE, { 0, 0, FAULT(FAULT_SELFTEST_RETRY) } },
	{ ERANGE, { PAGES_ALL, 1, FAULT(FAULT_SELFTEST_RETRY) } },
	{ ERANGE, { PAGES_ALL - 1, 2, FAULT(FAULT_SELFTEST_RETRY) } },
	{ ERANGE, { 1, ~0ULL, FAULT(FAULT_SELFTEST_RETRY) } },
	{ ERANGE, { ~0ULL, 1, FAULT(FAULT_SELFTEST_RETRY) } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_NR_ACTIONS) } },
	{ EINVAL, { 0, 1, FAULT(~0U) } },
	{ EINVAL, { 0, 1, .handler = FAULT_SELFTEST_NR_HANDLERS } },
	{ EINVAL, { 0, 1, .handler = ~0U } },
	{ EINVAL, { 0, 1, MAP_PAGES(FAULT_SELFTEST_SIGBUS) } },
	{ EINVAL, { 0, 1, MKWRITE(FAULT_SELFTEST_RETRY) } },
	{ EINVAL, { 0, 1, MKWRITE(FAULT_SELFTEST_HUGE) } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_ZAPPED) } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_HUGE_PAGE) } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_FALLBACK) } },
	{ EINVAL, { 0, 1, MAP_PAGES(FAULT_SELFTEST_INSERT) } },
	{ EINVAL, { 0, 1, PMD_FAULT(FAULT_SELFTEST_LOCKED) } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_LOCKED), .flags = 32 } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_PFN), .flags =
		    FAULT_SELFTEST_TRUNCATE } },
	{ EINVAL, { 0, 1, MAP_PAGES(FAULT_SELFTEST_HUGE), .flags =
		    FAULT_SELFTEST_UNCHECKED } },
	{ EINVAL, { 0, 1, PMD_FAULT(FAULT_SELFTEST_HUGE), .flags =
		    FAULT_SELFTEST_SLEEP } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_LOCKED), .flags =
		    FAULT_SELFTEST_UNCHECKED } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_RETRY), .flags =
		    FAULT_SELFTEST_SLEEP | FAULT_SELFTEST_SLEEP_UNLOCKED } },
	{ EINVAL, { 0, 1, FAULT(FAULT_SELFTEST_LOCKED), .flags =
		    FAULT_SELFTEST_SLEEP_UNLOCKED } },
	{ EINVAL, { 0, 1, MAP_PAGES(FAULT_SELFTEST_NOPAGE), .flags =
		    FAULT_SELFTEST_SLEEP } },
};

static void check_rule(int fd, struct fault_selftest_rule r, int err)
{
	int got = rule_for(fd, r) ? errno : 0;

	ksft_check(got == err,
		   "handler %u action %u flags %#x pgoff %#llx: errno %d not %d",
		   r.handler, r.action, r.flags, (unsigned long long)r.pgoff,
		   got, err);
}

static void bad_rules(void)
{
	int fd = dev_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		check_rule(fd, rules[i].r, rules[i].err);
}

static void too_many_rules(void)
{
	int fd = dev_open(), i;

	for (i = 0; i < FAULT_SELFTEST_MAX_RULES; i++)
		check_rule(fd, good_rule, 0);
	check_rule(fd, good_rule, ENOSPC);
	clear_rules(fd);
	check_rule(fd, good_rule, 0);
}

static void bad_fields(void)
{
	struct fault_selftest_setup s = { .flags = 4 };
	struct fault_selftest_wait w = { .pad = 1 };
	struct fault_selftest_range r = { .nr_pages = PAGES_ALL + 1 };
	struct fault_selftest_query q = { .address = ~0ULL };
	struct fault_selftest_probe p = { .flags = 2 };
	int fd = dev_open();

	check_refused(fd, FAULT_SELFTEST_SETUP, &s, EINVAL);
	check_refused(fd, FAULT_SELFTEST_WAIT, &w, EINVAL);
	check_refused(fd, FAULT_SELFTEST_PAGES, &r, ERANGE);
	check_refused(fd, FAULT_SELFTEST_UNMAP, &r, ERANGE);
	check_refused(fd, FAULT_SELFTEST_QUERY, &q, ERANGE);
	check_refused(fd, FAULT_SELFTEST_PROBE, &p, EINVAL);
	q.address = 0;
	q.pad = 1;
	check_refused(fd, FAULT_SELFTEST_QUERY, &q, EINVAL);
	ksft_check(read(fd, &r, 1) < 0 && errno == EINVAL, "a short read");
}

static void bad_mmap(void)
{
	int fd = dev_open();
	char *p;

	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd,
		 FAULT_SELFTEST_SIZE - PAGE);
	ksft_check(p == MAP_FAILED && errno == EINVAL, "beyond the end");
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
		 FAULT_SELFTEST_SIZE - PAGE);
	ksft_check(p != MAP_FAILED, "the last page: errno %d", errno);
	ksft_check(word_at(p) == PAGES_ALL - 1, "the last page holds another");
	/* nor by growing the mapping */
	ksft_check(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED &&
		   errno == EFAULT, "grown beyond the end");
}

static void probe_twice(void)
{
	struct fault_selftest_probe p = { .flags = FAULT_SELFTEST_PROBE_ON };
	int fd = dev_open(), other = dev_open();

	probe(fd, FAULT_SELFTEST_PROBE_ON);
	check_refused(fd, FAULT_SELFTEST_PROBE, &p, EBUSY);
	probe(other, FAULT_SELFTEST_PROBE_ON);
	probe(fd, 0);
	probe(fd, 0);
	probe(fd, FAULT_SELFTEST_PROBE_ON);
}

static void no_capability(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2] = {};

	close(dev_open());
	ksft_need(!syscall(__NR_capset, &h, d), "drop every capability");
	ksft_check(open(DEVICE, O_RDWR) < 0 && errno == EPERM,
		   "opened without CAP_SYS_ADMIN: errno %d", errno);
}

static void interrupted(int sig)
{
	(void)sig;
}

/* A signal ends a WAIT for sleepers that never come. */
static void wait_interrupted(void)
{
	struct fault_selftest_wait w = { .nr = 1 };
	struct sigaction sa = { .sa_handler = interrupted };
	int fd = dev_open();

	sigaction(SIGALRM, &sa, NULL);
	ualarm(1000, 1000);
	check_refused(fd, FAULT_SELFTEST_WAIT, &w, EINTR);
}

static void newest_rule_wins(void)
{
	struct fault_selftest_rule r = good_rule;
	int fd = dev_open();

	fault_catch();
	kernel_access_init();
	map_slots(fd, &read_access, 1);
	rule(fd, FAULT_SELFTEST_FAULT, FAULT_SELFTEST_LOCKED, 0, 0);
	r.pgoff = slot_page(1) + 1;
	r.times = 1;
	ksft_need(!rule_for(fd, r), "RULE");
	ksft_check(!try_read(slot(1)), "the older rule");
	ksft_check(try_read(slot(1) + PAGE) == SIGBUS, "the newer rule");
	ksft_check(!try_read(slot(1) + PAGE), "a rule for one use, used twice");
}

static void events_in_order(void)
{
	struct fault_selftest_event ev[4];
	int fd = dev_open();
	ssize_t len;

	/* A fault that needs a table must restart if the page is locked. */
	map_slots(fd, &shared_access, 1);
	slot(1)[PAGE] = 1;
	while (read(fd, ev, sizeof(ev)) > 0)
		;
	*slot(1) = 1;
	len = read(fd, ev, sizeof(ev));
	ksft_check(len == 2 * sizeof(ev[0]), "%zd bytes of events", len);
	ksft_check(ev[0].handler == FAULT_SELFTEST_FAULT &&
		   ev[1].handler == FAULT_SELFTEST_MKWRITE, "%u, %u",
		   ev[0].handler, ev[1].handler);
	ksft_check(ev[0].tid == (unsigned int)getpid() &&
		   ev[0].saw & FAULT_SELFTEST_SAW_WRITE, "tid %u, saw %#x",
		   ev[0].tid, ev[0].saw);
	ksft_check(!read(fd, ev, sizeof(ev)), "more events");
}

static void query_levels(void)
{
	unsigned int upper = FAULT_SELFTEST_HAS_PGD | FAULT_SELFTEST_HAS_P4D |
			     FAULT_SELFTEST_HAS_PUD;
	int fd = dev_open();
	char *p;

	slots_reserve();
	ksft_check(levels(fd, slot(1)) == upper, "next to a page: %#x",
		   levels(fd, slot(1)));
	ksft_check(levels(fd, slot(0)) == (upper | FAULT_SELFTEST_HAS_PMD |
		   FAULT_SELFTEST_HAS_TABLE | FAULT_SELFTEST_HAS_PTE),
		   "a page: %#x", levels(fd, slot(0)));
	ksft_check(levels(fd, slot(0) + PAGE) == (upper |
		   FAULT_SELFTEST_HAS_PMD | FAULT_SELFTEST_HAS_TABLE),
		   "in a table: %#x", levels(fd, slot(0) + PAGE));
	p = map_at(slot(1), SLOT, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (madvise(p, SLOT, MADV_HUGEPAGE))
		return;		/* no THP */
	*p = 1;
	ksft_check(levels(fd, p) & (FAULT_SELFTEST_HAS_HUGE |
		   FAULT_SELFTEST_HAS_PTE), "a THP: %#x", levels(fd, p));
}

/* The mapping pins the file, and so does the child's copy. */
static void file_outlives_descriptor(void)
{
	int fd = dev_open(), status;

	map_slots(fd, &shared_access, 2);
	close(fd);
	*slot(1) = 1;
	if (!fork()) {
		*slot(2) = 1;
		_exit(word_at(slot(2) + PAGE / 2) != slot_page(2));
	}
	ksft_need(wait(&status) > 0, "the child");
	ksft_check(!status, "the child: %#x", status);
	munmap(slots, SLOTS * SLOT);
	close(dev_open());
}

static const struct ksft_case cases[] = {
	KSFT_CASE(unknown_request),
	KSFT_CASE(bad_pointer),
	KSFT_CASE(bad_rules),
	KSFT_CASE(too_many_rules),
	KSFT_CASE(bad_fields),
	KSFT_CASE(bad_mmap),
	KSFT_CASE(probe_twice),
	KSFT_CASE(no_capability),
	KSFT_CASE(wait_interrupted),
	KSFT_CASE(newest_rule_wins),
	KSFT_CASE(events_in_order),
	KSFT_CASE(query_levels),
	KSFT_CASE(file_outlives_descriptor),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
