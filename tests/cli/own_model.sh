#!/usr/bin/env bash
# README's command for one's own model and pictures, as it stands there, on models of ten, of twenty and of a thousand
# classes where there is one.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "SKIPPED: sqlite3 is not installed"; exit 77; }
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command=$(grep -E '^    vitx run configs/[a-z0-9-]+\.yaml --set model=DIR --set data\.root=VOC2012' README.md)
[ "$(wc -l <<< "$command")" -eq 1 ] || { echo "README has not one such command: $command"; exit 1; }

own() { # MODEL DATA LIST: all images are scored by every method
  local line=${command/    vitx/$vitx}
  line=${line/model=DIR/model=$1}
  line=${line/data.root=VOC2012/data.root=$2}
  line=${line/data.split=val/data.split=$3}
  rm -f "$work/own.sqlite"
  $line --out "$work/own.sqlite" --limit 2 --quiet > "$work/said" 2>&1 || { cat "$work/said"; exit 1; }
  sqlite3 "$work/own.sqlite" "SELECT min(n) = 2 AND count(*) > 30 FROM table1" | grep -qx 1 ||
    { echo "$1 on $2: not every method scores both images"; exit 1; }
}
own data/demo/model data/demo val
own tests/golden/models/vit-micro data/smoke val
"$vitx" table "$work/own.sqlite" --resamples 0 | grep -q 'head: the checkpoint.s, 20 labels' || { echo "not the model given"; exit 1; }
tiny=../shared/models/vit-tiny-patch16-224 voc=../shared/voc2012-subset/VOC2012
if [ -d "$tiny" ] && [ -d "$voc" ]; then own "$tiny" "$voc" subset; fi
