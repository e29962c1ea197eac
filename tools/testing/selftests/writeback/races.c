// SPDX-License-Identifier: GPL-2.0
/*
 * races: many tasks start writeback while its target goes away: the bdi is
 * unregistered, the wb of a cgroup dies, the laptop mode timer fires. Bugs show
 * in the kernel log (lists, locks, freed memory); here the cases only have to
 * finish, and the data must be right.
 */
#include "wb_device.h"
#include <pthread.h>

#define STARTERS	4
#define ROUNDS		20
#define ROUNDS_MAX	100
#define CGROUPS		8
#define FILE_PAGES	64
#define WB_CGROUP	"/tmp/wb.cgroup"
#define WB_SCSI_DEV	"/dev/sda"	/* only if it is scsi_debug */

static bool stop;
static unsigned long started;	/* calls that have returned */

/* One context is that of a task that never gets an item, where it exists. */
static uint32_t starts_as(uintptr_t thread)
{
	uint32_t who = thread % (WBST_SOFTIRQ + 1);

	if (who != WBST_OOM_VICTIM)
		return who;
	return access(KSFT_FAILSLAB, X_OK) ? WBST_TASK : WBST_FAILSLAB;
}

/* Starts writeback in all possible contexts, until @stop is set. */
static void *starter(void *arg)
{
	uint32_t who = starts_as((uintptr_t)arg);
	struct wbst_start s = {
		.who = who, .reason = who == WBST_MEMALLOC, .calls = 20,
		.nr_pages = 1024,
	};
	int dev = wb_open_device();

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		ksft_need(!wb_try_start(dev, &s), "starting writeback");
		__atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
	}
	close(dev);
	return NULL;
}

static void run_with_starters(void (*body)(void))
{
	pthread_t thread[STARTERS];
	uintptr_t i;

	if (!access(KSFT_FAILSLAB, X_OK)) {
		ksft_inject_init(KSFT_FAILSLAB);
		ksft_inject_fail(-1);
	}
	for (i = 0; i < STARTERS; i++)
		ksft_need(!pthread_create(&thread[i], NULL, starter,
					  (void *)i), "a thread");
	body();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < STARTERS; i++)
		pthread_join(thread[i], NULL);
}

/* --- the bdi goes away ---------------------------------------------------- */

static unsigned long starts(void)
{
	return __atomic_load_n(&started, __ATOMIC_RELAXED);
}

/* Unmounts, and unregisters the bdi. Returns how often it was started then. */
static unsigned long close_against_starters(int dev)
{
	unsigned long before = starts();

	close(dev);
	return starts() - before;
}

/* Until the starters have met a bdi that was going away */
static void come_and_go(void)
{
	struct wbst_start s = { .calls = 10, .nr_pages = 10 };
	unsigned long met = 0;
	int i, dev;

	for (i = 0; i < ROUNDS || (!met && i < ROUNDS_MAX); i++) {
		dev = wb_open_device();
		ksft_check(!ioctl(dev, WBST_STALL), "round %d: stall: %s", i,
			   strerror(errno));
		ksft_need(!wb_try_start(dev, &s), "starting writeback");
		if (i % 2)
			wb_release(dev);
		met += close_against_starters(dev);
	}
	ksft_print_msg("%lu starts while it went away\n", met);
	ksft_need(met, "writeback started while its target goes away");
}

static void unregistered_bdi(void)
{
	close(wb_open_device());	/* or skip */
	run_with_starters(come_and_go);
}

/* --- the wb of a cgroup dies -------------------------------------------- */

static void cgroup_path(char *path, size_t size, int i, const char *file)
{
	snprintf(path, size, WB_CGROUP "/wb%d%s", i, file);
}

/* A child dirties a file from within a cgroup, and exits. */
static void dirty_in_cgroup(int i)
{
	char path[128];
	int status;
	pid_t pid;

	cgroup_path(path, sizeof(path), i, "");
	ksft_need(ksft_mkdir(path), "mkdir %s", path);
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid) {
		cgroup_path(path, sizeof(path), i, "/cgroup.procs");
		ksft_need(ksft_put(path, "0"), "joining %s", path);
		snprintf(path, sizeof(path), WB_MNT "/race%d", i);
		close(wb_dirty(path, i, FILE_PAGES));
		_exit(0);
	}
	ksft_need(waitpid(pid, &status, 0) == pid && !status, "the child");
}

static void cgroups_come_and_go(void)
{
	char path[128];
	int i;

	for (i = 0; i < CGROUPS; i++) {
		dirty_in_cgroup(i);
		cgroup_path(path, sizeof(path), i, "");
		ksft_need(wb_wait_for(!rmdir(path), 30), "rmdir %s", path);
	}
}

static void dying_wb(void)
{
	struct ksft_counter own;
	char path[64];
	int i;

	close(wb_open_device());
	wb_mount_ext4();
	wb_mount_cgroup2(WB_CGROUP);
	wb_set(WB_VM "laptop_mode", 1);		/* its timer races, too */
	own = ksft_count("writeback/writeback_start",
		       "cgroup_ino>1 && cgroup_ino<4294967295");
	run_with_starters(cgroups_come_and_go);
	ksft_need(!umount2(WB_MNT, 0), "umount");
	ksft_need(ksft_counted(&own), "a wb that is a cgroup's own");
	wb_mount_ext4();
	for (i = 0; i < CGROUPS; i++) {
		snprintf(path, sizeof(path), WB_MNT "/race%d", i);
		ksft_check(wb_good_pages(path, i, FILE_PAGES) == FILE_PAGES,
			   "%s differs after a remount", path);
	}
}

