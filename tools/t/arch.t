#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# arch.t: an architecture is a folder of data; its guests have their own
# machine, console and busybox. apt is a script.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
archs=$(ls "$top/tools/arch")
plan $((2 * $(echo "$archs" | wc -l) + 31))

for a in $archs; do
	for key in kernel image qemu cpu console packages; do
		grep -q "^$key=." "$top/tools/arch/$a/arch" || echo "$key"
	done >"$out"
	[ ! -s "$out" ]
	ok $? "$a says what its guests need" || diag
	[ "$a" = x86_64 ] || grep -q '^cross=.*-$' "$top/tools/arch/$a/arch"
	ok $? "$a names its compiler"
done

fake_project
export O="$tmp/o" BASE=v4.6 DL="$tmp/dl"
mkdir "$P/tools/arch/toy"
cat >"$P/tools/arch/toy/arch" <<'END'
kernel=toy
cross=toy-linux-
image=arch/toy/boot/Image
qemu=qemu-system-toy
machine=board,cap-x=broken
cpu=toy9
console=ttyTOY0
append=be_good=1
packages=qemu-toy
END

# --- the machine
cat >"$P/tools/guest/say" <<'END'
. "$(dirname "$0")/../lib.sh"
. "$top/tools/guest/machine.sh"
machine image initrd
kernel_arguments one two
END
run env GUEST_ARCH=toy sh "$P/tools/guest/say"
expect 0 '^qemu-system-toy -M board,cap-x=broken -accel tcg -cpu toy9 ' "a board of its own"
expect 0 '^console=ttyTOY0 panic=-1 be_good=1 one two$' "and its console and arguments"
run sh "$P/tools/guest/say"
expect 0 '^qemu-system-x86_64 -accel tcg -cpu qemu64 ' "x86_64 has QEMU's first board"
expect 0 '^console=ttyS0 panic=-1 no_timer_check trace_options=norecord-cmd one two$' "and a timer that need not be checked"

# --- arguments and options of a base for one architecture
mkdir -p "$P/patches/v4.6"
for c in mkfs.ext4 mkfs.xfs; do echo 'exit 0' | fake_command $c; done
PATH=$tmp/bin:$PATH
echo for.all=1 >"$P/patches/v4.6/cmdline"
echo for.toy=1 >"$P/patches/v4.6/toy.cmdline"
run env GUEST_ARCH=toy "$P/tools/guest/scratch" "$tmp/disks"
expect 0 ' for.all=1 for.toy=1$' "a base tells guests of an architecture more"
run "$P/tools/guest/scratch" "$tmp/disks"
expect 0 ' for.all=1$' "and others not"
echo disks=65M 330M >>"$P/tools/arch/toy/arch"
echo 'toy.toys=many # of them' >"$P/tools/arch/toy/cmdline"
run env GUEST_ARCH=toy "$P/tools/guest/scratch" "$tmp/disks"
expect 0 ' log_buf_len=1M toy.toys=many ' "an architecture may have kernel arguments"
stat -c %s "$tmp/disks/ext4.img" "$tmp/disks/xfs.img" | paste -sd' ' | grep -qx '68157440 346030080'
ok $? "and say how large its disks are" || diag

# --- busybox
echo 'echo here' | fake_command busybox
run "$P/tools/build/busybox"
expect 0 "^$tmp/bin/busybox\$" "x86_64 has the busybox of this machine"
echo busybox=toyel >>"$P/tools/arch/toy/arch"
fake_command apt-get <<'END'
echo "$*" >>"$APT_LOG"
case $* in *indextargets*)
	echo "mirror://one stable"
	echo "mirror://one stable-updates"
	echo "mirror://one-security stable-security"
