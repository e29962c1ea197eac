#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# download.t: a server of the test's that breaks off, refuses, or stays silent.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
if ! command -v wget >/dev/null || ! perl -MIO::Socket::INET -e 1 2>/dev/null; then
	echo "1..0 # SKIP no wget or no perl"
	exit
fi
plan 9

fake_project
head -c 40000 /dev/urandom >"$tmp/tarball"
# Each request is logged; the first one for /half gets half of it.
cat >"$tmp/server" <<'END'
use IO::Socket::INET;
$SIG{ALRM} = sub { exit }; alarm 60;
my ($dir) = @ARGV;
my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
open my $p, ">", "$dir/port.new"; print $p $s->sockport; close $p; rename "$dir/port.new", "$dir/port";
open my $f, "<", "$dir/tarball"; local $/; my $data = <$f>; $/ = "\n";
while (my $c = $s->accept) {
	my ($get, $from) = (scalar <$c>, 0);
	while (($_ = <$c>) !~ /^\r?$/) { $from = $1 if /^Range: bytes=(\d+)-/ }
	open my $log, ">>", "$dir/requests"; print $log "$get from $from\n"; close $log;
	if ($get =~ /silent/) { push @kept, $c; next }
	if ($get =~ /none/) { print $c "HTTP/1.0 404 Not here\r\n\r\n"; next }
	my $end = $get =~ /half/ && !$from ? 20000 : 40000;
	print $c $from ? "HTTP/1.1 206 Partial\r\nContent-Range: bytes $from-39999/40000\r\n" : "HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\n";
	print $c "Content-Length: ", 40000 - $from, "\r\nConnection: close\r\n\r\n", substr($data, $from, $end - $from);
}
END
perl "$tmp/server" "$tmp" &
server=$!
await [ -s "$tmp/port" ]
url=http://127.0.0.1:$(cat "$tmp/port")
get() { run "$P/tools/tree/download" "$url/$1" "$tmp/dl/file"; }

get half
expect 0 '^GET' "a connection that breaks"
check "all of it came" cmp "$tmp/tarball" "$tmp/dl/file"
check "in two parts" grep -q 'from 20000' "$tmp/requests"
mkdir -p "$tmp/dl" && rm -f "$tmp/dl/file"
head -c 30000 "$tmp/tarball" >"$tmp/dl/file.part"
get whole
check "what an earlier download left is gone on with" sh -c "cmp '$tmp/tarball' '$tmp/dl/file' && tail -n 1 '$tmp/requests' | grep -q 30000"
get none
expect 1 '404' "a server that has no such file: its answer is shown"
check "and nothing is left" [ ! -e "$tmp/dl/file.part" ]
for o in --timeout=30 --tries=3; do
	fake_command wget <<'END'
echo "$@" >&2; exit 4
END
	run env PATH="$tmp/bin:$PATH" "$P/tools/tree/download" "$url/silent" "$tmp/dl/other"
	expect 1 "$o" "one that says nothing is not waited for for ever ($o)"
done
rm "$tmp/bin/wget"
"$P/tools/attended" "$P/tools/tree/download" "$url/silent" "$tmp/dl/other" >"$out" 2>&1 &
await grep -q silent "$tmp/requests"
kill -s TERM $!
began=$(date +%s)
wait $!
ok $(($(date +%s) - began > 6)) "and who interrupts need not wait for it" || diag
kill $server
