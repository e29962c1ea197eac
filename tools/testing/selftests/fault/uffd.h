/* SPDX-License-Identifier: GPL-2.0 */
/*
 * uffd.h: userfaultfd, and sleepers: threads that wait in a fault.
 */
#ifndef __UFFD_H
#define __UFFD_H

#include "fault.h"
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>

#define PATIENCE	20000	/* ms without an event: something is broken */
#define SLEEPERS	64

/* Skips the case if the kernel lacks the requested features. */
static inline int uffd_open(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	ksft_need(fd >= 0, "userfaultfd");
	if (ioctl(fd, UFFDIO_API, &api))
		ksft_case_skip("no userfaultfd features %#llx",
			       (unsigned long long)features);
	return fd;
}

static inline void uffd_register(int fd, void *p, size_t len, uint64_t mode)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)p, len },
		.mode = mode,
	};

	ksft_need(!ioctl(fd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
}

/* Returns the address of the next fault. */
static inline char *uffd_next(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;

	do {
		ksft_need(poll(&pfd, 1, PATIENCE) == 1, "a userfault");
	} while (read(fd, &msg, sizeof(msg)) != sizeof(msg));
	ksft_need(msg.event == UFFD_EVENT_PAGEFAULT, "event %d", msg.event);
	return (char *)(uintptr_t)(msg.arg.pagefault.address & ~(PAGE - 1));
}

/* EEXIST: another thread was faster, which is fine. */
static inline void uffd_zeropage(int fd, char *p)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)p, PAGE } };

	ksft_need(!ioctl(fd, UFFDIO_ZEROPAGE, &zero) || errno == EEXIST,
		  "UFFDIO_ZEROPAGE");
}

/* ---- sleepers: one slot each -------------------------------------------- */

static int sleepers_go[2], sleepers_say[2];
static pthread_t sleepers[SLEEPERS];

static inline void *sleeper_thread(void *arg)
{
	volatile char *p = arg;
	char c;

	if (write(sleepers_say[1], "", 1) != 1 ||
	    read(sleepers_go[0], &c, 1) != 1)
		_exit(KSFT_ERROR);
	return (void *)(long)*p;
}

/*
 * Starts the sleepers, and waits until they have touched what they need: from
 * then on, only the fault is left to happen.
 */
static inline void sleepers_start(void)
{
	pthread_attr_t small;
	char c;
	int i;

	ksft_need(!pipe(sleepers_go) && !pipe(sleepers_say), "pipes");
	pthread_attr_init(&small);
	ksft_need(!pthread_attr_setstacksize(&small, THREAD_STACK), "a stack");
	for (i = 0; i < SLEEPERS; i++)
		ksft_need(!pthread_create(&sleepers[i], &small, sleeper_thread,
					  slot(i + 1)), "a thread");
	for (i = 0; i < SLEEPERS; i++)
		ksft_need(read(sleepers_say[0], &c, 1) == 1, "a sleeper");
}

/* Returns when all their faults have been reported to userspace. */
static inline void sleepers_to_bed(int uffd)
{
	static const char bytes[SLEEPERS];
	int i;

	ksft_need(write(sleepers_go[1], bytes, SLEEPERS) == SLEEPERS, "go");
	for (i = 0; i < SLEEPERS; i++)
		uffd_next(uffd);
}

static inline void sleepers_zeropage(int uffd)
{
	int i;

	for (i = 0; i < SLEEPERS; i++)
		uffd_zeropage(uffd, slot(i + 1));
}

static inline void sleepers_join(void)
{
	void *saw;
	int i;

	for (i = 0; i < SLEEPERS; i++) {
		ksft_need(!pthread_join(sleepers[i], &saw), "join");
		ksft_check(!saw, "sleeper %d saw %ld", i, (long)saw);
	}
}

#endif /* __UFFD_H */
