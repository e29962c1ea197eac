// SPDX-License-Identifier: GPL-2.0
/*
 * A program must read back what was written, whatever kind of fault mapped the
 * page. Every byte of page i of a file is i + 1.
 */
#include "thp.h"
#include <sys/resource.h>

#define PAGES	96
#define LEN	(PAGES * PAGE)
#define STRIDE	37		/* visits every page, in no simple order */
#define RW	(PROT_READ | PROT_WRITE)

static int file;

/* ---- patterns ------------------------------------------------------------ */

static int filled(const char *p, char byte)
{
	return p[0] == byte && !memcmp(p, p + 1, PAGE - 1);
}

static void fill_page(char *p, char byte)
{
	memset(p, byte, PAGE);
}

static char file_byte(int page)
{
	return page + 1;
}

static char other_byte(int page)
{
	return ~page;
}

static char zero_byte(int page)
{
	(void)page;
	return 0;
}

/* Check pages [0, nr) of a mapping, in stride order */
static void expect_pages(const char *p, int nr, char (*byte)(int),
			 const char *what)
{
	int i, page;

	for (i = 0; i < PAGES; i++) {
		page = i * STRIDE % PAGES;
		if (page < nr)
			ksft_check(filled(p + page * PAGE, byte(page)),
				   "%s: page %d has other data", what, page);
	}
}

static void write_pages(char *p, char (*byte)(int))
{
	int i, page;

	for (i = 0; i < PAGES; i++) {
		page = i * STRIDE % PAGES;
		fill_page(p + page * PAGE, byte(page));
	}
}

static void expect_file(char (*byte)(int), const char *what)
{
	char page[PAGE];
	int i;

	for (i = 0; i < PAGES; i++) {
		ksft_need(pread(file, page, PAGE, i * PAGE) == PAGE, "pread");
		ksft_check(filled(page, byte(i)), "%s: page %d of the file",
			   what, i);
	}
}

/* ---- files --------------------------------------------------------------- */

static void mount_type(const char *type)
{
	if (!strcmp(type, "ext4"))
		mount_scratch();
	else
		private_mount("none", type, NULL);
}

static void use_file(const char *type)
{
	char page[PAGE];
	int i;

	fault_catch();
	slots_reserve();
	mount_type(type);
	file = make_file("data", 0);
	for (i = 0; i < PAGES; i++) {
		fill_page(page, file_byte(i));
		ksft_need(write(file, page, PAGE) == PAGE, "write");
	}
}

/* Drop the file from the page cache; it must not be mapped. */
static void make_cold(void)
{
	ksft_need(!fsync(file), "fsync");
	ksft_need(!posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), "fadvise");
}

static char *map_file(int nr, int prot, int flags)
{
	return map_at(slot(nr), LEN, prot, flags, file, 0);
}

static char *map_anon(int nr, size_t len, int flags)
{
	return map_at(slot(nr), len, RW, MAP_ANONYMOUS | flags, -1, 0);
}

/* ---- reads --------------------------------------------------------------- */

static void read_of(const void *arg)
{
	use_file(arg);
	expect_pages(map_file(2, PROT_READ, MAP_SHARED), PAGES, file_byte,
		     "shared");
	expect_pages(map_file(3, PROT_READ, MAP_PRIVATE), PAGES, file_byte,
		     "private");
}

static void read_ext4_cold(void)
{
	use_file("ext4");
	make_cold();
	expect_pages(map_file(2, PROT_READ, MAP_SHARED), PAGES, file_byte,
		     "cold");
}

/*
 * read(2) of the first page marks the next one, the first of this mapping: a
 * fault on it starts readahead. Fault-around leaves it to that.
 */
static void read_ext4_read_ahead(void)
{
	char byte, *p;
	int i;

	use_file("ext4");
	make_cold();
	ksft_need(pread(file, &byte, 1, 0) == 1, "pread");
	p = map_at(slot(2), LEN - PAGE, PROT_READ, MAP_SHARED, file, PAGE);
	ksft_check(filled(p + PAGE, file_byte(2)), "page 2 has other data");
	ksft_check(!(pagemap_entry(p) & PM_PRESENT), "the marked page is mapped");
	for (i = 3; i < PAGES; i++)
		ksft_check(filled(p + (i - 1) * PAGE, file_byte(i)),
			   "page %d has other data", i);
	ksft_check(filled(p, file_byte(1)), "the marked page has other data");
}

