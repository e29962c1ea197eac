#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kselftest.t: what kselftest's runner says of a program has to be what its
# cases say. The runner is a made-up log.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 11

mkdir -p "$tmp/tests/kselftest/installed"
cp "$top/tools/guest/kselftest" "$tmp/tests/kselftest/run"
printf '%s\n' fault/sigbus fault/races writeback/races >"$tmp/tests/programs"

# The lines of a log, as the runner prints them
says() {
	{ echo 'cat <<END'; printf '%s\n' "$@"; echo END; } >"$tmp/tests/kselftest/installed/run_kselftest.sh"
	run sh "$tmp/tests/kselftest/run"
}
sigbus="# ok 1 read
# not ok 2 write
not ok 1 selftests: fault: sigbus # exit=1"
races='# ok 1 all
ok 2 selftests: fault: races'
skipped='# ok 1 # SKIP all
ok 1 selftests: writeback: races # SKIP'

says "$sigbus" "$races" "$skipped"
expect 0 '^1..4' "there is a line for each program, and one more"
check "all of it is right" sh -c '! grep -q "^not ok" "$1"' - "$out"
says "# not ok 1 read" "ok 1 selftests: fault: sigbus" "$races" "$skipped"
expect 0 '^not ok 1 - fault/sigbus: passed' "a program that fails and ends with 0"
expect 0 '^not ok 4' "and so nothing failed"
says "# ok 1 read" "not ok 1 selftests: fault: sigbus # exit=1" "$races" "$skipped"
expect 0 '^not ok 1 - fault/sigbus: failed' "one that passes and ends with 1"
says "$sigbus" "$skipped"
expect 0 '^not ok 2 - fault/races: not reported' "one that the runner does not report"
says "$sigbus" "$races" "$skipped" "$races"
expect 0 '^not ok 2 - fault/races' "one that it reports twice"

# v4.6's
says 'Running tests in fault' 'ok 1 read' 'not ok 2 write' 'selftests: sigbus [FAIL]' \
	'ok 1 all' 'selftests: races [PASS]' 'Running tests in writeback' 'ok 1 # SKIP all' 'selftests: races [FAIL]'
check "the runner of v4.6, which knows no SKIP" sh -c '! grep -q "^not ok" "$1"' - "$out"
says 'Running tests in fault' 'not ok 2 write' 'selftests: sigbus [PASS]' \
	'ok 1 all' 'selftests: races [FAIL]' 'Running tests in writeback' 'ok 1 # SKIP all' 'selftests: races [FAIL]'
expect 0 '^not ok 1 - fault/sigbus: passed' "and what is wrong there"
expect 0 '^not ok 2 - fault/races: failed' "in both directions"

# v6.12's appends what a program prints to /dev/stdout
{ echo "echo '# not ok 1 read' >>/dev/stdout"; echo "echo 'not ok 1 selftests: fault: sigbus # exit=1'"; } \
	>"$tmp/tests/kselftest/installed/run_kselftest.sh"
run sh "$tmp/tests/kselftest/run"
expect 0 '^ok 1 - fault/sigbus: failed' "two that write to the log"
