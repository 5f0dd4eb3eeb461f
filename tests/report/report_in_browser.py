"""What a reader does with the report, against what SQL says of the same file. Called by test_report.sh."""
import json
import re
import sqlite3
import sys
import urllib.parse

from browser import Browser

database, page, bare, table = sys.argv[1:5]
db = sqlite3.connect(f"file:{urllib.parse.quote(database)}?mode=ro", uri=True)
checks = 0


def sql(query, *args):
    return db.execute(query, args).fetchall()


def same(found, expected, what):
    global checks
    checks += 1
    if found != expected:
        raise AssertionError(f"{what}: the page has {found!r}, expected {expected!r}")


def close(found, expected, what, by=0.0051):
    global checks
    checks += 1
    if abs(float(str(found).replace("\u2212", "-")) - expected) > by:
        raise AssertionError(f"{what}: the page has {found!r}, expected {expected!r}")


def go(b, name, **params):
    """To a page by its address, as a link would."""
    text = urllib.parse.urlencode({k: v for k, v in params.items() if v is not None})
    b.run("location.hash = arguments[0]", f"#{name}?{text}" if text else f"#{name}")
    b.wait("return document.querySelector('#main > section') && document.querySelector('#main > section').id === 'page-' + arguments[0]", name)


COLUMN = """return [...document.querySelectorAll('.table-one tbody tr:not(.published)')].map(r => r.cells[arguments[0]].textContent)"""


def first_number(text):
    return re.match(r"[\u2212-]?[\d.]+", text).group()


def check_quiet(b, what):
    errors = [e["message"] for e in b.log("browser") if e["level"] in ("SEVERE", "WARNING")]
    same(errors, [], f"{what}: complaints of the browser")
    asked = [u for u in b.requests() if not u.startswith(("data:", "blob:", "chrome:"))]
    same([u for u in asked if not u.startswith("file:///")], [], f"{what}: requests to a network")
    same(b.run("return window.hacked === undefined"), True, f"{what}: names are not run")


def check_file(path):
    """One file, no address of another, JSON that parses on its own."""
    text = open(path, encoding="utf-8").read()
    same(len(text) < 30e6, True, "size")
    same(re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text), [], "addresses of other files")
    parts = re.findall(r'<script type="application/json" id="([^"]*)">(.*?)</script>', text, re.S)
    same(len(parts), len(set(i for i, _ in parts)), "ids of the data")
    for _, part in parts:
        json.loads(part)
    return dict((i, json.loads(p)) for i, p in parts)


def check_table(b):
    go(b, "table")
    expected = sql("SELECT method, iou, f1, pixel_accuracy, n, flat FROM table1 ORDER BY method")
    rows = b.run("""return [...document.querySelectorAll('.table-one tbody tr:not(.published)')].map(r =>
        [...r.cells].map(c => c.textContent))""")
    rows.sort(key=lambda r: r[0].replace("trivial", ""))
    same([r[0].replace("trivial", "") for r in rows], [e[0] for e in expected], "methods of Table 1")
    for row, (method, iou, f1, accuracy, n, flat) in zip(rows, expected):
        for at, value in ((2, iou), (3, f1), (4, accuracy)):
            close(first_number(row[at]), value, f"{method}, column {at}")
        same((int(row[8]), int(row[9])), (n, flat), f"n and flat of {method}")
    trivial = b.run("return [...document.querySelectorAll('.table-one tr.trivial th a')].map(a => a.textContent)")
    same(sorted(trivial), [m for m, in sql("SELECT name FROM run_methods WHERE trivial ORDER BY name")], "trivial rows")
    same(b.run("return [...document.querySelectorAll('.fact-value')].map(f => f.textContent)"),
         [str(v) for v in sql("SELECT g.images, g.passed, (SELECT count(*) FROM predictions WHERE correct AND passed), (SELECT count(*) FROM "
                              "predictions WHERE correct = 0 AND passed), (SELECT count(DISTINCT image_id) FROM missing WHERE severity = 'failure') FROM gate g")[0]],
         "facts")


