#!/usr/bin/env bash
# The report in a real browser: no script error, no request, tables that sort, cells that lead to their images, a
# gallery that filters, counts and means as in SQL, and names that are shown, not run.
set -euo pipefail
python=/usr/bin/python3
for tool in "$python" sqlite3 chromium chromedriver; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }
done
vitx=${VITX_PROGRAM:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The six drawn scenes under names that a careless page would run, and classes likewise.
data=$work/data
mkdir -p "$data"/{JPEGImages,SegmentationClass,SegmentationObject,Annotations,ImageSets/Segmentation}
names=('<img src=x onerror=window.hacked=1>' "it's \"quoted\" & 100 %" 'zebra 🦒 ünï' 'תמונה של כלב' '<script>window.hacked=1<!--' 'plain_0006')
at=0
for name in "${names[@]}"; do
  at=$((at + 1))
  from=smoke_000$at
  cp "data/smoke/JPEGImages/$from.jpg" "$data/JPEGImages/$name.jpg"
  cp "data/smoke/SegmentationClass/$from.png" "$data/SegmentationClass/$name.png"
  cp "data/smoke/Annotations/$from.xml" "$data/Annotations/$name.xml"
  printf '%s\n' "$name" >> "$data/ImageSets/Segmentation/val.txt"
done
printf '%s\n' star cross '</script><script>window.hacked=1</script>' "crescent \"'&" gear '<b>leaf</b>' 'مجن' 'drop 💧' arrow hexagon > "$data/classes.txt"

# Classes of the model to those of the data, so that some decisions are right and some wrong.
for label in $(seq 0 19); do
  class=-
  case $label in
    18) class='<b>leaf</b>' ;;
    4) class='</script><script>window.hacked=1</script>' ;;
    15) class='drop 💧' ;;
    0) class="crescent \"'&" ;;
    1) class=gear ;;
    2) class='مجن' ;;
  esac
  printf '%d\tclass %d\t%s\n' "$label" "$label" "$class"
done > "$work/classes.tsv"

cat > "$work/odd.yaml" <<YAML
model: tests/golden/models/vit-micro
data: {root: "$data", split: val}
classes: "$work/classes.tsv"
min_confidence: 0
methods: [rollout, saliency, attn-gradcam, ag-cam, lrp-stable, {id: occlusion, remove: drop, as: ceiling-row}, foreground, background, center]
metrics: [overlap, pointing, deletion, single-deletion, {id: deletion, remove: black, as: deletion@black}]
compare_with: coporan-table1
YAML
"$vitx" run "$work/odd.yaml" --out "$work/odd.sqlite" --quiet > "$work/said"
"$vitx" table "$work/odd.sqlite" --resamples 0 --compare-with none --format json > "$work/table.json"
# The ceiling row is marked for eyes, too, and in no ranking.
"$vitx" table "$work/odd.sqlite" --metrics single-deletion --resamples 0 > "$work/ceiling"
grep -qE '^ceiling-row .* 1\.000\^' "$work/ceiling" || { echo "the table does not mark the ceiling row:"; cat "$work/ceiling"; exit 1; }
"$vitx" compare "$work/odd.sqlite" --metrics iou,single-deletion --ranks --resamples 200 > "$work/ranks"
grep -qE '^ceiling-row .* ceiling *$' "$work/ranks" || { echo "the ceiling row has a rank:"; cat "$work/ranks"; exit 1; }
"$vitx" report "$work/odd.sqlite" --out "$work/odd.html" --resamples 500
"$vitx" report "$work/odd.sqlite" --out "$work/bare.html" --resamples 500 --data "$work/nowhere"
export PYTHONDONTWRITEBYTECODE=1
"$python" tests/report/report_in_browser.py "$work/odd.sqlite" "$work/odd.html" "$work/bare.html" "$work/table.json"
