/* SPDX-License-Identifier: GPL-2.0 */
/*
 * marks.h: instructions by which the benchmark marks where it is: a case, and
 * its samples, begin with a long nop each; a sample lies between two rdtsc in
 * user space, some of which its preparation executes as well.
 */
#ifndef MARKS_H
#define MARKS_H

#include <string.h>
#include "qemu_plugin.h"

enum { OTHER, SAMPLE, NEXT_CASE, SAMPLES_BEGIN, SAMPLES_END, NR_MARKS };

static inline size_t bytes_of(const struct qemu_plugin_insn *insn,
			      uint8_t *bytes, size_t max)
{
	size_t size = qemu_plugin_insn_size(insn);

	if (size > max)
		return 0;
#if PLUGIN_VERSION < 3
	memcpy(bytes, qemu_plugin_insn_data(insn), size);
#else
	qemu_plugin_insn_data(insn, bytes, size);
#endif
	return size;
}

static inline int mark_of_bytes(const uint8_t *p, size_t size, uint64_t vaddr)
{
	static const uint8_t rdtsc[] = { 0x0f, 0x31 };
	static const uint8_t nop[] = { 0x0f, 0x1f, 0x84, 0 };

	if (vaddr >> 63)
		return OTHER;
	if (size == sizeof(rdtsc) && !memcmp(p, rdtsc, size))
		return SAMPLE;
	if (size != 8 || memcmp(p, nop, sizeof(nop)))
		return OTHER;
	p += sizeof(nop);
	return !memcmp(p, "CASE", 4) ? NEXT_CASE :
	       !memcmp(p, "FROM", 4) ? SAMPLES_BEGIN :
	       !memcmp(p, "UPTO", 4) ? SAMPLES_END : OTHER;
}

static inline int mark_of(const struct qemu_plugin_insn *insn)
{
	uint8_t bytes[16] = { 0 };
	size_t size = bytes_of(insn, bytes, sizeof(bytes));

	return mark_of_bytes(bytes, size, qemu_plugin_insn_vaddr(insn));
}

#endif /* MARKS_H */
