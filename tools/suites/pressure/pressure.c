// SPDX-License-Identifier: GPL-2.0
/*
 * pressure: init of a guest that runs out of memory while its disk crawls.
 *
 * After a scenario by Tetsuo Handa: many writers, in children that the OOM
 * killer prefers, append to files without end; an eater takes all the memory
 * there is, touched by as many tasks as requested. A sampler, locked in memory
 * and with real-time priority, prints ten times a second what is left, as lines
 * "P ...", and who has it, as lines "H ...": see ledger/ledger.c. The call
 * stacks for these come last, between "L begin" and "L end".
 *
 * Kernel arguments, after "--": name=number, as in the table below; ext4 or
 * xfs. With crypt_mb, the file system gets that much of the disk, and the rest
 * is swap, both on dm-crypt.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/swap.h>
#include <sys/wait.h>

#include "crypt.h"

#define EVENTS	"/sys/kernel/debug/tracing/events/writeback/"
#define LEDGER	"/sys/kernel/debug/ledger/"
#define HZ_SAMPLE 10
#define LONGEST 600	/* seconds, whatever happens */
#define MAX_WRITERS 16
#define MAX_EATERS 1024

static const char *fstype = "ext4";

static struct option {
	const char *name;
	long value;
} options[] = {
#define SECONDS		options[0].value	/* once memory is low */
	{ "seconds", 60 },
#define CHILDREN	options[1].value
	{ "children", 64 },
#define WRITERS		options[2].value	/* of each child */
	{ "writers", 16 },
#define EATERS		options[3].value	/* tasks that touch memory */
	{ "eaters", 1 },
#define REQUEST_KB	options[4].value	/* of the disk, at most */
	{ "request_kb", 64 },
#define BEGIN_KB	options[5].value	/* dirty, before memory goes */
	{ "begin_kb", 0 },
#define CRYPT_MB	options[6].value	/* of the disk; 0: no dm-crypt */
	{ "crypt_mb", 0 },
#define SWAP_MB		options[7].value
	{ "swap_mb", 256 },
};

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

/* The sum of the numbers after a word that starts a (trimmed) line. */
static unsigned long sum_of(const char *text, const char *word)
{
	unsigned long sum = 0;
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, "\n ");
		if (!strncmp(line, word, strlen(word)))
			sum += strtoul(line + strlen(word), NULL, 10);
	}
	return sum;
}

/* --- the load --------------------------------------------------------- */

static int writer(void *arg)
{
	static char page[4096];
	int fd = open(arg, O_WRONLY | O_CREAT | O_APPEND, 0600);

	sleep(2);
	while (write(fd, page, sizeof(page)) == sizeof(page))
		;
	pause();
	return 0;
}

/* A child whose writers share its memory and nothing else. */
static void child(int nr)
{
	static char path[64], stack[MAX_WRITERS][8192] __attribute__((aligned(16)));
	int i;

	write_text("/proc/self/oom_score_adj", "1000");
	snprintf(path, sizeof(path), "/mnt/file%d", nr);
	for (i = 0; i < WRITERS && i < MAX_WRITERS; i++)
		clone(writer, stack[i] + sizeof(stack[i]), CLONE_VM | SIGCHLD,
		      path);
	while (1)
		pause();
}

/* Each touches its share of the memory, page by page. */
static unsigned long eaten_size;
static char *eaten;

static int eat(void *arg)
{
	unsigned long i = (unsigned long)arg * 4096;

	for (; i < eaten_size; i += EATERS * 4096)
		eaten[i] = 1;
	while (1)
		pause();
	return 0;
}

/*
 * On a busy machine all writers may wait for the disk before enough is dirty.
 * Half of that will do if it has stopped growing for a while.
 */
static void wait_for_dirty_pages(void)
{
	int i, still = 0, fd = open("/proc/meminfo", O_RDONLY);
	unsigned long dirty, most = 0;
	char text[4096];
	ssize_t n;

	for (i = 0; i < LONGEST; i++) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = 0;
		dirty = sum_of(text, "Dirty:");
		still = dirty > most ? 0 : still + 1;
		if (dirty > most)
			most = dirty;
		if (dirty >= (unsigned long)BEGIN_KB ||
		    (still >= 10 && dirty >= (unsigned long)BEGIN_KB / 2))
			break;
		sleep(1);
	}
	close(fd);
}

static void eater(void)
{
	static char stack[MAX_EATERS][4096] __attribute__((aligned(16)));
	unsigned long i;

	eaten_size = sysconf(_SC_PHYS_PAGES) * 4096UL;
	eaten = mmap(NULL, eaten_size, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		     MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	sleep(4);
	wait_for_dirty_pages();
	for (i = 1; i < (unsigned long)EATERS && i < MAX_EATERS; i++)
		clone(eat, stack[i] + sizeof(stack[i]), CLONE_VM | SIGCHLD,
		      (void *)i);
	eat(NULL);
}

/* --- the sampler ------------------------------------------------------ */

static int count(const char *event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr),
	};
	char path[128], id[16] = "";
	int fd;

	snprintf(path, sizeof(path), EVENTS "%s/id", event);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, id, sizeof(id) - 1) <= 0)
		return -1;
	close(fd);
	attr.config = atoi(id);
	/* one CPU: cpu 0 is all there is */
	return syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);
}

