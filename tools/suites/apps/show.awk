# SPDX-License-Identifier: GPL-2.0
# show.awk -v skipped=FILE TABLE: print the table for reading, and give the
# verdict: exit status 1 if a bar that must be kept is missed.

function note(    text) {
	if ($8 == "NO")
		return "  <-- must be " $7
	if ($8 == "no")
		return "  <-- not " $7
	if ($6 != "-" && $6 < 0.995)
		return "  gain"
	return "  no gain"
}

BEGIN {
	FS = "\t"
	printf "  %-10s %-26s %-12s %12s %12s %7s\n", "case", "figure", "unit",
		"control", "patched", "ratio"
}

/^#/ { next }

{
	text = note()
	printf "  %-10s %-26s %-12s %12d %12d %7s%s\n", $1, $2, $3, $4, $5, $6, text
	rows++
	gains += text == "  gain"
	missed += $8 == "no"
	broken += $8 == "NO"
}

END {
	while (skipped && (getline line <skipped) > 0) {
		split(line, s, "\t")
		printf "  %-10s skipped: %s\n", s[1], s[2]
	}
	printf "  %d figures: %d gain, %d miss a bar, %d of them must not\n",
		rows, gains, missed + broken, broken
	exit broken > 0
}
