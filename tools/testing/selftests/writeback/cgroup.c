// SPDX-License-Identifier: GPL-2.0
/*
 * cgroup: what writeback and the block layer allocate for cgroups, each with a
 * fallback, must stay out of the memory reserves, and the fallback must work.
 */
#include "wb_util.h"

#define CG		"/tmp/wb.cgroup"
#define FILE_PATH	WB_MNT "/cgroup"
#define FILE_PAGES	64
#define ROUNDS		64
#define SEED		((uint64_t)getpid())

/* --- cgroups ------------------------------------------------------------ */

static const char *const groups[] = { CG "/wb_one", CG "/wb_two" };

static void cg_need(void)
{
	size_t i;

	wb_ext4_dev();		/* or skip, before anything is changed */
	wb_mount_cgroup2(CG);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		ksft_need(ksft_mkdir(groups[i]), "mkdir %s", groups[i]);
}

/* Run in a child, which joins the group first. A failing child ends us, too. */
static void cg_run(const char *group, void (*body)(void))
{
	char path[64];
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	ksft_need(pid >= 0, "fork");
	if (!pid) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", group);
		ksft_need(ksft_put(path, "0"), "joining %s", group);
		body();
		fflush(stdout);
		_exit(KSFT_PASS);
	}
	ksft_need(waitpid(pid, &status, 0) == pid && WIFEXITED(status),
		  "a child");
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

/* --- what was allocated where ------------------------------------------- */

static void trace_own(const char *event)
{
	char filter[64];

	snprintf(filter, sizeof(filter), "common_pid==%d", getpid());
	ksft_trace(event, filter);
}

/*
 * The flags of the first traced allocation in one of the functions: the
 * intended one, and those it may be inlined into.
 */
