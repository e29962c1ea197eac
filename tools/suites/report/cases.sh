# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# cases.sh: the guests that ran, their failures, and the lists of cases expected
# to fail or to be skipped. Sourced by base.

# runs: LABEL, a tab, FOLDER of each guest that was judged
runs() {
	for v in control patched; do
		for a in "" $(ls "$top/tools/arch"); do
			d=$build/$v${a:+/$a}
			[ ! -s "$d/judged/rows" ] || printf '%s\t%s\n' "$v${a:+ $a}" "$d"
		done
	done
}

matrix_runs() {
	for d in "$build"/matrix/*/; do
		d=${d%/}
		[ ! -s "$d/judged/rows" ] || printf '%s\t%s\n' "matrix ${d##*/}" "$d"
	done
}

about() { sed -n "s/^$2	//p" "$1/about" 2>/dev/null; }

# Each case in the list of the base: DIR/PROGRAM, a tab, CASE
listed() { # FOLDER
	{ cat "$series/expect" 2>/dev/null
	  [ ! -f "$series/expect.${1##*/}" ] || cat "$series/expect.${1##*/}"
	} | awk '/^(same|new|xfail|skip) / { print $2 "\t" $3 }' | sort -u
}

# The numbers of one guest, with tabs: as expected, new, same, xfail, skipped,
# failed, not run
counts() { # FOLDER
	listed "$1" >"$tmp/listed"
	awk -F '\t' -f "$here/counts.awk" "$tmp/listed" "$1/judged/rows"
}

run_status() { # LABEL EXPECTED NEW SAME XFAIL SKIPPED FAILED MISSING
	command="make check BASE=$BASE"
	case $1 in *\ *) command="$command ARCH=${1#* }" ;; esac
	if [ "$7" -gt 0 ]; then
		status "$1" bad "$7 failed" "$command"
	elif [ "$8" -gt 0 ]; then
		status "$1" part "$(($2 + $5 + $6)) of $(($2 + $5 + $6 + $8)) cases" "$command"
	else
		status "$1" good "$2 as expected" "$command"
	fi
}

# Lines for runs.awk
guests() {
	while IFS='	' read -r label d; do
		n=$(counts "$d")
		# shellcheck disable=SC2086 # numbers
		[ "$1" = silent ] || run_status "$label" $n
		printf '%s\t%s\t%s\t%s\t%s\n' "$label" "$n" "$(about "$d" kernel)" \
			"$(about "$d" machine)" "$(when "$d/judged/rows")"
	done
}

# The program, or "guest", of each failure, at most 20
failed_programs() {
	awk -F '\t' '$1 == "bad" && !seen[$4]++ { print $4 }' "$1/judged/rows" | sort | head -n 20
}

# The console from the begin to the end of a program. For the guest as a whole:
# what the log scan found, and the last lines.
excerpt() { # FOLDER TEST
	[ "$2" != guest ] || cat "$1/scan" 2>/dev/null
	"$here/plain" <"$1/console.log" 2>/dev/null | TEST=$2 awk -f "$here/excerpt.awk"
}

failed_program() { # LABEL FOLDER TEST
	find "$2/judged" -name '*.tap' -exec cat {} + | "$here/plain" >"$tmp/judged"
	LABEL=$1 TEST=$3 AGAIN=$(about "$2" again) html -f "$here/failed.awk" \
		"$tmp/judged" "$2/judged/rows"
	excerpt "$2" "$3" | pre | fold "console of the guest, $(escaped "$3")"
	printf '<p class="where">Logs: <code>%s</code></p></div>\n' "$(escaped "$2/console.log, $2/tap/")"
}

failures() {
	while IFS='	' read -r label d; do
		failed_programs "$d" | while read -r test; do
			failed_program "$label" "$d" "$test" </dev/null
		done
	done
}

# "make check" compares what a fault-around maps on both kernels. A result older
# than the rows is from another run.
pictures() {
	[ -f "$build/control/judged/rows" ] && [ -f "$build/patched/judged/rows" ] &&
		[ -n "$(find "$build/pictures.diff" -newer "$build/control/judged/rows" \
			-newer "$build/patched/judged/rows" 2>/dev/null)" ] || return 0
	n=$(wc -l <"$build/pictures.control")
	if [ -s "$build/pictures.diff" ]; then
		status "fault-around" bad differs "make check BASE=$BASE"
		pre diff <"$build/pictures.diff" | fold "what a fault-around maps differs"
	elif [ "$n" -gt 0 ]; then
		status "fault-around" good "$n pictures the same" "make check BASE=$BASE"
	fi
}

# Cases of the list that no guest of the kernel ran
missing() { # LABEL FOLDER
	listed "$2" >"$tmp/listed"
	awk -F '\t' -f "$here/missing.awk" "$tmp/listed" "$2/judged/rows" >"$tmp/missing"
	[ -s "$tmp/missing" ] || return 0
	{ printf 'program\tcases not run\n'; cat "$tmp/missing"; } | table "code text" |
		fold "Not run on $1: $(awk -F '\t' '{ n += $3 } END { print n }' "$tmp/missing") cases"
}

# Has the series changed since?
older() {
	while IFS='	' read -r label d; do
		[ -z "$(find "$series" -type f -newer "$d/judged/rows")" ] || echo "$label"
	done | paste -sd' ' | sed "s,..*,Files in patches/$BASE are newer than the results of: &," | html -f "$here/text.awk"
}

# Each xfail and skip of all guests, with the reason from the list
reasons() { # KIND
	{ cat "$tmp/runs"; matrix_runs; } >"$tmp/all"
	while IFS='	' read -r label d; do
		[ -f "$d/expect" ] && list=$d/expect || list=$series/expect
		find "$d/tap" -name '*.tap' -exec grep -aH . {} + 2>/dev/null | "$here/plain" >"$tmp/said"
		LABEL=$label awk -v kind="$1" -f "$here/reasons.awk" "$list" "$tmp/said" "$d/judged/rows"
	done <"$tmp/all" | awk -F '\t' -v guests="$(wc -l <"$tmp/all")" -f "$here/group.awk"
}

lists() {
	title "Not run, skipped, expected to fail"
	while IFS='	' read -r label d; do missing "$label" "$d"; done <"$tmp/runs"
	for kind in xfail skip; do
		reasons $kind >"$tmp/reasons"
		[ -s "$tmp/reasons" ] || continue
		[ $kind = xfail ] && what="Expected failures" || what="Skipped cases"
		n=$(awk -F '\t' '{ n += split($2, c, " ") } END { print n }' "$tmp/reasons")
		{ printf 'program\tcases\twhy\tthe guest said\ton\n'; cat "$tmp/reasons"; } |
			table "code code text text text" | fold "$what: $n"
	done
}

cases() {
	runs >"$tmp/runs"
	for v in control patched; do
		grep -q "^$v	" "$tmp/runs" || status "$v" none "not run" "make check BASE=$BASE"
	done
	[ -s "$tmp/runs" ] || { note "Neither control nor patched kernel was tested."; return; }
	title Cases
	guests <"$tmp/runs" >"$tmp/guests"
	html -f "$here/runs.awk" "$tmp/guests"
	newer=$(older <"$tmp/runs")
	[ -z "$newer" ] || note "$newer"
	failures <"$tmp/runs" >"$tmp/failures"
	[ ! -s "$tmp/failures" ] || { title Failures; cat "$tmp/failures"; }
	pictures
	lists >"$tmp/lists"
	[ "$(wc -l <"$tmp/lists")" -le 1 ] || cat "$tmp/lists"
}
