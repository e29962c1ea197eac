// SPDX-License-Identifier: GPL-2.0
/*
 * measure NAME COMMAND...: instructions and page allocations of the machine
 * while a command runs. The command must not wait for time to pass: on an idle
 * CPU, -icount lets the clock jump.
 */
#include <sys/wait.h>
#include "count.h"

int main(int argc, char **argv)
{
	uint64_t began;
	long pages;
	int status;

	need(argc > 2, "usage: measure NAME COMMAND...");
	pages = pages_allocated();
	began = rdtsc();
	if (!vfork()) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	need(wait(&status) > 0, "wait");
	began = rdtsc() - began;
	pages = pages_allocated() - pages;
	printf("%s\tinstructions\t%llu\n", argv[1], (unsigned long long)began);
	printf("%s_pages\tpages\t%ld\n", argv[1], pages);
	return !WIFEXITED(status) || WEXITSTATUS(status);
}
