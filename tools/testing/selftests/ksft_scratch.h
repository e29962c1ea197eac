/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ksft_scratch.h: disks that a test may write to.
 *
 * Only a disk that the environment names, that carries the label
 * "ksft-scratch", that is small, and that is not in use. No disk with valuable
 * data meets all of that:
 *
 *	mkfs.ext4 -L ksft-scratch /dev/X	KSFT_SCRATCH_EXT4=/dev/X
 *	mkfs.xfs -L ksft-scratch /dev/Y		KSFT_SCRATCH_XFS=/dev/Y
 *
 * KSFT_SCRATCH_DAX names one on which the test makes a file system: a RAM disk
 * or persistent memory, blank or with the label from an earlier run.
 */
#ifndef __KSFT_SCRATCH_H
#define __KSFT_SCRATCH_H

#include "ksft_cases.h"
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/fs.h>

#define KSFT_SCRATCH_LABEL	"ksft-scratch"
#define KSFT_SCRATCH_MAX	(1ULL << 30)
#define KSFT_SCRATCH_HEAD	8192

/* Check magic and label at the start of a disk. */
static inline int ksft_label_is(const char *head, int label, int magic_at,
				const char *magic)
{
	return !memcmp(head + magic_at, magic, strlen(magic)) &&
	       !memcmp(head + label, KSFT_SCRATCH_LABEL,
		       strlen(KSFT_SCRATCH_LABEL));
}

static inline int ksft_labelled(const char *head)
{
	return ksft_label_is(head, 1024 + 120, 1024 + 56, "\x53\xef") ||
	       ksft_label_is(head, 108, 0, "XFSB");
}

static inline int ksft_blank(const char *head)
{
	return !head[0] && !memcmp(head, head + 1, KSFT_SCRATCH_HEAD - 1);
}

/* NULL, or why it must not be written to. O_EXCL: it is not mounted. */
static inline const char *ksft_not_scratch(const char *dev, int blank_is_fine)
{
	int fd = open(dev, O_RDONLY | O_EXCL | O_CLOEXEC);
	static char head[KSFT_SCRATCH_HEAD];
	unsigned long long size = 0;
	struct stat st;
	int whole;

	if (fd < 0)
		return errno == EBUSY ? "in use" : "cannot be opened";
	if (fstat(fd, &st) || !S_ISBLK(st.st_mode)) {
		close(fd);
		return "no disk";
	}
	ioctl(fd, BLKGETSIZE64, &size);
	whole = pread(fd, head, sizeof(head), 0) == sizeof(head);
	close(fd);
	if (!size || size > KSFT_SCRATCH_MAX)
		return "too large to be nobody's";
	if (!whole)
		return "cannot be read";
	if (ksft_labelled(head) || (blank_is_fine && ksft_blank(head)))
		return NULL;
	return "has no label " KSFT_SCRATCH_LABEL;
}

static inline const char *ksft_scratch_or(const char *variable,
					  int blank_is_fine)
{
	const char *dev = getenv(variable);
	const char *why;

	if (!dev)
		ksft_case_skip("no scratch disk: %s= names none", variable);
	why = ksft_not_scratch(dev, blank_is_fine);
	if (why)
		ksft_case_skip("%s=%s: %s", variable, dev, why);
	return dev;
}

/* Returns a disk that may be mounted and written to, or skips the case. */
static inline const char *ksft_scratch(const char *variable)
{
	return ksft_scratch_or(variable, 0);
}

#endif /* __KSFT_SCRATCH_H */
