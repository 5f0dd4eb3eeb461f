#!/usr/bin/env bash
# Maps that leave a results file and come back have the scores that they had; they are rows like the run's own, for every
# command and for a run that goes on; an import that was stopped goes on; what is wrong with maps is one line, and the
# file is as it was.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "SKIPPED: sqlite3 is not installed"; exit 77; }
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
methods='rollout, saliency, cam, foreground, center, lrp-stable'
metrics='[overlap, pointing, average-precision, oracle]'
file=$work/run.sqlite

fail() { echo "FAILED: $*"; exit 1; }
run() { # OPTIONS…
  "$vitx" run configs/smoke.yaml --out "$file" --set model=tests/golden/models/vit-micro --quiet --set "metrics=$metrics" "$@" > "$work/said" 2>&1 ||
    fail "run: $(cat "$work/said")"
}
good() { "$vitx" "$@" > "$work/said" 2>&1 || fail "vitx $*: $(cat "$work/said")"; }
# refused WHY ARGUMENTS…: one line that says so, and the file is as it was
refused() {
  local why=$1 before
  shift
  before=$("$vitx" dump "$file" | sha256sum)
  "$vitx" import "$file" "$@" > "$work/out" 2> "$work/said" && fail "import $*: no failure"
  [ "$(wc -l < "$work/said")" = 1 ] || fail "import $*: not one line: $(cat "$work/said")"
  grep -q -- "$why" "$work/said" || fail "import $*: '$(cat "$work/said")' does not say '$why'"
  [ "$("$vitx" dump "$file" | sha256sum)" = "$before" ] || fail "import $*: the file has changed"
}
said() { grep -q -- "$1" "$work/said" || fail "'$(cat "$work/said")' does not say '$1'"; }

cat > "$work/maps.py" <<'P'
# maps.py OUT ROWS COLUMNS FORMULA: a .npy of FORMULA(row, column), in the standard library alone
import math, struct, sys
out, rows, columns, formula = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (rows, columns)
head += " " * (117 - len(head)) + "\n"
values = [eval(formula, {"r": r, "c": c, "math": math}) for r in range(rows) for c in range(columns)]
open(out, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + head.encode() + struct.pack("<%df" % len(values), *values))
P
make() { mkdir -p "$(dirname "$1")"; python3 "$work/maps.py" "$@"; }

# ---- out and back --------------------------------------------------------------------------------------------------

run --set "methods=[$methods]"
names=$(sqlite3 "$file" 'SELECT name FROM run_methods')
# rows METHOD: what a dump has of it, less its name
rows() { "$vitx" dump "$file" | awk -F'\t' -v OFS='\t' -v m="$1" '($1 == "evaluation" || $1 == "score") && $3 == m {$3 = "x"; print} $1 == "map" && $2 == m {$2 = "x"; print}'; }
for format in npy npz safetensors; do
  good export "$file" --as maps --format $format --out "$work/$format"
  for name in $names; do
    options=()
    case $name in foreground) options+=(--mask) ;; cam | lrp-stable) options+=(--signed) ;; esac
    case $(sqlite3 "$file" "SELECT class_specific FROM run_methods WHERE name = '$name'"),$format in
      0,*) options+=(--target none) ;;
      1,npy) ;;
      *) options+=(--target "$work/$format/$name.csv") ;;
    esac
    maps=$work/$format/$name.$format
    [ $format = npy ] && maps=$work/npy/$name/maps.csv
    good import "$file" "$maps" --as "$format-$name" "${options[@]}"
    said "^6 maps of $format-$name imported into run 1"
    # A map at input size is kept as bytes: a run measures the mass and the maximum of the numbers behind them.
    drop='^nothing'
    case $name in saliency | center | lrp-stable) drop='^score.*\t(pointing|average_precision)' ;; esac
    rows "$name" | grep -vP "$drop" > "$work/a"
    rows "$format-$name" | grep -vP "$drop" > "$work/b"
    [ -s "$work/a" ] && cmp -s "$work/a" "$work/b" || fail "$name by $format is not what it was: $(diff "$work/a" "$work/b" | head -4)"
  done
