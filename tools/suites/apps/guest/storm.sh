# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What kbuild does for each object, except for compiling: a shell that runs
# small programs.

cat >/tmp/object <<'END'
name=$(basename "$1" .c)
dir=$(dirname "$1")
mkdir -p "/tmp/out/$dir"
echo "cmd_$name.o := cc -o $name.o $1" >"/tmp/out/$dir/.$name.o.cmd"
sed -e 's/cc/gcc/' -e 's/ :=/:=/' "/tmp/out/$dir/.$name.o.cmd" >"/tmp/out/$dir/.$name.tmp"
cmp -s "/tmp/out/$dir/.$name.tmp" "/tmp/out/$dir/$name.o.d" ||
	mv "/tmp/out/$dir/.$name.tmp" "/tmp/out/$dir/$name.o.d"
tr a-z A-Z <"/tmp/out/$dir/$name.o.d" | sort | uniq >/dev/null
expr "$name" : 'f\(.*\)' >/dev/null
true
END
cat >/tmp/build <<'END'
i=0
while [ $i -lt 40 ]; do
	/usr/bin/dash /tmp/object drivers/d/f$i.c || exit
	i=$((i + 1))
done
END
PATH=/usr/bin
/apps/measure storm /usr/bin/dash /tmp/build || fail "the build failed"
PATH=/apps:/usr/sbin:/usr/bin:/apps/bin
