// SPDX-License-Identifier: GPL-2.0
/*
 * A write fault that exceeds the limit of its memory cgroup leaves no page
 * table behind: the page is charged before the table is allocated.
 *
 * The kernel takes the faults of a worker at its limit, which gets EFAULT; only
 * faults from user mode invoke the OOM killer. The worker's VmPTE is read from
 * outside the cgroup, since opening a file may need memory, too.
 */
#include "memcg.h"
#include <sys/prctl.h>
#include <sys/utsname.h>

#define FAULTS	16
#define FIRST	2		/* slot of the table next door */
#define LEN	((FAULTS + 1) * SLOT)
#define FILLER	32		/* slot that uses up the limit */
#define LIMIT	"1048576"
#define RW	(PROT_READ | PROT_WRITE)

/* ---- the cgroup ---------------------------------------------------------- */

/*
 * Since v4.19 a failing charge in the kernel invokes the OOM killer, which
 * finds no task or the worker.
 */
static void need_quiet_charges(void)
{
	unsigned int major, minor;
	struct utsname uts;

	ksft_need(!uname(&uts) && sscanf(uts.release, "%u.%u", &major, &minor)
		  == 2, "uname");
	if (major > 4 || (major == 4 && minor >= 19))
		ksft_case_skip("the OOM killer comes for kernel faults, too");
}

/* ---- the worker ---------------------------------------------------------- */

static int says, hears;		/* the worker's ends of two pipes */

/* One put_user(), so one fault. */
static int kernel_write(char *p)
{
	return prctl(PR_GET_PDEATHSIG, p);
}

static void meet(int out, int in)
{
	char c = 0;

	ksft_need(write(out, &c, 1) == 1 && read(in, &c, 1) == 1, "a word");
}

static void use_limit_up(void)
{
	char *p = slot(FILLER);
	int refused = 0;

	for (; p < slot(FILLER + 4) && refused < 3; p += PAGE)
		refused += kernel_write(p) != 0;
	ksft_need(refused == 3, "a limit that is kept");
}

static int refused(void)
{
	int i, nr = 0;

	for (i = 1; i <= FAULTS; i++)
		nr += kernel_write(slot(FIRST + i)) && errno == EFAULT;
	return nr;
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

static void worker(int file)
{
	int nr;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map_all(file);
	meet(says, hears);		/* ... now moved to the cgroup */
	use_limit_up();
	meet(says, hears);
	nr = refused();
	meet(says, hears);		/* ... now the limit is lifted */
	ksft_check(nr == FAULTS, "%d of %d faults had no page", nr, FAULTS);
	ksft_check(!refused(), "no page, and there is no limit");
	_exit(KSFT_PASS);
}

/* ---- cases --------------------------------------------------------------- */

static pid_t start_worker(int file, int *in, int *out)
{
	int up[2], down[2];
	pid_t pid;

	ksft_need(!pipe(up) && !pipe(down), "pipes");
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid) {
		says = up[1];
		hears = down[0];
		worker(file);
	}
	close(up[1]);
	close(down[0]);
	*in = up[0];
	*out = down[1];
	return pid;
}

static void hear(int in)
{
	char c;

	ksft_need(read(in, &c, 1) == 1, "a worker that lives");
}

static void go(int out)
{
	ksft_need(write(out, "", 1) == 1, "a worker that lives");
}

/* kB of tables that the worker's faults added without getting a page */
static long measure(pid_t pid, int in, int out)
{
	long before;

	hear(in);
	group_join(pid);
	go(out);
	hear(in);
	before = vm_pte(pid);
	go(out);
	hear(in);
	return vm_pte(pid) - before;
}

static void at_limit(int file)
{
	int in, out, status;
	long added;
	pid_t pid;

	group_make();
	group_limit(LIMIT);
	pid = start_worker(file, &in, &out);
	added = measure(pid, in, out);
	group_limit("max");
	go(out);
	ksft_need(waitpid(pid, &status, 0) == pid, "waitpid");
	ksft_check(!status, "worker's status %#x", status);
	ksft_check(!added, "%d faults without a page left %ld kB of tables",
		   FAULTS, added);
}

static void anon_at_limit(void)
{
	need_quiet_charges();
	at_limit(-1);
}

/* The file's pages are cached, and not charged to the worker's cgroup. */
static void cow_at_limit(void)
{
	int file, i;

	need_quiet_charges();
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
