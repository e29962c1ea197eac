#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# args.t: arguments are checked before anything slow starts; a typo is reported,
# with what may be meant by it.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 26

fake_project
cp "$top/Makefile" "$top/README" "$P/"
gnumake=$(command -v make)
make() { rm -f "$tmp/began"; run "$gnumake" -C "$P" --no-print-directory O="$tmp/o" "$@"; }
for f in build run check interactive bisect-check; do printf '#!/bin/sh\n: >"%s"\n' "$tmp/began" >"$(tool $f)"; done
cat >"$P/patches/v4.6/expect" <<'END'
same fault/sigbus read_beyond_eof
new fault/sigbus write_beyond_eof
skip writeback/sync all
END
refused() { # TEXT DESCRIPTION
	[ ! -e "$tmp/began" ] || rc=started
	expect 2 "$1" "$2"
}

make run BASE=v4.6 TESTS=fault/sigbus:nope
refused 'v4.6 has no fault/sigbus:nope .*make list.* Is it one of: .*fault/sigbus:read_beyond_eof' "a case that there is not"
make run BASE=v4.6 TESTS=fault/sigbuss
refused 'Is it one of: .*fault/sigbus' "a program that there is not"
make run BASE=v4.6 TESTS="fault/sigbus nonsense"
refused 'no nonsense' "one of two"
make run BASE=v4.6 TESTS="fault/sigbus:*"
refused 'no fault/sigbus:\*' "no pattern is one"
make run BASE=v4.6 TESTS="fault writeback/sync fault/sigbus:write_beyond_eof"
expect 0 '' "directories, programs and cases that there are"
seq -f 'same fault/many case%g' 15 >>"$P/patches/v4.6/expect"
make run BASE=v4.6 TESTS="$(seq -f 'fault/many:case%g' 15 | paste -sd' ')"
refused 'more than 14 cases of fault/many' "more cases than the guest takes"
for a in ACCEL=kwm VARIANT=patches SMP=two SMP=0 MEM=2GB MEM=M JOBS=-1 LIMIT=1m RUNS=many; do
	make run $a
	refused "${a%%=*}=${a#*=}" "$a"
done
make run ACCEL=tcg VARIANT=control SMP=4 MEM=2G JOBS=16 LIMIT=10
expect 0 '' "and what all of them can be"
make run BASE=v4.7
refused 'no patches/v4.7/base. Is it one of: v4.6' "a base that there is not"
make run TEST=fault
refused 'no variable TEST.*Is it one of: .*TESTS' "a variable that there is not"
make run base=v4.6
refused 'no variable base.*BASE' "nor in small letters"
make check TESTS=nope BASE=v4.6
refused 'has no nope' "make check, before the tests of the host side"
make check IMAGE=bzImage
refused 'IMAGE= is for run, shell and gdb' "a kernel that is there for what builds kernels"
make bisect-check SMP=none
refused 'SMP=none' "and every other target"
fake_tree "$tmp/odd" 5 5
make run LINUX="$tmp/odd"
[ "$(grep -c latepte: "$out")" = 1 ]
ok $? "a wrong LINUX= has one sentence, and not a second one of bases" || diag
make list BASE=v4.6
expect 0 '^fault/sigbus:write_beyond_eof +new$' "make list has each case, with what is expected"
expect 0 '^# 1 new, 16 same, 0 xfail, 1 skip$' "and counts them"

# --- a guest in which nothing ran
echo '1..0' >"$tmp/none.tap"
echo '## status 0' >>"$tmp/none.tap"
run awk -f "$P/tools/verdict/judge" -v variant=patched -v test=fault/sigbus -v partial=1 "$P/patches/v4.6/expect" "$tmp/none.tap"
expect 0 '^not ok 1 - fault/sigbus plan \(no case ran\)' "a program that ran no case has not passed"
