/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One PMD, as in mm/memory.c after patches/v4.6/0001-0015: two faults on one
 * page, a huge fault, MADV_DONTNEED, khugepaged, fork.
 *
 * An atomic or d_step is what is done under a lock, or one access without it;
 * each says which. A fault is of a file or anonymous, and meets huge pages
 * either way, as in a mapping where ->map_pages or ->pmd_fault maps some. A
 * huge PMD has a table deposited. A fault whose page is truncated, or locked by
 * another task, ends here; its retry is one more fault. Memory is sequentially
 * consistent here: for the order of accesses see publish.pml.
 *
 * F9: without cycles no fault retries forever, and "done" says that it has seen
 * the winner's mapping.
 *
 * Checks: safety cycles
 */
#define FAULTS	2
#define TABLES	6
#define NONE	TABLES		/* no table */

mtype = { none, table, huge };

mtype pmd = none;
byte pmd_table = NONE;		/* in the PMD, or deposited with a huge one */
byte nr_ptes;
bool used[TABLES], pte[TABLES];	/* the one PTE that is faulted on */
bool was_used[TABLES];		/* something was mapped in it */

byte readers;			/* mmap_sem */
bool writer;
bool page_locked;
byte finished;

#define has(t)	(pmd == table && pmd_table == t)

inline down_read()
{
	atomic { !writer -> readers++ }
}

inline down_write()
{
	atomic { !writer && readers == 0 -> writer = true }
}

inline pte_alloc_one(t)
{
	t = 0;
	do
	:: used[t] -> t++
	:: else -> break
	od;
	used[t] = true
}

inline pte_free(t)
{
	assert(used[t] && !(pmd != none && pmd_table == t));
	used[t] = false; pte[t] = false; was_used[t] = false;
	t = NONE
}

inline populate(kind, t)
{
	pmd = kind;
	pmd_table = t;
	nr_ptes++
}

/* pte_install(): pmd_lock */
inline pte_install()
{
	d_step {
		if
#ifdef NO_RECHECK
		:: true ->
#else
		:: pmd == none ->
#endif
			populate(table, new);
			ours = new;
#ifdef NOT_COUNTED
			nr_ptes--;
#endif
#ifndef FREE_INSTALLED
			new = NONE
#endif
		:: else
		fi
	}
}

/* pmd_got_table(): one look without a lock */
inline pmd_got_table()
{
#ifdef LOOK_TWICE
	got = (pmd != none);
	got = (got && pmd != huge)
#else
	got = (pmd == table)
#endif
}

/* do_set_pte() and the like: the pte lock, which is found through the PMD */
inline set_pte()
{
	d_step {
		assert(pmd == table && used[pmd_table]);
		if
#ifdef OVERWRITE
		:: true ->
#else
		:: !pte[pmd_table] ->
#endif
			assert(!pte[pmd_table]);
			pte[pmd_table] = true;
			was_used[pmd_table] = true
		:: else
		fi;
		done = true; got = false
	}
}

/* fault_alloc_table(), and what follows in do_anonymous_page() */
inline anonymous()
{
	if
	:: no_table && pmd == none ->		/* no lock */
		if
		:: d_step { pte_alloc_one(new) }
		:: goto failed			/* VM_FAULT_OOM */
		fi;
		pte_install();
		if
		:: new == NONE -> got = true
		:: else ->
			d_step { pte_free(new) };
			pmd_got_table()
		fi
	:: no_table && pmd != none -> pmd_got_table()
	:: else -> got = true
	fi;
	if
	:: got -> set_pte()
	:: else					/* VM_FAULT_NOPAGE */
	fi
}

/* fault_set_pte() or fault_map_pte(); page_locked, or rcu_read_lock() */
inline fault_set_pte()
{
	got = true;
	if
	:: no_table && new != NONE -> pte_install(); got = (new == NONE)
	:: no_table && new == NONE -> got = false
	:: else
	fi;
#ifdef LOOK_ONCE
	got = true;
#endif
	if
	:: !got -> pmd_got_table()
	:: else
	fi;
	if
	:: got -> set_pte()
	:: else
	fi;
	d_step {
		if
#ifdef LEAK_LOST
		:: new != NONE -> new = NONE
#else
		:: new != NONE -> pte_free(new)
#endif
		:: else
		fi
	}
}

/* do_fault_around(): fault_prealloc_pte(), then filemap_map_pages() */
inline fault_around()
{
	if
	:: no_table && pmd == none ->
		if
		:: d_step { pte_alloc_one(new) };
			if
			:: fault_set_pte()
			:: d_step { pte_free(new) } /* the pages are gone */
			fi
		:: true				/* no memory: do without */
		fi
	:: else -> fault_set_pte()
	fi
}

/* ->fault, fault_prealloc_unlocked(), fault_set_pte() */
inline do_fault()
{
#ifdef EARLY_TABLE
	d_step { pte_alloc_one(new) };
	pte_install();
	d_step { if :: new != NONE -> pte_free(new) :: else fi };
#endif
	assert(new == NONE);			/* F3: it sleeps here */
	if
	:: atomic { !page_locked -> page_locked = true }
	:: goto failed				/* VM_FAULT_SIGBUS */
	fi;
	if
	:: no_table && pmd == none ->		/* no lock */
		page_locked = false;
		if
		:: d_step { pte_alloc_one(new) }
		:: goto failed			/* VM_FAULT_OOM */
		fi;
		if
		:: atomic { !page_locked -> page_locked = true };
			if
			:: fault_set_pte()
			:: d_step { pte_free(new); done = true }	/* truncated */
			fi;
			page_locked = false
		:: d_step { page_locked -> done = true;
#ifdef RETRY_KEEPS
				new = NONE
#else
				pte_free(new)	/* fault_lock_page(): RETRY */
#endif
			}
		fi
	:: else -> fault_set_pte(); page_locked = false
	fi
}

