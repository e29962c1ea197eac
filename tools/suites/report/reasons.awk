# SPDX-License-Identifier: GPL-2.0
# reasons.awk -v kind=xfail|skip EXPECT SAID ROWS: for each case of that kind,
# DIR/PROGRAM, case, reason (the comment above it in EXPECT), what the guest
# said (SAID has lines FOLDER/DIR.PROGRAM.tap:TAP), and which guest it was
# (LABEL).

FILENAME == ARGV[1] && /^#/ {
	text = (comment ? text " " : "") substr($0, 3)
	comment = 1
	next
}
FILENAME == ARGV[1] {
	if (!NF || !comment && $1 != last) text = ""
	comment = 0
	last = $1
	if (NF) why[$2 "\t" $3] = text
	next
}

FILENAME == ARGV[2] {
	match($0, /\.tap:/)
	file = substr($0, 1, RSTART - 1)
	tap = substr($0, RSTART + 5)
	sub(/.*\//, "", file)
	sub(/\./, "/", file)
	if (tap ~ /^# (skipped|assertion failed): /)
		note = tap
	else if (tap ~ /^(not )?ok /) {
		sub(/^# (skipped|assertion failed): /, "", note)
		said[file "\t" $NF] = note
		note = ""
	}
	next
}

{ split($0, f, "\t") }
f[1] == "good" && f[2] == kind {
	key = f[4] "\t" f[5]
	print key "\t" why[key] "\t" said[key] "\t" ENVIRON["LABEL"]
}
