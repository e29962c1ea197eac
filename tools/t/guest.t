#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guest.t: from a built kernel to a verdict, with a QEMU that is a script: it
# writes to console and ports what a guest would, and ends or hangs.
#
# All guests run at once; their results are checked afterwards.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 81

fake_project
cat >"$P/patches/v4.6/expect" <<'END'
same fault/sigbus good
new fault/sigbus bad
fails fault/sigbus * VmPTE
same writeback/fallback sync
END
export BASE=v4.6 ACCEL=tcg DUMP_PAUSE=0.1 GUEST KEEP=GUEST
for m in mkfs.ext4 mkfs.xfs; do echo 'exit 0' | fake_command $m; done
fake_command qemu-system-x86_64 <<'END'
# Open what the real one would, then do what the script $GUEST says.
[ -z "$NO_QEMU" ] || { echo "qemu-system-x86_64: no such option" >&2; exit 1; }
path() { echo "$1" | sed -n "s/.*[,]$2=\([^,]*\).*/\1/p"; }
while [ $# -gt 0 ]; do
	case $2 in
	pipe,id=ser,*) ser=$(path "$2" path) console=$(path "$2" logfile) ;;
	pipe,id=mon,*) mon=$(path "$2" path) ;;
	file,id=tap,*) tap=$(path "$2" path) ;;
	file,id=verdict,*) verdict=$(path "$2" path) ;;
	esac
	[ "$1" != -append ] || append=$2
	shift
