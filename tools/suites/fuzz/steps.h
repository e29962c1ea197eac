/* SPDX-License-Identifier: GPL-2.0 */
/*
 * steps.h: which call a step is. It depends only on the numbers of the program
 * and of the step, so that steps can be left out without changing the others.
 */
#ifndef FUZZ_STEPS_H
#define FUZZ_STEPS_H

#include "ops.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_ARGS	6

struct call {
	const struct op *op;
	ul arg[MAX_ARGS];
};

struct op {
	const char *name;
	int weight;
	int args;
	void (*choose)(ul *arg);
	long (*run)(const ul *arg);
};

static __thread uint64_t random_state;

static uint64_t random_word(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static ul below(ul n)
{
	return random_word() % n;
}

#define one_of(list)	((list)[below(ARRAY_SIZE(list))])

/* Few places, so that steps meet: mostly near both ends of a PMD's range. */
static ul a_page(void)
{
	ul pmd = below(ARENA_SIZE / PMD) * PMD;

	switch (below(8)) {
	case 0:
		return pmd + below(512) * PAGE;
	case 1: case 2:
		return pmd + (512 - 16 + below(16)) * PAGE;
	case 3:
		return pmd;
	default:
		return pmd + below(16) * PAGE;
	}
}

/* At addr, or at an offset: not beyond the end */
static ul a_length(ul addr, ul end)
{
	ul len;

	switch (below(8)) {
	case 0:
		len = PMD;
		break;
	case 1:
		len = PMD - addr % PMD;
		break;
	case 2:
		len = (1 + below(1024)) * PAGE;
		break;
	default:
		len = (1 + below(32)) * PAGE;
	}
	return len < end - addr ? len : end - addr;
}

static void choose_range(ul *arg)
{
	arg[0] = a_page();
	arg[1] = a_length(arg[0], ARENA_SIZE);
	arg[0] += ARENA;
}

static void choose_word(ul *arg)
{
	arg[0] = ARENA + a_page() + (below(4) ? 0 : PAGE - 8);
	arg[1] = random_word() & 0xffffffff;
}

/* Now and then a whole PMD's range, as huge pages need */
static void choose_mmap(ul *arg)
{
	static const ul prots[] = {
		PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
	};
	static const ul flags[] = {
		MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED,
		MAP_PRIVATE | MAP_NORESERVE, MAP_PRIVATE | MAP_POPULATE,
		MAP_SHARED | MAP_POPULATE,
	};

	choose_range(arg);
	if (!below(4)) {
		arg[0] = ARENA + below(ARENA_SIZE / PMD - 1) * PMD;
		arg[1] = (1 + below(2)) * PMD;
	}
	arg[2] = one_of(prots);
	arg[3] = one_of(flags);
	arg[4] = below(NR_MAPPED);
	arg[5] = below(3) ? (arg[0] - ARENA) % FILE_SIZE : a_page() % FILE_SIZE;
	if (arg[4] == NO_FILE)
		arg[5] = 0;
}

static void choose_mremap(ul *arg)
{
	choose_range(arg);
	arg[2] = below(2) ? arg[1] : a_length(0, 2 * PMD);
	arg[3] = a_page();
	if (below(2))
		arg[3] = (arg[3] & -PMD) | (arg[0] & (PMD - 1));
	if (arg[2] > ARENA_SIZE - arg[3])
		arg[2] = ARENA_SIZE - arg[3];
	arg[3] += ARENA;
}

static void choose_mprotect(ul *arg)
{
	static const ul prots[] = {
		PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ,
		PROT_NONE, PROT_READ | PROT_EXEC,
	};

	choose_range(arg);
	arg[2] = one_of(prots);
}

static void choose_madvise(ul *arg)
{
	static const ul advice[] = {
		MADV_DONTNEED, MADV_DONTNEED, MADV_DONTNEED, MADV_FREE,
		MADV_WILLNEED, MADV_REMOVE, MADV_RANDOM, MADV_SEQUENTIAL,
		MADV_NORMAL, MADV_DONTFORK, MADV_DOFORK, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};

	choose_range(arg);
	arg[2] = one_of(advice);
}

static void choose_msync(ul *arg)
{
	static const ul flags[] = { MS_ASYNC, MS_SYNC };

	choose_range(arg);
	arg[2] = one_of(flags);
}

static void choose_two_pages(ul *arg)
{
	arg[0] = ARENA + a_page();
	arg[1] = ARENA + a_page();
}

static void choose_page(ul *arg)
{
	arg[0] = ARENA + a_page();
}

static void choose_file(ul *arg)
{
	arg[0] = below(NR_FILES);
}

static void choose_size(ul *arg)
{
	choose_file(arg);
	arg[1] = a_page() % DISK_FILE_SIZE + (below(3) ? 0 : below(PAGE));
	if (below(2))
		arg[1] = arg[0] < 2 ? FILE_SIZE : DISK_FILE_SIZE;
}

static void choose_fallocate(ul *arg)
{
	static const ul modes[] = {
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
	};

	choose_file(arg);
	arg[1] = one_of(modes);
	arg[2] = a_page() % DISK_FILE_SIZE;
	arg[3] = a_length(arg[2], DISK_FILE_SIZE);
}

static void choose_pwrite(ul *arg)
{
	choose_file(arg);
	arg[1] = a_page() % DISK_FILE_SIZE;
	arg[2] = random_word() & 0xffffffff;
}

static void choose_fadvise(ul *arg)
{
	static const ul advice[] = {
		POSIX_FADV_DONTNEED, POSIX_FADV_DONTNEED, POSIX_FADV_WILLNEED,
	};

	choose_file(arg);
	arg[1] = below(2) ? 0 : a_page() % DISK_FILE_SIZE;
	arg[2] = arg[1] ? a_length(arg[1], DISK_FILE_SIZE) : 0;
	arg[3] = one_of(advice);
}

static void choose_sync_range(ul *arg)
{
	choose_fadvise(arg);
	arg[3] = below(8);
}

static void choose_window(ul *arg)
{
	static const ul windows[] = { PAGE, 2 * PAGE, 8 * PAGE, 16 * PAGE, PMD };

	arg[0] = one_of(windows);
}

/* No VM_FAULT_OOM: it would get the task killed for an access. */
static void choose_rule(ul *arg)
{
	static const ul does[][2] = {
		{ FAULT_SELFTEST_FAULT, FAULT_SELFTEST_PAGE },
		{ FAULT_SELFTEST_FAULT, FAULT_SELFTEST_MAJOR },
		{ FAULT_SELFTEST_FAULT, FAULT_SELFTEST_SIGBUS },
		{ FAULT_SELFTEST_FAULT, FAULT_SELFTEST_NOPAGE },
		{ FAULT_SELFTEST_FAULT, FAULT_SELFTEST_RETRY },
		{ FAULT_SELFTEST_FAULT, FAULT_SELFTEST_PFN },
		{ FAULT_SELFTEST_FAULT, FAULT_SELFTEST_INSERT },
		{ FAULT_SELFTEST_MAP_PAGES, FAULT_SELFTEST_NOPAGE },
		{ FAULT_SELFTEST_MKWRITE, FAULT_SELFTEST_PAGE },
		{ FAULT_SELFTEST_MKWRITE, FAULT_SELFTEST_SIGBUS },
		{ FAULT_SELFTEST_MKWRITE, FAULT_SELFTEST_NOPAGE },
	};
	const ul *what = one_of(does);

	arg[0] = a_page() % FILE_SIZE / PAGE;
	arg[1] = 1 + below(64);
	arg[2] = what[0];
	arg[3] = what[1];
	arg[4] = 1 + below(3);
}

static void choose_fail(ul *arg)
{
	choose_word(arg);
	arg[1] = below(2);
	arg[2] = below(4);
}

static long run_rule(const ul *a)
{
	return do_rule(a[0], a[1], a[2], a[3], a[4]);
}
static long run_fail(const ul *a)	{ return do_fail(a[0], a[1], a[2]); }
static long run_read(const ul *a)	{ return do_read(a[0]); }
static long run_write(const ul *a)	{ return do_write(a[0], a[1]); }
static long run_copy_from(const ul *a)	{ return do_copy_from(a[0]); }
static long run_copy_to(const ul *a)	{ return do_copy_to(a[0], a[1]); }
static long run_poke(const ul *a)	{ return do_poke(a[0], a[1]); }
static long run_peek(const ul *a)	{ return do_peek(a[0]); }
static long run_mmap(const ul *a)
{
	return do_mmap(a[0], a[1], a[2], a[3], a[4], a[5]);
}
static long run_munmap(const ul *a)	{ return do_munmap(a[0], a[1]); }
static long run_mremap(const ul *a)
{
	return do_mremap(a[0], a[1], a[2], a[3]);
}
static long run_mprotect(const ul *a)	{ return do_mprotect(a[0], a[1], a[2]); }
static long run_madvise(const ul *a)	{ return do_madvise(a[0], a[1], a[2]); }
static long run_mlock(const ul *a)	{ return do_mlock(a[0], a[1]); }
static long run_munlock(const ul *a)	{ return do_munlock(a[0], a[1]); }
static long run_msync(const ul *a)	{ return do_msync(a[0], a[1], a[2]); }
static long run_mincore(const ul *a)	{ return do_mincore(a[0], a[1]); }
static long run_fork(const ul *a)	{ return do_fork(a[0], a[1]); }
static long run_ftruncate(const ul *a)	{ return do_ftruncate(a[0], a[1]); }
static long run_fallocate(const ul *a)
{
	return do_fallocate(a[0], a[1], a[2], a[3]);
}
static long run_pwrite(const ul *a)	{ return do_pwrite(a[0], a[1], a[2]); }
static long run_fadvise(const ul *a)
{
	return do_fadvise(a[0], a[1], a[2], a[3]);
}
static long run_sync_range(const ul *a)
{
	return do_sync_range(a[0], a[1], a[2], a[3]);
}
static long run_fsync(const ul *a)	{ return do_fsync(a[0]); }
static long run_syncfs(const ul *a)	{ return do_syncfs(a[0]); }
static long run_window(const ul *a)	{ return do_window(a[0]); }
static long run_uffd_register(const ul *a)
{
	return do_uffd_register(a[0], a[1]);
}
static long run_uffd_unregister(const ul *a)
{
	return do_uffd_unregister(a[0], a[1]);
}
static long run_uffd_fill(const ul *a)	{ return do_uffd_fill(a[0]); }

#define OP(name, weight, args, choose) \
	{ #name, weight, args, choose, run_##name }

#define OP_MMAP		0

static const struct op ops[] = {
	[OP_MMAP] = OP(mmap, 14, 6, choose_mmap),
	OP(read, 16, 1, choose_word),
	OP(write, 16, 2, choose_word),
	OP(copy_from, 6, 1, choose_word),
	OP(copy_to, 6, 2, choose_word),
	OP(peek, 2, 1, choose_word),
	OP(poke, 3, 2, choose_word),
	OP(munmap, 3, 2, choose_range),
	OP(mremap, 4, 4, choose_mremap),
	OP(mprotect, 4, 3, choose_mprotect),
	OP(madvise, 10, 3, choose_madvise),
	OP(mlock, 2, 2, choose_range),
	OP(munlock, 1, 2, choose_range),
	OP(msync, 2, 3, choose_msync),
	OP(mincore, 2, 2, choose_range),
	OP(fork, 3, 2, choose_two_pages),
	OP(ftruncate, 3, 2, choose_size),
	OP(fallocate, 3, 4, choose_fallocate),
	OP(pwrite, 4, 3, choose_pwrite),
	OP(fadvise, 3, 4, choose_fadvise),
	OP(sync_range, 1, 4, choose_sync_range),
	OP(fsync, 1, 1, choose_file),
	OP(syncfs, 1, 1, choose_file),
	OP(window, 2, 1, choose_window),
	OP(rule, 6, 5, choose_rule),
	OP(fail, 6, 3, choose_fail),
	OP(uffd_register, 2, 2, choose_range),
	OP(uffd_unregister, 1, 2, choose_range),
	OP(uffd_fill, 1, 1, choose_page),
};

/* A program begins with mappings at the start of each PMD. */
static void choose(struct call *call, ul program, ul step)
{
	int at = 0, i;

	random_state = program * 0x2545f4914f6cdd1dULL ^ step << 20;
	random_word();
	memset(call->arg, 0, sizeof(call->arg));
	if (step < ARENA_SIZE / PMD) {
		call->op = &ops[OP_MMAP];
		choose_mmap(call->arg);
		call->arg[0] = ARENA + step * PMD;
		return;
	}
	for (i = 0; i < (int)ARRAY_SIZE(ops); i++)
		at += ops[i].weight;
	at = below(at);
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	call->op = &ops[i];
	call->op->choose(call->arg);
}

static void print_call(FILE *out, const struct call *call)
{
	int i;

	fprintf(out, "do_%s(", call->op->name);
	for (i = 0; i < call->op->args; i++)
		fprintf(out, "%s%#lx", i ? ", " : "", call->arg[i]);
	fputc(')', out);
}

#endif /* FUZZ_STEPS_H */
