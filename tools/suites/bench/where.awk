# SPDX-License-Identifier: GPL-2.0
# where.awk CONTROL.tsv CONTROL.where PATCHED.tsv PATCHED.where: for each case,
# the functions that execute more, or fewer, instructions on the patched kernel.
# The lines of a case add up to its extra cost.

BEGIN { FS = "\t" }
FNR == 1 { file++ }

# The cases in their order, including those that this kernel lacks
file % 2 {
	if (/^# (case|release|complete)/)
		next
	name[file, ++cases[file]] = /^#/ ? "" : $1
	next
}

{
	c = name[file - 1, $1]
	if (file == 2) {
		control[c] += $3
		if (!(c in seen)) { seen[c] = 1; order[++n] = c }
	} else
		patched[c] += $3
	diff[c, $2] += file == 2 ? -$3 : $3
	if (!((c, $2) in known)) {
		known[c, $2] = 1
		of[c] = of[c] "\t" $2
	}
}

function absolute(v) { return v < 0 ? -v : v }

function print_case(c, f, nf, i, k, t) {
	printf "%s: %d -> %d (%+d)\n", c, control[c], patched[c], patched[c] - control[c]
	nf = split(substr(of[c], 2), f, "\t")
	for (i = 2; i <= nf; i++)
		for (k = i; k > 1 && absolute(diff[c, f[k]]) > absolute(diff[c, f[k - 1]]); k--) {
			t = f[k]; f[k] = f[k - 1]; f[k - 1] = t
		}
	for (i = 1; i <= nf && diff[c, f[i]]; i++)
		printf "%+8d  %s\n", diff[c, f[i]], f[i]
}

END {
	for (i = 1; i <= n; i++)
		if (order[i] in patched)
			print_case(order[i])
}
