#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# series.t: which patches a variant has, and how they get into its worktree: all
# or none of them, no work of the user's is lost, and it resumes after a kill.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 49

fake_project
fake_series
export O="$tmp/o" BASE=v4.6
git clone -q --bare "$tmp/dev" "$tmp/base.git"
git --git-dir="$tmp/base.git" update-ref --no-deref HEAD "$(git -C "$tmp/dev" rev-list --max-parents=0 HEAD)"
s=$P/patches/v4.6
tree=$O/v4.6/patched/linux
list() { run "$P/tools/tree/series" "$1" "$tmp/new"; }
names() { sed 's,.*/,,; s/-.*//' "$out" | paste -sd' '; }
assemble() { run "$P/tools/tree/assemble" "$@"; }
log() { git -C "$tree" log --format=%s --reverse base..HEAD; }
key_of() { git -C "$1" rev-parse 'HEAD^{tree}'; }

# --- which patches
list patched
expect 0 compat/0001-compat-five.patch "the series of the patched kernel"
ok "$([ "$(names)" = "0001 0001 0002 0001 0002 0001" ]; echo $?)" \
	"is compat, functional, new files, selftest" || diag
list control
not grep -q 'v4.6/000' "$out"
ok $? "the control has nothing of the functional part" || diag
list ours
not grep -q compat "$out"
ok $? "a user's tree gets no compat part" || diag
COMPAT=1 list ours
expect 0 compat/0001 "unless it is asked for"
run env UPTO=1 "$P/tools/tree/series" patched "$tmp/new"
not grep -q 0002-mm-twenty-three "$out"
ok $? "UPTO=1 stops behind the first functional patch" || diag
run env MUTANT=/some/mutant.patch "$P/tools/tree/series" patched "$tmp/new"
expect 0 '^/some/mutant.patch$' "MUTANT= puts a patch behind them"
echo gone.patch >>"$s/series"
list patched
expect 1 'series names gone.patch, and there is no such file' "a series that names a missing patch"
sed -i '$d' "$s/series"
: >"$s/forgotten.patch"
list control
list patched
expect 1 'forgotten.patch is in no series' "a patch that no series names"
mv "$s/forgotten.patch" "$s/compat/0009-forgotten.patch"
list control
expect 1 '0009-forgotten.patch is in no series' "nor in the compat part"
rm "$s/compat/0009-forgotten.patch"
printf '\n# a comment\n' >>"$s/series"
list patched
expect 0 twenty-three "a series may have comments"
: >"$P/mm/fault_selftest.o"
cp "$(command -v env)" "$P/tools/testing/selftests/fault/sigbus"
list patched
not grep -q -e sigbus -e '\.o$' "$tmp"/new/*.patch
ok $? "what was built in place is no new file" || diag
rm "$P/mm/fault_selftest.o" "$P/tools/testing/selftests/fault/sigbus"

# --- into the worktree
run env LINUX="$tmp/base.git" "$P/tools/tree/source"
assemble patched
expect 0 'PATCH +v4.6 patched: 6 patches' "they become a worktree"
log >"$out"
ok "$(printf '%s\n' 'compat: five' 'mm: twenty' 'mm: twenty-three' \
	'mm, fs: selftests of the fault path and of writeback' \
	'selftests: page faults and writeback' 'mm: Kconfig entry' | cmp -s - "$out"; echo $?)" \
	"with a commit for each patch, in order" || diag
check "the new files are there" cmp "$P/mm/fault_selftest.c" "$tree/mm/fault_selftest.c"
check "the tree is clean" [ -z "$(git -C "$tree" status --porcelain -uno)" ]
tip=$(git -C "$tree" rev-parse HEAD)
touch "$tmp/mark"
assemble patched
ok "$([ $rc = 0 ] && [ ! -s "$out" ]; echo $?)" "a second call says nothing" || diag
check "and touches nothing" [ -z "$(find "$tree" -newer "$tmp/mark" -type f)" ]
assemble control
expect 0 'PATCH +v4.6 control: 4 patches' "the control"
check "has the tests" test -f "$O/v4.6/control/linux/mm/fault_selftest.c"
check "and not the series" not grep -q twenty "$O/v4.6/control/linux/mm/memory.c"
rm -rf "$O/v4.6/patched" "$O/v4.6/control"
assemble patched
check "made anew, it is the same to the commit" [ "$tip" = "$(git -C "$tree" rev-parse HEAD)" ]

sed -i 's/^+memory twenty-three$/+memory TWENTY-THREE/' "$s"/0002*
touch "$tmp/mark"
assemble patched
check "a patch that changed is applied" grep -qx 'memory TWENTY-THREE' "$tree/mm/memory.c"
(cd "$tree" && find . -name .git -prune -o -newer "$tmp/mark" -type f -print) >"$out"
ok "$(echo ./mm/memory.c | cmp -s - "$out"; echo $?)" "and touches only the file it changes" || diag

# --- a patch for files that the tree does not have
cat >"$s/0003-doc-a-word.patch" <<'END'
From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: somebody <somebody@example.com>
Date: Sun, 15 May 2016 22:43:13 +0000
Subject: [PATCH] doc: a word

---
--- a/Documentation/faults
+++ b/Documentation/faults
@@ -1 +1,2 @@
 faults
+late
END
cp "$s/series" "$tmp/series"
echo 0003-doc-a-word.patch >>"$s/series"
assemble patched
expect 1 'does not apply' "a patch for a file that the tree lacks stops it"
echo doc-a-word.patch >"$s/optional"
assemble patched
expect 0 'SKIP +0003-doc-a-word.patch: the tree has none' "unless it is optional: then it is left out"
list ours
expect 0 0003-doc-a-word "a mailbox has it"
run env HAS='[ "$1" = Documentation/faults ]' "$P/tools/tree/series" patched "$tmp/new"
expect 0 0003-doc-a-word "and so does a tree with the file"
cp "$tmp/series" "$s/series"
rm "$s/optional" "$s/0003-doc-a-word.patch"
assemble patched

# --- a patch that fails
cp "$s"/0002* "$tmp/good.patch"
tip=$(git -C "$tree" rev-parse HEAD)
sed -i 's/^ memory 2[0-9]$/& or so/; s/^ memory twenty$/& or so/' "$s"/0002*
assemble patched
expect 1 'does not apply to v4.6:' "a patch that does not apply stops it"
expect 1 '/0002-mm-twenty-three.patch$' "is named"
expect 1 'error: (while searching for|patch failed: mm/memory.c:)' "with its reject"
check "the worktree is as it was" [ "$tip" = "$(git -C "$tree" rev-parse HEAD)" ]
check "and clean" [ -z "$(git -C "$tree" status --porcelain -uno)" ]
check "nothing else is left" [ "$(ls "$O/v4.6")" = "linux.git
patched
source" ]
cp "$tmp/good.patch" "$s"/0002*
assemble patched
ok "$([ $rc = 0 ] && [ ! -s "$out" ]; echo $?)" "mended, all is as before" || diag

# --- the user's work
echo 'memory mine' >>"$tree/mm/memory.c"
assemble patched
expect 0 EDITED "an edit in the worktree is built as it is"
sed -i 's/TWENTY-THREE/twenty-3/' "$s"/0002*
assemble patched
expect 1 "has work of yours in it, and the patches have changed as well: .*make refresh" "if the patches changed as well, he is asked"
check "the edit is there still" grep -qx 'memory mine' "$tree/mm/memory.c"
dev -C "$tree" commit -q -a -m 'mine'
assemble patched
expect 1 'has work of yours' "the same for a commit"
check "which is there still" [ "$(git -C "$tree" log -1 --format=%s)" = mine ]
git -C "$tree" checkout -q -f "$(cat "$O/v4.6/patched/tip")"
assemble patched
expect 0 PATCH "once it is dropped, the patches get in"

# --- settings of the user's git
cat >"$HOME/.gitconfig" <<'END'
[am]
	threeWay = true
[apply]
	whitespace = fix
[commit]
	gpgSign = true
[core]
	autocrlf = true
[diff]
	noprefix = true
[format]
	signOff = true
	pretty = oneline
	attach = true
END
tip=$(git -C "$tree" rev-parse HEAD)
rm -rf "$O/v4.6/patched"
assemble patched
check "the user's git settings change nothing" [ "$tip" = "$(git -C "$tree" rev-parse HEAD)" ]
rm "$HOME/.gitconfig"
(cd "$P" && git init -q . && cd tools/tree && rm -rf "$O/v4.6/patched" && run ./assemble patched
[ $rc = 0 ] && [ "$tip" = "$(git -C "$tree" rev-parse HEAD)" ])
ok $? "nor does it matter where it is called from"

# --- kill -9, and a full disk, at each call of git
fake_command git <<END
echo >>"$tmp/calls"
if [ \$(wc -l <"$tmp/calls") = "\$AT" ]; then
	[ "\$HOW" = full ] || kill -9 0
	echo "fatal: No space left on device" >&2
	exit 128
fi
case "\$HOW \$*" in
"behind "*" checkout -q -f --detach "*) $(command -v git) "\$@"; kill -9 0 ;;
esac
exec $(command -v git) "\$@"
END
trial() { # HOW AT COMMAND...: in a process group of its own
	: >"$tmp/calls"
	run env HOW="$1" AT="$2" PATH="$tmp/bin:$PATH" setsid -w "$P/tools/tree/assemble" patched
}

cp -a "$O" "$tmp/saved"
at=0 bad=
while [ $at -lt 60 ]; do
	at=$((at + 1)) how=kill
	[ $((at % 2)) = 1 ] || how=full
	rm -rf "$O" && cp -a "$tmp/saved" "$O"
	sed -i "s/^+memory twenty-3.*/+memory twenty-3 $at/" "$s"/0002*
	trial $how $at
	[ "$(wc -l <"$tmp/calls")" -ge $at ] || break
	assemble patched
	[ $rc = 0 ] && grep -qx "memory twenty-3 $at" "$tree/mm/memory.c" &&
		[ -z "$(git -C "$tree" status --porcelain -uno)" ] || bad="$bad $at"
