# SPDX-License-Identifier: GPL-2.0
# Shared by the parts of the page. Text that is not ours goes through esc(), in
# elements and in attributes.

function esc(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	gsub(/'/, "\\&#39;", s)
	return s
}

# A verdict shows as a word as well as a colour.
function badge(verdict, text) {
	return "<span class=\"badge " verdict "\">" esc(text) "</span>"
}

function word(verdict) {
	if (verdict == "good") return "pass"
	if (verdict == "bad") return "fail"
	if (verdict == "part") return "in part"
	if (verdict == "made") return "made"
	return verdict == "na" ? "does not apply" : "not run"
}

function bar(x, width, class) {
	if (width <= 0) return ""
	return sprintf("<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"100%%\"/>", class, x, width)
}
