// SPDX-License-Identifier: GPL-2.0
/*
 * A write fault that exceeds the limit of its memory cgroup leaves no page
 * table behind: the page is charged before the table is allocated.
 *
 * The faults are those of a worker at its limit, but the case takes them, by
 * writing to /proc/PID/mem. So the page is charged to the worker's cgroup, and
 * the table, by kernels that charge it, to that of the writer, which has no
 * limit here. If they had the same limit, no table could be left, whichever
 * comes first.
 */
#include "memcg.h"
#include <sys/prctl.h>
#include <sys/wait.h>

#define FAULTS	4		/* the log gets a hundred lines for each */
#define FIRST	2		/* slot of the table next door */
#define LEN	((FAULTS + 1) * SLOT)
#define FILLER	32		/* slot that uses up the limit */
#define LIMIT	"1048576"
#define RW	(PROT_READ | PROT_WRITE)

/* ---- the worker ---------------------------------------------------------- */

/*
 * Since v4.19 the OOM killer comes for a charge that fails in the kernel, too.
 * It must find nobody that it may kill.
 */
static void need_harmless_oom_killer(void)
{
	if (proc_number("/proc/sys/vm/panic_on_oom", "") == 2)
		ksft_case_skip("a cgroup at its limit is a panic here");
}

/* Provide all that a fault needs, except its page and its table. */
static void map_all(int file)
{
	int flags = MAP_PRIVATE | (file < 0 ? MAP_ANONYMOUS : 0);
	char *p;

	slots_reserve();
	p = map_at(slot(FIRST), LEN, RW, flags, file, 0);
	madvise(p, LEN, MADV_NOHUGEPAGE);
	*(volatile char *)p = 1;
	p = map_at(slot(FILLER), 4 * SLOT, RW, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	madvise(p, 4 * SLOT, MADV_NOHUGEPAGE);
	*(volatile char *)p = 1;
}

/* At its limit, a fault of its own might be retried for ever: it stops before. */
static void worker(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ksft_need(ksft_put("/proc/self/oom_score_adj", "-1000"),
		  "to be out of the OOM killer's reach");
	raise(SIGSTOP);
	_exit(KSFT_PASS);
}

static pid_t start_worker(void)
{
	pid_t pid = fork();
	int status;

	ksft_need(pid >= 0, "fork");
	if (!pid)
		worker();
	ksft_need(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status),
		  "a worker that stops");
	return pid;
}

/* ---- its memory ---------------------------------------------------------- */

static int open_memory(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	ksft_need(fd >= 0, "%s", path);
	return fd;
}

/* One byte, so one fault; true if it fails. */
static int write_fails(int memory, const char *p)
{
	return pwrite(memory, "", 1, (uintptr_t)p) != 1;
}

static void use_limit_up(int memory)
{
	char *p = slot(FILLER);

	while (p < slot(FILLER + 4) && !write_fails(memory, p))
		p += PAGE;
	ksft_need(p < slot(FILLER + 4), "a limit that is kept");
}

static int failing_writes(int memory)
{
	int i, nr = 0;

	for (i = 1; i <= FAULTS; i++)
		nr += write_fails(memory, slot(FIRST + i));
	return nr;
}

/* ---- cases --------------------------------------------------------------- */

static void at_limit(int file)
{
	int memory, failed;
	long added;
	pid_t pid;

	need_harmless_oom_killer();
	map_all(file);
	pid = start_worker();
	memory = open_memory(pid);
	group_make();
	group_limit(LIMIT);
	ksft_put(GROUP "/memory.swap.max", "0");	/* where there is swap */
	group_join(pid);
	stay_on_this_cpu();
	use_limit_up(memory);
	added = -vm_pte(pid);
	failed = failing_writes(memory);
	added += vm_pte(pid);
	group_limit("max");
	ksft_need(failed == FAULTS, "no page for all faults, not %d", failed);
	ksft_need(!failing_writes(memory), "pages when there is no limit");
	ksft_check(!added, "%d faults without a page left %ld kB of tables",
		   FAULTS, added);
}

static void anon_at_limit(void)
{
	at_limit(-1);
}

/* The file's pages are cached, and not charged to the worker's cgroup. */
static void cow_at_limit(void)
{
	int file, i;

	private_mount("none", "ramfs", NULL);
	file = make_file("mapped", LEN);
	for (i = 0; i <= FAULTS; i++)
		ksft_need(pwrite(file, "x", 1, i * SLOT) == 1, "a page");
	at_limit(file);
}

static const struct ksft_case cases[] = {
	KSFT_CASE(anon_at_limit),
	KSFT_CASE(cow_at_limit),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
