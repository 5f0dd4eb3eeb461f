"""The leaderboard in Chromium. Called by test_site.sh: the site's folder, its first file, a method's odd name."""
import os
import sqlite3
import sys

from browser import Browser

site, database, odd = sys.argv[1:4]
db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
page = f"file://{os.path.abspath(site)}/index.html"


def same(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, expected {expected!r}")


ROWS = """return [...document.querySelectorAll('.board')].map(b => ({about: b.getAttribute('aria-label'),
  rows: [...b.querySelectorAll('tbody tr')].map(r => ({kind: r.className, cells: [...r.cells].map(c => c.textContent),
  first: [...r.cells].map(c => c.firstChild && c.firstChild.textContent),
  links: [...r.querySelectorAll('a')].map(a => a.getAttribute('href'))}))}))"""

for width in (390, 768, 1440):
    for dark in (False, True):
        with Browser(width, 900, dark) as b:
            b.open(page)
            b.requests()
            wide = b.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            same(wide[0] <= wide[1], True, f"nothing stands out at {width} pixels {wide}")
            ground = b.run("return getComputedStyle(document.body).backgroundColor")
            same(ground == "rgb(18, 20, 22)", dark, f"the ground is dark: {ground}")
            same([e for e in b.log("browser") if e["level"] == "SEVERE"], [], "script errors")

with Browser(1440, 900) as b:
    b.requests()  # those of the empty page that Chromium opens with
    b.open(page)
    boards = b.run(ROWS)
    # one table a protocol, its published rows apart; each run without one alone
    same([t["about"] for t in boards], ["Measured", "As published", "Measured", "Measured"], "the tables")
    same([len(t["rows"]) for t in boards], [8, 1, 4, 4], "their rows")
    same({k for t in boards if t["about"] == "Measured" for r in t["rows"] for k in [r["kind"].split()[0]]},
         {"ours", "trivial"}, "what is measured")
    same(boards[1]["rows"][0]["kind"], "published", "what is published")
    same({r["links"][0] for r in boards[0]["rows"]}, {"one.html", "one-2.html"}, "links to reports")

    # numbers as SQL has them, best first
    expected = {m: f"{100 * v:.2f}" for m, v in db.execute("SELECT method, avg(iou) FROM per_image GROUP BY method")}
    found = {r["first"][0]: r["first"][3] for r in boards[0]["rows"] if r["links"][0] == "one.html"}
    same(found, expected, "mean IoU")
    same(odd in found, True, "an odd name is shown")
    values = [float(r["first"][3]) for r in boards[0]["rows"]]
    same(values, sorted(values, reverse=True), "best first")
    same(all("[" in r["cells"][3] for r in boards[0]["rows"]), True, "intervals")
    same("with-best" in boards[0]["rows"][0]["kind"], True, "the best is level with itself")

    # a click on a head sorts, another turns it round
    click = "document.querySelector('.board').querySelectorAll('th button')[arguments[0]].click()"
    b.run(click, 0)
    names = [r["cells"][0] for r in b.run(ROWS)[0]["rows"]]
    b.run(click, 0)
    same([r["cells"][0] for r in b.run(ROWS)[0]["rows"]][0], names[-1], "turned round")
    same(b.run("return document.querySelector('.board th').getAttribute('aria-sort')"), "descending", "aria-sort")

    same(b.run("return window.hacked === undefined"), True, "names are not run")
    same([u for u in b.requests() if not u.startswith(("data:", "chrome:", page))], [], "requests")
    for report in ("one.html", "one-2.html", "free-run1.html", "free-run2.html"):
        b.open(f"file://{os.path.abspath(site)}/{report}")
        same("vitx report" in b.run("return document.title"), True, report)
    if os.environ.get("VITX_PICTURES"):
        b.open(page)
        b.screenshot(os.environ["VITX_PICTURES"] + "/site.png")
print("the site holds")
