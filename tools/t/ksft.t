#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ksft.t: what all test programs share, tools/testing/selftests/ksft_*.h: the
# exit status for kselftest's runner, changes undone however a case ends, and no
# write to any disk that may be in use.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 33

cat >"$tmp/kselftest.h" <<'END'
enum { KSFT_PASS, KSFT_FAIL, KSFT_XFAIL, KSFT_XPASS, KSFT_SKIP };
END
cat >"$tmp/prog.c" <<'END'
#include "ksft_scratch.h"

static void change(void)
{
	ksft_need(ksft_change("knob", "changed"), "the knob");
	ksft_need(ksft_change("choice", "two"), "the choice");
	ksft_need(ksft_mkdir("made"), "a directory");
}

static void pass(void) { }
static void pass_changed(void) { change(); }
static void fail(void) { change(); ksft_check(0, "no"); }
static void need(void) { change(); ksft_need(0, "more"); }
static void skip(void) { ksft_case_skip("never"); }
static void crash(void) { change(); raise(SIGSEGV); }

static void is_seven(const void *arg)
{
	ksft_check(*(const int *)arg == 7, "%d", *(const int *)arg);
}

static void leftover(void)
{
	FILE *f = fopen("pid", "w");
	int in[2];
	char c;

	ksft_need(!pipe(in), "a pipe");
	if (!fork()) {
		fprintf(f, "%d\n", getpid());
		fclose(f);
		close(in[1]);
		pause();
	}
	close(in[1]);
	while (access("pid", F_OK))
		usleep(1000);
	(void)c;
}

static void hang(void)
{
	change();
	close(open("hangs", O_CREAT | O_WRONLY, 0600));
	pause();
}

static void scratch(void)
{
	ksft_print_msg("writes to %s\n", ksft_scratch("KSFT_SCRATCH_EXT4"));
}

/* The same look at a file that is no block device. */
static void head(void)
{
	char head[KSFT_SCRATCH_HEAD];
	int fd = open(getenv("IMAGE"), O_RDONLY);

	ksft_need(read(fd, head, sizeof(head)) == sizeof(head), "an image");
	ksft_check(ksft_labelled(head), "blank: %d", ksft_blank(head));
}

static const struct ksft_case cases[] = {
	KSFT_CASE(pass), KSFT_CASE(pass_changed), KSFT_CASE(fail),
	KSFT_CASE(need), KSFT_CASE(skip), KSFT_CASE(crash),
	KSFT_CASE(leftover), KSFT_CASE(hang), KSFT_CASE(scratch),
	KSFT_CASE(head), KSFT_CASE_WITH(seven, is_seven, KSFT_INT(7)),
	KSFT_CASE_WITH(eight, is_seven, KSFT_INT(8)),
};

int main(int argc, char **argv)
{
	return ksft_run_cases(cases, ARRAY_SIZE(cases), argc, argv);
}
END
check "the headers compile without a warning" ${CC:-gcc} -O1 -Wall -Wextra -Werror \
	-I "$tmp" -I "$top/tools/testing/selftests" -o "$tmp/prog" "$tmp/prog.c"
cd "$tmp" || exit 1

fresh() { rm -rf made hangs pid; echo before >knob; echo '[one] two' >choice; }
# In sysfs a file written with "one" would read "[one] two"; here it does not.
restored() {
	[ "$(cat knob)" = before ] && [ "$(cat choice)" = one ] && [ ! -d made ]
}

# --- exit status
fresh
run ./prog pass
expect 0 '^ok 1 pass$' "a case passes: 0"
run ./prog pass fail
expect 1 '^not ok 2 fail$' "one of two fails: 1"
run ./prog skip
expect 4 '^ok 1 # SKIP skip$' "all skip: 4"
run ./prog skip pass
expect 0 'Totals: pass:1 fail:0 xfail:0 xpass:0 skip:1 error:0' "one of two skips: 0, and totals"
run ./prog seven eight
expect 1 'Totals: pass:1 fail:1 ' "one function with two arguments, one of which fails: 1"
run ./prog crash
expect 1 'crash: killed by signal 11' "one crashes: 1"
run ./prog no_such_case
expect 1 '^1\.\.0' "no case of that name: 1"
if [ "$(id -u)" = 0 ]; then
	run ./prog need
	expect 1 '^not ok 1 # error need' "root lacks something: an error"
	chmod 755 "$tmp" && chmod -R a+rwX "$tmp"
	run env -i setpriv --reuid=65534 --regid=65534 --clear-groups ./prog need
	expect 4 '^ok 1 # SKIP need' "somebody else: skipped"
