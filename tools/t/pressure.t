#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# pressure.t: what is made of the ledger kept by a guest.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 13

p=$top/tools/suites/pressure
log=$tmp/log
told() { # stdin has lines of the guest
	cat >"$log"
	run awk -v out="$tmp/x" -f "$p/ledger/ledger.awk" "$p/ledger/allocators.list" "$log"
}
table() { cut -f "$1" "$tmp/x.ledger" | paste -sd' '; }
is() { # WHAT DESCRIPTION COMMAND...
	want=$1 desc=$2
	shift 2
	got=$("$@")
	[ "$got" = "$want" ]
	ok $? "$desc" || echo "# $got"
}

told <<'END'
P 1.0 5000 1000 0 0 0 0 0
H 1.0 5000 1000 3
P 2.0 950 1000 0 0 0 0 0
H 2.0 950 1000 20 1:40
P 3.0 880 1000 0 0 0 0 0
H 3.0 880 1000 20 1:70 2:30 3:10
P 4.0 940 1000 0 0 0 0 0
H 4.0 940 1000 20 1:50
L begin
1 75 save_stack_trace<probe_alloc [ledger]<__alloc_pages_nodemask<new_slab<___slab_alloc.constprop.0<__slab_alloc.isra.4<kmem_cache_alloc<wb_start<wakeup<do_try<try_to_free_pages<x
2 30 probe_alloc [ledger]<__alloc_pages_nodemask<mempool_alloc_pages<mempool_alloc<bio_alloc_bioset<submit [xfs]<kswapd<kthread
3 11 probe_alloc [ledger]<__alloc_pages_nodemask<wb_start<wakeup<do_try<try_to_free_pages<y
L end
P end
END
is "80 30 20 missing" "of the moment of the least free pages, the largest first" table 1
is "61.5 23.1 15.4 120" "shares of all that is held" table 2
is "86 30 0 named" "what was ever taken, by the same name together" table 3
check "who took it is who called the allocators" grep -q 'wb_start < wakeup < do_try, direct reclaim$' "$tmp/x.ledger"
check "a mempool is seen, and kswapd; a module is no part of a name" \
	grep -q 'mempool_alloc < bio_alloc_bioset < submit, kswapd$' "$tmp/x.ledger"
check "and what no one has" grep -q '(per-CPU lists)$' "$tmp/x.ledger"
is 100 "all is named" sh -c "sed -n 's/.*named	//p' '$tmp/x.ledger'"
is "0.0 1.0 2.0" "over time, from when memory is low" sh -c "cut -f1 '$tmp/x.takers' | sed 1d | paste -sd' '"
is "40 80 50" "pages of the largest" sh -c "cut -f2 '$tmp/x.takers' | sed 1d | paste -sd' '"

told <<'END'
H 1.0 900 1000 0 0:60 1:40
L begin
0 60 probe_alloc [ledger]
1 40 probe_alloc [ledger]<__alloc_pages_nodemask<a<b<c
L end
END
is 40 "a stack for which there was no room is not named" sh -c "sed -n 's/.*named	//p' '$tmp/x.ledger'"
check "and says so" grep -q 'not recorded$' "$tmp/x.ledger"
told <<'END'
P 1.0 5000 1000 0 0 0 0 0
END
expect 0 '' "a guest without a ledger"
ok "$([ -e "$tmp/x.ledger" ] && [ ! -s "$tmp/x.ledger" ]; echo $?)" "has an empty table"
