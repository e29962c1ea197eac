// SPDX-License-Identifier: GPL-2.0
/*
 * executed: which of some instructions a guest executes, as a TCG plugin.
 *
 * The guest is not instrumented, and only these instructions are slowed down.
 * The file want= lists them, with addresses in hex:
 *
 *	i ADDR			an instruction
 *	j ADDR NEXT TARGET	a conditional jump; both that it goes to are
 *				instructions in the list as well
 *	e ADDR NAME		an event, before which a new part begins
 *
 * The file out= gets, for each part, a line for each instruction executed in
 * it, and a line for the event that ended it: "ADDR WAYS", WAYS being 1, plus 2
 * for a jump that went to NEXT, plus 4 for one that went to TARGET; "@ NAME".
 *
 * If a CPU executes two watched instructions one after the other, the first, if
 * a jump, went to the second. An interrupt in between does not matter, since
 * only watched instructions are looked at.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../bench/plugin/qemu_plugin.h"

#define MAX_EVENTS	8
#define MAX_CPUS	64

enum { EXECUTED = 1, TO_NEXT = 2, TO_TARGET = 4 };

struct insn {
	uint64_t addr;
	struct insn *next, *target;	/* where a conditional jump goes */
	uint8_t ways;			/* in the current part */
};

static struct event {
	uint64_t addr;
	char name[32];
} events[MAX_EVENTS];

QEMU_PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static struct insn *insns, **executed;
static size_t nr_insns, nr_executed, nr_events;
static struct insn *last[MAX_CPUS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *out;

static int cmp(const void *a, const void *b)
{
	const struct insn *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static struct insn *find(uint64_t addr)
{
	struct insn key = { .addr = addr };

	return bsearch(&key, insns, nr_insns, sizeof(key), cmp);
}

static void note(struct insn *insn, uint8_t way)
{
	if (__atomic_load_n(&insn->ways, __ATOMIC_RELAXED) & way)
		return;
	pthread_mutex_lock(&lock);
	if (!insn->ways)
		executed[nr_executed++] = insn;
	__atomic_store_n(&insn->ways, insn->ways | way, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lock);
}

static void execute(unsigned int vcpu, void *udata)
{
	struct insn *insn = udata, **at = &last[vcpu % MAX_CPUS], *from = *at;

	*at = insn;
	note(insn, EXECUTED);
	if (!from)
		return;
	if (from->next == insn)
		note(from, TO_NEXT);
	if (from->target == insn)
		note(from, TO_TARGET);
}

static void end_part(const char *name)
{
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < nr_executed; i++) {
		fprintf(out, "%llx %d\n",
			(unsigned long long)executed[i]->addr,
			executed[i]->ways);
		executed[i]->ways = 0;
	}
	nr_executed = 0;
	fprintf(out, "@ %s\n", name);
	fflush(out);
	pthread_mutex_unlock(&lock);
}

static void happen(unsigned int vcpu, void *udata)
{
	struct event *event = udata;

	(void)vcpu;
	end_part(event->name);
}

static void watch_insn(struct qemu_plugin_insn *insn)
{
	uint64_t addr = qemu_plugin_insn_vaddr(insn);
	struct insn *wanted = find(addr);
	size_t i;

	for (i = 0; i < nr_events; i++)
		if (events[i].addr == addr)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, happen,
				QEMU_PLUGIN_CB_NO_REGS, &events[i]);
	if (wanted)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, execute,
				QEMU_PLUGIN_CB_NO_REGS, wanted);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < n; i++)
		watch_insn(qemu_plugin_tb_get_insn(tb, i));
}

static void quit(qemu_plugin_id_t id, void *udata)
{
	(void)id;
	(void)udata;
	end_part("end");
	fclose(out);
}

/* Addresses stand in for the targets of jumps until all are known. */
static int read_line(const char *line)
{
	unsigned long long addr, next = 0, target = 0;
	struct event *event = &events[nr_events];

	if (sscanf(line, "e %llx %31s", &addr, event->name) == 2) {
		event->addr = addr;
		return ++nr_events < MAX_EVENTS;
	}
	if (sscanf(line, "i %llx", &addr) != 1 &&
	    sscanf(line, "j %llx %llx %llx", &addr, &next, &target) != 3)
		return 0;
	if (!(nr_insns & (nr_insns - 1)))
		insns = realloc(insns, (nr_insns * 2 + 1) * sizeof(*insns));
	insns[nr_insns++] = (struct insn){
		.addr = addr,
		.next = (struct insn *)(uintptr_t)next,
		.target = (struct insn *)(uintptr_t)target,
	};
	return 1;
}

static int read_list(const char *path)
{
	FILE *list = fopen(path, "r");
	char line[128];
	size_t i;
	int good = !!list;

	while (good && fgets(line, sizeof(line), list))
		good = read_line(line);
	if (list)
		fclose(list);
	qsort(insns, nr_insns, sizeof(*insns), cmp);
	for (i = 0; i < nr_insns; i++) {
		insns[i].next = find((uintptr_t)insns[i].next);
		insns[i].target = find((uintptr_t)insns[i].target);
	}
	executed = calloc(nr_insns + 1, sizeof(*executed));
	return good && executed;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info_t *info,
					   int argc, char **argv)
{
	(void)info;
	if (argc != 2 || strncmp(argv[0], "want=", 5) ||
	    strncmp(argv[1], "out=", 4) || !read_list(argv[0] + 5))
		return -1;
	out = fopen(argv[1] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, quit, NULL);
	return 0;
}
