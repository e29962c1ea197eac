#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kernel.t: configuring and building, with a kernel tree whose Makefile does at
# once what takes minutes with a real one; and TESTS=.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 53

fake_project
export O="$tmp/o" BASE=v4.6
for c in gcc flex bison bc ccache; do echo "echo $c 12; [ $c != ccache ] || exec \"\$@\"" | fake_command $c; done
PATH=$tmp/bin:$PATH
dir=$O/v4.6/patched
tree=$dir/linux
fake_git "$tree" 4 6
mkdir -p "$tree/scripts/kconfig" "$tree/arch/x86/boot"
cat >"$tree/Makefile" <<'END'
VERSION = 4
PATCHLEVEL = 6
tinyconfig allnoconfig:
	@echo $@ >>asked; printf 'CONFIG_64BIT=y\nCONFIG_CC_OPTIMIZE_FOR_SIZE=y\n' >.config
olddefconfig:
	@tac .config | awk -F '[= ]' '{ o = $$1 == "#" ? $$2 : $$1 } !seen[o]++' | grep -v CONFIG_DROPPED >.new; mv .new .config
bzImage:
	@echo $@ >>asked; echo '$(CC)' >.cc; echo "  CC      mm/memory.o"
	@[ ! -f broken ] || { echo "mm/memory.c:7:1: error: expected ';'"; exit 2; }
	@[ ! -f slow ] || exec sleep 20
	@: >arch/x86/boot/bzImage
END
echo 'shift; cat "$@" >.merged; mv .merged .config' >"$tree/scripts/kconfig/merge_config.sh"
dev -C "$tree" add -f -A . && dev -C "$tree" commit -q -m fake
printf 'CONFIG_SMP=y\n# CONFIG_CC_OPTIMIZE_FOR_SIZE is not set\n' >"$P/Kconfig.fragment"
echo 'CONFIG_BASE=y' >"$P/patches/v4.6/config"
kernel() { rm -f "$tree/asked"; run "$P/tools/build/kernel" patched; }
asked() { grep -qx "$1" "$tree/asked" 2>/dev/null; }

kernel
expect 0 'CONFIG +v4.6 patched' "it configures"
expect 0 'BUILD +v4.6 patched, log in .*/kernel.log' "and builds, and says where the log is"
expect 0 '1 objects' "and counts"
check "with what the fragments ask for" sh -c "grep -qx CONFIG_SMP=y '$tree/.config' && grep -qx CONFIG_BASE=y '$tree/.config'"
kernel
ok "$([ $rc = 0 ] && [ ! -s "$out" ]; echo $?)" "a second call says nothing" || diag
check "and does nothing" not asked bzImage

# --- progress, with a clock that advances by half a minute at each look
mkdir "$tmp/clock"
printf '#!/bin/sh\necho . >>"%s"\necho $(($(wc -l <"%s") * 30))\n' "$tmp/ticks" "$tmp/ticks" >"$tmp/clock/date"
chmod +x "$tmp/clock/date"
mkfifo "$tmp/build"
PATH=$tmp/clock:$PATH TOTAL=60 "$P/tools/build/progress" "$tmp/count" <"$tmp/build" >"$tmp/shown" &
exec 3>"$tmp/build"
seq -f '  CC      mm/%g.o' 20 >&3
await grep -q objects "$tmp/shown"
check "it shows progress while a build is under way" grep -qx ' *20 objects of about 60, 60 s to go, 30 s' "$tmp/shown"
echo '  LD      vmlinux' >&3
exec 3>&-
wait
check "and counts to the end" [ "$(cat "$tmp/count")" = 21 ]
run env CONFIG="USERS=y CONFIG_SMP=n" "$P/tools/build/kernel" patched
check "CONFIG= of the user's" sh -c "grep -qx CONFIG_USERS=y '$tree/.config' && ! grep -q CONFIG_SMP=y '$tree/.config'"
echo CONFIG_FILE=y >"$tmp/extra"
run env CONFIG="$tmp/extra" "$P/tools/build/kernel" patched
check "which may be a file" grep -qx CONFIG_FILE=y "$tree/.config"
echo 'CONFIG_MORE=y' >>"$P/Kconfig.fragment"
kernel
expect 0 CONFIG "an option more: it configures again"
check "with the option" grep -qx CONFIG_MORE=y "$tree/.config"
mkdir -p "$tree/tools/testing/selftests/fault"
echo 'CONFIG_FOR_A_TEST=y' >"$tree/tools/testing/selftests/fault/config"
kernel
check "an option that a test needs" grep -qx CONFIG_FOR_A_TEST=y "$tree/.config"
echo 'CONFIG_DROPPED=y' >>"$P/Kconfig.fragment"
kernel
expect 1 'kconfig dropped these options' "an option that kconfig drops is an error"
expect 1 '^  CONFIG_DROPPED=y$' "and named"
not asked bzImage
ok $? "and nothing is built" || diag
kernel
expect 1 '^  CONFIG_DROPPED=y$' "as often as one tries"
sed -i 's/CONFIG_DROPPED=y/# CONFIG_64BIT is not set/' "$P/Kconfig.fragment"
kernel
expect 0 BUILD "one that is to be off"
sed -i '$d' "$P/Kconfig.fragment"
echo 'CONFIG_LOCKS=y' >"$P/tools/build/config/debug.config"
mkdir -p "$dir/debug" && cp -a "$tree" "$dir/debug/linux"
run env FLAVOUR=debug "$P/tools/build/kernel" patched
check "a flavour has its options, in a tree of its own" sh -c "
	grep -qx CONFIG_LOCKS=y '$dir/debug/linux/.config' && ! grep -q LOCKS '$tree/.config'"
