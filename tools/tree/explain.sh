# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# explain.sh: say why the series does not apply to a tree. Sourced by apply;
# needs $tree, $tmp/list and $tmp/files.

# The first patch that does not apply, tried on copies of the files.
first_bad() {
	rm -rf "$tmp/try" && mkdir "$tmp/try" && (
		cd "$tmp/try" && export GIT_DIR="$tmp/none" &&
		(cd "$tree" && while IFS= read -r f; do [ ! -f "$f" ] || echo "$f"; done <"$tmp/files" | tar -c -T -) | tar -x &&
		while IFS= read -r p; do
			own_git apply --whitespace=nowarn "$p" 2>/dev/null || { echo "$p"; return; }
		done <"$tmp/list"
	)
}

why_not() {
	cr=$(printf '\r')
	if [ "$(cd "$tree" && xargs -d '\n' grep -ls "$cr\$" <"$tmp/files")" ]; then
		echo "There are files with CRLF line ends in it: take a tree without."
	elif grep -q 'already exists in working' "$tmp/err"; then
		echo "Is it applied already, or are files of those names in the way?"
	elif grep -q 'No such file' "$tmp/err"; then
		echo "Files are missing, or it is far from Linux $(base_value version)."
	else
		echo "Is part of it applied already, or is it far from Linux $(base_value version)?"
	fi
}

explain() {
	cat "$tmp/err" >&2
	bad=$(first_bad)
	die "the $BASE series does not apply to $tree: nothing was done. $(why_not)${bad:+ The first patch that does not go in is $(basename "$bad")}"
}
