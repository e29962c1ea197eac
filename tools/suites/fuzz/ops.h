/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ops.h: what a step of a fuzzed program does. Each operation takes numbers and
 * returns one: a value, or an error as -errno. A program shrunk by "make fuzz"
 * is this file, look.h and a main() with a few calls.
 *
 * All of it works on ARENA, eight PMDs of address space at a fixed place, and
 * on files: two on tmpfs, one in a file system on a RAM disk, whose I/O
 * completes before it returns, the device of the fault selftest, whose handlers
 * follow rules, and none (anonymous).
 */
#ifndef FUZZ_OPS_H
#define FUZZ_OPS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/fault_selftest.h>
#include <linux/userfaultfd.h>

#define PAGE		4096UL
#define PMD		(512 * PAGE)
#define ARENA		0x100000000UL
#define ARENA_SIZE	(8 * PMD)
#define FILE_SIZE	(4 * PMD)
#define DISK_FILE_SIZE	(PMD + 64 * PAGE)
#define NR_FILES	3
#define DEVICE		3
#define NO_FILE		4
#define NR_MAPPED	5

#ifndef MADV_FREE
#define MADV_FREE		8
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

/* The child of look_at_child() returns this much in its exit status. */
#define CHILD_SAYS	0x7f

typedef unsigned long ul;

static const char * const file_names[NR_FILES] = {
	"/mnt/tmpfs/a", "/mnt/tmpfs/b", "/mnt/disk/c",
};

static int files[NR_MAPPED];
static int scratch;		/* source and target of copies by the kernel */
static int uffd = -1;
static pid_t uffd_server;
static __thread sigjmp_buf fault_jump;
static __thread volatile int fault_signal;
static int bad_contents;

static long result(long rc)
{
	return rc < 0 ? -errno : rc;
}

static void need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz: %s: %s\n", what, strerror(errno));
	_exit(3);
}

/*
 * A program can tell a written word from what was never written, whatever
 * thread wrote it, and whatever page it ends up in.
 */
static uint64_t word(ul seed)
{
	uint64_t v = (seed & 0xffffffff) * 0x9e3779b1u & 0xffffffff;

	return v << 32 | (v ^ 0x1a7e97e);
}

/* Each page of the device holds its number, and the pfn a word of its own. */
static int of_device(uint64_t v)
{
	return v < FAULT_SELFTEST_SIZE / PAGE || v == FAULT_SELFTEST_PFN_WORD;
}

static uint64_t checked(uint64_t v)
{
	if (!of_device(v) && (v >> 32 ^ (v & 0xffffffff)) != 0x1a7e97e)
		__atomic_store_n(&bad_contents, 1, __ATOMIC_RELAXED);
	return v;
}

/* Accesses from user space: a signal is a result. */

static void on_fault(int sig)
{
	fault_signal = sig;
	siglongjmp(fault_jump, 1);
}

