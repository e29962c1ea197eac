# SPDX-License-Identifier: GPL-2.0
# The guests of one base: a row and a bar for each.

BEGIN {
	FS = "\t"
	print "<div class=\"scroll\"><table class=\"runs\"><thead><tr><th scope=\"col\">guest</th>"
	n = split("failed,as expected,new,same,expected failures,skipped,not run", head, ",")
	for (i = 1; i <= n; i++) printf "<th scope=\"col\" class=\"number\">%s</th>", head[i]
	print "<th scope=\"col\">kernel</th><th scope=\"col\">machine</th><th scope=\"col\">when</th></tr></thead><tbody>"
}

# One bar after another, for all cases
function share(	total, svg) {
	total = $2 + $5 + $6 + $7 + $8
	if (!total) return ""
	at = 0
	svg = part($7, total, "bad") part($2, total, "good") part($5, total, "xfail") part($6, total, "skip")
	return "<svg class=\"share\" aria-hidden=\"true\">" svg "</svg>"
}

function part(n, total, class,	from) {
	from = at
	at += 100 * n / total
	return bar(from, at - from, class)
}

{
	printf "<tr><th scope=\"row\">%s%s</th>", esc($1), share()
	printf "<td class=\"number%s\">%d</td>", ($7 > 0 ? " bad" : ""), $7
	for (i = 2; i <= 6; i++) printf "<td class=\"number\">%d</td>", $i
	printf "<td class=\"number\">%d</td>", $8
	printf "<td>%s</td><td>%s</td><td class=\"nowrap\">%s</td></tr>\n", esc($9), esc($10), esc($11)
}

END {
	print "</tbody></table></div>"
	if (legend == "") print "<p class=\"legend\"><span class=\"key bad\"></span>failed&emsp;<span class=\"key good\"></span>as expected&emsp;" \
		"<span class=\"key xfail\"></span>expected failure&emsp;<span class=\"key skip\"></span>skipped&emsp;" \
		"<span class=\"key none\"></span>not run</p>" \
		"<p class=\"note\">New: fails on the control, by its own assertion, and passes on the patched kernel. " \
		"Same: passes on both.</p>"
}
