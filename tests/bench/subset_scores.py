#!/usr/bin/env python3
"""Compare a run of configs/voc-subset-vit-tiny.yaml with the scores of an independent implementation.

    subset_scores.py RESULTS.sqlite VITX_SHARED/golden/real

For every method of voc-subset.json (void ignored) and, under the `-stable` ids, of voc-subset-stable.json at delta 1e-2:
images compared, how many differ by more than 0.005 in IoU, F1 or pixel accuracy, the largest difference, and how far the
means are apart in points. Exit status 1 when more than 1 % of all scores or any mean is outside what is promised (0.005;
0.05 points). Needs nothing but Python.
"""
import collections
import json
import sqlite3
import sys

SCORE, SHARE, POINTS = 0.005, 0.01, 0.05


def wanted(plain, stable, image, method):
    """[IoU, F1, pixel accuracy] of the golden file, or None."""
    if method.endswith("-stable"):
        return stable.get(image, {}).get(method[: -len("-stable")] + "@0.01")
    return plain.get(image, {}).get("scores", {}).get(method, {}).get("ignore")


def main(results, folder):
    plain = json.load(open(folder + "/voc-subset.json"))["images"]
    stable = json.load(open(folder + "/voc-subset-stable.json"))
    stable = stable.get("images", stable)
    table = sqlite3.connect("file:%s?mode=ro" % results, uri=True)
    apart = collections.defaultdict(list)
    for image, method, *scores in table.execute("SELECT image_id, method, iou, f1, pixel_accuracy FROM per_image"):
        golden = wanted(plain, stable, image, method)
        if golden:
            apart[method].append([ours - theirs for ours, theirs in zip(scores, golden[:3])])
    far = total = 0
    good = bool(apart)
    print("%-32s %4s %7s %9s  %s" % ("method", "n", ">0.005", "largest", "means apart, points"))
    for method, rows in apart.items():
        largest = [max(map(abs, row)) for row in rows]
        means = [100 * sum(column) / len(rows) for column in zip(*rows)]
        over = sum(value > SCORE for value in largest)
        far, total = far + over, total + len(rows)
        good = good and max(map(abs, means)) <= POINTS
        print("%-32s %4d %7d %9.4f  %s" % (method, len(rows), over, max(largest), " ".join("%8.4f" % m for m in means)))
    print("%d of %d scores differ by more than %g" % (far, total, SCORE))
    return 0 if good and far <= SHARE * total else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
