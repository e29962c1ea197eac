# SPDX-License-Identifier: GPL-2.0
# table.tsv of "make bench" as a table, with a bar from the control (1.0) to the
# ratio of each case. A bar that would make the others too small to see is cut,
# and gets an arrow.

BEGIN {
	FS = "\t"
	low = 0.55
	high = 1.10
}

/^#/ { next }
NF >= 12 { row[++n] = $0; if ($4 > high) high = $4 > 1.3 ? 1.3 : $4 }

function place(ratio) { return (ratio - low + 0.03) / (high - low + 0.06) * 200 }

function ratio_bar(r,	cut, from, to, class) {
	cut = r < low ? low : r > high ? high : r
	from = place(cut < 1 ? cut : 1)
	to = place(cut < 1 ? 1 : cut)
	class = r < 0.995 ? "good" : r > 1.005 ? "bad" : "even"
	return "<svg class=\"ratio\" viewBox=\"0 0 200 14\" aria-hidden=\"true\">" \
		sprintf("<rect class=\"%s\" x=\"%.1f\" y=\"2\" width=\"%.1f\" height=\"10\"/>", class, from, to - from) \
		(cut == r ? "" : arrow(r < low ? from : to, r < low ? -6 : 6, class)) \
		sprintf("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"14\"/></svg>", place(1), place(1))
}

function arrow(at, size, class) {
	return sprintf("<path class=\"%s\" d=\"M%.1f 2l%d 5l%d 5z\"/>", class, at, size, -size)
}

function name(s) { s = esc(s); gsub(/_/, "_<wbr>", s); return s }

# Both figures, or one that holds for both
function pair(a, b, format) {
	if (a !~ /[0-9]/) return "-"
	a = sprintf(format, a)
	b = sprintf(format, b)
	return a == b ? "<span class=\"same\">" a "</span>" : a " &rarr; " b
}

function number(s) { return "<td class=\"number\">" s "</td>" }

function broken() {
	if ($6 == "no") return "limit: " $5
	return $13 ~ /[0-9]/ && $14 > $13 + 256 ? "page locked" : ""
}

END {
	print "<div class=\"scroll\"><table class=\"bench\"><thead><tr><th scope=\"col\">case</th>" \
		"<th scope=\"col\" class=\"number\">ratio</th><th scope=\"col\"></th>" \
		"<th scope=\"col\" class=\"number\">instructions</th><th scope=\"col\" class=\"number\">pages</th>" \
		"<th scope=\"col\" class=\"number\">tables left</th><th scope=\"col\" class=\"number\">page locked</th></tr></thead><tbody>"
	for (i = 1; i <= n; i++) {
		$0 = row[i]
		why = broken()
		printf "<tr><th scope=\"row\"><code>%s</code>%s</th>", name($1), (why == "" ? "" : " " badge("bad", why))
		printf "<td class=\"number%s\">%.4f</td><td>%s</td>", (why == "" ? "" : " bad"), $4, ratio_bar($4 + 0)
		print number(pair($2, $3, "%d")) number(pair($9, $10, "%.2f")) \
			number(pair($11, $12, "%.2f")) number(pair($13, $14, "%d")) "</tr>"
	}
	print "</tbody></table></div>"
	print "<p class=\"legend\"><span class=\"key good\"></span>cheaper&emsp;<span class=\"key bad\"></span>dearer, " \
		"by more than 0.5 %&emsp;<span class=\"key even\"></span>neither. An arrow: the bar goes on. For each fault, control &rarr; patched; one figure is that of both.</p>"
}