/* Beyond the end of the file, the last page is zero. */
static void read_tail_page(void)
{
	const off_t cut = 1000;
	char *p;
	int i;

	use_file("ext4");
	ksft_need(!ftruncate(file, LEN - cut), "ftruncate");
	p = map_file(2, PROT_READ, MAP_SHARED);
	expect_pages(p, PAGES - 1, file_byte, "before the tail");
	for (i = 0; i < (int)PAGE; i++)
		ksft_check(p[LEN - PAGE + i] == (i < (int)(PAGE - cut) ?
						 file_byte(PAGES - 1) : 0),
			   "byte %d of the tail", i);
}

static void kernel_reads_mapping(void)
{
	char page[PAGE];
	int fds[2], i;
	char *p;

	use_file("ramfs");
	ksft_need(!pipe(fds), "a pipe");
	p = map_file(2, PROT_READ, MAP_SHARED);
	for (i = 0; i < PAGES; i++) {
		ksft_check(write(fds[1], p + i * PAGE, PAGE) == PAGE,
			   "write(2) of page %d", i);
		ksft_need(read(fds[0], page, PAGE) == PAGE, "read");
		ksft_check(filled(page, file_byte(i)), "page %d", i);
	}
}

/* ---- writes -------------------------------------------------------------- */

struct writing {
	const char *type;	/* of the file system */
	int read_first;
};

#define ON(...) (&(const struct writing){ __VA_ARGS__ })

static void private_cow_of(const void *arg)
{
	const struct writing *w = arg;
	char *p;

	use_file(w->type);
	p = map_file(2, RW, MAP_PRIVATE);
	if (w->read_first)
		expect_pages(p, PAGES, file_byte, "before");
	write_pages(p, other_byte);
	expect_pages(p, PAGES, other_byte, "after");
	expect_file(file_byte, "behind a private mapping");
}

static void private_cow_cold(void)
{
	char *p;

	use_file("ext4");
	make_cold();
	p = map_file(2, RW, MAP_PRIVATE);
	p[0] = 'x';
	ksft_check(p[0] == 'x' && p[1] == file_byte(0), "the copy");
	write_pages(p, other_byte);
	expect_pages(p, PAGES, other_byte, "after");
	expect_file(file_byte, "behind a private mapping");
}

/* The fault itself has read the page from disk. */
static void private_cow_after_cold_read(void)
{
	char *p;

	use_file("ext4");
	make_cold();
	p = map_file(2, RW, MAP_PRIVATE);
	expect_pages(p, PAGES, file_byte, "before");
	write_pages(p, other_byte);
	expect_pages(p, PAGES, other_byte, "after");
	expect_file(file_byte, "behind a private mapping");
}

/* After a write of one byte, the rest of the page is still the file's. */
static void private_cow_keeps_rest(void)
{
	char *p;
	int i;

	use_file("ramfs");
	p = map_file(2, RW, MAP_PRIVATE);
	for (i = 0; i < PAGES; i++) {
		p[i * PAGE + 5] = 'x';
		ksft_check(p[i * PAGE + 4] == file_byte(i) &&
			   p[i * PAGE + 6] == file_byte(i) &&
			   p[i * PAGE + 5] == 'x', "page %d", i);
	}
}

static void shared_write_of(const void *arg)
{
	const struct writing *w = arg;
	char *p;

	use_file(w->type);
	p = map_file(2, RW, MAP_SHARED);
	if (w->read_first)
		expect_pages(p, PAGES, file_byte, "before");
	write_pages(p, other_byte);
	expect_pages(p, PAGES, other_byte, "after");
	expect_file(other_byte, "behind a shared mapping");
}

/* Write back, drop, and read again from disk. */
static void shared_write_ext4(void)
{
	shared_write_of(ON("ext4", 0));
	ksft_need(!munmap(slot(2), LEN), "munmap");
	make_cold();
	expect_file(other_byte, "on disk");
}

