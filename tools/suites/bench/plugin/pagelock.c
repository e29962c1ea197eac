// SPDX-License-Identifier: GPL-2.0
/*
 * pagelock: for how many instructions a page is locked, as a TCG plugin.
 *
 * Nothing in the guest is instrumented: the plugin knows the instructions that
 * set and clear PG_locked by their bytes (a locked bts, and, xor of bit 0) and
 * by their address: struct page lies in vmemmap, flags is its first word. It
 * counts what is executed between the two, interrupts and all.
 *
 * A sample of the benchmark lies between two rdtsc of user space, a case begins
 * with a long nop of its own. For each case one line is appended to the file
 * out=: the median of what its samples held, and the number of samples. For one
 * CPU: what another one does would be counted as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "qemu_plugin.h"

#define VMEMMAP		0xffffeaULL	/* the upper bits of its addresses */
#define VMEMMAP_SHIFT	40
#define STRUCT_PAGE	64
#define MAX_SAMPLES	(64 * 1024)
#define MAX_LOCKED	16

enum { OTHER, LOCK, UNLOCK, SAMPLE, NEXT_CASE };

QEMU_PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static uint64_t executed;	/* up to the end of the current block */
static struct {
	uint64_t page, since;
} locked[MAX_LOCKED];

static FILE *out;
static int in_case, in_sample;
static uint64_t held, samples[MAX_SAMPLES];
static size_t nr_samples;

/* An instruction that is watched: how many of its block come behind it */
static uint64_t now(void *behind)
{
	return executed - (uintptr_t)behind;
}

static void block_begins(unsigned int vcpu, void *insns)
{
	(void)vcpu;
	executed += (uintptr_t)insns;
}

static int is_page_flags(uint64_t vaddr)
{
	return vaddr >> VMEMMAP_SHIFT == VMEMMAP && !(vaddr % STRUCT_PAGE);
}

/* The index of a page that is locked, else of a free entry for 0 */
static int find_locked(uint64_t page)
{
	int i;

	for (i = 0; i < MAX_LOCKED; i++)
		if (locked[i].page == page)
			return i;
	return -1;
}

/* To try it on a locked page does not begin anew. */
static void page_lock(unsigned int vcpu, qemu_plugin_meminfo_t info,
		      uint64_t vaddr, void *behind)
{
	int i;

	(void)vcpu;
	(void)info;
	if (!is_page_flags(vaddr) || find_locked(vaddr) >= 0)
		return;
	i = find_locked(0);
	if (i < 0)
		i = rand() % MAX_LOCKED;	/* one that nobody unlocks */
	locked[i].page = vaddr;
	locked[i].since = now(behind);
}

static void page_unlock(unsigned int vcpu, qemu_plugin_meminfo_t info,
			uint64_t vaddr, void *behind)
{
	int i = find_locked(vaddr);

	(void)vcpu;
	(void)info;
	if (i < 0 || !is_page_flags(vaddr))
		return;
	held += now(behind) - locked[i].since;
	locked[i].page = 0;
}

static void sample(unsigned int vcpu, void *udata)
{
	(void)vcpu;
	(void)udata;
	if (in_sample && in_case && nr_samples < MAX_SAMPLES)
		samples[nr_samples++] = held;
	in_sample = !in_sample;
	held = 0;
}

static int cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void end_case(void)
{
	uint64_t median;

	if (!in_case)
		return;
	qsort(samples, nr_samples, sizeof(samples[0]), cmp);
	median = nr_samples ? samples[nr_samples / 2] : 0;
	fprintf(out, "%llu\t%zu\n", (unsigned long long)median, nr_samples);
	fflush(out);
}

static void next_case(unsigned int vcpu, void *udata)
{
	(void)vcpu;
	(void)udata;
	end_case();
	in_case = 1;
	in_sample = 0;
	nr_samples = 0;
}

/* Past an opcode at @p: is it for memory, extension @reg, with immediate @imm? */
static int modrm_is(const uint8_t *p, const uint8_t *last, int reg, int imm)
{
	return p < last && (*p >> 3 & 7) == reg && *p >> 6 != 3 && *last == imm;
}

static int of_page_lock(const uint8_t *p, const uint8_t *last)
{
	if (*p != 0xf0 && *p != 0x3e)
		return OTHER;	/* 0x3e: on one CPU the kernel drops the lock */
	p++;
	if ((*p & 0xf0) == 0x40)
		p++;		/* REX */
	if (p + 2 < last && p[0] == 0x0f && p[1] == 0xba &&
	    modrm_is(p + 2, last, 5, 0))
		return LOCK;	/* bts $0 */
	if (*p == 0x80 && (modrm_is(p + 1, last, 4, 0xfe) ||
			   modrm_is(p + 1, last, 6, 0x01)))
		return UNLOCK;	/* andb $~1, xorb $1 */
	return OTHER;
}

static int kind_of(const uint8_t *p, size_t size, uint64_t vaddr)
{
	static const uint8_t rdtsc[] = { 0x0f, 0x31 };
	static const uint8_t mark[] = { 0x0f, 0x1f, 0x84, 0, 'C', 'A', 'S', 'E' };
	int user = !(vaddr >> 63);

	if (user && size == sizeof(rdtsc) && !memcmp(p, rdtsc, size))
		return SAMPLE;
	if (user && size == sizeof(mark) && !memcmp(p, mark, size))
		return NEXT_CASE;
	return size < 4 ? OTHER : of_page_lock(p, p + size - 1);
}

static int kind_of_insn(const struct qemu_plugin_insn *insn)
{
	uint8_t bytes[16] = { 0 };
	size_t size = qemu_plugin_insn_size(insn);

	if (size > sizeof(bytes))
		return OTHER;
#if PLUGIN_VERSION < 3
	memcpy(bytes, qemu_plugin_insn_data(insn), size);
#else
	qemu_plugin_insn_data(insn, bytes, size);
#endif
	return kind_of(bytes, size, qemu_plugin_insn_vaddr(insn));
}

static void watch(struct qemu_plugin_insn *insn, void *behind)
{
	switch (kind_of_insn(insn)) {
	case LOCK:
		qemu_plugin_register_vcpu_mem_cb(insn, page_lock,
				QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W,
				behind);
		break;
	case UNLOCK:
		qemu_plugin_register_vcpu_mem_cb(insn, page_unlock,
				QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W,
				behind);
		break;
	case SAMPLE:
		qemu_plugin_register_vcpu_insn_exec_cb(insn, sample,
				QEMU_PLUGIN_CB_NO_REGS, NULL);
		break;
	case NEXT_CASE:
		qemu_plugin_register_vcpu_insn_exec_cb(insn, next_case,
				QEMU_PLUGIN_CB_NO_REGS, NULL);
		break;
	}
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uintptr_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_begins,
					     QEMU_PLUGIN_CB_NO_REGS, (void *)n);
	for (i = 0; i < n; i++)
		watch(qemu_plugin_tb_get_insn(tb, i), (void *)(n - 1 - i));
}

static void quit(qemu_plugin_id_t id, void *udata)
{
	(void)id;
	(void)udata;
	end_case();
	fclose(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info_t *info,
					   int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, quit, NULL);
	return 0;
}
