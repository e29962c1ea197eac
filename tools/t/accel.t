#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# accel.t: KVM is used only if a guest came up under it; ACCEL= has the last
# word. /dev/kvm is a plain file here, and QEMU a script.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 17

fake_project
export O="$tmp/o" BASE=v4.6 KVM="$tmp/kvm" DUMP_PAUSE=0.1 GUEST="$tmp/guest"
accel="$P/tools/guest/accel"
fake_command qemu-system-x86_64 <<'END'
[ "$1" != --version ] || { echo "QEMU emulator version 7.2"; exit; }
echo "$*" >>"$GUEST.log"
for arg; do
	case $arg in
	file,id=tap,*) tap=${arg##*path=} ;;
	file,id=verdict,*) verdict=${arg##*path=} ;;
	pipe,id=ser,*) ser=${arg#*path=} ser=${ser%%,*} ;;
	pipe,id=mon,*) mon=${arg#*path=} ;;
	esac
done
exec 3<>"$ser.in" 4<>"$mon.in"
. "$GUEST"
END
PATH=$tmp/bin:$PATH
probes() { [ "$(grep -c . "$GUEST.log" 2>/dev/null)" = "$1" ]; }

run "$accel" image initrd
expect 0 '^tcg$' "no /dev/kvm: tcg"
: >"$KVM"
echo 'echo "ok probe" >"$verdict"' >"$GUEST"
run "$accel" image initrd
expect 0 '^kvm$' "a probe boot comes up: kvm"
expect 0 '^ACCEL +kvm: a probe boot came up' "and that is said"
check "it was booted with KVM, to be probed" grep -q -e '-accel kvm .*latepte.mode=probe' "$GUEST.log"
check "with two CPUs" grep -q -e '-smp 2' "$GUEST.log"
run "$accel" image initrd
expect 0 '^kvm$' "and again"
check "without another probe" probes 1
run env BASE=v6.12 "$accel" image initrd
check "another base is another kernel: it is probed, too" probes 2

rm -rf "$O"
echo 'sleep 10' >"$GUEST"
run env PROBE_LIMIT=1 "$accel" image initrd
expect 0 '^tcg$' "a probe boot hangs: tcg"
expect 0 '^ACCEL +tcg: .*a probe boot did not come up' "and that is said"
rm -rf "$O"
echo 'exit 1' >"$GUEST"
run "$accel" image initrd
expect 0 '^tcg$' "QEMU refuses KVM: tcg"

rm -rf "$O" "$GUEST.log"
run env ACCEL=kvm "$accel" image initrd
expect 0 '^kvm$' "ACCEL=kvm is taken as it is"
run env ACCEL=tcg "$accel" image initrd
expect 0 '^tcg$' "and ACCEL=tcg"
check "without a probe" not test -e "$GUEST.log"
run env ACCEL=xen "$accel" image initrd
expect 1 'ACCEL=xen: auto, kvm or tcg\?' "and nothing else"

# Both guests of "make check" ask at once.
echo 'sleep 0.3; [ -p "$ser.in" ] && echo "ok probe" >"$verdict"' >"$GUEST"
for i in 1 2 3; do "$accel" image initrd >"$tmp/answer.$i" 2>/dev/null & done
wait
check "three that ask at once get one answer" [ "$(cat "$tmp"/answer.*)" = "kvm
kvm
kvm" ]
check "from one probe" probes 1
