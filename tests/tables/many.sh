#!/usr/bin/env bash
# Several runs in one table and one comparison: columns are named by the keys in which the runs differ, numbers are those
# of each run's own table, and pairs are corrected together.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "SKIPPED: sqlite3 is not installed"; exit 77; }
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
run() { "$vitx" run configs/smoke.yaml --quiet --out "$work/$1" "${@:2}" > /dev/null 2> "$work/said" || fail "$(cat "$work/said")"; }

run a.sqlite --set 'methods=[rollout, cam]' --set head.random=10 --set head.seed=1
run b.sqlite --set 'methods=[rollout, cam, center]' --set head.random=10 --set head.seed=2
run a.sqlite --set 'methods=[cam]' --set head.random=10 --set head.seed=3
cd "$work"

"$vitx" table a.sqlite:1 b.sqlite a.sqlite:2 --resamples 0 > text
grep -q '^method .*head.seed=1  head.seed=2  head.seed=3$' text || fail "heads: $(cat text)"
"$vitx" table a.sqlite:1 b.sqlite a.sqlite:2 --resamples 200 --format csv > many.csv
for one in 'a.sqlite 1 1' 'b.sqlite 1 2' 'a.sqlite 2 3'; do
  read -r file number seed <<< "$one"
  "$vitx" table $file --run $number --resamples 200 --format csv > one.csv
  python3 - "$seed" <<'P' || fail "seed $seed has other numbers than its own table"
import csv, sys
own = {row["method"]: row for row in csv.DictReader(open("one.csv"))}
many = {row["method"]: row for row in csv.DictReader(open("many.csv"))}
assert set(own) <= set(many) and len(many) == 3
for method, row in many.items():
    for name in "iou", "iou_low", "iou_high":
        there = row[f"{name}: head.seed={sys.argv[1]}"]
        assert there == (own[method][name] if method in own else ""), (method, name, there)
P
done
# Runs that no key tells apart are told by their files.
cp b.sqlite c.sqlite
"$vitx" table b.sqlite c.sqlite --resamples 0 | grep -q '^method .*b.sqlite  c.sqlite$' || fail "files: $("$vitx" table b.sqlite c.sqlite)"

"$vitx" compare a.sqlite:1 b.sqlite a.sqlite:2 --format csv > compared.csv
"$vitx" compare a.sqlite:1 b.sqlite --format csv > two.csv
python3 - <<'P' || fail "three runs are compared in another way than two"
import csv
rows = list(csv.DictReader(open("compared.csv")))
two = {row["first"]: row for row in csv.DictReader(open("two.csv"))}
assert [(r["method"], r["run"]) for r in rows] == [("rollout", "head.seed=2"), ("cam", "head.seed=2"), ("cam", "head.seed=3")], rows
for row in rows[:2]:  # a run less the first, where two files are first less second
    other = two[row["method"]]
    assert abs(float(row["difference"]) + float(other["difference"])) < 1e-12 and row["wilcoxon_p"] == other["wilcoxon_p"], row
    assert (row["wins"], row["losses"]) == (other["losses"], other["wins"])
p = sorted(float(row["wilcoxon_p"]) for row in rows)
holm = sorted(float(row["wilcoxon_holm"]) for row in rows)
assert holm[0] == min(1, 3 * p[0]), (p, holm)
P
"$vitx" compare a.sqlite:1 b.sqlite a.sqlite:2 --fail-below 1000 > /dev/null 2> said && fail "--fail-below"
grep -q 'below 1000' said || fail "$(cat said)"
for bad in '--run 1' '--by size' '--sort iou'; do
  "$vitx" table a.sqlite b.sqlite $bad > /dev/null 2> said && fail "$bad"
  grep -q 'of several files without' said || fail "$bad: $(cat said)"
done
"$vitx" table a.sqlite:1 none.sqlite > /dev/null 2> said && fail "a file that is not there"
grep -q 'none.sqlite' said || fail "$(cat said)"
"$vitx" table a.sqlite:9 b.sqlite > /dev/null 2> said && fail "a run that is not there"
grep -q 'no run 9' said || fail "$(cat said)"
