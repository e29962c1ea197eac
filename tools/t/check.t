#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# check.t: control against patched: both run, and the pictures of what a
# fault-around mapped are identical. tools/suites/verdict is a script of the
# test.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 14

fake_project
mkdir -p "$tmp/o/v4.6"
export O="$tmp/o" BASE=v4.6
cat >"$P/patches/v4.6/expect" <<'END'
same fault/around middle
new fault/around changed
END
printf '#!/bin/sh\necho "build $*"\n' >"$P/tools/build/all"
# What a variant's guest prints, and its exit status, are in files.
cat >"$P/tools/suites/verdict" <<END
#!/bin/sh
mkdir -p "\$O/v4.6/\$1/tap"
cat "$tmp/\$1.tap" >"\$O/v4.6/\$1/tap/fault.around.tap"
echo "summary of \$1"
exit \$(cat "$tmp/\$1.rc")
END
said() { # VARIANT STATUS PICTURE...
	variant=$1
	echo "$2" >"$tmp/$variant.rc"
	shift 2
	{ echo 1..2; for p; do echo "# picture $p"; done; } >"$tmp/$variant.tap"
}
check_both() { run "$P/tools/suites/check-base"; }

said control 0 'middle.ramfs.4096 0110' 'changed.tmpfs.65536 0000'
said patched 0 'middle.ramfs.4096 0110' 'changed.tmpfs.65536 0001'
check_both
expect 0 'build control patched' "both are built"
expect 0 'summary of control' "the control is run"
expect 0 'summary of patched' "and the patched kernel"
expect 0 'fault-around: 2 pictures, the same on both' "a picture of a new case may differ"
said patched 0 'middle.ramfs.4096 0111' 'changed.tmpfs.65536 0000'
check_both
expect 1 'fault-around pictures differ: .*pictures.diff' "one of a same case may not"
expect 1 '^> # picture middle.ramfs.4096 0111$' "and is shown"
said patched 0 'changed.tmpfs.65536 0000'
check_both
expect 1 'pictures differ' "nor may one be missing"
said control 0
said patched 0
check_both
expect 1 'no fault-around pictures to compare' "or all of them"
run env TESTS=fault/sigbus "$P/tools/suites/check-base"
expect 0 '' "unless other tests were asked for"
said control 1 'middle.ramfs.4096 0110'
said patched 0 'middle.ramfs.4096 0110'
check_both
expect 1 'summary of control' "a control that fails fails the check"
said control 0 'middle.ramfs.4096 0110'
said patched 1 'middle.ramfs.4096 0110'
check_both
expect 1 'summary of patched' "and so does a patched kernel"
said patched 3 'middle.ramfs.4096 0110'
check_both
expect 1 '' "or a lost one"
printf '#!/bin/sh\nexit 1\n' >"$P/tools/build/all"
check_both
expect 1 '' "what was not built"
not grep -q summary "$out"
ok $? "is not run" || diag
