#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# full.t: a disk that is really full, at each step. One sentence says so,
# nothing half-made counts as complete, and with space again everything goes on.

if [ -z "$IN_NAMESPACE" ]; then
	unshare -rm true 2>/dev/null && KEEP=IN_NAMESPACE IN_NAMESPACE=1 exec unshare -rm "$0"
	echo "1..0 # SKIP no user namespaces here, to mount a small disk in"
	exit
fi
# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 20

fake_project
fake_series
export BASE=v4.6 O="$tmp/disk/o" LINUX="$tmp/tree"
fake_tree "$LINUX" 4 6
head -c 300000 /dev/urandom >"$LINUX/fs/big.c"
mkdir "$tmp/disk"
mount -t tmpfs -o size=64M none "$tmp/disk"
trap 'umount -l "$tmp/disk"; rm -rf "$tmp"' EXIT
tree=$O/v4.6/patched/linux
# Leave so many kilobytes free; room() frees them again.
tight() { rm -f "$tmp/disk/filler"; dd if=/dev/zero of="$tmp/disk/filler" bs=1k \
	count=$(($(df -k --output=avail "$tmp/disk" | tail -n 1) - $1)) 2>/dev/null; }
room() { rm -f "$tmp/disk/filler"; }
import() { run "$P/tools/tree/source"; }
assemble() { run "$P/tools/tree/assemble" patched; }

for kb in 0 100 400 600; do
	rm -rf "$O"
	tight $kb
	import
	expect 1 'cannot (write|make|be unpacked|bring)|df -h' "the tree comes in, $kb kB are free: it says so" ||
		df -k "$tmp/disk" | sed 's/^/# /'
	room
	import
	expect 0 SOURCE "with room again it comes in"
done

echo disk=60000 >>"$P/patches/v4.6/base"
run "$P/tools/build/all" control patched
expect 1 'too full: v4.6 control patched takes [0-9]+ MB, and [0-9]+ are free .df -h' "what will not fit is not begun"
mkdir -p "$O/v4.6/control/linux" "$O/v4.6/patched/linux"
run "$P/tools/build/all" control patched
! grep -q 'too full' "$out"
ok $? "what is there already takes no more" || diag
rm -rf "$O/v4.6/control"

bad=
for kb in 20 100 200 300 350 400 450 500 600; do
	rm -rf "$O/v4.6/patched"
	tight $kb
	assemble
	[ $rc = 0 ] && break
	grep -q 'df -h' "$out" || bad="$bad $kb"
	cp "$out" "$tmp/said.$kb"
	room
	assemble
	[ $rc = 0 ] && grep -qx 'memory twenty-three' "$tree/mm/memory.c" &&
		cmp -s "$LINUX/fs/big.c" "$tree/fs/big.c" || bad="$bad $kb (with room)"
done
[ -z "$bad" ] && [ $kb -gt 20 ]
ok $? "the series goes on, with more and more kB free: it says so, and goes on with room$bad" || diag
check "until it fits ($kb kB)" [ -z "$(git -C "$tree" status --porcelain -uno)" ]
room
tip=$(git -C "$tree" rev-parse HEAD)
sed -i 's/^+memory twenty-three/+memory 23 and 20/' "$P"/patches/v4.6/0002*
tight 0
assemble
expect 1 'df -h' "a changed patch, nothing is free"
check "the worktree is as it was" sh -c "[ '$tip' = \$(git -C '$tree' rev-parse HEAD) ] && grep -qx 'memory twenty-three' '$tree/mm/memory.c'"
room
assemble
check "with room again it is applied" grep -qx 'memory 23 and 20' "$tree/mm/memory.c"
tight 0
run "$P/tools/tree/mbox"
expect 1 'cannot (make|write)' "the mailbox"
room

# --- a user's tree on a disk that fills up
cp -a "$LINUX" "$tmp/disk/tree"
state() { (cd "$tmp/disk/tree" && find . -printf '%p %y %m\n' | sort; find . -type f | sort | xargs sha256sum); }
state >"$tmp/was"
bad=
for kb in 0 4 8 16 24 32 40 48 56 64; do
	tight $kb
	run "$P/tools/tree/apply" "$tmp/disk/tree"
	[ $rc = 0 ] && break
	grep -qE 'nothing was done|is as it was' "$out" && state | cmp -s - "$tmp/was" || bad="$bad $kb"
done
[ -z "$bad" ] && [ $kb -gt 4 ]
ok $? "apply, with more and more kB free: as it was, each time$bad" || diag
[ $rc = 0 ]
ok $? "until it fits ($kb kB)" || diag
tight 0
run "$P/tools/tree/unapply" "$tmp/disk/tree"
[ $rc = 0 ] || { grep -qE 'nothing was done|is as it was' "$out" && [ -f "$tmp/disk/tree/.latepte.patch" ]; }
ok $? "unapply, nothing free: out, or as it was" || diag
room
[ $rc = 0 ] || run "$P/tools/tree/unapply" "$tmp/disk/tree"
check "with room again it is out" sh -c "cd '$tmp/disk/tree' && ! ls .latepte* 2>/dev/null && ! grep -q twenty mm/memory.c"
