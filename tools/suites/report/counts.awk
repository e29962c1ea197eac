# SPDX-License-Identifier: GPL-2.0
# counts.awk LISTED ROWS: count the rows of one guest by result

BEGIN { OFS = "\t" }

FILENAME == ARGV[1] { missing[$1 FS $2]; next }
$2 != "guest" { delete missing[$4 FS $5] }
$1 == "bad" { failed++; next }
$2 == "guest" { next }
$2 == "xfail" { xfail++; next }
$2 == "skip" { skipped++; next }
{ kind[$2]++; expected++ }
END {
	for (k in missing) rest++
	print expected + 0, kind["new"] + 0, kind["same"] + 0, xfail + 0, skipped + 0, failed + 0, rest + 0
}
