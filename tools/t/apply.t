#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# apply.t: the series goes into a user's tree and out of it again, byte for
# byte; all of it or nothing, whatever goes wrong half-way. And the mailbox.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 99

fake_project
fake_series
export O="$tmp/o"
unset BASE
s=$P/patches/v4.6
tree=$tmp/tree
# The tree must come out with the same names, contents, modes and links.
state() {
	(cd "$tree" && find . -path ./.git -prune -o -printf '%p %y %m %l\n' | sort &&
		find . -path ./.git -prune -o -type f -print | sort | xargs -d '\n' sha256sum)
}
same() { state | cmp -s - "$tmp/was"; }
apply() { run "$P/tools/tree/apply" "$tree"; }
unapply() { run "$P/tools/tree/unapply" "$tree"; }
fresh() { rm -rf "$tree" && fake_tree "$tree" 4 6; }

run "$P/tools/tree/apply"
expect 1 'apply needs a tree: make apply LINUX=' "no tree named"
run "$P/tools/tree/apply" "$tmp/nowhere"
expect 1 'apply works on a directory, and that is none' "one that is not there"

fake_tree "$tree" 4 6
echo '#!/bin/sh' >"$tree/mm/script" && chmod 755 "$tree/mm/script"
state >"$tmp/was"
unapply
expect 1 'nothing to take out of .*: it has no .latepte.patch' "unapply, nothing applied"
apply
expect 0 '^applied: 5 patches, [0-9]+ files, not committed. Out again: make unapply LINUX=' "into a directory"
check "functional patches, in order" sh -c "grep -qx 'memory twenty' '$tree/mm/memory.c' && grep -qx 'memory twenty-three' '$tree/mm/memory.c'"
check "new files" cmp "$P/mm/fault_selftest.c" "$tree/mm/fault_selftest.c"
check "hooks of the selftests" grep -q FAULT_SELFTEST "$tree/mm/Kconfig.debug"
check "no compat part" not grep -q five "$tree/fs/fork.c"
check "no left-overs" [ -z "$(find "$tree" -name '*.orig' -o -name '*.rej')" ]
apply
expect 1 'already applied to .*: make unapply LINUX=' "twice"
unapply
expect 0 '^unapplied: [0-9]+ files are as they were' "out again"
check "exactly, to the last folder" same
run env COMPAT=1 "$P/tools/tree/apply" "$tree"
check "COMPAT=1 puts the compat part in as well" grep -q five "$tree/fs/fork.c"
sed -i 's/twenty-three/23 and 20/' "$s"/0002*
unapply
check "what was applied is what is taken out, whatever became of the series" same
sed -i 's/23 and 20/twenty-three/' "$s"/0002*
cp -a "$tree" "$tmp/outer" # a folder inside another repository
git init -q "$tmp" 2>/dev/null
apply
expect 0 '^applied' "a tree below a repository that has nothing to do with it"
unapply
check "and out" same
rm -rf "$tmp/.git"
fake_base v6.12 6 12
fake_tree "$tmp/new" 6 13
run "$P/tools/tree/apply" "$tmp/new"
expect 1 'is Linux 6.13, and no base covers' "a version that no base covers"

# --- a repository
git init -q "$tree" && dev -C "$tree" add -f -A . && dev -C "$tree" commit -q -m base
apply
expect 0 '^applied' "into a repository"
check "nothing is committed or staged" [ -z "$(git -C "$tree" diff --cached --name-only)" ]
unapply
check "out again" same
check "git sees no change" [ -z "$(git -C "$tree" status --porcelain --ignored)" ]
echo mine >>"$tree/fs/fork.c"
state >"$tmp/was"
apply
expect 1 'has changes that are not committed' "one with changes is refused"
check "and as it was" same
git -C "$tree" checkout -q -f
git clone -q --bare "$tree" "$tmp/bare.git"
run "$P/tools/tree/apply" "$tmp/bare.git"
expect 1 'is it a bare repository' "a bare one is refused"

