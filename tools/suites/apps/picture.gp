# SPDX-License-Identifier: GPL-2.0
# gnuplot -e "table='ratios.tsv'; title_='...'; rows=N; height=PIXELS" picture.gp
#
# One bar per figure; the control's would end at the line.

set datafile separator "\t"
set title title_ font ",15"
set yrange [rows - 0.4 : -0.6]
set ytics scale 0
set grid y lc rgb "#eeeeee" lt 1
set border 1 lc rgb "#888888"
set tmargin at screen 1 - 60.0 / height
set bmargin at screen 60.0 / height
set lmargin at screen 0.36
set rmargin at screen 0.96
unset key

green = 0x2e8b57
red = 0xc0392b
grey = 0x9aa0a6
shade(r, kept) = r < 0.995 ? green : r <= 1 || kept eq "yes" ? grey : red
max2(a, b) = a > b ? a : b
min2(a, b) = a < b ? a : b
spaced(s) = system("echo '" . s . "' | tr _ ' '")

set xrange [-0.02 : 1.25]
set xtics ("0" 0, "0.25" 0.25, "0.5" 0.5, "0.75" 0.75, "control" 1) nomirror
set xlabel "patched / control   green: less   grey: the same   red: more than may be"
set style fill solid noborder
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb "#444444" lw 1.5 front
plot table using (0):0:(0):(min2(1.2, $6)):($0 - 0.36):($0 + 0.36):(shade($6, strcol(8))):ytic(spaced(strcol(9))) \
	with boxxyerror lc rgb variable, \
     table using (max2(1, min2(1.2, $6)) + 0.01):0:(sprintf("%.3f", $6)) \
	with labels left font ",9" tc rgb "#333333"
