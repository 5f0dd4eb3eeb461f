#!/bin/bash
# Protocols and vitx check-submission: a run by a protocol passes; forged files fail, each by the check that is about it.
set -u
vitx=$VITX_PROGRAM
command -v sqlite3 >/dev/null || { echo "SKIPPED: sqlite3 is not installed"; exit 77; }
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
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

# The protocols that were given out are never edited: a change is a new one.
sha256sum --quiet -c - <<'SUMS' || fail "a protocol was edited"
46323125b0b58a27915aa306acdbccdfe66b15df0abf7f188dc123875533f9d9  protocols/voc2012-seg-v1.yaml
df8638a8c1b4941b0022be2c7e0f06d092e4369a3187ccb80b7add0f3d2f289a  protocols/coporan-table1-v1.yaml
SUMS

# A protocol for the six drawn scenes; the digest of its list is the list's own.
ids=$(sha256sum <data/smoke/ImageSets/Segmentation/val.txt | cut -c1-64)
cat >"$folder/smoke-v1.yaml" <<YAML
name: smoke-v1
title: Six drawn scenes
data: {name: data/smoke, images: 6, ids: $ids}
keys:
  data: {split: val}
  min_confidence: 0
  target: top
  score: {size: input, threshold: otsu, void: ignore}
rows: [foreground, center]
measures: [overlap]
YAML
file=$folder/smoke.sqlite
run=("$vitx" run configs/smoke.yaml --set "protocol=$folder/smoke-v1.yaml"
     --set 'methods=[rollout, saliency, foreground, background, center, random, class-prior, edges]')
"${run[@]}" --quiet --out "$file" >/dev/null || fail "run"

# Keys that it fixes are its own; the others are free.
expect 1 "protocol smoke-v1 fixes score.void: ignore" "${run[@]}" --set score.void=background --out "$folder/x.sqlite"
expect 1 "protocol smoke-v1 fixes min_confidence: 0" "${run[@]}" --set min_confidence=0.5 --out "$folder/x.sqlite"
expect 0 "seed: 4" "$vitx" validate configs/smoke.yaml --set "protocol=$folder/smoke-v1.yaml" --set seed=4
expect 1 "did you mean 'voc2012-seg-v1'" "$vitx" validate configs/smoke.yaml --set protocol=voc2012-seg-v3
expect 1 "lists 6 images; protocol voc2012-seg-v1 has 1449" "$vitx" run configs/smoke.yaml --set protocol=voc2012-seg-v1 \
  --set min_confidence=0 --out "$folder/x.sqlite"
expect 0 "protocol smoke-v1 (SHA-256 $(sha256sum <"$folder/smoke-v1.yaml" | cut -c1-12)" "$vitx" ls runs "$file"
expect 0 "protocol smoke-v1" "$vitx" table "$file" --resamples 0
for protocol in voc2012-seg-v1 coporan-table1-v1; do
  sed 's/^model:.*/model: x/' configs/table1.yaml | sed '/^input:/d;/^min_conf/d;/^score:/d' >"$folder/free.yaml"
  expect 0 "protocol: $protocol" "$vitx" validate "$folder/free.yaml" --set protocol=$protocol
done
expect 0 "protocol: coporan-table1-v1" "$vitx" validate configs/table1.yaml --set protocol=coporan-table1-v1

check=("$vitx" check-submission --protocol "$folder/smoke-v1.yaml")
expect 1 "no protocol 'smoke-v1'" "$vitx" check-submission "$file"

# The file as it was made passes, and its digest is that of the dump.
expect 0 "accepted" "${check[@]}" "$file" --strict --rerun 2
expect 0 "dump SHA-256 $("$vitx" dump "$file" | sha256sum | cut -c1-64)" "${check[@]}" "$file" --quiet
expect 0 '"accepted": true' "${check[@]}" "$file" --json
"$vitx" rescore "$file" --set score.threshold=mean --as mean >/dev/null || fail "rescore"
expect 0 "which only --rerun makes again" "${check[@]}" "$file"
expect 1 "refused" "${check[@]}" "$file" --strict
expect 1 "cannot be read" "$vitx" check-submission "$folder/nothing.sqlite"
expect 1 "data.root" "${check[@]}" "$file" --set data.root="$folder"
"$vitx" run configs/smoke.yaml --set 'methods=[rollout]' --quiet --out "$folder/bare.sqlite" >/dev/null || fail "bare run"
expect 0 "it names none" "$vitx" check-submission "$folder/bare.sqlite"
expect 1 "not among the methods" "$vitx" check-submission "$folder/bare.sqlite" --protocol "$folder/smoke-v1.yaml"