esac
list=$(echo "$*" | sed -n 's/.*Dir::Etc::sourcelist=\([^ ]*\).*/\1/p')
[ -z "$list" ] || cp "$list" "$APT_LOG.list"
END
fake_command apt <<'END'
exit 1
END
fake_command dpkg-deb <<'END'
mkdir -p root/bin && echo 'a busybox' >root/bin/busybox && chmod +x root/bin/busybox
END
export APT_LOG="$tmp/apt.log"
run env GUEST_ARCH=toy "$P/tools/build/busybox"
expect 0 "^$DL/busybox-toyel\$" "another has that of its package"
check "asked for by the package's architecture" grep -q 'APT::Architectures=toyel .*download busybox-static' "$APT_LOG"
check "from the sources that apt has" sh -c "! grep -q sourcelist '$APT_LOG'"
: >"$APT_LOG"
run env GUEST_ARCH=toy "$P/tools/build/busybox"
expect 0 "^$DL/busybox-toyel\$" "once"
check "and no more" [ ! -s "$APT_LOG" ]
rm "$DL/busybox-toyel"
echo suite=later >>"$P/tools/arch/toy/arch"
run env GUEST_ARCH=toy "$P/tools/build/busybox"
expect 0 "^$DL/busybox-toyel\$" "or of a later suite, that has the architecture first"
check "with a list of its own" grep -q 'sourceparts=- .*download busybox-static' "$APT_LOG"
printf 'deb mirror://one later main\n' | cmp -s - "$APT_LOG.list"
ok $? "of the same mirror, and that suite alone"
echo 'exit 1' | fake_command dpkg-deb
rm "$DL/busybox-toyel"
run env GUEST_ARCH=toy "$P/tools/build/busybox"
expect 1 "cannot get busybox for toyel.*One that you have will do, as $DL/busybox-toyel" "none is an error that helps"

# --- make archs: check, for each of a list
for a in toy other; do
	mkdir -p "$P/tools/arch/$a"
	printf 'cross=%s-linux-\nqemu=qemu-%s\nimage=Image\n' $a $a >"$P/tools/arch/$a/arch"
done
printf '# a comment\ntoy 2 512M\nother 1 1G\n' >"$P/patches/v4.6/archs"
cat >"$P/tools/build/all" <<'END'
#!/bin/sh
. "$(dirname "$0")/../lib.sh"
for v; do
	d=$(variant_dir $v)
	mkdir -p "$d/linux" && echo "$GUEST_ARCH $v" >"$d/linux/Image" && cat "$TESTS_OF" >"$d/initrd"
done
[ ! -e "$TESTS_OF.broken" ]
END
cat >"$P/tools/suites/check-base" <<'END'
#!/bin/sh
. "$(dirname "$0")/../lib.sh"
echo "$GUEST_ARCH $SMP $MEM $COMPILER $QEMU T=$TESTS F=$FLAVOUR" >>"$APT_LOG"
d=$(variant_dir patched)
mkdir -p "$d/judged"
printf 'boot\t4\nseconds\t70\n' >"$d/about"
{ printf 'good\tnew\tpass\tx\ta\t-\ngood\tsame\tpass\tx\tb\t-\ngood\tskip\tskip\tx\tc\t-\n'
  [ "$GUEST_ARCH" != "$FAILS" ] || printf 'bad\tsame\tfail\tx\td\t-\n'; } >"$d/judged/rows"
[ "$GUEST_ARCH" != "$FAILS" ]
END
chmod +x "$P/tools/build/all" "$P/tools/suites/check-base"
export TESTS_OF="$tmp/tests" FAILS=
echo one >"$TESTS_OF"
archs() { : >"$APT_LOG"; run env -u QEMU -u COMPILER TESTS=x FLAVOUR=debug "$P/tools/suites/archs"; }
FAILS=other archs
expect 1 'archs v4.6 fails: other$' "an architecture that fails is named"
expect 1 '^toy +PASS +[0-9]+ +4 +70 +2 +0 +1 +0$' "the table says what it took, and what passed"
expect 1 '^other +FAIL .* 1$' "and what failed"
check "each has a machine, a compiler and a QEMU of its own, and all tests" grep -qx 'toy 2 512M toy-linux-gcc qemu-toy T= F=' "$APT_LOG"
check "the next as well" grep -qx 'other 1 1G other-linux-gcc qemu-other T= F=' "$APT_LOG"
archs
expect 0 'archs v4.6: all 2 pass' "when that is mended"
check "the other one is checked again" grep -q '^other' "$APT_LOG"
not grep -q '^toy' "$APT_LOG"
ok $? "and what had passed is not" || diag
echo two >"$TESTS_OF"
archs
check "but for other tests" grep -q '^toy' "$APT_LOG"
ONLY=other; export ONLY
archs
not grep -q '^toy' "$APT_LOG"
ok $? "ONLY= is one of them" || diag
ONLY=toi
archs
expect 1 'ONLY=toi is not in it' "that has to be there"
ONLY=toy
: >"$TESTS_OF.broken"
archs
expect 1 'archs v4.6 fails: toy' "what does not build fails"
rm "$P/patches/v4.6/archs"
archs
expect 1 'v4.6: no .*/patches/v4.6/archs' "a base without any"
