#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# flakes.t: what runs the tests many times. Building and running are scripts of
# the test.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 12

fake_project
fake_series
export O="$tmp/o" BASE=v4.6 QEMU=true RUNS=3
b=$O/v4.6
calls=$tmp/calls
for v in control patched; do
	mkdir -p "$b/$v/linux/arch/x86/boot" "$b/$v/linux/tools/testing/selftests/fault"
	echo image >"$b/$v/linux/arch/x86/boot/bzImage"
	echo initrd >"$b/$v/initrd"
	printf 'clean all:\n\t@echo compiled >>%s/compiled; sleep 0.1\n' "$tmp" \
		>"$b/$v/linux/tools/testing/selftests/fault/Makefile"
done
printf '#!/bin/sh\n' >"$(tool build/all)"
# Fails if there is $tmp/bad.VARIANT.RUN: with its status.
cat >"$(tool suites/verdict)" <<END
#!/bin/sh
echo "\$1" >>"$calls"
n=\$(grep -c "^\$1" "$calls")
d=\$O/v4.6/\$1
rm -rf "\$d/judged" "\$d/tap"
mkdir -p "\$d/judged" "\$d/tap"
echo "run \$n" >"\$d/console.log"
echo "  cases   1 as expected" >"\$d/summary"
printf 'good\\tsame\\tpass\\tfault/x\\ta\\t\\n' >"\$d/judged/rows"
[ -f "$tmp/bad.\$1.\$n" ] || exit 0
[ "\$(cat "$tmp/bad.\$1.\$n")" != 1 ] ||
	printf 'bad\\tsame\\tfail\\tfault/x\\tb\\twhy\\n' >>"\$d/judged/rows"
exit "\$(cat "$tmp/bad.\$1.\$n")"
END
flakes() { : >"$calls"; run "$P/tools/suites/flakes"; }
runs() { [ "$(grep -c "^$1" "$calls")" = "$2" ]; }

flakes
expect 0 'flakes v4.6: 3 runs of control and patched, each case as expected in each' "all as expected"
check "the control ran as often" runs control 3
check "as the patched kernel" runs patched 3
check "beside a compiler" test -s "$tmp/compiled"
check "the rows are kept" test -s "$b/flakes/3.patched/rows"
check "a guest that passed needs no logs" not test -e "$b/flakes/3.patched/console.log"
rm -r "$b/flakes/2.control"
flakes
expect 0 '3 runs' "it goes on"
check "with the runs that are missing" runs control 1
echo another >"$b/patched/initrd"
echo 1 >"$tmp/bad.patched.2"
flakes
expect 1 'patched fault/x b: failed in 1 of 3 runs' "a flake"
check "with other tests all are run again" runs patched 3
check "its logs are kept" grep -qx 'run 2' "$b/flakes/2.patched/console.log"
rm "$tmp/bad.patched.2" && rm -r "$b/flakes"
echo 3 >"$tmp/bad.control.1"
flakes
expect 1 'control guest verdict: failed in 1 of 3 runs' "a run that fails without a case"
