# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# machine.sh: the machine that every guest is, by QEMU's options: under test,
# by hand in a shell, under gdb, and where it is measured. Sourced; ACCEL, SMP,
# MEM, DISKS (images, in order; more options of one after a comma), APPEND and
# QEMU say what may differ.

# What an architecture has more than one of
board() {
	m=$(arch_value machine)
	[ -z "$m" ] || echo " -M $m"
}

cpu() { [ "$ACCEL" = kvm ] && echo host || arch_value cpu; }

disks() {
	for d in $DISKS; do
		printf ' -drive file=%s,format=raw,if=virtio,cache=unsafe%s' "${d%%,*}" "${d#"${d%%,*}"}"
	done
}

# A kernel without ACPI finds one CPU in each socket, and no other.
machine() { # IMAGE INITRD
	echo "$QEMU$(board) -accel ${ACCEL:-tcg} -cpu $(cpu)" \
	"-smp ${SMP:-2},sockets=${SMP:-2},cores=1,threads=1" \
	"-m ${MEM:-512M} -nodefaults -no-user-config -display none -no-reboot" \
	"-kernel $1 -initrd $2$(disks)"
}

# One tick is one instruction, and no clock and no entropy of the host.
exact() { echo "-icount shift=0,sleep=off -rtc clock=vm,base=2016-05-15 -seed 1"; }

kernel_arguments() { # ARGUMENT...
	echo "console=$(arch_value console) panic=-1$(arch_value append | sed "s/^/ /") $*${APPEND:+ $APPEND}"
}
