// SPDX-License-Identifier: GPL-2.0
/*
 * A fault on shared memory that waits for userfaultfd holds no page table,
 * neither installed nor preallocated: many may wait, and for long.
 */
#include "device.h"
#include "uffd.h"

#ifndef UFFD_FEATURE_MINOR_SHMEM
#define UFFD_FEATURE_MINOR_SHMEM	(1 << 10)
#define UFFDIO_REGISTER_MODE_MINOR	(1 << 2)
struct uffdio_continue {
	struct uffdio_range range;
	uint64_t mode;
	int64_t mapped;
};

#define UFFDIO_CONTINUE	_IOWR(UFFDIO, 0x07, struct uffdio_continue)
#endif

static int memory_file(size_t size)
{
	int fd = syscall(__NR_memfd_create, "shmem_uffd", 0);

	ksft_need(fd >= 0 && !ftruncate(fd, size), "a memfd");
	return fd;
}

static void try_register(int uffd, uint64_t mode)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)slot(1), SLEEPERS * SLOT },
		.mode = mode,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		ksft_case_skip("no userfaultfd on shared memory");
}

static void continue_all(int uffd)
{
	int i;

	for (i = 0; i < SLEEPERS; i++) {
		struct uffdio_continue cont = {
			.range = { (uintptr_t)slot(i + 1), PAGE },
		};

		ksft_need(!ioctl(uffd, UFFDIO_CONTINUE, &cont),
			  "UFFDIO_CONTINUE");
	}
}

static void blocked(const void *arg)
{
	uint64_t mode = *(const int *)arg;
	int minor = mode == UFFDIO_REGISTER_MODE_MINOR;
	const size_t len = SLEEPERS * SLOT;
	int uffd, fd, i, dev = dev_open();
	unsigned int held;
	long own;

	slots_reserve();
	fd = memory_file(len);
	map_at(slot(1), len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uffd = uffd_open(minor ? UFFD_FEATURE_MINOR_SHMEM : 0);
	try_register(uffd, mode);
	if (minor)
		for (i = 0; i < SLEEPERS; i++)
			ksft_need(pwrite(fd, "", 1, i * SLOT) == 1, "pwrite");
	sleepers_start();
	own = vm_pte(getpid());
	probe(dev, FAULT_SELFTEST_PROBE_ON);
	sleepers_to_bed(uffd);
	held = counts(dev).tables_held;
	own = vm_pte(getpid()) - own;
	if (minor)
		continue_all(uffd);
	else
		sleepers_zeropage(uffd);
	sleepers_join();
	ksft_print_msg("%u tables, %ld kB in place, for %d that wait\n",
		       held, own, SLEEPERS);
	ksft_check(!own, "%ld kB of tables in place", own);
	ksft_check(!held, "%u tables for %d that wait", held, SLEEPERS);
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(missing_blocked, blocked,
		       KSFT_INT(UFFDIO_REGISTER_MODE_MISSING)),
	KSFT_CASE_WITH(minor_blocked, blocked,
		       KSFT_INT(UFFDIO_REGISTER_MODE_MINOR)),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
