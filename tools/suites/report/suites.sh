# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# suites.sh: the results of the other targets for a base. Sourced by base.

# MUTANT, verdict, caught by what. Those of one architecture only if they were run
mutant_rows() {
	for m in "$series"/mutants/*.patch "$series"/mutants/*/*.patch; do
		[ -f "$m" ] || continue
		r=$build/mutants/$(basename "$m" .patch).result
		m=${m#"$series/mutants/"} m=${m%.patch}
		[ -s "$r" ] || [ "${m%/*}" = "$m" ] || continue
		if [ -s "$r" ]; then
			printf '%s\t%s\t%s\n' "$m" "$(cat "$r")" "$(when "$r")"
		else
			printf '%s\tnone\t\t\n' "$m"
		fi
	done
}

of() { awk -F '\t' -v c="$2" -v want="$3" '$c == want { n++ } END { print n + 0 }' "$1"; }

share() { echo "$(of "$1" "$2" good) of $(wc -l <"$1")"; }

# The status of a table with a column of verdicts: good|bad|part|none
table_status() { # WHAT FILE COLUMN COMMAND
	all=$(wc -l <"$2") good=$(of "$2" "$3" good) bad=$(of "$2" "$3" bad)
	if [ "$bad" -gt 0 ]; then
		status "$1" bad "$bad of $all not as expected" "$4"
	elif [ "$good" -lt "$all" ]; then
		[ "$good" -gt 0 ] && status "$1" part "$good of $all run" "$4" ||
			status "$1" none "not run" "$4"
	else
		status "$1" good "$good of $all" "$4"
	fi
}

mutants() {
	mutant_rows >"$tmp/mutants"
	[ -s "$tmp/mutants" ] || return 0
	table_status mutants "$tmp/mutants" 2 "make mutants BASE=$BASE"
	[ "$(of "$tmp/mutants" 2 none)" -lt "$(wc -l <"$tmp/mutants")" ] || return 0
	title "Known bugs, put back"
	note "Each must be caught, by the test that its patch names."
	{ printf 'mutant\tresult\tcaught by\twhen\n'; sort -t'	' -k2,2 -s "$tmp/mutants"; } |
		table "code verdict:caught:missed code text" |
		fold "$(share "$tmp/mutants" 2) caught"
	[ ! -s "$series/mutants/equivalent" ] ||
		lines_of "$series/mutants/equivalent" | pre | fold "Bugs that no test can catch, and why"
}

# FLAVOUR-SMP, verdict
matrix_rows() {
	{ lines_of "$top/tools/suites/matrix.list"; lines_of "$series/matrix.list"; } |
	while read -r flavour smp _; do
		rows=$build/matrix/$flavour-$smp/judged/rows
		verdict=good
		[ -s "$rows" ] || verdict=none
		! grep -qs '^bad' "$rows" || verdict=bad
		printf '%s\t%s\n' "$flavour-$smp" "$verdict"
	done
}

matrix() {
	matrix_rows >"$tmp/matrix"
	table_status matrix "$tmp/matrix" 2 "make matrix BASE=$BASE"
	matrix_runs >"$tmp/matrix.runs"
	[ -s "$tmp/matrix.runs" ] || return 0
	title "Other kernels and machines"
	guests silent <"$tmp/matrix.runs" >"$tmp/guests"
	html -v legend=no -f "$here/runs.awk" "$tmp/guests"
	failures <"$tmp/matrix.runs"
	awk -F '\t' '$2 == "none" { print $1 }' "$tmp/matrix" | paste -sd' ' >"$tmp/rest"
	[ -z "$(cat "$tmp/rest")" ] || note "Not run: $(cat "$tmp/rest")."
}

# ARCH, verdict, and the figures of make archs
arch_rows() {
	lines_of "$series/archs" | while read -r a _; do
		cat "$build/archs/$a.row" 2>/dev/null || printf '%s\tnone\n' "$a"
	done
}

archs() {
	arch_rows >"$tmp/archs"
	[ -s "$tmp/archs" ] || return 0
	table_status archs "$tmp/archs" 2 "make archs BASE=$BASE"
	[ "$(of "$tmp/archs" 2 none)" -lt "$(wc -l <"$tmp/archs")" ] || return 0
	title "Architectures"
	note "Cases of the patched guest. Seconds, emulated: of the build of both kernels, to the guest's first program, and of the guest."
	{ printf 'architecture\tresult\tbuild\tboot\tguest\tas expected\texpected to fail\tskipped\tfailed\n'; cat "$tmp/archs"; } |
		table "code verdict number number number number number number number"
}

# RUN.VARIANT, verdict, cases that failed
flake_rows() {
	for d in "$build"/flakes/[0-9]*.*/; do
		[ -s "$d/status" ] || continue
		[ "$(cat "$d/status")" = 0 ] && verdict=good || verdict=bad
		printf '%s\t%s\t%s\n' "$(basename "$d")" "$verdict" \
			"$(awk -F '\t' '$1 == "bad" { print $4 " " $5 }' "$d/rows" | paste -sd, | sed 's/,/, /g')"
	done | sort -V
}

flakes() {
	flake_rows >"$tmp/flakes"
	[ -s "$tmp/flakes" ] || { status flakes none "not run" "make flakes BASE=$BASE"; return; }
	table_status flakes "$tmp/flakes" 2 "make flakes BASE=$BASE"
	title "The same many times, beside a compiler"
	{ printf 'run\tresult\tfailed\n'; cat "$tmp/flakes"; } | table "code verdict text" |
		fold "$(share "$tmp/flakes" 2) as expected"
}

# PREFIX, patch, verdict, new cases that pass, lost, new warnings
bisect_rows() {
	{ echo base; lines_of "$series/series"; } | awk '{ print NR - 1 "\t" $0 }' |
	while IFS='	' read -r i patch; do
		b=$build/bisect
		printf '%s\t%s\t%s' "$i" "$patch" "$(cat "$b/result.$i" 2>/dev/null || echo none)"
		for f in passing lost new-warnings; do
			printf '\t%s' "$([ ! -f "$b/$f.$i" ] || wc -l <"$b/$f.$i")"
		done
		echo
	done
}

bisect() {
	bisect_rows >"$tmp/bisect"
	table_status bisect-check "$tmp/bisect" 3 "make bisect-check BASE=$BASE"
	[ -d "$build/bisect" ] || return 0
	title "Every prefix of the series"
	{ printf 'n\tpatch\tresult\tnew cases pass\tlost\tnew warnings\n'; cat "$tmp/bisect"; } |
		table "number code verdict number number number" | fold "$(share "$tmp/bisect" 3) prefixes as expected"
}

# PROGRAM, verdict: the same on both kernels?
mm_rows() {
	for f in "$build"/mm-selftests/control/said/*; do
		[ -f "$f" ] || continue
		verdict=good
		cmp -s "$f" "$build/mm-selftests/patched/said/${f##*/}" || verdict=bad
		printf '%s\t%s\t%s\n' "${f##*/}" "$verdict" "$(sed -n 's/^## status //p' "$f")"
	done
	for f in control/lost patched/lost; do
		[ ! -s "$build/mm-selftests/$f" ] || printf '%s\tbad\tlost guest\n' "${f%/*}"
	done
	cmp -s "$build/mm-selftests/control/scan" "$build/mm-selftests/patched/scan" ||
		printf 'kernel log\tbad\tdiffers\n'
}