static const char *traced_flags(const char *const *sites)
{
	char *line, *save, *flags;
	char site[64];

	for (line = strtok_r(ksft_traced(), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *const *s = sites;

		for (; *s; s++) {
			snprintf(site, sizeof(site), "call_site=%s", *s);
			flags = strstr(line, "gfp_flags=");
			if (flags && strstr(line, site)) {
				flags[strcspn(flags, " ")] = 0;
				return flags;
			}
		}
	}
	return NULL;
}

static void check_flags(const char *flags)
{
	ksft_print_msg("%s\n", flags);
	ksft_check(!strstr(flags, "GFP_ATOMIC") && !strstr(flags, "__GFP_HIGH"),
		   "it may come out of the atomic reserve");
	ksft_check(strstr(flags, "__GFP_NOMEMALLOC"),
		   "a reclaiming task takes it past the watermarks");
	ksft_check(strstr(flags, "__GFP_NOWARN") || strstr(flags, "GFP_NOWAIT"),
		   "a failure that is expected is reported");
	ksft_check(strstr(flags, "GFP_NOWAIT") ||
		   strstr(flags, "__GFP_KSWAPD_RECLAIM"),
		   "kswapd is not woken when memory is short");
}

#define FAILURES	100000

/* From now on, fail slab allocations of this task that may not wait. */
static void fail_atomic(void)
{
	ksft_inject_init(KSFT_FAILSLAB);
	ksft_inject_set("ignore-gfp-wait", "Y");
	ksft_inject_fail(FAILURES);
	ksft_inject_on();
}

static void fail_no_more(void)
{
	ksft_inject_off();
	if (ksft_inject_left() == FAILURES)
		ksft_case_skip("failslab spares what may wake kswapd");
}

static const char *const *wanted_sites;

/* --- the first bio of a cgroup for a device ------------------------------- */

static const char *const blkg_sites[] = {
	"blkg_alloc", "blkg_create", "bio_associate_blkg_from_css", NULL
};

static char disk_page[WB_PAGE] __aligned(WB_PAGE);

static void read_disk(void)
{
	int fd = open(wb_ext4_dev(), O_RDONLY | O_DIRECT | O_CLOEXEC);

	ksft_need(fd >= 0, "opening %s", wb_ext4_dev());
	ksft_check(pread(fd, disk_page, WB_PAGE, 0) == (ssize_t)WB_PAGE,
		   "cannot read: errno %d", errno);
	close(fd);
}

/* The group's tree of blkgs allocates its nodes with its own mask. */
static const char *const node_sites[] = { "radix_tree_node_alloc", NULL };

static void read_traced(void)
{
	const char *flags;

	trace_own(wanted_sites == node_sites ? "kmem/kmem_cache_alloc" :
					       "kmem/kmalloc");
	read_disk();
	flags = traced_flags(wanted_sites);
	if (!flags)
		ksft_case_skip("%s: not seen to be allocated", wanted_sites[0]);
	check_flags(flags);
}

static void read_in_group(const void *arg)
{
	wanted_sites = arg;
	cg_run(groups[0], read_traced);
}

static void read_without_blkg(void)
{
	static char want[WB_PAGE];

	memcpy(want, disk_page, WB_PAGE);
	fail_atomic();
	read_disk();
	fail_no_more();
	ksft_check(!memcmp(want, disk_page, WB_PAGE), "other data");
}

static void read_without_blkg_of_its_own(void)
{
	read_disk();
	cg_run(groups[0], read_without_blkg);
}

/* --- an inode that another cgroup writes to ------------------------------- */

static const char *const switch_sites[] = {
	"inode_switch_wbs", "wbc_detach_inode", NULL
};

static const char *const new_wb_sites[] = {
	"cgwb_create", "wb_get_create", NULL
};

static void own_the_inode(void)
{
	int fd = wb_dirty(FILE_PATH, SEED, 1);

	ksft_need(!fsync(fd), "fsync");
	close(fd);
}

static void write_pages(int fd, int first, int nr)
{
	static char page[WB_PAGE];
	int i;

	for (i = first; i < first + nr; i++)
		ksft_need(pwrite(fd, page, WB_PAGE, i * WB_PAGE) ==
			  (ssize_t)WB_PAGE, "writing page %d", i);
}

/* All but the first page, which the owner has written. */
static void write_the_rest(int fd)
{
	write_pages(fd, 1, FILE_PAGES);
	ksft_check(!fsync(fd), "fsync: errno %d", errno);
}

static void trace_again(void)
{
	ksft_trace_afresh();
	trace_own("kmem/kmalloc");
}

/*
 * By now the writer has a wb of its group. The wb becomes stale when another
 * group accounts for its I/O: the next task that needs one creates a new wb.
 */
static void outdate_wb(void)
{
	static bool off;

	off = !off;
	ksft_need(ksft_put(CG "/cgroup.subtree_control",
				off ? "-io" : "+io"), "switching io %s",
		  off ? "off" : "on");
}

/* The kernel takes some rounds of writeback to decide on the switch. */
static void write_until_switched(void)
{
	int i, fd = open(FILE_PATH, O_RDWR | O_CLOEXEC);
	const char *flags = NULL;

	ksft_need(fd >= 0, "opening " FILE_PATH);
	for (i = 0; i < ROUNDS && !flags; i++) {
		write_pages(fd, 1, FILE_PAGES);
		if (wanted_sites == new_wb_sites)
			outdate_wb();
		trace_again();
		ksft_check(!fsync(fd), "fsync: errno %d", errno);
		flags = traced_flags(wanted_sites);
	}
	if (!flags)
		ksft_case_skip("no inode is seen to be switched");
	check_flags(flags);
}

static void switch_traced(const void *arg)
{
	wanted_sites = arg;
	wb_mount_ext4();
	cg_run(groups[0], own_the_inode);
	cg_run(groups[1], write_until_switched);
}

/* The inode is not switched, but must be written all the same. */
static void write_unswitched(void)
{
	int i, fd = open(FILE_PATH, O_RDWR | O_CLOEXEC);

	ksft_need(fd >= 0, "opening " FILE_PATH);
	fail_atomic();
	for (i = 0; i < ROUNDS / 4; i++)
		write_the_rest(fd);
	fail_no_more();
}

static void write_without_switch(void)
{
	wb_mount_ext4();
	cg_run(groups[0], own_the_inode);
	cg_run(groups[1], write_unswitched);
}

/* --- pages that the wb of another cgroup has to write --------------------- */

#define OTHER_PATH	WB_MNT "/other"

static const char *const foreign_sites[] = {
	"cgroup_writeback_by_id", "mem_cgroup_flush_foreign", NULL
};

static void own_another(void)
{
	int fd = wb_dirty(OTHER_PATH, SEED, 1);

	ksft_need(!fsync(fd), "fsync");
	close(fd);
}

/* Dirty pages of the other file, and more than is allowed of its own. */
static void write_beside_foreign(void)
{
	int i, fd, other = open(OTHER_PATH, O_RDWR | O_CLOEXEC);
	const char *flags = NULL;

	ksft_need(other >= 0, "opening " OTHER_PATH);
	own_the_inode();
	fd = open(FILE_PATH, O_RDWR | O_CLOEXEC);
	ksft_need(fd >= 0, "opening " FILE_PATH);
	wb_set(WB_VM "dirty_ratio", 0);
	for (i = 0; i < ROUNDS && !flags; i++) {
		trace_again();
		write_pages(other, 1 + i, 1);
		write_pages(fd, i * FILE_PAGES, FILE_PAGES);
		flags = traced_flags(foreign_sites);
	}
	if (!flags)
		ksft_case_skip("no foreign page is seen to be written");
	check_flags(flags);
}

static void foreign_gfp_flags(void)
{
	wb_mount_ext4();
	cg_run(groups[1], own_another);
	cg_run(groups[0], write_beside_foreign);
}

/* --- work that is split among the cgroups' wbs ---------------------------- */

static void dirty_pages(void)
{
	close(wb_dirty(FILE_PATH, getppid(), FILE_PAGES));
}

static const char *const split_sites[] = {
	"bdi_split_work_to_wbs", "sync_inodes_sb", NULL
};

static void split_gfp_flags(void)
{
	const char *flags;
	int fd;

	wb_mount_ext4();
	fd = wb_dirty(FILE_PATH, SEED, FILE_PAGES);
	trace_own("kmem/kmalloc");
	ksft_check(!syncfs(fd), "syncfs: errno %d", errno);
	flags = traced_flags(split_sites);
	if (!flags)
		ksft_case_skip("no item is seen to be allocated");
	check_flags(flags);
	close(fd);
}

static void syncfs_without_item(void)
{
	int fd;

	wb_mount_ext4();
	cg_run(groups[0], dirty_pages);
	fd = open(FILE_PATH, O_RDWR | O_CLOEXEC);
	ksft_need(fd >= 0, "opening " FILE_PATH);
	fail_atomic();
	ksft_check(!syncfs(fd), "syncfs: errno %d", errno);
	fail_no_more();
	ksft_check(wb_pages_on_disk(fd, wb_ext4_dev(), SEED) == FILE_PAGES,
		   "syncfs() came back before the data was on the disk");
	close(fd);
}

static const struct ksft_case cases[] = {
	KSFT_CASE_WITH(blkg_gfp_flags, read_in_group, blkg_sites),
	KSFT_CASE_WITH(blkg_node_gfp_flags, read_in_group, node_sites),
	KSFT_CASE(read_without_blkg_of_its_own),
	KSFT_CASE_WITH(switch_gfp_flags, switch_traced, switch_sites),
	KSFT_CASE_WITH(switch_wb_gfp_flags, switch_traced, new_wb_sites),
	KSFT_CASE(write_without_switch),
	KSFT_CASE(foreign_gfp_flags),
	KSFT_CASE(split_gfp_flags),
	KSFT_CASE(syncfs_without_item),
};

int main(int argc, char **argv)
{
	ksft_before_case = cg_need;
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
