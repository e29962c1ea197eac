/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wb_fuse.h: a FUSE file system with one file, "disk", served straight on
 * /dev/fuse by a child, which keeps the data in memory or passes it on to a
 * block device, and which on request withholds all WRITEs (and SETATTRs), or
 * fails them.
 *
 * So whatever is on top of it, a loop device or the writeback cache of the
 * FUSE file itself, stalls for as long as the test wants. When the test dies
 * the child serves on without holding anything back until it is unmounted:
 * nothing hangs, and nothing is lost.
 */
#ifndef __WB_FUSE_H
#define __WB_FUSE_H

#include <poll.h>
#include <linux/fuse.h>
#include "wb_util.h"

#define WB_FUSE_DISK	WB_FUSE "/disk"
#define WB_FUSE_INO	2
#define WB_FUSE_MAX	131072		/* bytes of one request */

/* Shared by the test and the child. */
struct wb_fuse_shared {
	bool hold;			/* withhold what changes anything */
	int held;			/* requests withheld just now */
	int error;			/* answer WRITEs with that */
};

struct wb_fuse {
	struct wb_fuse_shared *shared;
	uint64_t size;
	char *memory;			/* the data, or ... */
	int disk;			/* ... where it is */
	bool cached;			/* FUSE_WRITEBACK_CACHE */
	int fd;				/* /dev/fuse */
	int life[2];			/* EOF when the test is gone */
};

struct wb_fuse_request {
	struct fuse_in_header h;
	union {
		struct fuse_init_in init;
		struct fuse_read_in read;
		struct fuse_write_in write;
		char bytes[WB_FUSE_MAX + 4096];
	};
};

static inline void wb_fuse_reply(struct wb_fuse *f, uint64_t unique, int error,
				 const void *data, size_t size)
{
	static char out[WB_FUSE_MAX + sizeof(struct fuse_out_header)];
	struct fuse_out_header h = {
		.len = sizeof(h) + size, .error = -error, .unique = unique,
	};

	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), data, size);
	/* ENOENT: who asked has been killed. Nothing to be done. */
	if (write(f->fd, out, h.len) != (ssize_t)h.len && errno != ENOENT)
		perror("# FUSE reply");
}

static inline void wb_fuse_init(struct wb_fuse *f,
				const struct wb_fuse_request *r)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = r->init.max_readahead,
		.max_background = 1024,
		.congestion_threshold = 1024,
		.max_write = WB_FUSE_MAX,
		.flags = FUSE_BIG_WRITES |
			 (f->cached ? FUSE_WRITEBACK_CACHE : 0),
	};

	wb_fuse_reply(f, r->h.unique, 0, &out, sizeof(out));
}

static inline struct fuse_attr wb_fuse_attr(struct wb_fuse *f, uint64_t ino)
{
	struct fuse_attr attr = {
		.ino = ino,
		.size = ino == WB_FUSE_INO ? f->size : 0,
		.mode = ino == WB_FUSE_INO ? S_IFREG | 0600 : S_IFDIR | 0700,
		.nlink = 1,
		.blksize = WB_PAGE,
	};

	return attr;
}

static inline void wb_fuse_lookup(struct wb_fuse *f,
				  const struct wb_fuse_request *r)
{
	struct fuse_entry_out out = {
		.nodeid = WB_FUSE_INO,
		.entry_valid = 3600,
		.attr_valid = 3600,
		.attr = wb_fuse_attr(f, WB_FUSE_INO),
	};

	if (strcmp(r->bytes, "disk"))
		wb_fuse_reply(f, r->h.unique, ENOENT, NULL, 0);
	else
		wb_fuse_reply(f, r->h.unique, 0, &out, sizeof(out));
}

static inline void wb_fuse_getattr(struct wb_fuse *f,
				   const struct wb_fuse_request *r)
{
	struct fuse_attr_out out = {
		.attr_valid = 3600,
		.attr = wb_fuse_attr(f, r->h.nodeid),
	};

	wb_fuse_reply(f, r->h.unique, 0, &out, sizeof(out));
}

static inline void wb_fuse_read(struct wb_fuse *f,
				const struct wb_fuse_request *r)
{
	static char data[WB_FUSE_MAX] __aligned(WB_PAGE);
	uint64_t off = r->read.offset;
	ssize_t n = r->read.size;

	if (off >= f->size)
		n = 0;
	else if (off + n > f->size)
		n = f->size - off;
	if (f->memory)
		memcpy(data, f->memory + off, n);
	else
		n = pread(f->disk, data, n, off);
	wb_fuse_reply(f, r->h.unique, n < 0 ? EIO : 0, data, n < 0 ? 0 : n);
}

