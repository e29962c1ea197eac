#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# style.t: what must hold of the files themselves: scripts, series, and the
# lists of what is expected of each test case.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan $((15 + 2 * $(ls "$top"/patches/*/base | wc -l)))

cd "$top" || exit 1
st=tools/testing/selftests
# found TEXT: the test passes if nothing was found; otherwise show it
found() { [ ! -s "$out" ]; ok $? "$1" || { rc=$?; diag; }; }
scripts() { find tools .ci -type f -perm -100 ! -path 'tools/testing/*' | sort | xargs grep -lE '^#!/bin/sh'; }
ours() { find Makefile README HACKING Kconfig.fragment .ci mm fs include tools patches -type f ! -name '*.o' -size -200k; }
scripts >"$tmp/scripts"

# --- scripts
if command -v shellcheck >/dev/null; then
	# build/ records the files that shellcheck has passed.
	# SC2319: $? of a condition is what ok() wants
	{ shellcheck --version; { cat "$tmp/scripts"; find tools -name '*.sh'; } | sort | xargs sha256sum; } >"$tmp/seen"
	: >"$out"
	cmp -s "$tmp/seen" build/shellchecked ||
		xargs -P 2 -n 50 shellcheck -x -S warning -e SC2319 -f gcc <"$tmp/scripts" >"$out" 2>&1 &&
		mkdir -p build && cp "$tmp/seen" build/shellchecked
	found "shellcheck has nothing to say"
else
	skip "shellcheck has nothing to say" "it is not installed"
fi
while read -r f; do dash -n "$f" || echo "$f"; done <"$tmp/scripts" >"$out" 2>&1
found "every script is plain sh"
xargs grep -L 'SPDX-License-Identifier: GPL-2.0' <"$tmp/scripts" >"$out"
found "every script has its licence"
grep -v '^tools/t/' "$tmp/scripts" | xargs wc -l | awk '$2 != "total" && $1 > 200' >"$out"
found "no script of the host side is over 200 lines"
# A function ends at a brace in the first column.
xargs awk 'FNR == 1 { n = 0 } /^[a-z_]+\(\) [{(]$/ { n = FNR; name = $1 }
	/^[})]/ { if (n && FNR - n > 30) print FILENAME ": " name " " FNR - n " lines"; n = 0 }' \
	<"$tmp/scripts" >"$out"
found "no function is over 30 lines"

# Before CDPATH is gone, a relative path may find another command. The
# exceptions are called by our scripts, which have the environment already.
grep -vE '^(\.ci|tools/t)/|^tools/(env|attended|build/progress|guest/.*|verdict/log/scan)$' "$tmp/scripts" |
	xargs awk '/^[^#]/ { if ($0 !~ /^\. "\$\{0%\/\*\}\/(\.\.\/)*lib\.sh"$/) print FILENAME ": " $0; nextfile }' >"$out"
found "every script gets its environment from lib.sh, first of all"
find patches -name '*.patch' -exec grep -lE '^(old|new) mode ' {} + >"$out"
found "no patch changes a mode, which apply keeps"

# --- all files
ours | xargs grep -nIE "(^|[\"' =:(])/(home|root|opt|srv|work|media)/" >"$out"
found "no path of somebody's machine"
ours | xargs grep -nIE '[[:blank:]]+$' | grep -vE '^(patches/.*\.patch:|tools/verdict/log/samples/)' >"$out"
found "no blanks at the ends of lines"
ours | xargs grep -lIP '[^\x00-\x7F]' | grep -vE '^patches/|\.gp$' >"$out"
found "plain ASCII"

