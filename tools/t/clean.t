#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clean.t: make clean removes what make has made, and nothing of the user's.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 18

fake_project
cp "$top/Makefile" "$top/README" "$P/"
gnumake=$(command -v make)
make() { run "$gnumake" -C "$P" --no-print-directory "$@"; }
printf '#!/bin/sh\n: >"$O/$BASE/built"\n' >"$P/tools/build/all"

mkdir "$tmp/o" && echo thesis >"$tmp/o/thesis.txt"
make clean O="$tmp/o"
expect 2 'O=.* has no .latepte.*nothing was removed' "a folder that make was never at"
check "stays as it is" [ -f "$tmp/o/thesis.txt" ]
make build O="$tmp/o" BASE=v4.6
expect 0 '' "a folder with other things in it can be built in"
check "in a folder of its own" [ -f "$tmp/o/v4.6/built" ]
make clean O="$tmp/o"
expect 0 'has other things in it: they stay' "make clean"
check "removes that" [ ! -e "$tmp/o/v4.6" ]
check "and nothing else" [ "$(ls -A "$tmp/o")" = thesis.txt ]
mkdir "$tmp/o/v4.6" && echo mine >"$tmp/o/v4.6/mine"
make build O="$tmp/o" BASE=v4.6
expect 2 'has things in it that make has not put there' "a folder of the user's with the name of a base"
make clean O="$tmp/o"
check "is not removed" [ -f "$tmp/o/v4.6/mine" ]
make build O="$tmp/new/o" BASE=v6.12
make build O="$tmp/new/o" BASE=v4.6
O=$tmp/new/o make clean
expect 0 '' "O from the environment, two bases"
check "all of it is removed" [ ! -e "$tmp/new/o" ]
make clean O="$tmp/new/o"
expect 0 '' "nothing to remove is no fault"
printf '..\n' >"$tmp/o/.latepte"
make clean O="$tmp/o"
expect 2 'none of ours' "a mark that leads elsewhere is not followed"
mkdir -p "$P/build/v4.6" && : >"$P/build/v4.6/.lock" && : >"$P/build/init"
make clean
check "a build folder of before there were marks" [ ! -e "$P/build" ]

# --- while another make is running
# A build that ends once somebody waits for it, or after a minute
cat >"$P/tools/build/all" <<END
#!/bin/sh
: >"$tmp/started"
for i in \$(seq 600); do grep -q waiting "$out" && break; sleep 0.1; done
[ -d "\$O/\$BASE" ]
END
"$gnumake" -C "$P" build O="$tmp/busy" >"$tmp/first" 2>&1 &
await [ -e "$tmp/started" ]
make clean O="$tmp/busy"
expect 0 'another make is at work .*: waiting' "make clean waits for another make"
wait $!
ok $? "which comes to its end" || diag
check "and then removes" [ ! -e "$tmp/busy" ]
printf '#!/bin/sh\n[ -f "$O/$BASE/.lock" ]\n' >"$P/tools/build/all"
(cd "$P" && O=$tmp/busy tools/locked sh -c ': >"$0"; sleep 1; rm -rf "$1"' "$tmp/cleans" "$tmp/busy/v6.12") &
await [ -e "$tmp/cleans" ]
make build O="$tmp/busy"
expect 0 '' "and who waits for a make clean has a folder again"
