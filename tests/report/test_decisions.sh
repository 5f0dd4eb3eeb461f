#!/usr/bin/env bash
# One decision on every pair: the demo's scenes with forty rows, of which the report's page, `vitx table` and
# `vitx compare` have to say what Wilcoxon's test and Holm's correction, written out again, say of the stored scores.
set -euo pipefail
python=/usr/bin/python3
for tool in "$python" sqlite3 chromium chromedriver; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }
done
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Forty rows that a forward pass is enough for: rollouts that differ little, centres that differ by a hair.
{
  echo 'model: data/demo/model'
  echo 'data: {root: data/demo, split: val}'
  echo 'min_confidence: 0.85'
  echo 'methods:'
  for heads in mean max min; do
    echo "  - {id: raw-attention, heads: $heads, as: raw-$heads}"
    for layer in 0 1 2 3; do echo "  - {id: rollout, start_layer: $layer, heads: $heads, as: rollout-$layer-$heads}"; done
  done
  for sigma in 0.05 0.1 0.15 0.2 0.24 0.25 0.251 0.26 0.27 0.28 0.3 0.35 0.4 0.5 0.6 0.7 0.8 1 1.5 2; do
    echo "  - {id: center, sigma: $sigma, as: center-$sigma}"
  done
  for id in foreground background random class-prior edges; do echo "  - $id"; done
} > "$work/forty.yaml"
"$vitx" run "$work/forty.yaml" --out "$work/forty.sqlite" --quiet > "$work/said"
rows=$(sqlite3 "$work/forty.sqlite" 'SELECT count(*) FROM run_methods')
[ "$rows" -eq 40 ] || { echo "$rows rows instead of 40"; exit 1; }
"$vitx" report "$work/forty.sqlite" --out "$work/forty.html" --resamples 1000
"$vitx" table "$work/forty.sqlite" --resamples 0 --format csv > "$work/table.csv"
"$vitx" compare "$work/forty.sqlite" --resamples 100 --format csv > "$work/ranking.csv"
"$vitx" compare "$work/forty.sqlite" --resamples 1000 --pairs --format csv > "$work/pairs.csv"
export PYTHONDONTWRITEBYTECODE=1
"$python" tests/report/decisions_in_browser.py "$work/forty.sqlite" "$work/forty.html" "$work"
