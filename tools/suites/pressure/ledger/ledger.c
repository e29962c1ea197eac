// SPDX-License-Identifier: GPL-2.0
/*
 * ledger: who takes the pages below the min watermark, and who still has them.
 *
 * A page that is allocated while its zone has less than the watermark free is
 * booked to the call stack that allocated it, until it is freed. Reading the
 * debugfs files allocates no memory:
 *
 *   ledger/held	"FREE MIN PCP SITE:PAGES ...": free pages, the watermarks,
 *			pages on per-CPU lists, and for each site what it holds
 *   ledger/sites	"SITE TAKEN FUNCTION<FUNCTION<...", a line for each
 *
 * Site 0 is for all stacks that found no room. For kernels without NUMA.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>

#define SITES	4096
#define DEPTH	24
#define TEXT	(1 << 20)

struct ledger_site {
	unsigned long stack[DEPTH];
	unsigned int depth;
	u32 hash;
	unsigned long taken;	/* pages, ever */
	long held;		/* pages, now */
};

static struct ledger_site *sites;
static unsigned int nr_sites = 1;
static u16 *owner;		/* by pfn: the site, plus 1 */
static unsigned long nr_pfns;
static DEFINE_SPINLOCK(ledger_lock);
static struct dentry *ledger_dir;
static char *ledger_text;

/* --- booking ------------------------------------------------------------ */

static bool below_min(struct zone *zone)
{
	return zone_page_state(zone, NR_FREE_PAGES) < min_wmark_pages(zone);
}

static unsigned int site_of(const struct stack_trace *trace)
{
	size_t size = trace->nr_entries * sizeof(*trace->entries);
	u32 hash = jhash(trace->entries, size, trace->nr_entries);
	unsigned int i;

	for (i = 1; i < nr_sites; i++)
		if (sites[i].hash == hash &&
		    sites[i].depth == trace->nr_entries &&
		    !memcmp(sites[i].stack, trace->entries, size))
			return i;
	if (nr_sites == SITES)
		return 0;
	memcpy(sites[i].stack, trace->entries, size);
	sites[i].depth = trace->nr_entries;
	sites[i].hash = hash;
	return nr_sites++;
}

static void let_go(unsigned long pfn)
{
	if (pfn >= nr_pfns || !owner[pfn])
		return;
	sites[owner[pfn] - 1].held--;
	owner[pfn] = 0;
}

static void book(unsigned long pfn, unsigned int site)
{
	if (pfn >= nr_pfns)
		return;
	let_go(pfn);
	owner[pfn] = site + 1;
	sites[site].held++;
	sites[site].taken++;
}

static void probe_alloc(void *data, struct page *page, unsigned int order,
			gfp_t gfp, int migratetype)
{
	unsigned long entries[DEPTH];
	struct stack_trace trace = {
		.entries = entries, .max_entries = DEPTH,
	};
	unsigned long flags;
	unsigned int i, site;

	if (!page || !below_min(page_zone(page)))
		return;
	save_stack_trace(&trace);
	spin_lock_irqsave(&ledger_lock, flags);
	site = site_of(&trace);
	for (i = 0; i < 1U << order; i++)
		book(page_to_pfn(page) + i, site);
	spin_unlock_irqrestore(&ledger_lock, flags);
}

static void probe_free(void *data, struct page *page, unsigned int order)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&ledger_lock, flags);
	for (i = 0; i < 1U << order; i++)
		let_go(page_to_pfn(page) + i);
	spin_unlock_irqrestore(&ledger_lock, flags);
}

/* --- reporting ---------------------------------------------------------- */

#define for_each_zone_of_node_0(zone) \
	for (zone = NODE_DATA(0)->node_zones; \
	     zone < NODE_DATA(0)->node_zones + MAX_NR_ZONES; zone++) \
		if (populated_zone(zone))

static long on_pcp_lists(struct zone *zone)
{
	long nr = 0;
	int cpu;

	for_each_online_cpu(cpu)
		nr += per_cpu_ptr(zone->pageset, cpu)->pcp.count;
	return nr;
}

