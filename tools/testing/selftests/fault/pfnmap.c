// SPDX-License-Identifier: GPL-2.0
/*
 * A handler that inserts the pfn itself needs one page table in an empty PMD.
 *
 * The only such mapping that every process has is the vvar page of the vDSO;
 * arch_prctl() of checkpoint/restore maps it where there is no table yet.
 * /dev/fault_selftest counts what is allocated for it.
 */
#include "handler.h"
#include <sys/syscall.h>

#ifndef ARCH_MAP_VDSO_64
#define ARCH_MAP_VDSO_64	0x2003
#endif

#define VDSO_SIZE	(16 * PAGE)	/* with its data pages, at most */
#define DATA_PAGES	8U		/* in front, at most */
#define FAULTS		32

/* No libc call that uses the vDSO may follow. */
static void unmap_named(const char *name)
{
	unsigned long from, to;
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "r");

	ksft_need(maps, "/proc/self/maps");
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, name) &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2)
			munmap((void *)from, to - from);
	fclose(maps);
}

static void map_vdso(char *where)
{
	munmap(where, VDSO_SIZE);
#ifdef __NR_arch_prctl
	if (syscall(__NR_arch_prctl, ARCH_MAP_VDSO_64, where) >= 0)
		return;
#endif
	ksft_case_skip("no ARCH_MAP_VDSO_64");
}

/*
 * The device counts for this mm only. All but the fault is done before the
 * count starts, including the upper levels.
 */
static unsigned int tables_of_vvar_fault(int fd, char *where)
{
	unsigned int tables;

	map_vdso(where);
	ksft_need(!has_table(fd, where), "an empty PMD");
	probe(fd, FAULT_SELFTEST_PROBE_ON);
	ksft_need(!try_read(where), "a readable vvar page");
	tables = counts(fd).tables;
	probe(fd, 0);
	ksft_need(has_table(fd, where), "a table in place");
	munmap(where, VDSO_SIZE);
	return tables;
}

static void vvar_fault_tables(void)
{
	unsigned int i, tables = 0;
	int fd = dev_open();

	fault_catch();
	slots_reserve();
	unmap_named("[vdso]");
	unmap_named("[vvar");
	for (i = 1; i <= FAULTS; i++)
		tables += tables_of_vvar_fault(fd, slot(i));
	ksft_print_msg("%u tables for %d faults\n", tables, FAULTS);
	ksft_check(tables == FAULTS, "%u tables for %d faults", tables, FAULTS);
}

/*
 * A failing fault, on a data page that is not there, must leave no table. Each
 * page is tried in a slot of its own: munmap() keeps the table of a slot.
 */
static void vvar_sigbus_tables(void)
{
	int fd = dev_open();
	unsigned int i, tables;
	char *p;

	fault_catch();
	slots_reserve();
	unmap_named("[vdso]");
	unmap_named("[vvar");
	for (i = 1; i < DATA_PAGES; i++) {
		map_vdso(slot(i));
		p = slot(i) + i * PAGE;
		probe(fd, FAULT_SELFTEST_PROBE_ON);
		if (try_read(p) == SIGBUS)
			break;
		probe(fd, 0);
		munmap(slot(i), VDSO_SIZE);
	}
	if (i == DATA_PAGES)
		ksft_case_skip("every page of vvar is in use");
	tables = counts(fd).tables;
	ksft_check(!tables, "%u tables for a fault that fails", tables);
	ksft_check(!has_table(fd, p), "a table is left");
}

/* Where it is: kernels before v4.9 map it nowhere else. */
static void vvar_sigbus(void)
{
	unsigned long from, to, p;
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "r");
	int sig, absent = 0;

#ifndef __x86_64__
	ksft_case_skip("all data pages may be in use");
#endif
	fault_catch();
	ksft_need(maps, "/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "[vvar") ||
		    sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		for (p = from; p < to; p += PAGE) {
			sig = try_read((char *)p);
			ksft_check(!sig || sig == SIGBUS, "signal %d", sig);
			absent += sig == SIGBUS;
		}
	}
	fclose(maps);
	if (!absent)
		ksft_case_skip("every page of vvar is in use");
}

static const struct ksft_case cases[] = {
	KSFT_CASE(vvar_fault_tables),
	KSFT_CASE(vvar_sigbus_tables),
	KSFT_CASE(vvar_sigbus),
};

static void need_vdso_64(void)
{
	if (sizeof(long) < 8)
		ksft_case_skip("every system call goes through the vDSO here");
}

int main(int argc, char **argv)
{
	ksft_before_case = need_vdso_64;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
