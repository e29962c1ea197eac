# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# lib.sh: what the host scripts share, above all their environment.
# Sourced; sets $top, the project.

unset CDPATH # the only variable that does harm before the environment is clean
case $0 in */*) top=${0%/*} ;; *) top=. ;; esac
until [ -f "$top/tools/lib.sh" ]; do top=$top/..; done
top=$(cd "$top" && pwd)
[ "$LATEPTE_ENV" ] || exec "$top/tools/env" /bin/sh "$0" "$@"

# Not every shell expands the ~ of O=~/x.
for v in LINUX O DL; do
	eval "case \$$v in '~/'*) $v=\$HOME/\${$v#??} ;; esac"
done
[ "${BASE+set}" ] || read -r BASE <"$top/patches/default"
arch=${GUEST_ARCH:-x86_64}
# arch_value KEY: one value of tools/arch/<arch>/arch
arch_value() {
	[ ! -f "$top/tools/arch/$arch/arch" ] || while IFS= read -r line; do
		case $line in "$1="*) printf '%s\n' "${line#*=}" ;; esac
	done <"$top/tools/arch/$arch/arch"
}
# Every script comes here: no subshells.
[ ! -f "$top/tools/arch/$arch/arch" ] || while IFS='=' read -r key value; do
	case $key in
	cross) : "${COMPILER:=${value}gcc}" ;;
	qemu) : "${QEMU:=$value}" ;;
	esac
done <"$top/tools/arch/$arch/arch"
: "${O:=$top/build}" "${DL:=$top/dl}" "${COMPILER:=gcc}"
case $O in /*) ;; *) O=$top/$O ;; esac
case $DL in /*) ;; *) DL=$top/$DL ;; esac
series=$top/patches/$BASE
build=$O/$BASE
repo=$build/linux.git

# Every git of ours has our settings: the user's can change what a patch looks
# like, sign, or start an editor. user_git() is for the user's trees.
export GIT_CONFIG_GLOBAL="$top/tools/gitconfig" GIT_CONFIG_NOSYSTEM=1 GIT_ATTR_NOSYSTEM=1

die() { printf 'latepte: %s\n' "$*" >&2; exit 1; }
[ "$BASE" ] || die "no base"
say() { printf '%s\n' "$*"; }

# A word that can be pasted into a shell.
word() {
	case $1 in
	*[!A-Za-z0-9_/.,:=+@%-]*) printf "'%s'" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")" ;;
	*) printf '%s' "$1" ;;
	esac
}

# What a missing path is relative to: after make -C, the project.
from_where() { case $1 in /*) ;; *) printf ' (relative to %s)' "$PWD" ;; esac; }

# One line per step, so that long work shows its progress.
step() { printf '%-8s %s\n' "$1" "$2"; }

# base_value KEY [BASE]: one value of patches/<base>/base
base_value() { sed -n "s/^$1=//p" "$top/patches/${2:-$BASE}/base"; }

# variant_dir control|patched: its build folder, for GUEST_ARCH and FLAVOUR
variant_dir() { echo "$build/$1${GUEST_ARCH:+/$GUEST_ARCH}${FLAVOUR:+/$FLAVOUR}"; }

# The fragments of the flavour, from tools/build/flavours
flavour() {
	lines_of "$top/tools/build/flavours" | awk -v name="$FLAVOUR" '
	$1 == name { found = 1; $1 = ""; print }
	END { if (!found) print name }'
}

# flavour_files DIR EXTENSION: the existing files of its fragments
flavour_files() {
	for f in $(flavour); do
		[ ! -f "$1/$f.$2" ] || echo "$1/$f.$2"
	done
}

# The folders of the kselftests
test_dirs() { (cd "$top/tools/testing/selftests" && ls -d */Makefile | sed 's,/Makefile,,'); }

# The kernel that a variant's folder boots; IMAGE= is a prebuilt one.
image_of() { echo "${IMAGE:-$1/linux/$(arch_value image)}"; }

# The header of a bzImage points to its version.
version_of() {
	at=$(od -An -tu2 -j526 -N2 "$1" | tr -d ' ')
	tail -c +$((at + 513)) "$1" | head -c 80 | tr '\0' '\n' | sed -n '1s/ .*//p'
}

# The lines of a data file, without comments.
lines_of() { [ ! -f "$1" ] || sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1"; }

# A tree may lack what some patches change (other architectures, say): those
# patches are in patches/<base>/optional, without their numbers.
optional() {
	: "${optional_ones:=$(lines_of "$series/optional"; echo .)}"
	name=${1##*/}
	case "
$optional_ones
" in *"
${name#[0-9][0-9][0-9][0-9]-}
"*) ;; *) return 1 ;; esac
}

# git where not even the repository's settings may change what is written: we
# build the worktrees, but the user works in them.
own_git() {
	git -c core.hooksPath=/dev/null -c core.autocrlf=false \
		-c core.safecrlf=false -c core.attributesFile=/dev/null \
		-c commit.gpgSign=false -c tag.gpgSign=false "$@"
}

# git in a user's tree: the user's settings say how to read it and whom to
# trust. Not even its index is written.
user_git() {
	(
		unset GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_ATTR_NOSYSTEM
		GIT_OPTIONAL_LOCKS=0 exec git "$@"
	)
}

# Does git read this repository? It may not trust it, or, if it is broken, use
# one further up.
is_repository() { prefix=$(user_git -C "$1" rev-parse --show-prefix) && [ -z "$prefix" ]; }

# A git that fails has not said "clean".
refuse_dirty() { # TREE
	is_repository "$1" &&
		changes=$(user_git -C "$1" status --porcelain -uno) ||
		die "git cannot tell whether $1 has changes that are not committed: nothing was done. Try: git -C $(word "$1") status"
	[ -z "$changes" ] ||
		die "$1 has changes that are not committed: commit or stash them first (git -C $(word "$1") status)"
}

# Our commits must be identical on every machine.
as_latepte() {
	GIT_AUTHOR_NAME=latepte GIT_AUTHOR_EMAIL=latepte@localhost \
	GIT_COMMITTER_NAME=latepte GIT_COMMITTER_EMAIL=latepte@localhost \
	GIT_AUTHOR_DATE='2016-05-15T22:43:13Z' \
	GIT_COMMITTER_DATE='2016-05-15T22:43:13Z' \
	own_git "$@"
}

# Concatenate the files that a list names, whatever is in a name.
cat_list() { while IFS= read -r f; do cat "$f" || return; done <"$1"; }

# Checksums of the patches, to see later whether they have changed.
patch_sums() { (cd "$series" && find . -name '*.patch' -o -name series | LC_ALL=C sort | xargs sha256sum); }

# A build path must not have characters that are special to make or QEMU.
refuse_path() {
	case $top$O in *[[:space:]:,\&\;\|\<\>\(\)\'\"\`\$\#\%\*\?\\]*)
		die "a kernel cannot be built in a path with a blank or one of : , & ; | < > ( ) ' \" \` \$ # % * ? \\, and '$top' or '$O' has one: move the project, or set O=" ;;
	esac
}

# IMAGES="CONTROL PATCHED"
need_images() {
	# shellcheck disable=SC2086 # two words
	set -- $IMAGES
	[ $# = 2 ] || die "IMAGES=\"$IMAGES\": not two kernels"
	for image; do [ -r "$image" ] || die "IMAGES: cannot read $image"; done
}

need_tool() {
	for tool; do
		command -v "$tool" >/dev/null || die "$tool is not installed: run 'make deps'"
	done
}
