// SPDX-License-Identifier: GPL-2.0
/*
 * stall: a device stalls during writeback, start requests arrive, and it goes
 * on again. Nothing may be lost: sync(2) and fsync(2) must not return before
 * the data is on the disk, expired data gets there by itself, and an error is
 * reported.
 *
 * The disks are loop devices over a FUSE file that passes everything on to the
 * real disk, or withholds the writes. WB_ROUNDS in the environment is how often
 * to stall each.
 */
#include "wb_device.h"
#include "wb_fuse.h"

#define FILES		4
#define FILE_PAGES	36
#define ROUNDS		3
#define STARTS		200	/* requests while stalled */

enum { BY_SYNC, BY_FSYNC, BY_EXPIRY, WAYS };

struct disk {
	const char *type, *scratch;	/* no scratch disk: FUSE alone */
};

static const struct disk ext4 = { "ext4", WB_EXT4 };
static const struct disk xfs = { "xfs", WB_XFS };
static const struct disk fuse = { "fuse", NULL };

struct place {
	struct wb_fuse fuse;
	const char *dev;		/* the disk below; NULL: FUSE alone */
	const char *type;
	char loop[32];
	int fd;				/* FUSE: kept open, close(2) flushes */
};

static long rounds(void)
{
	const char *env = getenv("WB_ROUNDS");

	return env ? atol(env) : ROUNDS;
}

static void file_path(char *path, size_t size, int i)
{
	snprintf(path, size, WB_MNT "/stall%d", i);
}

/* --- setup ------------------------------------------------------------ */

/*
 * Small requests, and more than the queue has room for, so that the flusher has
 * to wait. (Not a smaller queue: v4.6 may forget to wake tasks that wait for
 * room once nr_requests was lowered.)
 */
static void small_requests(const char *loop)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/block/%s/queue/max_sectors_kb",
		 loop + strlen("/dev/"));
	wb_set(path, WB_PAGE / 1024);	/* the loop device was free */
}

static int loop_control(void)
{
	int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		ksft_case_skip("no loop devices");
	return fd;
}

static void set_up_loop(struct place *p)
{
	struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };
	int control = loop_control();
	int file = open(WB_FUSE_DISK, O_RDWR | O_CLOEXEC);
	int nr = ioctl(control, LOOP_CTL_GET_FREE), loop;

	ksft_need(file >= 0, "opening " WB_FUSE_DISK);
	ksft_need(nr >= 0, "a free loop device");
	snprintf(p->loop, sizeof(p->loop), "/dev/loop%d", nr);
	loop = open(p->loop, O_RDWR | O_CLOEXEC);
	ksft_need(loop >= 0, "opening %s", p->loop);
	ksft_need(!ioctl(loop, LOOP_SET_FD, file), "LOOP_SET_FD");
	ksft_need(!ioctl(loop, LOOP_SET_STATUS64, &info), "LOOP_SET_STATUS64");
	small_requests(p->loop);
	wb_mount(p->loop, p->type);
	close(loop);
	close(file);
	close(control);
}

static struct place set_up(const struct disk *d)
{
	struct place p = { .type = d->type, .fd = -1 };

	if (d->scratch) {
		p.dev = ksft_scratch(d->scratch);
		close(loop_control());
	}
	p.fuse = wb_fuse_mount(p.dev, FILES * FILE_PAGES * WB_PAGE);
	if (p.dev)
		set_up_loop(&p);
	return p;
}

static void write_files(struct place *p, uint64_t seed)
{
	char path[64];
	int i;

	if (!p->dev) {
		close(p->fd);
		p->fd = wb_dirty(WB_FUSE_DISK, seed, FILES * FILE_PAGES);
		return;
	}
	for (i = 0; i < FILES; i++) {
		file_path(path, sizeof(path), i);
		close(wb_dirty(path, seed + i, FILE_PAGES));
	}
}

static long pages_in_memory(struct place *p, uint64_t seed)
{
	long n, good = 0;

	for (n = 0; n < FILES * FILE_PAGES; n++)
		good += wb_is_pattern(p->fuse.memory + n * WB_PAGE, seed, n);
	return good;
}

