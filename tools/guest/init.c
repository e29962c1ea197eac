// SPDX-License-Identifier: GPL-2.0
/*
 * init.c: PID 1 of the test guest.
 *
 * Runs the programs named in /tests/list one after the other. Their output goes
 * to the virtio port "tap", between "## begin" and "## end" lines; the host
 * splits it again. Then init checks what went wrong in the kernel during the
 * run, and writes one line to the port "verdict", as the very last thing: a
 * guest that does not get that far has no verdict, and the host calls it lost.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

static int tap = -1, verdict = -1;
static unsigned int timeouts, crashes;

static const struct {
	const char *type, *where;
} mounts[] = {
	{ "proc", "/proc" },
	{ "sysfs", "/sys" },
	{ "devtmpfs", "/dev" },
	{ "debugfs", "/sys/kernel/debug" },
	{ "tracefs", "/sys/kernel/debug/tracing" },
	{ "tmpfs", "/tmp" },
};

static void mount_all(void)
{
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type,
			  0, NULL) && errno != EBUSY)
			fprintf(stderr, "init: mount %s: %m\n",
				mounts[i].where);
}

/* A whole small file, as a string. */
static const char *slurp(const char *path)
{
	static char buf[4096];
	ssize_t n = 0;
	int fd = open(path, O_RDONLY);

	if (fd >= 0) {
		n = read(fd, buf, sizeof(buf) - 1);
		close(fd);
	}
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void spit(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "init: %s: %m\n", path);
	if (fd >= 0)
		close(fd);
}

/* The value of name=value on the kernel command line, or NULL. */
static const char *option(const char *name)
{
	static char value[256];
	const char *at = slurp("/proc/cmdline");
	size_t len = strlen(name);

	for (; at; at = strchr(at, ' ')) {
		at += strspn(at, " ");
		if (!strncmp(at, name, len) && at[len] == '=') {
			snprintf(value, sizeof(value), "%.*s",
				 (int)strcspn(at + len + 1, " \n"),
				 at + len + 1);
			return value;
		}
	}
	return NULL;
}

/* A virtio port has its name in sysfs and its number in /dev. */
static int open_port(const char *name)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *d;
	char path[512];

	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path),
			 "/sys/class/virtio-ports/%s/name", d->d_name);
		if (strncmp(slurp(path), name, strlen(name)))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", d->d_name);
		closedir(dir);
		return open(path, O_WRONLY | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return -1;
}

static void mark(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	dprintf(tap, "## ");
	vdprintf(tap, fmt, ap);
	va_end(ap);
	dprintf(tap, "\n");
}

/* Lets the log scan attribute a line of the kernel log to a test. */
static void mark_log(const char *what, const char *test)
{
	char line[256];

	snprintf(line, sizeof(line), "latepte: %s %s\n", what, test);
	spit("/dev/kmsg", line);
}

/*
 * State that a configuration may fail to enable. The host knows the expected
 * values (tools/build/config/<flavour>.facts).
 */
static const char *const facts[] = {
	"/sys/kernel/mm/transparent_hugepage/enabled",
	"/sys/kernel/slab/kmalloc-64/poison",
	"/sys/kernel/debug/debug_objects/stats",
	"/sys/kernel/debug/kmemleak",
};

/* DirectMap2M is 0 if each page of the kernel can be unmapped. */
static void tell_facts(void)
{
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (access(facts[i], R_OK))
			continue;
		text = slurp(facts[i]);
		mark("fact %s %.*s", facts[i], (int)strcspn(text, "\n"), text);
	}
	text = strstr(slurp("/proc/meminfo"), "DirectMap2M:");
	if (text)
		mark("fact %.*s", (int)strcspn(text, "\n"), text);
}

/*
 * s390 finds its devices in parallel: the first disk may become vdb. It still
 * has the serial number "disk0".
 */
static void find_disk(const char *variable)
{
	const char *asked = getenv(variable);
	char path[32], serial[16];
	char c;

	if (!asked || strncmp(asked, "/dev/vd", 7))
		return;
	snprintf(serial, sizeof(serial), "disk%d", asked[7] - 'a');
	for (c = 'a'; c <= 'd'; c++) {
		snprintf(path, sizeof(path), "/sys/block/vd%c/serial", c);
		if (strncmp(slurp(path), serial, strlen(serial)))
			continue;
		snprintf(path, sizeof(path), "/dev/vd%c", c);
		setenv(variable, path, 1);
		return;
	}
}

static void start(const char *test, char **argv)
{
	char dir[256], path[512];

	snprintf(path, sizeof(path), "/tests/%s", test);
	snprintf(dir, sizeof(dir), "/tests/%.*s",
		 (int)strcspn(test, "/"), test);
	setpgid(0, 0);
	if (chdir(dir) || dup2(tap, STDOUT_FILENO) < 0)
		_exit(127);
	argv[0] = path;
	execv(path, argv);
	fprintf(stderr, "init: %s: %m\n", path);
	_exit(127);
}

