#!/bin/bash
# The commands on results files as a user types them: a small run, its table, dump, comparison and verification; exit
# status and the one line of an error.
set -u
vitx=$VITX_PROGRAM
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
file=$folder/smoke.sqlite
failed=0

fail() { echo "FAILED: $*"; failed=1; }

# expect STATUS WORDS COMMAND…: the exit status, and words in what is printed (both streams)
expect() {
  local status=$1 words=$2 said got
  shift 2
  said=$("$@" 2>&1)
  got=$?
  [ "$got" = "$status" ] || fail "$* ended with $got, expected $status: $said"
  grep -qF -- "$words" <<<"$said" || fail "$*: no '$words' in: $said"
}

run=("$vitx" run configs/smoke.yaml --set 'methods=[rollout, saliency, center, foreground]' --quiet)
"${run[@]}" --out "$file" --jobs 2 >/dev/null || fail "run"
expect 0 "rollout" "$vitx" table "$file"
expect 0 "never looks at the model" "$vitx" table "$file"
expect 0 '"method": "saliency"' "$vitx" table "$file" --format json
expect 0 "unknown" "$vitx" table "$file" --by correct --resamples 100
expect 0 "published: CAM" "$vitx" table "$file" --compare-with coporan-table1
expect 1 "did you mean 'coporan-table1'?" "$vitx" table "$file" --compare-with coporan-tabel1
expect 1 "has no scoring" "$vitx" table "$file" --scoring other
expect 1 "cannot be read" "$vitx" table "$folder/nothing.sqlite"
expect 1 "not an SQLite database" "$vitx" table configs/smoke.yaml
expect 2 "did you mean '--format'" "$vitx" table "$file" --frmat csv
expect 2 "none of text, markdown" "$vitx" table "$file" --format html
expect 2 "one results file" "$vitx" dump
expect 0 "not told apart" "$vitx" compare "$file"
expect 0 "differ" "$vitx" compare "$file" --methods rollout,center
expect 1 "below 99" "$vitx" compare "$file" --methods rollout,center --fail-below 99
expect 0 "6 images matched by id" "$vitx" compare "$file" "$file" --fail-below -0.001
expect 2 "two runs" "$vitx" compare "$file" --fail-below 1
expect 0 "come out bit for bit (8 maps" "$vitx" verify "$file" --rerun 2
expect 1 "vit-nowhere" "$vitx" verify "$file" --rerun 1 --set model=vit-nowhere
expect 1 "the model was" "$vitx" verify "$file" --rerun 1 --set model=tests/golden/models/vit-nano
expect 1 "has no run 7" "$vitx" verify "$file" --run 7
for command in table dump compare verify rescore sweep; do
  expect 0 "EXIT STATUS" "$vitx" "$command" --help
  expect 0 "EXAMPLES" "$vitx" help "$command"
done

# The same run with one worker, stopped once, in another file: the same dump.
"${run[@]}" --out "$folder/other.sqlite" --jobs 1 --limit 2 >/dev/null || fail "run --limit"
"${run[@]}" --out "$folder/other.sqlite" --jobs 1 >/dev/null || fail "run again"
"$vitx" dump "$file" >"$folder/a" && "$vitx" dump "$folder/other.sqlite" >"$folder/b" || fail "dump"
cmp "$folder/a" "$folder/b" || fail "dumps differ"
[ "$(grep -c '^evaluation' "$folder/a")" = 24 ] || fail "a dump of $(grep -c '^evaluation' "$folder/a") evaluations"

# Scoring the stored maps again: the same settings give the same rows; other settings give what a run with them gives.
rows() { # FILE SCORING METHODS: evaluation rows under the name main
  "$vitx" dump "$1" | grep -E "^evaluation	$2	($3)	" | sed "s/^evaluation	$2	/evaluation	main	/"
}
expect 0 "24 maps of run 1 scored as same" "$vitx" rescore "$file" --set score.threshold=otsu --as same
cmp <(rows "$file" main '.*') <(rows "$file" same '.*') || fail "the same settings give other scores"
other=$folder/settings.sqlite
rescored_as_run() { # METHODS SET…
  local methods=$1 sets=() keys=()
  shift
  for pair in "$@"; do sets+=(--set "$pair"); done
  rm -f "$other"
  "${run[@]}" "${sets[@]}" --out "$other" >/dev/null || fail "run $*"
  "$vitx" rescore "$file" "${sets[@]}" --as again --replace --methods "${methods//|/,}" >/dev/null || fail "rescore $*"
  cmp <(rows "$other" main "$methods") <(rows "$file" again "$methods") || fail "rescored with $* and run with it differ"
}
all='rollout|saliency|center|foreground'
rescored_as_run "$all" score.void=foreground score.mask_resize=opencv
rescored_as_run "$all" score.foreground=main score.pixel_accuracy=recall
rescored_as_run 'rollout|foreground' score.threshold=0.5
rescored_as_run 'rollout|foreground' score.threshold=mean score.size=image
rescored_as_run 'rollout|foreground' score.size=96 score.foreground=class=3
expect 0 "u > 255 t on 8-bit maps of saliency" "$vitx" rescore "$file" --set score.threshold=0.5 --as half
expect 0 "u > 255 t on 8-bit maps of saliency" "$vitx" table "$file" --scoring half
expect 1 "has a scoring half already" "$vitx" rescore "$file" --set score.threshold=0.5 --as half
expect 1 "saliency: its maps are stored as 8-bit maps" "$vitx" rescore "$file" --set score.size=image --as image
expect 1 "main is the run's own" "$vitx" rescore "$file" --set score.void=ignore --as main
expect 1 "is no key of score" "$vitx" rescore "$file" --set min_confidence=0.5 --as x
expect 1 "score.threshold" "$vitx" rescore "$file" --set score.threshold=otso --as x
expect 1 "no-such-folder" "$vitx" rescore "$file" --set data.root=no-such-folder --as x
expect 2 "--as NAME is missing" "$vitx" rescore "$file" --set score.void=ignore
expect 0 "scoring half" "$vitx" compare "$file" --scoring2 half
expect 0 "ok" "$vitx" verify "$file"

expect 0 "oracle: image" "$vitx" table "$file" --thresholds
expect 1 "no-such-folder" "$vitx" table "$file" --thresholds --data no-such-folder
expect 0 "aggregate" "$vitx" sweep "$file" --gates 0,0.1
expect 0 "Nearest to coporan-table1" "$vitx" sweep "$file" --near coporan-table1 --gates 0
expect 2 "did you mean 'coporan-table1'?" "$vitx" sweep "$file" --near coporan-tabel1
expect 2 "expected iou=" "$vitx" sweep "$file" --near iou=good
expect 1 "data.root=FOLDER only" "$vitx" sweep "$file" --set model=x
expect 0 "mean and std" "$vitx" sweep configs/smoke.yaml --set 'methods=[rollout, center]' --gates 0 --out "$folder/sweep.sqlite" --jobs 2

# A mask that is no longer the one that the run saw is named, and nothing is written.
cp -r data/smoke "$folder/data"
expect 0 "scored as moved" "$vitx" rescore "$file" --set score.void=ignore --set data.root="$folder/data" --as moved
masks=("$folder"/data/SegmentationClass/*.png)
cp "${masks[0]}" "${masks[1]}"
expect 1 "is not the mask that run 1 saw" "$vitx" rescore "$file" --set data.root="$folder/data" --as changed
expect 1 "has no scoring changed" "$vitx" table "$file" --scoring changed

exit $failed