# --- obstacles
fresh
(cd "$tree" && git apply "$s"/0001*)
state >"$tmp/was"
apply
expect 1 'does not apply to .*: nothing was done. Is part of it applied already' "half of it is in there"
expect 1 'does not go in is 0001-mm-twenty.patch' "the patch is named"
check "as it was" same
fresh
sed -i 's/$/\r/' "$tree/mm/memory.c" "$tree/Makefile"
apply
expect 1 'CRLF line ends' "CRLF: it says so, the Makefile's as well"
fresh
mkdir -p "$tree/mm" && echo mine >"$tree/mm/fault_selftest.c"
apply
expect 1 'files of those names in the way' "a file of the user's in the way"
fresh
rm "$tree/mm/Kconfig.debug"
apply
expect 1 'Files are missing' "a file that is not there"
run env ASKED=v6.12 "$P/tools/tree/apply" "$tree"
expect 1 'is a tree for BASE=v4.6, and BASE=v6.12 was asked for' "BASE= of another version"
cp "$top/Makefile" "$top/README" "$P/"
run make -C "$P" --no-print-directory apply LINUX="$tree" BASE=v6.12
expect 2 'is a tree for BASE=v4.6, and BASE=v6.12 was asked for' "from make as well"
rm -rf "$tmp/my linux"
cp -a "$tmp/dev" "$tmp/my linux"
git -C "$tmp/my linux" checkout -q "$(git -C "$tmp/dev" rev-list --max-parents=0 HEAD)"
run "$P/tools/tree/apply" "$tmp/my linux"
expect 0 "Out again: make unapply 'LINUX=.*/my linux'$" "a path with a blank is quoted in what is said"
expect 0 'git add -f' "and what .gitignore hides is told"
fresh
apply
sed -i 's/memory twenty$/memory mine/' "$tree/mm/memory.c"
state >"$tmp/was"
unapply
expect 1 'was changed since, in the same places: nothing was done' "changed since, in the same place"
check "as it was, series and all" same
sed -i 's/memory mine/memory twenty/; s/memory 50/memory mine/' "$tree/mm/memory.c"
unapply
expect 0 unapplied "changed since, elsewhere"
check "keeps the change" grep -qx 'memory mine' "$tree/mm/memory.c"

# --- half-way. A git that changes some files and then runs out of disk
fake_command git <<END
case "\$HOW \$* " in
never*|*" --check "*|*" --numstat "*) ;;
*" apply "*)
	rm -f mm/memory.c mm/Kconfig.debug # git does so first
	mkdir -p tools/testing/selftests/fault
	printf 'memory 1\nmem' >mm/memory.c
	printf 'int fault' >mm/fault_selftest.c
	: >tools/testing/selftests/fault/Makefile
	case \$HOW in
	full) echo "fatal: write error: No space left on device" >&2; exit 128 ;;
	kill) kill -9 0 ;;
	int) kill -TERM \$(cat "$tmp/pid"); exit 1 ;;
	esac ;;
esac
exec $(command -v git) "\$@"
END
half() { # HOW apply|unapply
	run env HOW="$1" PATH="$tmp/bin:$PATH" setsid -w sh -c "echo \$\$ >'$tmp/pid'; exec '$P/tools/tree/$2' '$tree'"
}
fresh
state >"$tmp/was"
half full apply
expect 1 'No space left on device' "the disk is full half-way in"
expect 1 'apply failed: .* is as it was' "it says so"
check "as it was, to the last folder" same
half int apply
expect 143 'interrupted: .* is as it was' "interrupted half-way in"
check "as it was" same
half kill apply
check "killed half-way in" not same
apply
expect 0 'cut short.*' "the next apply puts back what was there, and applies"
check "all of it" grep -qx 'memory twenty' "$tree/mm/memory.c"
state >"$tmp/in"
half full unapply
expect 1 'unapply failed: .* is as it was' "full, half-way out"
check "as it was, series and all" sh -c "cd '$tree' && cmp -s mm/fault_selftest.c '$P/mm/fault_selftest.c' && test -f .latepte.patch"
half kill unapply
unapply
expect 0 unapplied "killed half-way out, and once more"
check "is out" same

