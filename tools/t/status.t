#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# status.t: the exit status of a run, as git bisect run takes it. Building and
# running are scripts of the test.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 9

fake_project
export O="$tmp/o"
fake_git "$tmp/tree" 4 6
# A history in which the third commit does not build and the fifth is bad.
n=1
for what in good good unbuilt good bad bad good; do
	n=$((n + 1))
	[ $n -lt 7 ] || what=bad
	echo $what >"$tmp/tree/what"
	echo $n >"$tmp/tree/number"
	dev -C "$tmp/tree" add -f what number && dev -C "$tmp/tree" commit -q -m "$n: $what"
done
says() { printf '#!/bin/sh\n%s\n' "$2" >"$(tool "$1")"; }
says build 'git -C "$LINUX" show HEAD:what | grep -qvx unbuilt'
says verdict 'git -C "$LINUX" show HEAD:what | grep -qvx bad'
bisect() { run env -C "$tmp/tree" "$P/tools/suites/bisect"; }

git -C "$tmp/tree" checkout -q HEAD~6
bisect
expect 0 '' "as expected: 0"
git -C "$tmp/tree" checkout -q master 2>/dev/null || git -C "$tmp/tree" checkout -q -
bisect
expect 1 '' "not as expected: 1"
says build 'exit 1'
bisect
expect 125 '' "not built: 125, and git skips it"
says build ''
says verdict 'exit 3'
bisect
expect 3 '' "a lost guest: 3"
run env -C "$tmp/tree" TESTS=x SMP=none "$P/tools/suites/bisect"
expect 128 'SMP=none' "a typo is no commit's fault: git stops"
fake_tree "$tmp/odd" 5 5
run env -C "$tmp/odd" "$P/tools/suites/bisect"
expect 125 'no base covers' "a tree that no base covers: 125"
says build 'git -C "$LINUX" show HEAD:what | grep -qvx unbuilt'
says verdict 'git -C "$LINUX" show HEAD:what | grep -qvx bad'
(cd "$tmp/tree" && git bisect start HEAD HEAD~6 && git bisect run "$P/tools/suites/bisect") >"$out" 2>&1
rc=$?
expect 0 'is the first bad commit' "git bisect run"
expect 0 '6: bad' "finds it"
check "and leaves the tree clean" [ -z "$(git -C "$tmp/tree" status --porcelain --ignored)" ]
