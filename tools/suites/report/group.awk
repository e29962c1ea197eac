# SPDX-License-Identifier: GPL-2.0
# Group the lines of reasons.awk: cases of one program with the same reason
# become one line, with the guests that it holds on; -v guests=N is their total
# number.

{
	if (!($1 FS $2 in labels)) { key[++n] = $1 FS $2; why[n] = $3; said[n] = $4 }
	if (index(labels[$1 FS $2] " ", $5 ", ") == 0)
		labels[$1 FS $2] = labels[$1 FS $2] $5 ", "
}

END {
	for (i = 1; i <= n; i++) {
		split(key[i], p, FS)
		on = labels[key[i]]
		on = gsub(/, /, ", ", on) == guests ? "all guests" : substr(on, 1, length(on) - 2)
		this = p[1] FS "%" FS why[i] FS said[i] FS on
		if (!(this in cases)) line[++m] = this
		cases[this] = cases[this] (cases[this] == "" ? "" : " ") p[2]
	}
	for (i = 1; i <= m; i++) {
		split(line[i], p, FS)
		print p[1] FS cases[line[i]] FS p[3] FS p[4] FS p[5]
	}
}
