#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# source.t: a kernel tree, in whatever form, becomes the base; or one sentence
# says why not. The user's tree is never touched.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 50

fake_project
export O="$tmp/o" DL="$tmp/dl" BASE=v4.6
source="$P/tools/tree/source"
repo=$O/v4.6/linux.git
fresh() { rm -rf "$O"; }
base_file() { git --git-dir="$repo" cat-file -p "base:$1"; }
untouched() { [ "$(fingerprint "$1")" = "$2" ]; }

# --- a directory
fake_tree "$tmp/tree" 4 6
was=$(fingerprint "$tmp/tree")
run env LINUX="$tmp/tree" "$source"
expect 0 "SOURCE +$tmp/tree" "a directory becomes the base"
check "every file of it is there, ignored or not" \
	sh -c "git --git-dir='$repo' cat-file -p base:mm/memory.c | cmp - '$tmp/tree/mm/memory.c'"
check "a link stays a link" sh -c "git --git-dir='$repo' ls-tree base mm/link.c | grep -q ^120000"
check "the directory is as it was" untouched "$tmp/tree" "$was"
commit=$(git --git-dir="$repo" rev-parse base)
touch "$tmp/second"
run env LINUX="$tmp/tree" "$source"
ok "$([ -s "$out" ]; echo $((! $?)))" "a second call says nothing" || diag
check "and writes nothing" sh -c "[ -z \"\$(find '$O' -newer '$tmp/second' -type f)\" ]"
echo more >>"$tmp/tree/mm/memory.c"
run env LINUX="$tmp/tree" "$source"
expect 0 SOURCE "a file that changed is brought in"
check "with what is in it now" sh -c "git --git-dir='$repo' cat-file -p base:mm/memory.c | grep -qx more"
: >"$tmp/tree/mm/memory.o"
run env LINUX="$tmp/tree" "$source"
check "what a build left behind is not" not base_file mm/memory.o
rm "$tmp/tree/mm/memory.o"
mkdir -p "$tmp/tree/scripts/mod"
for f in modpost bounds.s 'a [b].c'; do
	: >"$tmp/tree/scripts/mod/$f"
	: >"$tmp/tree/scripts/mod/.$f.cmd"
done
: >"$tmp/tree/scripts/mod/a b.c"
run env LINUX="$tmp/tree" "$source"
check "nor are programs and intermediate files" [ -z "$(git --git-dir="$repo" ls-tree -r --name-only base scripts | grep -v 'a b.c')" ]
check "a file that only looks like it is" base_file 'scripts/mod/a b.c'
check "what git is to ignore is" base_file .gitignore
rm -r "$tmp/tree/scripts"
fake_command tar <<END
[ "\$1" = -c ] || exec $(command -v tar) "\$@"
$(command -v tar) "\$@"
exit 2
END
run env PATH="$tmp/bin:$PATH" LINUX="$tmp/tree" "$source"
expect 1 'cannot be unpacked' "a file that cannot be read is not passed over"
rm "$tmp/bin/tar"

# --- a repository
fresh
fake_git "$tmp/git" 4 6
was=$(fingerprint "$tmp/git")
run env LINUX="$tmp/git" "$source"
expect 0 SOURCE "a git repository becomes the base"
touch "$tmp/git/mm/memory.c" # git status would like to write the index now
was=$(fingerprint "$tmp/git")
run env LINUX="$tmp/git" "$source"
check "not even its index is written" untouched "$tmp/git" "$was"
check "the same tree is the same commit, wherever it came from" sh -c "
	rm -rf '$O'; sed -i '\$d' '$tmp/tree/mm/memory.c'
	LINUX='$tmp/tree' '$source' && [ \$(git --git-dir='$repo' rev-parse base) = $commit ]"
echo dirt >>"$tmp/git/fs/fork.c"
run env LINUX="$tmp/git" "$source"
expect 1 'changes that are not committed' "one with changes is refused"
dev -C "$tmp/git" commit -q -a -m dirt
run env LINUX="$tmp/git" "$source"
expect 0 SOURCE "and taken once they are committed"
git clone -q --bare "$tmp/git" "$tmp/bare.git"
fresh
run env LINUX="$tmp/bare.git" "$source"
expect 0 SOURCE "a bare one will do"
check "with what is committed there" sh -c "git --git-dir='$repo' cat-file -p base:fs/fork.c | grep -qx dirt"
run env -C "$tmp" LINUX=./git "$source"
expect 0 "SOURCE +$tmp/" "a path may be relative"

fresh
cp -a "$tmp/bare.git" "$tmp/my tree"
run env LINUX="$tmp/my tree" "$source"
expect 0 "SOURCE +$tmp/my tree" "and have blanks in it"
cp -a "$tmp/tree" "$tmp/my folder"
run env LINUX="$tmp/my folder" "$source"
expect 0 "SOURCE +$tmp/my folder" "as a directory, too"

