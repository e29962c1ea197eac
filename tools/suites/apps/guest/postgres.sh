# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# A database whose clients come and go: for each, the server forks a backend,
# which attaches to the shared buffers and reads a row.

bin=$(echo /usr/lib/postgresql/*/bin)
echo 'postgres:x:1000:1000::/tmp:/bin/sh' >/etc/passwd
echo 'postgres:x:1000:' >/etc/group
ulimit -r 1 || :	# forks.so needs it
as_postgres() {
	# shellcheck disable=SC2016 # for the shell of su
	PATH="$bin:$PATH" PGHOST=/tmp su -p -s /apps/bin/sh -- postgres -c 'exec "$@"' sh "$@"
}

as_postgres initdb -D /tmp/db --no-sync --locale=C --auth=trust >&2 || fail initdb
as_postgres env LD_PRELOAD=/apps/forks.so FORKS=/tmp/forks postgres -D /tmp/db \
	-c listen_addresses= -c unix_socket_directories=/tmp -c fsync=off \
	-c autovacuum=off -c jit=off >&2 &
until as_postgres pg_isready >&2; do sleep 0.2; done
as_postgres pgbench -i -q -n postgres >&2 || fail "pgbench -i"
rm -f /tmp/forks
as_postgres /apps/measure clients pgbench -n -S -C -t 100 postgres >/tmp/figures || fail pgbench
grep '^clients' /tmp/figures
awk -F '\t' -v OFS='\t' '{ sum[$1 OFS $2] += $3; n[$1 OFS $2]++ }
	END { for (f in sum) print f, int(sum[f] / n[f]) }' /tmp/forks | sort
