#!/usr/bin/env bash
# A run that is killed again and again ends with the same dump as an undisturbed one, and so does one that a signal stops.
set -u
vitx=${VITX_PROGRAM:-build/release/vitx}
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
start() { # file, jobs: begins the run; its process is $!
  "$vitx" run configs/demo.yaml --set 'methods=[rollout,saliency,ag-cam,random,foreground]' --set min_confidence=0.5 \
    --limit 60 --quiet --out "$1" --jobs "$2" >"$here/out" 2>"$here/err" &
}
run() {
  start "$@"
  wait $!
}
[ -f data/demo/model/model.safetensors ] || { echo "SKIPPED: data/demo has no model"; exit 77; }

run "$here/whole.sqlite" 1 || { cat "$here/err"; exit 1; }
"$vitx" dump "$here/whole.sqlite" >"$here/whole.txt"

RANDOM=7
for round in 1 2 3 4 5 6 7 8 9 10; do
  start "$here/killed.sqlite" 2
  sleep "$(printf '0.%03d' $((RANDOM % 900 + 50)))"
  { kill -KILL $!; wait $!; } 2>/dev/null
done
echo "images before the last go: $("$vitx" dump "$here/killed.sqlite" 2>/dev/null | grep -c '^image')"

start "$here/killed.sqlite" 2
sleep 0.4
kill -TERM $! 2>/dev/null # a shell without job control starts its children deaf to SIGINT
wait $!
status=$?
[ $status = 130 ] || [ $status = 0 ] || { echo "FAILED: exit status $status after an interrupt: $(cat "$here/err")"; exit 1; }
[ $status = 0 ] || grep -q 'go on with the same command' "$here/out" || { echo "FAILED: $(cat "$here/out")"; exit 1; }

run "$here/killed.sqlite" 3 || { echo "FAILED: $(cat "$here/err")"; exit 1; }
"$vitx" dump "$here/killed.sqlite" | cmp - "$here/whole.txt" || { echo "FAILED: another dump"; exit 1; }