# --- a tarball
rm -rf "$tmp/git"
fresh
fake_tree "$tmp/linux-4.6" 4 6
tar -C "$tmp" --sort=name -cJf "$tmp/linux-4.6.tar.xz" linux-4.6
was=$(sha256sum <"$tmp/linux-4.6.tar.xz")
run env LINUX="$tmp/linux-4.6.tar.xz" "$source"
expect 0 SOURCE "a tarball becomes the base"
run env LINUX="$tmp/linux-4.6.tar.xz" "$source"
not test -s "$out"
ok $? "and only once" || diag
check "it is as it was" [ "$was" = "$(sha256sum <"$tmp/linux-4.6.tar.xz")" ]
head -c 300 "$tmp/linux-4.6.tar.xz" >"$tmp/cut.tar.xz"
run env LINUX="$tmp/cut.tar.xz" "$source"
expect 1 'corrupt' "a corrupt one is told"
tar -C "$tmp/linux-4.6" -cJf "$tmp/mm.tar.xz" mm
run env LINUX="$tmp/mm.tar.xz" "$source"
expect 1 'is not a kernel tree' "and one with no kernel in it"
run env LINUX="$tmp/nowhere" "$source"
expect 1 'no such directory, git repository or tarball' "and one that is not there"
not grep -q 'relative' "$out"
ok $? "whose path is whole" || diag
run env -C "$tmp" LINUX=nowhere "$source"
expect 1 "LINUX=nowhere: no such .*\(relative to $tmp\)" "if it is relative: to what"
run env -C "$tmp" LINUX=nowhere "$P/tools/tree/apply"
expect 1 "LINUX=nowhere: .*\(relative to $tmp\)" "by apply, too"
mkdir "$tmp/two" && cp -a "$tmp/linux-4.6" "$tmp/two/a" && cp -a "$tmp/linux-4.6" "$tmp/two/b"
fresh
tar -C "$tmp/two" -cf "$tmp/dot.tar" ./a
run env LINUX="$tmp/dot.tar" "$source"
expect 0 SOURCE "one with ./linux/ in it is taken"
check "from where the tree begins" base_file mm/memory.c
tar -C "$tmp/two" -cf "$tmp/two.tar" a b
run env LINUX="$tmp/two.tar" "$source"
expect 1 'more than one folder at its top: a b' "one with two trees is not"

# --- the wrong tree
fake_tree "$tmp/old" 3 10
run env LINUX="$tmp/old" "$source"
expect 1 'is Linux 3.10, and no base covers that version. There is: v4.6 v6.12' "a version that no base covers"
fake_tree "$tmp/new" 6 12
run env LINUX="$tmp/new" "$source"
expect 1 'BASE=v6.12, and BASE=v4.6 was asked for' "another version than BASE says"
run env LINUX="$tmp/new" "$source" --fits
expect 1 'BASE=v6.12, and BASE=v4.6 was asked for' "source --fits says the same"
run env LINUX="$tmp/new" BASE=v4.6 "$P/tools/args"
expect 1 'BASE=v6.12, and BASE=v4.6 was asked for' "so do targets that do not touch the tree"
run env LINUX="$tmp/new" "$source" --base
expect 0 '^v6.12$' "source --base tells the base"
echo 'mark=include/linux/mm.h: struct fault_env {' >>"$P/patches/v4.6/base"
echo 'struct fault_env {' >>"$tmp/linux-4.6/include/linux/mm.h"
run env LINUX="$tmp/linux-4.6" "$source"
expect 1 'already has .struct fault_env' "a tree with the series in it"
check "leaves no half import" not test -e "$O/v4.6/import"
sed -i '$d' "$tmp/linux-4.6/include/linux/mm.h"
: >"$tmp/linux-4.6/.latepte.patch"
run env LINUX="$tmp/linux-4.6" "$source"
expect 1 'make unapply' "a tree that 'make apply' was at"

# --- no LINUX: the download folder, and the network
fresh
fake_command wget <<'END'
while [ "$1" != -O ]; do shift; done
echo half >"$2"
echo "wget: no net" >&2
exit 4
END
PATH=$tmp/bin:$PATH
run "$source"
expect 1 'no v4.6 tree: .*dl/linux-4.6.tar.xz is not there and http.* cannot be downloaded.*LINUX=' "offline: what was tried, what to do"
expect 1 'wget: no net' "and why"
check "what came is kept, under another name" [ "$(ls "$DL")" = linux-4.6.tar.xz.part ]
rm "$DL"/*
cp "$tmp/linux-4.6.tar.xz" "$DL/"
run "$source"
expect 1 'its SHA-256 is not' "a tarball that is not the published one is refused"
sed -i "s/^sha256=.*/sha256=$(sha256sum <"$DL/linux-4.6.tar.xz" | cut -d' ' -f1)/" "$P/patches/v4.6/base"
run "$source"
expect 0 SOURCE "and the right one is taken, without the net"
sed -i 's/^url=.*/package=linux-source\ntarball=\/nowhere\/linux.tar.xz/' "$P/patches/v6.12/base"
run env BASE=v6.12 "$source"
expect 1 "no v6.12 tree: /nowhere/linux.tar.xz is not there \(Debian package linux-source\). Run 'make deps'" "a package that is not installed"
run env BASE=v9 "$source"
expect 1 'there is no patches/v9/base' "a base that there is not"
