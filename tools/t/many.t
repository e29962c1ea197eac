#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# many.t: what runs many kernels: bisect-check, mutants, matrix, checkpatch; and
# shell and gdb. Building and running are scripts of the test.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 68

fake_project
fake_series
export O="$tmp/o" BASE=v4.6
calls=$tmp/calls
stub() { # SCRIPT: its body is on stdin
	{ printf '#!/bin/sh\necho "%s $* F=$FLAVOUR U=$UPTO M=${MUTANT##*/} J=$JUDGE_AS S=$SMP,$MEM C=$CONFIG T=$TESTS" >>"%s"\n' \
		"$1" "$calls"; cat; } >"$(tool "$1")"
	chmod +x "$(tool "$1")"
}
for f in source assemble tests; do stub $f </dev/null; done
# kernel and verdict take their output from files named after prefix or mutant.
stub kernel <<END
d=\$O/v4.6/patched/\$FLAVOUR
mkdir -p "\$d/judged"
cp "$tmp/warnings.\$UPTO" "\$d/kernel.log" 2>/dev/null || : >"\$d/kernel.log"
END
row() { printf '%s\t%s\t%s\t%s\t%s\twhy\n' "$@"; }
stub verdict <<END
row() { printf '%s\\t%s\\t%s\\t%s\\t%s\\twhy\\n' "\$@"; }
d=\$O/v4.6/patched/\$FLAVOUR
mkdir -p "\$d/judged"
rm -f "\$d"/judged/*
which=\$UPTO\${MUTANT##*/}
[ ! "\$TESTS" ] || [ ! -f "$tmp/judged.\$which.again" ] || which=\$which.again
row good guest pass guest up >"\$d/judged/rows"
[ ! -f "$tmp/guest.\$which" ] || cp "$tmp/guest.\$which" "\$d/judged/rows"
cat "$tmp/judged.\$which" >>"\$d/judged/rows"
! grep -q '^bad' "\$d/judged/rows"
END
called() { grep -qE -e "^$1" "$calls"; }
new() { for c; do row good new pass fault/x "$c"; done; }

# --- bisect-check
bisect() { : >"$calls"; run "$P/tools/suites/bisect-check"; }
echo 'mm/a.c:7:1: warning: old' >"$tmp/warnings.0"
echo 'mm/a.c:9:1: warning: old' >"$tmp/warnings.1"
: >"$tmp/warnings.2"
new >"$tmp/judged.0"
new a >"$tmp/judged.1"
new a b >"$tmp/judged.2"
bisect
expect 0 'bisect-check v4.6: 2 patches, every prefix builds, boots and passes' "each prefix is as good as the one before"
expect 0 'PREFIX +0 of 2: base' "it begins with the base"
expect 0 'PREFIX +2 of 2: 0002-mm-twenty-three.patch' "and names the patches"
check "a prefix is judged as one" called 'verdict patched F=bisect U=1 .* J=prefix'
check "and the whole series as patched" called 'verdict patched F=bisect U=2 .* J=patched'
echo 'mm/a.c:9:1: warning: brand new' >>"$tmp/warnings.1"
bisect
expect 1 'mm/a.c: warning: brand new' "a new warning"
expect 1 'prefix 1 \(0001-mm-twenty.patch\) is worse than the one before' "fails, with the patch that brings it"
: >"$tmp/warnings.1"
new b >"$tmp/judged.2"
bisect
expect 1 'lost: fault/x a' "a case that passed and does no more"
check "is asked once more where it failed" called 'verdict patched F=bisect U=2 .* T=fault/x:a$'
check "and where it passed" called 'verdict patched F=bisect U=1 .* T=fault/x:a$'
: >"$tmp/judged.1.again"
bisect
expect 0 'every prefix builds' "one that had passed by chance is not lost"
rm "$tmp/judged.1.again"
new a >"$tmp/judged.2.again"
bisect
expect 0 'every prefix builds' "nor one that had failed by chance"
rm "$tmp/judged.2.again"
row bad same fail fault/x c >"$tmp/judged.1"
bisect
expect 1 'prefix 1 \(0001-mm-twenty.patch\) fails' "a case that fails"
not called 'verdict .* U=2'
ok $? "nothing is tried behind it" || diag
check "and it is noted" grep -qx bad "$O/v4.6/bisect/result.1"
check "as is one that passes" grep -qx good "$O/v4.6/bisect/result.0"

FROM=2; export FROM
new a b >"$tmp/judged.2"
rm -r "$O/v4.6/bisect"
bisect
expect 1 'FROM=2: there is no result of prefix 1' "to go on needs something to go on from"
mkdir "$O/v4.6/bisect"
echo 'fault/x a' >"$O/v4.6/bisect/passing.1"
: >"$O/v4.6/bisect/warnings.0"
bisect
expect 0 '1 lost|every prefix' "FROM goes on"
not called 'verdict .* U=[01]'
ok $? "where it was told to" || diag
unset FROM

