#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make.t: what the targets call, for which base, in which order; two at once;
# and how make check counts. The scripts behind the targets are the test's.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 42

fake_project
cp "$top/Makefile" "$top/README" "$P/"
calls=$tmp/calls
stub() { # SCRIPT [BODY]
	printf '#!/bin/sh\necho "%s $* BASE=$BASE" >>"%s"\n%s\n' "$1" "$calls" "$2" >"$(tool "$1")"
	chmod +x "$(tool "$1")"
}
for f in deps build verdict interactive apply mbox refresh checkpatch bisect-check matrix; do stub $f; done
gnumake=$(command -v make)
make() { : >"$calls"; run "$gnumake" -C "$P" --no-print-directory "$@"; }
called() { grep -qxF -- "$1" "$calls"; }

make
expect 0 '^ +make deps ' "make alone prints the targets"
not grep -q 'Reading a failure' "$out"
ok $? "and stops behind them" || diag
make deps run
check "make deps run" [ "$(cut -d' ' -f1 "$calls" | paste -sd' ')" = "deps build verdict" ]
check "is for v6.12" called 'verdict patched BASE=v6.12'
stub deps 'sleep 0.3; echo late >>'"$calls"
make -j4 deps run
check "deps comes first, whatever -j says" [ "$(sed -n 2p "$calls")" = late ]
stub deps 'exit 1'
make deps run
expect 2 '' "without what is needed"
not called 'verdict patched BASE=v6.12'
ok $? "nothing is run"
stub deps
make run VARIANT=control BASE=v4.6
check "VARIANT= and BASE=" called 'verdict control BASE=v4.6'
stub build 'exit 1'
make run
not grep -q '^verdict' "$calls"
ok $? "what was not built is not run" || diag
stub build

# --- LINUX chooses the base
fake_tree "$tmp/tree" 4 6
make run LINUX="$tmp/tree"
check "LINUX= brings its base" called 'verdict patched BASE=v4.6'
LINUX=$tmp/tree make run
check "from the environment, too" called 'verdict patched BASE=v4.6'
make run LINUX='~/linux-4.6'
expect 2 "LINUX=$HOME/linux-4.6: no such" "a shell that leaves ~ alone"
fake_tree "$tmp/odd" 5 5
make run LINUX="$tmp/odd"
expect 2 'is Linux 5.5, and no base covers' "a tree that no base covers is told"
not grep -q -e '^verdict' -e '^build' "$calls"
ok $? "and nothing is done with it" || diag
[ "$(grep -c 'no base covers' "$out")" = 1 ]
ok $? "it is told once" || diag
tar -C "$tmp" -cJf "$tmp/tree.tar.xz" tree
mkdir "$tmp/bare"
for c in sh sed grep dirname basename tar cat head paste; do ln -s "$(command -v $c)" "$tmp/bare/$c"; done
run env PATH="$tmp/bare" "$gnumake" -C "$P" deps LINUX="$tmp/tree.tar.xz"
expect 0 '' "on a bare machine (no git, no xz) make deps works with LINUX="
not grep -qi latepte: "$out"
ok $? "and does not complain" || diag
make clean LINUX="$tmp/odd" O="$tmp/o"
expect 0 '' "so does make clean"

# --- make check
stub check
mkdir -p "$P/tools/t" && printf '#!/bin/sh\necho 1..1; echo ok 1\n' >"$P/tools/t/one.t"
chmod +x "$P/tools/t/one.t"
make check
check "make check: both bases" called 'check v4.6 v6.12 BASE=v6.12'
make check BASE=v4.6
check "or the one that is asked for" called 'check v4.6 BASE=v4.6'
make check LINUX="$tmp/tree"
check "or the one of LINUX=" called 'check v4.6 BASE=v4.6'
printf '#!/bin/sh\necho 1..1; echo not ok 1\n' >"$P/tools/t/one.t"
make check
expect 2 '' "a test of the host side that fails stops it"
not grep -q check "$calls"
ok $? "before anything is built" || diag