static size_t tell_held(void)
{
	unsigned long free = 0, min = 0, pcp = 0;
	struct zone *zone;
	unsigned int i;
	size_t n;

	for_each_zone_of_node_0(zone) {
		free += zone_page_state(zone, NR_FREE_PAGES);
		min += min_wmark_pages(zone);
		pcp += on_pcp_lists(zone);
	}
	n = scnprintf(ledger_text, TEXT, "%lu %lu %lu", free, min, pcp);
	for (i = 0; i < nr_sites; i++)
		if (sites[i].held)
			n += scnprintf(ledger_text + n, TEXT - n, " %u:%ld", i,
				       sites[i].held);
	return n + scnprintf(ledger_text + n, TEXT - n, "\n");
}

static size_t tell_site(size_t n, unsigned int i)
{
	unsigned int k;

	n += scnprintf(ledger_text + n, TEXT - n, "%u %lu ", i, sites[i].taken);
	for (k = 0; k < sites[i].depth; k++)
		if (sites[i].stack[k] != ULONG_MAX)
			n += scnprintf(ledger_text + n, TEXT - n, "%s%ps",
				       k ? "<" : "",
				       (void *)sites[i].stack[k]);
	return n + scnprintf(ledger_text + n, TEXT - n, "\n");
}

static size_t tell_sites(void)
{
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < nr_sites; i++)
		if (sites[i].taken)
			n = tell_site(n, i);
	return n;
}

/* Reports the state at the begin of a reading; one reader at a time. */
static ssize_t ledger_read(struct file *file, char __user *user, size_t size,
			   loff_t *pos)
{
	size_t (*tell)(void) = file->private_data;
	static size_t len;
	unsigned long flags;

	if (!*pos) {
		spin_lock_irqsave(&ledger_lock, flags);
		len = tell();
		spin_unlock_irqrestore(&ledger_lock, flags);
	}
	return simple_read_from_buffer(user, size, pos, ledger_text, len);
}

static const struct file_operations ledger_fops = {
	.owner		= THIS_MODULE,
	.open		= simple_open,
	.read		= ledger_read,
	.llseek		= default_llseek,
};

/* --- the module --------------------------------------------------------- */

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} probes[] = {
	{ "mm_page_alloc", probe_alloc },
	{ "mm_page_free", probe_free },
};

static void find(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(tp->name, probes[i].name))
			probes[i].tp = tp;
}

static void unwatch(int nr)
{
	while (nr--)
		tracepoint_probe_unregister(probes[nr].tp, probes[nr].probe,
					    NULL);
	tracepoint_synchronize_unregister();
}

static int watch(void)
{
	int i, err;

	for_each_kernel_tracepoint(find, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		err = probes[i].tp ? tracepoint_probe_register(probes[i].tp,
					probes[i].probe, NULL) : -ENOENT;
		if (err) {
			unwatch(i);
			return err;
		}
	}
	return 0;
}

static void put_memory(void)
{
	debugfs_remove_recursive(ledger_dir);
	vfree(sites);
	vfree(owner);
	vfree(ledger_text);
}

static int get_memory(void)
{
	nr_pfns = pgdat_end_pfn(NODE_DATA(0));
	sites = vzalloc(SITES * sizeof(*sites));
	owner = vzalloc(nr_pfns * sizeof(*owner));
	ledger_text = vmalloc(TEXT);
	ledger_dir = debugfs_create_dir("ledger", NULL);
	if (sites && owner && ledger_text && ledger_dir &&
	    debugfs_create_file("held", 0400, ledger_dir, tell_held,
				&ledger_fops) &&
	    debugfs_create_file("sites", 0400, ledger_dir, tell_sites,
				&ledger_fops))
		return 0;
	put_memory();
	return -ENOMEM;
}

static int __init ledger_init(void)
{
	int err = get_memory();

	if (err)
		return err;
	err = watch();
	if (err)
		put_memory();
	return err;
}
module_init(ledger_init);

static void __exit ledger_exit(void)
{
	unwatch(ARRAY_SIZE(probes));
	put_memory();
}
module_exit(ledger_exit);

MODULE_DESCRIPTION("Who takes the pages below the min watermark");
MODULE_LICENSE("GPL");
