# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The heap of a JVM shrinks from 256 MiB to a few, with two collectors.

heap_with() { # LABEL COLLECTOR
	rm -f /tmp/forks
	LD_PRELOAD=/apps/forks.so FORKS=/tmp/forks \
		/usr/lib/jvm/default-java/bin/java "-XX:+Use$2" \
		-Xms8m -Xmx600m -XX:-ShrinkHeapInSteps -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=20 \
		-Djdk.lang.Process.launchMechanism=FORK \
		-cp /apps Shrink 256 >&2 || fail "$1"
	sed "s/^/$1_/" /tmp/forks
}

heap_with serial SerialGC
heap_with g1 G1GC
