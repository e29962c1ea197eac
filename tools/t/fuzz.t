#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fuzz.t: make fuzz compares two kernels, and shrinks a program in which they
# differ. The kernels are made up, the programs are not.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 33

compare() {
	printf '%s\n' "$1" >"$tmp/cmp.c"
	printf '%s\n' "$2" >"$tmp/cmp.p"
	run awk -f "$top/tools/suites/fuzz/compare.awk" "$tmp/cmp.c" "$tmp/cmp.p"
}

compare '1 aa own $$%' '1 aa own $#$'
expect 0 '^good	1	1		3	10	8$' "fewer page tables are no difference"
compare '1 aa own $$%' '1 aa own $%%'
expect 0 '^bad	1	1	more page tables, after 2 steps' "more are one"
compare '1 aa own $' '1 ab own $'
expect 0 '^bad	1	1	differs' "so is another digest"
compare '1 aa own $' '1 aa alien $'
expect 0 '^bad	1	1	a word that nobody wrote' "and a word that nobody wrote"
compare '1 aa own $' '1 died 0xb -'
expect 0 '^bad	1	1	died, control own, patched 0xb' "and a program that died"
compare '1 aa own $
2 bb own $' '1 aa own $'
expect 0 '^bad	2	2	missing' "and one that is missing"

# --- the program itself: the same steps each time ------------------------------

gcc -O1 -w -static -pthread -I "$top/include" -o "$tmp/fuzz" "$top/tools/suites/fuzz/fuzz.c"
here() { # ARGUMENT...: with mounts of its own, if possible
	unshare -m sh -c 'mount -t tmpfs none /mnt && mkdir /mnt/tmpfs /mnt/disk &&
		exec setarch -R "$@"' - "$tmp/fuzz" "$@"
}
if here programs=1-1 steps=1 >"$tmp/once" 2>&1; then
	here programs=7-9 steps=40 >"$tmp/once"
	run cat "$tmp/once"
	expect 0 '^# complete' "three programs of 40 steps run on the kernel that is here"
	here show=8 steps=40 >"$tmp/shown"
	run cat "$tmp/shown"
	expect 0 '^39 do_[a-z_]*\(0x.* tables=[0-9]+ ' "a program is shown step by step"
	here show=8 steps=40 >"$tmp/again"
	check "and does the same the next time" cmp "$tmp/shown" "$tmp/again"
else
	for what in run shown same; do skip "fuzz.c: $what" "needs root and a mount namespace"; done
fi

# --- the host side, with a QEMU that knows the results -----------------------

# The image is a word, the digest of program 5 if steps 3 and 7 are taken, and
# maybe "more": tables of program 6.
fake_command qemu-system-x86_64 <<'END'
for a; do
	case $last in
	-serial) file=${file:+$file }${a#file:} ;;
	-kernel) image=$a ;;
	-initrd) initrd=$a ;;
	-append) words=$a ;;
	esac
	last=$a
