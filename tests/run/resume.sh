#!/usr/bin/env bash
# A run that goes on counts what went through the gate from where it stopped, also where an image is done in part only,
# and where an earlier run had seen more of the list. It goes on with the files it was made from only, says why another
# one is begun, tries again what failed, and says that it waits.
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

# ---- what a run is made from

cp -r data/smoke "$work/a #1"
say() { # DATA OPTIONS…: into made.sqlite; what was said in $work/said, exit status
  local data=$1
  shift
  "$vitx" run configs/smoke.yaml --out "$work/made.sqlite" --set model=tests/golden/models/vit-micro --quiet \
    --set 'methods=[center]' --set min_confidence=0 --set "data.root=$data" "$@" > "$work/said" 2>&1
}
said() { # TEXT
  grep -qF -- "$1" "$work/said" || { echo "expected '$1', it said: $(cat "$work/said")"; exit 1; }
}
asked() { # SQL VALUE
  local value
  value=$(sqlite3 "$work/made.sqlite" "$1")
  [ "$value" = "$2" ] || { echo "'$1' gives '$value', expected '$2'"; exit 1; }
}
mask=SegmentationClass/smoke_0002.png

# A mask that is missing is a failure until it is there.
mv "$work/a #1/$mask" "$work/kept.png"
say "$work/a #1"
said '1 with failures'
cp "$work/kept.png" "$work/a #1/$mask"
say "$work/a #1"
said '0 with failures'
said '1 added'
"$vitx" dump "$work/made.sqlite" > "$work/healed.txt"
mv "$work/made.sqlite" "$work/healed.sqlite"
say "$work/a #1"
"$vitx" dump "$work/made.sqlite" | cmp - "$work/healed.txt"

# The same files in another folder: the run goes on, and its head names that folder. Other files: it does not.
mv "$work/a #1" "$work/b"
say "$work/b"
said "was made from $work/a #1 val; $work/b val has the same files of its 6 images"
said '0 added'
asked 'SELECT data FROM runs' "$work/b val"
cp -r "$work/b" "$work/c"
cp "$work/b/SegmentationClass/smoke_0003.png" "$work/c/$mask"
if say "$work/c"; then echo "other masks under the same names are not refused"; exit 1; fi
said "$work/c/$mask"
said 'for 1 of its 6 images'
asked 'SELECT data FROM runs' "$work/b val"
"$vitx" dump "$work/made.sqlite" | cmp - "$work/healed.txt"

# Another run beside it says in what it differs.
say "$work/b" --set score.void=foreground
said 'starts run 2: score.void (ignore, now foreground) differs from run 1'
say "$work/b" --set score.void=foreground --set seed=7
said 'starts run 3: seed (0, now 7) differs from run 2'
sed -n 2,4p "$work/b/ImageSets/Segmentation/val.txt" > "$work/few.txt"
say "$work/b" --set "data.split=$work/few.txt" --set input.normalize=none
said 'the list of images (6, now 3), input.'
asked 'SELECT count(*) FROM runs' 4

# A reader that holds the file: said, and the run ends nevertheless; a writer: the run goes on when it has ended.
mkfifo "$work/reader"
sqlite3 "$work/made.sqlite" < "$work/reader" > "$work/read" & reader=$!
exec 9> "$work/reader"
echo 'BEGIN; SELECT count(*) FROM images;' >&9
for _ in $(seq 100); do [ -s "$work/read" ] && break; sleep 0.05; done
say "$work/b" --set seed=8
said 'another process holds it; waiting'
said '6 added'
exec 9>&-
wait $reader
