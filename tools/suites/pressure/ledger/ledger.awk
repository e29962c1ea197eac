# SPDX-License-Identifier: GPL-2.0
# awk -v out=PREFIX -f ledger.awk allocators.list LOG
# The ledger as reported by a guest (the lines H and L: pressure.c), as
#   PREFIX.ledger	at the moment of the least free pages, for each taker:
#			pages, percent of those missing or held, ever taken, who
#   PREFIX.takers	over time: second, pages of each of the largest five;
#			the first line names them
#
# Missing is how far the free pages are below the min watermark. Pages on
# per-CPU lists are taken from the zone as well, but belong to no taker.

BEGIN { FS = "[ \t\r]+" }

FNR == NR {
	if ($0 !~ /^#/ && NF)
		allocator[$1] = 1
	next
}

$1 == "H" && NF >= 5 {
	when[++n] = $2; free[n] = $3; min = $4; pcp[n] = $5
	held[n] = ""
	for (i = 6; i <= NF; i++)
		held[n] = held[n] " " $i
	if (!low && $3 < 2 * $4)
		low = n
	if (low && (!least || $3 < free[least]))
		least = n
}

$1 == "L" { telling = $2 == "begin" }

telling && $1 ~ /^[0-9]+$/ {
	stack = $3
	for (i = 4; i <= NF; i++)	# "function [module]<function"
		stack = stack $i
	# drop what compilers append to the names of parts
	gsub(/\[[^]]*\]|\.(constprop|isra|part)\.[0-9]+/, "", stack)
	who[$1] = name(stack)
	taken[who[$1]] += $2
}

# The first three that are not allocators, and on whose behalf.
function name(stack,   f, i, k, nr, text) {
	nr = split(stack, f, "<")
	for (i = 1; i <= nr && k < 3; i++)
		if (!(f[i] in allocator)) {
			text = text (k ? " < " : "") f[i]
			k++
		}
	return (k ? text : "not recorded") behalf("<" stack "<")
}

function behalf(stack) {
	if (stack ~ /<(do_IRQ|__do_softirq|smp_apic_timer_interrupt)</)
		return ", in an interrupt"
	if (stack ~ /<kswapd</)
		return ", kswapd"
	if (stack ~ /<try_to_free_pages</)
		return ", direct reclaim"
	if (stack ~ /<wb_workfn</)
		return ", flusher"
	if (stack ~ /<worker_thread</)
		return ", worker"
	return ""
}

# sums[who]: what was held at a reading
function sum(at,   i, k, part, pair) {
	split("", sums)
	k = split(held[at], part, " ")
	for (i = 1; i <= k; i++) {
		split(part[i], pair, ":")
		if (!(pair[1] in who))
			who[pair[1]] = "not recorded"
		sums[who[pair[1]]] += pair[2]
	}
}

function row(pages, ever, by) {
	printf "%d\t%.1f\t%d\t%s\n", pages, whole ? 100 * pages / whole : 0, ever, by >table
}

# Break ties by name, so that a log always gives the same table.
function largest(from,   w, best) {
	for (w in from)
		if (best == "" || from[w] > from[best] ||
		    (from[w] == from[best] && w < best))
			best = w
	return best
}

function tell_least(   w, left, all, missing) {
	missing = min - free[least]
	if (missing < 0)
		missing = 0
	sum(least)
	for (w in sums) {
		left[w] = sums[w]
		all += sums[w]
	}
	whole = all + pcp[least]
	for (k = 1; (w = largest(left)) != ""; k++) {
		row(left[w], taken[w], w)
		if (k <= 5)
			top[k] = w
		delete left[w]
	}
	row(pcp[least], 0, "(per-CPU lists)")
	named = whole - sums["not recorded"] >= missing ? 100 : 100 * (whole - sums["not recorded"]) / missing
	printf "missing\t%d\tnamed\t%d\n", missing, named >table
}

function tell_takers(   i, k) {
	printf "seconds" >series
	for (k = 1; k in top; k++)
		printf "\t%s", top[k] >series
	printf "\n" >series
	for (i = low; i && i <= n; i++) {
		sum(i)
		printf "%.1f", when[i] - when[low] >series
		for (k = 1; k in top; k++)
			printf "\t%d", sums[top[k]] >series
		printf "\n" >series
	}
}

END {
	table = out ".ledger"
	series = out ".takers"
	printf "" >table
	if (!least)
		exit
	tell_least()
	tell_takers()
}
