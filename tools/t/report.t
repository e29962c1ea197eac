#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# report.t: the page about what was run. Its verdict, what it leaves out, and
# that a guest's output is nothing but text in it.

# shellcheck source=tools/t/lib.sh
. "$(dirname "$0")/lib.sh"
plan 63

fake_project
export O="$tmp/o & <u>"
b=$O/v4.6
cat >"$P/patches/v4.6/expect" <<'END_OF_LIST'
same fault/x stays
# a reason <why> & how
xfail fault/x left
new writeback/y better
skip writeback/y never
END_OF_LIST
report() { run "$P/tools/suites/report/run" "$@"; }
page() { grep -qF -e "$1" "$O/report.html"; }
has() { page "$1"; ok $? "$2" || sed -n '/<header>/,/<\/header>/p; s/^/# /' "$O/report.html" | head -n 12; }
has_not() { ! page "$1"; ok $? "$2" || grep -nF -e "$1" "$O/report.html" | cut -c1-200 | sed 's/^/# /'; }
row() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@"; }
# guest VARIANT: a guest with all results as expected
guest() {
	d=$b/$1
	rm -rf "$d"
	mkdir -p "$d/judged" "$d/tap"
	{
		row good same pass fault/x stays same
		row good xfail fail fault/x left 'xfail: fails here, as it must'
		row good new pass writeback/y better new
		row good skip skip writeback/y never skip
		row good guest pass guest up 'guest came up'
	} >"$d/judged/rows"
	printf '# skipped: no such thing\nok 2 # SKIP never\n' >"$d/tap/writeback.y.tap"
	printf 'kernel\t4.6.2\nmachine\ttcg, 2 CPUs, 512M\nagain\tmake run BASE=v4.6 VARIANT=%s\n' "$1" >"$d/about"
	printf '%s\n' 'Linux version 4.6.2' 'latepte: begin fault/x' 'inside x' 'latepte: end fault/x' \
		'latepte: begin writeback/y' 'inside y' 'latepte: end writeback/y' >"$d/console.log"
}

# --- nothing
report
expect 1 "nothing was run yet in .*: 'make check' has" "an empty build folder"
[ "$(wc -l <"$out")" = 1 ]
ok $? "is one sentence" || diag
report v4.6
expect 1 "'make check BASE=v4.6' has" "that names the base that was asked for"
ok "$([ ! -e "$O" ]; echo $?)" "and no folder is made"

# --- good
guest control
guest patched
report
expect 0 '^report: .*/report.html$' "two guests are a page"
has '<h1 class="good">As expected</h1>' "all as expected"
has 'No results of v6.12' "a base that was not run is named"
has '<code>make bench BASE=v4.6</code></td><td>not run' "what was not run, with its command"
has 'a reason &lt;why&gt; &amp; how' "an expected failure has the reason of its list"
has 'no such thing' "a skip has that of the guest"
has 'all guests' "and where it holds"
has '&amp; &lt;u&gt;' "the name of the folder is text"
for what in '<script' 'http:' 'https:' 'url(' '@import' '<link'; do
	has_not "$what" "the page asks for nothing: no $what"
done
has "default-src 'none'" "and may not"
# Every element that is opened is closed.
for tag in section table details div svg pre; do
	n=$(grep -o "<${tag}[ >]" "$O/report.html" | wc -l)
	[ "$n" = "$(grep -o "</$tag>" "$O/report.html" | wc -l)" ]
	ok $? "each $tag is closed"
done

touch -d '+1 hour' "$P/patches/v4.6/expect"
report
has 'patches/v4.6 are newer than the results of: control patched' "results of another series"
touch -d '-1 hour' "$P/patches/v4.6/expect"

# --- in part
sed -i '/never/d' "$b/patched/judged/rows"
report
has '<h1 class="part">Incomplete</h1>' "a case that did not run is no success"
has 'patched: 3 of 4 cases' "and is counted"
rm -r "$b/patched"
report
has '<h1 class="part">Incomplete</h1>' "nor is a kernel that did not"

