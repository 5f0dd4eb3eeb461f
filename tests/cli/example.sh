#!/usr/bin/env bash
# The example of the library: its map of a demo scene is hot on the object, its errors name what is wrong.
set -euo pipefail
program=$VITX_BUILD/explain_one
scene=$(head -n 1 data/demo/ImageSets/Segmentation/val.txt)
out=$("$program" data/demo/model "data/demo/JPEGImages/$scene.jpg" rollout)
[ "$(wc -l <<<"$out")" = 15 ] || { echo "expected a line and 14 rows, got: $out"; exit 1; }
grep -q '@' <<<"$out" || { echo "no patch has the maximum"; exit 1; }
if "$program" data/demo/model no-such-picture.jpg 2>err.$$; then echo "a missing picture passed"; exit 1; fi
grep -q no-such-picture.jpg err.$$ || { cat err.$$; exit 1; }
rm -f err.$$
