#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# figures.t: README and the cover letters quote the benchmark as patches/<base>/bench
# has it, the table that "make bench" left last.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1
plan $((2 * $(ls patches/*/bench | wc -l) + 6))

# differ TEXT BENCH...: the lines of TEXT that no BENCH has so: a case and its
# figures, or "none of N cases is above R"
differ() {
	text=$1
	shift
	tr '\n' '\t' <"$text" | sed 's/\([a-z]\)\t\([a-z0-9]\)/\1 \2/g; s/of\t/of /g' | tr '\t' '\n' |
		awk -f "$top/tools/t/figures.awk" "$@" -
}

for b in patches/*/bench; do
	base=$(basename "${b%/bench}")
	differ "patches/$base/0000-cover-letter" "$b" >"$out"
	[ ! -s "$out" ]; ok $? "$base: its cover letter quotes what was measured" || diag
	awk -F '\t' '!/^#/ && $6 != "yes"' "$b" >"$out"
	[ ! -s "$out" ]; ok $? "$base: each case keeps its limit" || diag
done
differ README patches/*/bench >"$out"
[ ! -s "$out" ]; ok $? "so does README" || diag

# --- README's other figures are those of the letters, word for word
check "the page tables of a child" sh -c "
	grep -q '2092 kB on the control, 40 kB patched' README && grep -q 'VmPTE.*2092 kB.*40 kB' patches/v6.12/0000-cover-letter"
check "the reserves" sh -c "
	grep -q 'of 1432: 688 on the control, 1404 patched' README &&
	grep -q 'least free pages  *688 .* 1404 ' patches/v4.6/0000-cover-letter"

# --- and another figure is seen
letter=patches/v4.6/0000-cover-letter
wrong() { sed "$1" $letter >"$tmp/letter"; differ "$tmp/letter" patches/v4.6/bench >"$out"; [ -s "$out" ]; ok $? "$2"; }
wrong 's/^\( *warm_read_table .*\)[0-9]\( *[0-9]* *[0-9.]* *[0-9]* *[0-9]*\)$/\17\2/' "a figure that differs"
wrong 's/none of [0-9]* cases/none of 7 cases/' "a number of cases that does"
wrong '/none of/d' "and one that is missing"
