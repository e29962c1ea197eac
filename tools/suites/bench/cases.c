// SPDX-License-Identifier: GPL-2.0
/*
 * The cases: how a sample is taken, what exists before it, and the table.
 *
 * A fault is counted in an empty PMD ("fresh") or beside a mapped page
 * ("table"). A failing fault is counted up to the signal handler or, with fewer
 * instructions around it, through write(2) (EFAULT).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fault_selftest.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Samples. */

static uint64_t read_byte(char *addr)
{
	uint64_t start = rdtsc();

	*(volatile char *)addr;
	return rdtsc() - start;
}

static uint64_t write_byte(char *addr)
{
	uint64_t start = rdtsc();

	*(volatile char *)addr = 1;
	return rdtsc() - start;
}

static jmp_buf after_signal;
static volatile uint64_t signal_time;

static void on_signal(int sig)
{
	(void)sig;
	signal_time = rdtsc();	/* what follows is not part of the sample */
	longjmp(after_signal, 1);
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
}

/* Two rdtsc per sample, as in the others: on_signal() has the second. */
static uint64_t read_signal(char *addr)
{
	volatile uint64_t start;

	catch_signals();
	signal_time = 0;
	if (!setjmp(after_signal)) {
		start = rdtsc();
		*(volatile char *)addr;
	}
	need(signal_time, "a signal");
	return signal_time - start;
}

static uint64_t write_signal(char *addr)
{
	volatile uint64_t start;

	catch_signals();
	signal_time = 0;
	if (!setjmp(after_signal)) {
		start = rdtsc();
		*(volatile char *)addr = 1;
	}
	need(signal_time, "a signal");
	return signal_time - start;
}

static uint64_t read_efault(char *addr)
{
	static int fds[2];
	uint64_t start, end;
	ssize_t n;

	need(fds[1] || !pipe(fds), "pipe");
	start = rdtsc();
	n = write(fds[1], addr, 1);
	end = rdtsc();
	need(n < 0, "write from beyond the end of a file");
	return end - start;
}

static uint64_t map_touch_unmap(char *addr)
{
	uint64_t start = rdtsc();

	mmap(addr, PMD, PROT_READ, MAP_SHARED | MAP_FIXED, files[WARM], 0);
	*(volatile char *)addr;
	munmap(addr, PMD);
	return rdtsc() - start;
}

static uint64_t fork_exit(char *addr)
{
	uint64_t start = rdtsc();
	pid_t pid = fork();

	(void)addr;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return rdtsc() - start;
}