# forge WORDS SQL: a copy in which a clever hand has changed something, the triggers put back as they were.
mkdir "$folder/forged"
forge() {
  local words=$1 sql=$2 copy=$folder/forged/$((++forgeries)).sqlite triggers
  sqlite3 "$file" "VACUUM INTO '$copy'"
  triggers=$(sqlite3 "$file" "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger'")
  sqlite3 "$copy" "PRAGMA application_id=$((0x76697478)); PRAGMA user_version=$(sqlite3 "$file" 'PRAGMA user_version');
    DROP TRIGGER evaluations_stay; DROP TRIGGER evaluations_kept; DROP TRIGGER totals_add; DROP TRIGGER runs_removed;
    $sql; $triggers" || fail "forging: $sql"
  expect 1 "$words" "${check[@]}" "$copy" --quiet
}
forgeries=0
main="(SELECT id FROM scorings WHERE name = 'main')"
method() { echo "(SELECT id FROM run_methods WHERE name = '$1')"; }
first="(SELECT min(id) FROM images)"
sums="DELETE FROM totals; INSERT INTO totals SELECT e.scoring, e.method, i.main_class, ifnull(p.correct, -1), i.size,
 count(*), sum(e.status = 'flat'), sum(e.iou), sum(e.f1), sum(e.pixel_accuracy), sum(e.iou * e.iou), sum(e.f1 * e.f1),
 sum(e.pixel_accuracy * e.pixel_accuracy), sum(e.tp), sum(e.fp), sum(e.fn), sum(e.tn) FROM evaluations e
 JOIN images i ON i.id = e.image LEFT JOIN predictions p ON p.image = i.id WHERE e.iou IS NOT NULL GROUP BY 1, 2, 3, 4, 5"

# an IoU that F1 agrees with; and one that its counts agree with, too
forge "every IoU is that of its counts" "UPDATE evaluations SET iou = 0.9, f1 = 1.8 / 1.9 WHERE method = $(method rollout) AND image = $first; $sums"
forge "every score comes out of its stored map" "UPDATE evaluations SET tp = tp + fn, fn = 0 WHERE scoring = $main AND method = $(method rollout)
  AND image = $first; UPDATE evaluations SET iou = tp * 1.0 / (tp + fp + fn), f1 = 2.0 * tp / (2 * tp + fp + fn),
  pixel_accuracy = (tp + tn) * 1.0 / (tp + fp + fn + tn); $sums"
# a changed map
forge "every score comes out of its stored map" "UPDATE maps SET bytes = (SELECT bytes FROM maps m WHERE m.method = maps.method
  AND m.image <> maps.image LIMIT 1) WHERE method = $(method rollout) AND image = $first"
# the hardest image is gone
forge "every image of the list is there" "DELETE FROM evaluations WHERE image = $first; DELETE FROM images WHERE id = $first; $sums"
# or is said to have failed
forge "another picture than the run saw" "DELETE FROM evaluations WHERE image = $first; DELETE FROM maps WHERE image = $first;
  DELETE FROM top5 WHERE image = $first; DELETE FROM predictions WHERE image = $first; UPDATE images SET picture_digest = NULL
  WHERE id = $first; INSERT INTO failures (image, severity, stage, place, reason) VALUES ($first, 'failure', 'picture', 'x', 'y'); $sums"
# another gate
forge "fixes min_confidence" "UPDATE runs SET min_confidence = 0.01, config = replace(config, 'min_confidence: 0', 'min_confidence: 0.01')"
forge "min_confidence is another one" "UPDATE runs SET min_confidence = 0.01"
# the scores of a mask under another method's name, its map with it
forge "trivial rows made again" "UPDATE run_methods SET name = 'x' WHERE name = 'foreground'; UPDATE run_methods SET name = 'foreground', explainer =
  'foreground', digest = 'x' WHERE name = 'background'; UPDATE run_methods SET name = 'background', explainer = 'background' WHERE name = 'x'"
# the scores of two masks swapped
forge "every score comes out of its stored map" "UPDATE evaluations SET method = -1 WHERE method = $(method foreground); UPDATE evaluations SET method =
  $(method foreground) WHERE method = $(method center); UPDATE evaluations SET method = $(method center) WHERE method = -1; $sums"
# a weaker trivial row with scores of its own: the map of center is random's
forge "trivial rows made again" "UPDATE run_methods SET explainer = 'foreground' WHERE name = 'background'"
forge "another main class" "UPDATE images SET main_class = main_class % 3 + 1; $sums"
forge "tables, views and triggers" "CREATE VIEW better AS SELECT 1"
forge "another file than this protocol's" "UPDATE runs SET protocol_digest = 'x'"
cp "$file" "$folder/forged/"
expect 1 "$forgeries refused" "${check[@]}" "$folder/forged"
expect 1 "smoke.sqlite: accepted" "${check[@]}" "$folder/forged"
expect 2 "expected one" "$vitx" check-submission
[ $failed = 0 ] && echo "$forgeries forged files refused"
exit $failed
