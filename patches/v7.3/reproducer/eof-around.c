// SPDX-License-Identifier: GPL-2.0
/*
 * eof-around [DIRECTORY]: is this kernel affected by the off-by-one at the end
 * of a file in filemap_map_pages()? Any user may ask; the directory (default:
 * .) must be on a disk, not on tmpfs, which is an exception.
 *
 *	gcc -O2 -o eof-around eof-around.c && ./eof-around
 *
 * Fault-around maps what is cached around the address of a fault. A file of one
 * cached page is mapped where there is no page table yet, and the page behind
 * its end is read: that is a SIGBUS, and on the way there fault-around maps the
 * page in front of it, which is then read without a fault. An affected kernel
 * takes the folio that ends with the file for one that extends beyond it, and
 * maps nothing: one fault more. (s390 always takes it, to make the page young.)
 *
 * Broken by 74207de2ba10 ("mm/memory: do not populate page table entries beyond
 * i_size"). Exit status: 0 not affected, 1 affected, 2 no answer.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TRIES	16

static sigjmp_buf jump;

static void no_answer(const char *why)
{
	perror(why);
	exit(2);
}

static void on_sigbus(int sig)
{
	siglongjmp(jump, sig);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* Faults taken to read the page, after the one behind it was a SIGBUS */
static long faults_of_page(int fd, size_t page)
{
	size_t table = page * page / 4;	/* the range of a page table, or more */
	char *p = mmap(NULL, 2 * table, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *file;
	long before;

	if (p == MAP_FAILED)
		no_answer("mmap");
	file = (char *)(((uintptr_t)p + table - 1) & ~(table - 1));
	if (mmap((void *)file, 2 * page, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
		 0) == MAP_FAILED)
		no_answer("mmap of the file");
	if (!sigsetjmp(jump, 1))
		(void)file[page];
	before = faults();
	(void)file[0];
	before = faults() - before;
	munmap(p, 2 * table);
	return before;
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE);
	long i, more = 0;
	struct statfs fs;
	int fd;

	if (chdir(argc > 1 ? argv[1] : ".") || statfs(".", &fs))
		no_answer("directory");
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	if (fd < 0 || fs.f_type == 0x01021994)	/* TMPFS_MAGIC */
		no_answer("a file on a disk");
	if (ftruncate(fd, page) || pwrite(fd, "x", 1, 0) != 1)
		no_answer("writing it");
	signal(SIGBUS, on_sigbus);
	faults_of_page(fd, page);	/* code and stack are mapped from now on */
	for (i = 0; i < TRIES; i++)
		more += faults_of_page(fd, page);
	printf("%saffected: %ld faults for %d reads of a page that fault-around maps\n",
	       more * 2 > TRIES ? "" : "not ", more, TRIES);
	return more * 2 > TRIES;
}
