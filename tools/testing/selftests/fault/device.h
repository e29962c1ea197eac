/* SPDX-License-Identifier: GPL-2.0 */
/* device.h: /dev/fault_selftest, and its probe, which counts for one mm. */
#ifndef __DEVICE_H
#define __DEVICE_H

#include "fault.h"
#include "../../../../include/linux/fault_selftest.h"

#define DEVICE		"/dev/fault_selftest"

static inline int dev_open(void)
{
	int fd = open(DEVICE, O_RDWR);

	if (fd < 0 && (errno == ENOENT || errno == EACCES))
		ksft_case_skip("no " DEVICE);
	ksft_need(fd >= 0, DEVICE);
	return fd;
}

static inline void probe(int fd, unsigned int flags)
{
	struct fault_selftest_probe p = { .flags = flags };
	int err;

	need_table_pages();
	touch_stack();
	err = ioctl(fd, FAULT_SELFTEST_PROBE, &p);
	if (err && errno == EOPNOTSUPP)
		ksft_case_skip("no tracepoints");
	ksft_need(!err, "PROBE %u", flags);
}

static inline struct fault_selftest_counts counts(int fd)
{
	struct fault_selftest_counts c;

	ksft_need(!ioctl(fd, FAULT_SELFTEST_COUNTS, &c), "COUNTS");
	ksft_need(!c.lost, "room for what is counted");
	return c;
}

#endif /* __DEVICE_H */
