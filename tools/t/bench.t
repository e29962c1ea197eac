#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bench.t: the verdict over a table of the benchmark.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 7

# table RATIO KEPT LOCKED_CONTROL LOCKED_PATCHED
table() { printf 'shared_write\t2045\t2050\t%s\t<=1.005\t%s\t0\t0\t1\t1\t1\t1\t%s\t%s\n' "$@" >"$tmp/table"; }
show() { run awk -f "$top/tools/suites/bench/show.awk" "$tmp/table"; }

table 1.0024 yes 271 318
show
expect 0 "F12 holds: each of 1 cases" "a page that is locked a little longer is no fault"
table 1.0080 no 271 318
show
expect 1 "shared_write 1.0080, must be <=1.005" "a limit that is broken is named"
table 1.0024 yes 271 1330
show
expect 1 "shared_write 1330, on the control 271" "so is a table that is cleared with the page locked"
table 1.0024 yes - -
show
expect 0 "F12 holds" "without a plugin nothing is said of it"
: >"$tmp/table"
show
expect 2 "" "no case is no result"

# --- by function ---------------------------------------------------------------

printf '# case\tmedian\none\t100\n# two: not on this kernel\nthree\t50\n# complete\n' >"$tmp/c.tsv"
printf '# case\tmedian\none\t97\nthree\t50\n# complete\n' >"$tmp/p.tsv"
printf '1\tuser\t10\n1\thandle_mm_fault\t80\n1\tgone\t10\n3\tuser\t50\n' >"$tmp/c.where"
printf '1\tuser\t10\n1\thandle_mm_fault\t70\n1\tnew\t17\n2\tuser\t50\n' >"$tmp/p.where"
run awk -f "$top/tools/suites/bench/where.awk" "$tmp/c.tsv" "$tmp/c.where" "$tmp/p.tsv" "$tmp/p.where"
expect 0 '^three: 50 -> 50 \(\+0\)$' "a case that one kernel does not have shifts no other"
cat >"$tmp/want" <<-END
	one: 100 -> 97 (-3)
	     +17  new
	     -10  handle_mm_fault
	     -10  gone
	three: 50 -> 50 (+0)
END
cp "$out" "$tmp/got"
run diff "$tmp/want" "$tmp/got"
ok $rc "what each function has more or less adds up to the difference"
