#!/usr/bin/env bash
# The program as a user meets it: pages, one clear line for every error, exit statuses.
set -u
vitx=${VITX_PROGRAM:-build/release/vitx}
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
wrong=0

fail() { printf 'FAILED: %s\n' "$*"; wrong=1; }

# expect STATUS PATTERN COMMAND...: exit status, and one line on standard error that matches
expect() {
  local status=$1 pattern=$2 got
  shift 2
  "$@" >"$here/out" 2>"$here/err"
  got=$?
  [ "$got" = "$status" ] || fail "$*: exit status $got, expected $status"
  [ "$(grep -c . "$here/err")" = 1 ] || fail "$*: not one line: $(cat "$here/err")"
  grep -q -- "^vitx: .*$pattern" "$here/err" || fail "$*: '$(cat "$here/err")' does not say '$pattern'"
}

# --- pages
commands=$("$vitx" help | awk '/^  [a-z]/ {print $1}')
[ "$(wc -w <<<"$commands")" -gt 8 ] || fail "vitx help lists few commands"
for c in $commands; do
  "$vitx" help "$c" >"$here/page" || fail "help $c"
  "$vitx" "$c" --help </dev/null | cmp -s - "$here/page" || fail "$c --help is another page than help $c"
  for part in NAME SYNOPSIS DESCRIPTION EXAMPLES; do
    grep -q "^$part" "$here/page" || fail "help $c has no $part"
  done
  [ "$c" = help ] || grep -q '^EXIT STATUS' "$here/page" || fail "help $c has no EXIT STATUS"
  awk -v c="$c" 'length($0) > 125 {print "FAILED: help " c ": long line: " $0; bad = 1} END {exit bad}' "$here/page" || wrong=1
done
"$vitx" help config | grep -q 'score.threshold' || fail "help config"
"$vitx" --version | grep -q 'OpenBLAS .*kernel' || fail "--version names no OpenBLAS kernel"
for m in rollout ag-cam transformer-attribution-stable; do
  "$vitx" ls methods | grep -q "^$m " || fail "ls methods lacks $m"
done
"$vitx" ls metrics | grep -q '^overlap' || fail "ls metrics"
"$vitx" ls model tests/golden/models/vit-micro | grep -q 'timm\|huggingface' || fail "ls model"
"$vitx" ls data data/smoke | grep -q '6 images' || fail "ls data"

# --- errors
expect 2 "did you mean 'run'" "$vitx" rnu
expect 2 "did you mean '--limit'" "$vitx" run configs/smoke.yaml --limt 3
expect 2 "wants a whole number" "$vitx" run configs/smoke.yaml --jobs many
expect 2 "wants a value" "$vitx" run configs/smoke.yaml --out
expect 2 "wants one CONFIG" "$vitx" run
expect 1 "nowhere.yaml: cannot be opened" "$vitx" run nowhere.yaml
printf 'model: m\ndata: {root: d}\nmethods: all\nscore:\n  thresold: 1\n' >"$here/typo.yaml"
expect 1 "typo.yaml:5: score.thresold: unknown key; did you mean 'score.threshold'" "$vitx" run "$here/typo.yaml"
expect 1 "no/model" "$vitx" run configs/smoke.yaml --set model=no/model --out "$here/x.sqlite"
expect 1 "no/data" "$vitx" run configs/smoke.yaml --set data.root=no/data --out "$here/x.sqlite"
expect 1 "nolist" "$vitx" run configs/smoke.yaml --set data.split=nolist --out "$here/x.sqlite"
[ -e "$here/x.sqlite" ] && fail "a results file was begun although nothing could be run"
expect 1 "no/folder" "$vitx" run configs/smoke.yaml --out "$here/no/folder/x.sqlite"
printf 'not a database at all, but a text that is long enough to be looked at' >"$here/text.sqlite"
expect 1 "text.sqlite" "$vitx" run configs/smoke.yaml --out "$here/text.sqlite"
expect 1 "text.sqlite" "$vitx" table "$here/text.sqlite"
expect 1 "absent.sqlite" "$vitx" dump "$here/absent.sqlite"
expect 2 "none of methods, metrics" "$vitx" ls metods
expect 1 "did you mean 'rollout'" "$vitx" tensor --model tests/golden/models/vit-nano --input x --methods rolout --out y
expect 1 "x.safetensors" "$vitx" tensor --model tests/golden/models/vit-nano --input "$here/x.safetensors" --out "$here/y"
expect 2 "expected one of" "$vitx" preprocess a.jpg --resize stretch --out "$here/p"
expect 1 "a.jpg" "$vitx" preprocess "$here/a.jpg" --out "$here/p"
expect 2 "image, or a side" "$vitx" score --heat h --mask m --size huge

# --- a run
methods='methods=[rollout,ag-cam,foreground]'
"$vitx" run configs/smoke.yaml --set "$methods" --out "$here/run.sqlite" --quiet >"$here/out" 2>"$here/err" ||
  fail "run: $(cat "$here/err")"
grep -q '^6 of 6 images done, 6 through the gate .* 6 evaluated, 0 with failures' "$here/out" || fail "summary: $(cat "$here/out")"
grep -q "vitx table $here/run.sqlite" "$here/out" || fail "the summary does not say what to type next"
"$vitx" table "$here/run.sqlite" | grep -q '^rollout ' || fail "table"
"$vitx" ls runs "$here/run.sqlite" | grep -q smoke || fail "ls runs"
[ "$("$vitx" dump "$here/run.sqlite" | grep -c '^evaluation')" = 18 ] || fail "dump"
"$vitx" dump "$here/run.sqlite" 2>"$here/err" >/dev/full && fail "a full disk is no success"
grep -q 'No space left' "$here/err" || fail "a full disk: $(cat "$here/err")"
for format in text json csv; do
  "$vitx" table "$here/run.sqlite" --resamples 0 --format $format 2>"$here/err" >/dev/full && fail "$format: a full disk is no success"
  grep -q 'No space left' "$here/err" || fail "$format, a full disk: $(cat "$here/err")"
  { "$vitx" table "$here/run.sqlite" --resamples 0 --format $format 2>"$here/err" || fail "$format: $(cat "$here/err")"; } | true
  [ -s "$here/err" ] && fail "$format, a reader that leaves: $(cat "$here/err")"
done

# --- strict: a mask that is missing
mkdir -p "$here/voc"
cp -r data/smoke/. "$here/voc/"
rm "$(ls "$here"/voc/SegmentationClass/*.png | head -n 1)"
"$vitx" run configs/smoke.yaml --set "$methods" --set "data.root=$here/voc" --out "$here/s.sqlite" --quiet >"$here/out" ||
  fail "a missing mask ended the run"
grep -q '5 evaluated, 1 with failures' "$here/out" || fail "summary: $(cat "$here/out")"
grep -q 'failure *mask *1 image' "$here/out" || fail "summary by kind: $(cat "$here/out")"
expect 1 "strict: 1 failure" "$vitx" run configs/smoke.yaml --set "$methods" --set "data.root=$here/voc" \
  --out "$here/s.sqlite" --quiet --strict

# --- noise
"$vitx" noise configs/smoke.yaml --set "$methods" --limit 2 --quiet >"$here/out" || fail "noise"
grep -q '2 images through the gate' "$here/out" || fail "noise: $(cat "$here/out")"
grep -q '^rollout ' "$here/out" || fail "noise: $(cat "$here/out")"

exit $wrong
