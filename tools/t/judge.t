#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# judge.t: what a program said against what is expected of it. A run fails
# unless every case did what it should, on that kernel, and to the end.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 32

cat >"$tmp/expect" <<'END'
# comment
same fault/sigbus good
new fault/sigbus bad
skip fault/sigbus never
new fault/other thing
END

# tap STATUS PLAN LINE...: a program's whole output, as tools/run cuts it out
tap() {
	status=$1
	printf 'TAP version 13\n1..%s\n' "$2" >"$tmp/tap"
	shift 2
	printf '%s\n' "$@" >>"$tmp/tap"
	[ -z "$status" ] || echo "## status $status" >>"$tmp/tap"
}

judge() { # VARIANT [OPTION...]
	variant=$1
	shift
	run awk -f "$top/tools/judge" -v variant="$variant" -v test=fault/sigbus "$@" \
		"$tmp/expect" "$tmp/tap"
}

# What prove looks at: the plan holds, and no line says "not ok".
passes() {
	[ "$rc" = 0 ] && ! grep -q '^not ok' "$out" &&
		[ "$(grep -c '^ok' "$out")" = "$(sed -n 's/^1\.\.//p' "$out")" ]
}

verdict() { # pass|fail TEXT DESCRIPTION
	if passes; then got=pass; else got=fail; fi
	[ $got = "$1" ] && grep -qE -e "$2" "$out"
	ok $? "$3" || diag
}

tap 0 3 'ok 1 good' 'ok 2 bad' 'ok 3 never'
judge patched
verdict pass '^1\.\.3$' "patched: every case passes"
verdict pass '^ok 1 - fault/sigbus good \(same\)$' "the line names program, case and kind"
verdict pass '^ok 3 - fault/sigbus never # SKIP' "a case that is not for this base is a skipped one"
tap 0 2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'
judge patched
verdict fail '^not ok 2 - fault/sigbus bad \(fails\)$' "patched: a case fails"
verdict fail '^# assertion failed: VmPTE$' "and its assertion is kept"
tap 0 2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'
judge control
verdict pass 'bad \(new: fails here, as it must\)$' "control: a new case fails by its assertion"
tap 0 2 'ok 1 good' 'ok 2 bad'
judge control
verdict fail 'bad \(new: passes on the control, so it tests nothing\)' "control: a new case passes"
tap 0 2 'not ok 1 good' 'not ok 2 bad'
judge control
verdict fail '^not ok 1 - fault/sigbus good \(fails\)' "control: a same case fails"
tap 0 2 'ok 1 good' '# needed: mmap' 'not ok 2 # error bad'
judge control
verdict fail 'bad \(could not be set up\)' "control: a new case fails by its set-up"
tap 0 2 'ok 1 good' 'not ok 2 # error bad'
judge patched
verdict fail 'bad \(could not be set up\)' "patched: set-up fails"
tap 0 2 'ok 1 good' 'ok 2 # SKIP bad'
judge patched
verdict fail 'bad \(was skipped, and must run here\)' "a case skips itself unasked"
tap 0 2 'ok 1 # SKIP good' 'not ok 2 bad'
judge control
verdict fail 'good \(was skipped' "and on the control"
tap 0 3 'ok 1 good' 'ok 2 bad' 'not ok 3 # error never'
judge patched
verdict pass 'never # SKIP' "a case known to be impossible here may fail to set up"
tap 0 3 'ok 1 good' 'ok 2 bad' 'ok 3 surprise'
judge patched
verdict fail 'surprise \(is in no expect list\)' "an unlisted case"
tap 0 1 'ok 1 good'
judge patched
verdict fail 'bad \(is expected, and did not run\)' "a listed case never ran"
tap 0 1 'ok 1 good'
judge patched -v partial=1
verdict pass '^1\.\.1$' "which is right if single cases were asked for"
tap 0 3 'ok 1 good' 'ok 2 bad' 'ok 3 good'
judge patched
verdict fail 'good \(ran twice under one name\)' "a case runs twice"
tap 0 3 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'truncated: 2 of 3 cases' "a plan cut short"
tap 0 1 'ok 1 good' 'ok 2 bad'
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
tap 0 2 'ok 1 good' '# tail' 'not ok 2 bad'
judge prefix
verdict pass 'new: not yet' "at a prefix of the series a new case may fail"
tap 0 2 'ok 1 good' 'ok 2 bad'
judge prefix
verdict pass 'bad \(new\)' "or pass"
tap 0 2 'not ok 1 good' 'ok 2 bad'
judge prefix
verdict fail 'good \(fails\)' "but a same case may not"
tap 0 0 '# a parting word'
judge patched
[ "$(grep -c parting "$out")" = 1 ] && grep -A 1 'good (is expected' "$out" | grep -q parting
ok $? "notes are printed once" || diag
: >"$tmp/expect"
tap 0 2 'ok 1 good' 'ok 2 bad'
judge patched
verdict fail 'not ok' "an empty expect list passes nothing"
