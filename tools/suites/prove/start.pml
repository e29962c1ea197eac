/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of start requests until wb_shutdown(), as in patches/v4.6/0018-0022:
 * tasks call wb_start_writeback(), with or without memory for an item, another
 * task queues an item with wb_queue_work(), the flusher runs, also on the
 * rescuer, and the wb goes away.
 *
 * An atomic or d_step is what is done under wb->work_lock, or one access
 * without it; each says which. Memory is sequentially consistent here: see the
 * litmus tests for accesses without a lock. A rescuer runs at most once, and
 * each task calls once.
 *
 * Checks: safety ltl
 */
#define NS	2		/* tasks that call wb_start_writeback() */
#define ITEMS	3		/* theirs, and the one of wb_queue_work() */
#define NONE	ITEMS		/* NULL */

/* struct bdi_writeback */
bool registered = true;		/* WB_registered */
chan work_list = [ITEMS] of { byte };
byte start_work = NONE;
byte start_pages;
bool start_cyclic;

/* ->dwork: pending, running, and the runs that flush_delayed_work() awaits */
bool pending, running;
byte flush_left;

/* struct wb_writeback_work, from a slab: a freed one is allocated again */
bool used[ITEMS], is_start[ITEMS], cyclic[ITEMS];
byte nr_pages[ITEMS];

/* For the checks. A call is owed a start until one begins. */
bool owed[NS];
byte start_items, finished;

#define asks_cyclic(i)	(i != 1)
#define asks_pages(i)	(i + 1)
#define waits		(len(work_list) > 0 || start_pages > 0)

inline check()
{
	/* W3: one start request waits, as an item or in the wb */
	assert(start_items + (start_pages > 0) <= 1);
	/* W2: whatever waits has a flusher that will run */
	assert(!registered || pending || running || !waits)
}

inline kmalloc(w)
{
	w = 0;
	do
	:: used[w] -> w++
	:: else -> break
	od;
	used[w] = true
}

inline kfree(w)
{
	assert(used[w]);
	used[w] = false;
	nr_pages[w] = 0; is_start[w] = false; cyclic[w] = false
}

/* A request begins: it serves all calls so far that asked for no more. */
inline begin(pages, cycl)
{
	byte s;

	s = 0;
	do
	:: s < NS ->
		if
		:: pages >= asks_pages(s) && (!cycl || asks_cyclic(s)) ->
			owed[s] = false
		:: else
		fi;
		s++
	:: else -> break
	od;
	s = 0
}

/* under work_lock */
inline wb_keep_start(i)
{
	if
	:: !start_pages -> start_cyclic = true
	:: else
	fi;
	start_cyclic = start_cyclic && asks_cyclic(i);
	if
	:: asks_pages(i) > start_pages -> start_pages = asks_pages(i)
	:: else
	fi
}

/* __wb_merge_start_work(), under work_lock */
inline merge_start_work(i, merged)
{
	merged = (start_work != NONE || start_pages > 0);
	if
	:: start_work != NONE ->
		assert(used[start_work]);
#ifndef NOT_THE_LARGEST
		if
		:: asks_pages(i) > nr_pages[start_work] ->
			nr_pages[start_work] = asks_pages(i)
		:: else
		fi;
#endif
#ifndef CYCLIC_FOR_ALL
		cyclic[start_work] = cyclic[start_work] && asks_cyclic(i);
#endif
		owed[i] = true
	:: start_work == NONE && start_pages > 0 ->
		wb_keep_start(i);
		owed[i] = true
	:: else
	fi
}

/* __wb_queue_work(), under work_lock */
inline queue_work(w, queued)
{
	queued = registered;
	if
	:: registered ->
		work_list!w;
		pending = true		/* mod_delayed_work() */
	:: else
	fi
}

proctype Starter(byte i)
{
	byte work = NONE;
	bool done;

	/* wb_merge_start_work(): work_lock */
	d_step { merge_start_work(i, done); check() };
	if
	:: done -> goto out
	:: else
	fi;
	if
	:: d_step { kmalloc(work); nr_pages[work] = asks_pages(i);
		cyclic[work] = asks_cyclic(i); is_start[work] = true }
	:: /* no memory: wb_start_without_work(): work_lock */
		d_step {
#ifndef NO_SECOND_LOOK_KEPT
			merge_start_work(i, done);
#endif
			if
#ifdef KEEP_UNREGISTERED
			:: !done ->
#else
			:: !done && registered ->
#endif
				wb_keep_start(i);
				owed[i] = true;
#ifndef KEEP_NO_WAKE
				pending = true
#endif
			:: else
			fi;
			check()
		};
		goto out
	fi;
	/* wb_queue_start_work(): work_lock */
	d_step {
#ifndef NO_SECOND_LOOK_ITEM
		merge_start_work(i, done);
#endif
		if
		:: done -> done = false
		:: else ->
			queue_work(work, done);
			if
			:: done ->
				start_work = work;
				start_items++;
				owed[i] = true
			:: else
			fi
		fi;
		check()
	};
	d_step {
		if
#ifndef LEAK_REFUSED
		:: !done -> kfree(work)
#endif
		:: else
		fi;
		work = NONE
	};
out:	skip;
	d_step { finished++; done = false }
}