done
set -f; set -- $file; log=$1 got=$2; set +f
read -r digest tables <"$image"
echo "$words" >"$image.words"
[ ! -e "$image.broken" ] || exit 1
echo "a quiet boot" >"$log"
[ ! -s "$image.log" ] || cat "$image.log" >"$log"
value() { echo "$words" | tr ' ' '\n' | sed -n "s/^$1=//p"; }
line() { # PROGRAM STEPS
	d=aa
	case ,$2, in *,3,*) case ,$2, in *,7,*) [ "$1" != 5 ] || d=$digest ;; esac ;; esac
	[ "$1$tables" = 6more ] && t=% || t='$'
	echo "$1 $d own $(echo "$2" | tr -cd , | tr , "$t")"
}
all=$(seq -s, 0 $(($(value steps) - 1)))
{
	if [ "$(value try)" ]; then
		cpio -i --quiet --to-stdout lists ./lists <"$initrd" | while read -r l; do line "$(value try)" "$l"; done
	elif [ "$(value show)" ]; then
		value keep | tr , '\n' | sed "s/.*/& do_read(0x&) = $digest tables=1/"
	else
		r=$(value programs)
		seq "${r%-*}" "$(cat "$image.until" 2>/dev/null || echo "${r#*-}")" | while read -r n; do line "$n" "$all"; done
	fi
	[ -e "$image.lost" ] || echo "# free $(cat "$image.free" 2>/dev/null || echo 1000)
# complete"
} >"$got"
END
echo aa >"$tmp/same"; echo aa >"$tmp/control"; echo bb >"$tmp/patched"
fuzz() { # PATCHED
	PATH=$tmp/bin:$PATH BASE=$(cat "$top/patches/default") O=$tmp/o COMPILER=gcc QEMU=qemu-system-x86_64 \
	PROGRAMS=1-10 STEPS=20 AT_ONCE=4 IMAGES="$tmp/control ${1:+$tmp/$1}" run "$top/tools/suites/fuzz/run"
}
fuzz same
expect 0 '10 programs, [0-9]+ steps, 0 differ' "two kernels that do the same"
fuzz missing
expect 1 'IMAGES: cannot read .*/missing' "a kernel that is not there is no difference"
fuzz ''
expect 1 'IMAGES=.*: not two kernels' "nor is one that is not named"
fuzz patched
expect 1 '10 programs, [0-9]+ steps, 1 differ' "one program differs"
grep -q '  2 steps: .*/5.c$' "$out" && grep -q 'SAY(do_read(0x3));' "$tmp"/o/*/fuzz/5.c &&
	gcc -w -fsyntax-only -I "$top/include" "$tmp"/o/*/fuzz/5.c
ok $? "and is shrunk to the two steps that it takes, as a C program"
echo "BUG: Bad rss-counter state mm:0 idx:1 val:1" >"$tmp/same.log"
fuzz same
expect 1 'complains, programs from 1' "a complaint of the kernel is a failure"
echo "BUG: Bad rss-counter state mm:7 idx:1 val:2" >"$tmp/control.log"
fuzz same
expect 0 'both kernels complain, programs from 1: BUG: Bad rss' "unless the control has it as well"
rm "$tmp/same.log" "$tmp/control.log"; echo 900 >"$tmp/same.free"
fuzz same
expect 1 'has 100 free pages less' "so is memory that is missing in the end"
rm "$tmp/same.free"; : >"$tmp/same.lost"
fuzz same
expect 1 'did not come to its end' "so is a guest that is lost"
not grep -q 'arithmetic\|Illegal' "$out"
ok $? "and no figure is made of what it did not say"
echo 2 >"$tmp/same.until"
fuzz same
expect 1 'of programs 1 to 4, 2 ran' "programs that a lost guest did not run"
expect 1 '2 programs, [0-9]+ steps, 0 differ.*; 8 did not run' "count no step"
not grep -q SHRINK "$out"
ok $? "and are not shrunk"
rm "$tmp/same.until" "$tmp/same.lost"
fuzz same
touch "$tmp/same.broken"
fuzz same
expect 1 '0 programs, 0 steps' "a guest that did not start shows nothing of the one before"
check "warnings come to the console" grep -q ' loglevel=5 ' "$tmp/same.words"

# --- mutants: the build is made up as well ------------------------------------

fake_project
m=$P/patches/v4.6/mutants
mkdir -p "$m"
echo bb >"$m/fault-differs.patch"
echo aa more >"$m/fault-tables.patch"
echo aa >"$m/fault-nothing.patch"
echo fails >"$m/fault-unbuilt.patch"
cat >"$(tool build)" <<'END'
#!/bin/sh
shift	# --kernel
[ "$(cat ${MUTANT:+"$MUTANT"} </dev/null)" != fails ] || exit 1
for variant; do
	d=$O/v4.6/$variant/fuzz/linux/arch/x86/boot
	mkdir -p "$d"
	case $variant:$MUTANT in
	control:*) echo aa more ;;
	patched:) echo aa ;;
	*) cat "$MUTANT" ;;
	esac >"$d/bzImage"
done
END
mkdir -p "$P/include" && cp -r "$top/include/." "$P/include"
mutants() { # GLOBS
	PATH=$tmp/bin:$PATH BASE=v4.6 O=$tmp/m COMPILER=gcc QEMU=qemu-system-x86_64 \
	PROGRAMS=1-10 STEPS=20 ONLY=$1 run "$P/tools/suites/fuzz/run"
}
mutants 'fault-differs fault-t*'
expect 0 'fuzz: 2 of 2 mutants found' "mutants are found"
expect 0 'found +fault-differs: 1 programs$' "by a program that differs from the control"
expect 0 'found +fault-tables: 1 programs have tables that the series does without' "or from the series"
mutants 'fault-*'
expect 1 'not found +fault-nothing' "one that shows nowhere is not"
expect 1 'NOT BUILT +fault-unbuilt' "nor is one that does not build"
expect 1 'fuzz: 2 of 4 mutants found' "and less than 80 of 100 are too few"
[ ! -e "$tmp/m" ] || rm -rf "$tmp/m"
echo '5: a reason' >"$P/patches/v4.6/fuzz"
explained() { # STEPS
	PATH=$tmp/bin:$PATH BASE=v4.6 O=$tmp/m COMPILER=gcc QEMU=qemu-system-x86_64 SHRINK=0 \
	PROGRAMS=1-10 STEPS=$1 IMAGES="$tmp/control $tmp/patched" run "$P/tools/suites/fuzz/run"
}
explained 100
expect 0 '10 programs, [0-9]+ steps, 0 differ.*; 1 as explained' "a difference may have a reason"
explained 20
expect 1 '10 programs, [0-9]+ steps, 1 differ' "which is that of a program of 100 steps"
mutants nonsense
expect 1 'ONLY=nonsense: v4.6 has no such mutant' "a mutant there is not"