# --- how it counts
cp "$top/tools/suites/check" "$P/tools/suites/"
export O="$tmp/o" DL="$tmp/dl"
mkdir -p "$DL"
: >"$DL/linux-4.6.tar.xz"
judged() { # what tools/suites/check-base leaves, and its status
	stub check-base "mkdir -p \"\$O/\$BASE/control/judged\" \"\$O/\$BASE/patched/judged\"
printf 'good\tsame\tpass\tx\ta\t-\ngood\tskip\tskip\tx\tb\t-\n' >\"\$O/\$BASE/control/judged/rows\"
printf '$1\tsame\t-\tx\ta\t-\n' >\"\$O/\$BASE/patched/judged/rows\"
exit $2"
}
all() { : >"$calls"; run "$P/tools/suites/check" "$@"; }
judged good 0
printf 'same a b\nnew a c\nfails a * x\n' >"$P/patches/v6.12/expect"
all v4.6 v6.12
expect 0 '^v6.12: NOT CHECKED \(2 cases\): no v6.12 tree \(.*/dl/linux-6.12.tar.xz is not there\)' "a base without a tree is not checked, and that is said"
[ "$(tail -n 2 "$out" | grep -c 'NOT CHECKED')" = 1 ]
ok $? "in the last lines" || diag
expect 0 '^2 passed, 0 failed, 3 skipped$' "its cases count as skipped, and a skipped case as well"
STRICT=1 all v4.6 v6.12
expect 1 '^v6.12: NOT CHECKED' "STRICT=1: that is a failure"
not grep -q 'BASE=v6.12' "$calls"
ok $? "and nothing is downloaded for it"
rm -rf "$O"
GUEST_ARCH=i386 all v4.6
expect 1 '^0 passed' "those of another architecture are another's"
stub check-base "mkdir -p \"\$O/\$BASE/patched/i386/judged\"
printf 'good\tsame\tpass\tx\ta\t-\n' >\"\$O/\$BASE/patched/i386/judged/rows\""
GUEST_ARCH=i386 all v4.6
expect 0 '^1 passed, 0 failed, 0 skipped$' "and are where its guests leave them"
judged bad 1
all v4.6
expect 1 '^1 passed, 1 failed, 1 skipped$' "a case that fails"
judged good 1
all v4.6
expect 1 '^2 passed, 1 failed, 1 skipped$' "a check that fails while all cases pass is a failure"
stub check-base 'exit 1'
all v4.6
expect 1 '^0 passed, 1 failed, 0 skipped$' "and one that does not get to its cases: the last run's do not count"
stub check-base 'exit 0'
all v4.6
expect 1 'passed' "nor does one that says nothing pass"
all v6.12
expect 1 '^0 passed, 0 failed, 2 skipped$' "nothing but skips is no pass"
all v9
expect 1 'there is no patches/v9/base' "a base that there is not"

cp -r "$P" "$tmp/my project"
run "$tmp/my project/tools/tree/source"
expect 1 "cannot be built in a path with a blank" "a project where no kernel can be built"

# --- two at once
"$P/tools/locked" sh -c ': >"$0"; sleep 1; echo first >>"$1"' "$tmp/started" "$tmp/order" &
await [ -e "$tmp/started" ]
run "$P/tools/locked" sh -c 'echo second >>"$0"' "$tmp/order"
expect 0 'another make is at work in .*/o/v6.12 \(pid [0-9]+\): waiting' "a second make says that it waits"
check "and does" [ "$(paste -sd' ' "$tmp/order")" = "first second" ]
wait
run timeout 30 "$P/tools/locked" echo free
expect 0 '^free$' "behind them the lock is free"
run env O=/dev/null/o "$P/tools/locked" echo free
expect 1 'cannot write to /dev/null/o' "a build folder that cannot be made"
mkdir -p "$tmp/sealed/v6.12/linux.git" && ln -s /dev/null/lock "$tmp/sealed/v6.12/.lock"
run env O="$tmp/sealed" "$P/tools/locked" echo free
expect 1 'cannot write to .*/sealed/v6.12' "a lock that cannot be written"
