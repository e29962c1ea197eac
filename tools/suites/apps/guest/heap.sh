# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The heap of each malloc shrinks from 512 MiB to nothing.

heap_of() { # LABEL LIBRARY
	rm -f /tmp/forks
	LD_PRELOAD="/apps/forks.so${2:+ $2}" FORKS=/tmp/forks heap 512 || fail "$1"
	sed "s/^/$1_/" /tmp/forks
}

heap_of glibc ''
heap_of jemalloc libjemalloc.so.2
