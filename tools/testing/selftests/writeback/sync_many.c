// SPDX-License-Identifier: GPL-2.0
/*
 * sync_many: sync(2) by 400 threads behind a stalled flusher, with free
 * memory between the min watermark and the limit of atomic allocations; from
 * user space alone.
 *
 * A single item would serve all later requests, which are merged into it. So
 * threads in syncfs(2), each of which waits for an item of its own, use up the
 * free slab objects first.
 */
#include "wb_lack.h"
#include <pthread.h>

#define SYNCERS		400
#define EATERS		200	/* of slab objects, one each */
#define OBJECTS		4000
#define TRIES		3
#define LINKS		"/tmp/wb.links"	/* on a tmpfs of its own */

#define START		"sync_mode==0 && sb_dev==0 && reason==2"

struct crowd {
	void *(*run)(void *arg);
	int nr;
	pthread_t thread[SYNCERS];
	pthread_barrier_t go;
};

static void *eater(void *arg)
{
	struct crowd *c = arg;
	int fd = open(WB_FUSE_DISK, O_RDONLY | O_CLOEXEC);

	pthread_barrier_wait(&c->go);
	syncfs(fd);
	return NULL;
}

static void *syncer(void *arg)
{
	struct crowd *c = arg;

	pthread_barrier_wait(&c->go);
	sync();
	return NULL;
}

static struct crowd eaters = { .run = eater, .nr = EATERS };
static struct crowd syncers = { .run = syncer, .nr = SYNCERS };

static void assemble(struct crowd *c)
{
	pthread_attr_t attr;
	int i;

	pthread_barrier_init(&c->go, NULL, c->nr + 1);
	pthread_attr_init(&attr);
	ksft_need(!pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN),
		  "a small stack");
	for (i = 0; i < c->nr; i++)
		ksft_need(!pthread_create(&c->thread[i], &attr, c->run, c),
			  "thread %d", i);
	pthread_attr_destroy(&attr);
}

static void dismiss(struct crowd *c)
{
	int i;

	for (i = 0; i < c->nr; i++)
		pthread_join(c->thread[i], NULL);
	pthread_barrier_destroy(&c->go);
}

/* tmpfs keeps the text of a symlink in a slab object of its size. */
static void fill_slabs(void)
{
	char text[WB_ITEM_SIZE], path[64];
	int i;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	for (i = 0; i < OBJECTS; i++) {
		snprintf(path, sizeof(path), LINKS "/%d", i);
		ksft_need(!symlink(text, path), "symlink %d", i);
	}
}

static void empty_slabs(void)
{
	char path[64];
	int i;

	for (i = 0; i < OBJECTS; i++) {
		snprintf(path, sizeof(path), LINKS "/%d", i);
		unlink(path);
	}
}

struct figures {
	struct ksft_counter items, started, merged, nowork;
};

static struct figures watch(void)
{
	struct figures n = {
		.items = ksft_count("writeback/writeback_queue", "sb_dev!=0"),
		.started = ksft_count("writeback/writeback_queue", START),
		.nowork = ksft_count("writeback/writeback_nowork", NULL),
	};

	if (ksft_has_event("writeback/writeback_merge"))
		n.merged = ksft_count("writeback/writeback_merge", START);
	return n;
}

static long answered(const struct figures *n)
{
	return ksft_counted(&n->started) + ksft_counted(&n->merged) +
	       ksft_counted(&n->nowork);
}

/*
 * While min_free_kbytes is raised, nothing here may allocate, and no thread may
 * exit: report a failure afterwards.
 */
static bool sync_without_memory(const struct figures *n, char *spare)
{
	bool in_time;

	wb_no_memory_for_anybody();
	pthread_barrier_wait(&eaters.go);
	in_time = wb_wait_for(ksft_counted(&n->items) >= EATERS, 60);
	pthread_barrier_wait(&syncers.go);
	in_time &= wb_wait_for(answered(n) >= SYNCERS, 60);
	munmap(spare, WB_SPARE_PAGES * WB_PAGE);
	ksft_put_values_back();
	return in_time;
}

static void forget(const struct figures *n)
{
	const struct ksft_counter *c[] = {
		&n->items, &n->started, &n->merged, &n->nowork
	};
	size_t i;
	int cpu;

	for (i = 0; i < ARRAY_SIZE(c); i++)
		for (cpu = 0; cpu < c[i]->nr; cpu++)
			close(c[i]->fd[cpu]);
}

/* Returns how many threads got no item. */
static long one_try(struct wb_fuse *f, uint64_t seed)
{
	struct figures n;
	bool in_time;
	char *spare;
	long nowork;

	sync();
	wb_stall_fuse(f, seed);
	assemble(&eaters);
	assemble(&syncers);
	n = watch();
	spare = wb_lock_pages(WB_SPARE_PAGES);
	fill_slabs();
	in_time = sync_without_memory(&n, spare);
	nowork = ksft_counted(&n.nowork);
	ksft_print_msg("sync(2) by %d threads: %ld queued, %ld merged, %ld without item\n",
		       SYNCERS, ksft_counted(&n.started), ksft_counted(&n.merged),
		       nowork);
	wb_fuse_set_hold(f, false);
	dismiss(&eaters);
	dismiss(&syncers);
	empty_slabs();
	forget(&n);
	ksft_need(in_time, "%d threads that start writeback", SYNCERS);
	return nowork;
}

/* An object freed just then may serve all: such a try proves nothing. */
static void no_item_from_the_reserve(void)
{
	struct wb_fuse f;
	long nowork = 0;
	int i;

	if (!ksft_has_event("writeback/writeback_nowork"))
		ksft_case_skip("starting writeback allocates nothing here");
	close(wb_open_device());
	wb_one_cpu();
	wb_prewarm_workers();
	wb_mount_at(LINKS, "none", "tmpfs");
	f = wb_fuse_mount(NULL, WB_PAGE);
	wb_set("/proc/self/oom_score_adj", 1000);	/* kill us first */
	ksft_put(WB_VM "drop_caches", "3");
	for (i = 0; i < TRIES && !nowork; i++) {
		wb_one_cpu();
		/* keep the whole DMA zone for GFP_DMA allocations */
		wb_set(WB_VM "lowmem_reserve_ratio", 1);
		nowork = one_try(&f, i + 1);
	}
	ksft_check(nowork, "with free memory below min each had an item");
}

static const struct ksft_case cases[] = {
	KSFT_CASE(no_item_from_the_reserve),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