def check_heading(b):
    """What the page says of its run is what the table says; keys that are not the default stand in every title."""
    go(b, "table")
    with open(table, encoding="utf-8") as file:
        told = json.load(file)
    lines = b.run("const l = document.querySelector('dl.heading'); return [...l.querySelectorAll('dt')].map(t => `${t.textContent}: ${t.nextSibling.textContent}`)")
    same(lines, ["run: odd (run 1; min_confidence=0)"] + told["head"], "what was understood")
    same([l.split(":")[0] for l in told["head"]], ["data", "labels", "pictures", "head", "scored", "images"], "a line each")
    same(told["title"].startswith("odd (run 1; min_confidence=0): "), True, "the table's title")
    same("odd (run 1; min_confidence=0)" in b.run("return document.title"), True, "the page's title")
    same(b.run("return document.getElementById('run-name').textContent"), "odd (run 1; min_confidence=0)", "the page's head")


def check_published(b):
    rows = b.run("return [...document.querySelectorAll('.table-one tr.published')].map(r => [...r.cells].map(c => c.textContent))")
    same([rows[0][0]] + rows[0][2:5] + [rows[0][8]], ["published: CAM", "12.43", "19.13", "65.94", "347"], "the published row")
    ours = sql("SELECT iou, f1, pixel_accuracy FROM table1 WHERE method = 'attn-gradcam'")[0]
    for text, value, theirs in zip(rows[1][2:5], ours, (12.43, 19.13, 65.94)):
        close(text, value - theirs, "ours less published", 0.011)
    above = b.run("return document.querySelector('.table-one tr.published').previousElementSibling.cells[0].textContent")
    same(above, "attn-gradcam", "under the method that it is about")


