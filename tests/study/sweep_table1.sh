#!/bin/bash
# Asked for the row that Table 1's protocol gives on the real subset with the ViT-Tiny (by an independent
# implementation), the sweep names that protocol, and nothing ties with it.
set -u
shared=${VITX_SHARED:-../shared}
vitx=$VITX_PROGRAM
if [ ! -d "$shared/voc2012-subset" ]; then
  echo "SKIPPED: the sweep of Table 1's protocol on real pictures ($shared is not there)"
  exit 77
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
row=$(sed -n 's/.*"attn-gradcam": *{ *"otsu": *\[\([0-9.]*\), *\([0-9.]*\), *\([0-9.]*\)\].*/iou=\1,f1=\2,pixel_accuracy=\3/p' \
  <<<"$(tr -d '\n' <"$shared/golden/real/table1-protocol.json" | sed 's/"images".*//')")
[ -n "$row" ] || { echo "FAILED: no summary row in table1-protocol.json"; exit 1; }
"$vitx" sweep configs/table1.yaml --set model="$shared/models/vit-tiny-patch16-224" \
  --set data.root="$shared/voc2012-subset/VOC2012" --set data.split=subset-val --out "$folder/sweep.sqlite" \
  --near "$row" --top 2 --format csv >"$folder/csv" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
first=$(sed -n 2p "$folder/csv")
case $first in
1,*,,attn-gradcam,none,otsu,foreground,opencv,accuracy,0.85,mean,*,38) ;;
*)
  echo "FAILED: nearest to $row is $first"
  exit 1
  ;;
esac
