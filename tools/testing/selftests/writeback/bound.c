// SPDX-License-Identifier: GPL-2.0
/*
 * bound: what becomes of start requests while the flusher is stalled. One is in
 * progress, one waits, the others are merged into that one; no request is lost,
 * and each shows in the trace events.
 */
#include "wb_device.h"
#include <pthread.h>

#define CALLS	1000
#define ROUNDS	20
#define STARTERS	4

static struct wbst_start request(uint32_t calls, int64_t nr_pages,
				 uint32_t who)
{
	return (struct wbst_start) {
		.who = who, .calls = calls, .nr_pages = nr_pages,
		.reason = who == WBST_MEMALLOC ? WBST_REASON_RECLAIM :
						 WBST_REASON_SYNC,
	};
}

static struct wbst_start start(int dev, uint32_t calls, int64_t nr_pages,
			       uint32_t who)
{
	struct wbst_start s = request(calls, nr_pages, who);

	wb_start(dev, &s);
	return s;
}

/* Kernels that request everything at once have none of these events. */
static bool told(const struct wbst_start *s)
{
	return s->queued || s->merged || s->nowork;
}

static void bounded(const void *arg)
{
	uint32_t who = *(const int *)arg;
	int dev = wb_stall();
	struct wbst_start s;

	s = start(dev, CALLS, 32, who);
	ksft_print_msg("queued %llu, merged %llu, nowork %llu, waiting %llu\n",
		       s.queued, s.merged, s.nowork, s.listed);
	wb_release(dev);
	ksft_check(s.listed <= 1, "%llu items wait for the flusher", s.listed);
	ksft_check(s.queued <= 1, "%llu items queued", s.queued);
}

static void each_call_is_told(void)
{
	int dev = wb_stall();
	struct wbst_start s;

	s = start(dev, CALLS, 32, WBST_TASK);
	wb_release(dev);
	if (!told(&s))
		ksft_case_skip("this kernel has no events for it");
	ksft_check(s.queued + s.merged + s.nowork == CALLS,
		   "%llu queued, %llu merged, %llu without item of %u calls",
		   s.queued, s.merged, s.nowork, CALLS);
}

/* The largest number of pages that the flusher began to write, and why. */
static long largest_begun(const char *trace, char *reason, size_t size)
{
	const char *at = trace, *why;
	long nr, most = -1;

	while ((at = strstr(at, "nr_pages="))) {
		at += strlen("nr_pages=");
		nr = strtol(at, NULL, 10);
		if (nr <= most)
			continue;
		most = nr;
		why = strstr(at, "reason=");
		if (why)
			snprintf(reason, size, "%.*s",
				 (int)strcspn(why, "\n "), why);
	}
	return most;
}

/*
 * Returns the trace of what the flusher begins once it may go on, of what was
 * requested while it was stalled: a first request, maybe without an item, and
 * others.
 */
static char *begun(struct wbst_start first, bool lack, void (*others)(int dev))
{
	struct ksft_counter largest;
	int dev = wb_stall();

	ksft_trace("writeback/writeback_exec",
		 "sync_mode==0 && name ~ \"wbselftest*\"");
	largest = ksft_count("writeback/writeback_exec", "nr_pages==4000");
	if (lack) {
		wb_fail_one_alloc();
		first.who = WBST_FAILSLAB;
	}
	wb_start(dev, &first);
	if (!told(&first))
		ksft_case_skip("this kernel asks for everything at once");
	ksft_need(!lack || first.nowork, "an item that cannot be had");
	others(dev);
	wb_release(dev);
	/* A request that was kept comes after all items. */
	wb_wait_for(ksft_counted(&largest), 20);
	return ksft_traced();
}

static void start_4000_and_30(int dev)
{
	start(dev, 1, 4000, WBST_MEMALLOC);
	start(dev, 1, 30, WBST_TASK);
}

static void check_largest(const void *arg)
{
	bool lack = *(const int *)arg;		/* no item for the first one */
	const char *trace = begun(request(1, 10, WBST_TASK), lack,
				  start_4000_and_30);
	char reason[64] = "";
	long most = largest_begun(trace, reason, sizeof(reason));

	ksft_check(most >= 4000, "of 10, 4000 and 30 pages %ld were begun",
		   most);
	ksft_check(!strcmp(reason, "reason=try_to_free_pages"),
		   "the pages of reclaim were begun for %s", reason);
}

static void start_10(int dev)
{
	start(dev, 1, 10, WBST_TASK);
}

/* As the laptop mode timer: cyclic */
static struct wbst_start of_timer(int64_t nr_pages)
{
	struct wbst_start s = request(1, nr_pages, WBST_TASK);

	s.reason = WBST_REASON_LAPTOP;
	return s;
}

/* 4000 pages of the timer are merged with others, or the other way round. */
static const char *begun_4000(struct wbst_start first, bool lack,
			      void (*others)(int dev))
{
	const char *trace = begun(first, lack, others);

	ksft_check(strstr(trace, "nr_pages=4000 "),
		   "the 4000 pages of the timer were not begun");
	return trace;
}