static bool all_on_disk(struct place *p, uint64_t seed)
{
	char path[64];
	long good = 0;
	int i, fd;

	if (!p->dev)
		return pages_in_memory(p, seed) == FILES * FILE_PAGES;
	for (i = 0; i < FILES; i++) {
		file_path(path, sizeof(path), i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ksft_need(fd >= 0, "opening %s", path);
		good += wb_pages_on_disk(fd, p->dev, seed + i);
		close(fd);
	}
	return good == FILES * FILE_PAGES;
}

/* Without FUSE and loop: check what is on the disk itself. */
static void check_remounted(struct place *p, uint64_t seed)
{
	char path[64];
	int i;

	close(p->fd);
	wb_fuse_unmount();
	if (!p->dev) {
		ksft_check(all_on_disk(p, seed), "data lost");
		return;
	}
	wb_mount(p->dev, p->type);
	for (i = 0; i < FILES; i++) {
		file_path(path, sizeof(path), i);
		ksft_check(wb_good_pages(path, seed + i, FILE_PAGES) ==
			   FILE_PAGES, "%s differs after a remount", path);
	}
}

/* --- a round ---------------------------------------------------------- */

static void fsync_all(struct place *p)
{
	char path[64] = WB_FUSE_DISK;
	int i, fd;

	for (i = 0; i < FILES; i++) {
		if (p->dev)
			file_path(path, sizeof(path), i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		ksft_check(!fsync(fd), "fsync(2): %s", strerror(errno));
		close(fd);
	}
}

/* Start a child that syncs in the given way; expiry needs none. */
static pid_t begin(struct place *p, int way)
{
	pid_t pid;

	if (way == BY_EXPIRY)
		return 0;
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (pid)
		return pid;
	close(p->fuse.life[1]);
	if (way == BY_SYNC)
		sync();
	else
		fsync_all(p);
	_exit(0);
}

static void start_requests(void)
{
	struct wbst_start s = {
		.who = WBST_MEMALLOC, .reason = WBST_REASON_RECLAIM,
		.calls = STARTS, .nr_pages = 32,
	};
	int dev = open(WB_DEVICE, O_RDWR | O_CLOEXEC);

	if (dev < 0)
		return;
	ksft_need(!ioctl(dev, WBST_START, &s), "start requests");
	close(dev);
}

static void end(pid_t pid, int way)
{
	int status;

	if (way == BY_EXPIRY)
		return;
	ksft_need(waitpid(pid, &status, 0) == pid, "waitpid");
	ksft_check(WIFEXITED(status) && !WEXITSTATUS(status),
		   "the child that syncs failed");
}

static void stall_once(struct place *p, int way, uint64_t seed)
{
	pid_t pid;

	write_files(p, seed);
	wb_fuse_set_hold(&p->fuse, true);
	pid = begin(p, way);
	ksft_check(wb_wait_for(wb_fuse_nr_held(&p->fuse), 60),
		   "no writeback was begun");
	start_requests();
	ksft_check(way == BY_EXPIRY || !waitpid(pid, NULL, WNOHANG),
		   "synced while nothing can be written");
	wb_fuse_set_hold(&p->fuse, false);
	end(pid, way);
	ksft_check(way == BY_EXPIRY ? wb_wait_for(all_on_disk(p, seed), 60) :
				      all_on_disk(p, seed),
		   "data not on the disk, way %d", way);
}

/* sync(2) does not wait for FUSE, which may never answer: use fsync(2). */
static int way_of(struct place *p, long round)
{
	int way = round % WAYS;

	return way == BY_SYNC && !p->dev ? BY_FSYNC : way;
}

static void stall_and_release(const void *arg)
{
	struct place p = set_up(arg);
	uint64_t seed = 0;
	long i;

	wb_set(WB_VM "dirty_expire_centisecs", 10);
	wb_set(WB_VM "dirty_writeback_centisecs", 10);
	for (i = 0; i < rounds(); i++) {
		seed = (i + 1) * FILES;
		stall_once(&p, way_of(&p, i), seed);
	}
	ksft_print_msg("%s: %ld rounds\n", p.type, i);
	if (p.dev)
		ksft_need(!umount2(WB_MNT, 0), "umount");
	check_remounted(&p, seed);
}

/* fsync(2) must report that the device is gone, and work once it is back. */
static void error_is_told(void)
{
	struct place p = set_up(&fuse);
	int fd;

	p.fuse.shared->error = EIO;
	fd = wb_dirty(WB_FUSE_DISK, 1, FILE_PAGES);
	start_requests();
	ksft_check(fsync(fd) < 0 && errno == EIO,
		   "fsync(2) does not tell of data that is lost");
	p.fuse.shared->error = 0;
	/* requests in flight may still fail, and be reported */
	ksft_check(wb_wait_for(!fsync(fd), 30), "fsync(2) keeps failing");
	close(fd);
	fd = wb_dirty(WB_FUSE_DISK, 2, FILE_PAGES);
	ksft_check(!fsync(fd), "fsync(2) after that: %s", strerror(errno));
	close(fd);
}

/* --- a disk that is gone ---------------------------------------------- */

/*
 * Once the kernel knows that nothing can be written, any of the three may fail.
 * Not fsync(2), which may fail because of the inode alone.
 */
static bool refused(const char *path, uint64_t seed)
{
	static char page[WB_PAGE] __aligned(8);
	bool bad = true;
	int fd;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return true;
	wb_pattern(page, seed, 0);
	if (pwrite(fd, page, WB_PAGE, 0) == (ssize_t)WB_PAGE)
		bad = fdatasync(fd) < 0;
	close(fd);
	return bad;
}

/*
 * Start requests find it out first, with no task to report it to. fdatasync(2)
 * must report it each time; sync(2) and umount(2) must return, and what was on
 * the disk before must still be there.
 */
static void disk_gone(const void *arg)
{
	struct place p = set_up(arg);
	char path[64];
	int i;

	write_files(&p, 1);
	sync();
	ksft_need(all_on_disk(&p, 1), "data on the disk");
	p.fuse.shared->error = EIO;
	write_files(&p, 1 + FILES);
	start_requests();
	for (i = 0; i < FILES * 3; i++) {
		file_path(path, sizeof(path), i % FILES);
		ksft_check(refused(path, 1 + FILES + i),
			   "round %d: fdatasync(2) says it is on the disk", i);
	}
	sync();
	ksft_check(!umount2(WB_MNT, 0), "umount: %s", strerror(errno));
	p.fuse.shared->error = 0;
	check_remounted(&p, 1);
}

static void xfs_disk_gone(void)
{
	if (wb_kernel_major() < 5)
		ksft_case_skip("lockdep warns of how this XFS takes an error");
	disk_gone(&xfs);
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(ext4, stall_and_release, &ext4),
	KSFT_CASE_WITH(xfs, stall_and_release, &xfs),
	KSFT_CASE_WITH(fuse, stall_and_release, &fuse),
	KSFT_CASE(error_is_told),
	KSFT_CASE_WITH(ext4_disk_gone, disk_gone, &ext4),
	KSFT_CASE(xfs_disk_gone),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