/* Writeback write-protects the page: the next write calls ->page_mkwrite. */
static void shared_write_ext4_again(void)
{
	char *p;

	shared_write_of(ON("ext4", 1));
	p = slot(2);
	ksft_need(!msync(p, LEN, MS_SYNC), "msync");
	write_pages(p, file_byte);
	ksft_need(!munmap(p, LEN), "munmap");
	make_cold();
	expect_file(file_byte, "on disk");
}

static void two_mappings_one_file(void)
{
	char *a, *b;

	use_file("tmpfs");
	a = map_file(2, RW, MAP_SHARED);
	b = map_file(3, PROT_READ, MAP_SHARED);
	write_pages(a, other_byte);
	expect_pages(b, PAGES, other_byte, "the other mapping");
}

/* ---- holes --------------------------------------------------------------- */

static void holes_of(const void *arg)
{
	char *p;

	slots_reserve();
	mount_type(arg);
	file = make_file("holes", LEN);
	expect_pages(map_file(2, PROT_READ, MAP_SHARED), PAGES, zero_byte,
		     "holes");
	p = map_file(3, RW, MAP_SHARED);
	write_pages(p, other_byte);
	expect_pages(slot(2), PAGES, other_byte, "filled");
	expect_file(other_byte, "filled");
}

static void tmpfs_hole_cow(void)
{
	char *p;

	slots_reserve();
	mount_type("tmpfs");
	file = make_file("holes", LEN);
	p = map_file(2, RW, MAP_PRIVATE);
	write_pages(p, other_byte);
	expect_pages(p, PAGES, other_byte, "copies");
	expect_file(zero_byte, "behind a private mapping");
}

/* ---- anonymous memory ---------------------------------------------------- */

static void anon_write(void)
{
	char *p;

	slots_reserve();
	p = map_anon(2, LEN, MAP_PRIVATE);
	write_pages(p, file_byte);
	expect_pages(p, PAGES, file_byte, "written");
}

static void anon_write_keeps_rest(void)
{
	char *p;
	int i;

	slots_reserve();
	p = map_anon(2, LEN, MAP_PRIVATE);
	for (i = 0; i < PAGES; i++)
		p[i * PAGE + 5] = 'x';
	for (i = 0; i < PAGES; i++) {
		ksft_check(p[i * PAGE + 5] == 'x', "page %d", i);
		p[i * PAGE + 5] = 0;
	}
	expect_pages(p, PAGES, zero_byte, "the rest");
}

static void anon_zero_page(void)
{
	char *p;

	slots_reserve();
	p = map_anon(2, LEN, MAP_PRIVATE);
	expect_pages(p, PAGES, zero_byte, "never written");
}

/* Writes replace the zero page; the pages not written stay zero. */
static void anon_write_after_read(void)
{
	char *p;
	int i;

	slots_reserve();
	p = map_anon(2, LEN, MAP_PRIVATE);
	expect_pages(p, PAGES, zero_byte, "never written");
	for (i = 0; i < PAGES; i += 2)
		fill_page(p + i * PAGE, file_byte(i));
	for (i = 0; i < PAGES; i++)
		ksft_check(filled(p + i * PAGE, i % 2 ? 0 : file_byte(i)),
			   "page %d", i);
}

static void anon_shared(void)
{
	char *p;

	slots_reserve();
	p = map_anon(2, LEN, MAP_SHARED);
	write_pages(p, file_byte);
	expect_pages(p, PAGES, file_byte, "written");
}

static void anon_huge(void)
{
	char *p;
	int i;

	slots_reserve();
	p = map_anon(2, 2 * SLOT, MAP_PRIVATE);
	if (madvise(p, 2 * SLOT, MADV_HUGEPAGE))
		ksft_case_skip("no transparent huge pages");
	for (i = 0; i < (int)(2 * SLOT / PAGE); i++) {
		ksft_check(filled(p + i * PAGE, 0), "fresh page %d", i);
		p[i * PAGE] = file_byte(i);
	}
	for (i = 0; i < (int)(2 * SLOT / PAGE); i++)
		ksft_check(p[i * PAGE] == file_byte(i), "page %d", i);
}

static void kernel_writes_anon(void)
{
	char *p;

	use_file("ramfs");
	p = map_anon(2, LEN, MAP_PRIVATE);
	ksft_check(pread(file, p, LEN, 0) == LEN, "read(2) into empty memory");
	expect_pages(p, PAGES, file_byte, "read");
}