static void catch_faults(void)
{
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

static long do_read(ul addr)
{
	if (sigsetjmp(fault_jump, 0))
		return -fault_signal;
	return checked(*(volatile uint64_t *)addr) >> 1;
}

static long do_write(ul addr, ul value)
{
	if (sigsetjmp(fault_jump, 0))
		return -fault_signal;
	*(volatile uint64_t *)addr = word(value);
	return 0;
}

/* Accesses from the kernel */

static long do_copy_from(ul addr)
{
	uint64_t v = 0;
	long rc = result(pwrite(scratch, (void *)addr, sizeof(v), 0));

	if (rc != sizeof(v))
		return rc;
	need(pread(scratch, &v, sizeof(v), 0) == sizeof(v), "scratch");
	return checked(v) >> 1;
}

static long do_copy_to(ul addr, ul value)
{
	uint64_t v = word(value);

	need(pwrite(scratch, &v, sizeof(v), 0) == sizeof(v), "scratch");
	return result(pread(scratch, (void *)addr, sizeof(v), 0));
}

/* As a debugger does: a write-protected page is copied first. */
static long do_poke(ul addr, ul value)
{
	uint64_t v = word(value);
	int fd = open("/proc/self/mem", O_RDWR);
	long rc = result(pwrite(fd, &v, sizeof(v), addr));

	close(fd);
	return rc;
}

static long do_peek(ul addr)
{
	uint64_t v = 0;
	struct iovec to = { &v, sizeof(v) }, from = { (void *)addr, sizeof(v) };
	long rc = result(process_vm_readv(getpid(), &to, 1, &from, 1, 0));

	return rc == sizeof(v) ? (long)(checked(v) >> 1) : rc;
}

/* The address space */

static long do_mmap(ul addr, ul len, ul prot, ul flags, ul file, ul offset)
{
	if (file == NO_FILE)
		flags |= MAP_ANONYMOUS;
	return mmap((void *)addr, len, prot, flags | MAP_FIXED, files[file],
		    offset) == MAP_FAILED ? -errno : 0;
}

static long do_munmap(ul addr, ul len)
{
	return result(munmap((void *)addr, len));
}

static long do_mremap(ul from, ul len, ul new_len, ul to)
{
	return mremap((void *)from, len, new_len, MREMAP_MAYMOVE | MREMAP_FIXED,
		      to) == MAP_FAILED ? -errno : 0;
}

static long do_mprotect(ul addr, ul len, ul prot)
{
	return result(mprotect((void *)addr, len, prot));
}

static long do_madvise(ul addr, ul len, ul advice)
{
	return result(madvise((void *)addr, len, advice));
}

static long do_mlock(ul addr, ul len)
{
	return result(mlock((void *)addr, len));
}

static long do_munlock(ul addr, ul len)
{
	return result(munlock((void *)addr, len));
}

static long do_msync(ul addr, ul len, ul flags)
{
	return result(msync((void *)addr, len, flags));
}

/* Which pages are cached: how many, and where they begin */
static long do_mincore(ul addr, ul len)
{
	static __thread unsigned char in[1024];
	long sum = 0;
	ul i;

	if (mincore((void *)addr, len, in))
		return -errno;
	for (i = 0; i < len / PAGE; i++)
		sum = sum * 3 + (in[i] & 1);
	return sum & 0xffffff;
}

/* The files */

static int write_number(const char *name, long number)
{
	char text[24];
	int fd = open(name, O_WRONLY);
	int ok = write(fd, text, sprintf(text, "%ld", number)) > 0;

	close(fd);
	return ok;
}

static long do_ftruncate(ul file, ul size)
{
	return result(ftruncate(files[file], size));
}

static long do_fallocate(ul file, ul mode, ul offset, ul len)
{
	return result(fallocate(files[file], mode, offset, len));
}

static long do_pwrite(ul file, ul offset, ul value)
{
	uint64_t v = word(value);

	return result(pwrite(files[file], &v, sizeof(v), offset));
}

static long do_fadvise(ul file, ul offset, ul len, ul advice)
{
	return -posix_fadvise(files[file], offset, len, advice);
}

static long do_sync_range(ul file, ul offset, ul len, ul flags)
{
	return result(sync_file_range(files[file], offset, len, flags));
}

static long do_fsync(ul file)
{
	return result(fsync(files[file]));
}

static long do_syncfs(ul file)
{
	return result(syncfs(files[file]));
}

/*
 * What a handler of the device does the next few times. Nothing whose result
 * depends on another page table in the PMD, such as a huge page.
 */
static long do_rule(ul page, ul pages, ul handler, ul action, ul times)
{
	struct fault_selftest_rule rule = {
		.pgoff = page, .nr_pages = pages, .handler = handler,
		.action = action, .times = times,
	};

	return result(ioctl(files[DEVICE], FAULT_SELFTEST_RULE, &rule));
}

#define FAULT_AROUND	"/sys/kernel/debug/fault_around_bytes"

/* The fault-around window: global, restored before the next program */
static long do_window(ul bytes)
{
	return write_number(FAULT_AROUND, bytes);
}

/*
 * A child reads and writes where its parent has mapped something, and reports
 * what it saw in its exit status, so that the parent's pages do not change.
 */
static long do_fork(ul addr, ul other)
{
	int status = -1;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		uint64_t sum = do_read(addr) * 3 + do_write(other, addr);

		_exit((sum ^ sum >> 16 ^ sum >> 33) & CHILD_SAYS);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Allocations that fail, for this task only */

#define FAIL_PAGE_ALLOC	"/sys/kernel/debug/fail_page_alloc/"

static void fail_page_alloc(const char *name, long number)
{
	char path[80];

	sprintf(path, FAIL_PAGE_ALLOC "%s", name);
	write_number(path, number);
}

static void fail_nth_of_this_task(ul nth)
{
	fail_page_alloc("task-filter", 1);
	fail_page_alloc("ignore-gfp-wait", 0);
	fail_page_alloc("ignore-gfp-highmem", 0);
	fail_page_alloc("min-order", 0);
	fail_page_alloc("verbose", 0);
	fail_page_alloc("space", nth);
	fail_page_alloc("probability", 100);
	fail_page_alloc("times", 1);
}

static long major_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_majflt;
}

static long major_not_compared;

/* The kernel reads or writes a page, and the n-th allocation for it fails. */
static void access_and_fail(ul addr, ul writes, ul nth)
{
	int fd = open("/proc/self/make-it-fail", O_WRONLY);
	uint64_t v;

	fail_nth_of_this_task(nth);
	pwrite(fd, "1", 1, 0);
	if (writes)
		pread(scratch, (void *)addr, sizeof(v), 0);
	else
		pwrite(scratch, (void *)addr, sizeof(v), 0);
	pwrite(fd, "0", 1, 0);
	close(fd);
	fail_page_alloc("probability", 0);
}

/* In a child, which has no table yet for a file. */
static void access_and_fail_in_child(ul addr, ul writes, ul nth)
{
	pid_t pid = fork();

	if (!pid) {
		access_and_fail(addr, writes, nth);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/*
 * The kernel writes to a page what it already contains, and an allocation for
 * that fails. Which one that is differs, so neither is the result reported, nor
 * a fault that got further; and whatever got mapped is unmapped again.
 */
static long do_fail(ul addr, ul writes, ul nth)
{
	ul pmd = addr & -PMD;
	uint64_t v = 0;
	long major;

	if (pread(scratch, &v, 0, 0) || do_copy_from(addr) < 0 ||
	    pread(scratch, &v, sizeof(v), 0) != sizeof(v) ||
	    (madvise((void *)pmd, PMD, MADV_DONTNEED) && errno != ENOMEM))
		return 0;
	major = major_faults();
	access_and_fail_in_child(addr, writes, nth);
	access_and_fail(addr, writes, nth);
	major_not_compared += major_faults() - major;
	madvise((void *)pmd, PMD, MADV_DONTNEED);
	return 0;
}

/*
 * A separate process serves userfaults, by a rule that depends on the address
 * only: every third page gets contents, the others zeroes.
 */
static long serve(int fd, ul addr)
{
	static uint64_t page[PAGE / 8] __attribute__((aligned(4096)));
	struct uffdio_copy copy = { .dst = addr, .src = (ul)page, .len = PAGE };
	struct uffdio_zeropage zero = { .range = { addr, PAGE } };

	page[0] = word(addr >> 12);
	return addr / PAGE % 3 ? ioctl(fd, UFFDIO_ZEROPAGE, &zero) :
				 ioctl(fd, UFFDIO_COPY, &copy);
}

/* A fault that cannot be served must not retry forever: give it up. */
static void serve_all(int fd)
{
	struct uffd_msg msg;
	struct uffdio_range range;

	while (read(fd, &msg, sizeof(msg)) == sizeof(msg)) {
		if (msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		range.start = msg.arg.pagefault.address & -PAGE;
		range.len = PAGE;
		if (!serve(fd, range.start))
			continue;
		if (errno != EEXIST)
			ioctl(fd, UFFDIO_UNREGISTER, &range);
		/* Unregistering wakes nobody on v4.6. */
		ioctl(fd, UFFDIO_WAKE, &range);
	}
	_exit(0);
}

/* The server also holds the userfaultfd, and must not outlive its program. */
static void start_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	pid_t program = getpid();

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api)) {
		uffd = -1;
		return;
	}
	uffd_server = fork();
	need(uffd_server >= 0, "fork");
	if (uffd_server)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != program)
		_exit(0);
	serve_all(uffd);
}