/* bdi_split_work_to_wbs(): an item in front of or behind the others */
proctype Queuer()
{
	byte work = NONE;
	bool queued;

	d_step { kmalloc(work) };
	/* wb_queue_work(): work_lock */
	d_step { queue_work(work, queued); check() };
	d_step {
		if
		:: !queued -> kfree(work)
		:: else
		fi;
		work = NONE; queued = false; finished++
	}
}

/* get_next_work_item(): work_lock; what is taken begins */
inline get_next_work_item(w)
{
	d_step {
		if
		:: len(work_list) > 0 ->
			work_list?w;
			assert(used[w]);
			if
			:: is_start[w] ->
				start_items--;
				begin(nr_pages[w], cyclic[w])
			:: else
			fi;
#ifndef START_WORK_STAYS
			if
			:: w == start_work -> start_work = NONE
			:: else
			fi
#endif
		:: else -> w = NONE
		fi;
		check()
	}
}

/* Background and periodic writeback: ends only for what waits */
inline check_background_flush()
{
	do
#ifdef NOT_FOR_KEPT
	:: len(work_list) == 0 -> skip
#else
	:: !waits -> skip
#endif
	:: true -> break
	od
}

inline wb_do_writeback()
{
	do
	:: get_next_work_item(work);
		if
		:: work == NONE -> break
		:: else -> d_step { kfree(work); work = NONE }
		fi
	od;
	/* wb_check_kept_start(): a look without a lock, then work_lock */
	if
	:: start_pages > 0 ->
		d_step {
			begin(start_pages, start_cyclic);
			start_pages = 0; start_cyclic = false; check()
		}
	:: else
	fi;
	check_background_flush()
}

/* wb_workfn() */
proctype Flusher()
{
	byte work = NONE, rescues;
	bool rescuer;

end:	do
	:: atomic { pending -> pending = false; running = true };
		if
		:: d_step { rescues < 1 -> rescuer = true; rescues++ }
		:: true
		fi;
		if
#ifdef RESCUER_AT_SHUTDOWN
		:: rescuer -> skip
#else
		:: rescuer && registered -> skip	/* no lock */
#endif
		:: else ->
			do
			:: wb_do_writeback();
				if
				:: len(work_list) > 0	/* no lock */
				:: else -> break
				fi
			od
		fi;
		/* its end: a look without a lock, then wb_wakeup(): work_lock */
		if
#ifdef FORGET_KEPT
		:: len(work_list) > 0 ->
#else
		:: waits ->
#endif
			d_step { pending = pending || registered }
		:: else
		fi;
		d_step {
			running = false; rescuer = false;
			flush_left = (flush_left > 0 -> flush_left - 1 : 0);
			check()
		}
	od
}

/* wb_shutdown(): work_lock, and two steps without it */
proctype Shutdown()
{
	d_step { registered = false; check() };
	pending = true;
#ifndef NO_FLUSH
	/* flush_delayed_work(): for those that are queued by now */
	d_step { flush_left = pending + running };
	flush_left == 0;
#endif
	assert(len(work_list) == 0);
	assert(start_work == NONE && start_pages == 0);
	assert(!pending);	/* wb_exit() */
	finished++
}

#define ALL	(NS + 2)

init {
	byte n;

	atomic {
		do
		:: n < NS -> run Starter(n); n++
		:: else -> break
		od;
		run Queuer(); run Flusher(); run Shutdown(); n = 0
	};
	finished == ALL && !pending && !running;
	d_step {
		do
		:: n < ITEMS -> assert(!used[n]); n++
		:: else -> break
		od;
		n = 0;
		do
		:: n < NS -> assert(!owed[n]); n++
		:: else -> break
		od
	}
}

/* Each request begins, and not only because the wb goes away. */
ltl begun { [] ((owed[0] -> <> !owed[0]) && (owed[1] -> <> !owed[1])) }
