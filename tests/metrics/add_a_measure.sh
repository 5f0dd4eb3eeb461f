#!/bin/bash
# docs/add-a-measure.md shows the whole change that adds a measure which asks the model. Apply it to a copy of the source,
# build the measure and the registry with all warnings, and run the program with it: at once, and added to a finished run.
set -eu
command -v patch >/dev/null || { echo "SKIPPED: there is no patch(1)"; exit 77; }
build=$(realpath "${VITX_BUILD:-build/release}")
link=$build/CMakeFiles/vitx.dir/link.txt
[ -f "$link" ] || { echo "SKIPPED: only a build with make tells how the program is linked"; exit 77; }
house=$PWD
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r metrics core base "$copy"
sed -n '/^```diff$/,/^```$/p' docs/add-a-measure.md | sed '1d;$d' >"$copy/measure.diff"
cd "$copy"
patch -p1 --fuzz=0 <measure.diff
cc=${CC:-cc}
warnings="-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror"
for source in metrics/drop_top.c metrics/registry.c; do
  $cc -std=gnu11 -D_GNU_SOURCE -O1 -I. $warnings -c "$source" -o "$(basename "$source" .c).o"
done
# the program's own link, with these two before the libraries
(cd "$build" && eval "$(sed "s# -o vitx # -o '$copy/vitx' '$copy/drop_top.o' '$copy/registry.o' #" "$link")")

cd "$house"
vitx=$copy/vitx
run() { # run FILE METRICS
  "$vitx" run configs/smoke.yaml --quiet --out "$copy/$1" --set 'methods=[rollout, saliency, center, random]' \
    --set "metrics=$2" >"$copy/said" 2>&1 || { cat "$copy/said"; exit 1; }
}
all='[drop-top, overlap, {id: drop-top, patches: 1, as: drop-top@1}]'
"$vitx" ls metrics | grep -q '^drop-top' || { echo "ls metrics does not know it"; exit 1; }
run once.sqlite "$all"
run later.sqlite '[overlap]'
run later.sqlite "$all"
"$vitx" dump "$copy/once.sqlite" >"$copy/once"
"$vitx" dump "$copy/later.sqlite" >"$copy/later"
cmp "$copy/once" "$copy/later" || { echo "added later it gives other rows"; exit 1; }
# p is the run's own prediction; without one patch and without four are two points of one curve; 6 pictures, 4 methods
awk -F'\t' '
  $1 == "prediction" { p[$2] = 0 }
  $1 == "top" && $3 == 1 { p[$2] = $5 }
  $1 == "score" { value[$5] = value[$5] " " $6; count[$5]++; if ($5 ~ /p$/ && $6 != p[$4]) wrong++ }
  $1 == "curve" { curves++ }
  END { ok = count["p"] == 24 && count["drop-top@1.p"] == 24 && curves == 48 && !wrong &&
             value["p"] == value["drop-top@1.p"] && value["p_without"] != value["drop-top@1.p_without"]
        if (!ok) print "rows:", count["p"], count["drop-top@1.p"], curves, wrong
        exit !ok }' "$copy/once" || exit 1
"$vitx" table "$copy/later.sqlite" --metrics all | grep -q 'p without' || { echo "the table does not show it"; exit 1; }
"$vitx" verify "$copy/later.sqlite" >"$copy/said" || { cat "$copy/said"; exit 1; }
# another number of patches under the same name is another measure
if "$vitx" run configs/smoke.yaml --quiet --out "$copy/later.sqlite" --set 'methods=[rollout]' \
  --set 'metrics=[{id: drop-top, patches: 2}]' 2>"$copy/said"; then echo "not refused"; exit 1; fi
grep -q 'already' "$copy/said" || { cat "$copy/said"; exit 1; }
echo "the diff applies, builds and runs"
