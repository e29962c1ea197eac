# SPDX-License-Identifier: GPL-2.0
# rows.awk ADDED -: from the line tables printed by readelf --debug-dump=rawline
# (DWARF 5), the rows of files with added lines: "START END FILE LINE COLUMN"
# for the added lines, and START alone for other lines of a .c file. An
# instruction belongs to the last row at its address.

BEGIN { FS = "\t" }

NR == FNR { added[$1, $2]; known[$1]; next }

# The known file that a path ends with, or ""
function short(path,    f) {
	if (path in cache)
		return cache[path]
	gsub(/\/\.\//, "/", path)
	for (f in known)
		if (path == f || path == "./" f || (length(path) > length(f) &&
		    substr(path, length(path) - length(f)) == "/" f))
			return cache[path] = f
	return cache[path] = ""
}

function number(text, word) {
	sub(".*" word, "", text)
	return text + 0
}

function address(text) {
	sub(/.* to 0x/, "", text)
	sub(/[^0-9a-f].*/, "", text)
	return text
}

function flush(end,    f) {
	if (length(row) != 16)
		return
	f = file_of[row_file]
	if ((f, row_line) in added)
		print row, end, f, row_line, row_col
	else if (f ~ /\.c$/)
		print row
}

function put() {
	if (row != addr)
		flush(addr)
	row = addr
	row_file = file
	row_line = line
	row_col = col
}

function begin_sequence() {
	row = ""
	file = line = 1
	col = 0
}

/The Directory Table/ { table = "dir"; split("", dir); next }
/The File Name Table/ { table = "file"; split("", file_of); next }
/Line Number Statements/ { table = ""; begin_sequence(); next }
table == "dir" && /^  [0-9]/ { dir[$1 + 0] = $2; sub(/^.*\): /, "", dir[$1 + 0]); next }
table == "file" && /^  [0-9]/ {
	name = $3
	sub(/^.*\): /, "", name)
	file_of[$1 + 0] = short(name ~ /^\// ? name : dir[$2] "/" name)
	next
}
table != "" { next }

/Set column/ { col = number($0, "column to "); next }
/Set File Name/ { file = number($0, "to entry "); next }
/Special opcode/ {
	line = number($0, "Line by -?[0-9]+ to ")
	addr = address($0)
	put()
	next
}
/Advance Line/ { line = number($0, " to "); next }
/Advance PC/ { addr = address($0); next }
/\]  Copy/ { put(); next }
/set Address/ { addr = address($0); next }
/End of Sequence/ { flush(addr); begin_sequence() }