done
[ -z "$bad" ] && [ $at -gt 10 ]
ok $? "killed, or out of disk, at each of $((at - 1)) calls of git:$bad the next assemble takes it up" || diag

rm -rf "$O" && cp -a "$tmp/saved" "$O"
sed -i "s/^+memory twenty-3.*/+memory twenty-3 behind/" "$s"/0002*
trial behind 99
assemble patched
[ $rc = 0 ] && grep -qx "memory twenty-3 behind" "$tree/mm/memory.c"
ok $? "killed behind the move of the worktree, before it is noted: that is no edit of the user's" || diag

# left MESSAGE COMMAND...: what a git that was killed within a call leaves
# behind
left() {
	message=$1
	shift
	rm -rf "$O" && cp -a "$tmp/saved" "$O"
	(cd "$O/v4.6" && "$@")
	sed -i "s/^+memory twenty-3.*/+memory twenty-3 $tests/" "$s"/0002*
	assemble patched
	[ $rc = 0 ] && grep -qx "memory twenty-3 $tests" "$tree/mm/memory.c"
	ok $? "$message" || diag
}
left "a lock on the configuration" touch linux.git/config.lock linux.git/HEAD.lock
left "a lock on the worktree" sh -c ': >patched/moving; : >linux.git/worktrees/linux/index.lock'
left "a worktree being initialized" sh -c 'cp -r linux.git/worktrees/linux linux.git/worktrees/assemble.patched
	echo "$PWD/assemble.patched/.git" >linux.git/worktrees/assemble.patched/gitdir
	echo initializing >linux.git/worktrees/assemble.patched/locked'
left "the first worktree, half made" sh -c ': >patched/moving; rm -r patched/linux/* patched/linux/.git
	echo initializing >linux.git/worktrees/linux/locked'
