/* SPDX-License-Identifier: GPL-2.0 */
/*
 * F7: pte_install() in mm/memory.c: a table is initialised before it is
 * visible. The stores of a CPU reach memory in any order, except for smp_wmb()
 * and the release in spin_unlock(); spin_lock() lets earlier stores pass, as in
 * the kernel's memory model. A lockless walk loads the PMD, then the table that
 * it points to: dependent loads stay in order.
 *
 * Checks: safety
 */
#define NONE	2

byte pmd = NONE;		/* which table */
bool zeroed[2];			/* memory */
bool lock;			/* page_table_lock */

/* __pte_alloc() or fault_map_pte(), of two tasks */
proctype Install(byte t)
{
	bool init_pending = true;	/* in the store buffer */
	bool pmd_pending;

#ifndef NO_WMB
	d_step { zeroed[t] = true; init_pending = false };	/* smp_wmb() */
#endif
	atomic { !lock -> lock = true };
	if
#ifdef NO_RECHECK
	:: true -> pmd_pending = true
#else
	:: pmd == NONE -> pmd_pending = true
#endif
	:: else
	fi;
	do
	:: init_pending -> d_step { zeroed[t] = true; init_pending = false }
	:: pmd_pending -> d_step { assert(pmd == NONE); pmd = t; pmd_pending = false }
	:: !init_pending && !pmd_pending -> break
	od;
	lock = false				/* spin_unlock() */
}

/* pmd_read_atomic() and pte_offset_map(), without a lock */
proctype Walk()
{
	byte t = NONE;

	t = pmd;
	if
	:: t != NONE -> assert(zeroed[t])
	:: else
	fi
}

init { atomic { run Install(0); run Install(1); run Walk() } }
