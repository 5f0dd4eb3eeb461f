"""The decisions on all pairs, four times: by the page in Chromium, by `vitx table`, by `vitx compare`, and by Wilcoxon's
test with Holm's correction written out here on the scores as SQL has them. Called by test_decisions.sh."""
import csv
import itertools
import json
import math
import sqlite3
import sys

from browser import Browser

database, page, folder = sys.argv[1:4]
db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)


def same(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, expected {expected!r}")


# ---- written out again -------------------------------------------------------------------------------------------

def wilcoxon(differences):
    """Two-sided p by the normal distribution; ties share ranks, zeros are dropped."""
    there = sorted((d for d in differences if d != 0), key=abs)
    n, plus, ties, at = len(there), 0.0, 0, 0
    if n == 0:
        return 1.0
    while at < n:
        end = at
        while end < n and abs(there[end]) == abs(there[at]):
            end += 1
        plus += sum((at + 1 + end) / 2 for d in there[at:end] if d > 0)
        ties += (end - at) ** 3 - (end - at)
        at = end
    sd = math.sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24)
    return math.erfc(abs(plus - n * (n + 1) / 4) / sd / math.sqrt(2)) if sd > 0 else 1.0


names = [m for m, in db.execute("SELECT name FROM run_methods ORDER BY place")]
scores = {m: [v for v, in db.execute("SELECT iou FROM per_image WHERE method = ? ORDER BY position", (m,))] for m in names}
count = len(scores[names[0]])
same(all(len(v) == count and None not in v for v in scores.values()) and count > 50, True, "every row has every image, and more than 50")
pairs = list(itertools.combinations(names, 2))
p = {(a, b): wilcoxon([x - y for x, y in zip(scores[a], scores[b])]) for a, b in pairs}
differs, most = {}, 0.0
for k, pair in enumerate(sorted(pairs, key=lambda q: p[q])):
    most = max(most, min(1, p[pair] * (len(pairs) - k)))
    differs[pair] = most < 0.05
means = {m: sum(scores[m]) / count for m in names}
best = max(names, key=lambda m: means[m])


def apart(a, b):
    return differs[a, b] if (a, b) in differs else differs[b, a]


def place(m):
    better = sum(apart(m, o) and means[o] > means[m] for o in names if o != m)
    worse = sum(apart(m, o) and means[o] < means[m] for o in names if o != m)
    return 1 + better, len(names) - worse, m == best or not apart(m, best)


places = {m: place(m) for m in names}
told = sum(differs.values())
same(100 < told < len(pairs) - 20, True, f"of {len(pairs)} pairs some are told apart and some are not ({told})")
same(apart(best, "background"), True, "the best row and background")

# ---- the program's tables ----------------------------------------------------------------------------------------


def read(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return list(csv.DictReader(file))


for row in read("pairs.csv"):
    pair = row["first"], row["second"]
    same(row["differs"] == "yes", differs[pair], f"compare on {pair}")
    same(abs(float(row["wilcoxon_p"]) - p[pair]) < 1e-9, True, f"p of {pair}")
for file in ("table.csv", "ranking.csv"):
    rows = read(file)
    same(len(rows), len(names), f"rows of {file}")
    for row in rows:
        same((int(row["rank_low"]), int(row["rank_high"]), row["level_with_best"] == "yes"), places[row["method"]], f"{row['method']} in {file}")

# ---- the page ----------------------------------------------------------------------------------------------------

with Browser() as b:
    b.open(f"file://{page}#compare?measure=iou&method={best}")
    b.wait("return document.documentElement.dataset.ready === 'true'")
    cells = b.run("""return [...document.querySelectorAll('.matrix button')].map(c =>
        [c.dataset.a, c.dataset.b, c.dataset.differs, getComputedStyle(c).opacity, c.getAttribute('aria-label')])""")
    same(len(cells), 2 * len(pairs), "cells of the matrix")
    for first, second, said, opacity, label in cells:
        same((said == "yes", float(opacity) == 1, "not told apart" not in label), (apart(first, second),) * 3, f"the page on {first} and {second}")
    rows = b.run("return [...document.querySelectorAll('table.data tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    against = {r[0].replace("trivial", ""): r for r in rows}
    same(against["background"][3], "yes", f"{best} and background")
    same(against["background"][5], "≤ 1e-3", "a p at the floor of its draws")
    same("≤ 1e-3 (floor of 1,000 draws)" in b.run("return document.getElementById('page-compare').textContent"), True, "the floor is named")
    for other, row in against.items():
        same(row[3] == "yes", apart(best, other), f"the list of {best} on {other}")
    b.run("location.hash = '#table'")
    b.wait("return document.querySelector('.table-one')")
    for name, ranks, level in b.run("""return [...document.querySelectorAll('.table-one tbody tr')].map(r =>
            [r.cells[0].querySelector('a').textContent, r.cells[7].textContent, !!r.cells[7].querySelector('.level')])"""):
        low, high, wanted = places[name]
        same((ranks, level), (f"{low}–{high}" if low < high else str(low), wanted), f"{name} in the page's table")
    trivial = max((m for m, in db.execute("SELECT name FROM run_methods WHERE trivial")), key=lambda m: means[m])
    better = sum(apart(m, trivial) and means[m] > means[trivial] for m, in db.execute("SELECT name FROM run_methods WHERE NOT trivial"))
    said = b.run("return document.querySelector('.notices').textContent")
    same(f"; {better} {'is' if better == 1 else 'are'} told apart from it and better" in said, True, f"{better} rows better than {trivial}: {said}")
    same([e["message"] for e in b.log("browser")], [], "complaints of the browser")
print(json.dumps({"pairs": len(pairs), "told apart": told, "level with the best": sum(v[2] for v in places.values())}))