static uint64_t fork_exec_exit(char *addr)
{
	uint64_t start = rdtsc();
	pid_t pid = fork();

	(void)addr;
	if (!pid) {
		execl("/init", "init", "exit", NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return rdtsc() - start;
}

/* Preparations. */

static void drop(char *addr, size_t len)
{
	need(!madvise(addr, len, MADV_DONTNEED), "MADV_DONTNEED");
}

/* A table in each PMD, with only its first page mapped. */
static int with_tables(const struct bench_case *c)
{
	size_t off;

	set_window(PAGE);
	for (off = 0; off < case_size(c); off += PMD)
		c->sample(arena + off);
	set_window(c->window ? c->window : WINDOW);
	return 0;
}

/* Fault beyond the samples first: a VMA needs its anon_vma only once. */
static int with_anon_vma(const struct bench_case *c)
{
	write_byte(arena + case_size(c));
	return 0;
}

/* The same for reads: the huge zero page is made only once. */
static int with_read_beyond(const struct bench_case *c)
{
	read_byte(arena + case_size(c));
	return 0;
}

static int with_zero_pages(const struct bench_case *c)
{
	size_t off;

	for (off = 0; off < case_size(c); off += PAGE)
		read_byte(arena + off);
	return 0;
}

static int with_pages(const struct bench_case *c)
{
	size_t off;

	for (off = 0; off < case_size(c); off += c->step)
		write_byte(arena + off);
	return 0;
}

/* Empty tables, such as those of a heap that was used and given back. */
static int with_emptied_tables(const struct bench_case *c)
{
	with_pages(c);
	drop(arena, case_size(c));
	return 0;
}

/* One page in each table: the last one, or the one in the middle */
static int with_last_pages(const struct bench_case *c)
{
	size_t off;

	for (off = PMD - PAGE; off < case_size(c); off += PMD)
		write_byte(arena + off);
	return 0;
}

static int with_middle_pages(const struct bench_case *c)
{
	size_t off;

	for (off = PMD / 2; off < case_size(c); off += PMD)
		write_byte(arena + off);
	return 0;
}

/* Eight scattered pages in each table, the same ones in each run */
static int with_scattered_pages(const struct bench_case *c)
{
	uint32_t where = 1;
	size_t off;

	for (off = 0; off < case_size(c); off += PMD / 8) {
		where = where * 1664525u + 1013904223u;
		write_byte(arena + off / PMD * PMD + (where >> 23) * PAGE);
	}
	return 0;
}

/* mremap() to where the tables cannot be moved as a whole, and back */
static uint64_t mremap_and_back(char *addr)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	static char *away;
	uint64_t start;

	(void)addr;
	if (!away) {
		away = mmap(NULL, ARENA + 2 * PMD, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		need(away != MAP_FAILED, "room to move to");
		away = (char *)(((uintptr_t)away + PMD - 1) & ~(PMD - 1)) + PAGE;
	}
	start = rdtsc();
	need(mremap(arena, ARENA, ARENA, flags, away) == away &&
	     mremap(away, ARENA, ARENA, flags, arena) == arena, "mremap");
	return rdtsc() - start;
}

/* Everything mapped but one PTE in each window, the one that is sampled. */
static int with_one_gap(const struct bench_case *c)
{
	size_t off;

	for (off = 0; off < case_size(c); off += WINDOW)
		read_byte(arena + off);
	for (off = c->first; off < case_size(c); off += c->step)
		drop(arena + off, PAGE);
	return 0;
}

static int with_holes(const struct bench_case *c)
{
	(void)c;
	need(!ftruncate(files[HOLES], 0) && !ftruncate(files[HOLES], ARENA),
	     "punching");
	return 0;
}

#define STACK	(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN)

static int has_guard_page(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	volatile int refused = 1;

	need(p != MAP_FAILED &&
	     mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, STACK, -1, 0) ==
	     p + PAGE, "stack");
	catch_signals();
	if (!setjmp(after_signal)) {
		*(volatile char *)(p + PAGE) = 1;
		refused = 0;
	}
	munmap(p, 2 * PAGE);
	return refused;
}

/*
 * A stack at the end of each PMD, right above another mapping: v4.6 refuses
 * its lowest page in the anonymous fault; later kernels have no such page.
 */
static int with_stacks(const struct bench_case *c)
{
	size_t off;

	if (!has_guard_page())
		return -1;
	for (off = c->first; off < case_size(c); off += c->step)
		need(mmap(arena + off, PMD - c->first, PROT_READ | PROT_WRITE,
			  STACK, -1, 0) == arena + off, "stack");
	return 0;
}

/* Swap: to a RAM disk, from a memory cgroup with a low limit. */

#define CGROUP	"/tmp/cgroup/bench"

static void make_swap(void)
{
	static char page[PAGE];
	uint32_t head[2] = { 1, 32 * KB * KB / PAGE - 1 }; /* version, last */
	int fd = open("/dev/ram0", O_WRONLY);

	memcpy(page + 1024, head, sizeof(head));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	need(fd >= 0 && write(fd, page, PAGE) == (ssize_t)PAGE, "/dev/ram0");
	close(fd);
	need(!swapon("/dev/ram0", 0), "swapon");
	set_file("/proc/sys/vm/page-cluster", "0");
}

static void make_cgroup(void)
{
	mkdir("/tmp/cgroup", 0755);
	need(!mount("none", "/tmp/cgroup", "cgroup2", 0, NULL), "cgroup2");
	set_file("/tmp/cgroup/cgroup.subtree_control", "+memory");
	need(!mkdir(CGROUP, 0755), CGROUP);
}

static int with_swapped_pages(const struct bench_case *c)
{
	static int ready;
	int i;

	if (!ready++) {
		make_swap();
		make_cgroup();
	}
	set_file(CGROUP "/cgroup.procs", "0");
	with_pages(c);
	for (i = 0; i < 50; i++)	/* referenced pages take several */
		set_file(CGROUP "/memory.high", "0");
	set_file(CGROUP "/memory.high", "max");
	set_file("/tmp/cgroup/cgroup.procs", "0");
	need(sum_of("/proc/self/status", "VmSwap:") * KB >= case_size(c) / 2,
	     "swapping out");
	return 0;
}

/* NUMA: the scanner marks what is mapped after a second of run time. */

#define NUMA_BALANCING	"/proc/sys/kernel/numa_balancing"
#define SECOND		1000000000ul	/* instructions */

/* Not the end of a sample, which for the plugins is an rdtsc without prefix */
static uint64_t rdtsc_prefixed(void)
{
	uint32_t lo, hi;

	asm volatile(".byte 0x3e; rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

static void spin(uint64_t ticks)
{
	uint64_t end = rdtsc_prefixed() + ticks;

	while (rdtsc_prefixed() < end)
		;
}

/*
 * A second task of this mm: the scanner of later kernels skips the memory of a
 * lone task if it is on the right node already.
 */
static pid_t second_task;

static int sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static void start_second_task(void)
{
	static char stack[2 * PAGE] __attribute__((aligned(16)));

	second_task = clone(sleep_for_ever, stack + sizeof(stack),
			    CLONE_VM | SIGCHLD, NULL);
	need(second_task > 0, "clone");
}

static int with_hints(const struct bench_case *c)
{
	unsigned long marked = sum_of("/proc/vmstat", "numa_pte_updates");
	unsigned long want = marked + case_size(c) / PAGE;
	int i;

	start_second_task();
	with_pages(c);
	set_file(NUMA_BALANCING, "1");
	for (i = 0; i < 100 && marked < want; i++) {
		spin(SECOND / 10);
		marked = sum_of("/proc/vmstat", "numa_pte_updates");
	}
	need(marked >= want, "NUMA scanner");
	return 0;
}

static void without_hints(void)
{
	set_file(NUMA_BALANCING, "0");
	kill(second_task, SIGKILL);
	waitpid(second_task, NULL, 0);
}

/* Userfaults: a child provides pages, as in a post-copy migration. */

static pid_t server;

static void serve(int uffd, size_t len)
{
	static char page[2 * PMD];
	struct uffd_msg msg;
	struct uffdio_copy copy = { .len = len };

	memset(page, 1, sizeof(page));
	copy.src = ((uintptr_t)page + PMD - 1) & ~(PMD - 1);
	while (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		copy.dst = msg.arg.pagefault.address & ~(len - 1);
		need(!ioctl(uffd, UFFDIO_COPY, &copy), "UFFDIO_COPY");
	}
	_exit(0);
}

/* The arena registered; -1 if this kernel does not take such memory */
static int open_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)arena, ARENA },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	need(uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api), "userfaultfd");
	if (ioctl(uffd, UFFDIO_REGISTER, &reg)) {
		close(uffd);
		return -1;
	}
	return uffd;
}

