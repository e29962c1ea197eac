# SPDX-License-Identifier: GPL-2.0
# summary.awk TABLE: the output of report.awk as a table of the patches, up to
# the first empty line, and after it all that is missed. Exit status 1 if
# something is missed, an exception is stale, or more than 5 % of the lines and
# ways are excepted.

BEGIN { FS = "\t" }

function percent(part, all) {
	return all ? sprintf("%5.1f %%", 100 * part / all) : "     -  "
}

function row(name, lines, executed, ways, taken, excepted) {
	printf "  %-6s %s of %4d lines  %s of %4d ways  %d excepted\n", name,
		percent(executed, lines), lines, percent(taken, ways), ways, excepted
}

$1 == "patch" {
	rank[++n] = $0
	lines += $3; executed += $4; ways += $5; taken += $6; excepted += $7
}
$1 == "line" && $5 == "missed" { lost[++losts] = $3 ":" $4 "\tnever executed: " $7 }
$1 == "way" && $5 == "missed" { lost[++losts] = $3 ":" $4 "\t" $6 "(): never to " $7 ": " $8 }
$1 == "way" && $5 == "unreached" { unreached++ }
$1 == "stale" { stale[++stales] = $2 }

function sort_patches(    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && rank[j] < rank[j - 1]; j--) {
			t = rank[j]
			rank[j] = rank[j - 1]
			rank[j - 1] = t
		}
}

function put_patches(    i, f) {
	sort_patches()
	for (i = 1; i <= n; i++) {
		split(rank[i], f, "\t")
		if (f[3])
			row(f[2], f[3], f[4], f[5], f[6], f[7])
		else
			printf "  %-6s no code of its own: later patches have changed it, or this kernel has none\n", f[2]
	}
	row("all", lines, executed, ways, taken, excepted)
}

END {
	put_patches()
	many = excepted * 20 > lines + ways
	if (losts)
		printf "  MISSED  %d lines and ways, neither executed nor excepted\n", losts
	if (stales)
		printf "  STALE   %d exceptions\n", stales
	if (many)
		printf "  TOO MANY lines and ways are excepted: %d, and 5 %% are %d\n", excepted, (lines + ways) / 20
	print ""
	for (i = 1; i <= losts; i++)
		print lost[i]
	for (i = 1; i <= stales; i++)
		print "stale: " stale[i]
	exit losts || stales || many
}
