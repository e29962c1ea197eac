# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# figures.sh: what "make bench", "pressure" and "apps" have measured. Sourced by base.

# The cases that break their limit, as in tools/suites/bench/show.awk
bench_broken() {
	awk -F '\t' '!/^#/ && ($6 == "no" || $13 ~ /[0-9]/ && $14 > $13 + 256)' "$build/bench/table.tsv" | wc -l
}

bench_status() {
	n=$(grep -cv '^#' "$build/bench/table.tsv") bad=$(bench_broken)
	if [ "$bad" -gt 0 ]; then
		status bench bad "$bad of $n over the limit" "make bench BASE=$BASE"
	elif [ "$n" -gt 0 ]; then
		status bench good "$n within limits" "make bench BASE=$BASE"
	else
		status bench none "no result" "make bench BASE=$BASE"
	fi
}

bench() {
	t=$build/bench/table.tsv
	[ -f "$t" ] || { status bench none "not run" "make bench BASE=$BASE"; return; }
	bench_status
	title "What a page fault costs"
	note "Instructions on the patched kernel over those on the control, $(when "$t"). Left of the line is cheaper."
	html -f "$here/bench.awk" "$t"
	for p in "$build/bench/table.svg" "$build/bench/table.png"; do
		[ -s "$p" ] || continue
		picture "$p" "Picture of make bench, $BASE"
		return
	done
}

# The compared kernels, the control first
pressure_kernels() {
	(cd "$build/pressure" && ls -- *.column 2>/dev/null) | sed 's/\.column$//' |
		grep -v '\.[0-9]*$' | sort | awk '$0 == "control" { print; next } { rest[++n] = $0 }
			END { for (i = 1; i <= n; i++) print rest[i] }'
}

pressure_ledger() { # KERNEL
	l=$build/pressure/$1.ledger
	[ -s "$l" ] || return 0
	{ printf 'pages\tpercent\tever taken\tby\n'; grep -v '^missing' "$l" | head -n 20; } |
		table "number number number text" | fold "Who took the pages on $(escaped "$1")"
}

# shellcheck disable=SC2046 # labels are words
pressure_table() {
	{
		pressure_kernels | paste -sd'\t' | sed "s/^/$(sed -n '1s/  .*//p' table | tr -cd 'A-Za-z0-9, ')	/"
		paste names $(pressure_kernels | sed 's/$/.column/')
	} >"$tmp/pressure"
	html -f "$here/pressure.awk" "$tmp/pressure"
	table "text number number number number number" <"$tmp/pressure"
}

pressure() {
	grep -qs keep-wb_start_writeback "$series/series" ||
		{ status pressure na "does not apply" ""; return; }
	[ -s "$build/pressure/table" ] ||
		{ status pressure none "not run" "make pressure BASE=$BASE"; return; }
	status pressure made "measured, not judged" "make pressure BASE=$BASE"
	title "Memory under pressure"
	note "Median of the runs, with their range in brackets, $(when "$build/pressure/table")."
	(cd "$build/pressure" && pressure_table)
	for k in $(pressure_kernels); do pressure_ledger "$k"; done
	[ ! -s "$build/pressure/pressure.png" ] ||
		picture "$build/pressure/pressure.png" "Picture of make pressure, $BASE"
}

# Count the missed bars, "no", and those that must not be missed, "NO"
apps_status() { # TABLE
	n=$(grep -cv '^#' "$1") missed=$(of "$1" 8 no) broken=$(of "$1" 8 NO)
	lost=$(grep -c . "$build/apps/lost" 2>/dev/null)
	if [ "${lost:-0}" -gt 0 ]; then
		status apps bad "$lost lost guests" "make apps BASE=$BASE"
	elif [ "$broken" -gt 0 ]; then
		status apps bad "$broken of $n figures over the limit" "make apps BASE=$BASE"
	else
		status apps made "$n figures, $missed miss a bar" "make apps BASE=$BASE"
	fi
}

apps() {
	t=$build/apps/table.tsv
	[ -f "$t" ] || { status apps none "not run" "make apps BASE=$BASE"; return; }
	apps_status "$t"
	title "Real programs"
	note "Instructions, pages and page tables of programs of Debian's, $(when "$t")."
	sed -e '1s/^# //' -e 's/	yes$/	good/' -e 's/	no$/	bad/' -e 's/	NO$/	bad/' "$t" |
		table "code code text number number number text verdict" | fold "$n figures"
	[ ! -s "$build/apps/table.svg" ] || picture "$build/apps/table.svg" "Picture of make apps, $BASE"
}
