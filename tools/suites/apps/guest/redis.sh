# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# A server saves when it is fresh, with 1 GiB in small values, and after it has
# lost them. No compression and no checksums: they are the same on all kernels.
#
# MEMORY PURGE gives back jemalloc's free memory, but not what its thread cache
# holds: some hundred small objects all over the heap, each of which keeps a
# page and thus a page table. The second server has no such cache.

cli() { redis-cli -s /tmp/redis "$@"; }

save() { # LABEL
	rm -f /tmp/forks
	cli bgsave >&2
	while cli info persistence | grep -q '^rdb_bgsave_in_progress:1'; do sleep 0.2; done
	cli info persistence | grep -q '^rdb_last_bgsave_status:ok' || fail "BGSAVE failed"
	grep -E '^(VmRSS|VmPTE)' "/proc/$server/status" >&2
	sed "s/^/$1_/" /tmp/forks
	rm -f /tmp/dump.rdb
}

start() {
	LD_PRELOAD=/apps/forks.so FORKS=/tmp/forks redis-server --port 0 \
		--unixsocket /tmp/redis --dir /tmp --save '' --enable-debug-command yes \
		--rdbcompression no --rdbchecksum no --logfile /dev/console &
	server=$!
	until [ -S /tmp/redis ] && [ "$(cli ping)" = PONG ]; do sleep 0.1; done
}

fill_and_save() { # PREFIX
	start
	save "$1fresh"
	cli debug populate 262144 key 4000 >&2
	save "$1full"
	cli flushall sync >&2
	cli memory purge >&2
	save "$1emptied"
	cli shutdown nosave
	wait $server
}

fill_and_save ''
export MALLOC_CONF=tcache:false
fill_and_save uncached_
