# SPDX-License-Identifier: GPL-2.0
# report.awk ASSERTIONS EXCEPTIONS ADDED POINTS LABELS EXECUTED: which of the
# added lines were executed. The data is explained in code, executed.c and
# added.
#
# Prints, separated by tabs:
#	line PATCH FILE LINE STATE REACHED TEXT	STATE: executed, no-code, missed,
#						excepted; REACHED: the cases
#	programs FILE LINE PROGRAM...		the programs that reached it
#	way PATCH FILE LINE STATE FUNCTION TO TEXT	a way that a jump did not go
#	patch PATCH LINES EXECUTED WAYS TAKEN EXCEPTED
#	stale ENTRY				an exception that is not needed
#
# A branch is identified by line and column. The compiler may have made several
# jumps of it; they count as one if their targets tell which way is which. A
# copy that was never executed, while another was, does not count: what leads to
# it does.

BEGIN { FS = OFS = "\t"; bit[0] = 2; bit[1] = 4 }
FNR == 1 { nr_file++ }

# The files may be empty, so go by their names.
FILENAME == assertions_file { if (!/^#/ && NF) assertion[++assertions] = $0; next }
FILENAME == exceptions_file { read_exception(); next }
FILENAME == added_file {
	id = $1 SUBSEP $2
	order[++lines] = id
	patch[id] = $3
	text[id] = $0
	sub(/^[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*[ \t]*/, "", text[id])
	next
}
FILENAME == points_file { read_point(); next }
FILENAME == labels_file { labels[FNR] = $0; next }
/^@/ { part++; next }
{ split($0, w, " "); note(w[1], w[2], part + 1) }

# An entry "FILE:FUNCTION: TEXT", with its reason below it, indented. What is
# executed "by chance:" need not be, and may be.
function read_exception() {
	if (/^[ \t]*(#|$)/)
		return
	if (/^[ \t]+by chance: /)
		chance[excepted_by] = 1
	if (/^[ \t]/)
		reason[excepted_by] = 1
	else
		exception[excepted_by = $0]
}

function read_point(    id) {
	id = $3 SUBSEP $4
	if ($1 == "l") {
		code[id]
		in_function[id] = $5
		lines_at[$2] = lines_at[$2] " " id_number(id)
		return
	}
	jumps++
	jump_addr[jumps] = $2
	jump_line[jumps] = id
	jump_key[jumps] = id SUBSEP $5
	in_function[id] = $6
	to[jumps, 0] = $9
	to[jumps, 1] = $10
}

function id_number(id) {
	if (!(id in number)) {
		number[id] = ++numbers
		id_of[numbers] = id
	}
	return number[id]
}

function note_program(n, label) {
	sub(/ .*/, "", label)
	if (label !~ /\// || (n, label) in by_program)
		return
	by_program[n, label]
	programs[n] = programs[n] " " label
}

function note(addr, ways, part,    n, i, ids) {
	n = split(lines_at[addr], ids, " ")
	for (i = 1; i <= n; i++)
		if (!((ids[i], part) in seen)) {
			seen[ids[i], part]
			reached[ids[i]]++
			if (!((ids[i]) in first) || reached[ids[i]] <= 3)
				first[ids[i]] = first[ids[i]] (first[ids[i]] == "" ? "" : ", ") labels[part]
			note_program(ids[i], labels[part])
		}
	ran[addr]
	went[addr, 2] = went[addr, 2] || int(ways / 2) % 2
	went[addr, 4] = went[addr, 4] || int(ways / 4) % 2
}

# 1 if the jumps go the same ways, -1 if opposite ways, 0 if unknown
function polarity(a, b) {
	if (to[a, 0] == to[a, 1] || to[b, 0] == to[b, 1])
		return 0
	if (to[a, 0] == to[b, 0] || to[a, 1] == to[b, 1])
		return 1
	if (to[a, 0] == to[b, 1] || to[a, 1] == to[b, 0])
		return -1
	return 0
}

# Which branch a jump is a copy of, and whether it is inverted
function find_branch(j,    i, k, p) {
	for (i = 1; i <= of_key[jump_key[j]]; i++) {
		k = copy[jump_key[j], i]
		p = polarity(j, k)
		if (!p)
			continue
		branch[j] = branch[k]
		flipped[j] = p < 0 ? !flipped[k] : flipped[k]
		return
	}
	branch[j] = branches[++nr_branches] = j
	flipped[j] = 0
}

function merge_jumps(    j, w) {
	for (j = 1; j <= jumps; j++) {
		find_branch(j)
		copy[jump_key[j], ++of_key[jump_key[j]]] = j
		if (jump_addr[j] in ran) {
			ran_branch[branch[j]]
			ran_key[jump_key[j]]
		}
		for (w = 0; w < 2; w++)
			if (went[jump_addr[j], bit[w]])
				taken[branch[j], flipped[j] ? 1 - w : w] = 1
	}
}

function is_assertion(id,    i) {
	for (i = 1; i <= assertions; i++)
		if (text[id] ~ assertion[i])
			return 1
	return 0
}

function excepted(id,    f, entry) {
	split(id, f, SUBSEP)
	entry = f[1] ":" in_function[id] ": " text[id]
	if (!(entry in exception))
		return 0
	used[entry] = 1
	return 1
}

function put_way(b, w,    id, f, state) {
	id = jump_line[b]
	split(id, f, SUBSEP)
	state = !reached[number[id]] ? "unreached" : excepted(id) ? "excepted" : "missed"
	if (state == "excepted")
		nr_excepted[patch[id], id, b, w] = 1
	print "way", patch[id], f[1], f[2], state, in_function[id], to[b, w], text[id]
}

function put_branches(    i, b, w, id, must) {
	for (i = 1; i <= nr_branches; i++) {
		b = branches[i]
		id = jump_line[b]
		if (is_assertion(id) && (taken[b, 0] || taken[b, 1]))
			continue
		if (!(b in ran_branch) && jump_key[b] in ran_key)
			continue
		for (w = 0; w < 2; w++) {
			ways[patch[id]]++
			if (taken[b, w])
				ways_taken[patch[id]]++
			else
				put_way(b, w)
		}
	}
}

function by(n) {
	return reached[n] ? reached[n] ": " first[n] : "-"
}

function put_line(id,    f, state) {
	split(id, f, SUBSEP)
	patches[patch[id]]
	if (!(id in code))
		state = "no-code"
	else {
		nr_lines[patch[id]]++
		state = "missed"
		if (reached[number[id]]) {
			nr_executed[patch[id]]++
			state = "executed"
		} else if (excepted(id)) {
			state = "excepted"
			nr_excepted[patch[id], id] = 1
		}
	}
	print "line", patch[id], f[1], f[2], state, by(number[id]), text[id]
	if (programs[number[id]] != "")
		print "programs", f[1], f[2], substr(programs[number[id]], 2)
}

# What is executed by chance must be there all the same.
function find_chances(    i, f) {
	for (i = 1; i <= lines; i++)
		if (order[i] in code) {
			split(order[i], f, SUBSEP)
			there[f[1] ":" in_function[order[i]] ": " text[order[i]]]
		}
}

function put_totals(    k, p, n) {
	find_chances()
	for (k in nr_excepted) {
		split(k, p, SUBSEP)
		n[p[1]]++
	}
	for (k in patches)
		print "patch", k, nr_lines[k] + 0, nr_executed[k] + 0,
			ways[k] + 0, ways_taken[k] + 0, n[k] + 0
	for (k in exception)
		if (!(k in used) && !(k in chance && k in there))
			print "stale", k ": " "it was executed, or there is no such line"
		else if (!(k in reason))
			print "stale", k ": it has no reason"
}

END {
	merge_jumps()
	for (i = 1; i <= lines; i++)
		put_line(order[i])
	put_branches()
	put_totals()
}