echo 'twice debug odd' >>"$P/tools/build/flavours"
echo 'meter - odd' >>"$P/tools/build/flavours"
echo 'CONFIG_ODD=y' >"$P/patches/v4.6/odd.config"
for f in twice meter; do mkdir -p "$dir/$f" && cp -a "$tree" "$dir/$f/linux"; done
run env FLAVOUR=twice "$P/tools/build/kernel" patched
check "or those of several fragments, the base's among them" [ "$(grep -cE '^CONFIG_(LOCKS|ODD)=y' "$dir/twice/linux/.config")" = 2 ]
run env FLAVOUR=meter "$P/tools/build/kernel" patched
check "what is measured begins with nothing" sh -c "
	tail -n 2 '$dir/meter/linux/asked' | grep -qx allnoconfig && grep -qx CONFIG_ODD=y '$dir/meter/linux/.config'"
run env FLAVOUR=nosuch "$P/tools/build/kernel" patched
expect 1 'there is no fragment nosuch.config' "a flavour that is none is told"

kernel
: >"$tree/broken"
echo 'a change' >>"$tree/mm/memory.c" && dev -C "$tree" commit -q -a -m change
kernel
expect 1 "memory.c:7:1: error: expected ';'" "a build that fails shows the error"
expect 1 'the patched kernel does not build: .*/kernel.log' "and the log"
rm "$tree/broken"
kernel
expect 0 BUILD "mended, it is built"
ok "$(grep -q CONFIG "$out"; [ $? = 1 ]; echo $?)" "C is no reason to configure" || diag
echo 'config X' >"$tree/mm/Kconfig" && dev -C "$tree" add -f mm/Kconfig && dev -C "$tree" commit -q -m Kconfig
kernel
expect 0 CONFIG "a Kconfig is one"
echo 'config Y' >>"$tree/mm/Kconfig"
kernel
expect 0 CONFIG "and one that is not committed"
kernel
ok "$(grep -q CONFIG "$out"; [ $? = 1 ]; echo $?)" "but once" || diag
dev -C "$tree" commit -q -a -m Kconfig
echo CONFIG_BY_HAND=y >>"$tree/.config"
kernel
expect 0 CONFIG "a .config edited by hand is made again"
check "as the fragments have it" sh -c "! grep -q BY_HAND '$tree/.config'"

echo 'more' >>"$tree/mm/memory.c" && dev -C "$tree" commit -q -a -m more
: >"$tree/slow"
rm -f "$tree/asked"
setsid "$P/tools/build/kernel" patched >/dev/null 2>&1 &
await asked bzImage
sleep 0.2
kill -9 -$!
: >"$tree/mm/half.o"
: >"$tree/mm/.memory.o.cmd"
rm "$tree/slow"
kernel
expect 0 BUILD "a build that was killed is taken up again"
check "without what it left half-written" not test -e "$tree/mm/half.o"
kernel
ok "$([ ! -s "$out" ]; echo $?)" "and then it is done" || diag

