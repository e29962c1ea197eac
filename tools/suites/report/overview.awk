# SPDX-License-Identifier: GPL-2.0
# What was run: a row for each kind of test, a column for each base; and how to
# run the rest.

BEGIN { FS = "\t" }

{
	if (!($1 in base)) { base[$1]; column[++bases] = $1 }
	if (!($2 in what)) { what[$2]; row[++rows] = $2 }
	verdict[$2, $1] = $3
	figure[$2, $1] = $4
	if ($3 ~ /^(none|part)$/) todo = todo "<tr><td><code>" esc($5) "</code></td><td>" esc($4) "</td></tr>\n"
}

function cell(w, b,	v) {
	if (!((w, b) in verdict)) return "<td></td>"
	v = verdict[w, b]
	return "<td class=\"" v "\"><span class=\"mark\" aria-hidden=\"true\">" mark(v) "</span> " \
		"<span class=\"word\">" word(v) "</span><span class=\"figure\">" esc(figure[w, b]) "</span></td>"
}

function mark(v) {
	return v ~ /^(good|made)$/ ? "&#10003;" : v == "bad" ? "&#10007;" : v == "part" ? "&#9681;" : v == "na" ? "" : "&#8211;"
}

END {
	printf "<div class=\"scroll\"><table class=\"overview\"><thead><tr><th></th>"
	for (i = 1; i <= bases; i++)
		printf "<th scope=\"col\"><a href=\"#%s\">%s</a></th>", esc(column[i]), esc(column[i])
	print "</tr></thead><tbody>"
	for (j = 1; j <= rows; j++) {
		printf "<tr><th scope=\"row\">%s</th>", esc(row[j])
		for (i = 1; i <= bases; i++) printf "%s", cell(row[j], column[i])
		print "</tr>"
	}
	print "</tbody></table></div>"
	if (todo != "")
		print "<details><summary>What was not run, or in part, and how to run it</summary><div class=\"scroll\"><table><tbody>" \
			todo "</tbody></table></div></details>"
}
