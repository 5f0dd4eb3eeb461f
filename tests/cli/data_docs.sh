#!/bin/bash
# docs/data.md against the program: every preset, encoding and status of the one is in the other, and the lists and
# layouts that it shows open.
set -u
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong=0
fail() { echo "WRONG: $*"; wrong=1; }

# In tables of the document the first column has these words in backquotes.
in_doc() { grep -qE "^\|.*\`$1\`.*\|" docs/data.md || fail "docs/data.md does not have $1"; }
for word in voc binary isic pet imagenet-s ok by-colour no-object all-void foreign-labels interpolated; do in_doc "$word"; done
"$vitx" help config > "$work/help"
for word in data.labels data.mask_encoding input.exif; do
  grep -q "$word" "$work/help" || fail "help config does not have $word"
done
for word in voc binary isic pet imagenet-s; do
  "$vitx" run configs/smoke.yaml --set model=tests/golden/models/vit-micro --set "data.labels=$word" --limit 1 --set 'methods=[rollout]' --quiet \
    --out "$work/$word.sqlite" > /dev/null 2> "$work/said" || fail "preset $word: $(cat "$work/said")"
done

# The lines of the table of lists, on the smoke data: each must find its pictures.
root=$(sed -n 's/^ *root: *//p' configs/smoke.yaml | head -1)
root=${root:-data/smoke}
ids=($(head -2 "$root"/ImageSets/Segmentation/val.txt))
ending=$(ls "$root"/JPEGImages | sed -n "s/^${ids[0]}\.//p")
opens() { # NAME LINES…
  local name=$1
  shift
  printf '%s\n' "$@" > "$work/$name.txt"
  "$vitx" run configs/smoke.yaml --set model=tests/golden/models/vit-micro --set 'methods=[rollout]' --set "data.split=$work/$name.txt" --quiet \
    --out "$work/$name-list.sqlite" > "$work/said" 2>&1 || fail "list $name: $(cat "$work/said")"
  grep -q "^2 of 2 images done.* 0 with failures" "$work/said" || fail "list $name: $(cat "$work/said")"
}
a=${ids[0]} b=${ids[1]}
opens ids "$a" "$b"
opens endings "$a.$ending" "$b.$ending"
opens paths "JPEGImages/$a.$ending" "/elsewhere/JPEGImages/$b.$ending"
opens absolute "$PWD/$root/JPEGImages/$a.$ending" "$b"
opens pairs "JPEGImages/$a.$ending SegmentationClass/$a.png" "JPEGImages/$b.$ending,SegmentationClass/$b.png"
opens table "mask,image" "$a.png,$a.$ending" ",$b.$ending"
opens signs "$a 1" "nothing -1" "$b 0"
exit $wrong
