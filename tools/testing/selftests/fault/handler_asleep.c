// SPDX-License-Identifier: GPL-2.0
/*
 * A task that sleeps in a handler holds no page table, installed or
 * preallocated; nor does a task that is killed there, or whose mapping goes
 * away while it waits to retry. Only in ->page_mkwrite may it have preallocated
 * one.
 *
 * Sleepers are threads of a child, each in its own slot. The probe and VmPTE
 * count the child's page tables.
 */
#include "handler.h"

#define MANY	16

struct sleepers {
	const struct access *access;
	int nr;
	unsigned int handler;	/* of the rule they sleep in */
	unsigned int action;
	unsigned int flags;

	int fd;
	pid_t pid;
	long vmpte;		/* before they went to sleep */
};

/* ---- in the child ------------------------------------------------------- */

static const struct access *thread_access;
static pthread_barrier_t threads_ready;

static void *sleeper_thread(void *where)
{
	pthread_barrier_wait(&threads_ready);
	pthread_barrier_wait(&threads_ready);
	return (void *)(long)kernel_access(thread_access, where);
}

/* Returns with their stacks touched, so that these are not counted later */
static void start_threads(pthread_t *t, int nr)
{
	int i;

	pthread_barrier_init(&threads_ready, NULL, nr + 1);
	for (i = 0; i < nr; i++)
		ksft_need(!pthread_create(&t[i], NULL, sleeper_thread,
					  slot(i + 1)), "a thread");
	pthread_barrier_wait(&threads_ready);
}

static void join_threads(pthread_t *t, int nr, int expect)
{
	void *err;
	int i;

	for (i = 0; i < nr; i++) {
		pthread_join(t[i], &err);
		ksft_check((long)err == expect, "thread %d: errno %ld", i,
			   (long)err);
	}
}

static void prepare(struct sleepers *s, pthread_t *t)
{
	kernel_access_init();
	map_slots(s->fd, s->access, s->nr);
	rule(s->fd, s->handler, s->action, s->flags, 0);
	thread_access = s->access;
	start_threads(t, s->nr);
	probe(s->fd, FAULT_SELFTEST_PROBE_ON);
}

static void child(struct sleepers *s, int ready)
{
	pthread_t t[MANY];
	int i;

	prepare(s, t);
	s->vmpte = vm_pte(getpid());
	ksft_need(write(ready, &s->vmpte, sizeof(long)) == sizeof(long),
		  "tell the parent");
	pthread_barrier_wait(&threads_ready);
	join_threads(t, s->nr, 0);
	for (i = 1; i <= s->nr; i++)
		ksft_check(word_at(slot(i) + PAGE / 2) == slot_page(i),
			   "slot %d holds something else", i);
	_exit(KSFT_PASS);
}

/* ---- in the parent ------------------------------------------------------ */

/* Returns with all of them asleep. */
static void start(struct sleepers *s)
{
	int ready[2];

	s->fd = dev_open();
	ksft_need(!pipe(ready), "pipe");
	s->pid = fork();
	ksft_need(s->pid >= 0, "fork");
	if (!s->pid)
		child(s, ready[1]);
	close(ready[1]);
	ksft_need(read(ready[0], &s->vmpte, sizeof(long)) == sizeof(long),
		  "the child to be ready");
	wait_asleep(s->fd, s->nr);
}

static void check_holds_nothing(struct sleepers *s)
{
	unsigned int may = s->handler == FAULT_SELFTEST_MKWRITE ? s->nr : 0;
	struct fault_selftest_counts c = counts(s->fd);
	long kb = vm_pte(s->pid) - s->vmpte;

	ksft_check(!kb, "%ld kB of tables in place in front of %d sleepers",
		   kb, s->nr);
	ksft_check(c.tables_held <= may, "%d sleepers hold %u tables", s->nr,
		   c.tables_held);
}

static int end(struct sleepers *s)
{
	int status;

	ksft_need(waitpid(s->pid, &status, 0) == s->pid, "the child");
	return status;
}

static void asleep(const void *arg)
{
	struct sleepers s = *(const struct sleepers *)arg;

	start(&s);
	check_holds_nothing(&s);
	wake_all(s.fd);
	ksft_check(!end(&s), "the sleepers did not end well");
}

/* Sleep without the mmap lock, as in page cache I/O; then retry */
static void unlocked_asleep(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		struct sleepers s = {
			.access = accesses[i],
			.nr = MANY,
			.handler = FAULT_SELFTEST_FAULT,
			.action = FAULT_SELFTEST_RETRY,
			.flags = FAULT_SELFTEST_SLEEP_UNLOCKED,
		};

		start(&s);
		check_holds_nothing(&s);
		clear_rules(s.fd);
		wake_all(s.fd);
		ksft_check(!end(&s), "the sleepers did not end well");
		close(s.fd);
	}
}

/* ---- killed ------------------------------------------------------------- */

static void killed(const struct access *a, unsigned int handler,
		   unsigned int action, unsigned int flags)
{
	struct sleepers s = {
		.access = a,
		.nr = MANY,
		.handler = handler,
		.action = action,
		.flags = flags,
	};

	start(&s);
	kill(s.pid, SIGKILL);
	ksft_check(WIFSIGNALED(end(&s)), "a sleeper did not die of SIGKILL");
	ksft_check(!tables_left(s.fd), "%u tables outlive the sleepers",
		   counts(s.fd).tables_held);
	close(s.fd);
}