# The user cleans up and works on: what is left of a killed apply is never put
# back over that.
for how in apply unapply; do
	rm -rf "$tree"
	fake_git "$tree" 4 6 && rmdir "$tree/usr"
	[ $how = apply ] || "$P/tools/tree/apply" "$tree" >/dev/null
	half kill $how
	git -C "$tree" checkout -q -f
	sed -i 's/memory 50/memory mine/' "$tree/mm/memory.c"
	dev -C "$tree" commit -q -a -m work
	sed -i 's/debug 7$/debug mine/' "$tree/mm/Kconfig.debug"
	apply
	expect 1 'changed since, and are left as they are:' "$how killed, cleaned up by hand, worked on: what was changed stays"
	expect 1 '^ +mm/memory.c$' "it is named"
	expect 1 'changes that are not committed' "and what is not committed is in the way, as ever"
	check "committed or not, the work is there" sh -c "grep -qx 'memory mine' '$tree/mm/memory.c' && grep -qx 'debug mine' '$tree/mm/Kconfig.debug'"
	check "and nothing else of it" [ "$(git -C "$tree" status --porcelain --ignored | grep -v latepte.patch)" = " M mm/Kconfig.debug" ]
	dev -C "$tree" commit -q -a -m 'more work'
	apply
	expect 0 '^applied' "behind it apply applies"
	unapply
	check "and unapply takes out" [ -z "$(git -C "$tree" status --porcelain --ignored)" ]
done
rm -rf "$tree"
fresh
state >"$tmp/was"
half kill apply
run env LINUX="$tree" BASE=v4.6 "$P/tools/tree/source"
expect 1 'cut short.*make apply' "a tree that is half-way is no kernel to build"

# --- the record names what is no longer in the tree
clean() { # HOW: out of a tree in git, but not by unapply
	rm -rf "$tree"
	fake_git "$tree" 4 6 && rmdir "$tree/usr"
	state >"$tmp/was"
	apply
	git -C "$tree" checkout -q -f
	[ "$1" = some ] || git -C "$tree" clean -q -fdx -e .latepte.patch
}
clean all
unapply
expect 0 '^unapplied' "git checkout and clean: unapply forgets what was applied"
check "and is out" same
clean all
apply
expect 0 'no longer in the tree' "apply sees that it has to be done again"
check "and does" grep -qx 'memory twenty' "$tree/mm/memory.c"
clean some
apply
expect 1 'a part of what was applied .*: make unapply LINUX=' "git checkout leaves the new files: apply names the way out"
unapply
expect 0 '^unapplied' "unapply takes out the rest"
check "and all is out" same
apply
sed -i 's/memory twenty$/memory mine/' "$tree/mm/memory.c"
apply
expect 1 '^ +mm/memory.c$' "applied and then changed in the same place: both name the file"
sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 9/; ' "$tree/Makefile"
sed -i 's/memory mine$/memory twenty/' "$tree/mm/memory.c"
run make -s -C "$P" -f "$top/Makefile" unapply LINUX="$tree"
expect 0 '^unapplied' "out of a tree that is of no base any more"

