# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# undo.sh: change all of a user's tree, or nothing. Sourced by apply; needs
# $tree, $record, $undo, $tmp and in_tree().
#
# $undo has what it takes to put the files back, and exists only while they are
# being changed. A later run may find it: the user may have cleaned up and
# worked on since then. So recover() replaces only what the interrupted change
# has written, never a file with any other content, and leaves a tree without
# the series.

# The tree's files that the patch changes.
files() {
	in_tree apply --numstat "$tmp/patch" >"$tmp/numstat" && [ -s "$tmp/numstat" ] &&
		cut -f3 "$tmp/numstat" | sort -u
}

new_folders() {
	while read -r f; do
		d=$(dirname "$f")
		while [ ! -d "$d" ]; do echo "$d"; d=$(dirname "$d"); done
	done | sort -ru
}

modes() { (cd "$tree" && xargs -r -d '\n' stat -c '%a %u:%g %n') <"$1"; }

back_up() { # GIT-APPLY-OPTION...
	rm -rf "$undo.new"
	mkdir "$undo.new" && files >"$undo.new/files" &&
	cp "$tmp/patch" "$undo.new/patch" && echo "$*" >"$undo.new/options" &&
	(
		cd "$tree" && new_folders <"$undo.new/files" >"$undo.new/folders" &&
		while read -r f; do [ ! -f "$f" ] || echo "$f"; done <"$undo.new/files" >"$undo.new/had" &&
		modes "$undo.new/had" >"$undo.new/modes" &&
		tar -c -T "$undo.new/had" -f "$undo.new/backup.tar"
	) && { [ ! -f "$record" ] || cp "$record" "$undo.new/record"; } &&
	mv "$undo.new" "$undo"
}

forget() { mv "$undo" "$undo.new" && rm -rf "$undo.new"; }

# The files' contents before and after the change.
# shellcheck disable=SC2046 # options are words
both_states() {
	rm -rf "$tmp/old" "$tmp/new" && mkdir "$tmp/old" &&
	tar -x -p -f "$undo/backup.tar" -C "$tmp/old" && cp -a "$tmp/old" "$tmp/new" &&
	(cd "$tmp/new" && export GIT_DIR="$tmp/none" &&
		own_git apply --whitespace=nowarn $(cat "$undo/options") "$undo/patch")
}

is_there() { [ -e "$1" ] || [ -L "$1" ]; }
is_same() { # FILE OTHER: two missing files are the same
	if is_there "$2"; then [ ! -L "$1" ] && cmp -s "$1" "$2"; else ! is_there "$1"; fi
}
# A file whose writing was cut off is a prefix of the complete one.
begins() { [ -f "$1" ] && [ ! -L "$1" ] && [ -f "$2" ] && cmp -s -n "$(stat -c %s "$1")" "$1" "$2"; }

# "ours FILE" for each file that differs from DIR's, "foreign FILE" if we have
# not written it either.
differing() { # DIR
	while read -r f; do
		is_same "$tree/$f" "$1/$f" && continue
		if ! is_there "$tree/$f" || begins "$tree/$f" "$tmp/new/$f" ||
			begins "$tree/$f" "$tmp/old/$f"; then echo "ours $f"
		else echo "foreign $f"
		fi
	done <"$undo/files" >"$tmp/differing"
}

# Remove first: that makes room for what comes.
put() { # DIR: the files of stdin as they are in DIR
	cat >"$tmp/put" && (cd "$tree" && xargs -r -d '\n' rm -f) <"$tmp/put" || return
	while read -r f; do
		[ -e "$1/$f" ] || continue
		mkdir -p "$tree/$(dirname "$f")" && cp -p "$1/$f" "$tree/$f" || return
	done <"$tmp/put"
	(
		cd "$tree" && xargs -r -d '\n' rmdir <"$undo/folders"
		[ "$1" = "$tmp/old" ] || sed 's,/[^/]*$,,' "$undo/files" | sort -ru | xargs -r -d '\n' rmdir -p
	) 2>/dev/null
	return 0
}

cannot_put_back() {
	die "cannot put back what was in $tree (df -h $tree). It is kept in $undo: '$what' again tries again"
}

# Undo our own change, right away. Files that git did not reach need nothing.
restore() {
	if both_states >/dev/null 2>&1; then
		differing "$tmp/old" && sed 's/^[a-z]* //' "$tmp/differing" | put "$tmp/old"
	else # no room for a comparison
		(cd "$tree" && grep -vxF -f "$undo/had" "$undo/files" | xargs -r -d '\n' rm -f
		xargs -r -d '\n' rmdir <"$undo/folders" 2>/dev/null
		tar -x -p -f "$undo/backup.tar")
	fi || cannot_put_back
	if [ -f "$undo/record" ]; then
		cmp -s "$undo/record" "$record" || cp "$undo/record" "$record"
	else
		rm -f "$record"
	fi || cannot_put_back
	forget
}

# Undo a change that was killed, however long ago. Files changed since may have
# some of it; the record tells unapply what to do.
recover() {
	say "an apply or unapply was cut short: putting back what was there"
	both_states >/dev/null 2>&1 ||
		die "cannot read what was kept in $undo (df -h $tmp). To keep $tree as it is now: rm -r '$undo'"
	without=$tmp/old
	! grep -q -e -R "$undo/options" || without=$tmp/new
	differing "$without" && sed -n 's/^ours //p' "$tmp/differing" | put "$without" &&
		keep_modes || cannot_put_back
	if grep -q '^foreign' "$tmp/differing"; then
		say "these files were changed since, and are left as they are:"
		sed -n 's/^foreign/ /p' "$tmp/differing"
		cp "$undo/patch" "$record"
	else
		rm -f "$record"
	fi || cannot_put_back
	forget
}
