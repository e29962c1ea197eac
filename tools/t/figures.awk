# SPDX-License-Identifier: GPL-2.0
# figures.awk BENCH... -: lines of stdin that no table of a benchmark has so: a
# case with its figures, or "none of N cases is above R".

FILENAME != "-" && FNR == 1 { base++ }
FILENAME != "-" && /^#/ { next }
FILENAME != "-" {
	split($0, c, "\t")
	cases[base]++
	if (c[4] > most[base]) most[base] = c[4]
	has[c[1]] = 1
	row[base, c[1]] = $2 " " $3 " " $4 " " $13 " " $14
	next
}
match($0, /none of [0-9]+ cases is above [0-9.]+[0-9]/) {
	split(substr($0, RSTART, RLENGTH), w, " ")
	said = 1
	for (b = 1; b <= base; b++)
		if (w[3] == cases[b] && w[7] == most[b]) said = 2
	if (said == 1) print
}
($1 in has) && $4 ~ /^[0-9]+\.[0-9]+$/ {
	quoted++
	good = 0
	for (b = 1; b <= base; b++) {
		split(row[b, $1], c, " ")
		good += $2 == c[1] && $3 == c[2] && $4 == c[3] &&
			(NF == 4 || $5 == c[4] && $6 == c[5])
	}
	if (!good) print
}
END {
	if (!quoted) print "no figure is quoted"
	if (!said) print "it is not said how many cases there are"
}