static void stack_grows(void)
{
	struct rlimit limit;
	char *top, *p;

	ksft_need(!getrlimit(RLIMIT_STACK, &limit), "getrlimit");
	if (limit.rlim_max < 2 * SLOT)
		ksft_case_skip("no stack may be of two tables");
	limit.rlim_cur = limit.rlim_max;
	ksft_need(!setrlimit(RLIMIT_STACK, &limit), "setrlimit");
	slots_reserve();
	top = slot(8);
	ksft_need(!munmap(slot(2), top - slot(2)), "munmap");
	map_at(top - PAGE, PAGE, RW,
	       MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
	for (p = top - PAGE; p > top - SLOT - 16 * PAGE; p -= PAGE)
		p[7] = (uintptr_t)p >> 12;
	for (p = top - PAGE; p > top - SLOT - 16 * PAGE; p -= PAGE)
		ksft_check(p[7] == (char)((uintptr_t)p >> 12), "at %p", p);
}

/* ---- tables that are moved, copied, emptied ------------------------------ */

static void move(char *from, char *to)
{
	ksft_need(mremap(from, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
		  to, "mremap");
}

static void mremap_moves(void)
{
	char *p;

	use_file("ramfs");
	p = map_file(2, RW, MAP_PRIVATE);
	write_pages(p, other_byte);
	move(p, slot(3) + 5 * PAGE);
	expect_pages(slot(3) + 5 * PAGE, PAGES, other_byte, "moved");
}

/* There is no page to move: all faults happen at the new address. */
static void mremap_moves_empty(void)
{
	use_file("ramfs");
	map_file(2, RW, MAP_PRIVATE);
	move(slot(2), slot(3));
	expect_pages(slot(3), PAGES, file_byte, "moved");
	map_anon(4, LEN, MAP_PRIVATE);
	move(slot(4), slot(5));
	expect_pages(slot(5), PAGES, zero_byte, "moved");
	write_pages(slot(5), other_byte);
	expect_pages(slot(5), PAGES, other_byte, "written");
}

static void in_child(void (*fn)(char *), char *p)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid) {
		fn(p);
		_exit(KSFT_PASS);
	}
	ksft_need(waitpid(pid, &status, 0) == pid, "waitpid");
	ksft_check(WIFEXITED(status) && !WEXITSTATUS(status),
		   "child's status %#x", status);
}

static void child_private(char *p)
{
	expect_pages(p, PAGES, other_byte, "inherited");
	write_pages(p, file_byte);
	expect_pages(p, PAGES, file_byte, "child's own");
}

static void fork_private(void)
{
	char *p;

	slots_reserve();
	p = map_anon(2, LEN, MAP_PRIVATE);
	write_pages(p, other_byte);
	in_child(child_private, p);
	expect_pages(p, PAGES, other_byte, "parent's own");
}

static void child_shared(char *p)
{
	expect_pages(p, PAGES, file_byte, "inherited");
	write_pages(p, other_byte);
}

static void fork_shared(void)
{
	char *p;

	use_file("tmpfs");
	p = map_file(2, RW, MAP_SHARED);
	in_child(child_shared, p);
	expect_pages(p, PAGES, other_byte, "written by the child");
}

/* fork() copies no tables of a file: the child faults each page again. */
static void child_file(char *p)
{
	expect_pages(p, PAGES, file_byte, "file");
}

static void fork_file(void)
{
	char *p;

	use_file("ramfs");
	p = map_file(2, PROT_READ, MAP_PRIVATE);
	expect_pages(p, PAGES, file_byte, "file");
	in_child(child_file, p);
}

static void dontneed_of(char *p, char (*byte)(int))
{
	write_pages(p, other_byte);
	ksft_need(!madvise(p, LEN, MADV_DONTNEED), "madvise");
	expect_pages(p, PAGES, byte, "after MADV_DONTNEED");
}

static void dontneed(void)
{
	use_file("ramfs");
	dontneed_of(map_anon(2, LEN, MAP_PRIVATE), zero_byte);
	dontneed_of(map_file(3, RW, MAP_PRIVATE), file_byte);
	dontneed_of(map_file(4, RW, MAP_SHARED), other_byte);
}

