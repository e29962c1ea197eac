#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# exact.t: a user's tree, wherever it is, whoever owns it and however its git is
# set up: all of the series goes in, and out of it again, with the same bytes,
# modes and owners. What git cannot read is not "clean".

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 42

fake_project
fake_series
export O="$tmp/o"
fake_tree "$tmp/pristine" 4 6
(cd "$tmp/pristine" && chmod 664 mm/memory.c && chmod 444 mm/Kconfig.debug && echo '#!/bin/sh' >script && chmod 755 script)
P2=$P # the project to apply from
state() { # DIR: except for git's own files
	(cd "$1" && find . -path ./.git -prune -o -printf '%p %y %m %U:%G %l\n' | sort &&
		find . -path ./.git -prune -o -type f -print | sort | xargs -d '\n' sha256sum)
}
all_in() { # DIR: all of the series, and git sees the same as patch(1)
	grep -qx 'memory twenty' "$1/mm/memory.c" && grep -qx 'memory twenty-three' "$1/mm/memory.c" &&
		cmp "$P/mm/fault_selftest.c" "$1/mm/fault_selftest.c" &&
		grep -q FAULT_SELFTEST "$1/mm/Kconfig.debug" && ! grep -q "$(printf '\r')" "$1/mm/memory.c"
}
# there_and_back DIR NAME [VAR=VALUE...]: two tests
there_and_back() {
	d=$1 name=$2
	shift 2
	state "$d" >"$tmp/was"
	run env "$@" "$P2/tools/tree/apply" "$d"
	[ $rc = 0 ] && grep -q '^applied: 5 patches, 4 files' "$out" && all_in "$d"
	ok $? "$name: all of it goes in" || diag
	run env "$@" "$P2/tools/tree/unapply" "$d"
	state "$d" | cmp -s - "$tmp/was"
	ok $? "$name: and out, exactly" || { diag; state "$d" | diff - "$tmp/was" | sed 's/^/# /'; }
}
fresh() { rm -rf "$tmp/tree" && cp -a "$tmp/pristine" "$tmp/tree"; }
fresh_git() {
	fresh
	(cd "$tmp/tree" && git init -q . && dev add -f -A . && dev commit -q -m base)
}
refused() { # TEXT DESCRIPTION: apply and source both refuse, and change nothing
	state "$tmp/tree" >"$tmp/was"
	run "$P/tools/tree/apply" "$tmp/tree"
	[ $rc = 1 ] && grep -qE -e "$1" "$out" && state "$tmp/tree" | cmp -s - "$tmp/was"
	ok $? "$2: apply refuses" || diag
	run env LINUX="$tmp/tree" BASE=v4.6 "$P/tools/tree/source"
	[ $rc = 1 ] && [ ! -e "$O/v4.6/source" ]
	ok $? "$2: so does a build" || diag
	rm -rf "$O"
}

# --- modes
fresh
there_and_back "$tmp/tree" "modes of 664 and 444"
run "$P/tools/tree/apply" "$tmp/tree"
check "they are the same while it is in" [ "$(cd "$tmp/tree/mm" && stat -c %a memory.c Kconfig.debug | paste -sd' ')" = "664 444" ]
fresh
(umask 077; LATEPTE_ENV='' run "$P/tools/tree/apply" "$tmp/tree")
check "umask 077: new files may be read by others" [ "$(stat -c %a "$tmp/tree/mm/fault_selftest.c")" = 644 ]

# --- settings of the tree's git
fresh_git
git -C "$tmp/tree" config core.autocrlf true
git -C "$tmp/tree" config core.safecrlf true
there_and_back "$tmp/tree" "core.autocrlf of the tree's"
check "git sees no change" [ -z "$(git -C "$tmp/tree" status --porcelain --ignored)" ]
fresh_git
printf '%s\n' '*.c text eol=crlf' '*.debug filter=rot ident' >"$tmp/tree/.git/info/attributes"
git -C "$tmp/tree" config filter.rot.smudge 'tr a-z b-za'
there_and_back "$tmp/tree" "attributes and filters of the tree's"
fresh
printf '%s\n' '*.c text eol=crlf' '* whitespace=tab-in-indent' >"$tmp/tree/.gitattributes"
there_and_back "$tmp/tree" ".gitattributes of the tree's"
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=diff.noprefix GIT_CONFIG_VALUE_0=true \
	GIT_CONFIG_KEY_1=core.autocrlf GIT_CONFIG_VALUE_1=true
fresh
there_and_back "$tmp/tree" "GIT_CONFIG_COUNT" LATEPTE_ENV=
unset GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 GIT_CONFIG_KEY_1 GIT_CONFIG_VALUE_1

# --- location
odd="R&D, \"it's\" a:b\\c #1"
mkdir "$tmp/$odd"
git init -q "$tmp/$odd" # another repository, perhaps of a whole home directory
cp -a "$tmp/pristine" "$tmp/$odd/linux"
there_and_back "$tmp/$odd/linux" "blank, &, quotes, colon and backslash in LINUX, within a repository"
mkdir "$tmp/$odd/x"
ln -s ../linux "$tmp/$odd/x/link"
there_and_back "$tmp/$odd/x/link/" "a link into a repository"
cp -a "$P" "$tmp/$odd/project"
P2=$tmp/$odd/project
fresh
there_and_back "$tmp/tree" "the same in the path of the project"
P2=$P
mkdir "$tmp/$odd/tmp"
there_and_back "$tmp/tree" "and in TMPDIR" TMPDIR="$tmp/$odd/tmp"

