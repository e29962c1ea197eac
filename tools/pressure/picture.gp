# SPDX-License-Identifier: GPL-2.0
# Free memory against the min watermark, and slab objects, over time.
set terminal svg size 900,700 dynamic background rgb 'white'
set output out.'/pressure.svg'
set multiplot layout 2,1
set key outside right
set xlabel 'seconds'
set grid
set title 'free pages (lines) and the min watermark'
set logscale y
plot for [k in kernels] out.'/'.k.'.dat' using 1:2 with lines title k, \
	out.'/'.word(kernels, 1).'.dat' using 1:3 with lines dt 2 lc 'black' title 'min'
unset logscale y
set title 'objects in kmalloc-64'
plot for [k in kernels] out.'/'.k.'.dat' using 1:4 with lines title k
unset multiplot
