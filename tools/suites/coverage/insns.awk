# SPDX-License-Identifier: GPL-2.0
# insns.awk FUNCTIONS -: the instructions of these functions from objdump -d,
# both sorted: "ADDR", and for a conditional jump "ADDR j TARGET".

BEGIN { i = 1 }
NR == FNR { start[++n] = $1; end[n] = $2; next }

/^[0-9a-f]+:/ {
	addr = substr($1, 1, length($1) - 1)
	while (i <= n && addr >= end[i])
		i++
	if (i > n)
		exit
	if (addr < start[i])
		next
	if ($2 ~ /^j/ && $2 !~ /^jmp/ && $3 ~ /^[0-9a-f]+$/)
		print addr, "j", $3
	else
		print addr
}
