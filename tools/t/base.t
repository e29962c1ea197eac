#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# base.t: a base is a folder. A made-up one is added here, by files in
# patches/v9.1 alone, and every part of the project finds it.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 18

fake_project
mkdir "$P/tools/t"
printf '#!/bin/sh\necho 1..1; echo ok 1\n' >"$P/tools/t/one.t"
fake_kernel "$tmp/tree" 9 1
git init -q "$tmp/tree" && dev -C "$tmp/tree" add -f -A . && dev -C "$tmp/tree" commit -q -m "Linux 9.1"
fake_guest
PATH=$tmp/bin:$PATH
user_make() { run env -u LATEPTE_ENV make -C "$P" --no-print-directory ACCEL=tcg "$@"; }

# --- without the folder
user_make list BASE=v9.1
expect 2 'no patches/v9.1/base' "there is no such base"
user_make run LINUX="$tmp/tree"
expect 2 'is Linux 9.1, and no base covers' "and a tree of it is none of ours"

# --- the folder
b=$P/patches/v9.1
fake_base v9.1 9 1
git clone -q "$tmp/tree" "$tmp/dev9"
commit "$tmp/dev9" mm/memory.c 's/^memory 20$/& changed/' "mm: a change to nine"
save "$tmp/dev9" "$b"
commit "$tmp/dev9" mm/memory.c 's/ changed//' "mutant: without it"
save "$tmp/dev9" "$b/mutants"
sed -i 's/^---$/Caught-by: fault\/fault good\n&/' "$b"/mutants/*.patch
printf 'same fault/fault good\nnew writeback/writeback bad\nfails writeback/writeback * reserve\n' >"$b/expect"
echo CONFIG_NINE=y >"$b/config"
echo nine.argument=1 >"$b/cmdline"
echo 'CONFIG_NINE_OF_A_FLAVOUR=y' >"$b/odd.config"
echo 'nine.odd=1' >"$b/odd.cmdline"
echo 'odd 2 512M' >"$b/matrix.list"
: >"$P/tools/suites/matrix.list" >"$P/tools/build/config/odd.config"
mkdir -p "$b/files/include/linux"
echo '/* of nine */' >"$b/files/include/linux/of_nine.h"

user_make list BASE=v9.1
expect 0 '^# 1 new, 1 same, 0 xfail, 0 skip$' "its cases"
user_make run LINUX="$tmp/tree"
expect 0 '^v9.1 patched ' "a tree of it finds it"
expect 0 'result +PASS' "and is built, booted, judged"
dir=$P/build/v9.1/patched
check "with its patches" grep -qx 'memory 20 changed' "$dir/linux/mm/memory.c"
check "its files" grep -q 'of nine' "$dir/linux/include/linux/of_nine.h"
check "its options" grep -qx CONFIG_NINE=y "$dir/linux/.config"
check "its kernel arguments" grep -q 'nine.argument=1' "$dir/cmd"
user_make check LINUX="$tmp/tree"
expect 0 '^22 passed, 0 failed, 0 skipped$' "make check has both of its kernels"
user_make mutants LINUX="$tmp/tree"
expect 2 'mutants of v9.1: 0 of 1 caught' "its mutants"
user_make matrix LINUX="$tmp/tree"
expect 0 'matrix v9.1: all 1 variants pass' "its rows of the matrix"
check "with its options of the flavour" grep -qx CONFIG_NINE_OF_A_FLAVOUR=y "$dir/odd/linux/.config"
check "and its arguments" grep -q 'nine.argument=1.* nine.odd=1' "$dir/odd/cmd"
user_make mbox BASE=v9.1
expect 0 'In a Linux 9.1 tree: git am' "a mailbox for it"
user_make mbox BASE=v4.6
check "and none of its files for another" not grep -q 'of nine' "$P/build/v4.6/latepte-v4.6.mbox"
rm -r "$P/build"
user_make check
expect 2 'v9.1: NOT CHECKED \(2 cases\)' "make check asks for its tree, too"

# --- and no other file names a base
names=$(cd "$top/patches" && echo */base | sed 's,/base,,g; s,v,v\\?,g; s,\.,\\.,g; s, ,\\|,g')
(cd "$top" && find Makefile Kconfig.fragment tools -type f ! -path 'tools/t/*' ! -path 'tools/testing/*' \
	! -path '*/samples/*' | xargs grep -nI "^[^#]*\b\($names\)\b" | grep -vE '^[^:]*:[0-9]*:\s*(\*|//|/\*)') >"$out"
[ ! -s "$out" ]
ok $? "no script, rule or list of the project names a base" || diag