static void killed_asleep(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		killed(accesses[i], FAULT_SELFTEST_FAULT,
		       FAULT_SELFTEST_LOCKED, FAULT_SELFTEST_SLEEP);
		killed(accesses[i], FAULT_SELFTEST_FAULT, FAULT_SELFTEST_RETRY,
		       FAULT_SELFTEST_SLEEP_UNLOCKED);
	}
	killed(&shared_access, FAULT_SELFTEST_MKWRITE, FAULT_SELFTEST_LOCKED,
	       FAULT_SELFTEST_SLEEP);
}

/* ---- the mapping changes ------------------------------------------------ */

static void unmap_slots(int fd, int nr)
{
	(void)fd;
	ksft_need(!munmap(slot(1), nr * SLOT), "munmap");
}

static void replace_slots(int fd, int nr)
{
	(void)fd;
	map_at(slot(1), nr * SLOT, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Threads of this process retry their faults after change(). */
static int retry_after(const struct access *a, void (*change)(int fd, int nr),
		       int expect)
{
	struct sleepers s = {
		.access = a,
		.nr = MANY,
		.handler = FAULT_SELFTEST_FAULT,
		.action = FAULT_SELFTEST_RETRY,
		.flags = FAULT_SELFTEST_SLEEP_UNLOCKED,
		.fd = dev_open(),
	};
	pthread_t t[MANY];

	prepare(&s, t);
	pthread_barrier_wait(&threads_ready);
	wait_asleep(s.fd, s.nr);
	clear_rules(s.fd);
	change(s.fd, s.nr);
	wake_all(s.fd);
	join_threads(t, s.nr, expect);
	return s.fd;
}

static void retry_unmapped(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		int fd = retry_after(accesses[i], unmap_slots, EFAULT);

		ksft_check(!tables_left(fd), "%s: %u tables left",
			   accesses[i]->name, counts(fd).tables_held);
		ksft_need(!munmap(slots, SLOTS * SLOT), "munmap");
		close(fd);
	}
}

static void retry_replaced(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		int fd = retry_after(accesses[i], replace_slots, 0);

		ksft_check(!word_at(slot(1) + PAGE / 2), "not the new mapping");
		unmap_slots(fd, MANY);
		ksft_check(!tables_left(fd), "%s: %u tables left",
			   accesses[i]->name, counts(fd).tables_held);
		ksft_need(!munmap(slots, SLOTS * SLOT), "munmap");
		close(fd);
	}
}

/* With mapping and descriptor gone, only the sleepers pin the file. */
static void closing_child(int ready)
{
	struct sleepers s = {
		.access = &read_access,
		.nr = MANY,
		.handler = FAULT_SELFTEST_FAULT,
		.action = FAULT_SELFTEST_RETRY,
		.flags = FAULT_SELFTEST_SLEEP_UNLOCKED,
		.fd = dev_open(),
	};
	pthread_t t[MANY];

	prepare(&s, t);
	pthread_barrier_wait(&threads_ready);
	wait_asleep(s.fd, s.nr);
	ksft_need(!munmap(slots, SLOTS * SLOT) && !close(s.fd), "let go");
	ksft_need(write(ready, "", 1) == 1, "tell the parent");
	pause();
}

static void killed_closed(void)
{
	int ready[2], status;
	char c;
	pid_t pid;

	ksft_need(!pipe(ready), "pipe");
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid)
		closing_child(ready[1]);
	close(ready[1]);
	ksft_need(read(ready[0], &c, 1) == 1, "the child to be ready");
	kill(pid, SIGKILL);
	ksft_need(waitpid(pid, &status, 0) == pid, "the child");
	ksft_check(WIFSIGNALED(status), "a sleeper did not die of SIGKILL");
	close(dev_open());
}

#define ASLEEP(id, who, where, many)				\
	KSFT_CASE_WITH(id, asleep, &(const struct sleepers){	\
		.access = &who##_access,			\
		.nr = many,					\
		.handler = FAULT_SELFTEST_##where,		\
		.action = FAULT_SELFTEST_LOCKED,		\
		.flags = FAULT_SELFTEST_SLEEP })

static const struct ksft_case cases[] = {
	ASLEEP(read_asleep, read, FAULT, 1),
	ASLEEP(cow_asleep, cow, FAULT, 1),
	ASLEEP(shared_write_asleep, shared, FAULT, 1),
	ASLEEP(mkwrite_asleep, shared, MKWRITE, 1),
	ASLEEP(many_reads_asleep, read, FAULT, MANY),
	ASLEEP(many_cows_asleep, cow, FAULT, MANY),
	ASLEEP(many_shared_writes_asleep, shared, FAULT, MANY),
	KSFT_CASE(unlocked_asleep),
	KSFT_CASE(killed_asleep),
	KSFT_CASE(retry_unmapped),
	KSFT_CASE(retry_replaced),
	KSFT_CASE(killed_closed),
};

int main(int argc, char **argv)
{
	ksft_before_case = need_table_pages;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
