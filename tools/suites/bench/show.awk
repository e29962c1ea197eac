# SPDX-License-Identifier: GPL-2.0
# Print the table for reading; exit status 1 if a limit is broken.

BEGIN {
	FS = "\t"
	cleared = 256	# instructions: no page of 4 KiB is cleared in so few
	line = "%-31s %17s  %-7s %14s %14s %11s %12s\n"
	printf line, "", "instructions", "", "pages", "tables left", "page locked",
		"table locked"
	printf "%-31s %8s %8s %7s %14s %14s %11s %12s\n", "case", "control",
		"patched", "ratio", "contr. patched", "contr. patched",
		"contr. pat.", "contr. pat."
}

/^#/ { next }

{
	printf "%-31s %8d %8d %7.4f %6.2f %7.2f %6.2f %7.2f %6s %4s %7s %4s%s\n", $1,
		$2, $3, $4, $9, $10, $11, $12, $13, $14, $15, $16,
		$6 == "no" ? "  <-- not " $5 : ""
	cases++
}

$6 == "no" { broken = broken "\n  " $1 " " $4 ", must be " $5 }

$13 ~ /[0-9]/ && $14 > $13 + cleared {
	long = long "\n  " $1 " " $14 ", on the control " $13
}

END {
	if (!cases)
		exit 2
	if (broken)
		print "\nF12 does not hold:" broken
	else
		print "\nF12 holds: each of " cases " cases keeps its limit."
	if (long)
		print "A page is locked while a table is allocated:" long
	exit broken || long
}
