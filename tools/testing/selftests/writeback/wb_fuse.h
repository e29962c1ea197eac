/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wb_fuse.h: a FUSE file system with one file, "disk", served directly on
 * /dev/fuse by a child, which keeps the data in memory or passes it on to a
 * block device. On request the child withholds all WRITEs (and SETATTRs), or
 * fails WRITEs.
 *
 * So whatever is on top of it, a loop device or the writeback cache of the
 * FUSE file itself, stalls for as long as the test wants. If the test dies,
 * the child serves all requests until the unmount: nothing hangs, and nothing
 * is lost.
 */
#ifndef __WB_FUSE_H
#define __WB_FUSE_H

#include <poll.h>
#include "../ksft_fuse.h"
#include "wb_util.h"

#define WB_FUSE_DISK	WB_FUSE "/disk"

/* Shared by the test and the child. */
struct wb_fuse_shared {
	bool hold;			/* withhold WRITE and SETATTR */
	int held;			/* requests withheld now */
	int error;			/* fail WRITEs with this */
};

struct wb_fuse {
	struct ksft_fuse fuse;
	struct wb_fuse_shared *shared;
	char *memory;			/* the data, or ... */
	int disk;			/* ... where it is */
	int life[2];			/* EOF when the test is gone */
};

static inline void wb_fuse_read(struct wb_fuse *f,
				const struct ksft_fuse_request *r)
{
	static char data[KSFT_FUSE_MAX] __aligned(WB_PAGE);
	uint64_t off = r->read.offset;
	ssize_t n = r->read.size;

	if (off >= f->fuse.size)
		n = 0;
	else if (off + n > f->fuse.size)
		n = f->fuse.size - off;
	if (f->memory)
		memcpy(data, f->memory + off, n);
	else
		n = pread(f->disk, data, n, off);
	ksft_fuse_reply(&f->fuse, r->h.unique, n < 0 ? EIO : 0, data, n < 0 ? 0 : n);
}

static inline void wb_fuse_write(struct wb_fuse *f,
				 const struct ksft_fuse_request *r)
{
	static char data[KSFT_FUSE_MAX] __aligned(WB_PAGE);
	struct fuse_write_out out = { .size = r->write.size };
	int error = f->shared->error;
	ssize_t n = r->write.size;

	memcpy(data, r->bytes + sizeof(r->write), n);
	if (!error && f->memory)
		memcpy(f->memory + r->write.offset, data, n);
	else if (!error && pwrite(f->disk, data, n, r->write.offset) != n)
		error = EIO;
	ksft_fuse_reply(&f->fuse, r->h.unique, error, &out, error ? 0 : sizeof(out));
}

static inline void wb_fuse_fsync(struct wb_fuse *f,
				 const struct ksft_fuse_request *r)
{
	bool bad = !f->memory && fsync(f->disk);

	ksft_fuse_reply(&f->fuse, r->h.unique, bad ? EIO : 0, NULL, 0);
}

static inline void wb_fuse_answer(struct wb_fuse *f,
				  const struct ksft_fuse_request *r)
{
	switch (r->h.opcode) {
	case FUSE_READ:
		return wb_fuse_read(f, r);
	case FUSE_WRITE:
		return wb_fuse_write(f, r);
	case FUSE_FSYNC:
		return wb_fuse_fsync(f, r);
	}
	ksft_fuse_answer(&f->fuse, r);
}

#define WB_FUSE_MAX_HELD 2048

static struct ksft_fuse_request *wb_fuse_held[WB_FUSE_MAX_HELD];

static inline bool wb_fuse_holds(struct wb_fuse *f,
				 const struct ksft_fuse_request *r)
{
	return __atomic_load_n(&f->shared->hold, __ATOMIC_ACQUIRE) &&
	       (r->h.opcode == FUSE_WRITE || r->h.opcode == FUSE_SETATTR) &&
	       f->shared->held < WB_FUSE_MAX_HELD;
}

static inline void wb_fuse_hold(struct wb_fuse *f,
				const struct ksft_fuse_request *r)
{
	struct ksft_fuse_request *copy = malloc(r->h.len);

	ksft_need(copy, "memory for a request");
	memcpy(copy, r, r->h.len);
	wb_fuse_held[f->shared->held] = copy;
	__atomic_add_fetch(&f->shared->held, 1, __ATOMIC_RELEASE);
}

