#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# refresh.t: from the commits of the worktree back to patches. Unchanged patches
# come out identical; changes land where they belong.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 35

fake_project
fake_series
printf '# the series, in order\n' | cat - "$P/patches/v4.6/series" >"$tmp/series"
mv "$tmp/series" "$P/patches/v4.6/series"
export O="$tmp/o" BASE=v4.6 LINUX="$tmp/base"
git clone -q "$tmp/dev" "$LINUX"
git -C "$LINUX" checkout -q "$(git -C "$tmp/dev" rev-list --max-parents=0 HEAD)"
# The user's settings must not show in the patches.
printf '[format]\n\tsignOff = true\n[diff]\n\tnoprefix = true\n' >"$HOME/.gitconfig"
s=$P/patches/v4.6
tree=$O/v4.6/patched/linux
refresh() { run "$P/tools/tree/refresh"; }
assemble() { run "$P/tools/tree/assemble" patched; }
patches() { (cd "$s" && find . -type f | sort | xargs sha256sum); }
# drive COMMAND: rebase with the todo list edited by a sed command
drive() { GIT_SEQUENCE_EDITOR="sed -i '$1'" dev -C "$tree" rebase -q -i base 2>/dev/null; }

refresh
expect 1 "no worktree yet: 'make build BASE=v4.6'" "before there is a worktree"
"$P/tools/tree/source" >/dev/null
assemble
# As made by other versions of git, or by hand
sed -i -E 's/^(index [0-9a-f]{8})[0-9a-f]*(\.\.[0-9a-f]{8})[0-9a-f]*/\1\2/' "$s"/0001*
sed -i 's/^From: dev /From: dev\n /' "$s"/0002*
rm "$O/v4.6/patched/sums"
was=$(patches)
mm=$(sha256sum <"$P/mm/fault_selftest.c")
refresh
expect 0 'patches/v4.6: 2 patches' "nothing changed"
check "every patch and series is the same to the byte" [ "$was" = "$(patches)" ]
check "and the new files" [ "$mm" = "$(sha256sum <"$P/mm/fault_selftest.c")" ]
assemble
check "what is assembled of it is the same" [ -z "$(git -C "$tree" diff "$(cat "$O/v4.6/patched/tip")")" ]

echo dirt >>"$tree/mm/memory.c"
refresh
expect 1 'changes that are not committed' "a worktree with changes is refused"
git -C "$tree" checkout -q -f

sed -i 's/^+memory twenty-three/+memory 3 and 20/' "$s"/0002*
refresh
expect 1 'has changed since .* was made of it' "patches edited by hand meanwhile are not overwritten"
expect 1 '^  patches/v4.6/0002-mm-twenty-three.patch' "and are named"
not grep -q comm: "$out"
ok $? "without a word of comm's" || diag
sed -i 's/^+memory 3 and 20/+memory twenty-three/' "$s"/0002*

# --- a commit in the middle is edited
drive '/mm: twenty$/s/^pick/edit/'
refresh
expect 1 'rebase' "half a rebase is refused: the rest of the series would be lost"
check "nothing was replaced" [ "$was" = "$(patches)" ]
sed -i 's/memory twenty$/memory XX/' "$tree/mm/memory.c"
dev -C "$tree" commit -q -a --amend --no-edit
GIT_EDITOR=true dev -C "$tree" rebase --continue >/dev/null 2>&1
refresh
expect 0 'patches/v4.6: 2 patches' "an edited commit"
check "lands in its patch" grep -q '^+memory XX$' "$s/0001-mm-twenty.patch"
check "the patch behind it follows" grep -q '^ memory XX$' "$s/0002-mm-twenty-three.patch"
check "the other parts are as they were" sh -c "
	cd '$s' && echo '$was' | grep -e compat -e selftest | sha256sum -c --quiet"
check "a comment in the series stays" grep -qx '# the series, in order' "$s/series"
assemble
expect 0 '' "it can be assembled"
check "and gives the tree it came from" grep -qx 'memory XX' "$tree/mm/memory.c"

# --- new, reordered, dropped
sed -i 's/memory 50$/memory fifty/' "$tree/mm/memory.c"
dev -C "$tree" commit -q -a -m 'mm: fifty'
refresh
expect 0 'patches/v4.6: 3 patches' "a new commit"
refresh
expect 0 'patches/v4.6: 3 patches' "and the same again right behind it"
check "joins the functional series, at its end" sh -c "tail -n 1 '$s/series' | grep -q mm-fifty.patch"
assemble
check "and is applied behind the others" [ "$(git -C "$tree" log --format=%s base..HEAD | grep -n 'mm: fifty' | cut -d: -f1)" = 4 ]
sed -i 's/fork five/fork FIVE/' "$tree/fs/fork.c"
dev -C "$tree" commit -q -a -m 'fixup! compat: five'
GIT_SEQUENCE_EDITOR=true dev -C "$tree" rebase -q -i --autosquash base >/dev/null 2>&1
refresh
expect 0 '3 patches' "a change to the compat part"
check "stays in the compat part" grep -q '^+fork FIVE' "$s/compat/0001-compat-five.patch"
assemble
drive '/mm: fifty$/d'
refresh
expect 0 'patches/v4.6: 2 patches' "a commit that was dropped"
check "takes its patch along" sh -c "! ls '$s' | grep -q fifty && ! grep -q fifty '$s/series'"
assemble
expect 0 '' "what is left can be assembled"

# --- new files
echo 'int more;' >>"$tree/mm/fault_selftest.c"
dev -C "$tree" commit -q -a -m 'test: more'
refresh
expect 0 'new file changed: mm/fault_selftest.c' "a change to a new file"
check "goes back into the project" grep -qx 'int more;' "$P/mm/fault_selftest.c"
check "and into no patch" not grep -q 'int more' -r "$s"
assemble
echo 'int mine;' >>"$P/mm/fault_selftest.c"
refresh
check "a newer file of the project's is not overwritten" grep -qx 'int mine;' "$P/mm/fault_selftest.c"
assemble
echo 'another' >"$tree/tools/testing/selftests/fault/another.c"
dev -C "$tree" add -f tools/testing && dev -C "$tree" commit -q -m 'test: another'
refresh
check "a test that was added is a new file of the project's" grep -qx another "$P/tools/testing/selftests/fault/another.c"
assemble
echo 'int both;' >>"$tree/mm/fault_selftest.c"
echo 'memory both' >>"$tree/mm/memory.c"
dev -C "$tree" commit -q -a -m 'mm: both'
was=$(patches)
refresh
expect 1 'both.*split' "a commit to both new files and the kernel's is refused"
check "with nothing replaced" [ "$was" = "$(patches)" ]
git -C "$tree" checkout -q -f HEAD^

# --- a patch that the tree cannot take
cat >"$s/0000-doc-a-word.patch" <<'END'
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
cp "$s/0000-doc-a-word.patch" "$s/0009-doc-a-word.patch"
sed -i 's/doc: a word/doc: another/' "$s/0009-doc-a-word.patch"
mv "$s/0009-doc-a-word.patch" "$s/0009-doc-another.patch"
{ echo 0000-doc-a-word.patch; cat "$s/series"; echo 0009-doc-another.patch; } >"$tmp/list"
cp "$tmp/list" "$s/series"
printf 'doc-a-word.patch\ndoc-another.patch\n' >"$s/optional"
assemble
was=$(patches)
refresh
check "optional patches that the tree could not take stay where they are" [ "$was" = "$(patches)" ]
