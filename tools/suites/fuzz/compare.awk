# SPDX-License-Identifier: GPL-2.0
# compare.awk CONTROL PATCHED: compare the lines of fuzz.c of one kernel with
# those of the other, line by line. One row for each, tab-separated:
#
#   good|bad  line  program  reason  steps  tables of control  of patched
#
# Patched may have fewer page tables, never more. The same digest means the same
# return values, sizes and page bits after every step.

BEGIN { OFS = "\t"; for (i = 33; i < 127; i++) code[sprintf("%c", i)] = i - 33 }

/^#/ { next }
{ n = FNR == NR ? ++nc : ++np }
FNR == NR { control[n] = $0; next }
{ patched[n] = $0 }

function tables(text, sum, i) {
	for (i = 1; i <= length(text); i++)
		sum += code[substr(text, i, 1)]
	return sum + 0
}

function more(c, p, i) {
	for (i = 1; i <= length(c); i++)
		if (code[substr(p, i, 1)] > code[substr(c, i, 1)])
			return i
}

function judge(c, p) {
	if (p[2] == "died" || c[2] == "died")
		return "died, control " c[3] ", patched " p[3]
	if (c[3] == "alien" || p[3] == "alien")
		return "a word that nobody wrote"
	if (c[2] != p[2])
		return "differs"
	if ((at = more(c[4], p[4])))
		return "more page tables, after " at " steps"
}

END {
	for (i = 1; i <= nc || i <= np; i++) {
		split(control[i], c, " "); split(patched[i], p, " ")
		why = i in control && i in patched && c[1] == p[1] ? judge(c, p) : "missing"
		print why ? "bad" : "good", i, c[1], why, length(c[4]), tables(c[4]), tables(p[4])
	}
}
