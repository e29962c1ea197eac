# SPDX-License-Identifier: GPL-2.0
# table.awk -v name=CASE BARS CONTROL.tsv PATCHED.tsv: the rows of a case. If a
# bar is missed, the last column is "no", or "NO" if it must be kept.

function fits(glob, s) {
	gsub(/\*/, ".*", glob)
	return s ~ ("^" glob "$")
}

function bar_of(s,    i) {
	for (i = 1; i <= bars; i++)
		if (fits(figure[i], s))
			return i
	return 0
}

# If the control has nothing, there is no ratio, and patched must have nothing.
function row(    i, ratio, v, kept) {
	i = bar_of(name "_" $1)
	met[i]
	ratio = control[$1] ? $3 / control[$1] : "-"
	v = kind[i] == "value" ? $3 : ratio == "-" ? ($3 > 0 ? 2 : 1) : ratio
	kept = !i || v <= bound[i] ? "yes" : must[i] ? "NO" : "no"
	print name, $1, $2, control[$1], $3,
		ratio == "-" ? ratio : sprintf("%.4f", ratio),
		i ? (kind[i] == "value" ? "" : "x") "<=" bound[i] : "-", kept
}

BEGIN { OFS = "\t" }
FNR == 1 { file++ }
/^#/ || !NF { next }
file == 1 {
	figure[++bars] = $1
	kind[bars] = $2
	bound[bars] = $4
	must[bars] = $5 == "must"
	next
}
{ FS = "\t" }
file == 2 { control[$1] = $3; next }
$1 in control { row() }
END {
	for (i = 1; i <= bars; i++)
		if (must[i] && index(figure[i], name "_") == 1 && !(i in met))
			print name, substr(figure[i], length(name) + 2), "-", 0, 0,
				"-", "said", "NO"
}