# --- patches
for b in patches/*/base; do
	BASE=$(basename "$(dirname "$b")")
	export BASE
	for v in control patched ours; do tools/tree/series $v "$tmp/new" || echo "$BASE $v"; done >"$tmp/series" 2>"$out"
	for v in control patched ours; do grep "^$BASE $v$" "$tmp/series" >>"$out"; done
	found "$BASE: series and patches agree"
done
unset BASE
find patches -name '*.patch' | while read -r p; do
	git apply --numstat "$p" >/dev/null 2>&1 && git mailinfo /dev/null /dev/null <"$p" |
		grep -q '^Subject: .' || echo "$p"
done >"$out"
found "every patch is a mail with a subject and a diff"
find patches -name '*.patch' -exec grep -nE '^(Signed-off|Acked|Reviewed|Tested)-by:' {} + >"$out"
found "nobody's name is signed for him"
find patches -name '*.patch' -exec grep -nE '^From [0-9a-f]*[1-9a-f]' {} + >"$out"
found "no patch names a commit of a machine"

# --- cases
# DIR/PROGRAM CASE of each case in the sources of the programs that are built.
# A row begins with { "CASE", { .name = "CASE" or MACRO(CASE.
for d in fault writeback; do
	sed -n 's/^TEST_GEN_PROGS *[:+]= *//p' $st/$d/Makefile | tr ' ' '\n' | grep . |
	while read -r p; do
		awk -v test="$d/$p" '
		/struct ksft_case cases\[\] = \{/ { on = 1; next }
		/^\};/ { on = 0 }
		on && match($0, /^\t(\{ (\.name = )?"|[A-Z0-9_]+\()[a-z0-9_]+/) {
			name = substr($0, RSTART, RLENGTH)
			sub(/.*["(]/, "", name)
			print test, name
			n++
		}
		END { if (!n) print test, "has no cases" }' "$st/$d/$p.c"
	done
done | sort >"$tmp/cases"
for b in patches/*/expect; do
	sed -e 's/#.*//' "$b" | awk '
		$1 == "fails" && NF > 3 { says[$2] = 1; next }
		NF && ($1 !~ /^(same|new|xfail|skip)$/ || NF < 3 || NF > 4) { print $0 ": what is that?" }
		$1 == "new" || $1 == "xfail" { asked[$2] = 1 }
		END { for (p in asked) if (!(p in says)) print p ": by which assertion? (fails " p " * TEXT)" }' >"$out"
	awk -f tools/verdict/invariants "$b" /dev/null >>"$out"
	sed -e 's/#.*//' "$b" | awk 'NF && $1 != "fails" { print $2, $3 }' | sort >"$tmp/expect"
	sed -e 's/#.*//' "$b" | awk '$1 != "fails" && NF == 4 { print $4 }' | sort -u | while read -r f; do
		[ -f "tools/build/config/$f.config" ] || grep -q "^$f\>" tools/build/flavours || [ -f "${b%/*}/$f.config" ] || echo "$b: no flavour $f"
	done >>"$out"
	uniq -d "$tmp/expect" | sed 's/$/: twice/' >>"$out"
	sort -u "$tmp/expect" | comm -3 "$tmp/cases" - |
		sed 's/^\t\(.*\)/\1: listed, and there is no such case/; t; s/$/: not listed/' >>"$out"
	found "$b lists every case of the sources, once, and no other"
done

# A test that never failed proves nothing: every program must have a case that
# fails on the control, or catch a mutant.
cat patches/*/expect | awk '$1 == "new" { print $2 }' >"$tmp/seen"
sed -n 's/^Caught-by: //p' patches/*/mutants/*.patch | cut -d' ' -f1 >>"$tmp/seen"
sort -u "$tmp/seen" >"$tmp/seen.sorted"
cut -d' ' -f1 "$tmp/cases" | sort -u | comm -23 - "$tmp/seen.sorted" >"$out"
found "every program has been seen to fail"

# --- documents
for t in $(sed -n '/^\.PHONY:/,/[^\\]$/p' Makefile | sed 's/^\.PHONY://; s/\\$//'); do
	case $t in help|args) continue ;; esac
	sed -n '/^Targets/,/^Reading/p' README | grep -q "make $t " || echo "make $t"
done >"$out"
found "the README knows every target"
