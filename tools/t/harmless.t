#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# harmless.t: a guest with a changed disk, or one that did not get to its end,
# is no proof that the tests do no harm. QEMU is a script.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 12

fake_project
export BASE=v4.6 ACCEL=tcg DUMP_PAUSE=0.1 O="$tmp/o" HOW="nobody root" KEEP="WHAT TMPDIR"
dir=$O/v4.6/control
mkdir -p "$dir/linux/arch/x86/boot"
: >"$dir/linux/arch/x86/boot/bzImage"
echo 'fault/sigbus' >"$dir/list"
printf 'file /tests/list old 644\nfile /tests/fault/sigbus /bin/true 755\n' >"$dir/root.list"
printf '#!/bin/sh\n' >"$P/tools/build/all"
echo 'exit 0' | fake_command mkfs.ext4
fake_command qemu-system-x86_64 <<'END'
disks=
while [ $# -gt 0 ]; do
	case $1 in
	file,id=tap,*) tap=${1#*path=} ;;
	file,id=verdict,*) verdict=${1#*path=} ;;
	pipe,id=ser,*) log=${1#*logfile=}; ser=${1#*path=}; ser=${ser%%,*} ;;
	pipe,id=mon,*) mon=${1#*path=}; mon=${mon%%,*} ;;
	file=*) d=${1#file=}; disks="$disks ${d%%,*}" ;;
	esac
	shift
done
exec 3<>"$ser.in" 4<>"$ser.out" 5<>"$mon.in" 6<>"$mon.out"
set -- $disks
: >"$log"
change() { printf x | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }
tap() { printf '%s\n' "$@" >>"$tap"; }
: >"$tap"
tap '## up'
for how in nobody root; do
	[ "$WHAT $how" != "short root" ] || continue
	tap "## begin harmless/$how" 1..2 'ok 1 - ends properly'
	case $WHAT in
	setting) tap 'not ok 2 - changes nothing' '# /proc/sys/vm/laptop_mode 5' ;;
	cut) ;;
	*) tap 'ok 2 - changes nothing' ;;
	esac
	tap "## end harmless/$how 0"
done
case $WHAT in
vda) change "$1" 5000000 ;;
vdb) change "$2" 1030 ;;
mounted) change "$1" 1070 ;;
warn) echo 'WARNING: CPU: 0 PID: 7 at mm/memory.c:7 alloc_set_pte+0x7' >"$log" ;;
lost) exit 1 ;;
esac
echo ok >"$verdict"
tap '## down'
END
PATH=$tmp/bin:$PATH
harm() { run env WHAT="$1" "$P/tools/suites/harmless"; }

harm nothing
expect 0 'of .* as it must be' "nothing has changed"
check "each way of running them is in the guest" grep -qa 'tests/harmless/root' "$O/v4.6/harmless/initrd"
check "and each program" grep -qa 'tests/fault/sigbus' "$O/v4.6/harmless/initrd"
cp "$top/Makefile" "$top/README" "$P/"
: >"$O/v4.6/.lock"
run env WHAT=nothing make -C "$P" --no-print-directory harmless
expect 0 'v4.6 control, for harm' "of make, too, it is the control that is booted"
harm mounted
expect 0 '' "what a mount changes in the superblock is no harm"
harm vda
expect 1 'not ok - /dev/vda' "a byte of the mounted disk"
harm vdb
expect 1 'not ok - /dev/vdb' "one of the other disk, be it in the superblock"
harm setting
expect 1 'laptop_mode' "a setting"
harm cut
expect 1 '' "a program that is missing"
harm short
expect 1 'not ok - root ran' "a way of running them that is missing"
harm warn
expect 1 '# 1: WARNING: CPU' "a warning in the kernel log"
harm lost
expect 1 'not ok - the guest gave a verdict' "a guest that is lost"