def check_further(b):
    metrics = [m for m, in sql("SELECT DISTINCT metric FROM scores ORDER BY metric")]
    rows = b.run("return [...document.querySelectorAll('.further tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    heads = b.run("return [...document.querySelectorAll('.further thead th')].map(h => h.firstChild.textContent)")
    titles = {m: b.run("const m = metricByName.get(arguments[0]); return m.percent ? `${m.title}, %` : m.title", m) for m in metrics}
    for row in rows:
        method = row[0].replace("trivial", "")
        for metric in metrics:
            at = heads.index(titles[metric])
            mean, n = sql("SELECT avg(value), count(value) FROM scores JOIN run_methods ON id = method WHERE name = ? AND metric = ?", method, metric)[0]
            scale = 100 if b.run("return metricByName.get(arguments[0]).percent", metric) else 1
            close(first_number(row[at]), scale * mean, f"{metric} of {method}")
            # n only where it is not Table 1's, and the ranks that the table of vitx has
            same("n" in heads, n != sql("SELECT n FROM table1 WHERE method = ?", method)[0][0], f"n of {method}")
            same(heads[at + 1], "ranks", "a measure has its ranks beside it")
    same(len(rows), len(sql("SELECT 1 FROM run_methods")), "rows of further measures")


def check_masks(b):
    """What is drawn as a mask is what was scored, as far as 8 bits and a small picture can tell."""
    found = b.run("""const out = [];
      images.ids.forEach((id, i) => methods.forEach((m, k) => { const d = imageData(i), [w, h] = frameOf(d), mask = maskOf(d, k, w, h), truth = truthOf(i, d);
        let both = 0, either = 0; mask.forEach((x, p) => { if (truth[p] === 2) return; both += x && truth[p]; either += x || truth[p]; });
        out.push([id, m.name, either ? both / either : 1]); })); return out""")
    stored = {(i, m): v for i, m, v in sql("SELECT image_id, method, iou FROM per_image")}
    same(len(found), len(stored), "masks")
    for one, method, value in found:
        close(value, stored[(one, method)], f"IoU of the mask drawn for {method} on {one}", 0.03)


def check_flat(b):
    """A mask of ones is not drawn like one of zeros, and both say that they are flat."""
    one = sql("SELECT image_id FROM images JOIN predictions ON image = id WHERE passed ORDER BY position")[0][0]
    go(b, "image", id=one)
    tiles = """const t = [...document.querySelectorAll('.tile.method')].find(t => t.querySelector('bdi').textContent === arguments[0]);"""
    b.wait(tiles + "const c = t.querySelector('canvas'); return c.getContext('2d').getImageData(0, 0, 1, 1).data[3] === 255", "background")
    drawn = {}
    for method, level in (("foreground", 255), ("background", 0)):
        same(b.run(tiles + "return t.querySelector('.tag') && t.querySelector('.tag').textContent", method), "flat", f"{method} is called flat")
        same(b.run(tiles + "return t.querySelector('canvas').getAttribute('aria-label').includes('(flat)')", method), True, f"{method} to the ear")
        same(b.run("""const d = imageData(images.ids.indexOf(arguments[0])), k = methodIndex(arguments[1]), [w, h] = frameOf(d);
                      return [...new Set(heatOf(d, k, w, h))]""", one, method), [level / 255], f"heat of {method}")
        same(b.run("""const d = imageData(images.ids.indexOf(arguments[0])), k = methodIndex(arguments[1]), [w, h] = frameOf(d);
                      return [...new Set(maskOf(d, k, w, h))]""", one, method), [level // 255], f"mask of {method}")
        drawn[method] = b.run(tiles + """const c = t.querySelector('canvas'), p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                      const s = [0, 0, 0]; for (let i = 0; i < p.length; i += 4) for (let k = 0; k < 3; k++) s[k] += p[i + k]; return s.map(v => v / (c.width * c.height))""", method)
    top, low = (b.run("const t = colourTables[look.colours]; return [...t.slice(arguments[0], arguments[0] + 3)]", 3 * v) for v in (255, 0))
    for k in range(3):  # the same picture below both: what differs is the colours' share
        close(drawn["foreground"][k] - drawn["background"][k], b.run("return Number(look.alpha)") * (top[k] - low[k]), "colours of on and off", 2)
    same(b.run(tiles + "return t.querySelector('.tag')", "center"), None, "a map with contrast is not called flat")


def check_sorting(b):
    head = "document.querySelectorAll('.table-one thead th')[2]"
    b.run(f"{head}.querySelector('button').click()")
    same(b.run(f"return {head}.getAttribute('aria-sort')"), "descending", "first click")
    names = [t.replace("trivial", "") for t in b.run(COLUMN, 0)]
    by_iou = dict(sql("SELECT method, iou FROM table1"))
    same([by_iou[n] for n in names], sorted(by_iou.values(), reverse=True), "order by IoU")
    b.run(f"{head}.querySelector('button').focus()")
    b.keys("\uE007")  # Enter
    same(b.run(f"return {head}.getAttribute('aria-sort')"), "ascending", "Enter on the head")
    same([by_iou[t.replace("trivial", "")] for t in b.run(COLUMN, 0)], sorted(by_iou.values()), "turned round")
    b.run("document.querySelectorAll('.table-one thead th')[0].querySelector('button').click()")
    names = [t.replace("trivial", "") for t in b.run(COLUMN, 0)]
    same(names, sorted(names), "by name")


def cards(b):
    b.wait("return document.querySelector('.cards .more')")
    return b.run("return [...document.querySelectorAll('.card h3')].map(h => h.textContent)")


def gallery_count(b):
    return int(b.run("return document.getElementById('gallery-count').textContent"))


def check_cell(b):
    """From a number to the images behind it."""
    go(b, "table")
    b.run("""[...document.querySelectorAll('.table-one tbody tr')].find(r => r.cells[0].textContent === 'ag-cam')
             .cells[2].querySelector('a').click()""")
    b.wait("return document.querySelector('#page-gallery #gallery-count')")
    expected = [i for i, in sql("SELECT image_id FROM per_image WHERE method = 'ag-cam' ORDER BY iou, position")]
    same(cards(b), expected, "images behind ag-cam's IoU, worst first")
    same(gallery_count(b), len(expected), "their count")
    close(re.search(r"mean IoU ([\d.]+)", b.run("return document.querySelector('.count').textContent")).group(1),
          sql("SELECT iou FROM table1 WHERE method = 'ag-cam'")[0][0], "their mean")
    painted = b.wait("""const c = [...document.querySelectorAll('.card canvas')].slice(0, 4);
        return c.length === 4 && c.every(k => { const d = k.getContext('2d').getImageData(0, 0, k.width, k.height).data;
          return new Set(d).size > 8 }) && c.length""")
    same(painted, 4, "picture, overlay, mask and truth of the first card")
    b.run("history.back()")
    b.wait("return document.querySelector('#page-table')")


def check_filters(b):
    for decision, value in (("right", 1), ("wrong", 0)):
        go(b, "gallery", decision=decision, method="rollout")
        same(gallery_count(b), sql("SELECT count(*) FROM per_image WHERE method = 'rollout' AND correct = ?", value)[0][0], decision)
    for number, name in sql("SELECT class, name FROM classes WHERE class > 0"):
        go(b, "gallery", **{"class": number})
        same(gallery_count(b), sql("SELECT count(*) FROM images JOIN predictions ON image = id WHERE main_class = ? AND passed", number)[0][0], name)
    middle = sql("SELECT avg(iou) FROM per_image WHERE method = 'center'")[0][0]
    go(b, "gallery", method="center", measure="iou", **{"from": f"{middle:.6f}"})
    same(gallery_count(b), sql("SELECT count(*) FROM per_image WHERE method = 'center' AND iou >= ?", middle)[0][0], "score from")
    # the same by hand: choose in the form
    go(b, "gallery")
    b.run("""const s = [...document.querySelectorAll('.field')].find(f => f.textContent.startsWith('Decision')).querySelector('select');
             s.value = 'wrong'; s.dispatchEvent(new Event('change', {bubbles: true}))""")
    same(gallery_count(b), sql("SELECT count(*) FROM predictions WHERE correct = 0 AND passed")[0][0], "chosen in the form")
    same("decision=wrong" in b.run("return location.hash"), True, "the address keeps the filter")
    go(b, "gallery", sort="best", method="saliency")
    same(cards(b), [i for i, in sql("SELECT image_id FROM per_image WHERE method = 'saliency' ORDER BY iou DESC, position")], "best first")
    go(b, "gallery", sort="difference", method="rollout", against="saliency")
    same(cards(b), [i for i, in sql("SELECT a.image_id FROM per_image a JOIN per_image b USING (image_id) WHERE a.method = 'rollout' AND "
                                    "b.method = 'saliency' ORDER BY abs(a.iou - b.iou) DESC, a.position")], "largest difference first")


def check_classes(b):
    go(b, "classes", measure="f1")
    names = b.run("return [...document.querySelectorAll('.shaded thead th button')].map(t => t.textContent)")[2:]
    rows = b.run("return [...document.querySelectorAll('.shaded tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    same(names[:2], ["right", "wrong"], "decisions before classes")
    for row in rows:
        for at, correct in ((2, 1), (3, 0)):
            close(row[at], 100 * sql("SELECT avg(f1) FROM per_image WHERE method = ? AND correct = ?", row[0].replace("trivial", ""), correct)[0][0], f"{row[0]}, decisions", 0.051)
    names, rows = names[2:], [row[:2] + row[4:] for row in rows]
    same(sorted(names), sorted(c for c, in sql("SELECT DISTINCT class FROM per_class")), "classes")
    for row in rows:
        method = row[0].replace("trivial", "")
        for name, text in zip(names, row[2:]):
            close(text, sql("SELECT f1 FROM per_class WHERE class = ? AND method = ?", name, method)[0][0], f"{method}, {name}", 0.051)


def check_pairs(b):
    go(b, "compare", measure="iou", method="rollout")
    rows = b.run("return [...document.querySelectorAll('table.data tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    means = dict(sql("SELECT method, iou FROM table1"))
    same(len(rows), len(means) - 1, "pairs of rollout")
    for row in rows:
        other = row[0].replace("trivial", "")
        close(row[1], means["rollout"] - means[other], f"rollout less {other}", 0.011)
        wins = sql("SELECT sum(a.iou > b.iou), sum(a.iou = b.iou), sum(a.iou < b.iou), count(*) FROM per_image a JOIN per_image b "
                   "USING (image_id) WHERE a.method = 'rollout' AND b.method = ?", other)[0]
        same(tuple(int(t) for t in row[6:10]), wins, f"wins against {other}")
    count = b.run("return document.querySelectorAll('.matrix button').length")
    same(count, len(means) * (len(means) - 1), "cells of the matrix")
    b.run("document.querySelector('.matrix button').focus()")
    before = b.run("return document.activeElement.getAttribute('aria-label')")
    b.keys("\uE015")  # arrow down
    after = b.run("return document.activeElement.getAttribute('aria-label')")
    same(before != after and after is not None, True, "arrows move through the matrix")
    b.keys("\uE007")
    title = b.run("return document.querySelector('.pair h2').textContent")
    same(after.startswith(title.split(" against ")[0] + " less "), True, "Enter shows the pair")


def check_plots(b):
    go(b, "distributions", measure="pixel_accuracy")
    labels = b.run("return [...document.querySelectorAll('.plot > a')].map(a => a.getAttribute('aria-label'))")
    same(len(labels), len(sql("SELECT 1 FROM run_methods")), "lines of the plot")
    for label in labels:
        method, text = label.split(": ", 1)
        n, mean = sql("SELECT count(*), 100 * avg(pixel_accuracy) FROM per_image WHERE method = ?", method)[0]
        same(int(re.search(r"n = (\d+)", text).group(1)), n, f"n of {method}")
        close(re.search(r"mean ([\d.]+)", text).group(1), mean, f"mean of {method}")
    same(b.run("return [...document.querySelectorAll('.axis-title')].map(t => t.textContent)"), ["Pixel accuracy, % of an image"], "axis")
    go(b, "cost")
    rows = b.run("return [...document.querySelectorAll('table.data tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    for row in rows:
        same(int(row[6]), sql("SELECT count(milliseconds) FROM per_image WHERE method = ?", row[0].replace("trivial", ""))[0][0], f"timings of {row[0]}")
    alone = {row[0].replace("trivial", ""): float(row[1]) for row in rows}
    same((alone["rollout"], alone["saliency"], alone["center"]), (1, 2, 0), "forward; forward and backward; nothing of the model")
    same(alone["lrp-stable"] > alone["saliency"] > alone["rollout"], True, "relevance costs more than a gradient, that more than attention")
    order = [a.split(": ")[0] for a in b.run("return [...document.querySelector('.plot').querySelectorAll('g[role=img]')].map(g => g.getAttribute('aria-label'))")]
    same([alone[m] for m in order], sorted((v for v in alone.values() if v > 0), reverse=True), "the plot, dearest first, without those that need no pass")


def check_wrong(b, summary):
    wrong = [i for i, in sql("SELECT image_id FROM images JOIN predictions ON image = id WHERE correct = 0 AND passed")]
    go(b, "wrong")
    same(sorted(cards(b)), sorted(wrong), "wrong decisions")
    bars = b.run("return [...document.querySelectorAll('.share-bar')].map(s => [...s.children].reduce((a, c) => a + parseFloat(c.style.width), 0))")
    same(all(abs(v - 100) < 0.5 for v in bars) and len(bars) > 0, True, "shares add up")
    # a mask that is everywhere has the area's shares
    k = [m["name"] for m in summary["methods"]].index("foreground")
    same(summary["shares"][k], summary["area"], "shares of a map that is 1 everywhere")
    counts = b.run("return [...document.querySelectorAll('.tally-row')].map(r => [r.children[0].textContent, Number(r.children[2].textContent)])")
    same(sum(n for _, n in counts), 2 * len(wrong), "tallies")
    b.run("document.querySelector('.tally-row').click()")
    b.wait("return document.querySelector('.tally-row[aria-current]')")
    name, n = counts[0]
    same(len(cards(b)), n, f"wrong decisions that say {name}")


def check_names(b):
    ids = [i for i, in sql("SELECT image_id FROM images ORDER BY position")]
    go(b, "gallery")
    same(cards(b), ids, "names in the gallery")
    for one in ids:
        go(b, "image", id=one)
        b.wait("return document.querySelector('#page-image h1').textContent === arguments[0]", one)
        same(b.run("return document.querySelectorAll('.method-grid .tile').length"), len(sql("SELECT 1 FROM run_methods")), f"maps of {one}")
    same(b.run("return document.querySelectorAll('main img, main script, main b, main iframe').length"), 0, "elements out of names")
    classes = b.run("return [...document.querySelectorAll('.legend bdi')].map(t => t.textContent)")
    same(len(classes) > 0, True, "classes of an image")
    go(b, "about")
    same(b.run("return document.querySelector('pre').textContent"), sql("SELECT config FROM runs")[0][0], "configuration")


def check_keyboard(b):
    go(b, "table")
    b.run("document.activeElement.blur(); document.getElementById('theme').focus()")
    seen = []
    for _ in range(12):
        b.keys("\uE004")  # Tab
        seen.append(b.run("const a = document.activeElement; return a.tagName + ':' + (a.getAttribute('href') || a.textContent)"))
    same(any(s.startswith("A:#gallery") for s in seen), True, f"Tab reaches the facts: {seen}")


def check_print(b):
    go(b, "gallery")
    import base64
    made = base64.b64decode(b.command("Page.printToPDF", {})["data"])
    same(made[:5] == b"%PDF-" and len(made) > 20000, True, "a printed copy")
    same(b.run("return document.querySelectorAll('.for-print').length"), 0, "what was for paper is gone")


def check_attention(b, parts):
    """Brushing an axis of the parallel coordinates lights up the patches whose lines run through the range."""
    import base64
    chosen = [int(k.split("-")[1]) for k in parts if k.startswith("attention-")]
    same(len(chosen), 6, "images with attention plots")
    image = chosen[0]
    name = parts["summary"]["images"]["ids"][image]
    go(b, "attention", id=name)
    most, text = parts[f"attention-{image}"]["layers"][1]
    values = [v / 255 for v in base64.b64decode(text)]
    same(b.run("return document.querySelectorAll('.patch-line').length"), len(values), "a line a patch")
    same(b.run("return document.querySelectorAll('.parallel .catch').length"), len(parts[f"attention-{image}"]["layers"]), "an axis a layer")
    lit = """const c = document.querySelector('.brush-picture canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
             let s = 0; for (let i = 0; i < d.length; i += 4) s += d[i] + d[i + 1] + d[i + 2]; return s"""
    b.wait("const c = document.querySelector('.brush-picture canvas'); return c.getContext('2d').getImageData(5, 5, 1, 1).data[3] === 255")
    whole = b.run(lit)
    box = b.run("""document.querySelector('.parallel').scrollIntoView({block: 'center'});
                   const r = document.querySelector(".parallel .catch[data-axis='1']").getBoundingClientRect(); return [r.x + r.width / 2, r.y, r.height]""")
    b.drag((box[0], box[1] + 2), (box[0], box[1] + box[2] / 2))
    low = b.run("return Number(document.querySelectorAll('.parallel .brush')[1].getAttribute('height')) / 260")
    same(0.3 < low < 0.7, True, "a range on the axis")
    expected = sum(1 for v in values if v >= 1 - low - 1e-6)
    found = b.run("return [...document.querySelectorAll('.patch-line')].filter(l => !l.classList.contains('out')).length")
    same(found, expected, "patches in the brushed range")
    same(b.run("return document.getElementById('brush-count').textContent"), f"{found} patch{'' if found == 1 else 'es'} of {len(values)} chosen", "their count")
    b.wait(f"const before = {whole}; {lit.replace('return s', 'return s < before * 0.9')}")
    # the same by numbers: everything from the axis' foot up is everything
    b.run("""const f = [...document.querySelectorAll('.field')], put = (label, v) => { const e = f.find(x => x.textContent.startsWith(label)).querySelector('input, select');
             e.value = v; e.dispatchEvent(new Event(e.tagName === 'SELECT' ? 'change' : 'input', {bubbles: true})) };
             put('Axis', '1'); put('from', '0'); put('to', '100')""")
    same(b.run("return document.getElementById('brush-count').textContent"), f"{len(values)} patches of {len(values)} chosen", "a range over the whole axis")
    b.run("[...document.querySelectorAll('button')].find(x => x.textContent.startsWith('Clear')).click()")
    same(b.run("return document.querySelectorAll('.patch-line.out').length"), 0, "cleared")
    # rollout's weight on the input is the method's own map
    k = [m["name"] for m in summary["methods"]].index("rollout")
    own, drawn = (base64.b64decode(t) for t in (parts[f"image-{image}"]["maps"][k]["d"], parts[f"attention-{image}"]["rollout"][0][1]))
    low, high = min(drawn), max(drawn)
    same(max(abs(o - 255 * (v - low) / (high - low)) for o, v in zip(own, drawn)) < 255 / (high - low) + 1, True, "rollout as stored")
    # rollout's weight is one, and what flows down to the chosen patches and the others adds up
    for bands in parts[f"attention-{image}"]["bands"]:
        close(sum(v for _, _, v in bands), 1, "weight of a layer", 0.03)
    same(b.run("return document.querySelectorAll('.flow .band').length"), sum(len(x) for x in parts[f"attention-{image}"]["bands"]), "bands")
    b.run("document.querySelectorAll('.flow-source')[1].focus()")
    same("of rollout" in b.run("return [...document.querySelectorAll('.brush-picture .count')].pop().textContent"), True, "a patch of the flow is named")


parts = check_file(page)
summary = parts["summary"]
with Browser() as b:
    b.open(f"file://{page}")
    b.wait("return document.documentElement.dataset.ready === 'true'")
    for check in (check_table, check_heading, check_published, check_further, check_masks, check_sorting, check_cell, check_filters, check_classes, check_pairs, check_plots, check_flat, check_names, check_keyboard, check_print):
        check(b)
    check_wrong(b, summary)
    check_attention(b, parts)
    check_quiet(b, "the report")

# Whoever has the results file only.
check_file(bare)
with Browser(390, 844, dark=True) as b:
    b.open(f"file://{bare}")
    b.wait("return document.documentElement.dataset.ready === 'true'")
    check_table(b)
    same("no pictures" in b.run("return document.querySelector('.notices').textContent").lower(), True, "says that pictures are missing")
    check_pairs(b)
    go(b, "gallery", method="ag-cam")
    same(len(cards(b)), len(sql("SELECT 1 FROM per_image WHERE method = 'ag-cam'")), "cards without pictures")
    same(b.run("return document.documentElement.scrollWidth <= window.innerWidth"), True, "nothing is wider than a phone")
    go(b, "wrong")
    check_quiet(b, "the report without data")
print(f"{checks} checks")