run env COMPILER=gcc-99 "$P/tools/build/kernel" patched
expect 1 'gcc-99 is not installed' "a compiler that is not there is told"
echo "echo gcc-99 99" | fake_command gcc-99
run env COMPILER=gcc-99 "$P/tools/build/kernel" patched
expect 0 BUILD "another compiler builds it anew"
check "and is the one that the kernel's make is told" grep -qx 'ccache gcc-99' "$tree/.cc"
kernel
expect 0 BUILD "and so does the first one after it"

# --- a prebuilt kernel
{ head -c 514 /dev/zero; printf 'HdrS'; head -c 8 /dev/zero; printf '\0\1'; head -c 240 /dev/zero; printf '5.4.3-mine (me@here) #1\0'; } >"$tmp/bzImage"
run env IMAGE="$tmp/bzImage" "$P/tools/build/kernel" patched
expect 0 'IMAGE +.*/bzImage, Linux 5.4.3-mine$' "IMAGE=: its version is told"
not grep -q BUILD "$out"
ok $? "no other is built" || diag
run env IMAGE="$tmp/bzImage" "$P/tools/args"
expect 0 '' "it is a kernel"
run env IMAGE="$tmp/extra" "$P/tools/args"
expect 1 'no x86 kernel' "what is none is refused"

# --- selection of tests
for d in fault writeback; do mkdir -p "$P/tools/testing/selftests/$d" && : >"$P/tools/testing/selftests/$d/Makefile"; done
mkdir -p "$tree/tools/testing/selftests/writeback" "$O"
printf 'TEST_GEN_PROGS := sigbus\nTEST_GEN_PROGS += data\nall:\n\ttouch $(addprefix $(OUTPUT)/,$(TEST_GEN_PROGS))\n' >"$tree/tools/testing/selftests/fault/Makefile"
printf 'TEST_GEN_PROGS := fallback\nall:\n\ttouch $(OUTPUT)/$(TEST_GEN_PROGS)\n' >"$tree/tools/testing/selftests/writeback/Makefile"
echo 'while [ "$1" != -o ]; do shift; done; : >"$2"' | fake_command gcc
: >"$P/tools/guest/init.c"
tests() { run env TESTS="$1" "$P/tools/build/tests" patched; paste -sd, "$dir/list" >"$out"; }
is() { [ "$rc" = 0 ] && [ "$(cat "$out")" = "$1" ]; ok $? "$2" || diag; }
tests ''
is fault/sigbus,fault/data,writeback/fallback "TESTS not given: all, in the order of the Makefiles"
tests fault
is fault/sigbus,fault/data "a directory"
tests 'fault/data writeback'
is fault/data,writeback/fallback "a program and a directory"
tests 'fault/sigbus:one fault/sigbus:two'
is 'fault/sigbus one two' "cases"
check "the guest's root is packed" sh -c "cpio -t --quiet <'$dir/initrd' >'$tmp/packed'"
check "the program is in it, with its list" [ "$(grep -cxE 'tests/(list|fault/sigbus)' "$tmp/packed")" = 2 ]
check "and no other" not grep -q tests/fault/data "$tmp/packed"
check "init and a shell are" [ "$(grep -cxE 'init|bin/sh|bin/busybox' "$tmp/packed")" = 3 ]
cp "$dir/initrd" "$tmp/was"
sleep 1.1 # files made in another second
tests 'fault/sigbus:one fault/sigbus:two'
check "the same files make the same" cmp "$tmp/was" "$dir/initrd"
printf 'TEST_GEN_PROGS := gone\nall:\n' >"$tree/tools/testing/selftests/fault/Makefile"
run "$P/tools/build/tests" patched
expect 1 "fault/gone.*No such file" "a program that is not there is told"
run env TESTS=fault/nosuch "$P/tools/build/tests" patched
expect 1 "TESTS='fault/nosuch' names no program there is" "none"
