// SPDX-License-Identifier: GPL-2.0
/*
 * pressure: init of a guest that runs out of memory while its disk crawls.
 *
 * After a scenario of Tetsuo Handa's: many writers, in children that the OOM
 * killer prefers, append to files without end; one task takes all the memory
 * it can get and touches it. A sampler that is locked in memory and of real
 * time priority prints ten times a second what is left, as lines "P ...".
 *
 * Kernel arguments, after "--": SECONDS CHILDREN WRITERS-PER-CHILD FSTYPE
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define EVENTS	"/sys/kernel/debug/tracing/events/writeback/"
#define HZ_SAMPLE 10

static int seconds = 60, children = 64, writers = 16;
static const char *fstype = "ext4";

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
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
	static char path[64], stack[16][8192] __attribute__((aligned(16)));
	int i;

	write_text("/proc/self/oom_score_adj", "1000");
	snprintf(path, sizeof(path), "/mnt/file%d", nr);
	for (i = 0; i < writers && i < 16; i++)
		clone(writer, stack[i] + sizeof(stack[i]), CLONE_VM | SIGCHLD,
		      path);
	while (1)
		pause();
}

static void eater(void)
{
	unsigned long size, i;
	char *buf = NULL, *more;

	for (size = 1048576; size < 512UL << 30; size <<= 1) {
		more = realloc(buf, size);
		if (!more) {
			size >>= 1;
			break;
		}
		buf = more;
	}
	sleep(4);
	for (i = 0; i < size; i += 4096)
		buf[i] = 0;
	pause();
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

static char *slurp(int fd)
{
	static char text[1 << 16];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	return text;
}

/* Lines of the kernel log that tell of a failed atomic allocation. */
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

static void sampler(void)
{
	struct sched_param prio = { .sched_priority = 50 };
	struct timespec tick = { .tv_nsec = 1000000000 / HZ_SAMPLE };
	int zone = open("/proc/zoneinfo", O_RDONLY);
	int slab = open("/sys/kernel/slab/kmalloc-64/objects", O_RDONLY);
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	int queue = count("writeback_queue"), merge = count("writeback_merge");
	int nowork = count("writeback_nowork"), i;
	unsigned long free, min;
	char *text;

	mlockall(MCL_CURRENT | MCL_FUTURE);
	sched_setscheduler(0, SCHED_FIFO, &prio);
	write_text("/proc/self/oom_score_adj", "-1000");
	for (i = 0; i < seconds * HZ_SAMPLE; i++) {
		text = slurp(zone);
		free = free_in(text);
		min = sum_of(text, "min ");
		printf("P %.1f %lu %lu %lu %llu %llu %llu %lu\n",
		       (double)i / HZ_SAMPLE, free, min,
		       strtoul(slurp(slab), NULL, 10),
		       (unsigned long long)counted(queue),
		       (unsigned long long)counted(merge),
		       (unsigned long long)counted(nowork), failures(kmsg));
		nanosleep(&tick, NULL);
	}
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

static void set_up(void)
{
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("trace", "/sys/kernel/debug/tracing", "tracefs", 0, NULL);
	write_text("/proc/self/oom_score_adj", "-1000");
	if (mount("/dev/vda", "/mnt", fstype, 0, NULL))
		perror("/dev/vda");
}

int main(int argc, char **argv)
{
	pid_t watch;
	int i;

	seconds = argc > 1 ? atoi(argv[1]) : seconds;
	children = argc > 2 ? atoi(argv[2]) : children;
	writers = argc > 3 ? atoi(argv[3]) : writers;
	fstype = argc > 4 ? argv[4] : fstype;
	setvbuf(stdout, NULL, _IOLBF, 0);
	set_up();
	watch = start(sampler);
	write_text("/proc/self/oom_score_adj", "0");
	for (i = 0; i < children; i++)
		if (!fork())
			child(i);
	start(eater);
	write_text("/proc/self/oom_score_adj", "-1000");
	waitpid(watch, NULL, 0);
	printf("P end\n");
	reboot(RB_POWER_OFF);
	return 0;
}