/* --- the laptop mode timer ---------------------------------------------- */

/*
 * The disk was read, so it spins, so a second later all is written. (Another
 * read postpones that: do not poll too often.)
 */
static bool written_by_timer(int fd, uint64_t seed)
{
	int i;

	for (i = 0; i < 20; i++) {
		if (wb_pages_on_disk(fd, wb_ext4_dev(), seed) == FILE_PAGES)
			return true;
		wb_msleep(1500);
	}
	return false;
}

static void timer_of_ext4(uint64_t seed)
{
	int fd;

	wb_mount_ext4();
	wb_set(WB_VM "dirty_writeback_centisecs", 360000);
	sync();
	fd = wb_dirty(WB_MNT "/laptop", seed, FILE_PAGES);
	ksft_need(!wb_pages_on_disk(fd, wb_ext4_dev(), seed), "a lazy flusher");
	wb_set(WB_VM "laptop_mode", 1);
	ksft_check(written_by_timer(fd, seed),
		   "the laptop mode timer did not get the data written");
	close(fd);
}

/*
 * Until v5.0, which removed the legacy request path, no blk-mq disk arms the
 * timer. There, scsi_debug provides a small disk without a file system.
 */
static bool blk_mq_without_timer(void)
{
	const char *dev = strrchr(wb_ext4_dev(), '/');
	char path[64];

	snprintf(path, sizeof(path), "/sys/block%.32s/mq", dev);
	return wb_kernel_major() < 5 && !access(path, F_OK);
}

/* A small disk in memory that is not in use. */
static int open_scsi_debug(void)
{
	unsigned long long size = 0;
	char model[32] = "";
	int fd;

	ksft_read("/sys/block/sda/device/model", model, sizeof(model));
	fd = open(WB_SCSI_DEV, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0 || strncmp(model, "scsi_debug", strlen("scsi_debug")) ||
	    ioctl(fd, BLKGETSIZE64, &size) || size > KSFT_SCRATCH_MAX)
		ksft_case_skip("no unused scsi_debug that arms the timer");
	return fd;
}

static long sectors_written(void)
{
	char text[256];
	long nr = -1;

	ksft_need(ksft_read("/sys/block/sda/stat", text, sizeof(text)),
		  "reading the figures of " WB_SCSI_DEV);
	ksft_need(sscanf(text, "%*d %*d %*d %*d %*d %*d %ld", &nr) == 1,
		  "how much was written");
	return nr;
}

/* Count the right pages, bypassing the page cache. */
static long good_pages_of_scsi(uint64_t seed, long from, long nr)
{
	static char page[WB_PAGE] __aligned(WB_PAGE);
	int fd = open(WB_SCSI_DEV, O_RDONLY | O_DIRECT | O_CLOEXEC);
	long n, good = 0;

	ksft_need(fd >= 0, "opening " WB_SCSI_DEV);
	for (n = from; n < from + nr; n++) {
		ksft_need(pread(fd, page, WB_PAGE, n * WB_PAGE) ==
			  (ssize_t)WB_PAGE, "reading " WB_SCSI_DEV);
		good += wb_is_pattern(page, seed, n);
	}
	close(fd);
	return good;
}

static void timer_of_scsi(uint64_t seed)
{
	long before, all = FILE_PAGES * WB_PAGE / 512;
	int fd, claim = open_scsi_debug();

	wb_set(WB_VM "dirty_writeback_centisecs", 360000);
	before = sectors_written();
	fd = wb_dirty(WB_SCSI_DEV, seed, FILE_PAGES);
	wb_set(WB_VM "laptop_mode", 1);
	ksft_need(sectors_written() == before, "a lazy flusher");
	good_pages_of_scsi(seed, FILE_PAGES, 1);	/* now it spins */
	ksft_check(wb_wait_for(sectors_written() - before >= all, 30),
		   "the laptop mode timer did not get the data written");
	ksft_check(good_pages_of_scsi(seed, 0, FILE_PAGES) == FILE_PAGES,
		   "what the timer got written is not the data");
	close(fd);
	close(claim);
}

/* Later kernels accept the setting and ignore it. */
static void need_laptop_mode(void)
{
	static char format[16384];

	ksft_need(ksft_event_read("writeback/writeback_queue", "format", format,
				  sizeof(format)), "a tracepoint");
	if (!strstr(format, "laptop_timer"))
		ksft_case_skip("no laptop mode");
}

static void laptop_timer(void)
{
	need_laptop_mode();
	if (blk_mq_without_timer())
		timer_of_scsi(getpid());
	else
		timer_of_ext4(getpid());
}

static const struct ksft_case cases[] = {
	KSFT_CASE(unregistered_bdi),
	KSFT_CASE(dying_wb),
	KSFT_CASE(laptop_timer),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
