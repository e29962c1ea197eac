# SPDX-License-Identifier: GPL-2.0
# gnuplot -e "table='table.tsv'; title_='...'; rows=N" picture.gp
#
# One row per case, three panels: the ratio of instructions as a bar from 1.0 to
# the left (cheaper) or to the right (dearer), pages allocated and tables left
# as a step from the control (ring) to the patched kernel (dot).

set datafile separator "\t"
stats table using 4 nooutput
set multiplot title title_ font ",15" offset 0,-0.2
set yrange [rows + 0.5 : -0.5]
set ytics scale 0 tc rgb "#222222"
set xtics tc rgb "#222222"
set grid y lc rgb "#eeeeee" lt 1
set border 1 lc rgb "#888888"
set tmargin at screen 1 - 80.0 / height
set bmargin at screen 85.0 / height
unset key

green = 0x2e8b57
red = 0xc0392b
grey = 0x9aa0a6
shade(d, more) = d < -more ? green : d > more ? red : grey
max2(a, b) = a > b ? a : b
min2(a, b) = a < b ? a : b
spaced(s) = system("echo '" . s . "' | tr _ ' '")

# Cut bars that would make the others too small to see.
low = 0.55
high = max2(1.04, min2(1.30, STATS_max))
cut(r) = max2(low, min2(high, r))
past(r) = r < low ? "◀ " : ""
past2(r) = r > high ? " ▶" : ""
figure(r) = past(r) . sprintf("%.3f", r) . past2(r)

set lmargin at screen 0.22
set rmargin at screen 0.60
set title "instructions, patched / control" offset 0,-0.3
set xrange [low - 0.08 : high + 0.06]
set xtics ("-40 %%" 0.6, "-20 %%" 0.8, "control" 1, "+20 %%" 1.2) nomirror
set style fill solid noborder
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb "#444444" lw 1.5 front
set arrow 2 from 1.005, graph 0 to 1.005, graph 1 nohead lc rgb red dt 2 front
set label 1 "green: cheaper   red: dearer, by more than 0.5 %" . \
	"   ring: control   dot: patched" at screen 0.98, screen 22.0 / height \
	right tc rgb "#222222" font ",10"
set label 2 "table: the page table exists   fresh: it does not   " . \
	"fail: nothing can be mapped" at screen 0.98, screen 40.0 / height \
	right tc rgb "#222222" font ",10"
plot table using (cut($4)):0:(min2(1, cut($4))):(max2(1, cut($4))):($0 - 0.36):($0 + 0.36):(shade($4 - 1, 0.005)):ytic(spaced(strcol(1))) \
	with boxxyerror lc rgb variable, \
     table using ($4 < 1 ? cut($4) - 0.003 : NaN):0:(figure($4)) \
	with labels right font ",9" tc rgb "#333333", \
     table using ($4 >= 1 ? max2(1.005, cut($4)) + 0.003 : NaN):0:(figure($4)) \
	with labels left font ",9" tc rgb "#333333"

# Pages and tables: 0 to 3 for most, hundreds for huge pages.
unset arrow
unset label
set nonlinear x via asinh(x) inverse sinh(x)
set ytics 0, 1 format ""
set xtics ("0" 0, "1" 1, "2" 2, "5" 5, "20" 20, "100" 100, "500" 500) nomirror

set lmargin at screen 0.63
set rmargin at screen 0.83
set title "pages allocated per fault"
set xrange [-0.3 : 800]
plot table using 9:0:($10 - $9):(0):(shade($10 - $9, 0.15)) \
	with vectors nohead lw 4 lc rgb variable, \
     table using 9:0 with points pt 6 ps 1.1 lc rgb "#555555", \
     table using 10:0:(shade($10 - $9, 0.15)) \
	with points pt 7 ps 0.9 lc rgb variable

set lmargin at screen 0.86
set rmargin at screen 0.98
set title "tables left per fault"
set xtics ("0" 0, "1" 1, "2" 2) nomirror
set xrange [-0.3 : 2.3]
plot table using 11:0:($12 - $11):(0):(shade($12 - $11, 0.05)) \
	with vectors nohead lw 3 lc rgb variable, \
     table using 11:0 with points pt 6 ps 1.1 lc rgb "#555555", \
     table using 12:0:(shade($12 - $11, 0.05)) \
	with points pt 7 ps 0.9 lc rgb variable
unset multiplot
