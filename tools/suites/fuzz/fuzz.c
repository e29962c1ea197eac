// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz: programs made of random steps; the same number gives the same program.
 *
 *	fuzz programs=FIRST-LAST steps=N	a line for each program
 *	fuzz show=PROGRAM keep=LIST steps=N	a line for each step
 *	fuzz try=PROGRAM steps=N		a line for each list of steps
 *						in /lists: "programs" of a part
 *	fuzz threads=N programs=... steps=N	N threads of one address space at
 *						once; nothing to compare then
 *
 * A line of a program: its number, a digest of what each step returned and of
 * what look() saw after it, and the page tables after each step, one character
 * each. Runs as PID 1 of a guest, where the second serial port takes the lines,
 * or as a process of root, for which /mnt/tmpfs and /mnt/disk must exist.
 */
#include "steps.h"
#include "look.h"
#include <pthread.h>
#include <sys/reboot.h>

#define MAX_STEPS	1000
#define MAX_THREADS	8

static ul first = 1, last = 1, steps = 100;
static int threads;
static FILE *out;

/* The steps to take, by default all */
struct program {
	ul number;
	char left_out[MAX_STEPS];
};

static void take_step(const struct program *p, ul step, uint64_t *digest,
		      char *tables, int show)
{
	struct call call;
	struct figures f;
	long rc;

	choose(&call, p->number, step);
	rc = call.op->run(call.arg);
	look(&f);
	*digest = mix(*digest, rc);
	*digest = mix(*digest, f.rss);
	*digest = mix(*digest, f.size);
	*digest = mix(*digest, f.locked);
	*digest = mix(*digest, f.data);
	*digest = mix(*digest, f.major);
	*digest = mix(*digest, f.map);
	*tables = ' ' + 1 + (f.tables < 90 ? f.tables : 90);
	if (!show)
		return;
	fprintf(out, "%lu ", step);
	print_call(out, &call);
	fprintf(out, " = ");
	print_figures(out, rc, &f);
}

/* Compare what can be read in the end as well. */
static uint64_t all_contents(void)
{
	uint64_t digest = 0;
	ul addr;

	for (addr = ARENA; addr < ARENA + ARENA_SIZE; addr += PAGE)
		digest = mix(digest, do_peek(addr));
	return digest;
}

static void one_after_the_other(const struct program *p, int show)
{
	static char tables[MAX_STEPS + 1];
	uint64_t digest = 0;
	ul step, n = 0;

	for (step = 0; step < steps; step++)
		if (!p->left_out[step])
			take_step(p, step, &digest, &tables[n++], show);
	digest = mix(digest, all_contents());
	tables[n] = 0;
	fprintf(out, "%lu %016lx %s %s\n", p->number, (ul)digest,
		bad_contents ? "alien" : "own", tables);
}

static pthread_barrier_t start_line;

static void *steps_of_thread(void *number)
{
	struct call call;
	ul step;

	pthread_barrier_wait(&start_line);
	for (step = 0; step < steps; step++) {
		choose(&call, (ul)number, step);
		call.op->run(call.arg);
	}
	return NULL;
}

