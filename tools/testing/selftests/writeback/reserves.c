// SPDX-License-Identifier: GPL-2.0
/*
 * reserves: starting writeback with free memory below the min watermark must
 * take no memory, whatever the context, and log nothing.
 */
#include "wb_device.h"

#define CALLS	1000
#define LEVEL	75	/* percent of min: atomic allocations go down to 50 */

static void print_zones(const struct wbst_start *s)
{
	uint32_t i;

	for (i = 0; i < s->nr_zones; i++)
		ksft_print_msg("zone %u: min %llu, free %llu to %llu pages\n",
			       i, s->zone[i].min, s->zone[i].before,
			       s->zone[i].after);
	ksft_print_msg("taken %llu pages, %llu objects; slab %+lld pages\n",
		       s->taken, s->objects, s->slab);
	ksft_print_msg("queued %llu, merged %llu, nowork %llu, waiting %llu\n",
		       s->queued, s->merged, s->nowork, s->listed);
}

static long lost_pages(const struct wbst_start *s)
{
	long lost = 0;
	uint32_t i;

	for (i = 0; i < s->nr_zones; i++)
		lost += (long)s->zone[i].before - (long)s->zone[i].after;
	return lost;
}

static bool below_min(const struct wbst_start *s)
{
	uint32_t i;

	for (i = 0; i < s->nr_zones; i++)
		if (s->zone[i].before < s->zone[i].min)
			return true;
	return false;
}

static void start_once(struct wbst_start *s)
{
	int dev = wb_stall();

	wb_start(dev, s);
	print_zones(s);
	wb_release(dev);
	close(dev);
}

/*
 * Other tasks, kswapd above all, may free memory between the draining and the
 * calls, and lift it over the watermark again. Such a try proves nothing.
 */
static void start_below_min(struct wbst_start *s)
{
	const struct wbst_start wanted = *s;
	int tries;

	close(wb_open_device());	/* or skip */
	wb_one_cpu();
	for (tries = 0; tries < 10; tries++) {
		*s = wanted;
		start_once(s);
		if (below_min(s))
			return;
		sleep(1);
	}
	ksft_need(0, "free memory below the min watermark");
}

static void takes_no_reserve(const void *arg)
{
	struct wbst_start s = {
		.who = *(const int *)arg, .reason = WBST_REASON_RECLAIM,
		.calls = CALLS, .nr_pages = 32,
		.level = LEVEL, .object_size = WB_ITEM_SIZE,
	};

	start_below_min(&s);
	ksft_check(lost_pages(&s) <= 1, "%u calls took %ld pages", CALLS,
		   lost_pages(&s));
	ksft_check(!s.queued, "the first item came out of the reserve");
}

/* An empty mempool can wait: another task holds an element and frees it. */
static void mempool_takes_no_reserve(const void *arg)
{
	struct wbst_start s = {
		.who = *(const int *)arg, .reason = WBST_REASON_MEMPOOL,
		.calls = 16, .level = LEVEL,
	};

	start_below_min(&s);
	ksft_check(!s.queued, "an empty mempool took %llu pages of the reserve",
		   s.queued);
}

static void mempool_waits(void)
{
	int dev = wb_open_device();
	int ret = ioctl(dev, WBST_MEMPOOL_WAIT);

	ksft_check(!ret || errno != EDQUOT,
		   "an empty mempool may take pages of the reserve");
	ksft_check(!ret, "waiting for an element: %s", strerror(errno));
	close(dev);
}

/* Read all of the kernel log; returns whether a line has this text. */
static bool logged(int kmsg, const char *text)
{
	char line[8192];
	bool found = false;
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[n > 0 ? n : 0] = 0;
		found |= !!strstr(line, text);
	}
	return found;
}

static void quiet(void)
{
	struct wbst_start s = {
		.who = WBST_TASK, .calls = CALLS, .nr_pages = 32,
		.level = LEVEL, .object_size = WB_ITEM_SIZE,
	};
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ksft_need(kmsg >= 0, "opening /dev/kmsg");
	ksft_need(lseek(kmsg, 0, SEEK_END) >= 0, "seeking in /dev/kmsg");
	start_below_min(&s);
	ksft_check(!logged(kmsg, "page allocation failure"),
		   "a failure that has a fallback was reported");
}

static const struct ksft_case cases[] = {
	KSFT_CASE(quiet),	/* first: reports are rate limited */
	KSFT_CASE_WITH(task, takes_no_reserve, KSFT_INT(WBST_TASK)),
	KSFT_CASE_WITH(reclaim, takes_no_reserve, KSFT_INT(WBST_MEMALLOC)),
	KSFT_CASE_WITH(oom_victim, takes_no_reserve, KSFT_INT(WBST_OOM_VICTIM)),
	KSFT_CASE_WITH(softirq, takes_no_reserve, KSFT_INT(WBST_SOFTIRQ)),
	KSFT_CASE_WITH(mempool_reclaim, mempool_takes_no_reserve,
		       KSFT_INT(WBST_MEMALLOC)),
	KSFT_CASE_WITH(mempool_oom_victim, mempool_takes_no_reserve,
		       KSFT_INT(WBST_OOM_VICTIM)),
	KSFT_CASE(mempool_waits),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
