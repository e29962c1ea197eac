/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Run the machine out of memory, on purpose and under supervision.
 *
 * A balloon, a tmpfs file, takes all free memory but a few megabytes, so that
 * the rest is used up quickly. Actors, one process each, wait for the curtain.
 * The case itself watches. It is exempt from the OOM killer, has all its memory
 * before the curtain rises, and allocates nothing until it has emptied the
 * balloon again: so only the actors invoke the OOM killer, and a hang of the
 * kernel is detected and ended.
 */
#ifndef __FAULT_OOM_H
#define __FAULT_OOM_H

#include "fault.h"
#include "../ksft_trace.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#define RW		(PROT_READ | PROT_WRITE)
#define TASTE_KB	(12L << 10)	/* left above the watermarks */
#define STEP_KB		(4L << 10)	/* the balloon's step */
#define STALL_ROUNDS	2000		/* of failing reclaim: a hang */
#define STALL_MS	2000		/* and at least that long */
#define STALL_MAX_MS	60000		/* a hang even without reclaim */
#define ACTORS		64

/* ---- consent ------------------------------------------------------------- */

/*
 * These tests use up all memory of the machine, and get tasks killed. The
 * environment must declare the machine disposable.
 */
#define CONSENT		"KSFT_DISPOSABLE"

static inline bool oom_consent(void)
{
	const char *said = getenv(CONSENT);

	return said && !strcmp(said, "1");
}

static inline void oom_need_consent(void)
{
	struct sysinfo si;

	if (!oom_consent())
		ksft_case_skip("takes all memory: set " CONSENT
			       "=1 if the machine is there for that");
	ksft_need(!sysinfo(&si), "sysinfo");
	if (si.totalswap)
		ksft_case_skip("there is swap, which takes too long to fill");
}

static inline bool oom_score_adj(int adj)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", adj);
	return ksft_put("/proc/self/oom_score_adj", text);
}

static inline void oom_change(const char *path, const char *value)
{
	ksft_need(ksft_change(path, value), "%s to %s", path, value);
}

/* Any write, even of the same value, takes back what is boosted already. */
static inline void oom_reset_watermarks(void)
{
	const char *scale = "/proc/sys/vm/watermark_scale_factor";
	char text[16];

	snprintf(text, sizeof(text), "%ld", proc_number(scale, ""));
	ksft_need(ksft_put(scale, text), "%s to %s", text, scale);
}

/*
 * Later kernels keep back megabytes, in the lists of a CPU and below a boosted
 * watermark: the OOM killer would come while its victim is still small, or
 * already for the balloon, where there is no victim.
 */
static inline void oom_keep_nothing_back(void)
{
	const char *fraction = "/proc/sys/vm/percpu_pagelist_high_fraction";
	const char *boost = "/proc/sys/vm/watermark_boost_factor";

	if (!access(fraction, W_OK))
		oom_change(fraction, "100000");
	if (!access(boost, W_OK)) {
		oom_change(boost, "0");
		oom_reset_watermarks();
	}
}

/* ---- reclaim without effect --------------------------------------------- */

/*
 * How often tasks have entered direct reclaim. This detects a hang, not the
 * clock, which goes on while an emulated machine gets no CPU time.
 */
static struct ksft_counter reclaims;

static inline void rounds_prepare(void)
{
	reclaims = ksft_count("vmscan/mm_vmscan_direct_reclaim_begin", NULL);
}

static inline long rounds(void)
{
	return ksft_counted(&reclaims);
}

/* ---- the stage ----------------------------------------------------------- */

enum part {
	DOOMED,		/* must die */
	INNOCENT,	/* must not */
	EXTRA,		/* may */
};

static struct actor {
	const char *name;
	enum part part;
	pid_t pid;
	int status;
	long gone_ms;	/* after the curtain; -1: still alive */
} actors[ACTORS];

static unsigned int nr_actors;

/* Shared with the watcher: the actors report without a system call. */
static struct {
	volatile long steps;
} *told;

static int curtain[2], ready[2];	/* pipes */
static int balloon, balloon_node = -1;
static int kmsg;
static long began_ms;

static inline long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

static inline void nap(long ms)
{
	struct timespec ts = { 0, ms * 1000000L };

	nanosleep(&ts, NULL);
}

/*
 * Unshare the caller's memory: a write to what fork() shares would copy, and
 * so allocate.
 */
static inline void own_memory(void)
{
	ksft_need(!mlockall(MCL_CURRENT), "mlockall");
}

/* Wait until the watcher closes the last write end of the pipe. */
static inline void await_curtain(void)
{
	char c;

	while (read(curtain[0], &c, 1) < 0 && errno == EINTR)
		;
}

static inline void actor_main(const char *name, int adj,
			      void (*prepare)(void), void (*act)(void))
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, name);
	close(curtain[1]);
	ksft_need(oom_score_adj(adj), "oom_score_adj %d", adj);
	own_memory();
	munlockall();
	prepare();
	ksft_need(write(ready[1], name, 1) == 1, "tell that %s is ready", name);
	await_curtain();
	act();
	_exit(0);
}

static inline struct actor *cast(const char *name, enum part part, int adj,
				 void (*prepare)(void), void (*act)(void))
{
	struct actor *a = &actors[nr_actors];
	char c;

	ksft_need(nr_actors < ACTORS, "room for %s", name);
	fflush(stdout);
	a->pid = fork();
	ksft_need(a->pid >= 0, "fork");
	if (!a->pid)
		actor_main(name, adj, prepare, act);
	a->name = name;
	a->part = part;
	a->gone_ms = -1;
	nr_actors++;
	ksft_need(read(ready[0], &c, 1) == 1, "%s", name);
	return a;
}

