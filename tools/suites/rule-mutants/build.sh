# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# build.sh: the kernel with all mutants, and one with a mutant alone. Sourced;
# needs $top, $out, $dir, $here, $covered, $of_user, $patient and, for the files
# of the series, $tree.
# shellcheck disable=SC2154,SC2034

# A change of the tree as a patch for git am, from stdin
as_patch() { # SUBJECT
	printf 'From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n'
	printf 'From: latepte <latepte@localhost>\nDate: Sun, 15 May 2016 22:43:13 +0000\n'
	printf 'Subject: [PATCH] %s\n\n---\n' "$1"
	cat
}

with() { diff -u --label "a/$1" --label "b/$1" "$tree/$1" -; } # FILE

patch() { # FILE LINE NEW-TEXT
	new=$3 awk -v at="$2" 'NR == at { match($0, /^[ \t]*/); print substr($0, 1, RLENGTH) ENVIRON["new"]; next } { print }' "$tree/$1" |
		with "$1" | as_patch "$1:$2"
}

# What reads the argument, at the end of the first file
argument() {
	printf '%s\n' '' '#include <linux/init.h>' '#include <linux/kernel.h>' 'int rule_mutant;' \
		'static int __init choose_rule_mutant(char *s)' '{ return kstrtoint(s, 10, &rule_mutant); }' \
		'early_param("rule_mutant", choose_rule_mutant);'
}

# All that can be chosen, and of the others the numbers in "apart"
patch_of_all() {
	: >"$out/apart"
	first=1
	cut -f2 "$out/list" | sort -u | while read -r file; do
		{ awk -v file="$file" -v apart="$out/apart" -f "$here/text.awk" -f "$here/schema.awk" "$out/chosen" "$tree/$file"
		  [ ! "$first" ] || argument; } | with "$file"
		first=
	done | as_patch "all mutants"
}

build() { # PATCH
	MUTANT=$1
	rm -f "$dir/kernel.log"
	"$top/tools/build/all" --kernel patched >"$out/log" 2>&1
}

# A full disk, say, is no property of a mutant: the run ends, and can go on.
no_outcome() { die "$1: $out/log (df -h $out)"; }
wrong_c() { grep -qsE '(^|[ :])error: |undefined reference' "$dir/kernel.log"; }

# The mutants in lines that do not compile, or all of a file that does not link
not_compiling() {
	sed -nE 's/^([^: ]+):([0-9]+):.* error: .*/\1\t\2/p
		s/.*[: ]([^: ]+\.c):.*undefined reference.*/\1\tany/p' "$dir/kernel.log" | awk -F '\t' '
	NR == FNR { bad[$1, $2]; next }
	($2, $3) in bad || ($2, "any") in bad { print $1 }' - "$out/chosen"
}

all_but() { # NUMBERS: of "chosen"
	awk -F '\t' 'FILENAME == ARGV[1] { but[$1]; next } !($1 in but)' "$1" "$out/chosen" >"$out/chosen.new" &&
		mv "$out/chosen.new" "$out/chosen" || exit
}

# One kernel with all mutants that compile, tried without any of them: what
# fails then would catch them all.
build_all() {
	step RULE "none: the series itself"
	cp "$out/list" "$out/chosen" || exit
	patch_of_all >"$out/all.patch"
	while ! build "$out/all.patch"; do
		wrong_c || no_outcome "the series is not built"
		not_compiling >"$out/apart"
		[ -s "$out/apart" ] || no_outcome "the kernel with all mutants is not built"
		all_but "$out/apart"
		patch_of_all >"$out/all.patch"
	done
	all_but "$out/apart"
	TESTS=$(cut -f3 "$covered/programs" | tr ' ' '\n' | sort -u | paste -sd' ') APPEND=$of_user
	"$top/tools/build/tests" patched >>"$out/log" 2>&1 || no_outcome "no tests"
	LIMIT=$patient "$top/tools/suites/verdict" patched >>"$out/log" 2>&1 || no_outcome "the series itself fails"
	built=all
}