# --- mutants
mutants() { : >"$calls"; run "$P/tools/suites/mutants"; }
m=$P/patches/v4.6/mutants
run "$P/tools/suites/mutants"
expect 1 'no mutants for v4.6' "no mutants"
mkdir "$m"
printf 'Caught-by: fault/x a\n' >"$m/leak.patch"
printf 'Caught-by: log\nCaught-by: fault/y b\n' >"$m/warn.patch"
row bad new fail fault/x a >"$tmp/judged.leak.patch"
new a >"$tmp/judged.warn.patch"
{ row good guest pass guest up; row bad guest fail guest log; } >"$tmp/guest.warn.patch"
mutants
expect 0 'mutants of v4.6: 2 of 2 caught' "mutants that are caught"
expect 0 'caught +leak, by: fault/x a' "by the case that their patches name"
expect 0 'caught +warn, by: log' "or by the log"
check "which is noted" grep -qx 'good	fault/x a' "$O/v4.6/mutants/leak.result"
check "only what they name is run" called 'verdict patched F=mutant .* M=leak.patch .* T=fault/x$'
check "a mutant is one patch more" called 'assemble patched F=mutant .* M=warn.patch'
new a >"$tmp/judged.leak.patch"
mutants
expect 1 'MISSED +leak: .*/mutants/leak.log' "one that passes is missed"
expect 1 'mutants of v4.6: 1 of 2 caught' "and counted"
check "and noted" grep -qx 'bad	missed' "$O/v4.6/mutants/leak.result"
row bad new fail fault/x ab >"$tmp/judged.leak.patch"
mutants
expect 1 'MISSED +leak' "another case that fails does not do"
row bad new none fault/x a >"$tmp/judged.leak.patch"
mutants
expect 1 'MISSED +leak' "nor does the case if it did not run"
row bad new fail fault/x a >"$tmp/judged.leak.patch"
{ row bad guest fail guest up; row bad guest fail guest log; } >"$tmp/guest.warn.patch"
mutants
expect 1 'MISSED +warn' "a guest that never came up has caught nothing"
printf 'nothing\n' >"$m/void.patch"
mutants
expect 1 'has no Caught-by: line' "a mutant that nothing is to catch"
rm "$m/void.patch" "$m/warn.patch" "$tmp/guest.warn.patch"
mkdir "$m/x86_64" "$m/s390x"
printf 'Config: KASAN=y\nCaught-by: fault/x a\n' >"$m/first.patch"
cp "$m/leak.patch" "$m/s390x/elsewhere.patch"
mv "$m/leak.patch" "$m/x86_64"
row bad new fail fault/x a >"$tmp/judged.first.patch"
CONFIG=A=y mutants
expect 0 'mutants of v4.6: 2 of 2 caught' "those of this architecture are run besides"
check "with the options that they need" called 'kernel patched F=mutant .* M=first.patch .* C=A=y KASAN=y T'
check "which others are not" called 'kernel patched F=mutant .* M=leak.patch .* C=A=y T'
CONFIG=$m/first.patch mutants
expect 1 'not a file, for first adds KASAN=y' "a file of options cannot be added to"
rm -r "$m/x86_64" "$m/s390x" "$m/first.patch"

# --- matrix
unset UPTO MUTANT
matrix() { : >"$calls"; run "$P/tools/suites/matrix"; }
printf '# comment\ndebug 2 768M\ndefault 4 512M\n' >"$P/tools/suites/matrix.list"
new a >"$tmp/judged."
matrix
expect 0 'matrix v4.6: all 2 variants pass' "matrix"
check "with their CPUs and memory" called 'verdict patched F=debug .* S=2,768M'
check "each in turn, the default kernel as well" called 'verdict patched F= .* S=4,512M'
check "and what they left is kept" test -f "$O/v4.6/matrix/default-4/judged/rows"
mkdir -p "$O/v4.6/matrix/debug-2/judged" && : >"$O/v4.6/matrix/debug-2/judged/stale"
: >"$O/v4.6/matrix/default-4/mine"
ONLY=debug; export ONLY
matrix
expect 0 'all 1 variants pass' "one flavour alone"
check "what an earlier run left goes" not test -e "$O/v4.6/matrix/debug-2/judged/stale"
check "that of others stays" test -e "$O/v4.6/matrix/default-4/mine"
echo 'numa 2 512M fault/x fault/y' >"$P/patches/v4.6/matrix.list"
ONLY=numa
matrix
check "a flavour for some tests" called 'tests patched F=numa .* T=fault/x fault/y$'
printf 'same fault/x a\nnew fault/y b\nsame writeback/w c\n' >"$P/patches/v4.6/expect"
echo 'numa 2 512M -fault/x -writeback/w' >"$P/patches/v4.6/matrix.list"
matrix
check "a flavour for all tests but some" called 'tests patched F=numa .* T=fault/y$'
TESTS=fault/z matrix
check "which TESTS= has its way with" called 'tests patched F=numa .* T=fault/z$'
rm "$P/patches/v4.6/matrix.list"
ONLY=dbeug
matrix
expect 1 'ONLY=dbeug: no matrix.list has such a flavour' "a flavour there is not"
unset ONLY
row bad new fail fault/x a >"$tmp/judged."
matrix
expect 1 'matrix v4.6 fails: debug-2 default-4' "those that fail are named"

