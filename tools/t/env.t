#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# env.t: whatever the caller exports, and however the user's git or a tree's is
# set up: the results are the same, and nothing of the user's is touched.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 28

fake_project
fake_series
fake_kernel "$tmp/tree"
printf '%s\n' '*.c text eol=crlf' '*.h filter=rot ident' 'fs/* export-ignore' \
	'Makefile export-subst' >"$tmp/tree/.gitattributes"
printf '/* $Id$ */\n' >"$tmp/tree/include/linux/id.h"
echo '# $Format:%H$' >>"$tmp/tree/Makefile"
PATH=$tmp/bin:$PATH
O=$tmp/o
export O
tree=$O/v4.6/patched/linux

# as_user COMMAND...: run it as a user would, with the current environment
as_user() { (cd "$P" && unset LATEPTE_ENV && BASE=v4.6 exec "$@"); }

# What is made of $tmp/tree, in one file.
result() {
	git --git-dir="$O/v4.6/linux.git" rev-parse base
	for v in control patched; do
		git -C "$O/v4.6/$v/linux" rev-parse HEAD
		(cd "$O/v4.6/$v" && sha256sum linux/.config list initrd \
			tests/fault/* tests/writeback/* linux/arch/x86/boot/bzImage)
	done
}
build() { # COMMAND...: that calls what follows it
	rm -rf "$O" "$tmp/result"
	run "$@" tools/build/all control patched
	result >"$tmp/result" 2>&1
}
same_result() { cmp "$tmp/result" "$tmp/result.clean"; }
untouched() { [ "$was" = "$(fingerprint "$1")" ]; }

build as_user env LINUX="$tmp/tree"
expect 0 'BUILD +v4.6 patched' "a build with a clean environment"
mv "$tmp/result" "$tmp/result.clean"
cp "$tree/env.seen" "$tmp/seen.clean"

# --- what is exported ----------------------------------------------------------

theirs=$tmp/theirs
mkdir -p "$theirs/arch/x86/boot" "$theirs/tools" "$tmp/a b"
echo CONFIG_MINE=y >"$theirs/.config"
echo CONFIG_MINE=y >"$theirs/mine.config"
echo '$(shell touch '"$theirs"'/called)' >"$theirs/evil.mk"
was=$(fingerprint "$theirs")
cat >"$tmp/hostile" <<END
KBUILD_OUTPUT=$theirs
KCONFIG_CONFIG=$theirs/mine.config
KCONFIG_ALLCONFIG=1
KBUILD_EXTMOD=$theirs
KCFLAGS=-Werror
KAFLAGS=-Werror
KCPPFLAGS=-DX
ARCH=arm64
SUBARCH=arm64
CROSS_COMPILE=aarch64-linux-gnu-
LLVM=1
CC=clang
CFLAGS=-Werror
MAKEFLAGS=n
GNUMAKEFLAGS=-n
MAKEFILES=$theirs/evil.mk
CDPATH=$theirs:.
GREP_OPTIONS=-v
POSIXLY_CORRECT=1
TAR_OPTIONS=-v --exclude=*.c
XZ_OPT=-Q
LC_ALL=tr_TR.UTF-8
LANG=de_DE.UTF-8
LANGUAGE=de
TMPDIR=$tmp/a b
GIT_DIR=$theirs
GIT_WORK_TREE=$theirs
GIT_INDEX_FILE=$theirs/index
GIT_OBJECT_DIRECTORY=$theirs/objects
GIT_CEILING_DIRECTORIES=/
GIT_COMMON_DIR=$theirs
GIT_QUARANTINE_PATH=$theirs
GIT_DEFAULT_HASH=sha256
GIT_TEMPLATE_DIR=$theirs
GIT_EXTERNAL_DIFF=false
GIT_AUTHOR_DATE=yesterday
GIT_TRACE=$theirs/trace
GIT_CONFIG_COUNT=2
GIT_CONFIG_KEY_0=core.autocrlf
GIT_CONFIG_VALUE_0=true
GIT_CONFIG_KEY_1=diff.noprefix
GIT_CONFIG_VALUE_1=true
GIT_CONFIG_PARAMETERS='commit.gpgSign'='true'
END
under_fire() { # COMMAND...: with all of them
	(
		while IFS= read -r v; do export "${v?}"; done <"$tmp/hostile"
		umask 077
		as_user "$@"
	)
}
build under_fire env LINUX="$tmp/tree"
expect 0 'BUILD +v4.6 patched' "a build with all that may be exported"
check "comes to the same" same_result
check "the KBUILD_OUTPUT of somebody is as it was, his .config and all" untouched "$theirs"
check "what is made may be read by others" [ "$(stat -c %a "$tree/mm/memory.c" "$O/v4.6" | paste -sd' ')" = "644 755" ]
# Is each variable what it is without the hostile ones? (The job server of make
# 4.4 has a new name each time.)
saw() { grep -s "^$1=" "$2" | sed 's,fifo:.*/GMfifo[0-9]*,fifo,'; }
cut -d= -f1 "$tmp/hostile" | grep -vx TMPDIR | while read -r name; do
	saw "$name" "$tmp/seen.clean" >"$tmp/that"
	saw "$name" "$tree/env.seen" | cmp -s - "$tmp/that" || echo "$name"
done >"$out"
ok "$([ -s "$out" ]; echo $((! $?)))" "the kernel's make sees none of it" || { rc=; diag; }
check "but TMPDIR" grep -qxF "TMPDIR=$tmp/a b" "$tree/env.seen"
run as_user env FOO=bar KEEP='FO* BAR' BAR='a  b' tools/env sh -c 'echo "$FOO,$BAR,"'
expect 0 '^bar,a  b,$' "KEEP= lets in what it names, as it is"
run as_user env CCACHE_DIR=/x https_proxy=p tools/env sh -c 'echo "$CCACHE_DIR,$https_proxy"'
expect 0 '^/x,p$' "ccache's variables and proxies get in"
sed -n 's/^export \([A-Z].*\)/\1/p' "$top/Makefile" | tr ' ' '\n' | while read -r v; do
	as_user env "$v=x" tools/env printenv "$v" >/dev/null || echo "$v"
done >"$out"
not test -s "$out"
ok $? "and all that make hands on" || diag

# --- settings of the user's git, and of the tree's ---------------------------

# Whatever this calls leaves a trace, and fails.
printf '#!/bin/sh\necho "$0 $*" >>"%s"\nexit 1\n' "$tmp/called" >"$tmp/call"
chmod +x "$tmp/call"
mkdir -p "$tmp/template/hooks" "$tmp/hooks"
for h in pre-commit post-checkout applypatch-msg reference-transaction; do
	cp "$tmp/call" "$tmp/template/hooks/$h" && cp "$tmp/call" "$tmp/hooks/$h"
done
echo '* text eol=crlf' >"$tmp/attributes"
echo '*' >"$tmp/excludes"
cat >"$tmp/gitconfig" <<END
[tag]
	gpgSign = true
[commit]
	gpgSign = true
[gpg]
	program = $tmp/call
[log]
	showSignature = true
[core]
	autocrlf = true
	safecrlf = true
	eol = crlf
	editor = $tmp/call
	pager = $tmp/call
	hooksPath = $tmp/hooks
	attributesFile = $tmp/attributes
	excludesFile = $tmp/excludes
	abbrev = 40
[filter "rot"]
	clean = $tmp/call
	smudge = $tmp/call
	required = true
[diff]
	noprefix = true
[apply]
	whitespace = fix
[am]
	threeWay = true
[format]
	signOff = true
	attach = true
	pretty = oneline
[color]
	ui = always
[init]
	templateDir = $tmp/template
	defaultObjectFormat = sha256
	defaultBranch = x
[user]
	useConfigOnly = true
END
cp "$tmp/gitconfig" "$HOME/.gitconfig"
home=$(fingerprint "$HOME")
was=$(fingerprint "$tmp/tree")
build as_user env LINUX="$tmp/tree"
expect 0 'BUILD +v4.6 patched' "a build of a directory, with all that git may be set to"
check "comes to the same" same_result
check "the home folder is as it was" [ "$home" = "$(fingerprint "$HOME")" ]
check "and so is the tree" untouched "$tmp/tree"
check "no gpg, editor, hook or filter was called" not test -e "$tmp/called"
rm "$HOME/.gitconfig"
tar -C "$tmp" -cf "$tmp/tree.tar" tree
build as_user env LINUX="$tmp/tree.tar"
expect 0 BUILD "a build of a tarball"
mv "$tmp/result" "$tmp/result.clean"
check "is what was in it, to the byte" cmp "$tree/include/linux/id.h" "$tmp/tree/include/linux/id.h"
cp -a "$tmp/tree" "$tmp/git"
(
	cd "$tmp/git" && git init -q . && echo '* -text -filter -ident' >.git/info/attributes &&
	dev add -f -A . && dev commit -q -m base && rm .git/info/attributes && cat "$tmp/gitconfig" >>.git/config
)
was=$(fingerprint "$tmp/git")
build as_user env LINUX="$tmp/git"
expect 0 'BUILD +v4.6 patched' "a build of a repository, with attributes and settings of its own"
check "comes to the same" same_result
check "the repository is as it was" untouched "$tmp/git"
check "nothing that it names was called" not test -e "$tmp/called"

# The project itself, in a clone that converts line ends.
mkdir "$tmp/project"
cp "$top/.gitattributes" "$top/tools/tree/mbox" "$tmp/project/"
(cd "$tmp/project" && git init -q . && dev add -A . && dev commit -q -m all)
git -c core.autocrlf=true clone -q "$tmp/project" "$tmp/clone"
check "a clone with core.autocrlf is what was cloned" cmp "$top/tools/tree/mbox" "$tmp/clone/mbox"

# --- paths -----------------------------------------------------------------------

user_make() { as_user make --no-print-directory "$@"; }
run user_make mbox O="~/x"
expect 0 "^$HOME/x/v4.6/latepte-v4.6.mbox: 5 patches" "O=~/x is in the home folder, whatever the shell"
run user_make run DL="~/dl"
expect 2 "no v4.6 tree: $HOME/dl/linux-4.6.tar.xz" "and DL=~/dl"
rm -rf "$HOME/x" "$HOME/dl"
mkdir "$tmp/o'brien"
cp -a "$tmp/tree" "$tmp/o'brien/linux"
run as_user env -u BASE make --no-print-directory build apply LINUX="$tmp/o'brien/linux"
expect 0 '^applied: 5 patches' "a ' in LINUX"
touch "$tree/mm/memory.c"
check "and git still tells what was edited there, after a second import" git -C "$tree" status --porcelain
odd="R&D, \"it's\" a:b\\c #1"
cp -a "$P" "$tmp/$odd"
run as_user sh -c 'cd "$0" && make --no-print-directory build LINUX="$1" O="$2"' "$tmp/$odd" "$tmp/tree" "$O"
expect 2 'a kernel cannot be built in a path with' "a path in which no kernel can be built is told"
run as_user sh -c 'cd "$0" && make --no-print-directory mbox' "$tmp/$odd"
expect 0 'latepte-v4.6.mbox: 5 patches' "the mailbox can be made there"
