#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# log.t: the scan of the kernel log, by golden samples. In samples/bad each
# event is between "begin" and "end" lines of its own name, and must be hit and
# attributed to that name; samples/good must come out clean.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 32

samples=$top/tools/verdict/log/samples
mkdir "$tmp/log" && cp "$top"/tools/verdict/log/scan "$top"/tools/verdict/log/deny "$top"/tools/verdict/log/allow "$tmp/log/"
scan="$tmp/log/scan"
: >"$tmp/clean.log"

# Names of the events in a bad sample without a hit attributed to them.
missed() {
	tr -d '\r' <"$1" | sed -n 's/.*latepte: begin //p' | sort >"$tmp/events"
	sed -n 's/^[0-9]*: (during \([a-z0-9_]*\)) .*/\1/p' "$out" | sort -u |
		comm -3 "$tmp/events" - >"$tmp/missed"
	cat "$tmp/missed" >>"$out"
	[ ! -s "$tmp/missed" ]
}

for shell in dash "busybox sh"; do
	for log in "$samples"/bad/*.log; do
		name="${shell% sh}: bad/$(basename "$log")"
		# shellcheck disable=SC2086 # two words
		run $shell "$scan" "$log"
		expect 1 '^[0-9]+: \(during ' "$name is not clean"
		missed "$log"
		ok $? "$name: every event is hit, under its name" || diag
	done
	for log in "$samples"/good/*.log; do
		# shellcheck disable=SC2086
		run $shell "$scan" "$log"
		[ $rc = 0 ] && [ ! -s "$out" ]
		ok $? "${shell% sh}: good/$(basename "$log") is clean" || diag
	done
done

# A rule that no sample needs may be one that can never hit.
useless() {
	cat "$samples"/bad/*.log >"$tmp/all.log"
	sed -e '/^#/d' -e '/^$/d' "$tmp/log/deny" | while IFS= read -r rule; do
		grep -q -a -E -e "$rule" "$tmp/all.log" || echo "$rule"
	done
}
useless >"$tmp/useless"
check "every rule of the deny list has a sample" not test -s "$tmp/useless"

echo 'BUG: before any test' >"$tmp/early.log"
run "$scan" "$tmp/early.log"
expect 1 '^1: BUG: before' "a hit outside of a test is laid to none"
printf '%s\n' 'latepte: begin fault/a' 'latepte: end fault/a' 'BUG: between two' >"$tmp/between.log"
run "$scan" "$tmp/between.log"
expect 1 '^3: BUG: between' "nor is one behind a test's end"
run "$scan" "$tmp/no.log"
expect 2 'cannot read' "a log that is not there"
run "$scan"
expect 2 'cannot read' "no log named"

allow() { printf '%s\n' "$1" >"$tmp/log/allow"; run "$scan" "$samples/bad/v4.6.log"; }
allow 'until 2016-05-15: BUG:'
expect 2 'bad or expired' "an exception past its day fails the scan"
allow 'BUG:'
expect 2 'bad or expired' "and so does one without a day"
allow 'until 2999-01-01: '
expect 2 'bad or expired' "and one without an expression"
allow 'until 2999-01-01: ('
expect 2 'grep failed' "and one that is no expression"
allow 'until 2999-01-01: non-zero nr_ptes'
[ $rc = 1 ] && ! grep -q nr_ptes "$out" && grep -q nr_pmds "$out"
ok $? "a valid one excepts its lines and no other" || diag
: >"$tmp/log/allow"
printf '%s\n' 'latepte: begin fault/oom' 'Out of memory: Kill process 7' 'latepte: end fault/oom' \
	'latepte: begin fault/oo' 'Out of memory: Kill process 8' 'latepte: end fault/oo' 'Out of memory: Kill process 9' >"$tmp/oom.log"
cp "$top/tools/verdict/log/deny" "$tmp/log/"
echo 'until 2999-01-01 in fault/x fault/oom: Out of memory' >"$tmp/log/allow"
for shell in dash "busybox sh"; do
	# shellcheck disable=SC2086
	run $shell "$scan" "$tmp/oom.log"
	[ $rc = 1 ] && [ "$(cut -d: -f1 "$out" | paste -sd' ')" = "5 7" ]
	ok $? "${shell% sh}: what a test asks for is excepted while it runs, and not in another or outside" || diag
done
run "$scan" "$tmp/oom.log" anywhere
expect 0 '' "or anywhere, where a log does not say what runs"
allow 'until 2999-01-01 in : BUG:'
expect 2 'bad or expired' "an exception for no test"
allow 'until 2999-01-01 during fault/x: BUG:'
expect 2 'bad or expired' "and one that is none"
rm "$tmp/log/allow"
run "$scan" "$tmp/clean.log"
expect 2 'allow list' "no allow list"
: >"$tmp/log/allow"
echo '(' >>"$tmp/log/deny"
run "$scan" "$tmp/clean.log"
expect 2 'grep failed' "a rule that is no expression"
echo '# none' >"$tmp/log/deny"
run "$scan" "$tmp/clean.log"
expect 2 'no deny list' "an empty deny list"
