#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# end.t: ending a make ends all that it has started, within two seconds, and
# frees the lock. Compiler, download and guest are sleeps here: a stubborn one,
# and one in a group of its own, as timeout(1) makes them.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 31

fake_project
cp "$top/Makefile" "$top/README" "$P/"
export O="$tmp/o"
cat >"$tmp/work" <<END
#!/bin/sh
[ ! -e "$tmp/quick" ] || { echo quick; exit; }
sleep 61 &
timeout 62 sleep 62 &
[ ! -e "$tmp/stubborn" ] || sh -c 'trap "" TERM; sleep 63; sleep 63' &
: >"$tmp/started"
wait
END
chmod +x "$tmp/work"
for f in build run check apply deps suites/bench/ab; do
	mkdir -p "$P/tools/suites/bench"
	cp "$tmp/work" "$(tool $f)"
done
mkdir -p "$P/tools/t" && cp "$tmp/work" "$P/tools/t/one.t"

# Processes of a make started here: they have a mark in their environment.
ours() { grep -lzsx "MARK=${1:-$tmp}" /proc/[0-9]*/environ | cut -d/ -f3; }
lines() { for p in $(ours); do tr '\0' ' ' <"/proc/$p/cmdline" | sed "s/^/$p /; s/\$/\n/"; done 2>/dev/null; }
none() { [ -z "$(ours "$1")" ]; }
# Two seconds on an idle machine; anything slower than five has waited for
# something to end by itself.
ended() { # DESCRIPTION [MARK]: kills what is left
	end=$(($(date +%s%N) / 1000000 + 5000))
	until none "$2" || [ $(($(date +%s%N) / 1000000)) -gt $end ]; do sleep 0.1; done
	lines >"$out"
	none "$2"
	rc=$?
	ok $rc "$1" || { diag; ours "$2" | xargs -r kill -s KILL; sleep 0.1; }
}
the() { sed -n "s,^\([0-9]*\) [^ ]*$1.*,\1,p" "$tmp/lines"; }
# start TARGET...: in the background, but as from a terminal: INT is not ignored
start() {
	rm -f "$tmp/started"
	setsid env --default-signal=INT MARK="$tmp" make -C "$P" --no-print-directory "$@" >"$tmp/said" 2>&1 &
	await [ -e "$tmp/started" ]
	lines >"$tmp/lines"
	made=$(the 'make -C') keeper=$(the 'sh [^ ]*attended [^-]') watcher=$(the 'sh [^ ]*attended --watch')
}
free() { : >"$tmp/quick"; run timeout 20 make -C "$P" build; rm "$tmp/quick"; [ $rc = 0 ] && not grep -q 'waiting' "$out"; }

for s in INT TERM HUP KILL; do
	start run
	kill -s $s $made
	ended "SIG$s to make alone ends all"
	free
	ok $? "and the lock is free" || diag
done
: >"$tmp/stubborn"
start run
kill -s INT -- "-$made"
ended "SIGINT to make's group (Ctrl-C), and who takes no TERM"
rm "$tmp/stubborn"
start run
kill -s KILL -- "-$made"
ended "SIGKILL to make's group"
start run
kill -s KILL $keeper
ended "SIGKILL to who keeps the session"
start run
kill -s TERM $keeper
ended "SIGTERM to it"
start run
kill -s KILL $watcher
kill -s INT $made
sleep 0.5
kill -s INT $keeper
ended "with who watches it killed before"
start run
kill -s KILL $watcher $made $keeper
sleep 0.2
check "if all of ours is killed at once, what they started lives on" not none
free
ok $? "until the next make, which does not wait for it" || diag
grep -q 'a make was killed here: ending what it had started' "$out"
ok $? "says so" || diag
ended "and ends it"

# --- a second one, which waits
start run
first=$made
MARK=$tmp/second setsid make -C "$P" run >"$tmp/said.2" 2>&1 &
second=$!
await grep -q 'waiting for it' "$tmp/said.2"
check "a second make waits" grep -q "another make is at work in .* (pid $keeper): waiting" "$tmp/said.2"
kill -s TERM $second
ended "and ends if it is ended" "$tmp/second"
check "the first one goes on" not none
kill -s HUP $first
ended "until it is ended, too"

# --- the other targets
for t in build bench check-host check; do
	start $t BASE=v4.6 DL="$tmp"
	kill -s TERM $made
	ended "make $t"
done
rm "$P/tools/t/one.t"
printf '#!/bin/sh\necho 1..1; echo ok 1\n' >"$P/tools/t/one.t"
chmod +x "$P/tools/t/one.t"
: >"$tmp/linux-4.6.tar.xz"
for s in INT TERM KILL; do
	start check BASE=v4.6 DL="$tmp"
	kill -s $s $made
	ended "make check, in its guests, by SIG$s"
done

# --- a terminal
if command -v script >/dev/null; then
	rm -f "$tmp/started" "$tmp/keys"
	mkfifo "$tmp/keys"
	MARK=$tmp setsid env --default-signal=INT script -qec "make -C $P run" /dev/null <"$tmp/keys" >"$tmp/said" 2>&1 &
	exec 7>"$tmp/keys"
	await [ -e "$tmp/started" ]
	printf '\003' >&7
	ended "Ctrl-C on a terminal"
	exec 7>&-
	check "ends the line of progress" grep -q '^.\{0,3\}make: \*\*\*' "$tmp/said"
	MARK=$tmp setsid env --default-signal=INT script -qec "make -C $P run" /dev/null <"$tmp/keys" >"$tmp/said" 2>&1 &
	exec 7>"$tmp/keys"
	rm -f "$tmp/started"
	await [ -e "$tmp/started" ]
	kill -s KILL $!
	exec 7>&-
	ended "a terminal that goes away"
else
	for t in 1 2 3; do skip "a terminal" "there is no script(1)"; done
fi
