// SPDX-License-Identifier: GPL-2.0
/*
 * A fault that waits for I/O holds no page table, neither installed (shown by
 * the sleeper's VmPTE) nor preallocated (shown by the device's probe).
 *
 * The test case itself is the daemon of a FUSE file system: it answers all
 * requests but READ, which it withholds. Sleepers are threads of a child; each
 * faults on its own page, in its own PMD.
 */
#include "device.h"
#include "../ksft_fuse.h"
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>

#define MANY		120
#define PATIENCE	20000	/* ms without an event: something is broken */

struct sleeper {
	pid_t pid;
	int nr;			/* number of threads */
	int go;			/* a byte for each thread: fault now */
	int says;		/* a byte from each: ready, then 1 or 0 */
	int said;
	int good;
};

/* ---- the daemon ---------------------------------------------------------- */

/* No read-ahead: a fault requests its own page only. */
static struct ksft_fuse fuse = {
	.name = "file",
	.size = MANY * PAGE,
	.max_write = PAGE,
	.no_flush = true,
};

static struct {
	__u64 unique;
	__u64 page;
} withheld[MANY];
static int nr_withheld;

static char page_byte(__u64 page)
{
	return page + 1;
}

static void withhold(const struct ksft_fuse_request *r)
{
	ksft_need(nr_withheld < MANY && r->read.size == PAGE,
		  "READ of one page, not of %u bytes", r->read.size);
	withheld[nr_withheld].unique = r->h.unique;
	withheld[nr_withheld++].page = r->read.offset / PAGE;
}

static void serve_request(void)
{
	static struct ksft_fuse_request r;

	ksft_need(read(fuse.fd, &r, sizeof(r)) >= (ssize_t)sizeof(r.h),
		  "a FUSE request");
	if (r.h.opcode == FUSE_READ)
		withhold(&r);
	else
		ksft_fuse_answer(&fuse, &r);
}

static void hear(struct sleeper *s)
{
	char c = 0;

	ksft_check(read(s->says, &c, 1) == 1, "a sleeper died");
	s->said++;
	s->good += c;
}

/* Handle one event: a request, or a message from the sleeper. */
static void serve(struct sleeper *s)
{
	struct pollfd fds[2] = {
		{ .fd = fuse.fd, .events = POLLIN },
		{ .fd = s->says, .events = POLLIN },
	};

	ksft_need(poll(fds, 2, PATIENCE) > 0, "anything to happen");
	if (fds[0].revents)
		serve_request();
	if (fds[1].revents)
		hear(s);
}

static void serve_until_said(struct sleeper *s)
{
	s->said = 0;
	s->good = 0;
	while (s->said < s->nr)
		serve(s);
}

static void release_reads(void)
{
	char page[PAGE];

	while (nr_withheld) {
		nr_withheld--;
		memset(page, page_byte(withheld[nr_withheld].page), PAGE);
		ksft_fuse_reply(&fuse, withheld[nr_withheld].unique, 0, page,
				PAGE);
	}
}

static void mount_fuse(void)
{
	private_mount("none", "fuse", ksft_fuse_open(&fuse, 0));
}

/* ---- the sleepers -------------------------------------------------------- */

struct access {
	int prot;
	int flags;
};

static const struct access reading = { PROT_READ, MAP_SHARED };
static const struct access cow = { PROT_READ | PROT_WRITE, MAP_PRIVATE };
static const struct access sharing = { PROT_READ | PROT_WRITE, MAP_SHARED };

static const struct access *how;
static int file;
static int child_go, child_says;
static int device = -1;		/* its probe watches the sleepers' mm */

static char fault(volatile char *p, char byte)
{
	if (how->prot & PROT_WRITE)
		p[1] = byte;
	return p[0] == byte && (!(how->prot & PROT_WRITE) || p[1] == byte);
}

static void *sleeper_thread(void *arg)
{
	long nr = (long)arg;
	char byte = page_byte(nr);
	char c = 0;
	char *p;

	p = map_at(slot(nr + 2), PAGE, how->prot, how->flags, file, nr * PAGE);
	if (write(child_says, &c, 1) != 1 || read(child_go, &c, 1) != 1)
		_exit(1);
	c = fault(p, byte);
	if (write(child_says, &c, 1) != 1 || read(child_go, &c, 1) != 1)
		_exit(1);
	return NULL;
}

/*
 * The first close() finds out that the daemon has no FLUSH. So no task that
 * exits later waits for the daemon, which may itself be waiting for that task.
 */
static void open_file(void)
{
	close(open(MNT "/file", O_RDWR));
	file = open(MNT "/file", O_RDWR);
	ksft_need(file >= 0, "open the FUSE file");
}

