#!/usr/bin/env bash
# vitx measure: added to a finished run, measures are bit for bit what they are within it, whatever --jobs, a sample
# first or a kill in between; what the model was asked once is taken from the file, also for maps of other programs;
# what is wrong is one line and an exit status, and the file is as it was.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "SKIPPED: sqlite3 is not installed"; exit 77; }
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
methods="[rollout, raw-attention, saliency, ag-cam, {mix: [rollout, cam]}]"
list='[default, emprt, faithfulness-correlation, focus, specificity]'

fail() { echo "FAILED: $*"; exit 1; }
good() { "$vitx" "$@" > "$work/said" 2> "$work/noise" || fail "vitx $*: $(cat "$work/said" "$work/noise")"; }
run() { # FILE METRICS OPTIONS…
  local file=$1 metrics=$2
  shift 2
  good run configs/smoke.yaml --out "$file" --set model=tests/golden/models/vit-micro --quiet --set "methods=$methods" --set "metrics=$metrics" "$@"
}
same() { # FILE: as the run that had all measures from the start
  "$vitx" dump "$1" > "$work/is"
  cmp -s "$work/was" "$work/is" || fail "$1 differs: $(diff "$work/was" "$work/is" | head -4)"
}
ask() { sqlite3 "$1" "$2"; }
# refused STATUS WHY FILE ARGUMENTS…: one line that says so, and the file is as it was
refused() {
  local status=$1 why=$2 file=$3 before is=0
  shift 3
  before=$("$vitx" dump "$file" | sha256sum)
  "$vitx" measure "$file" --quiet "$@" > "$work/out" 2> "$work/said" || is=$?
  [ "$is" = "$status" ] || fail "measure $*: exit status $is, expected $status"
  [ "$(wc -l < "$work/said")" = 1 ] || fail "measure $*: not one line: $(cat "$work/said")"
  grep -q -- "$why" "$work/said" || fail "measure $*: '$(cat "$work/said")' does not say '$why'"
  [ "$("$vitx" dump "$file" | sha256sum)" = "$before" ] || fail "measure $*: the file has changed"
}

# ---- within the run and later --------------------------------------------------------------------------------------

run "$work/once.sqlite" "$list" --jobs 1
"$vitx" dump "$work/once.sqlite" > "$work/was"
run "$work/twice.sqlite" "$list" --jobs 2 --limit 4
run "$work/twice.sqlite" "$list" --jobs 2
same "$work/twice.sqlite"

run "$work/plain.sqlite" '[overlap]'
for jobs in 1 2; do
  cp "$work/plain.sqlite" "$work/later$jobs.sqlite"
  good measure "$work/later$jobs.sqlite" --metrics "$list" --jobs $jobs
  grep -q 'forward passes of' "$work/noise" || fail "nothing says how long it takes"
  same "$work/later$jobs.sqlite"
done
good measure "$work/later1.sqlite" --metrics "$list"
grep -q ': 0 of 6 images measured now, 6 before' "$work/said" || fail "measured again: $(cat "$work/said")"
[ "$(ask "$work/later1.sqlite" 'SELECT finished IS NULL FROM runs')" = 0 ] || fail "the run is not finished any more"

# What knows no class is the same for every class.
[ "$(ask "$work/once.sqlite" "SELECT min(value), max(value) FROM scores s JOIN run_methods m ON m.id = s.method WHERE metric = 'class_sensitivity' AND m.name IN ('rollout', 'raw-attention')")" = '1.0|1.0' ] ||
  fail "class-sensitivity of rollout and raw-attention is not 1"
[ "$(ask "$work/once.sqlite" "SELECT count(*) FROM scores s JOIN run_methods m ON m.id = s.method WHERE metric = 'class_sensitivity' AND m.name = 'ag-cam' AND value = 1")" = 0 ] ||
  fail "ag-cam explains no class"

# ---- a sample -------------------------------------------------------------------------------------------------------

