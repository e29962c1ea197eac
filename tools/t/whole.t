#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# whole.t: "make run BASE=v4.6" from a tarball in dl/ to the verdict, with a
# made-up kernel, compiler and QEMU. Only its checksum keeps a tarball with the
# right name out.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 10

fake_project
fake_series
fake_kernel "$tmp/linux-4.6"
printf 'same fault/fault good\nnew writeback/writeback bad\nfails writeback/writeback * reserve\n' >"$P/patches/v4.6/expect"
fake_guest
fake_command wget <<'END'
echo "wget $*" >>"$HOME/wget"
exit 4
END
PATH=$tmp/bin:$PATH
mkdir "$P/dl"
tar -C "$tmp" -cJf "$P/dl/linux-4.6.tar.xz" linux-4.6
# make as a user calls it
user_make() { run env -u LATEPTE_ENV make -C "$P" --no-print-directory "$@" BASE=v4.6 ACCEL=tcg; }
downloaded() { [ -e "$HOME/wget" ]; }
was=$(sha256sum "$P/dl/linux-4.6.tar.xz")

user_make run
expect 2 'linux-4.6.tar.xz is not what kernel.org published: its SHA-256 is not' "a tarball of that name: its checksum is what is wrong with it"
[ "$(grep -c latepte: "$out")" = 1 ]
ok $? "and nothing else" || diag
check "nothing of it is taken" not test -e "$P/build/v4.6/source"
sed -i "s/^sha256=.*/sha256=${was%% *}/" "$P/patches/v4.6/base"
user_make run
expect 0 '^SOURCE +.*/dl/linux-4.6.tar.xz' "with the checksum of the base it is taken"
expect 0 'result +PASS' "it is built, booted and passes"
expect 0 '2 as expected \(1 new, 1 same\), .*0 failed, 0 skipped' "every case of it"
user_make run VARIANT=control
expect 0 'result +PASS' "and so does the control, on which the new case fails"
not downloaded
ok $? "all without the net"
check "the tarball is as it was" [ "$was" = "$(sha256sum "$P/dl/linux-4.6.tar.xz")" ]
rm -r "$P/dl" "$P/build"
user_make run
downloaded
ok $? "without it, it is asked for" || diag
