/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ksft_fuse.h: the answers of a FUSE server with one file, directly on
 * /dev/fuse. READ and WRITE are left to the test, which wants to withhold
 * them.
 */
#ifndef __KSFT_FUSE_H
#define __KSFT_FUSE_H

#include "ksft_cases.h"
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define KSFT_FUSE_INO	2		/* of the file; 1 is the root */
#define KSFT_FUSE_MAX	131072		/* bytes of one request */
#define KSFT_FUSE_VALID	3600		/* seconds; nothing changes by itself */

struct ksft_fuse {
	int fd;				/* /dev/fuse */
	const char *name;		/* of the file */
	uint64_t size;			/* of the file */
	uint32_t max_write;
	uint32_t max_background;	/* 0: the kernel's own */
	uint32_t flags;			/* FUSE_WRITEBACK_CACHE, ... */
	bool read_ahead;
	bool no_flush;			/* close(2) must not call us */
};

struct ksft_fuse_request {
	struct fuse_in_header h;
	union {
		struct fuse_init_in init;
		struct fuse_read_in read;
		struct fuse_write_in write;
		char bytes[KSFT_FUSE_MAX + 4096];
	};
};

/* Returns mount options; @flags: for open(). Skips if there is no FUSE. */
static inline const char *ksft_fuse_open(struct ksft_fuse *f, int flags)
{
	static char options[80];

	f->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | flags);
	if (f->fd < 0 && errno == ENOENT)
		ksft_case_skip("no /dev/fuse");
	ksft_need(f->fd >= 0, "/dev/fuse");
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", f->fd);
	return options;
}

static inline void ksft_fuse_reply(struct ksft_fuse *f, uint64_t unique,
				   int error, const void *data, size_t size)
{
	static char out[KSFT_FUSE_MAX + sizeof(struct fuse_out_header)];
	struct fuse_out_header h = {
		.len = sizeof(h) + size, .error = -error, .unique = unique,
	};

	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), data, size);
	/* ENOENT: the requesting task has been killed. */
	if (write(f->fd, out, h.len) != (ssize_t)h.len && errno != ENOENT)
		perror("# FUSE reply");
}

static inline void ksft_fuse_init(struct ksft_fuse *f,
				  const struct ksft_fuse_request *r)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = f->read_ahead ? r->init.max_readahead : 0,
		.max_background = f->max_background,
		.congestion_threshold = f->max_background,
		.max_write = f->max_write,
		.flags = f->flags,
	};

	ksft_fuse_reply(f, r->h.unique, 0, &out, sizeof(out));
}

static inline struct fuse_attr ksft_fuse_attr(struct ksft_fuse *f, uint64_t ino)
{
	struct fuse_attr attr = {
		.ino = ino,
		.size = ino == KSFT_FUSE_INO ? f->size : 0,
		.mode = ino == KSFT_FUSE_INO ? S_IFREG | 0600 : S_IFDIR | 0700,
		.nlink = 1,
		.blksize = 4096,
	};

	return attr;
}

static inline void ksft_fuse_lookup(struct ksft_fuse *f,
				    const struct ksft_fuse_request *r)
{
	struct fuse_entry_out out = {
		.nodeid = KSFT_FUSE_INO,
		.entry_valid = KSFT_FUSE_VALID,
		.attr_valid = KSFT_FUSE_VALID,
		.attr = ksft_fuse_attr(f, KSFT_FUSE_INO),
	};

	if (strcmp(r->bytes, f->name))
		ksft_fuse_reply(f, r->h.unique, ENOENT, NULL, 0);
	else
		ksft_fuse_reply(f, r->h.unique, 0, &out, sizeof(out));
}

static inline void ksft_fuse_getattr(struct ksft_fuse *f,
				     const struct ksft_fuse_request *r)
{
	struct fuse_attr_out out = {
		.attr_valid = KSFT_FUSE_VALID,
		.attr = ksft_fuse_attr(f, r->h.nodeid),
	};

	ksft_fuse_reply(f, r->h.unique, 0, &out, sizeof(out));
}

static inline void ksft_fuse_opened(struct ksft_fuse *f,
				    const struct ksft_fuse_request *r)
{
	static const struct fuse_open_out out = {
		.open_flags = FOPEN_KEEP_CACHE,
	};

	ksft_fuse_reply(f, r->h.unique, 0, &out, sizeof(out));
}

/* Answers all requests but READ and WRITE */
static inline void ksft_fuse_answer(struct ksft_fuse *f,
				    const struct ksft_fuse_request *r)
{
	switch (r->h.opcode) {
	case FUSE_INIT:
		return ksft_fuse_init(f, r);
	case FUSE_LOOKUP:
		return ksft_fuse_lookup(f, r);
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		return ksft_fuse_getattr(f, r);
	case FUSE_OPEN:
		return ksft_fuse_opened(f, r);
	case FUSE_FLUSH:
		return ksft_fuse_reply(f, r->h.unique, f->no_flush ? ENOSYS : 0,
				       NULL, 0);
	case FUSE_RELEASE:
		return ksft_fuse_reply(f, r->h.unique, 0, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	}
	ksft_fuse_reply(f, r->h.unique, ENOSYS, NULL, 0);
}

#endif /* __KSFT_FUSE_H */