done
dir=${verdict%/*}
[ -z "$ser" ] || exec 3<>"$ser.in" 4<>"$ser.out" 5<>"$mon.in" 6<>"$mon.out"
[ "$ser" ] || console=/dev/stdout
: >"$tap" >"$verdict"
log() { printf '%s\r\n' "$@" >>"$console"; }
tap() { printf '%s\n' "$@" >>"$tap"; }
up() {
	log "Linux version 4.6.0" "Command line: $append" "x86: Booted up 1 node, ${1:-2} CPUs"
	tap '## up'
}
begin() { tap "## begin $1"; log "latepte: begin $1"; }
end() { tap "## end $1 ${2:-0}"; log "latepte: end $1"; }
sigbus() { # [LINE [ASSERTION]]
	begin fault/sigbus
	tap 1..2 'ok 1 good' "# assertion failed: ${2:-VmPTE}" "${1:-ok 2 bad}"
	case $1 in not*) end fault/sigbus 256 ;; *) end fault/sigbus ;; esac
}
fallback() { begin writeback/fallback; tap 1..1 'ok 1 sync'; end writeback/fallback; }
verdict() { tap '## scan'; echo "${1:-ok timeouts=0 crashes=0 leaks=0 log=0 taint=0}" >"$verdict"; tap '## down'; down; }
down() { log 'reboot: Restarting system'; }
hang() { # what the host asks of it is kept
	# A killed guest leaves no process behind: this reader has no write end,
	# so it ends with the writer.
	cat <"$ser.in" >"$dir/keys" 3<&- 4<&- 5<&- 6<&- &
	exec cat <&5 >"$dir/asked"
}
. "$GUEST"
END
PATH=$tmp/bin:$PATH

# built NAME control|patched [VAR=VALUE...]: a variant's folder after a build
built() {
	dir=$tmp/$1/v4.6/$2
	case $* in *FLAVOUR=*) dir=$dir/odd ;; esac
	mkdir -p "$dir/linux/arch/x86/boot"
	printf 'VERSION = 4\nPATCHLEVEL = 6\nSUBLEVEL = 0\nEXTRAVERSION =\n' >"$dir/linux/Makefile"
	: >"$dir/linux/arch/x86/boot/bzImage"
	: >"$dir/initrd"
	printf 'fault/sigbus\nwriteback/fallback\n' >"$dir/list"
	case $* in *KMEMLEAK=*) echo CONFIG_DEBUG_KMEMLEAK=y >"$dir/linux/.config" ;; esac
	case $* in *SHORT=*) echo fault/sigbus >"$dir/list" ;; esac
	case $* in *TESTS=*) echo "fault/sigbus typo" >"$dir/list" ;; esac
}

{ head -c 514 /dev/zero; printf 'HdrS'; head -c 8 /dev/zero; printf '\0\1'; head -c 240 /dev/zero; printf '5.4.3-mine (me@here) #1\0'; } >"$tmp/mine"

# guest NAME [control] [VAR=VALUE...]: the script on stdin, run by tools/suites/verdict
guest() {
	name=$1 variant=patched
	shift
	[ "$1" != control ] || { variant=control; shift; }
	built "$name" $variant "$@"
	cat >"$tmp/$name/guest"
	(
		env O="$tmp/$name" GUEST="$tmp/$name/guest" "$@" \
			"$P/tools/suites/verdict" $variant >"$tmp/$name/out" 2>&1 </dev/null
		echo $? >"$tmp/$name/rc"
	) &
}

# that NAME STATUS TEXT DESCRIPTION: of the output of tools/suites/verdict
that() {
	out=$tmp/$1/out rc=$(cat "$tmp/$1/rc")
	dir=$(echo "$tmp/$1"/v4.6/*)
	expect "$2" "$3" "$4"
}

# and its FILE TEXT DESCRIPTION: of a file of the same guest
its() { grep -qE -e "$2" "$dir/$1"; ok $? "$3" || diag; }

guest good <<'END'
up; sigbus; fallback; verdict
END
guest control control <<'END'
up; sigbus 'not ok 2 bad'; fallback; verdict
END
guest unscanned KMEMLEAK=1 <<'END'
up; sigbus; fallback; verdict 'ok timeouts=0 crashes=0 leaks=unscanned log=0 taint=0'
END
guest vain control <<'END'
up; sigbus; fallback; verdict
END
guest broken <<'END'
up; sigbus 'not ok 2 bad'; fallback; verdict
END
guest early <<'END'
log 'Kernel panic - not syncing: VFS: Unable to mount root fs'
END
guest dies <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good'
log 'BUG: unable to handle kernel NULL pointer dereference at 0000000000000008'
END
guest portless <<'END'
up; sigbus; fallback; log 'init: no virtio port: nobody to report to'; tap '## down'
END
guest panics <<'END'
up; sigbus; fallback; verdict; log 'Kernel panic - not syncing: Attempted to kill init!'
END
guest fails <<'END'
up; sigbus; fallback; verdict 'fail timeouts=0 crashes=0 leaks=1 log=0 taint=0'
END
guest warns <<'END'
up; begin fault/sigbus; log 'BUG: non-zero nr_ptes on freeing mm: 1'
tap 1..2 'ok 1 good' 'ok 2 bad'; end fault/sigbus; fallback; verdict
END
guest crash <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good' 'ok 2 bad'; end fault/sigbus 139; fallback; verdict
END
guest glued <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good' 'ok 2 bad'; printf '# no newline' >>"$tap"
end fault/sigbus; fallback; verdict
END
guest refuses <<'END'
echo 'qemu-system-x86_64: cannot set up guest memory' >&2; exit 1
END
guest bootless BOOT_LIMIT=1 <<'END'
hang
END
guest stuck LIMIT=1 <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good'; hang
END
guest lingers DOWN_LIMIT=1 <<'END'
up; sigbus; fallback; verdict; hang
END
guest again <<'END'
up; sigbus; fallback; verdict
END
guest lonely <<'END'
up 1; sigbus; fallback; verdict
END
# --- adversaries: a guest that is not what it seems
guest silent <<'END'
down() { :; }
up; sigbus; fallback; verdict
END
guest killed <<'END'
up; sigbus; fallback; verdict; kill -9 $$
END
guest status1 <<'END'
up; sigbus; fallback; verdict; exit 1
END
guest empty SMP=1 <<'END'
log() { :; }
up 1; sigbus; fallback; verdict; : >"$console"
END
guest headless <<'END'
up; : >"$console"; log "x86: Booted up 1 node, 2 CPUs"; sigbus; fallback; verdict
END
guest unlisted SHORT=1 <<'END'
up; sigbus; verdict
END
guest twice <<'END'
up; sigbus 'not ok 2 bad'; sigbus; fallback; verdict
END
guest bails <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good' 'Bail out! enough' 'ok 2 bad'; end fault/sigbus; fallback; verdict
END
guest typo TESTS=fault/sigbus:typo <<'END'
up; begin fault/sigbus; tap 1..0; end fault/sigbus 256; verdict
END
guest nothing TESTS=fault/sigbus:typo <<'END'
up; begin fault/sigbus; tap 1..0; end fault/sigbus; verdict
END
guest rain control <<'END'
up; sigbus 'not ok 2 bad' 'it rains'; fallback; verdict
END
guest liar control <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good' '# assertion failed: VmPTE' 'not ok 2 bad'; end fault/sigbus 0; fallback; verdict
END
guest missing <<'END'
up; begin fault/sigbus; end fault/sigbus 32512; fallback; verdict
END
guest gone <<'END'
up; begin fault/sigbus; tap 1..1 'ok 1 good'; end fault/sigbus; fallback; verdict
END
guest renamed <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good' 'ok 2 worse'; end fault/sigbus; fallback; verdict
END
guest stray <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good' 'ok 2 bad' '## end of it'; end fault/sigbus; fallback; verdict
END
guest endless <<'END'
up; begin fault/sigbus; tap 1..2 'ok 1 good' 'ok 2 bad'; fallback; verdict
END
guest tainted <<'END'
up; log 'WARNING: CPU: 0 PID: 1 at mm/memory.c:1'; sigbus; fallback; verdict
END
guest cut <<'END'
up; begin fault/sigbus; log 'BUG: non-zero nr_ptes'; sed -i '$s/BUG: /BU/' "$console"; tap 1..2 'ok 1 good' 'ok 2 bad'
end fault/sigbus; fallback; verdict 'fail timeouts=0 crashes=0 leaks=0 log=1 taint=0'
END
mkdir -p "$P/tools/build/config"
echo 'colour blue' >"$P/tools/build/config/odd.facts"
guest blue FLAVOUR=odd <<'END'
up; tap '## fact colour blue'; sigbus; fallback; verdict
END
guest red FLAVOUR=odd <<'END'
up; tap '## fact colour red'; sigbus; fallback; verdict
END
guest words SMP=3 MEM=99M LIMIT=7 V=1 APPEND="one=1 two" IMAGE="$tmp/mine" JUNIT="$tmp/junit.xml" <<'END'
up 3; sigbus; fallback; verdict; sleep 3
END
wait

that good 0 'result +PASS' "a guest where all is as expected passes"
its summary '3 as expected \(1 new, 2 same\), 0 expected failures, 0 failed, 0 skipped' "the summary counts"
its summary '^v4.6 patched \(Linux 4.6.0\), tcg, 2 CPUs, 512M' "and says on what"
check "no FIFO is left" sh -c "[ -z \"\$(find '$dir' -type p)\" ]"
that control 0 '3 as expected \(1 new, 2 same\)' "a control on which the new case fails passes"
that vain 1 'bad \(new: passes on the control' "one on which it passes does not"
that broken 1 '^  not ok .* - fault/sigbus bad \(fails\)' "a patched kernel on which it fails does not"
its summary '^    log: .*/v4.6/patched/tap/fault.sigbus.tap$' "the summary names the log to open"
its summary '^  again +make run BASE=v4.6 VARIANT=patched O=.* ACCEL=tcg TESTS="fault/sigbus:bad"$' "and the command that repeats it"
its about '^again	make run BASE=v4.6 VARIANT=patched O=.* ACCEL=tcg$' "which is noted for make report"
its about '^machine	tcg, 2 CPUs, 512M$' "with the machine"
not grep -qE '^ *1\.\.' "$out"
ok $? "and nothing that is no failure" || diag
that early 3 'lost guest: .*phase: boot\.' "a guest that dies before it is up is lost"
its judged/guest.tap '^not ok 1 - guest came up' "it did not come up"
its scan 'Kernel panic' "the scan shows why"
that dies 3 'lost guest: .*phase: .*begin fault/sigbus' "a guest that dies in a test is lost there"
its judged/fault.sigbus.tap 'truncated: 1 of 2' "with that test cut short"
its judged/writeback.fallback.tap 'guest says: never' "and the next one never started"
its scan '\(during fault/sigbus\) BUG: unable' "the oops is laid to the test"
that portless 3 'lost guest' "a guest without a verdict is lost, whatever its tests say"
that panics 1 'kernel log is clean' "a panic after an ok verdict fails"
its verdict '^ok ' "though the verdict was ok"
that unscanned 1 'not ok .*leaks were looked for' "a kernel that can look for leaks, and has not"
that fails 1 'not ok .*verdict: fail timeouts=0 crashes=0 leaks=1' "a verdict of fail fails"
that warns 1 'not ok .*kernel log is clean' "what the kernel complained of fails, though every case passed"
its summary '^    log: .*/console.log$' "with the log to open"
its summary '\(during fault/sigbus\) BUG: non-zero nr_ptes' "and is shown with its test"
that crash 1 'ended with wait status 139' "a program that ends badly fails"
its summary 'TESTS="fault/sigbus"$' "and is run again as a whole"
that glued 1 'never came to its end' "an end that is glued to other output is none"
that refuses 3 'lost guest: .*cannot set up guest memory' "what QEMU complained of is shown"
that bootless 3 'lost guest: no progress for 1 s in phase: boot' "a guest that hangs at boot is lost"
check "it was asked for backtraces and blocked tasks" sh -c "[ \"\$(cat '$dir/keys')\" = ltwm ]"
check "each behind a break" sh -c "[ \$(grep -c '^chardev-send-break ser' '$dir/asked') = 4 ]"
its asked '^info registers' "and the CPUs for their registers"
that stuck 3 'lost guest: no progress for 2 s in phase: .*begin fault/sigbus' "one that hangs in a test is lost there"
that lingers 3 'lost guest: no progress for 1 s in phase: .*down' "one that does not go down is lost, too"
its summary 'result +FAIL' "whatever its verdict was"
that lonely 1 'not ok .*guest has 2 CPUs' "one whose other CPU did not come up fails"
that words 0 '^## down' "V=1 shows the phases"
its summary '3 CPUs, 99M' "SMP= and MEM= are taken"
its console.log 'latepte.limit=7' "and LIMIT= by the guest"
its cmd '-smp 3,sockets=3.* -m 99M .*-no-reboot' "by QEMU"
its cmd "-append '.* one=1 two'" "APPEND= gets to the kernel"
its cmd "-kernel $tmp/mine " "which may be another one"
its summary 'Linux 5.4.3-mine' "and is named"
check "JUNIT= has each case and the guest's own" grep -qx '<testsuite name="v4.6 patched" tests="12" failures="0" skipped="0">' "$tmp/junit.xml"
check "by its name" grep -q '<testcase classname="fault/sigbus" name="good"/>' "$tmp/junit.xml"
that silent 1 'not ok .*first words and its last' "one that dies without a word after its verdict"
that killed 1 'not ok .*ended by itself, with status 137' "a QEMU that is killed after the verdict"
that status1 1 'not ok .*ended by itself, with status 1' "one that ends with 1"
that empty 1 'not ok .*first words' "a console with nothing on it, of one CPU"
that headless 1 'not ok .*first words' "or without its beginning"
that unlisted 1 'not ok .* writeback/fallback sync \(is expected, and did not run' "a program that is not in the list"
that twice 1 'guest says: twice' "one that is in it twice, and fails the first time"
that bails 1 'guest says: Bail out!' "one that bails out"
that typo 1 'not ok .*no case ran' "a name that is no case"
that nothing 1 'not ok .*no case ran' "with status 0 as well"
that rain 1 'bad \(new: fails by another assertion' "a control that fails by another assertion"
that liar 1 'ended with wait status 0, not 256' "a program that fails and ends with 0"
that missing 1 'ended with wait status 32512' "a program that cannot be started"
that gone 1 'bad \(is expected, and did not run' "a case that is gone"
that renamed 1 'worse \(is in no expect list' "one that has a new name"
that stray 1 'not ok' "a stray line that looks like an end"
that endless 1 'never came to its end' "a program without an end"
that tainted 1 'kernel log is clean' "a warning before the tests"
that cut 1 'not ok .*verdict: fail .*log=1' "a complaint that is cut in two on the console: the guest has seen it"
that blue 0 '' "a guest that is what its flavour says"
that red 1 'guest is what odd says: not colour blue' "one that is not"
that good 0 '' "a good one again"
its console.log 'panic=-1.* latepte.limit=480' "whose limit is twice that of KVM in emulation"

# A second run must not use the results of the first.
that again 0 PASS "a good run"
out=$tmp/out
run env NO_QEMU=1 O="$tmp/again" "$P/tools/suites/verdict" patched
expect 3 '0 as expected' "and a bad one after it: nothing of the first is left"
not grep -q 'PASS' "$out"
ok $? "it does not pass" || diag

# tools/guest/boot by itself
boot="$P/tools/guest/boot"
echo 'up; verdict "ok probe"' >"$tmp/probe"
run env GUEST="$tmp/probe" "$boot" "$tmp/boot" image initrd latepte.mode=probe
expect 0 '' "boot alone: verdict ok"
run env GUEST="$tmp/fails/guest" "$boot" "$tmp/boot" image initrd
expect 1 '' "another verdict"
run env GUEST=/dev/null "$boot" "$tmp/boot" image initrd
expect 3 '' "none"
check "why is in a file" grep -q 'without a verdict' "$tmp/boot/lost"

# By hand
run env GUEST="$tmp/good/guest" sh "$tmp/good/v4.6/patched/cmd"
expect 0 'Linux version' "the command that is left boots the guest on a terminal"

# Ctrl-C
echo 'echo $$ >"$dir/qemu.pid"; up; exec sleep 20' >"$tmp/sleeper"
GUEST=$tmp/sleeper "$boot" "$tmp/boot" image initrd &
pid=$!
await [ -s "$tmp/boot/qemu.pid" ]
kill -TERM $pid
wait $pid
[ $? = 130 ] && ! kill -0 "$(cat "$tmp/boot/qemu.pid")" 2>/dev/null
ok $? "a boot that is interrupted takes QEMU with it"
check "and its FIFOs" sh -c "[ -z \"\$(find '$tmp/boot' -type p)\" ]"
