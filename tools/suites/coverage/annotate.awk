# SPDX-License-Identifier: GPL-2.0
# annotate.awk ADDED TABLE -: print a patch, as git shows its commit, with a
# mark and the number of cases that reached it in front of each added line:
#
#	  12 +	executed, in so many cases and other parts of the run
#	 one +	executed, but some branch of it went one way only
#	 !!! +	not executed		 exc +	need not be executed
#	   . +	no code			 new +	changed by a later patch

BEGIN { FS = "\t" }
FNR == 1 { nr_file++ }

nr_file == 1 {
	if ($3 == number)
		line_of[$1, $4] = $2
	next
}
nr_file == 2 && $1 == "line" { state[$3, $4] = $5; reached[$3, $4] = $6 + 0; next }
nr_file == 2 && $1 == "way" { if ($5 == "missed") one[$3, $4] = one[$3, $4] " " $7; next }
nr_file == 2 { next }

function mark(    at) {
	at = file SUBSEP line_of[file, here]
	if (!((file, here) in line_of))
		return file ~ /\.[chS]$/ ? " new" : "   ."
	if (state[at] == "missed")
		return " !!!"
	if (state[at] == "excepted")
		return " exc"
	if (state[at] == "no-code")
		return "   ."
	return at in one ? " one" : sprintf("%4d", reached[at])
}

/^\+\+\+ / { file = $0; sub(/^\+\+\+ b\//, "", file); print "     " $0; next }
/^@@/ {
	here = $0
	sub(/^[^+]*\+/, "", here)
	here += 0
	in_hunk = 1
	print "     " $0
	next
}
/^diff / { in_hunk = 0 }
in_hunk && /^\+/ { print mark() " " $0; here++; next }
{ if (in_hunk && /^ /) here++; print "     " $0 }
