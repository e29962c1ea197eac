# SPDX-License-Identifier: GPL-2.0
# points.awk ADDED ROWS INSNS FRAMES: see code. FRAMES is from addr2line -a -f -i:
# for each instruction the functions inlined there, innermost first.

BEGIN { FS = OFS = "\t" }
FNR == 1 { nr_file++ }

nr_file == 1 { added[$1, $2]; known[$1]; next }
nr_file == 2 {
	n = split($0, r, " ")
	if (n == 5) {
		from[++rows] = r[1]
		to[rows] = r[2]
		at[rows] = r[3] ":" r[4]
		col[rows] = r[5]
	}
	next
}
nr_file == 3 {
	split($0, w, " ")
	insn[++insns] = w[1]
	target[w[1]] = w[3]
	next
}

function short(path,    f) {
	if (path in cache)
		return cache[path]
	for (f in known)
		if (path == f || (length(path) > length(f) &&
		    substr(path, length(path) - length(f)) == "/" f))
			return cache[path] = f
	f = path
	sub(/.*\//, "", f)
	return cache[path] = f
}

# One frame: FUNCTION, then FILE:LINE (discriminator N)
function frame(function_name, where,    file, line) {
	sub(/\..*/, "", function_name)	# a clone's
	sub(/ \(.*/, "", where)
	line = file = where
	sub(/:[^:]*$/, "", file)
	gsub(/\/\.\//, "/", file)
	sub(/.*:/, "", line)
	file = short(file)
	if (innermost[addr] == "") {
		innermost[addr] = file ":" line
		if ((file, line) in added)
			of_line[addr]
		if (target[addr] != "" && (file, line) in added)
			jump[addr] = file OFS line OFS function_name
	}
	if ((file, line) in added)
		print "l", addr, file, line, function_name
}

/^0x/ { addr = substr($0, 3); odd = 0; next }
{ if (odd = !odd) name = $0; else frame(name, $0) }

END {
	for (i = 1; i <= insns; i++)
		if (insn[i] in jump) {
			a = insn[i]
			split(jump[a], j, OFS)
			print "b", a, j[1], j[2], column(a), j[3], insn[i + 1],
			      target[a], place(insn[i + 1]), place(target[a])
		}
}

# Distinguishes the conditions of a line. Rows do not overlap.
function column(a,    i) {
	for (i = 1; i <= rows; i++)
		if (from[i] <= a && a < to[i])
			return col[i]
	return 0
}

function place(a) {
	return (a in of_line) ? innermost[a] ":" column(a) : innermost[a]
}