static inline void wb_fuse_answer_held(struct wb_fuse *f)
{
	int i;

	for (i = 0; i < f->shared->held; i++) {
		wb_fuse_answer(f, wb_fuse_held[i]);
		free(wb_fuse_held[i]);
	}
	__atomic_store_n(&f->shared->held, 0, __ATOMIC_RELEASE);
}

/* Read one request; false when the file system is gone. */
static inline bool wb_fuse_serve_one(struct wb_fuse *f)
{
	static struct ksft_fuse_request r;
	ssize_t n = read(f->fuse.fd, &r, sizeof(r));

	/* EPERM: not mounted yet. EAGAIN, EINTR, ENOENT: no request. */
	if (n < 0)
		return errno != ENODEV;
	if (wb_fuse_holds(f, &r))
		wb_fuse_hold(f, &r);
	else
		wb_fuse_answer(f, &r);
	return true;
}

static inline void wb_fuse_serve(struct wb_fuse *f)
{
	struct pollfd pfd[2] = {
		{ .fd = f->fuse.fd, .events = POLLIN },
		{ .fd = f->life[0], .events = POLLIN },
	};

	for (;;) {
		poll(pfd, 2, 5);
		if (pfd[1].revents) {		/* the test is gone */
			f->shared->hold = false;
			f->shared->error = 0;
			pfd[1].fd = -1;
			pfd[1].revents = 0;
		}
		if (!__atomic_load_n(&f->shared->hold, __ATOMIC_ACQUIRE))
			wb_fuse_answer_held(f);
		if (pfd[0].revents && !wb_fuse_serve_one(f))
			_exit(0);
	}
}

static inline void *wb_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ksft_need(p != MAP_FAILED, "%zu bytes of shared memory", size);
	return p;
}

/* Mount it, over a block device or, without one, over memory. */
/* O_EXCL: no other user for as long as this is mounted */
static inline void wb_fuse_open_disk(struct wb_fuse *f, const char *dev)
{
	f->disk = open(dev, O_RDWR | O_DIRECT | O_EXCL | O_CLOEXEC);
	ksft_need(f->disk >= 0, "opening %s", dev);
	f->fuse.size = lseek(f->disk, 0, SEEK_END);
}

static inline void wb_fuse_fork(struct wb_fuse *f)
{
	pid_t server = fork();

	ksft_need(server >= 0, "fork");
	if (!server) {
		close(f->life[1]);
		mlockall(MCL_CURRENT | MCL_FUTURE);
		wb_fuse_serve(f);
	}
	ksft_need(ksft_serving_child(server) &&
		  ksft_undo_later(KSFT_MOUNT, WB_FUSE, ""), "room");
	close(f->fuse.fd);
	close(f->life[0]);
	if (f->disk >= 0)
		close(f->disk);
}

static inline struct wb_fuse wb_fuse_mount(const char *dev, uint64_t size)
{
	struct wb_fuse f = {
		.fuse = {
			.name = "disk",
			.size = size,
			.max_write = KSFT_FUSE_MAX,
			.max_background = 1024,
			.flags = FUSE_BIG_WRITES |
				 (dev ? 0 : FUSE_WRITEBACK_CACHE),
			.read_ahead = true,
		},
		.shared = wb_shared(sizeof(*f.shared)),
		.disk = -1,
	};
	const char *options;

	if (dev)
		wb_fuse_open_disk(&f, dev);
	else
		f.memory = wb_shared(size);
	options = ksft_fuse_open(&f.fuse, O_NONBLOCK);
	if (!ksft_undos->own_mounts)
		ksft_case_skip("no mount namespace of its own: not root");
	ksft_need(!pipe(f.life), "pipe");
	wb_mkdir(WB_FUSE);
	ksft_need(!mount("wb", WB_FUSE, "fuse", MS_NODEV, options), "mount");
	wb_fuse_fork(&f);
	return f;
}

static inline void wb_fuse_set_hold(struct wb_fuse *f, bool hold)
{
	__atomic_store_n(&f->shared->hold, hold, __ATOMIC_RELEASE);
}

static inline int wb_fuse_nr_held(struct wb_fuse *f)
{
	return __atomic_load_n(&f->shared->held, __ATOMIC_ACQUIRE);
}

/* Retry while it is in use: a loop device may take a moment to go away. */
static inline void wb_fuse_unmount(void)
{
	ksft_need(wb_wait_for(!umount2(WB_FUSE, 0), 30), "umount " WB_FUSE);
}

#endif /* __WB_FUSE_H */