/* Dump what every task was doing, to help find out why. */
static void dump_tasks(void)
{
	static const char *const keys[] = { "l", "t", "w", "m" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		spit("/proc/sysrq-trigger", keys[i]);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Orphans end up here as well: reap all, but report only pid. */
static int reap(pid_t pid, int *status, int flags)
{
	pid_t got;
	int st;

	while ((got = waitpid(-1, &st, flags)) > 0)
		if (got == pid) {
			*status = st;
			return 1;
		}
	return 0;
}

static int wait_for(pid_t pid, int limit, int *status)
{
	time_t end = now() + limit;

	while (now() < end) {
		if (reap(pid, status, WNOHANG))
			return 1;
		poll(NULL, 0, 20);
	}
	return 0;
}

static void give_up(const char *test, pid_t pid, int *status)
{
	timeouts++;
	mark("timeout %s", test);
	dump_tasks();
	kill(-pid, SIGKILL);
	if (!wait_for(pid, 10, status))
		mark("unkillable %s", test);
}

/* The exit statuses of kselftest; the host judges them. */
static int proper(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	return code == 0 || code == 1 || code == 4;
}

static void run(char *line, int limit)
{
	char *argv[16] = { NULL }, *test = strtok(line, " ");
	int status = -1, argc = 1;
	pid_t pid;

	while (argc < 15 && (argv[argc] = strtok(NULL, " ")))
		argc++;
	mark("begin %s", test);
	mark_log("begin", test);
	pid = fork();
	if (!pid)
		start(test, argv);
	if (!wait_for(pid, limit, &status))
		give_up(test, pid, &status);
	kill(-pid, SIGKILL);	/* what it may have left behind */
	mark_log("end", test);
	mark("end %s %d", test, status);
	if (!proper(status))
		crashes++;
}

static void run_all(void)
{
	const char *opt = option("latepte.limit");
	int limit = opt ? atoi(opt) : 120;
	FILE *list = fopen("/tests/list", "r");
	char line[512];

	while (list && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			run(line, limit);
	}
	if (list)
		fclose(list);
}

/*
 * A leak shows only in the second scan: the first one ages what is in flight.
 * -1: not scanned.
 */
static int leaks(void)
{
	if (access(KMEMLEAK, R_OK))
		return -1;
	spit(KMEMLEAK, "scan");
	sleep(6);
	spit(KMEMLEAK, "scan");
	if (!*slurp(KMEMLEAK))
		return 0;
	system("cat " KMEMLEAK " > /dev/console");
	return 1;
}

/*
 * Exit status of the scanner: 0 clean, 1 hits, anything else: no scan. The
 * host scans the console again, and prints the hits.
 */
static int scan_log(void)
{
	int st = system("dmesg > /tmp/dmesg && "
			"sh /etc/log/scan /tmp/dmesg > /dev/null");

	return WIFEXITED(st) ? WEXITSTATUS(st) : 2;
}

static void judge(void)
{
	char leaks_text[16];
	int leak, log, taint;

	mark("leaks");
	leak = leaks();
	mark("scan");
	log = scan_log();
	taint = atoi(slurp("/proc/sys/kernel/tainted"));
	snprintf(leaks_text, sizeof(leaks_text), "%d", leak);
	dprintf(verdict, "%s timeouts=%u crashes=%u leaks=%s log=%d taint=%d\n",
		timeouts || crashes || leak > 0 || log || taint ? "fail" : "ok",
		timeouts, crashes, leak < 0 ? "unscanned" : leaks_text, log,
		taint);
}

static void shell(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		setsid();
		execl("/bin/busybox", "sh", "-c",
		      "exec setsid cttyhack sh -l", NULL);
		_exit(127);
	}
	reap(pid, &status, 0);
}

int main(void)
{
	const char *mode;

	mount_all();
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "linux", 1);
	find_disk("KSFT_SCRATCH_EXT4");
	find_disk("KSFT_SCRATCH_XFS");
	mode = option("latepte.mode");
	tap = open_port("tap");
	verdict = open_port("verdict");
	mark("up");
	if (mode && !strcmp(mode, "shell"))
		shell();
	else if (mode && !strcmp(mode, "probe"))
		dprintf(verdict, "ok probe\n");
	else if (tap < 0 || verdict < 0)
		fprintf(stderr, "init: no virtio port: nobody to report to\n");
	else {
		tell_facts();
		run_all();
		judge();
	}
	mark("down");
	sync();
	/* s390's console drops what comes in its last 50 ms */
	spit("/dev/kmsg", "latepte: down\n");
	poll(NULL, 0, 200);
	reboot(RB_AUTOBOOT);
	return 1;
}
