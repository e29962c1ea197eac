// SPDX-License-Identifier: GPL-2.0
/*
 * pagelock: for how many instructions a page, and a page table, is locked, as a
 * TCG plugin.
 *
 * The guest is not instrumented: the plugin recognises by their bytes the
 * instructions that set and clear PG_locked (a locked bts, and, xor of bit 0)
 * and those that take and release a spinlock (cmpxchg, a byte that becomes 0).
 * The address says what is locked: struct page lies in vmemmap, flags is its
 * first word, and the lock of a page table is another one. The plugin counts
 * what is executed in between, interrupts included.
 *
 * For each case (marks.h) one line is appended to the file out=: the medians of
 * how long its samples held a page and a page table, and the number of samples.
 * For one CPU: what another one does would be counted as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "marks.h"

#define VMEMMAP		0xffffeaULL	/* the upper bits of its addresses */
#define VMEMMAP_SHIFT	40
#define STRUCT_PAGE	64
#define MAX_SAMPLES	(64 * 1024)
#define MAX_LOCKED	16

enum { LOCK = NR_MARKS, UNLOCK, TABLE_LOCK, TABLE_UNLOCK };

QEMU_PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static uint64_t executed;	/* up to the end of the current block */

/* Locks of a kind: addresses of held locks, instructions of a sample */
static struct kind {
	struct {
		uint64_t addr, since;
	} locked[MAX_LOCKED];
	int next;
	uint64_t held, samples[MAX_SAMPLES];
} pages, tables;

static FILE *out;
static int in_case, in_samples, in_sample;
static size_t nr_samples;

/* A watched instruction: @behind instructions of its block come after it */
static uint64_t now(void *behind)
{
	return executed - (uintptr_t)behind;
}

static void block_begins(unsigned int vcpu, void *insns)
{
	(void)vcpu;
	executed += (uintptr_t)insns;
}

/* Where in a struct page an address is; -1: in none */
static int in_struct_page(uint64_t vaddr)
{
	return vaddr >> VMEMMAP_SHIFT == VMEMMAP ? (int)(vaddr % STRUCT_PAGE) : -1;
}

static int find_locked(const struct kind *k, uint64_t addr)
{
	int i;

	for (i = 0; i < MAX_LOCKED; i++)
		if (k->locked[i].addr == addr)
			return i;
	return -1;
}

/*
 * Another attempt at a locked page does not start over. An entry that is never
 * unlocked (a cmpxchg can be of a reference count) is overwritten in turn.
 */
static void begin(struct kind *k, uint64_t addr, uint64_t when)
{
	if (find_locked(k, addr) >= 0)
		return;
	k->locked[k->next].addr = addr;
	k->locked[k->next].since = when;
	k->next = (k->next + 1) % MAX_LOCKED;
}

static void end(struct kind *k, uint64_t addr, uint64_t when)
{
	int i = find_locked(k, addr);

	if (i < 0)
		return;
	k->held += when - k->locked[i].since;
	k->locked[i].addr = 0;
}

static void page_lock(unsigned int vcpu, qemu_plugin_meminfo_t info,
		      uint64_t vaddr, void *behind)
{
	(void)vcpu;
	(void)info;
	if (in_struct_page(vaddr) == 0)
		begin(&pages, vaddr, now(behind));
}

static void page_unlock(unsigned int vcpu, qemu_plugin_meminfo_t info,
			uint64_t vaddr, void *behind)
{
	(void)vcpu;
	(void)info;
	if (in_struct_page(vaddr) == 0)
		end(&pages, vaddr, now(behind));
}

/* A cmpxchg begins it, be it a count or a lock. */
static void table_lock(unsigned int vcpu, qemu_plugin_meminfo_t info,
		       uint64_t vaddr, void *behind)
{
	int i = find_locked(&tables, vaddr);

	(void)vcpu;
	(void)info;
	if (in_struct_page(vaddr) <= 0)
		return;
	if (i >= 0)
		tables.locked[i].addr = 0;
	begin(&tables, vaddr, now(behind));
}

static void table_unlock(unsigned int vcpu, qemu_plugin_meminfo_t info,
			 uint64_t vaddr, void *behind)
{
	(void)vcpu;
	(void)info;
	if (in_struct_page(vaddr) > 0)
		end(&tables, vaddr, now(behind));
}

