# SPDX-License-Identifier: GPL-2.0
# The least free pages of each kernel, in percent of the min watermark: the
# median as a bar, the range as a line. Lines are "NAME", then "M (LOW-HIGH)"
# of each kernel.

BEGIN { FS = "\t" }
NR == 1 { for (i = 2; i <= NF; i++) kernel[i] = $i; kernels = NF }
$1 ~ /^percent of the min/ { for (i = 2; i <= NF; i++) value[i] = $i; found = 1 }

function place(percent) { return percent > 100 ? 100 : percent < 0 ? 0 : percent }

function range(s,	v) {
	if (!match(s, /\(.*\)/)) return ""
	split(substr(s, RSTART + 1, RLENGTH - 2), v, "-")
	return sprintf("<line x1=\"%.1f%%\" x2=\"%.1f%%\" y1=\"50%%\" y2=\"50%%\"/>", place(v[1]), place(v[2]))
}

END {
	if (!found) exit
	print "<div class=\"bars\"><p>Least free pages, percent of the min watermark</p>"
	for (i = 2; i <= kernels; i++)
		printf "<div><span>%s</span><svg aria-hidden=\"true\">%s%s%s</svg><b>%s</b></div>\n", esc(kernel[i]), \
			bar(0, 100, "none"), bar(0, place(value[i] + 0), i == 2 ? "even" : "good"), range(value[i]), esc(value[i])
	print "</div>"
}
