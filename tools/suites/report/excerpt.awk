# SPDX-License-Identifier: GPL-2.0
# The last lines of a guest's console from the begin of program TEST to its end,
# or of the whole console if TEST is not a program.

BEGIN {
	test = ENVIRON["TEST"]
	keep = 60
}

test != "guest" && $0 ~ /latepte: begin / { inside = $NF == test }
{ all[NR % keep] = $0 }
inside { line[++n % keep] = $0 }
test != "guest" && $0 ~ /latepte: end / { inside = 0 }

END {
	if (n) { for (i in all) delete all[i]; for (i in line) all[i] = line[i] }
	else {
		n = NR
		if (test != "guest") print "(this program does not show here: the end of all)"
	}
	if (n > keep) print "(" n - keep " lines before)"
	for (i = n > keep ? n - keep + 1 : 1; i <= n; i++) print all[i % keep]
}