mm_selftests() {
	[ -f "$series/mm-selftests" ] || { status mm-selftests na "does not apply" ""; return; }
	[ -d "$build/mm-selftests/patched/said" ] ||
		{ status mm-selftests none "not run" "make mm-selftests BASE=$BASE"; return; }
	mm_rows >"$tmp/mm"
	table_status mm-selftests "$tmp/mm" 2 "make mm-selftests BASE=$BASE"
	title "The kernel's own mm selftests"
	{ printf 'program\tcontrol and patched the same\tstatus on the control\n'; cat "$tmp/mm"; } |
		table "code verdict:same:different text" |
		fold "$(share "$tmp/mm" 2) the same on both kernels"
}

# Lines of TAP as rows
harmless() {
	cat "$build"/harmless/tap/*.tap 2>/dev/null | "$here/plain" |
		sed -nE 's/^ok [0-9]* *-? *(.*)/\1	good/p; s/^not ok [0-9]* *-? *(.*)/\1	bad/p' >"$tmp/harmless"
	[ -s "$tmp/harmless" ] || { status harmless none "not run" "make harmless BASE=$BASE"; return; }
	table_status harmless "$tmp/harmless" 2 "make harmless BASE=$BASE"
	title "Harmless on somebody's machine"
	{ printf 'what\tresult\n'; sort -t'	' -k2,2 -s "$tmp/harmless"; } | table "text verdict" |
		fold "$(share "$tmp/harmless" 2) as they must be"
}

proofs() {
	sed -nE 's/^(proved|fails, as it must:) .*/&	good/p; s/^FAILS .*/&	bad/p; s/^skipped: .*/&	none/p' \
		"$build/prove/results" 2>/dev/null >"$tmp/prove"
	[ -s "$tmp/prove" ] || { status prove none "not run" "make prove BASE=$BASE"; return; }
	table_status prove "$tmp/prove" 2 "make prove BASE=$BASE"
	title "Models and their mutants"
	{ printf 'what\tresult\n'; sort -t'	' -k2,2 -s "$tmp/prove"; } | table "text verdict" |
		fold "$(share "$tmp/prove" 2) as they must be"
}

# The files that "make coverage" has made for reading, if any
coverage() {
	for f in "$build"/coverage/*.diff "$build"/coverage/*.annotated "$build"/coverage/*.txt; do
		[ -s "$f" ] || continue
		[ "$covered" ] || title "What the tests execute"
		covered=1
		"$here/plain" <"$f" | pre diff | fold "$(escaped "${f##*/}")"
	done
	[ -z "$covered" ] || status coverage made "to be read" "make coverage BASE=$BASE"
}
