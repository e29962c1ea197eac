#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# hostile.t: the trees and environments of hostile.list. If apply accepts a
# tree, the series goes in whole, and unapply restores bytes, modes and owners;
# if apply refuses, it says why, and the tree is unchanged.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"

rows=$tmp/rows
sed -e 's/^#.*//' -e '/^[[:space:]]*$/d' "$top/tools/t/hostile.list" >"$rows"
plan "$(wc -l <"$rows")"
fake_project
fake_series
fake_base v6.12 6 12
export O="$tmp/o"
fake_tree "$tmp/pristine" 4 6

# --- words of the table
move_to() { mkdir "$tmp/d" && mv "$t" "$tmp/d/$1" && t=$tmp/d/$1; }
as_git() { git init -q "$t" && dev -C "$t" add -f -A . && dev -C "$t" commit -q -m base; }
full_tmp() { [ -c /dev/full ]; }
conflict() {
	git -C "$t" checkout -q -b side && sed -i 's/fork 3$/fork a/' "$t/fs/fork.c" && dev -C "$t" commit -q -a -m a &&
		git -C "$t" checkout -q - && git -C "$t" checkout -q -b more HEAD~ 2>/dev/null || git -C "$t" checkout -q -b more side~
	sed -i 's/fork 3$/fork b/' "$t/fs/fork.c" && dev -C "$t" commit -q -a -m b
	! dev -C "$t" merge -q side >/dev/null 2>&1
}

state() {
	(cd "$t/" 2>/dev/null || { ls -l "$t"; exit; }
	find . -path ./.git -prune -o -printf '%p %y %m %U:%G %n %l\n' | sort
	find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 sha256sum) | sed 's/^\(\..* f [0-7]* [0-9:]*\) [0-9]*/\1/'
}
all_in() { grep -qx 'memory twenty' "$t/mm/memory.c" && grep -qx 'memory twenty-three' "$t/mm/memory.c" && cmp -s "$P/mm/fault_selftest.c" "$t/mm/fault_selftest.c"; }
trim() { sed 's/^[[:space:]]*//; s/[[:space:]]*$//'; }

# in VARIABLES: there and back
goes_in() {
	[ $rc = 0 ] && all_in || return
	eval "run env LATEPTE_ENV= $1 \"\$P/tools/tree/unapply\" \"\$t\""
	[ $rc = 0 ] && state | cmp -s - "$tmp/was"
}
refused() { [ $rc = 1 ] && grep -qE -e "$1" "$out" && state | cmp -s - "$tmp/was"; }

row() { # NAME MAKE VARIABLES ANSWER
	t=$tmp/tree
	chmod -R u+w "$tmp/tree" "$tmp/d" 2>/dev/null
	rm -rf "$tmp/tree" "$tmp/d" "$tmp/link" "$tmp/other" "$tmp/wt" "$tmp/bare" "$tmp/my tmp"
	cp -a "$tmp/pristine" "$t"
	eval "$2" >"$out" 2>&1 || { rc=$? && ok 1 "$1: cannot be made"; diag; return; }
	state >"$tmp/was"
	eval "run env LATEPTE_ENV= $3 \"\$P/tools/tree/apply\" \"\$t\""
	case $4 in
	in) goes_in "$3" ;;
	in\|*) if [ $rc = 0 ]; then goes_in "$3"; else refused "${4#*|}"; fi ;;
	*) refused "$4" ;;
	esac
	ok $? "$1" || { diag; state | diff "$tmp/was" - | head -n 5 | sed 's/^/# /'; }
}

while IFS= read -r line; do
	name=$(printf '%s\n' "$line" | cut -d'|' -f1 | trim)
	rest=${line#*|}
	# The answer may contain a bar; what is done may not, except for ||
	made=$(printf '%s\n' "$rest" | awk -F'[|]' '{ print $1 }' | trim)
	rest=${rest#*|}
	row "$name" "$made" "$(printf '%s\n' "$rest" | cut -d'|' -f1 | trim)" "$(printf '%s\n' "$rest" | cut -d'|' -f2- | trim)"
done <"$rows"
