# SPDX-License-Identifier: GPL-2.0
# failed.awk JUDGED ROWS: the failures of program TEST, with the notes in its
# TAP, and the command that repeats them.

BEGIN {
	test = ENVIRON["TEST"]
	printf "<div class=\"failure\"><h4><code>%s</code> on %s</h4>\n", esc(test), esc(ENVIRON["LABEL"])
}

FILENAME == ARGV[1] && /^(not )?ok |^1\.\./ {
	key = ""
	if (/^not ok /) key = test != "guest" && $5 == test ? $6 : name_of($0)
	next
}
FILENAME == ARGV[1] { if (key != "") notes[key] = notes[key] $0 "\n"; next }

function name_of(s) { sub(/^not ok [0-9]+ - /, "", s); return s }

function command(kind, name,	tests) {
	if (ENVIRON["AGAIN"] == "") return ""
	if (kind != "guest")
		tests = " TESTS=\"" test (kind ~ /^(program|none)$/ ? "" : ":" name) "\""
	return "<p>again</p><pre class=\"command\">" esc(ENVIRON["AGAIN"] tests) "</pre>\n"
}

{ split($0, f, "\t") }
f[1] == "bad" && f[4] == test {
	if (++shown > 50) next
	key = f[2] == "guest" ? f[6] : f[5]
	printf "<details><summary><code>%s</code> %s</summary>\n", esc(f[5]), esc(f[6])
	if (notes[key] != "") printf "<pre>%s</pre>\n", esc(notes[key])
	printf "%s</details>\n", command(f[2], f[5])
}

END { if (shown > 50) printf "<p>and %d more</p>\n", shown - 50 }