static void all_at_once(const struct program *p)
{
	pthread_t id[MAX_THREADS];
	int i;

	pthread_barrier_init(&start_line, NULL, threads);
	for (i = 0; i < threads; i++)
		need(!pthread_create(&id[i], NULL, steps_of_thread,
				     (void *)(p->number * MAX_THREADS + i)),
		     "pthread_create");
	for (i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	fprintf(out, "%lu - %s -\n", p->number, bad_contents ? "alien" : "own");
}

/* Each in a new process: an address space without a past */
static void run_program(const struct program *p, int show)
{
	int status = 0;
	pid_t pid;

	fflush(out);
	pid = fork();
	need(pid >= 0, "fork");
	if (!pid) {
		begin();
		if (threads)
			all_at_once(p);
		else
			one_after_the_other(p, show);
		fflush(out);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		fprintf(out, "%lu died %#x -\n", p->number, status);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* "3,4,9": only these steps */
static void keep(struct program *p, const char *list)
{
	memset(p->left_out, 1, sizeof(p->left_out));
	while (*list) {
		char *end;
		ul step = strtoul(list, &end, 10);

		if (step < MAX_STEPS)
			p->left_out[step] = 0;
		if (end == list)
			return;
		list = *end ? end + 1 : end;
	}
}

static void try_lists(struct program *p)
{
	static char line[MAX_STEPS * 4];
	FILE *lists = fopen("/lists", "r");

	need(lists != NULL, "/lists");
	while (fgets(line, sizeof(line), lists)) {
		keep(p, line);
		run_program(p, 0);
	}
	fclose(lists);
}

static const char *value_of(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return strncmp(arg, name, n) || arg[n] != '=' ? NULL : arg + n + 1;
}

static void run_all(int argc, char **argv)
{
	static struct program p;
	const char *v, *list = NULL;
	int i, show = 0, try = 0;

	for (i = 1; i < argc; i++) {
		if ((v = value_of(argv[i], "programs")))
			need(sscanf(v, "%lu-%lu", &first, &last) == 2, v);
		if ((v = value_of(argv[i], "steps")))
			steps = strtoul(v, NULL, 10);
		if ((v = value_of(argv[i], "threads")))
			threads = atoi(v);
		if ((v = value_of(argv[i], "keep")))
			list = v;
		if ((v = value_of(argv[i], "show")) && ++show)
			p.number = strtoul(v, NULL, 10);
		if ((v = value_of(argv[i], "try")) && ++try)
			p.number = strtoul(v, NULL, 10);
	}
	need(steps <= MAX_STEPS && threads <= MAX_THREADS, "too many");
	if (list)
		keep(&p, list);
	if (try)
		return try_lists(&p);
	if (show)
		return run_program(&p, 1);
	for (p.number = first; p.number <= last; p.number++)
		run_program(&p, 0);
}

/* A kernel without huge pages has nothing to set. */
static void no_khugepaged(void)
{
	int fd = open("/sys/kernel/mm/transparent_hugepage/khugepaged/defrag",
		      O_WRONLY);

	if (fd < 0)
		return;
	need(write(fd, "0", 1) == 1, "khugepaged/defrag");
	close(fd);
	fd = open("/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
		  O_WRONLY);
	need(write(fd, "100000000", 9) == 9, "khugepaged");
	close(fd);
}

/* The host has made the file system. */
static void fill_disk(void)
{
	static char block[PAGE];
	int from = open("/disk.img", O_RDONLY), to = open("/dev/ram0", O_WRONLY);

	need(from >= 0 && to >= 0, "/disk.img, /dev/ram0");
	while (read(from, block, sizeof(block)) == sizeof(block))
		need(write(to, block, sizeof(block)) == sizeof(block), "ram0");
	close(from);
	close(to);
}

/* As PID 1: nothing exists yet. */
static void set_up_guest(void)
{
	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/mnt", 0755);
	mkdir("/mnt/tmpfs", 0755);
	mkdir("/mnt/disk", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	need(!mount("proc", "/proc", "proc", 0, NULL), "/proc");
	need(!mount("sys", "/sys", "sysfs", 0, NULL), "/sys");
	need(!mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL), "debugfs");
	if (mount("tmpfs", "/mnt/tmpfs", "tmpfs", 0, "huge=advise"))
		need(!mount("tmpfs", "/mnt/tmpfs", "tmpfs", 0, NULL), "tmpfs");
	need(!access("/dev/fault_selftest", W_OK), "/dev/fault_selftest");
	need(!close(syscall(SYS_userfaultfd, O_CLOEXEC)), "userfaultfd");
	need(!access(FAIL_PAGE_ALLOC "probability", W_OK), FAIL_PAGE_ALLOC);
	need(!access(FAULT_AROUND, W_OK), FAULT_AROUND);
	fill_disk();
	need(!mount("/dev/ram0", "/mnt/disk", "ext4", 0, NULL), "/dev/ram0");
	no_khugepaged();
	out = fopen("/dev/ttyS1", "w");
	need(out != NULL, "/dev/ttyS1");
}

/*
 * Pages that a program leaks are missing at the end. Those that a CPU keeps at
 * hand are free as well, though MemFree does not say so.
 */
static void print_free(void)
{
	ul n, pages = 0;
	char line[80];
	FILE *f;

	sync();
	write_number("/proc/sys/vm/drop_caches", 3);
	sleep(2);	/* each CPU has told what it counts */
	f = fopen("/proc/zoneinfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " pages free %lu", &n) == 1 ||
		    sscanf(line, " count: %lu", &n) == 1)
			pages += n;
	fprintf(out, "# free %lu\n", pages);
}

int main(int argc, char **argv)
{
	int guest = getpid() == 1;

	out = stdout;
	if (guest)
		set_up_guest();
	run_all(argc, argv);
	if (guest)
		print_free();
	fprintf(out, "# complete\n");
	fflush(out);
	if (guest)
		reboot(RB_AUTOBOOT);
	return 0;
}