places() { ask "$1" "SELECT group_concat(DISTINCT image) FROM scores WHERE metric = 'deletion' ORDER BY image"; }
cp "$work/plain.sqlite" "$work/two.sqlite"
cp "$work/plain.sqlite" "$work/four.sqlite"
good measure "$work/two.sqlite" --metrics deletion,specificity --sample 2
good measure "$work/four.sqlite" --metrics deletion --sample 4
[ "$(ask "$work/two.sqlite" "SELECT count(DISTINCT image) FROM scores WHERE metric = 'deletion'")" = 2 ] || fail "a sample of 2"
[ "$(ask "$work/two.sqlite" "SELECT count(DISTINCT image) FROM scores WHERE metric = 'specificity'")" = 6 ] || fail "specificity is of all images"
[ "$(ask "$work/four.sqlite" "ATTACH '$work/two.sqlite' AS t; SELECT count(DISTINCT image) FROM t.scores WHERE metric = 'deletion' AND image IN (SELECT image FROM main.scores WHERE metric = 'deletion')")" = 2 ] ||
  fail "a larger sample does not hold the smaller one: $(places "$work/two.sqlite"), $(places "$work/four.sqlite")"
"$vitx" table "$work/two.sqlite" --metrics deletion --format csv > "$work/said" || fail "no table of a sample"
good measure "$work/two.sqlite" --metrics "$list" --limit 3
good measure "$work/two.sqlite" --metrics "$list"
same "$work/two.sqlite"

# ---- stopped --------------------------------------------------------------------------------------------------------

for signal in KILL TERM; do
  file=$work/$signal.sqlite
  cp "$work/plain.sqlite" "$file"
  for wait in 0.3 0.7; do
    "$vitx" measure "$file" --metrics "$list" --jobs 1 --quiet > /dev/null 2>&1 &
    sleep $wait
    kill -$signal $! 2> /dev/null || true
    wait $! 2> /dev/null || true
  done
  good measure "$file" --metrics "$list"
  same "$file"
done

# ---- without the model ----------------------------------------------------------------------------------------------

# A map that ranks patches as planted drops do has a correlation of 1: the file was read, no model asked.
file=$work/told.sqlite
run "$file" '[overlap, single-deletion]'
ask "$file" "UPDATE perturbations SET logit = -place * place - 1.0 WHERE kind = 'single-deletion'"
grid=$(ask "$file" 'SELECT grid_side FROM runs')
python3 - "$work/maps" "$grid" $(ask "$file" 'SELECT image_id FROM images') <<'P'
import os, struct, sys
folder, grid, ids = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
os.makedirs(folder)
head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (grid, grid)
head += " " * (117 - len(head)) + "\n"
for name in ids:
    values = struct.pack("<%df" % grid**2, *range(grid**2))
    open(f"{folder}/{name}.npy", "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + head.encode() + values)
P
good import "$file" "$work/maps" --as planted --target none
good measure "$file" --metrics single-deletion
[ "$(ask "$file" "SELECT count(*), min(value) FROM scores s JOIN run_methods m ON m.id = s.method WHERE metric = 'single_deletion' AND m.name = 'planted'")" = '6|1.0' ] ||
  fail "maps of another program are not scored by what the file knows"

# ---- what is wrong --------------------------------------------------------------------------------------------------

refused 1 "no metric 'delition'; did you mean 'deletion'" "$work/plain.sqlite" --metrics delition
refused 1 'is another measure of the run already' "$work/once.sqlite" --metrics '{id: deletion, remove: black, as: deletion}'
refused 1 'the model was' "$work/plain.sqlite" --metrics focus --set model=tests/golden/models/vit-nano
refused 1 'has no run 9' "$work/plain.sqlite" --metrics focus --run 9
refused 2 '--jobs is 0' "$work/plain.sqlite" --jobs 0
refused 2 '--metrics is empty' "$work/plain.sqlite" --metrics ''
cp "$work/plain.sqlite" "$work/lost.sqlite"
ask "$work/lost.sqlite" 'DELETE FROM maps WHERE image = 2'
refused 1 'of its maps are not in the file' "$work/lost.sqlite" --metrics focus
"$vitx" measure "$work/none.sqlite" > /dev/null 2> "$work/said" && fail "a file that is not there"
[ ! -e "$work/none.sqlite" ] || fail "a file was made"
echo "all said"