done
good export "$file" --as scored --format png --out "$work/scored" --methods rollout
good import "$file" "$work/scored/rollout/maps.csv" --as scored --target none
good export "$file" --as masks --out "$work/masks" --methods rollout
good import "$file" "$work/masks/rollout/maps.csv" --as masked --target none --mask
odd=$(sqlite3 "$file" "SELECT count(*) FROM evaluations e JOIN run_methods m ON m.id = e.method JOIN evaluations f ON f.image = e.image
  JOIN run_methods o ON o.id = f.method WHERE o.name = 'rollout' AND m.name IN ('scored', 'masked') AND (e.tp, e.fp, e.iou) IS NOT (f.tp, f.fp, f.iou)")
[ "$odd" = 0 ] || fail "$odd bytes or masks have other scores than their maps"
good export "$file" --as overlays --out "$work/over" --methods saliency --ids smoke_0002
[ "$(ls "$work/over/saliency")" = smoke_0002.png ] || fail "overlays: $(ls "$work/over/saliency")"
good export "$file" --as scores --out "$work"
[ "$(wc -l < "$work/scores.csv")" = $((1 + $(sqlite3 "$file" 'SELECT count(*) FROM evaluations'))) ] || fail "scores.csv"
python3 - "$work/scores.csv" "$file" <<'P' || fail "scores.csv is not what the file has"
import csv, sqlite3, sys
rows = list(csv.DictReader(open(sys.argv[1])))
for row in rows:
    iou, pointing = sqlite3.connect(sys.argv[2]).execute("""SELECT e.iou, s.value FROM evaluations e JOIN run_methods m ON m.id = e.method
      JOIN images i ON i.id = e.image LEFT JOIN scores s ON s.method = e.method AND s.image = e.image AND s.metric = 'pointing'
      WHERE i.image_id = ? AND m.name = ?""", (row["image"], row["method"])).fetchone()
    assert float(row["iou"]) == iou and (row["pointing"] == "" if pointing is None else float(row["pointing"]) == pointing), row
P
good export "$file" --as predictions --out "$work"
[ "$(wc -l < "$work/predictions.csv")" = 7 ] || fail "predictions.csv"

# ---- rows like the others ------------------------------------------------------------------------------------------

good table "$file" --resamples 0
said '^npy-rollout  *imported'
good compare "$file" --methods rollout,npy-rollout
good report "$file" --out "$work/page.html"
good figure "$file" --out "$work/figure.png" --methods npy-rollout,npy-saliency
good rescore "$file" --set score.foreground=main --as main-object
good sweep "$file" --gates 0
good verify "$file"
run --set "methods=[$methods, raw-attention]"
good verify "$file"
[ "$(rows npy-rollout)" = "$(rows npz-rollout)" ] || fail "a run that went on has changed imported maps"
sqlite3 "$file" "SELECT count(*) FROM evaluations e JOIN run_methods m ON m.id = e.method WHERE m.name = 'raw-attention' AND iou >= 0" | grep -qx 6 ||
  fail "a run does not go on over a file with imported maps"
"$vitx" run configs/smoke.yaml --out "$file" --set model=tests/golden/models/vit-micro --quiet --set "metrics=$metrics" --set 'methods=[{id: rollout, as: npy-rollout}]' 2> "$work/said" &&
  fail "a run takes the name of imported maps"
said 'has a method npy-rollout already, which is imported'

# ---- an import that was stopped ------------------------------------------------------------------------------------

"$vitx" dump "$file" | sort > "$work/whole"
for count in 1 3 5; do
  part=$work/part.sqlite
  cp "$file" "$part"
  id=$(sqlite3 "$part" "SELECT id FROM run_methods WHERE name = 'npz-lrp-stable'")
  kept=$(sqlite3 "$part" "SELECT sql || ';' FROM sqlite_master WHERE name = 'evaluations_kept'")
  last="(SELECT id FROM images ORDER BY position DESC LIMIT $count)"
  sqlite3 "$part" "PRAGMA foreign_keys = ON; DROP TRIGGER evaluations_kept; DELETE FROM maps WHERE method = $id AND image IN $last;
    DELETE FROM totals WHERE method = $id; DELETE FROM evaluations WHERE method = $id AND image IN $last; $kept"
  good import "$part" "$work/npz/lrp-stable.npz" --as npz-lrp-stable --signed --target "$work/npz/lrp-stable.csv"
  said "^$count maps .*; $((6 - count)) images had it already"
  "$vitx" dump "$part" | sort | grep -v main-object > "$work/again"
  grep -v main-object "$work/whole" | cmp -s - "$work/again" || fail "an import that goes on is another one"
done
for wait in 0.01 0.03 0.05; do # wherever it is killed, an image is there whole or not at all
  cp "$file" "$work/killed.sqlite"
  { timeout -s KILL $wait "$vitx" import "$work/killed.sqlite" "$work/npy/cam" --as killed --signed --target top || true; } > "$work/said" 2>&1
  good import "$work/killed.sqlite" "$work/npy/cam" --as killed --signed --target top
  good verify "$work/killed.sqlite"
  [ "$(sqlite3 "$work/killed.sqlite" "SELECT count(*) FROM evaluations e JOIN run_methods m ON m.id = e.method WHERE m.name = 'killed'")" = 6 ] ||
    fail "killed after $wait s it does not go on"
done

# ---- what is wrong with maps ---------------------------------------------------------------------------------------

for i in 1 2 3 4 5 6; do make "$work/fine/smoke_000$i.npy" 7 9 'r * c'; done
refused 'target: is missing' "$work/fine" --as x
refused "neither top nor a class" "$work/fine" --as x --target nonsense
refused 'no such file or folder' "$work/nothing" --as x --target top
refused 'none of grid, input, image' "$work/fine" --as x --target top --geometry sideways
refused 'has 9 x 7 values, the patch grid' "$work/fine" --as x --target top --geometry grid
refused 'which is imported' "$work/fine" --as npy-rollout --target none
refused 'a name has no commas' "$work/fine" --as x,y --target none
cp -r "$work/fine" "$work/negative"; make "$work/negative/smoke_0003.npy" 4 4 '-1 + r'
refused '1 of 6 maps have values below 0 (smoke_0003 first): --signed' "$work/negative" --as x --target none
cp -r "$work/fine" "$work/twice"; make "$work/twice/more/smoke_0003.jpg.npy" 4 4 'r'
refused 'is the second map of image smoke_0003' "$work/twice" --as x --target none
mkdir "$work/strange"; make "$work/strange/other.npy" 2 2 'r'
refused "none of its 1 maps is of an image .* the first is called 'other', an image 'smoke_0001'" "$work/strange" --as x --target none
mkdir "$work/broken"; make "$work/broken/smoke_0001.npy" 2 2 'math.nan'
refused 'none of its maps can be read; the first: .*is nan' "$work/broken" --as x --target none
printf 'image,target\nsmoke_0001,0\n' > "$work/short.csv"
refused 'has no target of image smoke_0002' "$work/fine" --as x --target "$work/short.csv"
refused 'no such column\|expected the columns' "$work/scores.csv" --as x
"$vitx" import "$file" "$work/fine" > "$work/out" 2>&1 && fail "a method without a name"
"$vitx" import "$work/none.sqlite" "$work/fine" --as x --target top > "$work/said" 2>&1 && fail "a file that is not there"
said 'none.sqlite: no such file'
[ -e "$work/none.sqlite" ] && fail "a file was made"

# Some of them: counted, named, rows of failures; the others are there.
cp -r "$work/fine" "$work/some"
make "$work/some/smoke_0002.npy" 5 5 'math.inf if r == c == 3 else 1.0'
cp data/smoke/JPEGImages/smoke_0001.jpg "$work/some/"
rm "$work/some/smoke_0004.npy" "$work/some/smoke_0005.npy"
printf '\x93NUMPY\x01\x00\xff\xff{' > "$work/some/smoke_0006.npy"
make "$work/some/unheard.npy" 3 3 'r'
good import "$file" "$work/some" --as some --target 1 --family gradient --source 'Doe 2026' --cite 'Doe, 2026'
said '^2 maps of some imported'
said '^2 images have no map (rows in failures): smoke_0004, smoke_0005'
said '^2 maps are none (rows in failures): smoke_0002, smoke_0006'
said 'row 3, column 3 is inf'
said '^1 map is of no image of the run.s list: unheard'
said '^1 files of other kinds were left out'
said 'maps explain another class than the run.s own'
[ "$(sqlite3 "$file" "SELECT group_concat(image_id || ' ' || stage) FROM (SELECT * FROM missing WHERE method = 'some' AND severity = 'failure' ORDER BY position)")" = \
  'smoke_0002 import,smoke_0004 import,smoke_0005 import,smoke_0006 import' ] || fail "failures of some maps: $(sqlite3 "$file" "SELECT * FROM missing")"
good verify "$file"

# ---- a run that crops ----------------------------------------------------------------------------------------------

file=$work/crop.sqlite
run --set 'methods=[rollout]' --set input.resize=crop --set input.crop_pct=0.5
read -r side grid < <(sqlite3 "$file" "SELECT input_side || ' ' || grid_side FROM runs")
refused 'geometry: is missing' "$work/fine" --as x --target none
for i in 1 2 3 4 5 6; do
  make "$work/square/smoke_000$i.npy" "$side" "$side" 'r + 2 * c'
  size=$(sqlite3 "$file" "SELECT height || ' ' || width FROM images WHERE image_id = 'smoke_000$i'")
  make "$work/picture/smoke_000$i.npy" $size 'r + 2 * c + 5'
done
good import "$file" "$work/square" --as square --target none
said 'geometry input'
good import "$file" "$work/picture" --as picture --target none
said 'geometry image'
python3 - "$file" <<'P' || fail "a map of the whole picture is cut in another place than the picture"
# A slope stays a slope wherever it is scaled and cut: height and width scaled by s, it rises by 1/s a row, 2/s a column.
import sqlite3, struct, sys
db = sqlite3.connect(sys.argv[1])
side, = db.execute("SELECT input_side FROM runs").fetchone()
count = 0
for w, h, width, height, data in db.execute("""SELECT i.width, i.height, p.width, p.height, p.bytes FROM maps p JOIN images i ON i.id = p.image
    JOIN run_methods m ON m.id = p.method WHERE m.name = 'picture'"""):
    assert (width, height) == (side, side), (width, height)
    v = struct.unpack("<%df" % (side * side), data)
    short = 2 * side  # crop_pct 0.5
    sw, sh = (short, int(short * h / w)) if w <= h else (int(short * w / h), short)
    top, left = round((sh - side) / 2), round((sw - side) / 2)
    for r, c in [(0, 0), (side - 1, side - 1), (side // 3, side // 2)]:
        row, column = (r + top + 0.5) * h / sh - 0.5, (c + left + 0.5) * w / sw - 0.5
        wanted = row + 2 * column + 5
        assert abs(v[r * side + c] - wanted) < 1e-3, (r, c, v[r * side + c], wanted)
    count += 1
assert count == 6
P
good verify "$file"