static int with_server(const struct bench_case *c)
{
	int uffd = open_uffd();

	if (uffd < 0)
		return -1;
	server = fork();
	if (!server)
		serve(uffd, PAGE);
	close(uffd);
	with_anon_vma(c);
	return 0;
}

static int with_server_and_tables(const struct bench_case *c)
{
	return with_server(c) ?: with_tables(c);
}

static int with_server_and_holes(const struct bench_case *c)
{
	return with_holes(c) ?: with_server(c);
}

static void without_server(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

/* Copies by the task itself, as when a snapshot is loaded ahead of the faults */

static int copy_uffd;

static int with_uffd(const struct bench_case *c)
{
	with_anon_vma(c);
	copy_uffd = open_uffd();
	return copy_uffd < 0 ? -1 : 0;
}

static int with_pages_and_uffd(const struct bench_case *c)
{
	return with_pages(c) ?: with_uffd(c);
}

static uint64_t copy_page(char *addr, int want)
{
	static char page[PAGE] __attribute__((aligned(PAGE))) = { 1 };
	struct uffdio_copy copy = {
		.dst = (uintptr_t)addr, .src = (uintptr_t)page, .len = PAGE,
	};
	uint64_t start = rdtsc(), end;
	int err = ioctl(copy_uffd, UFFDIO_COPY, &copy) ? errno : 0;

	end = rdtsc();
	need(err == want, "UFFDIO_COPY");
	return end - start;
}

static uint64_t copy_missing(char *addr)
{
	return copy_page(addr, 0);
}

static uint64_t copy_present(char *addr)
{
	return copy_page(addr, EEXIST);
}

static void without_uffd(void)
{
	close(copy_uffd);
}

/* A driver whose ->fault does this for each page */
static int with_device(const struct bench_case *c, uint32_t action)
{
	struct fault_selftest_setup setup = {
		.flags = FAULT_SELFTEST_NO_MAP_PAGES | FAULT_SELFTEST_NO_MKWRITE,
	};
	struct fault_selftest_rule rule = {
		.nr_pages = ARENA / PAGE,
		.handler = FAULT_SELFTEST_FAULT,
		.action = action,
	};
	int fd = open("/dev/fault_selftest", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	need(!ioctl(fd, FAULT_SELFTEST_SETUP, &setup) &&
	     !ioctl(fd, FAULT_SELFTEST_RULE, &rule), "fault_selftest");
	need(mmap(arena, ARENA, PROT_READ, c->flags | MAP_FIXED, fd, 0) ==
	     arena, "mapping fault_selftest");
	close(fd);
	return 0;
}

/* It inserts a pfn itself instead of returning a page. */
static int with_pfns(const struct bench_case *c)
{
	return with_device(c, FAULT_SELFTEST_PFN);
}

/* It does nothing at all: the cost of the path to it and back. */
static int with_nothing(const struct bench_case *c)
{
	return with_device(c, FAULT_SELFTEST_SIGBUS);
}

static int with_pfns_and_tables(const struct bench_case *c)
{
	return with_pfns(c) ?: with_tables(c);
}

/* The table. */

#define SHARED	.flags = MAP_SHARED
#define PRIVATE	.flags = MAP_PRIVATE
#define RW	.prot = PROT_READ | PROT_WRITE

/* Where the samples are. */
#define EACH_PMD	.step = PMD
#define EACH_PMD_BUT_LAST .step = PMD, .size = ARENA - PMD
#define EACH_WINDOW	.first = WINDOW, .step = WINDOW
#define EACH_PAGE	.first = PAGE, .step = PAGE, .size = PMD
#define SAME_PMD	.step = PAGE, .size = PMD

const struct bench_case cases[] = {
	{ "warm_read_table", WARM, SHARED, EACH_WINDOW,
	  .prepare = with_tables, .sample = read_byte },
	{ "warm_read_fresh", WARM, SHARED, EACH_PMD,
	  .sample = read_byte },
	{ "warm_read_one_page_table", WARM, SHARED, EACH_PAGE, .window = PAGE,
	  .prepare = with_tables, .sample = read_byte },
	{ "warm_read_one_page_fresh", WARM, SHARED, EACH_PMD, .window = PAGE,
	  .sample = read_byte },
	{ "one_gap_first_slot", WARM, SHARED, .step = WINDOW, .size = 8 * PMD,
	  .prepare = with_one_gap, .sample = read_byte },
	{ "one_gap_last_slot", WARM, SHARED, .first = WINDOW - PAGE,
	  .step = WINDOW, .size = 8 * PMD,
	  .prepare = with_one_gap, .sample = read_byte },
	{ "tmpfs_hole_read_fresh", HOLES, SHARED, EACH_PMD,
	  .prepare = with_holes, .sample = read_byte },

	{ "anon_write_table", ANON, PRIVATE, RW, EACH_PAGE,
	  .prepare = with_tables, .sample = write_byte },
	{ "anon_write_fresh", ANON, PRIVATE, RW, EACH_PMD_BUT_LAST,
	  .prepare = with_anon_vma, .sample = write_byte },
	{ "zero_page_table", ANON, PRIVATE, RW, EACH_PAGE,
	  .prepare = with_tables, .sample = read_byte },
	{ "zero_page_fresh", ANON, PRIVATE, RW, EACH_PMD,
	  .sample = read_byte },
	{ "zero_page_then_write", ANON, PRIVATE, RW, EACH_PAGE,
	  .prepare = with_zero_pages, .sample = write_byte },
	{ "thp_write_fresh", ANON, PRIVATE, RW, EACH_PMD_BUT_LAST, .thp = 1,
	  .prepare = with_anon_vma, .sample = write_byte },
	{ "thp_zero_page_fresh", ANON, PRIVATE, RW, EACH_PMD_BUT_LAST,
	  .thp = 1, .prepare = with_read_beyond, .sample = read_byte },

	{ "private_cow_table", WARM, PRIVATE, RW, EACH_PAGE,
	  .prepare = with_tables, .sample = write_byte },
	{ "private_cow_fresh", WARM, PRIVATE, RW, EACH_PMD_BUT_LAST,
	  .prepare = with_anon_vma, .sample = write_byte },
	{ "shared_write_table", WARM, SHARED, RW, EACH_PAGE,
	  .prepare = with_tables, .sample = write_byte },
	{ "shared_write_fresh", WARM, SHARED, RW, EACH_PMD,
	  .sample = write_byte },

	{ "driver_pfn_table", ANON, SHARED, EACH_PAGE,
	  .prepare = with_pfns_and_tables, .sample = read_byte },
	{ "driver_pfn_fresh", ANON, SHARED, EACH_PMD,
	  .prepare = with_pfns, .sample = read_byte },

	{ "floor_fresh", ANON, SHARED, EACH_PMD,
	  .prepare = with_nothing, .sample = read_efault },
	{ "floor_same_pmd", ANON, SHARED, SAME_PMD,
	  .prepare = with_nothing, .sample = read_efault },

	{ "swap_in", ANON, PRIVATE, RW, SAME_PMD,
	  .prepare = with_swapped_pages, .sample = read_byte },
	{ "numa_hint", ANON, PRIVATE, RW, SAME_PMD, .prepare = with_hints,
	  .sample = read_byte, .finish = without_hints },
	{ "userfault_table", ANON, PRIVATE, RW, EACH_PAGE,
	  .prepare = with_server_and_tables, .sample = write_byte,
	  .finish = without_server },
	{ "userfault_fresh", ANON, PRIVATE, RW, EACH_PMD_BUT_LAST,
	  .prepare = with_server, .sample = write_byte,
	  .finish = without_server },
	{ "userfault_thp_fresh", ANON, PRIVATE, RW, EACH_PMD_BUT_LAST,
	  .thp = 1, .prepare = with_server, .sample = write_byte,
	  .finish = without_server },
	{ "userfault_shmem_fresh", HOLES, SHARED, RW, EACH_PMD_BUT_LAST,
	  .prepare = with_server_and_holes, .sample = write_byte,
	  .finish = without_server },
	{ "uffd_copy_table", ANON, PRIVATE, RW, EACH_PAGE,
	  .prepare = with_uffd, .sample = copy_missing,
	  .finish = without_uffd },
	{ "uffd_copy_fresh", ANON, PRIVATE, RW, EACH_PMD_BUT_LAST,
	  .prepare = with_uffd, .sample = copy_missing,
	  .finish = without_uffd },
	{ "uffd_copy_present", ANON, PRIVATE, RW, EACH_PAGE,
	  .prepare = with_pages_and_uffd, .sample = copy_present,
	  .finish = without_uffd },

	{ "fail_sigbus_read_fresh", EMPTY, SHARED, EACH_PMD,
	  .sample = read_signal },
	{ "fail_sigbus_read_same_pmd", EMPTY, SHARED, SAME_PMD,
	  .sample = read_signal },
	{ "fail_sigbus_shared_write_fresh", EMPTY, SHARED, RW, EACH_PMD,
	  .sample = write_signal },
	{ "fail_sigbus_cow_write_fresh", EMPTY, PRIVATE, RW, EACH_PMD,
	  .sample = write_signal },
	{ "fail_efault_read_fresh", EMPTY, SHARED, EACH_PMD,
	  .sample = read_efault },
	{ "fail_efault_read_same_pmd", EMPTY, SHARED, SAME_PMD,
	  .sample = read_efault },
	{ "stack_bottom_fresh", ANON, PRIVATE, .first = PMD - 2 * PAGE,
	  EACH_PMD, .prepare = with_stacks, .sample = write_signal },

	{ "mmap_touch_munmap", ANON, PRIVATE, EACH_PMD,
	  .sample = map_touch_unmap },
	{ "fork_exit", ANON, PRIVATE, EACH_PMD, .sample = fork_exit },
	{ "fork_exec_exit", ANON, PRIVATE, EACH_PMD,
	  .sample = fork_exec_exit },
	{ "fork_exit_32_tables", ANON, PRIVATE, RW, EACH_PMD,
	  .prepare = with_pages, .sample = fork_exit },
	{ "fork_exit_32_emptied_tables", ANON, PRIVATE, RW, EACH_PMD,
	  .prepare = with_emptied_tables, .sample = fork_exit },
	{ "fork_exit_32_last_pages", ANON, PRIVATE, RW, EACH_PMD,
	  .prepare = with_last_pages, .sample = fork_exit },
	{ "fork_exit_32_middle_pages", ANON, PRIVATE, RW, EACH_PMD,
	  .prepare = with_middle_pages, .sample = fork_exit },
	{ "fork_exit_32_scattered", ANON, PRIVATE, RW, EACH_PMD,
	  .prepare = with_scattered_pages, .sample = fork_exit },
	{ "mremap_32_tables", ANON, PRIVATE, RW, EACH_PMD,
	  .prepare = with_pages, .sample = mremap_and_back },
	{ "mremap_32_last_pages", ANON, PRIVATE, RW, EACH_PMD,
	  .prepare = with_last_pages, .sample = mremap_and_back },
	{ "mremap_32_emptied_tables", ANON, PRIVATE, RW, EACH_PMD,
	  .prepare = with_emptied_tables, .sample = mremap_and_back },
};

const size_t nr_cases = ARRAY_SIZE(cases);
