#!/usr/bin/env bash
# examples/own_method.py where PyTorch is there (PYTHON=… names another Python): its saliency is ours.
set -euo pipefail
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import torch, transformers, PIL, numpy' 2>/dev/null ||
  { echo "SKIPPED: $python has no torch, transformers and pillow: examples/own_method.py is not tried"; exit 77; }
export VITX=${VITX_PROGRAM:-build/release/vitx} PYTHONPATH=python PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1
said=$("$python" examples/own_method.py 8)
echo "$said"
ours=$(sed -n 's/^saliency  *\([0-9.]*\).*/\1/p' <<<"$said")
mine=$(sed -n 's/^mine  *\([0-9.]*\).*/\1/p' <<<"$said")
awk -v a="$ours" -v b="$mine" 'BEGIN { exit !(a > 0 && b > 0 && (a - b) ^ 2 < 0.25) }' ||
  { echo "FAILED: IoU $mine of the program's own saliency in PyTorch, ours $ours" >&2; exit 1; }
