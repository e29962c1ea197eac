# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# lib.sh: what the tests of the host side share. Sourced first.
#
# A test works in $tmp, which is removed when it ends, and with its own copy of
# the project in $P, whose patches and trees can be made up. It prints flat TAP:
# "plan N" first, then run and expect in turns.

top=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)
# Nothing of the caller's may influence the result; what a test exports reaches
# the scripts unchanged, except in tests of this very thing. nohup ignores HUP,
# which no shell can change, but tests send it.
[ "$LATEPTE_ENV" ] || exec "$top/tools/env" env --default-signal=HUP /bin/sh "$0" "$@"
# Thousands of small files come and go: keep them in memory, if it has room and
# programs may run from there.
in_memory() {
	[ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 2000000 ] 2>/dev/null &&
		dir=$(mktemp -d -p /dev/shm) || return
	{ echo '#!/bin/sh' >"$dir/try" && chmod +x "$dir/try" && "$dir/try"; } 2>/dev/null &&
		rm "$dir/try" && echo "$dir" && return
	rm -rf "$dir"
	return 1
}
tmp=$([ "$TMPDIR" ] || in_memory) || tmp=
[ "$tmp" ] || tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
out=$tmp/out
P=$tmp/p

unset BASE LINUX O DL ACCEL SMP MEM TESTS JOBS LIMIT V VARIANT COMPAT UPTO \
	MUTANT FLAVOUR LATEPTE_KEEPER QEMU DISKS BOOT_LIMIT TEST_LIMIT DOWN_LIMIT \
	MAKEFLAGS MAKELEVEL MFLAGS KEEP XDG_CONFIG_HOME
export HOME="$tmp/home" TMPDIR="$tmp" LATEPTE_ENV=test GIT_CONFIG_SYSTEM=/dev/null
mkdir "$HOME"

# --- TAP -------------------------------------------------------------------

plan() { echo "1..$1"; tests=0; }

# ok STATUS DESCRIPTION
ok() {
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - $2"
	else
		echo "not ok $tests - $2"
	fi
	return "$1"
}

# run COMMAND...: keep its output and its status.
run() { "$@" >"$out" 2>&1 </dev/null; rc=$?; }

diag() { echo "# status $rc"; tail -n 12 "$out" | sed 's/^/# /'; }

# expect STATUS TEXT DESCRIPTION: of the last run; TEXT is an ERE
expect() {
	[ "$rc" = "$1" ] && { [ -z "$2" ] || grep -qE -e "$2" "$out"; }
	ok $? "$3" || diag
}

# check DESCRIPTION COMMAND...: the command succeeds
check() {
	desc=$1
	shift
	run "$@"
	ok $rc "$desc" || diag
}

skip() { tests=$((tests + 1)); echo "ok $tests - $1 # SKIP $2"; }

not() { ! "$@"; }

# await COMMAND...: repeat until it succeeds, but not forever
await() {
	tries=0
	until "$@" 2>/dev/null || [ $tries -ge 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

# --- made-up kernels -----------------------------------------------------------

# fake_tree DIR VERSION PATCHLEVEL
fake_tree() {
	mkdir -p "$1/mm" "$1/fs" "$1/include/linux" "$1/usr"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = 0\n' "$2" "$3" >"$1/Makefile"
	seq -f 'memory %g' 60 >"$1/mm/memory.c"
	seq -f 'filemap %g' 60 >"$1/mm/filemap.c"
	seq -f 'debug %g' 30 >"$1/mm/Kconfig.debug"
	seq -f 'mm.h %g' 60 >"$1/include/linux/mm.h"
	seq -f 'fork %g' 30 >"$1/fs/fork.c"
	printf '*\n' >"$1/.gitignore"
	ln -s memory.c "$1/mm/link.c"
}

# fake_kernel DIR [VERSION PATCHLEVEL]: its make does at once what takes minutes
# with a real one, and heeds the environment as kbuild does, recorded in
# env.seen.
fake_kernel() {
	fake_tree "$1" "${2:-4}" "${3:-6}"
	mkdir -p "$1/scripts/kconfig" "$1/arch/x86/boot"
	cat >>"$1/Makefile" <<-'END'
		out := $(or $(KBUILD_OUTPUT),.)
		config := $(out)/$(or $(KCONFIG_CONFIG),.config)
		include arch/$(or $(ARCH),x86)/Makefile
		tinyconfig olddefconfig:; @env | sort >env.seen; echo CONFIG_64BIT=y >>$(config)
		bzImage:; @echo "  CC      mm/memory.o"; mkdir -p $(out)/arch/x86/boot; cat mm/*.c >$(out)/arch/x86/boot/bzImage
		kernelversion:; @echo 4.6.0
	END
	: >"$1/arch/x86/Makefile"
	echo 'shift; cat "$@" >.merged; mv .merged .config' >"$1/scripts/kconfig/merge_config.sh"
	# what a build needs from the project and from the machine
	mkdir -p "$P/tools/testing/selftests/writeback"
	for d in fault writeback; do
		printf 'TEST_GEN_PROGS := %s\nall:\n\t@echo %s >$(OUTPUT)/%s\n' $d $d $d >"$P/tools/testing/selftests/$d/Makefile"
	done
	: >"$P/Kconfig.fragment"
	cp "$top/Makefile" "$top/README" "$P/"
	for c in flex bison bc qemu-system-x86_64 mkfs.ext4 mkfs.xfs busybox; do echo "echo $c 1" | fake_command $c; done
	fake_command gcc <<-'END'
		[ "$1" != --version ] || exec echo gcc 12
		while [ $# -gt 0 ]; do [ "$1" != -o ] || echo built >"$2"; shift; done
	END
	echo 'exec "$@"' | fake_command ccache
}

# All properties of the files below a folder.
fingerprint() {
	(cd "$1" && find . -printf '%p %y %m %s %T@ %l\n' | sort &&
		find . -type f | sort | xargs -d '\n' sha256sum) | sha256sum
}

dev() { git -c user.name=dev -c user.email=dev@localhost -c commit.gpgSign=false "$@"; }

# fake_git DIR VERSION PATCHLEVEL: a repository that contains the tree
fake_git() {
	fake_tree "$@" && git init -q "$1" && dev -C "$1" add -f -A . &&
		dev -C "$1" commit -q -m "Linux $2.$3"
}

# The host-side file with a tool's name: "run", "build", "deps"
tool() {
	case $1 in build) echo "$P/tools/build/all" ;; */*) echo "$P/tools/$1" ;; *)
		(cd "$top/tools" && find . -maxdepth 2 -name "$1" -type f ! -path './t/*' ! -path './testing/*') |
			sed "s,^\.,$P/tools," | head -n 1 ;;
	esac
}

