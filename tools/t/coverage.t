#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# coverage.t: what is made of the instructions that a guest has executed.
# Compiler, binutils and guest are scripts; the series is made up: patch 1 has
# line 20 of mm/memory.c, a branch, patch 2 has line 23, one of its targets.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 35

fake_project
fake_series
fake_git "$tmp/tree" 4 6
export BASE=v4.6 LINUX="$tmp/tree" O="$tmp/o" KEEP="NO_MARKS WHAT"
suite=$P/tools/suites/coverage
cov=$O/v4.6/coverage
a=ffffffff81000
cat >"$P/tools/build/all" <<'EOF'
#!/bin/sh
. "$(dirname "$0")/../lib.sh"
"$top/tools/tree/source" && "$top/tools/tree/assemble" patched
EOF
# The guest: the content of executed, and a case for each "@ case" in it
cat >"$P/tools/suites/verdict" <<EOF
#!/bin/sh
cat "$tmp/executed" >"$cov/executed"
printf '%s\n' '## begin fault/first' 1..2 'ok 1 one' 'ok 2 # SKIP two' '## end fault/first 0' >"$O/v4.6/patched/coverage/tap.raw"
echo '  result  as it is'
exit \$(cat "$tmp/verdict")
EOF
echo 0 >"$tmp/verdict"
fake_command qemu-system-x86_64 <<'EOF'
[ "$WHAT" != no-plugins ] || { echo "invalid option -plugin"; exit 1; }
EOF
fake_command gcc <<'EOF'
while [ $# -gt 0 ]; do [ "$1" != -o ] || echo built >"$2"; shift; done
EOF
fake_command nm <<EOF
printf '%s\n' '${a}100 T f' '${a}120 T start_kernel' '${a}130 t devkmsg_write' '${a}140 T sys_setsid'
EOF
fake_command readelf <<EOF
printf '%s\n' ' The Directory Table (offset 0x22, lines 2, columns 1):' '  0	(x): /b/linux' '  1	(x): mm' \
	' The File Name Table (offset 0x30, lines 3, columns 2):' '  0	0	(x): memory.c' '  1	1	(x): memory.c' '' \
	' Line Number Statements:' '  [0x01]  Extended opcode 2: set Address to 0x${a}100' \
	'  [0x02]  Set column to 5' '  [0x03]  Advance Line by 19 to 20' '  [0x04]  Copy' \
	'  [0x05]  Special opcode 9: advance Address by 4 to 0x${a}104 and Line by 3 to 23' \
	'  [0x06]  Special opcode 9: advance Address by 4 to 0x${a}108 and Line by 2 to 25' \
	'  [0x07]  Advance PC by 8 to 0x${a}110' '  [0x08]  Extended opcode 1: End of Sequence'
EOF
fake_command objdump <<EOF
printf '%s\n' '${a}100:	test   %eax,%eax' '${a}102:	jne    ${a}108 <f+0x8>' \
	'${a}104:	call   ${a}120 <g>' '${a}108:	ret'
EOF
fake_command addr2line <<'EOF'
while read -r addr; do
	case $addr in *100|*102) line=20 ;; *104) line=23 ;; *) line=25 ;; esac
	printf '0x%s\nf\n/b/linux/mm/memory.c:%s (discriminator 1)\n' "$addr" $line
done
EOF
PATH=$tmp/bin:$PATH
# executed "ADDR WAYS"...: in the first case of the first program
executed() {
	echo '@ start' >"$tmp/executed"
	[ "$NO_MARKS" ] || printf '%s\n' '@ program' '@ case' >>"$tmp/executed"
	for e; do echo "$a$e"; done >>"$tmp/executed"
	[ "$NO_MARKS" ] || printf '%s\n' '@ case' '@ program' >>"$tmp/executed"
	echo '@ end' >>"$tmp/executed"
	run "$suite/run"
}
# has TEXT DESCRIPTION FILE: TEXT is a line of a file that the run left
has() { grep -qE -e "$1" "$cov/$3"; ok $? "$2" || diag; }

executed '100 1' '102 7' '104 1'
expect 0 'all +100.0 % of +2 lines +100.0 % of +2 ways' "all is executed"
expect 0 '  0001 +100.0 % of +1 lines' "said for each patch"
expect 0 "report  $cov/report" "and where it is"
has "^e ${a}140 case$" "the plugin is told what marks a case" want
has "^j ${a}102 ${a}104 ${a}108$" "and where a jump goes" want
has "^i ${a}108$" "which is watched, whatever line it is of" want
has "^0001	mm/memory.c	20	executed	1: fault/first one	memory twenty$" "the case that reached a line" lines
has '^ +1 \+memory twenty$' "the patch has the number of them" 0001.diff
executed '100 1' '102 3' '104 1'
expect 1 'MISSED +1 ' "a way that was not taken"
has '^mm/memory.c:20	f\(\): never to mm/memory.c:25: memory twenty$' "is told by where it goes" report
has '^ one \+memory twenty$' "and marked" 0001.diff
executed '100 1' '102 5'
expect 1 'MISSED +2 ' "a line, and the way to it"
has '^mm/memory.c:23	never executed: memory twenty-three$' "is told" report
has '^ !!! \+memory twenty-three$' "and marked" 0002.diff

