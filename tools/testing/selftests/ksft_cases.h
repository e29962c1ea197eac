/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ksft_cases.h: a table of named test cases, each run in a child of its own.
 *
 * kselftest.h of the tree under test provides the output functions
 * (ksft_print_msg(), ksft_test_result_pass(), ...). This header adds what it
 * lacks:
 *
 *  - v4.6's kselftest.h predates TAP; the few functions used are supplied
 *    under the names that later kernels gave them;
 *  - a case runs in a forked child, so that it starts with fresh page tables
 *    and takes nothing else down if it is killed;
 *  - between the two a keeper, in its own session, restores what the case has
 *    changed in the system, however the case ends, even if the program is
 *    killed with its process group; see ksft_undo.h;
 *  - ksft_check() is the assertion of a case, ksft_need() is what must work
 *    before that can be checked. A control kernel must fail by the former; the
 *    latter is never an expected failure and shows as "not ok N # error name";
 *  - a user other than root lacks many things, so an unmet need skips the case
 *    there.
 */
#ifndef __KSFT_CASES_H
#define __KSFT_CASES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kselftest.h"
#include "ksft_undo.h"

#ifndef ksft_test_result	/* v4.6: no TAP in kselftest.h */
static unsigned int ksft_test_no;

static inline void ksft_print_header(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
}

static inline void ksft_set_plan(unsigned int plan)
{
	printf("1..%u\n", plan);
}

#define ksft_print_msg(fmt, ...) printf("# " fmt, ##__VA_ARGS__)
#define ksft_test_result_pass(fmt, ...) \
	printf("ok %u " fmt, ++ksft_test_no, ##__VA_ARGS__)
#define ksft_test_result_fail(fmt, ...) \
	printf("not ok %u " fmt, ++ksft_test_no, ##__VA_ARGS__)
#define ksft_test_result_skip(fmt, ...) \
	printf("ok %u # SKIP " fmt, ++ksft_test_no, ##__VA_ARGS__)
#define ksft_test_result_error(fmt, ...) \
	printf("not ok %u # error " fmt, ++ksft_test_no, ##__VA_ARGS__)
#endif

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

/* A constant: tables of cases are made of it. See ksft_cases.mk. */
#ifndef KSFT_PAGE_SIZE
#define KSFT_PAGE_SIZE 4096
#endif

#define KSFT_ERROR 5	/* exit status of a case that could not be set up */

/* Either function; if it returns, the case has passed. Otherwise see below. */
struct ksft_case {
	const char *name;	/* stable, lower_snake: expectations use it */
	void (*run)(void);
	void (*run_with)(const void *arg);
	const void *arg;
};

/* A row of the table: named after its function, or with an argument. */
#define KSFT_CASE(fn) { .name = #fn, .run = fn }
#define KSFT_CASE_WITH(id, fn, ...) \
	{ .name = #id, .run_with = fn, .arg = __VA_ARGS__ }

/* An argument that is a number: *(const int *)arg. */
#define KSFT_INT(n) (&(const int){ n })

/* The assertion that the case is about. */
#define ksft_check(cond, fmt, ...) do {					\
	if (!(cond)) {							\
		ksft_print_msg("assertion failed: " fmt "\n", ##__VA_ARGS__); \
		fflush(stdout);						\
		_exit(KSFT_FAIL);					\
	}								\
} while (0)

/* What must work before the assertion can be checked; prints errno. */
#define ksft_need(cond, fmt, ...) do {					\
	if (!(cond)) {							\
		ksft_print_msg("needed: " fmt " (%s:%d, errno: %s)\n",	\
			       ##__VA_ARGS__, __FILE__, __LINE__,	\
			       strerror(errno));			\
		fflush(stdout);						\
		_exit(geteuid() ? KSFT_SKIP : KSFT_ERROR);		\
	}								\
} while (0)

/* For what this kernel or machine cannot do at all. */
#define ksft_case_skip(fmt, ...) do {					\
	ksft_print_msg("skipped: " fmt "\n", ##__VA_ARGS__);		\
	fflush(stdout);							\
	_exit(KSFT_SKIP);						\
} while (0)

/* Called in the child before each case. */
static void (*ksft_before_case)(void);

static void ksft_child(const struct ksft_case *c)
{
	long page = sysconf(_SC_PAGESIZE);

	if (page != KSFT_PAGE_SIZE)
		ksft_case_skip("built for pages of %d bytes, not %ld",
			       KSFT_PAGE_SIZE, page);
	if (ksft_before_case)
		ksft_before_case();
	if (c->run)
		c->run();
	else
		c->run_with(c->arg);
	fflush(stdout);
	_exit(KSFT_PASS);
}

/* Exit status of a case, or KSFT_ERROR if a signal ended it. */
static int ksft_run_case(const struct ksft_case *c)
{
	int status;

	fflush(stdout);
	status = ksft_kept(ksft_child, c);
	if (status < 0 || WIFEXITED(status))
		return status < 0 ? KSFT_ERROR : WEXITSTATUS(status);
	ksft_print_msg("%s: killed by signal %d\n", c->name, WTERMSIG(status));
	return KSFT_ERROR;
}

static unsigned int ksft_passed, ksft_failed, ksft_skipped, ksft_errors;

static void ksft_report_case(const char *name, int status)
{
	switch (status) {
	case KSFT_PASS:
		ksft_passed++;
		ksft_test_result_pass("%s\n", name);
		return;
	case KSFT_FAIL:
		ksft_failed++;
		ksft_test_result_fail("%s\n", name);
		return;
	case KSFT_SKIP:
		ksft_skipped++;
		ksft_test_result_skip("%s\n", name);
		return;
	}
	ksft_errors++;
	ksft_test_result_error("%s\n", name);
}

static int ksft_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(name, argv[i]))
			return 1;
	return argc < 2;
}

/* No case at all is a failure: an unknown name must not go unnoticed. */
static int ksft_exit_status(void)
{
	if (ksft_failed || ksft_errors)
		return KSFT_FAIL;
	if (ksft_passed)
		return KSFT_PASS;
	return ksft_skipped ? KSFT_SKIP : KSFT_FAIL;
}

/* Run all cases, or only those named by the arguments. */
static int ksft_run_cases(const struct ksft_case *cases, size_t nr,
			  int argc, char **argv)
{
	size_t i, wanted = 0;

	for (i = 0; i < nr; i++)
		wanted += ksft_wanted(cases[i].name, argc, argv);
	ksft_print_header();
	ksft_set_plan(wanted);
	for (i = 0; i < nr; i++)
		if (ksft_wanted(cases[i].name, argc, argv))
			ksft_report_case(cases[i].name,
					 ksft_run_case(&cases[i]));
	ksft_print_msg("Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:%u\n",
		       ksft_passed, ksft_failed, ksft_skipped, ksft_errors);
	fflush(stdout);
	return ksft_exit_status();
}

#endif /* __KSFT_CASES_H */
