/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ksft_cases.h: a table of named test cases, each run in a child of its own.
 *
 * kselftest.h of the tree that is tested gives the words (ksft_print_msg(),
 * ksft_test_result_pass(), ...). This header adds what it lacks:
 *
 *  - v4.6's kselftest.h predates TAP; the few functions used are supplied
 *    under the names that later kernels gave them;
 *  - a case runs in a forked child, so that it starts with fresh page tables
 *    and takes nothing along when it is killed;
 *  - the assertion a case is about, ksft_check(), is kept apart from what
 *    has to work before it can be made, ksft_need(). A control kernel must
 *    fail by the former; the latter is never an expected failure and shows
 *    as "not ok N name # error".
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
#include "kselftest.h"

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

#define KSFT_ERROR 5	/* exit status of a case that could not be set up */

struct ksft_case {
	const char *name;	/* stable, lower_snake: expectations refer to it */
	void (*run)(void);	/* returns: passed. Otherwise see below */
};

/* The assertion that the case is about. */
#define ksft_check(cond, fmt, ...) do {					\
	if (!(cond)) {							\
		ksft_print_msg("assertion failed: " fmt "\n", ##__VA_ARGS__); \
		fflush(stdout);						\
		_exit(KSFT_FAIL);					\
	}								\
} while (0)

/* What must work before the assertion can be made; errno is printed. */
#define ksft_need(cond, fmt, ...) do {					\
	if (!(cond)) {							\
		ksft_print_msg("needed: " fmt " (%s:%d, errno: %s)\n",	\
			       ##__VA_ARGS__, __FILE__, __LINE__,	\
			       strerror(errno));			\
		fflush(stdout);						\
		_exit(KSFT_ERROR);					\
	}								\
} while (0)

/* What this kernel or machine cannot do at all. */
#define ksft_case_skip(fmt, ...) do {					\
	ksft_print_msg("skipped: " fmt "\n", ##__VA_ARGS__);		\
	fflush(stdout);							\
	_exit(KSFT_SKIP);						\
} while (0)

static inline int ksft_run_case(const struct ksft_case *c)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		c->run();
		fflush(stdout);
		_exit(KSFT_PASS);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static inline void ksft_report_case(const char *name, int status)
{
	if (status >= 0 && WIFEXITED(status)) {
		switch (WEXITSTATUS(status)) {
		case KSFT_PASS:
			ksft_test_result_pass("%s\n", name);
			return;
		case KSFT_FAIL:
			ksft_test_result_fail("%s\n", name);
			return;
		case KSFT_SKIP:
			ksft_test_result_skip("%s\n", name);
			return;
		}
	} else if (status >= 0 && WIFSIGNALED(status)) {
		ksft_print_msg("%s: killed by signal %d\n", name,
			       WTERMSIG(status));
	}
	ksft_test_result_error("%s\n", name);
}

static inline int ksft_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(name, argv[i]))
			return 1;
	return argc < 2;
}

/*
 * Run every case, or with arguments only those named. The exit status only
 * says whether the program got to its end: the verdict is in the TAP lines.
 */
static inline int ksft_run_cases(const struct ksft_case *cases, size_t nr,
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
	fflush(stdout);
	return KSFT_PASS;
}

#endif /* __KSFT_CASES_H */
