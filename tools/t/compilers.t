#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# compilers.t: v4.6 and current compilers: each place that sets compiler flags
# of its own, with a made-up gcc that has a distribution's defaults and insists
# on them. The tree has only what the patches of compat show of it.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 13

compat=$top/patches/v4.6/compat
P=$tmp/tree

# A default counts unless a later flag overrides it. An empty file (cc-option)
# compiles with much that code does not compile with.
fake_command gcc <<'END'
cf=full std=gnu23 pie=y ssp=y
for a; do
	case $a in
	-fcf-protection=*) [ "$OLD" ] && exit 1; cf=${a#*=} ;;
	-std=*) std=${a#*=} ;;
	-fno-PIE|-fno-pie|-fno-pic) pie= ;;
	-fPIE|-fPIC|-fpie|-fpic) pie=y ;;
	-fno-stack-protector) ssp= ;;
	-mcmodel=*) model=${a#*=} ;;
	-march=i386) old_cpu=y ;;
	code.c) code=y ;;
	esac
done
no() { echo "cc1: error: $1" >&2; exit 1; }
[ "$OLD" ] && cf=none std=gnu89 pie= ssp=
[ "$old_cpu" ] && [ $cf != none ] && no "'-fcf-protection' is not compatible with this target"
[ "$pie" ] && [ "$model" = kernel ] && no "code model kernel does not support PIC mode"
[ "$code" ] || exit 0
[ $cf = none ] || no "there is ENDBR64 in it"
[ $std != gnu23 ] || no "bool is a keyword"
[ "$model" != large ] || [ -z "$pie$ssp" ] || no "kexec_file_load() knows no GOT, nor __stack_chk_fail()"
END

cat >"$tmp/flags.mk" <<'END'
cc-option = $(if $(shell gcc $(KBUILD_CFLAGS) $(1) -c -x c /dev/null -o /dev/null 2>/dev/null && echo y),$(1),$(2))
KBUILD_CFLAGS :=
KBUILD_AFLAGS :=
BITS := 64
CONFIG_X86 := y
CONFIG_X86_64 := y
include $(PLACE)
flags:
	@echo $($(VAR))
END

# Put the lines that a patch expects where it expects them.
show() {
	sed -n 's,^--- a/,,p' "$1" | xargs -n 1 dirname | (cd "$P" && xargs mkdir -p)
	(cd "$P" && awk '
	function store() {
		for (i = 1; f && i <= n; i++) print line[i] >f
		close(f); split("", line); n = hunk = 0
	}
	/^--- a\// {
		store(); f = substr($2, 3)
		while ((getline l <f) > 0) line[++n] = l
		close(f); next
	}
	/^diff / { hunk = 0 }
	/^@@ / { split($2, p, "[-,]"); at = p[2]; hunk = 1; next }
	hunk && /^[ -]/ {
		if (line[at] == "") line[at] = substr($0, 2)
		if (at > n) n = at
		at++
	}
	END { store() }' "$1")
}

up_to() { # NUMBER: the tree with compat as far as this patch
	rm -rf "$P"
	mkdir -p "$P" && git init -q "$P"
	for p in $(lines_of_series); do
		[ "${p%%-*}" -le "$1" ] || break
		show "$compat/$p"
		git -C "$P" apply --whitespace=nowarn "$compat/$p" || return
	done
}
lines_of_series() { grep -v '^#' "$compat/series"; }

# code PLACE VARIABLE [FLAGS]: code, compiled with the flags of the place
code() {
	run make --no-print-directory -s -C "$P" -f "$tmp/flags.mk" PLACE="$1" VAR="$2" flags
	[ $rc = 0 ] || return
	flags=$(cat "$out")
	# shellcheck disable=SC2086
	set -- $3 $flags
	run gcc "$@" -c code.c
	[ $rc = 0 ] || echo "flags: $*" >>"$out"
}
top() { code Makefile KBUILD_CFLAGS '-std=gnu89 -mcmodel=kernel'; }
realmode() { code arch/x86/Makefile REALMODE_CFLAGS; }
decompressor() { code arch/x86/boot/compressed/Makefile KBUILD_CFLAGS; }
purgatory() { code arch/x86/purgatory/Makefile KBUILD_CFLAGS; }
efi_stub() { code drivers/firmware/efi/libstub/Makefile cflags-y; }

PATH=$tmp/bin:$PATH
run up_to 4
expect 0 '' "a tree of what the patches show"
top
expect 1 ENDBR64 "kbuild without 0005 is refused for -fcf-protection"
run up_to 5
decompressor
expect 1 'bool is a keyword' "the decompressor without 0006, for C23"
run up_to 6
purgatory
expect 1 'knows no GOT' "the purgatory without 0007, for PIE"
run up_to 9999
expect 0 '' "all of compat applies"
for place in top realmode decompressor purgatory efi_stub; do
	$place
	expect 0 '' "with it $place compiles"
done
export OLD=y
realmode
expect 0 '' "and with a gcc that has never heard of -fcf-protection"
case $flags in *fcf-protection*) false ;; esac
ok $? "which is not asked for it"
check "every patch says which tool needs it" sh -c "! grep -L '^Needed for: ' '$compat'/*.patch | grep ."