static inline void wb_fuse_write(struct wb_fuse *f,
				 const struct wb_fuse_request *r)
{
	static char data[WB_FUSE_MAX] __aligned(WB_PAGE);
	struct fuse_write_out out = { .size = r->write.size };
	int error = f->shared->error;
	ssize_t n = r->write.size;

	memcpy(data, r->bytes + sizeof(r->write), n);
	if (!error && f->memory)
		memcpy(f->memory + r->write.offset, data, n);
	else if (!error && pwrite(f->disk, data, n, r->write.offset) != n)
		error = EIO;
	wb_fuse_reply(f, r->h.unique, error, &out, error ? 0 : sizeof(out));
}

static inline void wb_fuse_open(struct wb_fuse *f,
				const struct wb_fuse_request *r)
{
	static const struct fuse_open_out out = {
		.open_flags = FOPEN_KEEP_CACHE,
	};

	wb_fuse_reply(f, r->h.unique, 0, &out, sizeof(out));
}

static inline void wb_fuse_answer(struct wb_fuse *f,
				  const struct wb_fuse_request *r)
{
	switch (r->h.opcode) {
	case FUSE_INIT:
		return wb_fuse_init(f, r);
	case FUSE_LOOKUP:
		return wb_fuse_lookup(f, r);
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		return wb_fuse_getattr(f, r);
	case FUSE_OPEN:
		return wb_fuse_open(f, r);
	case FUSE_READ:
		return wb_fuse_read(f, r);
	case FUSE_WRITE:
		return wb_fuse_write(f, r);
	case FUSE_FSYNC:
		if (!f->memory && fsync(f->disk))
			return wb_fuse_reply(f, r->h.unique, EIO, NULL, 0);
		return wb_fuse_reply(f, r->h.unique, 0, NULL, 0);
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		return wb_fuse_reply(f, r->h.unique, 0, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	}
	wb_fuse_reply(f, r->h.unique, ENOSYS, NULL, 0);
}

#define WB_FUSE_MAX_HELD 2048

static struct wb_fuse_request *wb_fuse_held[WB_FUSE_MAX_HELD];

static inline bool wb_fuse_holds(struct wb_fuse *f,
				 const struct wb_fuse_request *r)
{
	return __atomic_load_n(&f->shared->hold, __ATOMIC_ACQUIRE) &&
	       (r->h.opcode == FUSE_WRITE || r->h.opcode == FUSE_SETATTR) &&
	       f->shared->held < WB_FUSE_MAX_HELD;
}

static inline void wb_fuse_hold(struct wb_fuse *f,
				const struct wb_fuse_request *r)
{
	struct wb_fuse_request *copy = malloc(r->h.len);

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
	static struct wb_fuse_request r;
	ssize_t n = read(f->fd, &r, sizeof(r));

	/* EPERM: not mounted yet. EAGAIN, EINTR, ENOENT: none after all. */
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
		{ .fd = f->fd, .events = POLLIN },
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
static inline struct wb_fuse wb_fuse_mount(const char *dev, uint64_t size)
{
	struct wb_fuse f = {
		.shared = wb_shared(sizeof(*f.shared)),
		.size = size, .cached = !dev, .disk = -1,
	};
	char options[128];
	pid_t server;

	if (dev) {
		/* and nobody else, as long as this goes on */
		f.disk = open(dev, O_RDWR | O_DIRECT | O_EXCL | O_CLOEXEC);
		ksft_need(f.disk >= 0, "opening %s", dev);
		f.size = lseek(f.disk, 0, SEEK_END);
	} else {
		f.memory = wb_shared(size);
	}
	f.fd = open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (f.fd < 0 && errno == ENOENT)
		ksft_case_skip("no /dev/fuse");
	ksft_need(f.fd >= 0, "/dev/fuse");
	if (!ksft_undos->own_mounts)
		ksft_case_skip("no mount namespace of its own: not root");
	ksft_need(!pipe(f.life), "pipe");
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", f.fd);
	wb_mkdir(WB_FUSE);
	ksft_need(!mount("wb", WB_FUSE, "fuse", MS_NODEV, options), "mount");
	server = fork();
	ksft_need(server >= 0, "fork");
	if (!server) {
		close(f.life[1]);
		mlockall(MCL_CURRENT | MCL_FUTURE);
		wb_fuse_serve(&f);
	}
	ksft_need(ksft_serving_child(server) &&
		  ksft_undo_later(KSFT_MOUNT, WB_FUSE, ""), "room");
	close(f.fd);
	close(f.life[0]);
	if (dev)
		close(f.disk);
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

/* Once nobody uses it any more: a loop device may take a moment. */
static inline void wb_fuse_unmount(void)
{
	ksft_need(wb_wait_for(!umount2(WB_FUSE, 0), 30), "umount " WB_FUSE);
}

#endif /* __WB_FUSE_H */