proctype Fault()
{
	byte new = NONE, ours = NONE;
	bool no_table, got, done;

again:	down_read();
	/* __handle_mm_fault(): the one look at the PMD, without a lock */
#ifdef STALE_LOOK
	no_table = true;
#else
	d_step { no_table = (pmd == none); done = (pmd == huge); got = false };
#endif
	if
	:: done -> goto out			/* huge_pmd_set_accessed() */
	:: else
	fi;
	if
	:: !no_table ->				/* handle_pte_fault() */
		d_step { assert(pmd == table); done = pte[pmd_table] };
		if
		:: done -> goto out
		:: else
		fi
	:: else
	fi;
	if
	:: true -> anonymous()
	:: true -> do_fault()
	:: true -> fault_around();
		if
		:: done
		:: !done && pmd == huge -> done = true	/* no lock */
		:: else -> do_fault()
		fi
	fi;
	goto out;
failed:	done = true;				/* SIGBUS, or out of memory */
out:	skip;
	d_step {
		assert(new == NONE);
		/* F2: a table from here has had something mapped in it */
		assert(ours == NONE || !has(ours) || was_used[ours]);
		ours = NONE; no_table = false; got = false; readers--
	};
	if
	:: done -> finished++
	:: else -> goto again			/* the task faults again */
	fi
}

/* __do_huge_pmd_anonymous_page() */
proctype Huge_fault()
{
	byte new = NONE;

	down_read();
	if
	:: pmd == none ->			/* no lock */
		d_step { pte_alloc_one(new) };
		d_step {			/* pmd_lock */
			if
#ifdef HUGE_NO_RECHECK
			:: true ->
#else
			:: pmd == none ->
#endif
				populate(huge, new); new = NONE
			:: else -> pte_free(new)
			fi
		}
	:: else
	fi;
	d_step { readers--; finished++ }
}

/* MADV_DONTNEED: zap_pmd_range() */
proctype Dontneed()
{
	byte t = NONE;

	down_read();
	if
	:: pmd == huge ->			/* no lock */
		if
		:: d_step {			/* zap_huge_pmd(): pmd_lock */
			if
			:: pmd == huge ->
				t = pmd_table;
				pmd = none; pmd_table = NONE; nr_ptes--;
				pte_free(t)
			:: else
			fi }
		:: d_step {			/* split_huge_pmd(): pmd_lock */
			if
			:: pmd == huge ->
				pmd = table;
				pte[pmd_table] = true; was_used[pmd_table] = true
			:: else
			fi }
		fi
	:: else
	fi;
	if
	:: pmd == table ->			/* one look without a lock */
		d_step {			/* zap_pte_range(): pte lock */
			assert(pmd == table);
			pte[pmd_table] = false
		}
	:: else
	fi;
	d_step { readers--; finished++ }
}

/* collapse_huge_page() */
inline collapse()
{
	if
	:: pmd == table ->			/* mm_find_pmd() */
		/* pmdp_collapse_flush(): pmd_lock */
		d_step { t = pmd_table; pmd = none; pmd_table = NONE };
		if
		:: pte[t] ->			/* isolated: pte lock */
			pte[t] = false;
			/* pmd_lock; the table is deposited */
			d_step { assert(pmd == none); pmd = huge; pmd_table = t }
		:: true ->			/* not: pmd_lock, as it was */
			d_step { assert(pmd == none); pmd = table; pmd_table = t }
		fi;
		t = NONE
	:: else
	fi
}

/* fork(): copy_huge_pmd() and copy_pte_range(); the child exits at once */
inline copy()
{
	seen = pmd;				/* no lock */
	if
	:: seen != none ->
		d_step { pte_alloc_one(t) };
		d_step { assert(pmd == seen); pte_free(t) }
	:: else
	fi;
	seen = none
}

/* khugepaged, then fork(), serialised by mmap_sem */
proctype Writer()
{
	byte t = NONE;
	mtype seen = none;

#ifdef COLLAPSE_READS
	down_read(); collapse(); readers--;
#else
	down_write(); collapse(); writer = false;
#endif
	down_write(); copy();
	d_step { writer = false; finished++ }
}

#define ALL	(FAULTS + 3)

init {
	byte n;

	atomic {
		do
		:: n < FAULTS -> run Fault(); n++
		:: else -> break
		od;
		run Huge_fault(); run Dontneed(); run Writer(); n = 0
	};
	finished == ALL;
	d_step {
		assert(readers == 0 && !writer && !page_locked);
		/* F6, F8: no table but the one that is there, and it is counted */
		assert(nr_ptes == (pmd != none));
		do
		:: n < TABLES -> assert(used[n] == (pmd != none && pmd_table == n)); n++
		:: else -> break
		od
	}
}