static long do_uffd_register(ul addr, ul len)
{
	struct uffdio_register reg = {
		.range = { addr, len }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return result(ioctl(uffd, UFFDIO_REGISTER, &reg));
}

static long do_uffd_unregister(ul addr, ul len)
{
	struct uffdio_range range = { addr, len };

	return result(ioctl(uffd, UFFDIO_UNREGISTER, &range));
}

/* Before any fault: also where there is a page already */
static long do_uffd_fill(ul addr)
{
	return result(serve(uffd, addr));
}

/* Each program begins with this state, whatever the last one has left */
static void begin(void)
{
	int i;

	for (i = 0; i < NR_FILES; i++) {
		unlink(file_names[i]);
		files[i] = open(file_names[i], O_RDWR | O_CREAT, 0600);
		need(files[i] >= 0, file_names[i]);
		need(!ftruncate(files[i], i < 2 ? FILE_SIZE : DISK_FILE_SIZE),
		     file_names[i]);
	}
	files[DEVICE] = open("/dev/fault_selftest", O_RDWR);
	files[NO_FILE] = -1;
	scratch = memfd_create("scratch", 0);
	need(scratch >= 0, "memfd");
	do_window(16 * PAGE);
	catch_faults();
	start_uffd();
}

#endif /* FUZZ_OPS_H */
