#!/usr/bin/env bash
# The site of several results files in a real browser: what stands in its tables is what the files say, they sort, ask
# for nothing, fit a phone, and every run has its report.
set -euo pipefail
python=/usr/bin/python3
for tool in "$python" sqlite3 chromium chromedriver; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }
done
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
odd='<img src=x onerror=window.hacked=1>'
ids=$(sha256sum <data/smoke/ImageSets/Segmentation/val.txt | cut -c1-64)
printf 'name: smoke-v1\ntitle: t\ndata: {images: 6, ids: %s}\nkeys: {score: {void: ignore}}\n' "$ids" >"$work/smoke-v1.yaml"
run=("$vitx" run configs/smoke.yaml --set "methods=[rollout, {id: saliency, as: \"$odd\"}, foreground, center]" --quiet)
mkdir "$work/other"
"${run[@]}" --set protocol="$work/smoke-v1.yaml" --set compare_with=coporan-table1 --out "$work/one.sqlite" >"$work/said"
"${run[@]}" --set protocol="$work/smoke-v1.yaml" --set compare_with=coporan-table1 --set precision=double \
  --out "$work/other/one.sqlite" >"$work/said"
"${run[@]}" --set score.threshold=mean --out "$work/free.sqlite" >"$work/said"
"${run[@]}" --set score.threshold=0.5 --out "$work/free.sqlite" >"$work/said"
"$vitx" site "$work/site" "$work/one.sqlite" "$work/other/one.sqlite" "$work/free.sqlite" --resamples 200
[ "$(cd "$work/site" && echo *.html)" = "free-run1.html free-run2.html index.html one-2.html one.html" ]
for wrong in "site $work/site" "site"; do
  status=0
  "$vitx" $wrong 2>"$work/said" || status=$?
  [ $status = 2 ]
done
status=0
"$vitx" site "$work/none" "$work/nothing.sqlite" 2>"$work/said" || status=$?
[ $status = 1 ] && grep -q "nothing.sqlite" "$work/said" && [ ! -e "$work/none/index.html" ]
export PYTHONDONTWRITEBYTECODE=1
"$python" tests/report/site_in_browser.py "$work/site" "$work/one.sqlite" "$odd"
