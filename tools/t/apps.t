#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# apps.t: what make apps makes of the figures of two guests. Guests and packages
# are made up.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 28

apps=$top/tools/suites/apps

# --- a table -------------------------------------------------------------------

cat >"$tmp/bars" <<'END'
# figure
a_full		ratio <= 1.005	must
a_*_tables	value <= 60
*		ratio <= 1.005
END
rows() { # CONTROL PATCHED: figures as NAME=VALUE
	for v in "$1" "$2"; do
		echo "# release 6"
		for f in $v; do printf '%s\tkB\t%s\n' "${f%=*}" "${f#*=}"; done
		echo "# complete"
	done >"$tmp/both"
	awk -v out="$tmp/rows" '/^# release/ { n++ } { print >(out "." n) }' "$tmp/both"
	run awk -v name=a -f "$apps/table.awk" "$tmp/bars" "$tmp/rows.1" "$tmp/rows.2"
}
rows full=1000 full=1005
expect 0 '^a	full	kB	1000	1005	1\.0050	x<=1\.005	yes$' "a bar that is just kept"
rows full=1000 full=1006
expect 0 '	1\.0060	x<=1\.005	NO$' "one that must be kept, and is not"
rows other=1000 other=1000
expect 0 '^a	full	-	0	0	-	said	NO$' "nor is one that a guest does not tell"
rows other=1000 other=1006
expect 0 '	1\.0060	x<=1\.005	no$' "and one that need not"
rows child_tables=2000 child_tables=60
expect 0 '	0\.0300	<=60	yes$' "a bar of the value"
rows child_tables=50 child_tables=61
expect 0 '	1\.2200	<=60	no$' "which the value misses"
rows pages=0 pages=0
expect 0 '	0	0	-	x<=1\.005	yes$' "nothing on both has no ratio"
rows pages=0 pages=1
expect 0 '	0	1	-	x<=1\.005	no$' "and something is more than nothing"
rows "one=1 two=2" "two=2"
expect 0 '^a	two' "what one guest did not say"
not grep -q one "$out"
ok $? "is no row"

show() { # ROW SKIPPED
	printf '%b' "$1" >"$tmp/table"
	printf '%s' "$2" >"$tmp/skipped"
	run awk -v skipped="$tmp/skipped" -f "$apps/show.awk" "$tmp/table"
}
show 'a\tfork\tinstructions\t1000\t500\t0.5000\tx<=0.60\tyes\n'
expect 0 '0\.5000  gain$' "a gain is one"
show 'a\tfork\tinstructions\t1000\t999\t0.9990\tx<=1.005\tyes\n'
expect 0 '0\.9990  no gain$' "and where there is none, it says so"
show 'a\tfork\tinstructions\t1000\t700\t0.7000\tx<=0.60\tno\n'
expect 0 '<-- not x<=0\.60' "a bar that is missed is told, and is no failure"
show 'a\tfork\tinstructions\t1000\t1100\t1.1000\tx<=1.005\tNO\n'
expect 1 '<-- must be x<=1\.005' "but one that must be kept"
show '' 'java	no packages'
expect 0 'java +skipped: no packages' "what was skipped has its reason"

# --- the lists -----------------------------------------------------------------

data() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$apps/$1"; }
data cases | while read -r name script packages memory huge more; do
	[ -f "$apps/guest/$script.sh" ] && [ ! "$more" ] || echo "$name: $script"
	[ "$packages" = - ] || data packages | grep -q "^$packages	" || echo "$name: $packages"
	case $memory,$huge in [1-9]*[MG],always|[1-9]*[MG],madvise|[1-9]*[MG],never) ;; *) echo "$name: $memory $huge" ;; esac
done >"$out"
[ ! -s "$out" ]
ok $? "each case has a script, packages and a machine" || diag
for f in "$apps"/guest/*.sh; do
	sh -n "$f" || echo "$f"
	data cases | grep -q "	$(basename "$f" .sh)	" || echo "no case of $f"
done >"$out" 2>&1
[ ! -s "$out" ]
ok $? "and each script a case" || diag

# --- the programs ----------------------------------------------------------------

cc() { gcc -O1 -Wall -Wextra -Werror "$@"; }
cc -shared -fPIC -o "$tmp/forks.so" "$apps/guest/forks.c" -ldl &&
	cc -o "$tmp/heap" "$apps/guest/heap.c" -ldl
check "a heap shrinks, and a child is forked" env LD_PRELOAD="$tmp/forks.so" FORKS="$tmp/forks" "$tmp/heap" 4
run cat "$tmp/forks"
expect 0 '^fork	instructions	[1-9][0-9]*$' "which is counted"
grep -q '^child_tables	kB	[1-9]' "$out"
ok $? "with the page tables of the child" || diag

# --- the host side, with a QEMU that knows the results -----------------------

fake_command qemu-system-x86_64 <<'END'
for a; do
	case $last in
	-serial) file=${file:+$file }${a#file:} ;;
	-kernel) image=$a ;;
	esac
	last=$a
done
set -f; set -- $file
echo "a quiet boot" >"$1"
[ ! -s "$image.log" ] || cat "$image.log" >"$1"
{ echo "# release 6"; cat "$image"; [ -e "$image.lost" ] || echo "# complete"; } >"$2"
END
echo 'exit 100' | fake_command apt-get
echo 'echo redis-server; echo libc6' | fake_command apt-cache
echo 'echo a busybox' | fake_command busybox
for v in control patched; do printf 'full_fork\tinstructions\t1000\n' >"$tmp/$v"; done
apps() { # CASES
	PATH=$tmp/bin:$PATH BASE=$(cat "$top/patches/default") O=$tmp/o DL=$tmp/dl COMPILER=gcc \
	QEMU=qemu-system-x86_64 ONLY="$1" IMAGES="$tmp/control $tmp/patched" run "$apps/run"
}
apps segment
expect 0 'segment +full_fork +instructions +1000 +1000 +1\.0000  no gain' "two kernels that do the same"
apps redis
expect 0 'redis +skipped: apt-get cannot get the packages for redis' "packages that cannot be had: a case is skipped"
echo 'echo a package >libc6.deb' | fake_command apt-get
echo 'mkdir -p "$3/lib/ld" && ln -s /etc/ld.conf "$3/lib/ld/conf" && cat "$2" >"$3/lib/ld/package"' | fake_command dpkg-deb
apps redis
expect 0 'redis +full_fork' "and is not, where they can"
r=$tmp/dl/apps/redis
[ "$(readlink "$r/lib") $(readlink "$r/usr/lib/ld/conf")" = "usr/lib ../../../etc/ld.conf" ]
ok $? "what they unpack is in /usr, and its links stay inside"
echo 'exit 100' | fake_command apt-get
apps redis
expect 0 'redis +full_fork' "and they are got once"
printf 'full_fork\tinstructions\t1006\n' >"$tmp/patched"
apps redis
expect 1 'redis +full_fork .*must be x<=1\.005' "a full heap that loses is a failure"
: >"$tmp/patched.lost"
apps segment
expect 1 'lost, or complains: .*/segment.patched.log' "so is a guest that is lost"
rm "$tmp/patched.lost"; echo "BUG: Bad rss-counter state mm:0 idx:1 val:1" >"$tmp/patched.log"
apps segment
expect 1 'lost, or complains: .*/segment.patched.log' "and a kernel that complains"
