# SPDX-License-Identifier: GPL-2.0
#
# Join the limits and two results of bench.c, control first, into one table; the
# column "kept" is "no" if a limit is broken.

function fits(glob, s) {
	gsub(/\./, "\\.", glob)
	gsub(/\*/, ".*", glob)
	return s ~ ("^" glob "$")
}

function limit_of(name,    i) {
	for (i = 1; i <= limits; i++)
		if (fits(case_glob[i], name))
			return i
	return 0
}

function kept(ratio, i) {
	return op[i] == "<" ? ratio < bound[i] : ratio <= bound[i]
}

function row(    ratio, i) {
	ratio = $2 / median[$1]
	i = limit_of($1)
	print $1, median[$1], $2, sprintf("%.4f", ratio), op[i] bound[i],
		kept(ratio, i) ? "yes" : "no", spread[$1], $3,
		pages[$1], $7, tables[$1], $8, locked[$1], $9, table_locked[$1], $10
}

BEGIN {
	OFS = "\t"
	op[0] = "<="	# if no line fits
	bound[0] = 1.005
	print "# case", "control", "patched", "ratio", "limit", "kept",
		"spread_control", "spread_patched", "pages_control",
		"pages_patched", "tables_control", "tables_patched",
		"locked_control", "locked_patched",
		"table_locked_control", "table_locked_patched"
}

/^#/ || !NF { next }
FILENAME == ARGV[1] {
	case_glob[++limits] = $1
	op[limits] = $2
	bound[limits] = $3
	next
}
FILENAME == ARGV[2] {
	median[$1] = $2
	spread[$1] = $3
	pages[$1] = $7
	tables[$1] = $8
	locked[$1] = $9
	table_locked[$1] = $10
	next
}
$1 in median { row() }