# --- bad, and hostile
guest patched
{
	row bad same fail fault/x stays 'fails'
	row bad none fail fault/x '<script>alert("1")</script>' "is in no & 'list'"
} >>"$b/patched/judged/rows"
sed -i '/good	same/d' "$b/patched/judged/rows"
printf 'not ok 1 - fault/x stays (fails)\n# assertion failed: <b>bold\033[31m\000\377</b>\n1..1\n' >"$b/patched/judged/fault.x.tap"
printf 'latepte: begin writeback/y\noutside\nlatepte: begin fault/x\n</pre><img src=x onerror="alert(1)">\033[1m\r\nlatepte: end fault/x\noutside\n' >"$b/patched/console.log"
report
has '<h1 class="bad">Not as expected</h1>' "a case that fails"
has '</a> patched: 2 failed' "is counted, and where"
has 'make run BASE=v4.6 VARIANT=patched TESTS=&quot;fault/x:stays&quot;' "with the command that repeats it"
has 'VARIANT=patched TESTS=&quot;fault/x&quot;' "of the program, if its name is none of the list"
has '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;' "a name is text"
has 'assertion failed: &lt;b&gt;bold?&lt;/b&gt;' "an assertion is"
has '&lt;/pre&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;' "and a log"
has_not '<script' "and nothing else"
! LC_ALL=C grep -q '[^[:print:][:space:]]' "$O/report.html"
ok $? "no control characters, plain ASCII"
has_not outside "the excerpt is that of the program"
row bad guest fail guest lost 'guest gave a verdict: lost guest: <hang>' >>"$b/control/judged/rows"
echo '[  1.0] BUG: <bad> page' >"$b/control/scan"
report
has 'lost guest: &lt;hang&gt;' "a guest that is lost"
has 'BUG: &lt;bad&gt; page' "with what its log says"

# --- the other targets
guest control
guest patched
mkdir -p "$b/mutants" "$b/bench" "$b/coverage" "$P/patches/v4.6/mutants"
: >"$P/patches/v4.6/mutants/leak.patch"
: >"$P/patches/v4.6/mutants/race.patch"
mkdir "$P/patches/v4.6/mutants/s390x"
: >"$P/patches/v4.6/mutants/s390x/elsewhere.patch"
printf 'good\tfault/x stays\n' >"$b/mutants/leak.result"
{
	printf '# case\tcontrol\tpatched\tratio\tlimit\tkept\n'
	row slow 100 90 0.9000 '<=1.005' yes | sed 's/$/\t0\t0\t1\t1\t0\t0\t-\t-/'
} >"$b/bench/table.tsv"
printf ' context\n+<added> & done\n' >"$b/coverage/x.diff"
report
has '1 of 2 run' "mutants: some of them"
has_not elsewhere "those of another architecture are not missed"
has '1 within limits' "bench"
has '<rect class="good" x=' "with a bar"
has '<ins>+&lt;added&gt; &amp; done</ins>' "coverage, if there is one"
has '<h1 class="good">' "what was not asked for is no failure"
printf 'bad\tmissed\n' >"$b/mutants/race.result"
printf 'good\tlog\n' >"$b/mutants/elsewhere.result"
sed -i 's/0.9000\(.*\)yes/1.2000\1no/' "$b/bench/table.tsv"
report
has 'mutants: 1 of 3 not as expected' "a mutant that is missed"
has '<code>s390x/elsewhere</code>' "and one of another architecture, if it was run"
has 'bench: 1 of 1 over the limit' "a fault that costs too much"
mkdir -p "$b/flakes/1.control" "$b/flakes/10.patched"
echo 0 >"$b/flakes/1.control/status"
echo 1 >"$b/flakes/10.patched/status"
row bad same fail fault/x stays 'not ok' >"$b/flakes/10.patched/rows"
report
has 'flakes: 1 of 2 not as expected' "a flake"
has '<span class="badge bad">fail</span></td><td class="text">fault/x stays</td>' "and the case"
mkdir -p "$b/apps"
printf '# case\tfigure\tunit\tcontrol\tpatched\tratio\tbar\tkept\nredis\tfork\tkB\t9\t9\t1.0000\tx<=0.60\tno\n' >"$b/apps/table.tsv"
report
has '1 figures, 1 miss a bar' "an application that does not gain what it should"
has '<code>redis</code>' "with its figures"
sed -i 's/no$/NO/' "$b/apps/table.tsv"
report
has 'apps: 1 of 1 figures over the limit' "and one that must not lose, and does"
echo 'the guest was lost' >"$b/apps/lost"
report
has 'apps: 1 lost guests' "and one that was lost"
row good same pass fault/x stays same >"$tmp/row"
mkdir -p "$O/v6.12/control/judged" && cp "$tmp/row" "$O/v6.12/control/judged/rows"
report
has '<section id="v6.12">' "all bases in the folder"
report v4.6
has_not '<section id="v6.12">' "or one"

# --- the file
echo mine >"$O/report.html"
report
expect 1 'was not made by' "a file that is not ours"
check "stays" grep -qx mine "$O/report.html"
mkdir -p "$O" && echo v4.6 >"$O/.latepte"
run "$P/tools/clean"
check "not even make clean removes it" grep -qx mine "$O/report.html"
rm -r "$O" && guest control && report
echo v4.6 >"$O/.latepte" && : >"$b/.lock"
run "$P/tools/clean"
expect 0 '' "but that of make report"
ok "$([ ! -e "$O" ]; echo $?)" "with all the rest"
