#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# judge.t: a program's output against what is expected of it. A run fails unless
# every case did what it should, on that kernel, and to the end.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 59

cat >"$tmp/expect" <<'END'
# comment
same fault/sigbus good
new fault/sigbus bad
new fault/other thing
fails fault/sigbus * VmPTE
fails fault/sigbus other % of them
END

# tap STATUS PLAN LINE...: a program's whole output, as tools/suites/verdict
# cuts it out. STATUS "fit" is the one with which a program with these cases
# ends.
tap() {
	status=$1
	printf 'TAP version 13\n1..%s\n' "$2" >"$tmp/tap"
	shift 2
	printf '%s\n' "$@" >>"$tmp/tap"
	[ "$status" != fit ] || status=$(fit)
	[ -z "$status" ] || echo "## status $status" >>"$tmp/tap"
}

fit() {
	if grep -q '^not ok' "$tmp/tap"; then echo 256
	elif grep '^ok' "$tmp/tap" | grep -qv '# SKIP'; then echo 0
	else echo 1024; fi
}

judge() { # VARIANT [OPTION...]
	variant=$1
	shift
	run awk -f "$top/tools/verdict/judge" -v variant="$variant" -v test=fault/sigbus "$@" \
		"$tmp/expect" "$tmp/tap"
}

# What prove checks: the plan holds, and no line says "not ok".
passes() {
	[ "$rc" = 0 ] && ! grep -q '^not ok' "$out" &&
		[ "$(grep -c '^ok' "$out")" = "$(sed -n 's/^1\.\.//p' "$out")" ]
}

verdict() { # pass|fail TEXT DESCRIPTION
	if passes; then got=pass; else got=fail; fi
	[ $got = "$1" ] && grep -qE -e "$2" "$out"
	ok $? "$3" || diag
}

tap fit 2 'ok 1 good' 'ok 2 bad'
judge patched
verdict pass '^1\.\.2$' "patched: every case passes"
verdict pass '^ok 1 - fault/sigbus good \(same\)$' "the line names program, case and kind"
tap fit 2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'
judge patched
verdict fail '^not ok 2 - fault/sigbus bad \(fails\)$' "patched: a case fails"
verdict fail '^# assertion failed: VmPTE$' "and its assertion is kept"
tap fit 2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'
judge control
verdict pass 'bad \(new: fails here, as it must\)$' "control: a new case fails by its assertion"
tap fit 2 'ok 1 good' 'ok 2 bad'
judge control
verdict fail 'bad \(new: passes on the control, so it tests nothing\)' "control: a new case passes"
tap fit 2 'not ok 1 good' 'not ok 2 bad'
judge control
verdict fail '^not ok 1 - fault/sigbus good \(fails\)' "control: a same case fails"
tap fit 2 'ok 1 good' '# needed: mmap' 'not ok 2 # error bad'
judge control
verdict fail 'bad \(could not be set up\)' "control: a new case fails by its set-up"
tap fit 2 'ok 1 good' 'not ok 2 # error bad'
judge patched
verdict fail 'bad \(could not be set up\)' "patched: set-up fails"
tap fit 2 'ok 1 good' 'ok 2 # SKIP bad'
judge patched
verdict fail 'bad \(was skipped, and must run here\)' "a case skips itself unasked"
tap fit 2 'ok 1 # SKIP good' 'not ok 2 bad'
judge control
verdict fail 'good \(was skipped' "and on the control"
also() { cp "$tmp/expect" "$tmp/expect.was"; echo "$1" >>"$tmp/expect"; }
no_more() { mv "$tmp/expect.was" "$tmp/expect"; }
also 'skip fault/sigbus never'
tap fit 3 'ok 1 good' 'ok 2 bad' 'ok 3 # SKIP never'
judge patched
verdict pass '^ok 3 - fault/sigbus never # SKIP' "a case that is not for this base is a skipped one"
tap fit 3 'ok 1 good' 'ok 2 bad' 'not ok 3 # error never'
judge patched
verdict fail 'never \(could not be set up\)' "a case known to be impossible here must say so itself"
tap fit 3 'ok 1 good' 'ok 2 bad' '# assertion failed: VmPTE' 'not ok 3 never'
judge patched
verdict fail 'never \(fails, and was to skip itself\)' "and not fail"
tap fit 3 'ok 1 good' 'ok 2 bad' 'ok 3 never'
judge patched
verdict fail 'never \(skip: runs and passes' "nor pass"
tap fit 2 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'never \(is expected, and did not run' "nor be gone"
no_more
tap 1024 0
judge patched
verdict fail 'good \(is expected, and did not run' "a plan of no case at all"
also 'xfail fault/sigbus left'
for v in control patched prefix; do
	tap fit 3 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad' '# assertion failed: VmPTE' 'not ok 3 left'
	[ $v != patched ] || tap fit 3 'ok 1 good' 'ok 2 bad' '# assertion failed: VmPTE' 'not ok 3 left'
	judge $v
	verdict pass 'left \(xfail: fails here, as it must\)' "$v: an xfail case fails by its assertion"
