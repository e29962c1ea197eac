# SPDX-License-Identifier: GPL-2.0
# text.awk and schema.awk LIST FILE: print FILE with all its mutants in it, each behind a
# condition: the kernel argument rule_mutant=NUMBER chooses one. LIST has, after
# the number, what rules.awk prints. Lines keep their numbers.
#
# -v file=NAME is what LIST calls it. The numbers of mutants that cannot be put
# behind a condition go to the file -v apart=.

BEGIN { FS = "\t" }
FILENAME == ARGV[1] {
	if ($2 == file) {
		mutants[$3] = mutants[$3] " " $1
		rule[$1] = $5; text[$1] = $6; new[$1] = $7
	}
	next
}
{ line[++n] = $0 }

function chosen(m) { return "unlikely(rule_mutant == " m ")" }

# Where two texts begin to differ
function differ_at(a, b, i) {
	for (i = 1; substr(a, i, 1) == substr(b, i, 1); i++)
		;
	return i
}

# "A | B" becomes (chosen ? (A) : (A | B)), if it is an expression of its own.
function with_flag(s, m,    was, from, at, run, short, before) {
	was = text[m]
	at = differ_at(was, new[m])
	from = 1
	while (match(substr(was, from), /[A-Za-z_][A-Za-z_0-9.>-]*( \| [A-Za-z_][A-Za-z_0-9]*)+/)) {
		from += RSTART - 1
		if (at <= from + RLENGTH) {
			run = substr(was, from, RLENGTH)
			short = substr(new[m], from, RLENGTH - length(was) + length(new[m]))
			break
		}
		from += RLENGTH
	}
	before = substr(was, 1, from - 1)
	if (run == "" || (before != "" && before !~ /([(,=&]|return) ?$/) || before ~ /[=!]= $/ ||
	    substr(was, from + length(run)) !~ /^[),;]/)
		return ""
	at = index(s, run)
	return substr(s, 1, at - 1) "(" chosen(m) " ? (" short ") : (" run "))" substr(s, at + length(run))
}

function with_negate(s, m,    from, to) {
	match(s, /^[ \t]*(} else )?if \(/)
	from = RLENGTH
	to = closing(s, from)
	return substr(s, 1, from) chosen(m) " != !!(" substr(s, from + 1, to - from - 1) ")" substr(s, to)
}

function with_drop(s, m) {
	if (text[m] ~ /^(}|else|if|for|while)/)
		return ""
	return indent(s) "{ if (!" chosen(m) ") " trim(s) " }"
}

function with_goto(s, m) {
	if (text[m] !~ /^goto [a-z_0-9]+;$/)
		return ""
	return indent(s) "{ if (" chosen(m) ") " new[m] " else " trim(s) " }"
}

function with(s, m) {
	if (rule[m] == "flag")
		return with_flag(s, m)
	if (rule[m] == "negate")
		return with_negate(s, m)
	if (rule[m] == "goto")
		return with_goto(s, m)
	return with_drop(s, m)
}

# From the inside to the outside: flags of an expression, the condition, the
# statement.
function with_all(s, at, order,    i, j, m, ms, o, changed) {
	ms = split(mutants[at], m, " ")
	split("flag negate goto drop", o, " ")
	for (j = 1; j <= 4; j++)
		for (i = 1; i <= ms; i++) {
			if (rule[m[i]] != o[j])
				continue
			changed = with(s, m[i])
			if (changed == "")
				print m[i] >>apart
			else
				s = changed
		}
	return s
}

END {
	for (at = 1; at <= n; at++) {
		s = at in mutants ? with_all(line[at], at) : line[at]
		if (!included && s ~ /^#include/)
			included = 1
		if (s == "" && included == 1) {
			s = "extern int rule_mutant;"
			included = 2
		}
		print s
	}
}
