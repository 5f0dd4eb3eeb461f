#!/usr/bin/env bash
# docs/measures.md has a section on every measure, with its source, its cost, what it rewards wrongly and what it cannot
# tell; and none on a measure that there is not.
set -euo pipefail
vitx=${VITX_PROGRAM:?}
page=docs/measures.md
status=0
known=$("$vitx" ls metrics | awk '/^[a-z][a-z0-9-]*( |$)/ {print $1}' | sort)
[ "$(wc -l <<< "$known")" -ge 7 ] || { echo "vitx ls metrics lists no measures: $known"; exit 1; }
for id in $known; do
  section=$(awk -v id="$id" '$0 == "### " id {on = 1; next} /^##/ {on = 0} on' "$page")
  [ -n "$section" ] || { echo "$page: no section on $id"; status=1; continue; }
  for word in '**Is**' '**Source**' '**Costs**' '**Rewards wrongly**' '**Cannot tell**' ; do
    grep -qiF -- "$word" <<< "$section" || { echo "$page: the section on $id does not say $word"; status=1; }
  done
done
exit $status
