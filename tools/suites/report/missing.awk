# SPDX-License-Identifier: GPL-2.0
# missing.awk LISTED ROWS: DIR/PROGRAM, its cases that did not run, their number

FILENAME == ARGV[1] { order[++n] = $1 FS $2; all[$1]++; next }
{ ran[$4 FS $5] }

END {
	for (i = 1; i <= n; i++) {
		if (order[i] in ran) continue
		split(order[i], p, FS)
		if (!(p[1] in cases)) program[++programs] = p[1]
		cases[p[1]] = cases[p[1]] (cases[p[1]] == "" ? "" : " ") p[2]
		count[p[1]]++
	}
	for (i = 1; i <= programs; i++) {
		p[1] = program[i]
		print p[1] FS (count[p[1]] == all[p[1]] ? "all " count[p[1]] : cases[p[1]]) FS count[p[1]]
	}
}
