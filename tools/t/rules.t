#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# rules.t: mutants made by rules from added lines, and their outcomes. Building
# and running are scripts of the test.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 36

tab=$(printf '\t')
c=$tmp/c
cat >"$c" <<'END'
static int get(struct page *page,
	       gfp_t gfp)
{
	int n = 0;

	n = alloc(page,
		  gfp | GFP_A);
	if (!page)
		goto out;
	page = alloc(GFP_A | GFP_B | GFP_C);
	/* put(page); */
	put(page);
	if (one(page) &&
	    two(page))
		return 1;
fail:
	n = 1;
out:
	return n;
}
END
rules() { # LINE...: that are added
	for l; do printf 'mm/a.c\t%s\t1\t1\tx\n' "$l"; done >"$tmp/added"
	run awk -v file=mm/a.c -f "$top/tools/suites/rule-mutants/text.awk" \
		-f "$top/tools/suites/rule-mutants/rules.awk" "$tmp/added" "$c"
}
rules 12
expect 0 "^mm/a.c${tab}12${tab}get${tab}drop${tab}put\(page\);${tab};$" "a statement is dropped"
rules 8
expect 0 "${tab}negate${tab}if \(!page\)${tab}if \(!\(!page\)\)$" "a condition is negated"
rules 9
expect 0 "${tab}goto${tab}goto out;${tab}goto fail;$" "a goto goes elsewhere"
rules 10
expect 0 "${tab}flag${tab}.*${tab}page = alloc\(GFP_B \| GFP_C\);" "the first flag is dropped"
expect 0 "${tab}page = alloc\(GFP_A \| GFP_C\);" "the one in the middle"
expect 0 "${tab}page = alloc\(GFP_A \| GFP_B\);" "and the last"
ok "$([ "$(wc -l <"$out")" = 4 ]; echo $?)" "and the statement"
rules 2 4 11 13 14 15 19
check "declarations, comments, and what is in two lines: nothing" not test -s "$out"
rules
check "lines that were not added: nothing" not test -s "$out"

# --- their outcomes ----------------------------------------------------------

fake_project
fake_series
export O="$tmp/o" BASE=v4.6
stub() { { echo '#!/bin/sh'; cat; } >"$(tool "$1")"; chmod +x "$(tool "$1")"; }
for f in source assemble; do echo : | stub $f; done
# The text of the mutant decides: one() does not build, "flag" is caught by
# fault/x, "put" by fault/z alone, if the guest has it.
stub tests <<END
[ ! -e "$tmp/full" ] || exit 1
echo "\$TESTS" >"$tmp/packed"
END
stub kernel <<END
d=\$O/v4.6/patched/mutant
mkdir -p "\$d" && rm -rf "\$d/judged"
echo kernel >>"$tmp/asked"
[ ! -e "$tmp/full" ] || { echo "No space left on device" >"\$d/kernel.log"; exit 1; }
! grep -q '^+.*(one' "\$MUTANT" || { echo "mm/a.c:8:1: error: no" >"\$d/kernel.log"; exit 1; }
END
stub verdict <<END
d=\$O/v4.6/patched/mutant
[ ! -e "$tmp/killed" ] || { echo 137 >"\$d/ended"; exit 1; }
[ ! -e "$tmp/broken" ] || by=fault/w
tests=\$(cat "$tmp/packed")
case \$APPEND in
*rule_mutant=*) sed -n "\${APPEND##*=}p" "\$O/v4.6/rules/list" | cut -f6 >"$tmp/what" ;;
*) grep -q 'all mutants' "\$MUTANT" && { echo "baseline \$tests" >>"$tmp/asked"; [ ! "\$by" ]; exit; }
   grep '^-' "\$MUTANT" >"$tmp/what" ;;
