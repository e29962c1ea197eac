# SPDX-License-Identifier: GPL-2.0
# labels.awk TAP EXECUTED: a line for each part of EXECUTED, by what ran then:
# "boot", "DIR/PROGRAM" before its first case, "DIR/PROGRAM CASE", and "guest"
# between programs. TAP is the output of the guest's port. Parts of a program
# are labelled by case only if as many cases began as have a result.

FNR == 1 { nr_file++ }

nr_file == 1 {
	sub(/\r$/, "")
	if (/^## begin /)
		name[++programs] = $3
	else if (/^(not )?ok [0-9]+ /) {
		sub(/^(not )?ok [0-9]+ (- )?(# (SKIP|error) )?/, "")
		result[programs, ++results[programs]] = $1
	}
	next
}

/^@/ {
	event[++parts] = $2
	of[parts] = program		# before the event
	nth[parts] = cases[program]
	running_then[parts] = running
	if ($2 == "program" && (running = !running))
		program++
	if ($2 == "case" && running)
		cases[program]++
}

function label(i,    p) {
	p = of[i]
	if (!p)
		return "boot"
	if (!running_then[i])
		return "guest"
	if (!nth[i] || cases[p] != results[p])
		return name[p]
	return name[p] " " result[p, nth[i]]
}

END {
	for (i = 1; i <= parts; i++)
		print label(i)
}