x=$P/patches/v4.6/coverage
printf '%s\n' 'mm/memory.c:f: memory twenty' '	a reason' 'mm/memory.c:f: memory twenty-three' '	another' >"$x"
executed '100 1' '102 5'
expect 1 'TOO MANY' "more than 5 % of lines are excepted"
awk '/many = /{ sub(/excepted \* 20/, "0") } 1' "$suite/summary.awk" >"$tmp/s" && cp "$tmp/s" "$suite/summary.awk"
executed '100 1' '102 5'
expect 0 '2 excepted' "fewer are taken as they are"
has '^ exc \+memory twenty-three$' "and marked" 0002.diff
executed '100 1' '102 7' '104 1'
expect 1 'STALE +2 ' "an exception for what is executed is stale"
printf '%s\n' 'mm/memory.c:f: memory twenty' '	by chance: a race' >"$x"
executed '100 1' '102 7' '104 1'
expect 0 '100.0 % of +2 ways' "unless it is executed by chance"
printf '%s\n' 'mm/memory.c:g: memory twenty' '	a reason' >"$x"
executed '100 1' '102 7' '104 1'
expect 1 'STALE +1 ' "so is one for no line there is"
printf '%s\n' 'mm/memory.c:f: memory twenty' >"$x"
executed '100 1' '102 3' '104 1'
expect 1 'STALE +1 ' "and one without a reason"
rm "$x"
echo 'memory twenty$' >"$suite/assertions"
executed '100 1' '102 3' '104 1'
expect 0 '100.0 % of +0? ways|-   of +0 ways' "an assertion need go one way only"

echo 1 >"$tmp/verdict"
echo kept >"$cov/programs"
executed '100 1' '102 7' '104 1'
expect 1 'the tests themselves fail' "a test that fails covers nothing"
check "nor does it change which programs rule-mutants asks" grep -qx kept "$cov/programs"
echo 0 >"$tmp/verdict"
NO_MARKS=1
executed '100 1' '102 7' '104 1'
expect 1 'the guest ran no test' "nor does a guest that ran none"
NO_MARKS=
run env WHAT=no-plugins "$suite/run"
expect 1 'takes no plugin: invalid option' "a QEMU without plugins"
run env ACCEL=kvm "$suite/run"
expect 1 'in emulation only' "KVM executes unseen"

# Two copies of a branch, the second inverted, and what they did
copies() { # WAYS WAYS [NEXT TARGET]: those of the second
	printf 'm.c\t5\t0001\t5\tif (x)\n' >"$tmp/added"
	for a in 1 2; do printf 'l\t%s\tm.c\t5\tf\n' $a; done >"$tmp/points"
	printf 'b\t1\tm.c\t5\t3\tf\t-\t-\tyes\tno\nb\t2\tm.c\t5\t3\tf\t-\t-\t%s\t%s\n' "${3:-no}" "${4:-yes}" >>"$tmp/points"
	{ echo "1 $1"; [ "$2" = 0 ] || echo "2 $2"; echo '@ end'; } >"$tmp/executed"
	run awk -v added_file="$tmp/added" -v points_file="$tmp/points" \
		-f "$suite/report.awk" "$tmp/added" "$tmp/points" "$tmp/executed"
}
copies 3 3
expect 0 '^patch	0001	1	1	2	2	0$' "copies of a branch count as one"
copies 3 5
expect 0 '^patch	0001	1	1	2	1	0$' "which went one way, if both copies did"
copies 3 3 else
expect 0 '^patch	0001	1	1	2	2	0$' "if one thing that they go to tells the other"
copies 7 0 x y
expect 0 '^patch	0001	1	1	2	2	0$' "a copy that was never executed does not count"

labels() { run awk -f "$suite/labels.awk" "$tmp/tap" "$tmp/executed"; }
printf '%s\n' '## begin d/a' 'ok 1 - x' 'not ok 2 # error y' '## end d/a 0' '## begin d/b' 'ok 1 z' '## end d/b 0' >"$tmp/tap"
printf '@ %s\n' start program case case program program case program end >"$tmp/executed"
labels
[ "$(paste -sd, "$out")" = 'boot,boot,d/a,d/a x,d/a y,guest,d/b,d/b z,guest' ]
ok $? "the parts of a run have the names of the cases" || diag
printf '@ %s\n' program case case case program end >"$tmp/executed"
labels
[ "$(paste -sd, "$out")" = 'boot,d/a,d/a,d/a,d/a,guest' ]
ok $? "but that of the program, if it had more cases than results" || diag

rm "$tmp/bin/addr2line"
mkdir "$tmp/none"
for c in sh sed dirname cat gcc qemu-system-x86_64 readelf objdump nm; do
	ln -s "$(command -v $c)" "$tmp/none/"
done
run env PATH="$tmp/none" "$suite/run"
expect 1 "addr2line is not installed: run 'make deps'" "no addr2line"
cd "$top" && grep -lE '^[^#[:space:]]' patches/*/coverage 2>/dev/null | while read -r f; do
	awk '/^[^#[:space:]]/ && !/^[^:]*:[^:]*: ./ { print FILENAME ": " $0 }' "$f"
done >"$out"
ok "$([ ! -s "$out" ]; echo $?)" "the exceptions there are name file, function and text"
