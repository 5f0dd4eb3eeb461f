#!/bin/bash
# Inputs that once broke something, each through every reader that it could break. tests/crashers/results/*.sql: what
# was done to a results file, with what must come of it: "-- refused" (status 1, one line that names the file) or
# "-- read" (the commands answer, whatever they say). No command may crash, hang or take more than 4 GB.
set -u
vitx=$VITX_PROGRAM
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

fail() { echo "FAILED: $*"; failed=1; }

run=("$vitx" run configs/smoke.yaml --set 'methods=[rollout, saliency, center]' --limit 3 --quiet)
"${run[@]}" --out "$folder/good.sqlite" >/dev/null || fail "run"
grep -q '^VITX_SANITIZE:STRING=.' "$VITX_BUILD/CMakeCache.txt" || ulimit -v 4194304 # shadow memory is larger

for script in tests/crashers/results/*.sql; do
  file=$folder/$(basename "$script" .sql).sqlite
  cp "$folder/good.sqlite" "$file"
  /usr/bin/python3 - "$file" "$script" <<'PYTHON' || fail "$script cannot be applied"
import sqlite3, sys
sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())
PYTHON
  while read -r command; do
    said=$(timeout 60 "$vitx" ${command//FILE/$file} 2>&1)
    status=$?
    [ $status -le 1 ] && ! grep -q 'Sanitizer\|runtime error' <<<"$said" || fail "$script: $command: $status: ${said:0:200}"
    grep -q '^-- refused' "$script" || continue
    [ $status = 1 ] && grep -qF "$file: table " <<<"$said" || fail "$script: $command was not refused: $status: ${said:0:200}"
  done <<COMMANDS
table FILE --by class --resamples 100
compare FILE --resamples 100
report FILE --resamples 100 --out $folder/report.html
rescore FILE --as again --set score.threshold=mean
sweep FILE
verify FILE
verify FILE --rerun 1
dump FILE
figure FILE --out $folder/figure.png
ls runs FILE
run configs/smoke.yaml --set methods=[rollout,saliency,center] --limit 4 --quiet --out FILE
COMMANDS
done
exit $failed