# --- a patch that cannot be read
fresh
fake_command cat <<END
case \$1 in */0002*) echo "cat: \$1: Input/output error" >&2; exit 1 ;; esac
exec $(command -v cat) "\$@"
END
state "$tmp/tree" >"$tmp/was"
run env PATH="$tmp/bin:$PATH" "$P/tools/tree/apply" "$tmp/tree"
expect 1 'cannot put the patches together' "a patch that cannot be read"
check "is not left out" sh -c "[ ! -e '$tmp/tree/.latepte.patch' ]"
run env PATH="$tmp/bin:$PATH" BASE=v4.6 "$P/tools/tree/mbox"
expect 1 'cannot write' "nor of the mailbox"
rm "$tmp/bin/cat"

# --- what git cannot read
fresh_git
echo junk >"$tmp/tree/.git/index"
refused 'git cannot tell whether .* has changes' "a corrupt index"
fresh_git
git init -q "$tmp" # one further up, which is clean
rm "$tmp/tree/.git/HEAD"
refused 'git does not read it|git cannot tell' "a broken repository within another"
rm -rf "$tmp/.git"

# --- another owner
if [ "$(id -u)" = 0 ] && chown 1000:1000 "$tmp/out" 2>/dev/null; then
	fresh_git
	chown -R 1000:1001 "$tmp/tree"
	refused 'dubious ownership' "a repository of another owner"
	git config --global --add safe.directory "$tmp/tree"
	there_and_back "$tmp/tree" "one that git is told to trust"
	run "$P/tools/tree/apply" "$tmp/tree"
	check "all of it belongs to its owner" [ -z "$(find "$tmp/tree" ! -user 1000 -o ! -group 1001)" ]
	run "$P/tools/tree/unapply" "$tmp/tree"
	echo mine >>"$tmp/tree/fs/fork.c"
	refused 'changes that are not committed' "one with changes"
	fresh
	chown -R 1000:1001 "$tmp/tree"
	there_and_back "$tmp/tree" "a folder of another owner"
	chmod 711 "$tmp"
	chmod 555 "$tmp/tree/mm"
	mkdir "$tmp/his" && chown 1000 "$tmp/his"
	state "$tmp/tree" >"$tmp/was"
	run setpriv --reuid 1000 --regid 1001 --clear-groups env HOME="$tmp/his" TMPDIR="$tmp/his" \
		"$P2/tools/tree/apply" "$tmp/tree"
	expect 1 'as it was' "a directory in which the user may not write"
	state "$tmp/tree" | cmp -s - "$tmp/was"
	ok $? "nothing has changed in it" || diag
else
	while [ $tests -lt 39 ]; do skip "a tree of another owner" "not root"; done
fi

# --- a git that fails, at each of its calls: nothing is assumed done
fresh_git
fake_command git <<END
echo >>"$tmp/calls"
[ \$(wc -l <"$tmp/calls") != "\$AT" ] || { [ ! "\$SEND" ] || kill -s "\$SEND" 0; echo "fatal: unable to do that" >&2; exit 128; }
exec $(command -v git) "\$@"
END
at=0 bad=
while [ $at -lt 40 ]; do
	at=$((at + 1))
	rm -rf "$O"
	: >"$tmp/calls"
	run env AT=$at PATH="$tmp/bin:$PATH" LINUX="$tmp/tree" BASE=v4.6 "$P/tools/tree/source"
	[ "$(wc -l <"$tmp/calls")" -ge $at ] || break
	if [ $rc != 0 ]; then [ ! -e "$O/v4.6/source" ]; else
		git --git-dir="$O/v4.6/linux.git" cat-file -p base:mm/memory.c 2>&1 | cmp -s - "$tmp/tree/mm/memory.c"
	fi || bad="$bad $at"
done
[ -z "$bad" ] && [ $at -gt 10 ]
ok $? "an import in which one of $((at - 1)) calls of git fails leaves no stamp:$bad" || diag
# at_each COMMAND...: which of the calls leave another tree than all or nothing
at_each() {
	at=0 bad=
	while [ $at -lt 20 ]; do
		at=$((at + 1))
		: >"$tmp/calls"
		state "$tmp/tree" >"$tmp/was"
		run env AT=$at PATH="$tmp/bin:$PATH" "$@" "$P/tools/tree/apply" "$tmp/tree"
		[ "$(wc -l <"$tmp/calls")" -ge $at ] || break
		[ $rc != 0 ] || { all_in "$tmp/tree" >"$out" && "$P/tools/tree/unapply" "$tmp/tree" >"$out"; }
		state "$tmp/tree" | cmp -s - "$tmp/was" || bad="$bad $at"
	done
	[ -z "$bad" ] && [ $at -gt 5 ]
}
at_each
ok $? "apply, the same: all of it or nothing:$bad" || diag
at_each setsid -w env --default-signal=INT SEND=INT
ok $? "SIGINT at each call: all of it or nothing:$bad" || diag