# The project's host side, with patches that are of no real kernel.
fake_project() {
	mkdir -p "$P/patches" "$P/mm" "$P/tools/testing/selftests/fault"
	(cd "$top/tools" && tar -c --exclude=./t --exclude=./testing --exclude=./suites/bench .) |
		tar -x -C "$P/tools"
	echo 'int fault_selftest;' >"$P/mm/fault_selftest.c"
	echo 'all:' >"$P/tools/testing/selftests/fault/Makefile"
	fake_base v4.6 4 6
	fake_base v6.12 6 12
	echo v6.12 >"$P/patches/default"
}

# fake_base NAME VERSION PATCHLEVEL: its tarball is in the download folder
fake_base() {
	mkdir -p "$P/patches/$1"
	printf 'version=%s.%s\nurl=http://nowhere.invalid/linux-%s.%s.tar.xz\nsha256=0\n' \
		"$2" "$3" "$2" "$3" >"$P/patches/$1/base"
}

# commit DIR FILE SED-SCRIPT SUBJECT: a change to one file
commit() {
	sed -i "$3" "$1/$2" && dev -C "$1" commit -q -m "$4

Why it is done." -- "$2"
}

# save DIR SERIES-DIR [N]: the last commit becomes patch N of a series
save() {
	mkdir -p "$2"
	touch "$2/series"
	n=${3:-$(($(wc -l <"$2/series") + 1))}
	git -C "$1" format-patch -q -1 --zero-commit -N --no-signature \
		--abbrev=12 --start-number "$n" -o "$2" HEAD
	(cd "$2" && for p in *.patch; do
		grep -qxF "$p" series || echo "$p" >>series
	done)
}

# Two functional patches, the second on top of the first, one of compat and one
# of selftest for v4.6; they were made in the tree $tmp/dev.
fake_series() {
	fake_git "$tmp/dev" 4 6
	s=$P/patches/v4.6
	commit "$tmp/dev" fs/fork.c 's/fork 5$/fork five/' 'compat: five' && save "$tmp/dev" "$s/compat"
	commit "$tmp/dev" mm/memory.c 's/memory 20$/memory twenty/' 'mm: twenty' && save "$tmp/dev" "$s"
	commit "$tmp/dev" mm/memory.c 's/memory 23$/memory twenty-three/' 'mm: twenty-three' && save "$tmp/dev" "$s"
	commit "$tmp/dev" mm/Kconfig.debug '$aconfig FAULT_SELFTEST' 'mm: Kconfig entry' && save "$tmp/dev" "$s/selftest"
}

# A folder in which a command of this name is found first; stdin is its script.
fake_command() {
	mkdir -p "$tmp/bin"
	{ echo '#!/bin/sh'; cat; } >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}

# fake_guest [SECONDS]: a QEMU whose guests run for so long and have two cases:
# fault/fault good, and writeback/writeback bad, which fails on the control by
# "reserve".
fake_guest() {
	echo "${1:-0}" >"$tmp/lasts"
	fake_command qemu-system-x86_64 <<'END'
for arg; do
	case $arg in
	pipe,id=ser,*) ser=${arg#*path=} ser=${ser%%,*} console=${arg##*logfile=} ;;
	pipe,id=mon,*) mon=${arg#*path=} ;;
	file,id=tap,*) tap=${arg##*path=} ;;
	file,id=verdict,*) verdict=${arg##*path=} ;;
	esac
done
sleep "$(cat "$HOME/../lasts")"
exec 3<>"$ser.in" 4<>"$ser.out" 5<>"$mon.in" 6<>"$mon.out"
printf '%s\n' 'Linux version 4.6.0' 'x86: Booted up 1 node, 2 CPUs' 'reboot: Restarting system' >"$console"
result=ok status=0
case $ser in */control/*) result='not ok' status=256 ;; esac
printf '%s\n' '## up' '## begin fault/fault' 1..1 'ok 1 good' '## end fault/fault 0' \
	'## begin writeback/writeback' 1..1 '# assertion failed: reserve' "$result 1 bad" "## end writeback/writeback $status" '## down' >"$tap"
echo 'ok timeouts=0 crashes=0 leaks=0 log=0 taint=0' >"$verdict"
END
}
