# SPDX-License-Identifier: GPL-2.0
# The table for the eye, and the verdict: exit status 1 when a limit is broken.

BEGIN {
	FS = "\t"
	printf "%-31s %25s  %-7s %14s %14s\n", "", "instructions", "",
		"pages", "tables left"
	printf "%-31s %9s %9s %7s %14s %14s\n", "case", "control", "patched",
		"ratio", "contr. patched", "contr. patched"
}

/^#/ { next }

{
	printf "%-31s %9d %9d %7.4f %6.2f %7.2f %6.2f %7.2f%s\n", $1, $2, $3,
		$4, $9, $10, $11, $12, $6 == "no" ? "  <-- not " $5 : ""
	cases++
}

$6 == "no" { broken = broken "\n  " $1 " " $4 ", must be " $5 }

END {
	if (!cases)
		exit 2
	if (!broken) {
		print "\nF12 holds: each of " cases " cases keeps its limit."
		exit 0
	}
	print "\nF12 does not hold:" broken
	exit 1
}