/* Run the code of the measured part once, to fault in its text and stack. */
static void warm_up(void)
{
	char *p = map_at(slot(1), PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char c;
	int fds[2];

	fault(p, 1);
	ksft_need(!pipe(fds) && write(fds[1], "", 1) == 1 &&
		  read(fds[0], &c, 1) == 1, "a pipe");
}

static void sleeper_main(int nr)
{
	pthread_attr_t small;
	pthread_t thread;
	long i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(fuse.fd);
	slots_reserve();
	warm_up();
	open_file();
	if (device >= 0)
		probe(device, FAULT_SELFTEST_PROBE_ON);
	pthread_attr_init(&small);
	ksft_need(!pthread_attr_setstacksize(&small, THREAD_STACK), "a stack");
	for (i = 0; i < nr; i++)
		ksft_need(!pthread_create(&thread, &small, sleeper_thread,
					  (void *)i), "a thread");
	pause();
}

static void start_sleeper(struct sleeper *s, int nr)
{
	int go[2], says[2];

	ksft_need(!pipe(go) && !pipe(says), "pipes");
	s->nr = nr;
	s->go = go[1];
	s->says = says[0];
	s->pid = fork();
	ksft_need(s->pid >= 0, "fork");
	if (!s->pid) {
		child_go = go[0];
		child_says = says[1];
		sleeper_main(nr);
	}
	close(go[0]);
	close(says[1]);
	serve_until_said(s);
}

static void send_to_sleep(struct sleeper *s)
{
	static const char bytes[MANY];

	ksft_need(write(s->go, bytes, s->nr) == s->nr, "go");
}

static void wake(struct sleeper *s)
{
	release_reads();
	serve_until_said(s);
	ksft_check(s->good == s->nr, "%d of %d sleepers saw other data",
		   s->nr - s->good, s->nr);
}

/* Stop the file system first: exit writes back, and must not wait for us. */
static void end(struct sleeper *s)
{
	close(fuse.fd);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

/* ---- cases --------------------------------------------------------------- */

static void asleep(const void *arg)
{
	struct sleeper s;
	long before, added;

	how = arg;
	mount_fuse();
	start_sleeper(&s, 1);
	before = vm_pte(s.pid);
	send_to_sleep(&s);
	while (!nr_withheld)
		serve(&s);
	added = vm_pte(s.pid) - before;
	wake(&s);
	ksft_check(!added, "%ld kB of tables while asleep", added);
	added = vm_pte(s.pid) - before;
	ksft_check(added == TABLE_KB, "%ld kB of tables when awake", added);
	end(&s);
}

static void many_asleep(const void *arg)
{
	unsigned int before, held;
	struct sleeper s;

	need_table_pages();
	how = arg;
	device = dev_open();
	mount_fuse();
	start_sleeper(&s, MANY);
	before = counts(device).tables_held;
	send_to_sleep(&s);
	while (nr_withheld < MANY)
		serve(&s);
	held = counts(device).tables_held - before;
	wake(&s);
	ksft_print_msg("tables: %u\n", held);
	ksft_check(!held, "%u tables for %d sleepers", held, MANY);
	end(&s);
}

/* Is a thread of the process in state D? */
static int in_disk_sleep(pid_t pid)
{
	char path[80], buf[256] = "";
	struct dirent *task;
	int fd, found = 0;
	DIR *tasks;
	char *p;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (task = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", pid,
			 task->d_name);
		fd = open(path, O_RDONLY);
		if (fd >= 0 && read(fd, buf, sizeof(buf) - 1) > 0) {
			p = strrchr(buf, ')');
			found |= p && p[2] == 'D';
		}
		close(fd);
	}
	closedir(tasks);
	return found;
}

static void wait_for_page_lock(struct sleeper *s)
{
	int i;

	for (i = 0; i < PATIENCE && !in_disk_sleep(s->pid); i++)
		usleep(1000);
	ksft_need(i < PATIENCE, "the second sleeper to wait");
}

/*
 * The first sleeper waits for the daemon; the second one waits for the page
 * lock, and can be killed there.
 */
static void killed_asleep(void)
{
	struct sleeper first, second;
	long before, added;
	int status;

	how = &reading;
	mount_fuse();
	start_sleeper(&first, 1);
	start_sleeper(&second, 1);
	before = vm_pte(second.pid);
	send_to_sleep(&first);
	while (!nr_withheld)
		serve(&first);
	send_to_sleep(&second);
	wait_for_page_lock(&second);
	added = vm_pte(second.pid) - before;
	kill(second.pid, SIGKILL);
	ksft_need(waitpid(second.pid, &status, 0) == second.pid, "waitpid");
	ksft_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		   "status %#x", status);
	ksft_check(!added, "%ld kB of tables in a killed sleeper", added);
	wake(&first);
	end(&first);
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(read_asleep, asleep, &reading),
	KSFT_CASE_WITH(cow_asleep, asleep, &cow),
	KSFT_CASE_WITH(shared_write_asleep, asleep, &sharing),
	KSFT_CASE(killed_asleep),
	KSFT_CASE_WITH(many_reads_asleep, many_asleep, &reading),
	KSFT_CASE_WITH(many_cows_asleep, many_asleep, &cow),
	KSFT_CASE_WITH(many_shared_writes_asleep, many_asleep, &sharing),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