/* Mount a tmpfs over MNT that may take all memory, with the balloon in it. */
static inline void stage_build(int node)
{
	char options[48];

	ksft_need(oom_score_adj(-1000), "to be out of the OOM killer's reach");
	oom_change("/proc/sys/vm/panic_on_oom", "0");
	oom_change("/proc/sys/vm/oom_kill_allocating_task", "0");
	oom_change("/proc/sys/vm/oom_dump_tasks", "0");
	oom_keep_nothing_back();
	fault_around(16);
	balloon_node = node;
	snprintf(options, sizeof(options), "size=100%%");
	if (node >= 0)
		snprintf(options, sizeof(options), "size=100%%,mpol=bind:%d",
			 node);
	private_mount("none", "tmpfs", options);
	balloon = make_file("balloon", 0);
	told = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ksft_need(told != MAP_FAILED, "a shared page");
	ksft_need(!pipe(curtain) && !pipe(ready), "pipes");
	rounds_prepare();
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ksft_need(kmsg >= 0 && lseek(kmsg, 0, SEEK_END) >= 0, "/dev/kmsg");
}

/* ---- the balloon --------------------------------------------------------- */

static inline long free_kb(void)
{
	struct sysinfo si;
	char path[64], key[32];

	if (balloon_node < 0) {
		ksft_need(!sysinfo(&si), "sysinfo");
		return (long)(si.freeram / 1024 * si.mem_unit);
	}
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo",
		 balloon_node);
	snprintf(key, sizeof(key), "Node %d MemFree:", balloon_node);
	return proc_number(path, key);
}

static inline void inflate(void)
{
	long kb, target, size = 0;

	ksft_need(ksft_put("/proc/sys/vm/drop_caches", "3"), "drop_caches");
	target = proc_number("/proc/sys/vm/min_free_kbytes", "") + TASTE_KB;
	while ((kb = free_kb() - target) > 0) {
		kb = kb < STEP_KB ? kb : STEP_KB;
		ksft_need(!fallocate(balloon, 0, size << 10, kb << 10),
			  "%ld kB for a balloon of %ld kB", kb, size);
		size += kb;
	}
	ksft_print_msg("%ld kB left, %ld kB of them page cache\n", free_kb(),
		       proc_number("/proc/meminfo", "Active(file):") +
		       proc_number("/proc/meminfo", "Inactive(file):"));
}

/* ---- the watch ----------------------------------------------------------- */

static inline bool reap(void)
{
	bool news = false;
	unsigned int i;

	for (i = 0; i < nr_actors; i++) {
		if (actors[i].gone_ms >= 0 ||
		    waitpid(actors[i].pid, &actors[i].status, WNOHANG) <= 0)
			continue;
		actors[i].gone_ms = now_ms() - began_ms;
		news = true;
	}
	return news;
}

static inline unsigned int left(enum part part)
{
	unsigned int i, nr = 0;

	for (i = 0; i < nr_actors; i++)
		nr += actors[i].part == part && actors[i].gone_ms < 0;
	return nr;
}

static inline unsigned int gone(enum part part)
{
	unsigned int i, nr = 0;

	for (i = 0; i < nr_actors; i++)
		nr += actors[i].part == part && actors[i].gone_ms >= 0;
	return nr;
}

static inline void raise_curtain(void)
{
	own_memory();
	began_ms = now_ms();
	close(curtain[1]);
}

static inline bool stalled(long since_ms, long since_rounds)
{
	long ms = now_ms() - since_ms;

	return ms > STALL_MAX_MS || (ms > STALL_MS &&
				     rounds() - since_rounds > STALL_ROUNDS);
}

/* Returns false if progress stops before @done. */
static inline bool watch_until(bool (*done)(void))
{
	long steps = -1, ms = 0, turn = 0;

	while (!done()) {
		if (reap() || told->steps != steps) {
			steps = told->steps;
			ms = now_ms();
			turn = rounds();
		}
		if (stalled(ms, turn))
			return false;
		nap(2);
	}
	return true;
}

/* Make the machine usable again, whatever has happened. */
static inline void lower_curtain(void)
{
	unsigned int i;

	for (i = 0; i < nr_actors; i++)
		if (actors[i].gone_ms < 0)
			kill(actors[i].pid, SIGKILL);
	ksft_need(!ftruncate(balloon, 0), "the air out of the balloon");
	for (i = 0; i < nr_actors; i++)
		if (actors[i].gone_ms < 0)
			waitpid(actors[i].pid, NULL, 0);
}

/* ---- the kernel log ------------------------------------------------------ */

/* The OOM killer's victims, each as " (name)": shot() counts them. */
static char victims[4096];

static inline void note_victims(void)
{
	char line[8192], *p;
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[n > 0 ? n : 0] = 0;
		errno = 0;
		p = strstr(line, "Killed process ");
		if (!p || strlen(victims) + 64 > sizeof(victims))
			continue;
		p = strchr(p, '(');
		if (p)
			snprintf(victims + strlen(victims), 64, " %.*s",
				 (int)strcspn(p, ")") + 1, p);
	}
}

static inline unsigned int shot(const char *name)
{
	unsigned int nr = 0;
	char key[32];
	char *p = victims;

	snprintf(key, sizeof(key), "(%s", name);
	for (; (p = strstr(p, key)); p++)
		nr++;
	return nr;
}

static inline void tell_times(void)
{
	unsigned int i;

	for (i = 0; i < nr_actors; i++)
		if (actors[i].part == DOOMED && actors[i].gone_ms >= 0)
			ksft_print_msg("%s: gone after %ld ms\n",
				       actors[i].name, actors[i].gone_ms);
	ksft_print_msg("killed by the OOM killer:%s\n", victims);
}

#endif /* __FAULT_OOM_H */
