# SPDX-License-Identifier: GPL-2.0
# gnuplot -e "out='...'; kernels='control ...'; title_='...'" picture.gp
# Free memory against the min watermark, slab objects, and who holds the missing
# pages, on the first and the last kernel, over time.
set terminal pngcairo size 1000,1440 font 'sans,11' background rgb 'white'
set output out.'/pressure.png'
set multiplot layout 4,1 title title_ font ',14'
set style line 1 lc rgb '#c0392b' lw 2
set style line 2 lc rgb '#d68910' lw 5
set style line 3 lc rgb '#2e8b57' lw 2
set border 3 lc rgb '#888888'
set tics nomirror tc rgb '#222222'
set grid y lc rgb '#e5e5e5' lt 1
set lmargin 9
set rmargin 24
first = out.'/'.word(kernels, 1).'.dat'
data(k) = out.'/'.k.'.dat'
named(k) = system("echo '" . k . "' | tr - ' '")
stats first using 3 nooutput
min = STATS_max
stats first using 1 nooutput
end = STATS_max
set xrange [-2:end]

set title 'free memory, pages' offset 0,-0.5
set yrange [0:2 * min]
set key outside right center samplen 2 spacing 1.4
set label 1 'reserves' at graph 0.01, first 0.06 * min tc rgb '#777777' front
set object 1 rectangle from graph 0, first 0 to graph 1, first min \
	fc rgb '#f3efe6' fs noborder behind
plot first using 1:3 with lines lc rgb 'black' dt 2 title 'min watermark', \
	for [i=1:words(kernels)] data(word(kernels, i)) using 1:2 \
	with lines ls i title named(word(kernels, i))

unset object 1
unset label 1
set title 'objects in kmalloc-64: requests to write that wait' offset 0,-0.5
set yrange [0:*]
plot for [i=1:words(kernels)] data(word(kernels, i)) using 1:4 \
	with lines ls i title named(word(kernels, i))

# The largest takers; the first line of the file names them.
takers(k) = out.'/'.k.'.takers'
do for [k in word(kernels, 1).(words(kernels) > 1 ? ' '.word(kernels, words(kernels)) : '')] {
	set title named(k).': pages below the min watermark, by who took them' offset 0,-0.5
	set key inside left top Left reverse noenhanced font ',9' samplen 2
	set xlabel 'seconds since memory is low'
	set yrange [0:*]
	set datafile separator "\t"
	n = int(system("head -n 1 '".takers(k)."' 2>/dev/null | awk -F'\t' '{ print NF }'").'0') / 10
	if (n > 1) {
		plot for [i=2:n] takers(k) using 1:i with lines lw 2 lc i title columnheader(i)
	} else {
		plot -1 notitle
	}
	set datafile separator whitespace
}
unset multiplot