static uint64_t counted(int fd)
{
	uint64_t n = 0;

	if (fd < 0 || read(fd, &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}

static unsigned long free_in(const char *zoneinfo)
{
	unsigned long sum = 0;
	const char *at = zoneinfo;

	while ((at = strstr(at, "pages free"))) {
		at += strlen("pages free");
		sum += strtoul(at, NULL, 10);
	}
	return sum;
}

#define SLURP	(1 << 16)

static char *slurp(int fd)
{
	static char text[SLURP + 1];
	ssize_t n = pread(fd, text, SLURP, 0);

	text[n > 0 ? n : 0] = 0;
	return text;
}

/* Lines of the kernel log about failed atomic allocations. */
static unsigned long failures(int kmsg)
{
	static unsigned long nr;
	static char line[8192];
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		nr += !!strstr(line, "page allocation failure");
	}
	return nr;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Who has the missing pages; nothing without the module. */
static void tell_held(int ledger, double when)
{
	const char *text = slurp(ledger);

	if (*text)
		printf("H %.1f %s", when, text);
}

static void tell_sites(int ledger)
{
	static char text[4096];
	ssize_t n;

	printf("L begin\n");
	fflush(stdout);
	while ((n = read(ledger, text, sizeof(text))) > 0)
		if (write(STDOUT_FILENO, text, n) != n)
			break;
	printf("L end\n");
}

static void sampler(void)
{
	struct sched_param prio = { .sched_priority = 50 };
	struct timespec tick = { .tv_nsec = 1000000000 / HZ_SAMPLE };
	int zone = open("/proc/zoneinfo", O_RDONLY);
	int slab = open("/sys/kernel/slab/kmalloc-64/objects", O_RDONLY);
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	int queue = count("writeback_queue"), merge = count("writeback_merge");
	int nowork = count("writeback_nowork");
	int held = open(LEDGER "held", O_RDONLY);
	int sites = open(LEDGER "sites", O_RDONLY);
	int sysrq = open("/proc/sysrq-trigger", O_WRONLY);
	unsigned long free, min;
	double start = now(), low = 0;
	char *text;

	mlockall(MCL_CURRENT | MCL_FUTURE);
	sched_setscheduler(0, SCHED_FIFO, &prio);
	write_text("/proc/self/oom_score_adj", "-1000");
	while (now() < start + LONGEST && (!low || now() < low + SECONDS)) {
		text = slurp(zone);
		free = free_in(text);
		min = sum_of(text, "min ");
		if (!low && free < 2 * min)
			low = now();
		printf("P %.1f %lu %lu %lu %llu %llu %llu %lu\n",
		       now() - start, free, min,
		       strtoul(slurp(slab), NULL, 10),
		       (unsigned long long)counted(queue),
		       (unsigned long long)counted(merge),
		       (unsigned long long)counted(nowork), failures(kmsg));
		tell_held(held, now() - start);
		nanosleep(&tick, NULL);
	}
	tell_sites(sites);
	printf("P end\n");
	tcdrain(STDOUT_FILENO);
	if (write(sysrq, "b", 1) < 0)	/* no other task might get that far */
		reboot(RB_AUTOBOOT);
}

/* --- init ------------------------------------------------------------- */

static pid_t start(void (*run)(void))
{
	pid_t pid = fork();

	if (!pid) {
		run();
		_exit(0);
	}
	return pid;
}

static void write_number(const char *path, long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", n);
	write_text(path, text);
}

static void load_ledger(void)
{
	int fd = open("/ledger.ko", O_RDONLY);

	if (fd >= 0 && syscall(SYS_finit_module, fd, "", 0))
		perror("/ledger.ko");
	close(fd);
}

#define SECTORS(mb)	((mb) * 2048ULL)

static const char *set_up_crypt(void)
{
	mkdir("/dev/mapper", 0700);
	if (crypt_map("fs", "/dev/vda", 0, SECTORS(CRYPT_MB)) &&
	    crypt_map("swap", "/dev/vda", SECTORS(CRYPT_MB), SECTORS(SWAP_MB)) &&
	    swapon("/dev/dm-1", 0))
		perror("/dev/dm-1");
	return "/dev/dm-0";
}

static void set_up(void)
{
	const char *disk = "/dev/vda";

	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("trace", "/sys/kernel/debug/tracing", "tracefs", 0, NULL);
	load_ledger();
	write_text("/proc/self/oom_score_adj", "-1000");
	/* small requests soon fill the queue: then writers must wait */
	write_number("/sys/block/vda/queue/max_sectors_kb", REQUEST_KB);
	/* out of reach: no writer is throttled */
	write_number("/proc/sys/vm/dirty_bytes", 1L << 40);
	if (CRYPT_MB)
		disk = set_up_crypt();
	if (mount(disk, "/mnt", fstype, 0, NULL))
		perror(disk);
}

static void parse(const char *arg)
{
	size_t i, len;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		len = strlen(options[i].name);
		if (!strncmp(arg, options[i].name, len) && arg[len] == '=') {
			options[i].value = atol(arg + len + 1);
			return;
		}
	}
	fstype = arg;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		parse(argv[i]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	set_up();
	start(sampler);
	write_text("/proc/self/oom_score_adj", "0");
	for (i = 0; i < CHILDREN; i++)
		if (!fork())
			child(i);
	start(eater);
	write_text("/proc/self/oom_score_adj", "-1000");
	while (1)
		pause();
}