esac
mkdir -p "\$d/judged"
echo "\$tests" >>"$tmp/asked"
grep -q 'GFP_B' "$tmp/what" && by=fault/x
grep -q 'put(page)' "$tmp/what" && case \$tests in *fault/z*) by=fault/z ;; esac
echo 0 >"\$d/ended"
[ "\$by" ] || exit 0
printf 'bad\tsame\tfail\t%s\tcase\twhy\n' "\$by" >"\$d/judged/rows"
exit 1
END
cover=$O/v4.6/coverage
rule_mutants() { : >"$tmp/asked"; run "$P/tools/suites/rule-mutants/run"; }
rule_mutants
expect 1 "'make coverage BASE=v4.6' first" "without coverage there is nothing to ask"
mkdir -p "$cover" "$O/v4.6/patched/coverage/linux/mm"
cp "$c" "$O/v4.6/patched/coverage/linux/mm/a.c"
touch "$O/v4.6/patched/coverage/linux/mm/a.o"
for l in 8 10 12; do printf 'mm/a.c\t%s\t1\t1\tx\n' $l; done >"$cover/added"
printf 'mm/a.c\t%s\tfault/x fault/y fault/w fault/z\n' 8 10 12 >"$cover/programs"
printf '1\tmm/a.c\t%s\texecuted\t1: x\ty\n' 8 10 12 >"$cover/lines"
touch "$tmp/broken"
rule_mutants
expect 1 'the series itself fails: ' "a series that fails without a mutant is not asked about any"
rm "$tmp/broken"
rule_mutants
expect 1 '  6 mutants: 5 caught, 1 survived, 0 where no test comes, 0 equivalent, 0 do not build' "each is tried"
expect 1 'survived  mm/a.c:8 get\(\): negate: if \(!page\)$' "what survives is named"
expect 1 'score   83.3 %' "and the score"
check "first, that none fails without a mutant" grep -qx 'baseline fault/w fault/x fault/y fault/z' "$tmp/asked"
check "few programs are asked first" grep -qx 'fault/x fault/y fault/w' "$tmp/asked"
check "what they do not see all are asked" grep -qx 'fault/x fault/y fault/w fault/z' "$tmp/asked"
check "by what it was caught is noted" grep -q "^caught${tab}mm/a.c${tab}12${tab}get${tab}drop${tab}put(page);${tab};${tab}fault/z case$" "$O/v4.6/rules/results"
ok "$([ "$(grep -c kernel "$tmp/asked")" = 1 ]; echo $?)" "one kernel has them all"
check "behind conditions" grep -q "^+${tab}{ if (!unlikely(rule_mutant == [0-9]*)) put(page); }$" "$O/v4.6/rules/all.patch"
check "and the argument that chooses" grep -q '^+early_param("rule_mutant"' "$O/v4.6/rules/all.patch"
rule_mutants
check "what is known is not asked again" not test -s "$tmp/asked"
mkdir -p "$P/patches/v4.6/mutants"
printf 'mm/a.c:get: negate: if (!page)\n\tno test can tell\n' >"$P/patches/v4.6/mutants/rules"
rule_mutants
expect 0 '5 caught, 0 survived, 0 where no test comes, 1 equivalent' "a survivor that is explained by now does not count"
check "and nothing is built for it" not test -s "$tmp/asked"
sed -i '/12/d; s/fault\/x .*/fault\/x/' "$cover/programs"
rule_mutants
check "what was caught stays so with another coverage" not test -s "$tmp/asked"
echo 'mm/a.c	1	1	1	y' >>"$cover/added"
rule_mutants
expect 1 '1 where no test comes' "a line that no test reaches is a mutant that survives"
check "with another series nothing is known, and what was is kept" test -s "$O/v4.6/rules/results.before"
rm -rf "$O/v4.6/rules"
sed -i '/12/s/executed/no-code/' "$cover/lines"
rule_mutants
expect 1 'survived  mm/a.c:12 ' "a line without code of its own is asked by all that reach the file"
ONLY='mm/a.c:10'; export ONLY
rm -rf "$O/v4.6/rules"
rule_mutants
expect 0 '4 mutants: 4 caught' "some lines alone"
unset ONLY
sed -i 's/if (!page)/if (one(page))/' "$O/v4.6/patched/coverage/linux/mm/a.c"
rm -rf "$O/v4.6/rules"
rule_mutants
expect 1 ', 1 do not build' "what does not build is not counted"
expect 1 '  6 mutants: 4 caught' "and the others are asked without it"
check "it was tried alone" grep -q "^+.*if (!(one(page)))$" "$O/v4.6/rules/mutant.patch"
rm -rf "$O/v4.6/rules"
for why in full killed; do
	touch "$tmp/$why"
	mkdir -p "$O/v4.6/rules" && printf 'caught\tx\n' >"$O/v4.6/rules/results"
	cat "$cover/added" "$P/patches/v4.6"/*.patch | sha256sum >"$O/v4.6/rules/of"
	rule_mutants
	expect 1 'latepte: (the series is not built|the series itself fails): .*log' "$why: the run ends"
	ok "$([ "$(grep -c 'caught\|survived' "$O/v4.6/rules/results")" = 1 ]; echo $?)" "without an outcome"
	rm "$tmp/$why"
done
