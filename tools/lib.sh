# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# lib.sh: what the host scripts share. Sourced; needs $top, the project.

: "${BASE=v6.12}" "${O:=$top/build}" "${DL:=$top/dl}"
case $O in /*) ;; *) O=$top/$O ;; esac
case $DL in /*) ;; *) DL=$top/$DL ;; esac
series=$top/patches/$BASE
build=$O/$BASE
repo=$build/linux.git

# The variables of our make's command line (O=, V=) are none of the kernel's.
unset MAKEFLAGS MFLAGS MAKELEVEL

# A hook of git's may have called make: its repository is none of ours.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_PREFIX

die() { printf 'latepte: %s\n' "$*" >&2; exit 1; }
[ "$BASE" ] || die "no base"
case $top$O in *[[:space:]:]*)
	die "the kernel's Makefile takes no blank and no colon in a path, and '$top' or '$O' has one: move the project, or set O=" ;;
esac
say() { printf '%s\n' "$*"; }

# A line for each step, so that long work shows where it is.
step() { printf '%-8s %s\n' "$1" "$2"; }

# base_value KEY [BASE]: one value of patches/<base>/base
base_value() { sed -n "s/^$1=//p" "$top/patches/${2:-$BASE}/base"; }

# variant_dir control|patched: where it is built; FLAVOUR is a config.
variant_dir() { echo "$build/$1${FLAVOUR:+/$FLAVOUR}"; }

# The lines of a data file, without comments.
lines_of() { [ ! -f "$1" ] || sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1"; }

# attended COMMAND...: who ends us (make hands on what it gets) ends the
# command and all that it has started: no guest stays behind.
attended() {
	setsid "$@" &
	attended=$!
	trap 'kill -TERM -- -$attended 2>/dev/null; wait $attended; exit 130' INT TERM HUP
	wait $attended
}

# git without the user's settings, which can change what a patch looks like
# (diff.noprefix, format.signOff, apply.whitespace, ...).
own_git() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
	git -c core.hooksPath=/dev/null "$@"
}

# Our own commits must come out the same on every machine.
as_latepte() {
	GIT_AUTHOR_NAME=latepte GIT_AUTHOR_EMAIL=latepte@localhost \
	GIT_COMMITTER_NAME=latepte GIT_COMMITTER_EMAIL=latepte@localhost \
	GIT_AUTHOR_DATE='2016-05-15T22:43:13Z' \
	GIT_COMMITTER_DATE='2016-05-15T22:43:13Z' \
	own_git "$@"
}

# The patches as they are now, to see later whether they have changed.
patch_sums() { (cd "$series" && find . -name '*.patch' -o -name series | LC_ALL=C sort | xargs sha256sum); }

need_tool() {
	for tool; do
		command -v "$tool" >/dev/null || die "$tool is not installed: run 'make deps'"
	done
}
