# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# machine.sh: the QEMU options of every guest: under test, in an interactive
# shell, under gdb, or measured. Sourced; it may vary by ACCEL, SMP, MEM, DISKS
# (images, in order; more options may follow a comma), APPEND and QEMU.

# For architectures with more than one machine
board() {
	m=$(arch_value machine)
	[ -z "$m" ] || echo " -M $m"
}

cpu() { [ "$ACCEL" = kvm ] && echo host || arch_value cpu; }

# The serial number tells the guest which is which, see init.c
disks() {
	nr=0
	for d in $DISKS; do
		printf ' -drive file=%s,format=raw,if=none,id=disk%s,cache=unsafe%s -device virtio-blk,drive=disk%s,serial=disk%s' \
			"${d%%,*}" $nr "${d#"${d%%,*}"}" $nr $nr
		nr=$((nr + 1))
	done
}

# A kernel without ACPI finds only one CPU per socket.
machine() { # IMAGE INITRD
	echo "$QEMU$(board) -accel ${ACCEL:-tcg} -cpu $(cpu)" \
	"-smp ${SMP:-2},sockets=${SMP:-2},cores=1,threads=1" \
	"-m ${MEM:-512M} -nodefaults -no-user-config -display none -no-reboot" \
	"-kernel $1 -initrd $2$(disks)"
}

# One tick per instruction, and neither clock nor entropy of the host.
exact() { echo "-icount shift=0,sleep=off -rtc clock=vm,base=2016-05-15 -seed 1"; }

kernel_arguments() { # ARGUMENT...
	echo "console=$(arch_value console) panic=-1$(arch_value append | sed "s/^/ /") $*${APPEND:+ $APPEND}"
}