/* Truncate and extend the file: what was cut is zero, in COWed pages, too. */
static void truncate_cuts(void)
{
	const int keep = PAGES / 3;
	char *shared, *copy;
	int i;

	use_file("ramfs");
	shared = map_file(2, PROT_READ, MAP_SHARED);
	copy = map_file(3, RW, MAP_PRIVATE);
	expect_pages(shared, PAGES, file_byte, "before");
	write_pages(copy, other_byte);
	ksft_need(!ftruncate(file, keep * PAGE), "ftruncate");
	expect_pages(shared, keep, file_byte, "what is left");
	for (i = keep; i < PAGES; i++)
		ksft_check(try_read(shared + i * PAGE) == SIGBUS &&
			   try_read(copy + i * PAGE) == SIGBUS,
			   "page %d is still there", i);
	ksft_need(!ftruncate(file, LEN), "ftruncate");
	for (i = keep; i < PAGES; i++)
		ksft_check(filled(shared + i * PAGE, 0) &&
			   filled(copy + i * PAGE, 0), "page %d", i);
	expect_pages(copy, keep, other_byte, "copies before the cut");
}

static void protection(void)
{
	char *p;

	use_file("ramfs");
	p = map_file(2, PROT_READ, MAP_SHARED);
	ksft_check(try_write(p, 1) == SIGSEGV, "a write to what is read-only");
	ksft_need(!mprotect(p, LEN, PROT_NONE), "mprotect");
	ksft_check(try_read(p) == SIGSEGV, "a read of what is PROT_NONE");
	ksft_need(!mprotect(p, LEN, RW), "mprotect");
	write_pages(p, other_byte);
	expect_file(other_byte, "written");
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(read_ramfs, read_of, "ramfs"),
	KSFT_CASE_WITH(read_tmpfs, read_of, "tmpfs"),
	KSFT_CASE_WITH(read_ext4, read_of, "ext4"),
	KSFT_CASE(read_ext4_cold),
	KSFT_CASE(read_ext4_read_ahead),
	KSFT_CASE(read_tail_page),
	KSFT_CASE(kernel_reads_mapping),
	KSFT_CASE_WITH(private_cow, private_cow_of, ON("ramfs", 0)),
	KSFT_CASE_WITH(private_cow_after_read, private_cow_of, ON("ramfs", 1)),
	KSFT_CASE_WITH(private_cow_tmpfs, private_cow_of, ON("tmpfs", 0)),
	KSFT_CASE(private_cow_cold),
	KSFT_CASE(private_cow_after_cold_read),
	KSFT_CASE(private_cow_keeps_rest),
	KSFT_CASE_WITH(shared_write_ramfs, shared_write_of, ON("ramfs", 0)),
	KSFT_CASE_WITH(shared_write_tmpfs, shared_write_of, ON("tmpfs", 0)),
	KSFT_CASE_WITH(shared_write_after_read, shared_write_of,
		       ON("ramfs", 1)),
	KSFT_CASE(shared_write_ext4),
	KSFT_CASE(shared_write_ext4_again),
	KSFT_CASE(two_mappings_one_file),
	KSFT_CASE_WITH(tmpfs_holes, holes_of, "tmpfs"),
	KSFT_CASE_WITH(ramfs_holes, holes_of, "ramfs"),
	KSFT_CASE_WITH(ext4_holes, holes_of, "ext4"),
	KSFT_CASE(tmpfs_hole_cow),
	KSFT_CASE(anon_write),
	KSFT_CASE(anon_write_keeps_rest),
	KSFT_CASE(anon_zero_page),
	KSFT_CASE(anon_write_after_read),
	KSFT_CASE(anon_shared),
	KSFT_CASE(anon_huge),
	KSFT_CASE(kernel_writes_anon),
	KSFT_CASE(stack_grows),
	KSFT_CASE(mremap_moves),
	KSFT_CASE(mremap_moves_empty),
	KSFT_CASE(fork_private),
	KSFT_CASE(fork_shared),
	KSFT_CASE(fork_file),
	KSFT_CASE(dontneed),
	KSFT_CASE(truncate_cuts),
	KSFT_CASE(protection),
};

int main(int argc, char **argv)
{
	ksft_before_case = thp_on;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
