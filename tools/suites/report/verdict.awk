# SPDX-License-Identifier: GPL-2.0
# The first thing on the page: is it good? OTHERS are bases not covered.

BEGIN { FS = "\t" }

{
	if (!($1 in known)) { known[$1]; bases = bases (bases == "" ? "" : ", ") $1 }
	if ($3 == "bad") bad = bad item()
	if ($2 ~ /^(control|patched)$/ && $3 ~ /^(part|none)$/)
		gaps = gaps item()
	else if ($3 ~ /^(part|none)$/) rest = 1
}

function item() {
	return "<li><a href=\"#" esc($1) "\">" esc($1) "</a> " esc($2) ": " esc($4) "</li>\n"
}

END {
	others = ENVIRON["OTHERS"]
	verdict = bad != "" ? "bad" : gaps != "" ? "part" : "good"
	print "<p class=\"name\">latepte: " esc(bases) "</p>"
	printf "<h1 class=\"%s\">%s</h1>\n", verdict, \
		verdict == "bad" ? "Not as expected" : verdict == "part" ? "Incomplete" : "As expected"
	if (verdict == "good")
		print "<p>Each case of " esc(bases) " does on the control and on the patched kernel what it should." \
			(rest ? " Of the rest not all was run: see the table." : "") "</p>"
	if (bad != "")
		print "<p>These failed:</p><ul>" bad "</ul>"
	if (gaps != "")
		print "<p>" (bad == "" ? "Nothing that was run has failed, but this" : "And this") \
			" was not run, or in part:</p><ul>" gaps "</ul>"
	if (others != "")
		print "<p>No results of " esc(others) " are on this page.</p>"
}
