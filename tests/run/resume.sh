#!/usr/bin/env bash
# A run that goes on counts what went through the gate from where it stopped, also where an image is done in part only,
# and where an earlier run had seen more of the list.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "SKIPPED: sqlite3 is not installed"; exit 77; }
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() { # OUTPUT OPTIONS…: the last line of the progress
  local out=$1
  shift
  "$vitx" run configs/smoke.yaml --out "$out" --set model=tests/golden/models/vit-micro --set 'methods=[rollout, center]' "$@" \
    2> "$work/said" > /dev/null || cat "$work/said" >&2
  grep 'through the gate' "$work/said" | tail -1 || cat "$work/said"
}
passed() { # FILE COUNT: of the first COUNT images
  sqlite3 "$1" "SELECT count(*) FROM images JOIN predictions ON image = id WHERE passed AND position < $2"
}
expect() { # LINE IMAGES PASSED
  case $1 in
    "$2 images, $3 through the gate,"*) ;;
    *) echo "progress says '$1', expected '$2 images, $3 through the gate'"; exit 1 ;;
  esac
}

# A gate that half of the images pass.
run "$work/all.sqlite" --set min_confidence=0 > /dev/null
gate=$(sqlite3 "$work/all.sqlite" 'SELECT avg(probability) FROM (SELECT probability FROM top5 WHERE rank = 1 ORDER BY probability LIMIT 2 OFFSET 2)')
expect "$(run "$work/once.sqlite" --set "min_confidence=$gate")" 6/6 3
all=$(passed "$work/once.sqlite" 6)

for first in 1 2 3 4 5; do
  part=$work/part$first.sqlite
  expect "$(run "$part" --set "min_confidence=$gate" --limit $first)" $first/$first "$(passed "$work/once.sqlite" $first)"
  expect "$(run "$part" --set "min_confidence=$gate")" 6/6 "$all"
done

lose() { # FILE ASC|DESC: map and score of one method on the first or last image that has any
  local kept here="method = (SELECT id FROM run_methods WHERE name = 'center') AND image = "
  here="$here$(sqlite3 "$1" "SELECT image FROM evaluations JOIN images ON id = image ORDER BY position $2 LIMIT 1")"
  kept=$(sqlite3 "$1" "SELECT sql || ';' FROM sqlite_master WHERE name = 'evaluations_kept'")
  sqlite3 "$1" "DROP TRIGGER evaluations_kept; DELETE FROM evaluations WHERE $here; DELETE FROM maps WHERE $here; $kept"
}

# An image that lacks a method is done again and counted once; with a limit, only what it allows is counted.
lose "$work/once.sqlite" DESC
lose "$work/part5.sqlite" ASC
expect "$(run "$work/once.sqlite" --set "min_confidence=$gate")" 6/6 "$all"
at=$(sqlite3 "$work/part5.sqlite" 'SELECT 1 + min(position) FROM images JOIN predictions ON image = id WHERE passed')
expect "$(run "$work/part5.sqlite" --set "min_confidence=$gate" --limit "$at")" "$at/$at" 1

# A measure added to a finished run is taken of the maps that are stored, or of maps made again: no image is counted twice.
for metrics in '[overlap, pointing]' '[overlap, pointing, retrieval]'; do
  expect "$(run "$work/part1.sqlite" --set "min_confidence=$gate" --set "metrics=$metrics")" 6/6 "$all"
done
