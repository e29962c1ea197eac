/* SPDX-License-Identifier: GPL-2.0 */
/* wb_device.h: the in-kernel half, fs/writeback_selftest.c */
#ifndef __WB_DEVICE_H
#define __WB_DEVICE_H

#include "wb_util.h"
#include "../../../../include/linux/writeback_selftest.h"

#define WB_DEVICE	"/dev/writeback_selftest"
#define WB_ITEM_SIZE	64	/* struct wb_writeback_work, on 64 bit */

static inline int wb_open_device(void)
{
	int fd = open(WB_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == EACCES))
		ksft_case_skip("no " WB_DEVICE);
	ksft_need(fd >= 0, "opening " WB_DEVICE);
	return fd;
}

#define WB_CPUS_MAX	64	/* do not take more than that offline */

/*
 * Exact figures need a single CPU. With DEBUG_VM, powerpc warns when one is
 * taken offline (github.com/linuxppc/issues/issues/469).
 */
static inline void wb_one_cpu(void)
{
	int cpu, nr = sysconf(_SC_NPROCESSORS_CONF);
	char path[64];

#ifdef __powerpc64__
	if (nr > 1)
		ksft_case_skip("powerpc warns when a CPU goes offline");
#endif
	if (nr > WB_CPUS_MAX)
		ksft_case_skip("%d CPUs", nr);
	for (cpu = 1; cpu < nr; cpu++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/online", cpu);
		if (!access(path, F_OK))
			ksft_change(path, "0");
	}
	ksft_need(sysconf(_SC_NPROCESSORS_ONLN) == 1, "one CPU");
}

/* A device file with a stalled flusher, and no other wb dirty. */
static inline int wb_stall(void)
{
	int dev = wb_open_device();

	sync();
	ksft_need(!ioctl(dev, WBST_STALL), "stalling a flusher");
	return dev;
}

static inline void wb_release(int dev)
{
	ksft_check(!ioctl(dev, WBST_RELEASE), "release: %s", strerror(errno));
}

static inline int wb_try_start(int dev, struct wbst_start *s)
{
	int ret;

	while ((ret = ioctl(dev, WBST_START, s)) && errno == EAGAIN)
		;
	return ret;
}

static inline void wb_start(int dev, struct wbst_start *s)
{
	int ret = wb_try_start(dev, s);

	if (ret && errno == EOPNOTSUPP)
		ksft_case_skip("this kernel has no such caller");
	ksft_need(!ret, "starting writeback");
}

#endif /* __WB_DEVICE_H */
