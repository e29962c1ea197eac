# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# A server with 1 GiB in small values saves it, loses it, and saves again.
# Without compression and checksums: they are the same on all kernels.

cli() { redis-cli -s /tmp/redis "$@"; }

save() { # LABEL
	rm -f /tmp/forks
	cli bgsave >&2
	while cli info persistence | grep -q '^rdb_bgsave_in_progress:1'; do sleep 0.2; done
	cli info persistence | grep -q '^rdb_last_bgsave_status:ok' || fail "BGSAVE failed"
	echo "$1_server_tables	kB	$(value_of VmPTE "/proc/$server/status")"
	sed "s/^/$1_/" /tmp/forks
}

LD_PRELOAD=/apps/forks.so FORKS=/tmp/forks redis-server --port 0 \
	--unixsocket /tmp/redis --dir /tmp --save '' --enable-debug-command yes \
	--rdbcompression no --rdbchecksum no --logfile /dev/console &
server=$!
until [ "$(cli ping)" = PONG ]; do sleep 0.1; done
cli debug populate 262144 key 4000 >&2
save full
cli flushall sync >&2
cli memory purge >&2
save emptied
