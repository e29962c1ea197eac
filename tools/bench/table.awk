# SPDX-License-Identifier: GPL-2.0
# Two results of bench.c, control first, as one table.
BEGIN { OFS = "\t" }
/^#/ || FNR == 1 { next }
NR == FNR { median[$1] = $2; pages[$1] = $7; tables[$1] = $8; next }
!header++ { print "case", "control", "patched", "ratio", "pages", "pages'", "tables", "tables'" }
{ print $1, median[$1], $2, sprintf("%.4f", $2 / median[$1]), pages[$1], $7, tables[$1], $8 }