done
tap fit 3 'ok 1 good' 'ok 2 bad' 'ok 3 left'
judge patched
verdict fail 'left \(xfail: passes' "an xfail case passes"
tap fit 3 'ok 1 good' 'ok 2 bad' 'ok 3 # SKIP left'
judge patched
verdict fail 'left \(was skipped' "or skips"
tap fit 3 'ok 1 good' 'ok 2 bad' '# assertion failed: rain' 'not ok 3 left'
judge patched
verdict fail 'left \(xfail: fails by another assertion' "or fails by another assertion"
no_more
tap fit 2 'ok 1 good' '# assertion failed: rain' 'not ok 2 bad'
judge control
verdict fail 'bad \(new: fails by another assertion than its own\)' "control: a new case fails by another assertion"
also 'new fault/sigbus other'
tap fit 3 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad' '# assertion failed: 3 of them' 'not ok 3 other'
sed -i 's/other % of/other of/' "$tmp/expect"
judge control
verdict pass 'other \(new: fails here' "one case may have a text of its own"
tap fit 3 'ok 1 good' '# assertion failed: VmPTE' 'ok 2 bad' 'not ok 3 other'
judge control
verdict fail 'other \(new: fails by another' "the assertion of the case before is not its own"
no_more
sed -i 's/^fails.*\*.*//' "$tmp/expect"
tap fit 2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'
judge control
verdict fail 'no line of the list has that' "without a text there is no assertion of its own"
echo 'fails fault/sigbus * VmPTE' >>"$tmp/expect"
tap fit 3 'ok 1 good' 'ok 2 bad' 'ok 3 surprise'
judge patched
verdict fail 'surprise \(is in no expect list\)' "an unlisted case"
tap fit 1 'ok 1 good'
judge patched
verdict fail 'bad \(is expected, and did not run\)' "a listed case never ran"
tap fit 1 'ok 1 good'
judge patched -v partial=1
verdict pass '^1\.\.1$' "which is right if single cases were asked for"
tap fit 3 'ok 1 good' 'ok 2 bad' 'ok 3 good'
judge patched
verdict fail 'good \(ran twice under one name\)' "a case runs twice"
tap fit 3 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'truncated: 2 of 3 cases' "a plan cut short"
tap fit 1 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'truncated: 2 of 1 cases' "more than was planned"
printf '%s\n' 'ok 1 good' 'ok 2 bad' '## status 0' >"$tmp/tap"
judge patched
verdict fail 'truncated: 2 of unknown' "no plan"
tap 256 2 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'ended with wait status 256' "the program's status is not 0"
tap 11 2 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'ended with wait status 11' "it is killed by a signal"
tap '' 2 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'never came to its end' "it has no status: the guest died in it"
tap 9 2 'ok 1 good' '## timeout fault/sigbus'
judge patched
verdict fail 'guest says: timeout' "it takes too long"
echo '## never started' >"$tmp/tap"
judge patched
verdict fail 'guest says: never' "it was never started"
[ "$(grep -c '^not ok .*did not run' "$out")" = 2 ]
ok $? "and none of its cases ran" || diag
: >"$tmp/tap"
judge control
verdict fail 'did not run' "it says nothing"
tap fit 2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'
judge prefix
verdict pass 'new: not yet' "at a prefix of the series a new case may fail"
tap fit 2 'ok 1 good' 'ok 2 bad'
judge prefix
verdict pass 'bad \(new\)' "or pass"
tap fit 2 'not ok 1 good' 'ok 2 bad'
judge prefix
verdict fail 'good \(fails\)' "but a same case may not"
tap fit 0 '# a parting word'
judge patched
[ "$(grep -c parting "$out")" = 1 ] && grep -A 1 'good (is expected' "$out" | grep -q parting
ok $? "notes are printed once" || diag
echo 'same fault/sigbus nodes numa' >>"$tmp/expect"
tap 0 3 'ok 1 good' 'ok 2 bad' 'ok 3 # SKIP nodes'
judge patched
verdict pass 'nodes # SKIP' "a case of one flavour is skipped in other guests"
judge patched -v flavour=numa
verdict fail 'nodes \(was skipped, and must run here' "and must run in its own"
tap 0 3 'ok 1 good' 'ok 2 bad' 'not ok 3 nodes'
judge patched -v flavour=numa
verdict fail 'nodes \(fails\)' "where it may fail like any other"
: >"$tmp/expect"
tap fit 2 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'not ok' "an empty expect list passes nothing"
# --- nothing empty passes, and the exit status agrees with the cases
cat >"$tmp/expect" <<'END'
same fault/sigbus good
new fault/sigbus bad
fails fault/sigbus * VmPTE
END
tap 0 0
judge patched -v partial=1
verdict fail 'no case ran' "a case of which the name is mistyped: no case ran"
tap fit 2 'ok 1 good' 'Bail out! no memory' 'ok 2 bad'
judge patched
verdict fail 'guest says: Bail out! no memory' "it bails out, though the plan fits"
tap fit 2 'ok 1 good' 'ok 2 bad' '1..2'
judge patched
verdict fail 'more than one plan' "two plans"
tap fit 2 'ok 1 good' 'ok 2 bad' '## twice'
judge patched
verdict fail 'guest says: twice' "the program ran twice"
tap 1024 2 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'ended with wait status 1024, not 0' "all pass, and it says that all are skipped"
tap 0 2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'
judge control
verdict fail 'ended with wait status 0, not 256' "one fails, and it says that none does"

# --- rows
tap fit 2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'
judge patched -v rows="$tmp/rows"
printf 'good\tsame\tpass\tfault/sigbus\tgood\tsame\nbad\tnew\tfail\tfault/sigbus\tbad\tfails\n' | cmp -s - "$tmp/rows"
ok $? "each case is a row: good or bad, kind, outcome, test, case, reason" || diag
tap '' 2 'ok 1 good'
judge patched -v rows="$tmp/rows2"
grep -q '^bad	new	none	fault/sigbus	bad	is expected' "$tmp/rows2" &&
	grep -q '^bad	program	none	fault/sigbus	exit	' "$tmp/rows2"
ok $? "so is what did not run, and a program without an end" || diag

# --- which invariants the expected failures break
printf '# F3: a reason\nxfail fault/x one\nxfail fault/x two\nsame fault/x three\nxfail fault/x four\n' >"$tmp/list"
for c in one two; do printf 'good\txfail\tfail\tfault/x\t%s\twhy\n' $c; done >"$tmp/rows"
run awk -f "$top/tools/verdict/invariants" "$tmp/list" "$tmp/rows"
expect 0 '^F3 2$' "expected failures are counted by invariant"
expect 0 'no invariant is named for fault/x four' "and one without is named"