/*
 * The laptop mode timer starts in a file where the last request left off, a
 * task at the beginning; a request merged from both must do the latter.
 */
static void check_not_cyclic(const void *arg)
{
	bool lack = *(const int *)arg;
	const char *trace = begun_4000(of_timer(4000), lack, start_10);

	ksft_check(strstr(trace, "range_cyclic=0"),
		   "the 10 pages of a task were begun as cyclic");
}

static void start_4000_of_timer(int dev)
{
	struct wbst_start s = of_timer(4000);

	wb_start(dev, &s);
}

/* Two requests of the timer are one of the timer. */
static void cyclic_stays_cyclic(void)
{
	const char *trace = begun_4000(of_timer(10), false,
				       start_4000_of_timer);

	ksft_check(!strstr(trace, "range_cyclic=0"),
		   "the pages of the timer were begun as a task's");
}

/* Each request that was begun makes room for the next one. */
static void room_for_the_next(void)
{
	struct wbst_start s;
	int dev, i;

	dev = wb_stall();
	s = start(dev, 1, 32, WBST_TASK);
	if (!told(&s))
		ksft_case_skip("this kernel has no events for it");
	ksft_check(s.queued == 1,
		   "nothing was queued, though the request before was begun");
	wb_release(dev);
	for (i = 0; i < ROUNDS; i++) {
		ksft_check(!ioctl(dev, WBST_STALL),
			   "round %d: writeback was not begun: %s", i,
			   strerror(errno));
		s = start(dev, 2, 32, WBST_TASK);
		ksft_check(s.queued >= 1 && s.listed >= 1,
			   "round %d: nothing was queued", i);
		wb_release(dev);
	}
}

static pthread_barrier_t go;

/* Each starter has its own device file, which serves one call at a time. */
static void *starter(void *arg)
{
	struct wbst_start s = request(1, 32, WBST_TASK);

	pthread_barrier_wait(&go);
	wb_try_start(*(int *)arg, &s);
	return NULL;
}

static void start_at_once(int dev[STARTERS])
{
	pthread_t thread[STARTERS];
	int i;

	pthread_barrier_init(&go, NULL, STARTERS);
	for (i = 0; i < STARTERS; i++)
		ksft_need(!pthread_create(&thread[i], NULL, starter, &dev[i]),
			  "thread %d", i);
	for (i = 0; i < STARTERS; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&go);
}

/* Each sees that nothing waits, and gets an item before it checks again. */
static void starters_at_once(void)
{
	int i, dev[STARTERS], stalled = wb_stall();
	struct ksft_counter queued;
	long nr, sum = 0;

	queued = ksft_count("writeback/writeback_queue",
			  "sync_mode==0 && name ~ \"wbselftest*\"");
	for (i = 0; i < STARTERS; i++)
		dev[i] = wb_open_device();
	for (i = 0; i < ROUNDS; i++) {
		nr = ksft_counted(&queued);
		start_at_once(dev);
		nr = ksft_counted(&queued) - nr;
		sum += nr;
		ksft_check(nr <= 1, "round %d: %ld items queued", i, nr);
		wb_release(stalled);
		ksft_need(!ioctl(stalled, WBST_STALL), "stalling a flusher");
	}
	wb_release(stalled);
	if (!sum)
		ksft_case_skip("this kernel asks for everything at once");
}

/* A device file that is closed, or whose owner is killed, stalls no task. */
static void killed_owner(void)
{
	int status;
	pid_t pid;

	close(wb_open_device());	/* or skip */
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid) {
		start(wb_stall(), CALLS, 32, WBST_TASK);
		raise(SIGKILL);
	}
	ksft_need(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status),
		  "a child that is killed");
	sync();		/* would wait for the stalled file system */
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(task, bounded, KSFT_INT(WBST_TASK)),
	KSFT_CASE_WITH(reclaim, bounded, KSFT_INT(WBST_MEMALLOC)),
	KSFT_CASE_WITH(oom_victim, bounded, KSFT_INT(WBST_OOM_VICTIM)),
	KSFT_CASE_WITH(softirq, bounded, KSFT_INT(WBST_SOFTIRQ)),
	KSFT_CASE(each_call_is_told),
	KSFT_CASE_WITH(largest_wish_is_kept, check_largest, KSFT_INT(false)),
	KSFT_CASE_WITH(largest_without_item, check_largest, KSFT_INT(true)),
	KSFT_CASE_WITH(not_cyclic_is_kept, check_not_cyclic, KSFT_INT(false)),
	KSFT_CASE_WITH(not_cyclic_without_item, check_not_cyclic,
		       KSFT_INT(true)),
	KSFT_CASE(cyclic_stays_cyclic),
	KSFT_CASE(room_for_the_next),
	KSFT_CASE(starters_at_once),
	KSFT_CASE(killed_owner),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
