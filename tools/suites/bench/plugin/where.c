// SPDX-License-Identifier: GPL-2.0
/*
 * where: which functions execute the instructions of a sample, as a TCG plugin.
 *
 * symbols= is the output of nm(1) for the kernel, which must run where it was
 * linked (nokaslr). Each instruction between the two rdtsc of a sample belongs
 * to the function that contains it, or to "user". The cost of a case is its
 * median, so only the median sample of a case is kept: for each of its
 * functions a line is appended to the file out=: the number of the case, the
 * function, the instructions. For one CPU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "marks.h"

#define MAX_FUNCTIONS	(128 * 1024)
#define MAX_NAME	80
#define MAX_SAMPLES	(64 * 1024)

QEMU_PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static struct function {
	uint64_t start;
	char name[MAX_NAME];
} functions[MAX_FUNCTIONS];
static size_t nr_functions;
static uint32_t executed[MAX_FUNCTIONS];	/* of the current sample */

/* A sample: instructions executed, and the functions that have any */
struct sample {
	uint64_t total;
	size_t nr;
	struct {
		uint32_t function, insns;
	} of[];
};

static struct sample *samples[MAX_SAMPLES];
static size_t nr_samples;
static FILE *out;
static int case_number, in_samples, in_sample;

static void count(unsigned int vcpu, void *one)
{
	(void)vcpu;
	++*(uint32_t *)one;
}

/* Functions are sorted. The first one is "user", from address 0 on. */
static size_t function_of(uint64_t vaddr)
{
	size_t from = 0, to = nr_functions;

	while (to - from > 1) {
		size_t middle = (from + to) / 2;

		if (functions[middle].start <= vaddr)
			from = middle;
		else
			to = middle;
	}
	return from;
}

static struct sample *sample_of_now(void)
{
	size_t i, nr = 0;
	struct sample *s;

	for (i = 0; i < nr_functions; i++)
		nr += executed[i] > 0;
	s = malloc(sizeof(*s) + nr * sizeof(s->of[0]));
	if (!s)
		return NULL;
	s->total = s->nr = 0;
	for (i = 0; i < nr_functions; i++)
		if (executed[i]) {
			s->of[s->nr].function = i;
			s->of[s->nr++].insns = executed[i];
			s->total += executed[i];
		}
	return s;
}

static void sample(unsigned int vcpu, void *udata)
{
	(void)vcpu;
	(void)udata;
	if (in_sample && in_samples && nr_samples < MAX_SAMPLES) {
		samples[nr_samples] = sample_of_now();
		nr_samples += samples[nr_samples] != NULL;
	}
	in_sample = !in_sample;
	memset(executed, 0, nr_functions * sizeof(executed[0]));
}

static int by_total(const void *a, const void *b)
{
	const struct sample *x = *(struct sample * const *)a;
	const struct sample *y = *(struct sample * const *)b;

	return (x->total > y->total) - (x->total < y->total);
}

static void end_case(void)
{
	const struct sample *s;
	size_t i;

	if (!nr_samples)
		return;
	qsort(samples, nr_samples, sizeof(samples[0]), by_total);
	s = samples[nr_samples / 2];
	for (i = 0; i < s->nr; i++)
		fprintf(out, "%d\t%s\t%u\n", case_number,
			functions[s->of[i].function].name, s->of[i].insns);
	fflush(out);
	while (nr_samples)
		free(samples[--nr_samples]);
}

static void next_case(unsigned int vcpu, void *udata)
{
	(void)vcpu;
	(void)udata;
	end_case();
	case_number++;
}

static void from_here(unsigned int vcpu, void *begin)
{
	(void)vcpu;
	in_samples = begin != NULL;
	in_sample = 0;
}

/* The rdtsc that begins a sample is not part of it, the one that ends it is. */
static void watch(struct qemu_plugin_insn *insn)
{
	size_t function = function_of(qemu_plugin_insn_vaddr(insn));

	qemu_plugin_register_vcpu_insn_exec_cb(insn, count,
			QEMU_PLUGIN_CB_NO_REGS, &executed[function]);
	switch (mark_of(insn)) {
	case SAMPLE:
		qemu_plugin_register_vcpu_insn_exec_cb(insn, sample,
				QEMU_PLUGIN_CB_NO_REGS, NULL);
		break;
	case NEXT_CASE:
		qemu_plugin_register_vcpu_insn_exec_cb(insn, next_case,
				QEMU_PLUGIN_CB_NO_REGS, NULL);
		break;
	case SAMPLES_BEGIN:
	case SAMPLES_END:
		qemu_plugin_register_vcpu_insn_exec_cb(insn, from_here,
				QEMU_PLUGIN_CB_NO_REGS,
				mark_of(insn) == SAMPLES_BEGIN ? insn : NULL);
		break;
	}
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < n; i++)
		watch(qemu_plugin_tb_get_insn(tb, i));
}

static void quit(qemu_plugin_id_t id, void *udata)
{
	(void)id;
	(void)udata;
	end_case();
	fclose(out);
}

/* Parts and clones of a function (name.isra.0) count as the function. */
static int read_symbols(const char *name)
{
	FILE *f = fopen(name, "r");
	unsigned long long start;
	char line[512], kind;

	if (!f)
		return -1;
	strcpy(functions[nr_functions++].name, "user");
	while (nr_functions < MAX_FUNCTIONS && fgets(line, sizeof(line), f)) {
		struct function *to = &functions[nr_functions];

		if (sscanf(line, "%llx %c %79[^.\n]", &start, &kind, to->name) != 3 ||
		    !strchr("tTwW", kind) || start >> 63 == 0)
			continue;
		to->start = start;
		nr_functions++;
	}
	fclose(f);
	return nr_functions > 1 ? 0 : -1;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info_t *info,
					   int argc, char **argv)
{
	(void)info;
	if (argc != 2 || strncmp(argv[0], "out=", 4) ||
	    strncmp(argv[1], "symbols=", 8) || read_symbols(argv[1] + 8))
		return -1;
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, quit, NULL);
	return 0;
}