# --- two at once, and interruptions
fresh
state >"$tmp/was"
fake_command tar <<END
case "\$*" in *undo.new*) [ ! -e "$tmp/slow" ] || sleep 1 ;; esac
exec $(command -v tar) "\$@"
END
: >"$tmp/slow"
HOW=never PATH=$tmp/bin:$PATH "$P/tools/tree/apply" "$tree" >"$tmp/first" 2>&1 &
await [ -d "$tree/.latepte.undo.new" ]
rm "$tmp/slow"
apply
expect 1 'another make changes .*: waiting for it' "a second apply waits for the first"
expect 1 'already applied' "and then sees what it did"
wait $!
check "the first one is whole" grep -q '^applied' "$tmp/first"
unapply
check "and comes out exactly" same
for s in INT TERM HUP; do
	: >"$tmp/slow"
	HOW=never PATH=$tmp/bin:$PATH env --default-signal=INT "$P/tools/tree/apply" "$tree" >"$out" 2>&1 &
	await [ -d "$tree/.latepte.undo.new" ]
	kill -s $s $!
	wait $!
	rc=$?
	rm "$tmp/slow"
	[ $rc -gt 128 ] && grep -q 'interrupted: .* is as it was' "$out"
	ok $? "SIG$s while it saves what is there: it says so" || diag
	check "nothing is left of it" same
done
rm "$tmp/bin/tar"
apply
unapply

# The last step is to forget how to undo it.
fake_command mv <<END
case \$1 in *.latepte.undo) kill -9 0 ;; esac
exec $(command -v mv) "\$@"
END
half never apply
apply
expect 0 'cut short' "killed when all was in: it is done again"
half never unapply
check "killed when all was out" [ ! -e "$tree/.latepte.patch" ]
unapply
expect 0 unapplied "it is done again"
check "and is out" same
rm "$tmp/bin/mv"

# --- the mailbox
export BASE=v4.6
echo commit=0123456789abcdef >>"$P/patches/v4.6/base"
printf '%s\n' "What it is" ---------- "" "Why it is." >"$P/patches/v4.6/0000-cover-letter"
run "$P/tools/tree/mbox"
expect 0 'latepte-v4.6.mbox: 5 patches' "the series and the new files as a mailbox"
check "each patch has its number" [ "$(grep -c '^Subject: \[PATCH [1-5]/5\] ' "$O/v4.6/latepte-v4.6.mbox")" = 5 ]
check "the first one says what it is for" grep -qx 'base-commit: 0123456789abcdef' "$O/v4.6/latepte-v4.6.mbox"
check "the cover letter is a mail, too" sh -c "git mailinfo /dev/null /dev/null <'$O/v4.6/latepte-v4.6.cover' | grep -qx 'Subject: What it is'"
git clone -q --bare "$tmp/dev" "$O/v4.6/linux.git"
git --git-dir="$O/v4.6/linux.git" update-ref refs/heads/base "$(git -C "$tmp/dev" rev-list --max-parents=0 HEAD)"
mkdir -p "$O/v4.6/patched/linux/scripts"
echo 'print "@ARGV" =~ /--nol / ? "M One <m\@localhost>\nM Two <n\@localhost>\n" : "l\@localhost\n"' >"$O/v4.6/patched/linux/scripts/get_maintainer.pl"
run "$P/tools/tree/mbox"
run cat "$O/v4.6/latepte-v4.6.cover"
check "where there is a tree it says who is to get it" sh -c "tr -d '\\n' <'$O/v4.6/latepte-v4.6.cover' | grep -q 'To: M One <m@localhost>, M Two <n@localhost>Cc: l@localhost'"
check "and what is changed" grep -qE 'files changed, [0-9]+ insertions' "$O/v4.6/latepte-v4.6.cover"
git clone -q "$tmp/dev" "$tmp/am"
git -C "$tmp/am" checkout -q "$(git -C "$tmp/dev" rev-list --max-parents=0 HEAD)"
check "goes in with git am" dev -C "$tmp/am" am "$O/v4.6/latepte-v4.6.mbox"
fresh
apply
check "and gives what apply gives" diff -r -x .git -x .latepte.patch -x usr "$tree" "$tmp/am"
run "$P/tools/tree/apply" "$tmp/am"
expect 1 "Is it applied already" "a tree with the mailbox in it is refused"
run env BASE=v9 O="$tmp/o9" "$P/tools/tree/mbox"
expect 1 'there is no patches/v9/base' "a mailbox of a base that there is not"
check "leaves nothing" [ ! -e "$tmp/o9" ]
