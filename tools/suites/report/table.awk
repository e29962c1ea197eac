# SPDX-License-Identifier: GPL-2.0
# awk -v kinds="code text number" -f html.awk -f table.awk: a table of
# tab-separated lines, the first of which is its head. Kinds of columns: code,
# text, number, "verdict" for "good", "bad", ..., or "verdict:caught:missed" to
# rename these.

BEGIN {
	FS = "\t"
	n = split(kinds, kind, " ")
	for (i = 1; i <= n; i++)
		if (split(kind[i], called, ":") == 3) {
			kind[i] = called[1]
			words["good"] = called[2]
			words["bad"] = called[3]
		}
}

NR == 1 {
	print "<div class=\"scroll\"><table><thead><tr>"
	for (i = 1; i <= NF; i++)
		printf "<th scope=\"col\" class=\"%s\">%s</th>", kind[i], esc($i)
	print "</tr></thead><tbody>"
	columns = NF
	next
}

function cell(i) {
	if (kind[i] == "verdict")
		return badge($i, $i in words ? words[$i] : word($i))
	return kind[i] == "code" && $i != "" ? "<code>" esc($i) "</code>" : esc($i)
}

{
	printf "<tr>"
	for (i = 1; i <= columns; i++)
		printf "<td class=\"%s\">%s</td>", kind[i], cell(i)
	print "</tr>"
}

END { if (NR) print "</tbody></table></div>" }
