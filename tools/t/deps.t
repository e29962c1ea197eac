#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deps.t: make deps installs what is missing and nothing else; without apt-get
# it says what is needed. dpkg-query, apt-get, sudo and id are scripts of the
# test.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 26

fake_project
deps="$P/tools/deps"
printf 'gcc   # a comment\nmake\n# a line of comment\nnosuch-package\n' >"$P/tools/deps.list"
mkdir -p "$P/tools/arch/toy"
sed -i 's/^packages=.*/packages=gcc/' "$P/tools/arch/x86_64/arch"
echo 'packages=gcc toy-gcc' >"$P/tools/arch/toy/arch"
calls=$tmp/calls
called() { grep -qxF -- "$1" "$calls"; }

# Only what a bare machine has, so that nothing of this one is used.
mkdir "$tmp/bare"
for c in sh env dirname sed cat grep cut tr sort paste head tail rm mktemp mkdir; do
	ln -s "$(command -v $c)" "$tmp/bare/$c"
done
cat >"$tmp/bare/dpkg-query" <<END
#!/bin/sh
for p; do :; done # the last one
case " \$INSTALLED " in *" \$p "*) echo "install ok installed" ;; *) exit 1 ;; esac
END
printf '#!/bin/sh\necho ${FAKE_UID:-0}\n' >"$tmp/bare/id"
chmod +x "$tmp/bare/dpkg-query" "$tmp/bare/id"
bare() { : >"$calls"; run env -i HOME="$HOME" PATH="$tmp/bare" TMPDIR="$tmp" LATEPTE_ENV=test "$@" "$deps"; }

bare
expect 0 'No apt-get here' "no apt-get: it says so"
expect 0 '^  nosuch-package$' "and lists what is needed"
expect 0 'LINUX=' "and how to do without the Debian package"
cat >"$tmp/bare/apt-get" <<END
#!/bin/sh
echo "apt-get \$*" >>"$calls"
echo "DEBIAN_FRONTEND=\$DEBIAN_FRONTEND" >>"$calls"
case " \$* " in *" \${NONE:-none} "*) echo "E: Unable to locate" >&2; exit 100 ;; esac
[ "\$1" != "\$FAIL" ] && [ "\$2" != "\$FAIL" ] || { echo "E: Unable to locate" >&2; exit 100; }
END
cat >"$tmp/bare/sudo" <<END
#!/bin/sh
echo "sudo \$*" | sed 's/env DEBIAN[^ ]* //' >>"$calls"
exec env -i PATH="$tmp/bare" "\$@"
END
chmod +x "$tmp/bare/apt-get" "$tmp/bare/sudo"

bare INSTALLED="gcc make nosuch-package"
ok "$([ $rc = 0 ] && [ ! -s "$out" ]; echo $?)" "nothing is missing: nothing is said" || diag
check "and nothing is done" not test -s "$calls"
bare INSTALLED="gcc"
expect 0 '^DEPS +make nosuch-package$' "what is missing is named"
check "and installed" called 'apt-get install -y -qq --no-install-recommends make nosuch-package'
check "after an update" called 'apt-get -qq update'
check "with no question asked" called DEBIAN_FRONTEND=noninteractive
not grep -q sudo "$calls"
ok $? "root needs no sudo" || diag
bare INSTALLED="gcc make nosuch-package" GUEST_ARCH=toy
expect 0 '^DEPS +toy-gcc$' "what guests of an architecture need, for that one"
bare FAKE_UID=1000
check "somebody else does" called 'sudo apt-get install -y -qq --no-install-recommends gcc make nosuch-package'
check "who hands on no environment" called DEBIAN_FRONTEND=noninteractive
check "and no more is asked of apt-get twice" [ "$(grep -c '^apt-get' "$calls")" = 2 ]
sed -i /nosuch/d "$P/tools/deps.list"
echo 'package=nosuch-package' >>"$P/patches/v6.12/base"
bare BASE=v4.6
check "the source of another base is not needed" called 'apt-get install -y -qq --no-install-recommends gcc make'
bare LINUX="$tmp/tree" BASE=v6.12
check "nor that of one with LINUX=" called 'apt-get install -y -qq --no-install-recommends gcc make'
bare BASE=v6.12
check "its own is" called 'apt-get install -y -qq --no-install-recommends gcc make nosuch-package'
bare BASE=v6.12 NONE=nosuch-package
expect 1 'could not install: nosuch-package. If' "a package that there is not is named alone"
check "and the others are installed without it" called 'apt-get install -y -qq --no-install-recommends make'
bare FAIL=update
expect 0 'apt-get update failed; trying with the lists' "no network for the lists: it is tried without"
bare FAIL=install
expect 1 'apt-get could not install: gcc make nosuch-package' "an install that fails is an error"
expect 1 'E: Unable to locate' "and apt-get's reason is shown"
check "no log is left behind" [ -z "$(find "$tmp" -mindepth 1 -maxdepth 1 -name '*tmp.*')" ]
rm "$tmp/bare/sudo"
bare INSTALLED="gcc make nosuch-package" GUEST_ARCH=toy
expect 0 '^DEPS +toy-gcc$' "what guests of an architecture need, for that one"
bare FAKE_UID=1000
expect 1 'sudo' "without sudo either, it says so"

# The real list
sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$top/tools/deps.list" >"$out"
not grep -vE '^[a-z0-9][a-z0-9.+-]+$' "$out"
ok $? "the list has one package a line" || diag
