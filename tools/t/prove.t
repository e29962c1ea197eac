#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# prove.t: a model that fails, a mutant that passes and a search that did not
# complete prove nothing. Spin, gcc and herd7 are scripts.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 18

fake_project
export BASE=v4.6 O="$tmp/o"
suite=$P/tools/suites/prove
rm "$suite"/*.pml "$suite"/*.litmus
printf ' * Checks: safety ltl\n' >"$suite/toy.pml"
printf '(*\n * Result: Sometimes\n *)\n' >"$suite/pair.litmus"
printf '# a comment\ntoy NO_LOCK safety no lock\n' >"$suite/mutants"
# A search is known by the name of its mutant, which is empty for the model.
echo 'for a; do case $a in -D*) echo "${a#-D}" ;; esac; done >pan.c' | fake_command spin
fake_command gcc <<'END'
how=safety
case " $* " in *" -DNFAIR=3 "*) how=ltl ;; esac
{ echo '#!/bin/sh'; echo "m=\$(cat pan.c) how=$how"; cat "$HOME/../search"; } >pan
chmod +x pan
END
PATH=$tmp/bin:$PATH
# found TEXT: what a search does before it prints the number of errors, $e
found() {
	printf '%s\n' "$1" 'echo "State-vector 8 byte, depth reached 9, errors: $e"' \
		'echo "     123 states, stored"' >"$tmp/search"
	run "$suite/run"
}
good='[ "$m" ] && e=1 || e=0'

found "$good"
expect 0 '^proved toy safety: states 123$' "a model without an error is proved"
expect 0 '^proved toy ltl: states 123$' "for each of its checks"
expect 0 '^fails, as it must: toy NO_LOCK$' "a mutant must fail"
expect 0 '^prove: all 3 as it must be' "and that is all"
expect 0 '^skipped: herd7 is not installed \(1 litmus tests\)$' "without herd7 it says so"
found e=1
expect 1 '^FAILS toy safety' "an error in the model"
found '[ "$m" ] || [ $how = ltl ] && e=1 || e=0'
expect 1 '^FAILS toy ltl' "or in one of the checks"
found e=0
expect 1 '^FAILS toy NO_LOCK passes' "a mutant that passes"
found "$good; [ \"\$m\" ] || echo 'error: max search depth too small'"
expect 1 '^FAILS toy safety' "a search that is cut off is no proof"
found "[ -z \"\$m\" ] || exit 1; $good"
expect 1 '^FAILS toy NO_LOCK: no result' "one that gave nothing is no failure of a mutant"

mkdir -p "$O/v4.6/patched/linux/tools/memory-model"
echo 'echo "Observation pair $SEEN 1 2"' | fake_command herd7
found "$good"
expect 0 '^skipped: no tree with tools/memory-model' "no tree with the memory model"
: >"$O/v4.6/patched/linux/tools/memory-model/linux-kernel.cfg"
run env SEEN=Sometimes "$suite/run"
expect 0 '^proved pair: Sometimes$' "a litmus test that comes out as it must"
run env SEEN=Never "$suite/run"
expect 1 '^FAILS pair: Never, must be Sometimes' "and one that does not"
mkdir "$tmp/none"
for c in sh sed dirname cat; do ln -s "$(command -v $c)" "$tmp/none/"; done
run env PATH="$tmp/none" "$suite/run"
expect 1 "spin is not installed: run 'make deps'" "no Spin"

# The real files
cd "$top/tools/suites/prove" || exit 1
grep -v '^#' mutants | while read -r model mutant by what; do
	[ "$what" ] && grep -qE "^#ifn?def $mutant$" "$model.pml" &&
		grep -q "^ \* Checks: .*$by" "$model.pml" || echo "$mutant"
done >"$out"
ok "$([ ! -s "$out" ]; echo $?)" "each mutant is one of its model" || diag
for f in *.pml; do sed -nE "s/^#ifn?def /${f%.pml} /p" "$f"; done | sort -u >"$tmp/have"
grep -v '^#' mutants | awk '{ print $1, $2 }' | sort | comm -3 "$tmp/have" - >"$out"
ok "$([ ! -s "$out" ]; echo $?)" "and listed, once" || diag
grep -LE '^ \* Result: (Never|Sometimes|Always)$' -- *.litmus >"$out"
ok "$([ ! -s "$out" ]; echo $?)" "each litmus test says what must come out" || diag
for f in *.litmus; do head -n 1 "$f" | grep -qx "C ${f%.litmus}" || echo "$f"; done >"$out"
ok "$([ ! -s "$out" ]; echo $?)" "and is called as its file" || diag