static void sample(unsigned int vcpu, void *udata)
{
	(void)vcpu;
	(void)udata;
	if (in_sample && in_samples && nr_samples < MAX_SAMPLES) {
		pages.samples[nr_samples] = pages.held;
		tables.samples[nr_samples++] = tables.held;
	}
	in_sample = !in_sample;
	pages.held = tables.held = 0;
}

static int cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static unsigned long long median(struct kind *k)
{
	qsort(k->samples, nr_samples, sizeof(k->samples[0]), cmp);
	return nr_samples ? k->samples[nr_samples / 2] : 0;
}

static void end_case(void)
{
	if (!in_case)
		return;
	fprintf(out, "%llu\t%llu\t%zu\n", median(&pages), median(&tables),
		nr_samples);
	fflush(out);
}

static void next_case(unsigned int vcpu, void *udata)
{
	(void)vcpu;
	(void)udata;
	end_case();
	in_case = 1;
	nr_samples = 0;
}

static void from_here(unsigned int vcpu, void *begin)
{
	(void)vcpu;
	in_samples = begin != NULL;
	in_sample = 0;
}

/* After an opcode at @p: memory operand, extension @reg, immediate @imm? */
static int modrm_is(const uint8_t *p, const uint8_t *last, int reg, int imm)
{
	return p < last && (*p >> 3 & 7) == reg && *p >> 6 != 3 && *last == imm;
}

static const uint8_t *past_rex(const uint8_t *p)
{
	return (*p & 0xf0) == 0x40 ? p + 1 : p;
}

/* cmpxchg of four bytes in memory */
static int is_cmpxchg(const uint8_t *p, const uint8_t *last)
{
	return p + 2 <= last && p[0] == 0x0f && p[1] == 0xb1 && p[2] >> 6 != 3;
}

static int of_lock(const uint8_t *p, const uint8_t *last)
{
	if (*p != 0xf0 && *p != 0x3e)	/* 0x3e: on one CPU the kernel drops the lock */
		return *past_rex(p) == 0xc6 && modrm_is(past_rex(p) + 1, last, 0, 0) ?
		       TABLE_UNLOCK : OTHER;	/* movb $0 */
	p = past_rex(p + 1);
	if (p + 2 < last && p[0] == 0x0f && p[1] == 0xba &&
	    modrm_is(p + 2, last, 5, 0))
		return LOCK;	/* bts $0 */
	if (*p == 0x80 && (modrm_is(p + 1, last, 4, 0xfe) ||
			   modrm_is(p + 1, last, 6, 0x01)))
		return UNLOCK;	/* andb $~1, xorb $1 */
	return is_cmpxchg(p, last) ? TABLE_LOCK : OTHER;
}

static int kind_of(const struct qemu_plugin_insn *insn)
{
	uint8_t bytes[16] = { 0 };
	size_t size = bytes_of(insn, bytes, sizeof(bytes));
	int mark = mark_of_bytes(bytes, size, qemu_plugin_insn_vaddr(insn));

	return mark != OTHER || size < 3 ? mark :
	       of_lock(bytes, bytes + size - 1);
}

static void watch(struct qemu_plugin_insn *insn, void *behind)
{
	static const qemu_plugin_vcpu_mem_cb_t of_memory[] = {
		[LOCK] = page_lock, [UNLOCK] = page_unlock,
		[TABLE_LOCK] = table_lock, [TABLE_UNLOCK] = table_unlock,
	};
	int kind = kind_of(insn);

	if (kind == SAMPLE)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, sample,
				QEMU_PLUGIN_CB_NO_REGS, NULL);
	else if (kind == NEXT_CASE)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, next_case,
				QEMU_PLUGIN_CB_NO_REGS, NULL);
	else if (kind == SAMPLES_BEGIN || kind == SAMPLES_END)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, from_here,
				QEMU_PLUGIN_CB_NO_REGS,
				kind == SAMPLES_BEGIN ? insn : NULL);
	else if (kind != OTHER)
		qemu_plugin_register_vcpu_mem_cb(insn, of_memory[kind],
				QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W,
				behind);
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