else
	skip "root lacks something: an error" "not root"
	run ./prog need
	expect 4 '^ok 1 # SKIP need' "somebody else: skipped"
fi

# --- what is restored
for c in pass_changed fail need crash; do
	fresh
	run ./prog $c
	check "what was changed is put back: $c" restored
done
fresh
run ./prog leftover
check "what a case has started ends with it" not kill -0 "$(cat pid)"

# hung COMMAND...: the program, in its own group, in the middle of a case
hung() {
	fresh
	setsid "$@" ./prog hang >out.hang 2>&1 &
	await [ -e hangs ]
	pid=$!
}
hung
check "(it has changed something)" grep -q changed knob
kill -9 -"$pid"
await restored
check "the program's group is killed: put back" restored
hung
kill -9 "$pid"
await restored
check "the program alone is killed: put back" restored
hung
kill -TERM "$pid"
await restored
check "it is terminated: put back" restored
hung timeout -s KILL 1
await restored
check "its time is over (timeout -s KILL): put back" restored
hung timeout 1
await restored
check "its time is over (timeout): put back" restored
check "nothing of it goes on" not sh -c "ps -eo args | grep -q '^[.]/prog hang'"

# --- scratch disks
run ./prog scratch
expect 4 'skipped: no scratch disk: KSFT_SCRATCH_EXT4= names none' "no disk named: none written to"
run env KSFT_SCRATCH_EXT4="$tmp/none" ./prog scratch
expect 4 'cannot be opened' "none there"
run env KSFT_SCRATCH_EXT4="$tmp/prog" ./prog scratch
expect 4 'no disk' "not a disk"
root=$(findmnt -no SOURCE / 2>/dev/null)
if [ -b "$root" ] && [ -r "$root" ]; then
	run env KSFT_SCRATCH_EXT4="$root" ./prog scratch
	expect 4 'skipped: .*: (in use|too large|has no label|cannot be opened)' "the root disk of this machine, named: skipped"
else
	skip "the root disk of this machine, named: skipped" "cannot be read"
fi
image() { truncate -s "$1" "$tmp/image"; }
looked() { run env IMAGE="$tmp/image" ./prog head; }
image 4M
looked
expect 1 'blank: 1' "an empty disk is blank, and has no label"
if command -v mkfs.ext4 >/dev/null; then
	mkfs.ext4 -q -L ksft-scratch "$tmp/image"
	looked
	expect 0 '' "an ext4 with the label is a scratch disk"
	mkfs.ext4 -q -F -L data "$tmp/image"
	looked
	expect 1 'blank: 0' "another one is not"
	mkfs.ext4 -q -F "$tmp/image"
	looked
	expect 1 'blank: 0' "nor is one without a label"
else
	for i in 1 2 3; do skip "ext4 $i" "no mkfs.ext4"; done
fi
if command -v mkfs.xfs >/dev/null; then
	rm -f "$tmp/image"
	image 320M
	mkfs.xfs -q -L ksft-scratch "$tmp/image"
	looked
	expect 0 '' "an xfs with the label is a scratch disk"
	mkfs.xfs -q -f -L mine "$tmp/image"
	looked
	expect 1 'blank: 0' "another one is not"
else
	for i in 1 2; do skip "xfs $i" "no mkfs.xfs"; done
fi
# Nothing else opens, mounts or formats a disk.
(cd "$top/tools/testing/selftests" && grep -nE '"/dev/(vd|sd|nvme|pmem|ram|loop[0-9])' ./*/*.[ch]) |
	grep -v 'WB_SCSI_DEV' >"$out"
[ ! -s "$out" ]
ok $? "no test names a disk itself" || diag
