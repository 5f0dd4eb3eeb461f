#!/bin/bash
# Every measure of a given map and the method occlusion against vectors of another implementation (tests/golden/measures),
# through `vitx tensor`.
set -eu
build=$(realpath "${VITX_BUILD:-build/release}")
/usr/bin/python3 -c 'import numpy' 2>/dev/null || { echo "SKIPPED: python3 has no numpy"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
/usr/bin/python3 - "$build/vitx" "$folder" <<'PYTHON'
import json, struct, subprocess, sys
import numpy as np

vitx, folder = sys.argv[1:]
TYPES = {"F32": "f4", "F64": "f8", "U8": "u1", "I64": "i8"}
NAMES = {name: key for key, name in TYPES.items()}


def load(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + size])
    return {k: np.frombuffer(data[8 + size + v["data_offsets"][0]:8 + size + v["data_offsets"][1]],
                             TYPES[v["dtype"]]).reshape(v["shape"]) for k, v in head.items() if k[0] != "_"}


def save(path, tensors):
    head, data = {}, b""
    for k, v in tensors.items():
        v = np.ascontiguousarray(v)
        head[k] = dict(dtype=NAMES[v.dtype.str[1:]], shape=list(v.shape), data_offsets=[len(data), len(data) + v.nbytes])
        data += v.tobytes()
    head = json.dumps(head).encode()
    open(path, "wb").write(struct.pack("<Q", len(head)) + head + data)


def floats(v):
    """Bytes as the smallest F32 >= u/255, which scaling to bytes gives back."""
    if v.dtype != np.uint8:
        return v.astype("f4")
    f = (v / 255.0).astype("f4")
    return np.where(f.astype("f8") * 255 < v, np.nextafter(f, np.float32(2)), f)


def entry(name):
    id, _, rest = name.partition("@")
    if not rest:
        return id
    if rest == "pixel":
        more = "unit: pixel, remove: black"
    elif id == "saco" and rest.isdigit():
        more = f"groups: {rest}"
    elif id == "road":
        more = f"noise: {rest}"
    elif id == "single-deletion" and rest[:2] == "2-":
        more = f"cells: 2, remove: {rest[2:]}"
    else:
        more = f"remove: {rest}"
    return f"{{id: {id}, {more}, as: {name}}}"


golden = load("tests/golden/measures/vit-nano-0-top.safetensors")
save(f"{folder}/x", {"x": golden["x"].astype("f4"), "subsets": golden["subsets"]})
save(f"{folder}/m", {k: floats(v) for k, v in golden.items() if k[:4] == "map."})
given = ("x", "subsets", "target", "map", "slack")
measures = sorted({k.split(".")[0] for k in golden} - {*given, "curve", "heat"})
methods = [k[5:] for k in golden if k[:5] == "heat."]
subprocess.run([vitx, "tensor", "--model", "tests/golden/models/vit-nano", "--input", f"{folder}/x", "--target",
                str(int(golden["target"][0])), "--maps", f"{folder}/m", "--measures", ",".join(map(entry, measures)),
                "--methods", ",".join(map(entry, methods)), "--out", f"{folder}/y"], check=True)
found, bad, seen = load(f"{folder}/y"), 0, 0
for key, expected in golden.items():
    if key.split(".")[0] in given:
        continue
    seen += 1
    ranks = key.startswith(("single-deletion", "faithfulness"))
    limit = (1e-4 if key[:5] == "heat." else 1e-3 if ranks else 1e-5) + golden.get("slack." + key, np.zeros(1))[0]
    off = np.abs(found[key].ravel() - expected.ravel()).max() if key in found else np.inf
    if not off <= limit:
        print(key, "is off by", off)
        bad += 1
print(seen, "numbers, curves and maps,", bad, "of them off")
sys.exit(bad > 0 or seen < 300)
PYTHON
