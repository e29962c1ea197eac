# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# tree.sh: what kind of tree LINUX= is, and which base fits it. Sourced by
# tools/tree/source; needs lib.sh.

# A repository that git cannot read, or does not trust, is no plain directory;
# one without any commit is.
kind_of_repository() {
	is_repository "$1" && refs=$(user_git -C "$1" for-each-ref --count=1) ||
		die "LINUX=$1 is a git repository, and git does not read it: see above"
	if user_git -C "$1" rev-parse -q --verify HEAD >/dev/null; then echo git
	elif [ "$refs" ]; then die "LINUX=$1 is a git repository, and has no commit at its HEAD"
	else echo directory
	fi
}

kind_of() {
	if [ -f "$1" ]; then echo tarball
	elif [ -e "$1/.git" ] || { [ -f "$1/HEAD" ] && [ -d "$1/objects" ]; }; then
		kind_of_repository "$1"
	elif [ -d "$1" ]; then echo directory
	else die "LINUX=$1: no such directory, git repository or tarball$(from_where "$1")"
	fi
}

tar_makefile() { # TARBALL PATTERN
	tar -xOf "$1" --force-local --wildcards --no-wildcards-match-slash \
		--occurrence=1 "$2" 2>/dev/null
}

# Print the tree's Makefile, wherever it is.
makefile_of() {
	case $(kind_of "$1") in
	git) user_git -C "$1" show HEAD:Makefile 2>/dev/null ;;
	directory) cat "$1/Makefile" 2>/dev/null ;;
	tarball) tar_makefile "$1" '*/Makefile' || tar_makefile "$1" './*/Makefile' ;;
	esac
}

version_of() {
	makefile_of "$1" | tr -d '\r' | sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p' |
		head -n 2 | paste -sd.
}

refuse_other_base() {
	fits=$(base_of "$LINUX") || exit 1
	[ "$fits" = "$BASE" ] || die "LINUX=$LINUX is a tree for BASE=$fits, and BASE=$BASE was asked for: leave BASE out"
}

# The base with the version of the tree.
base_of() {
	kind_of "$1" >/dev/null || exit 1
	v=$(version_of "$1")
	[ "$v" ] || die "LINUX=$1 is not a kernel tree: no Makefile with a VERSION in it (or the tarball is corrupt)"
	for b in "$top"/patches/*/base; do
		b=$(basename "$(dirname "$b")")
		[ "$(base_value version "$b")" != "$v" ] || { echo "$b"; return; }
	done
	die "LINUX=$1 is Linux $v, and no base covers that version. There is: $(cd "$top/patches" && echo ./*/base | sed 's,\./,,g; s,/base,,g')"
}