# --- mm-selftests: a guest prints what its script says
printf 'a mm prog-a\nb mm prog-b 1 2\n' >"$P/patches/v4.6/mm-selftests"
stub build </dev/null
stub suites/mm-selftests/build <<END
mkdir -p "\$O/v4.6/mm-selftests/\$1"
printf 'mm/a\nmm/b 1 2\n' >"\$O/v4.6/mm-selftests/\$1/list"
END
stub guest/boot <<END
cp "$tmp/raw.\${1##*/}" "\$1/tap.raw"
echo 'Linux version 4.6' >"\$1/console.log"
[ ! -f "$tmp/lost.\${1##*/}" ] || cp "$tmp/lost.\${1##*/}" "\$1/lost"
END
says() { # VARIANT LINE...: output of program a; b is the same on both
	v=$1
	shift
	{ echo '## begin mm/a'; printf '%s\n' "$@"; printf '## end mm/a 0\n## begin mm/b\nok 1 b\n## end mm/b 256\n'; } >"$tmp/raw.$v"
}
mm() { : >"$calls"; run env ACCEL=tcg "$P/tools/suites/mm-selftests/ab"; }
says control 'ok 1 at 0x7f00 in 12 ms' 'Testing x on y... done'
says patched 'ok 1 at 0x7f10 in 9 ms' 'Testing x on y... done'
mm
expect 0 'mm-selftests v4.6: 2 programs, the same on control and patched' "addresses and times may differ"
expect 0 '^  a +2 +0 +0  0 +same' "what each says is counted"
expect 0 '^  b +1 +0 +0  256 +same' "a status that is no 0 may be, if it is so on both"
says patched 'ok 1 at 0x7f10 in 9 ms' 'Testing x on y... failed'
mm
expect 1 '^  a +1 +0 +1  0 +DIFFERENT' "a test that fails on one of them"
expect 1 '^-Testing x on y... done' "is shown"
says patched 'ok 1 at 0x7f10 in 9 ms' 'Testing x on y... done'
sed -i '/mm\/b/,$d' "$tmp/raw.patched"
echo 'no progress for 9 s' >"$tmp/lost.patched"
mm
expect 1 'never-started' "a program that never ran"
expect 1 'patched: lost guest: no progress for 9 s' "a guest that was lost"

# --- checkpatch
tree=$O/v4.6/patched/linux
mkdir -p "$tree/scripts"
cat >"$tree/scripts/checkpatch.pl" <<'END'
open(my $f, "<", $ARGV[-1]) or die; local $/; my $t = <$f>;
if ($t =~ /TWENTY/) { print "$ARGV[-1]:7: ERROR: shouting\n"; exit 1 }
END
run "$P/tools/tree/checkpatch"
expect 0 'checkpatch: v4.6 is clean' "checkpatch, clean"
sed -i 's/^+memory twenty$/+memory TWENTY/' "$P"/patches/v4.6/0001*
run "$P/tools/tree/checkpatch"
expect 1 '0001-mm-twenty.patch:7: ERROR: shouting' "an error is shown"
not grep -q 'is clean' "$out"
ok $? "and fails" || diag
printf '/* TWENTY */\n' >>"$P/mm/fault_selftest.c"
sed -i 's/^+memory TWENTY$/+memory twenty/' "$P"/patches/v4.6/0001*
run "$P/tools/tree/checkpatch"
expect 1 'ERROR: shouting' "in a new file, too"

# --- shell and gdb
fake_command qemu-system-x86_64 <<'END'
echo "qemu $*"
END
for c in mkfs.ext4 mkfs.xfs; do echo : | fake_command $c; done
PATH=$tmp/bin:$PATH
export ACCEL=tcg
echo base.argument=1 >"$P/patches/v4.6/cmdline"
run "$P/tools/guest/interactive" shell patched
expect 0 '^qemu .*latepte.mode=shell' "a shell in the guest"
expect 0 '-smp 2,sockets=2.* -no-reboot' "on the same machine as the tests"
expect 0 '-drive file=[^ ]*/ext4.img,.*-drive file=[^ ]*/xfs.img,' "with its disks"
expect 0 'KSFT_SCRATCH_EXT4=/dev/vda .*base.argument=1' "and its kernel arguments"
not grep -q -e ' -S' "$out"
ok $? "it does not wait" || diag
run env SMP=4 "$P/tools/guest/interactive" gdb control
expect 0 '^qemu .* -s -S ' "with gdb it does"
expect 0 "gdb .*/v4.6/control/linux/vmlinux -ex 'target remote :1234'" "and says what to type"
expect 0 '-smp 4,.*nokaslr' "with addresses that fit vmlinux"
