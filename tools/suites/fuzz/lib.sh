# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# lib.sh: guests that run fuzz.c. Sourced; needs $top and $out, and the images
# in $control and $patched. Each guest is a folder: initrd, log, out.

# shellcheck source=tools/guest/machine.sh
. "$top/tools/guest/machine.sh"
here=$top/tools/suites/fuzz
: "${STEPS:=100}" "${THREADS:=0}"

# A file system that v4.6 can mount, without a journal that runs at its own pace
make_program() {
	mkdir -p "$out/rootfs/mnt" "$out/rootfs/dev" || return
	"$COMPILER" -O2 -static -Wall -Wextra -Wno-unused-function -Wno-unused-result -pthread \
		-I "$top/include" -o "$out/rootfs/init" "$here/fuzz.c" >"$out/fuzz.log" 2>&1 || die "fuzz.c does not build: $out/fuzz.log"
	rm -f "$out/rootfs/disk.img" && truncate -s 12M "$out/rootfs/disk.img" &&
		mkfs.ext4 -q -F -E lazy_itable_init=0 \
		-O '^has_journal,^metadata_csum,^64bit,^orphan_file,^metadata_csum_seed' \
		"$out/rootfs/disk.img" || die "no file system for the fuzzer"
}

pack() { "$top/tools/build/pack" "$out/rootfs" "$out/initrd"; }

# One CPU, so that a program always does the same; threads get four. norandmaps
# puts the stack and the like at the same place on both kernels. Warnings must
# come to the console, and "quiet" leaves them out.
boot() { # LABEL ARGUMENT...
	label=$1
	shift
	eval "image=\$$label"
	[ "$THREADS" = 0 ] && SMP=1 || SMP=4
	rm -f "$out/$label.got" "$out/$label.out" "$out/$label.log"
	# shellcheck disable=SC2046 # options are words
	timeout "${LIMIT:-3600}" $(MEM=512M DISKS='' machine "$image" "$out/initrd") \
		-serial "file:$out/$label.log" -serial "file:$out/$label.got" \
		-append "$(kernel_arguments loglevel=5 norandmaps) -- steps=$STEPS threads=$THREADS $*" \
		</dev/null >"$out/$label.qemu" 2>&1
	[ -f "$out/$label.got" ] || : >"$out/$label.got"
	tr -d '\r' <"$out/$label.got" >"$out/$label.out"
	grep -q '^# complete' "$out/$label.out"
}

# Both kernels at once. Their own complaints count as well.
both() {
	boot control "$@" &
	boot patched "$@"
	patched_ended=$?
	wait $! && [ $patched_ended = 0 ]
}

# Pages that are free when all has ended; missing ones have leaked, but for what
# a slab or two keep.
NOISE=32
free_pages() { sed -n 's/^# free //p' "$out/$1.out"; }
missing() {
	was=$(free_pages control) is=$(free_pages patched)
	[ "$was" ] && [ "$is" ] || was=0 is=0	# a lost guest is reported elsewhere
	echo $((was - is))
}

compare() { awk -f "$here/compare.awk" "$out/control.out" "$out/patched.out"; }
