# SPDX-License-Identifier: GPL-2.0
# text.awk: a line of C as text, for rules.awk and schema.awk.

function trim(s) { sub(/^[ \t]+/, "", s); return s }
function indent(s) { match(s, /^[ \t]*/); return substr(s, 1, RLENGTH) }

# The parenthesis that closes the one at "from"; 0: not in this line
function closing(s, from, depth, i, c) {
	for (i = from; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "(") depth++
		if (c == ")" && !--depth) return i
	}
	return 0
}
