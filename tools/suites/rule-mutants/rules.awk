# SPDX-License-Identifier: GPL-2.0
# text.awk and rules.awk ADDED FILE: possible mistakes in the added lines of FILE, a source
# file of the patched tree. Prints, tab-separated:
#
#	FILE LINE FUNCTION RULE TEXT-OF-THE-LINE NEW-TEXT
#
# Both texts without indentation. Rules: drop (a one-line statement), negate (a
# condition), goto (another label of the function), flag (one of several that
# are or'ed). Statements that continue on the next line, declarations and
# comments are left alone.
# -v file=NAME is what ADDED (tools/suites/coverage/added) calls it.

BEGIN { FS = "\t"; OFS = "\t" }
FNR == NR { if ($1 == file) added[$2] = 1; next }
{ line[++n] = $0 }
/^[A-Za-z_].*\(.*[^;]$/ { start = FNR }
{ function_at[FNR] = start }
/^[a-z_][a-z_0-9]*:/ { label = $0; sub(/:.*/, "", label); labels[start] = labels[start] " " label }

function mutant(at, rule, text) {
	if (text != line[at] && trim(text) !~ /\t/ && trim(line[at]) !~ /\t/)
		print file, at, name_of(line[function_at[at]]), rule, trim(line[at]), trim(text)
}

# The last word before the first parenthesis
function name_of(s) {
	sub(/\(.*/, "", s)
	sub(/^.*[ \t*]/, "", s)
	return s
}

# Calls and assignments. Without a goto or a return the compiler would warn.
function drop(at, s) {
	if (s ~ /^[ \t]+[^ \t].*;$/ && s !~ /^[ \t]+(return|goto|break|continue|case|default|struct|unsigned|int|long|bool|void|char|u?int[0-9]+_t|static|const|[a-z_]+_t [a-z*]|\*|\/)/ &&
	    line[at - 1] !~ /([,(|&+?:=-]|&&|\|\|)$/ && closing_all(s))
		mutant(at, "drop", indent(s) ";")
}

function closing_all(s, t) { t = s; return gsub(/\(/, "", t) == gsub(/\)/, "", s) }

function negate(at, s, from, to) {
	if (!match(s, /^[ \t]*(} else )?if \(/))
		return
	from = RLENGTH
	to = closing(s, from)
	if (to)
		mutant(at, "negate", substr(s, 1, from) "!(" substr(s, from + 1, to - from - 1) ")" substr(s, to))
}

function other_label(at, s, was, l, nl, i) {
	if (!match(s, /goto [a-z_0-9]+;/))
		return
	was = substr(s, RSTART + 5, RLENGTH - 6)
	nl = split(labels[function_at[at]], l, " ")
	for (i = 1; i <= nl; i++)
		if (l[i] != was) {
			mutant(at, "goto", substr(s, 1, RSTART + 4) l[i] substr(s, RSTART + RLENGTH - 1))
			return
		}
}

# Each flag of "A | B", one after the other
function flag(at, s, rest, head) {
	head = ""
	rest = s
	while (match(rest, / \| [A-Z_][A-Z_0-9]+/)) {
		mutant(at, "flag", head substr(rest, 1, RSTART - 1) substr(rest, RSTART + RLENGTH))
		head = head substr(rest, 1, RSTART + RLENGTH - 1)
		rest = substr(rest, RSTART + RLENGTH)
	}
	if (match(s, /[A-Z_][A-Z_0-9]+ \| /))
		mutant(at, "flag", substr(s, 1, RSTART - 1) substr(s, RSTART + RLENGTH))
}

END {
	for (at = 1; at <= n; at++) {
		if (!added[at] || line[at] ~ /^[ \t]*(\/?\*|#|$)/)
			continue
		drop(at, line[at])
		negate(at, line[at])
		other_label(at, line[at])
		flag(at, line[at])
	}
}
