#!/bin/bash
# Runs over one set of pictures whose masks are written anew: lossless forms give the scores of the original, what cannot
# be a truth is counted apart and never scored.
exec /usr/bin/python3 - <<'PYTHON'
import os, shutil, sqlite3, struct, subprocess, sys, tempfile, zlib

VITX, DEMO = os.path.abspath(os.environ["VITX_PROGRAM"]), os.path.abspath("data/demo")
CONFIG, TMP = os.path.abspath("configs/demo.yaml"), tempfile.mkdtemp()
IDS = [line.strip() for line in open(f"{DEMO}/ImageSets/Segmentation/val.txt")][:6]
CLASSES = open(f"{DEMO}/classes.txt").read().split()
wrong = 0


def check(good, what):
    global wrong
    if not good:
        print("WRONG:", what)
        wrong = 1


def read_png(path):
    """A palette or grey PNG of 8 bits by the book: inflate, undo the filters. (width, height, bytes)"""
    data, at, body = open(path, "rb").read(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        chunk = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunk)
            assert colour in (0, 3) and depth in (4, 8) and not interlaced
        body += chunk if kind == b"IDAT" else b""
        at += size + 12
    row = (width * depth + 7) // 8
    raw, above, out = zlib.decompress(body), bytes(row), bytearray()
    for y in range(height):
        f, line = raw[y * (row + 1)], bytearray(raw[y * (row + 1) + 1:(y + 1) * (row + 1)])
        for x in range(row if f else 0):
            a, b, c = line[x - 1] if x else 0, above[x], above[x - 1] if x else 0
            p = a + b - c
            near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[x] = (line[x] + (0, a, b, (a + b) // 2, near)[f]) & 255
        above = line
        out += line if depth == 8 else bytes(v for byte in line for v in (byte >> 4, byte & 15))[:width]
    return width, height, bytes(out)


def write_png(path, size, planes, palette=None, bits=8):
    """Planes of bytes [height][width]: one a byte of the pixel, the high one first."""
    width, height = size
    colour = 3 if palette else {1: 0, 2: 4, 3: 2, 4: 6}[len(planes) * 8 // bits]
    pixels, each = bytearray(width * height * len(planes)), len(planes) * width
    for k, plane in enumerate(planes):
        pixels[k::len(planes)] = plane
    rows = b"".join(b"\0" + pixels[y * each:(y + 1) * each] for y in range(height))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))]
    if palette:
        chunks.append((b"PLTE", bytes(v for entry in palette for v in entry)))
    chunks += [(b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            f.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


# VOC's colours as its development kit makes them: bit 3 k + c of the label is bit 7 - k of channel c.
PALETTE = [[sum((i >> (3 * k + c) & 1) << (7 - k) for k in range(3)) for c in range(3)] for i in range(256)]
TRUTH = {i: read_png(f"{DEMO}/SegmentationClass/{i}.png") for i in IDS}


def table_of(function):
    return bytes(function(i) & 255 for i in range(256))


SAME = table_of(lambda i: i)
ANY = table_of(lambda i: 0 < i < 255)


def form(*tables, palette=None, bits=8):
    """Writes a mask whose pixels have these bytes, each by a table of the label."""
    return lambda k, t, p: write_png(p, t[:2], [t[2].translate(table) for table in tables], palette, bits)


def by_channel(colours):
    return [table_of(lambda i: colours[i][c]) for c in range(3)]


def run(name, write, *more, strict=False):
    """Exit status, lines printed, lines of the table, {image: (truth, status, iou)} of rollout."""
    root, out = f"{TMP}/{name}", f"{TMP}/{name}.sqlite"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        os.makedirs(f"{root}/{folder}")
    shutil.copy(f"{DEMO}/classes.txt", root)
    shutil.copytree(f"{DEMO}/Annotations", f"{root}/Annotations")
    open(f"{root}/ImageSets/Segmentation/val.txt", "w").write("\n".join(IDS) + "\n")
    for k, i in enumerate(IDS):
        os.symlink(f"{DEMO}/JPEGImages/{i}.jpg", f"{root}/JPEGImages/{i}.jpg")
        write(k, TRUTH[i], f"{root}/SegmentationClass/{i}.png")
    sets = ["model=" + DEMO + "/model", "data.root=" + root, "methods=[rollout, center]", "min_confidence=0", *more]
    command = [VITX, "run", CONFIG, "--out", out, "--jobs", "1", "--quiet"] + (["--strict"] if strict else [])
    for s in sets:
        command += ["--set", s]
    done = subprocess.run(command, capture_output=True, text=True)
    table = subprocess.run([VITX, "table", out], capture_output=True, text=True).stdout
    rows = {}
    if os.path.exists(out):
        rows = {i: (t, s, u) for i, t, s, u in sqlite3.connect(out).execute(
            "SELECT i.image_id, i.truth, e.status, e.iou FROM images i LEFT JOIN run_methods m ON m.name = 'rollout'"
            " LEFT JOIN evaluations e ON e.image = i.id AND e.method = m.id")}
    return done.returncode, done.stdout + done.stderr, table, rows


def scores(rows):
    return [rows[i][2] for i in IDS]


voc = form(SAME, palette=PALETTE)
original = run("original", voc)
check(all(s is not None for s in scores(original[3])), "the original has scores")
check("Truth:" not in original[2], "good masks are not spoken of")

OPAQUE, HIGH = table_of(lambda i: 255), table_of(lambda i: 0)
lossless = {
    "grey": form(SAME),
    "u16": form(HIGH, SAME, bits=16),
    "rgb": form(*by_channel(PALETTE)),
    "rgba": form(*by_channel(PALETTE), OPAQUE),
    "reordered": form(table_of(lambda i: i + 77), palette=PALETTE[-77:] + PALETTE[:-77]),
}
for name, write in lossless.items():
    rc, said, table, rows = run(name, write)
    check(rc == 0 and scores(rows) == scores(original[3]), f"{name}: the scores of the original; {said}")
    check(all(rows[i][0] == ("by-colour" if name == "reordered" else "ok") for i in IDS), f"{name}: status")

own = [(i, 255 - i, 7) for i in range(256)]
labels = ", ".join('"#%02x%02x%02x": %s' % (*own[i], ("background", *CLASSES, "void")[min(i, 11)]) for i in (*range(11), 255))
rc, said, table, rows = run("own", form(*by_channel(own)), "data.labels={" + labels + "}")
check(rc == 0 and scores(rows) == scores(original[3]), "own colours by data.labels: " + said)
rc, said, table, rows = run("strange", form(*by_channel(own)))
check("which is no class's" in said and scores(rows) == [None] * 6, "own colours without labels are refused: " + said)

binary = form(table_of(lambda i: 255 * ANY[i]))
guessed, said_so = run("binary", binary), run("binary_said", binary, "data.labels=binary")
plain = run("plain", form(ANY))
check(scores(guessed[3]) == scores(said_so[3]) == scores(plain[3]), "0/255 is scored as 0/1")
check([guessed[3][i][0] for i in IDS] == ["binary"] * 6 and "Truth: 6 of 6 images through the gate scored; 6 black and "
      "white" in guessed[2], "a guess is told: " + guessed[2])
check([said_so[3][i][0] for i in IDS] == ["ok"] * 6 and "Truth" not in said_so[2], "what is said is not guessed")
by_class = run("binary_class", binary, "score.foreground=predicted")
check(scores(by_class[3]) == [None] * 6, "a binary mask is not scored by a class that it does not name")

untrue = {
    "empty": ("no-object", lambda i: 0, "without object"),
    "allvoid": ("all-void", lambda i: 255, "all void"),
    "foreign": ("foreign-labels", lambda i: 97 if ANY[i] else i, "with labels that no class"),
}
for name, (status, made, words) in untrue.items():
    bad = form(table_of(made), palette=PALETTE)
    rc, said, table, rows = run(name, bad, strict=True)
    check(rc == 1 and said.count(name) >= 1 and "failure   truth" in said, f"{name}: --strict ends in 1: {said}")
    check([rows[i] for i in IDS] == [(status, "unscored", None)] * 6, f"{name}: {rows}")
    check(f"Truth: 0 of 6 images through the gate scored; 6 {words}" in table, f"{name}: {table}")
    # one such mask among good ones: the others' mean
    rc, said, table, rows = run(name + "_one", lambda k, t, p: (bad if k == 2 else voc)(k, t, p))
    others = [u for k, u in enumerate(scores(original[3])) if k != 2]
    check(rc == 0 and [u for k, u in enumerate(scores(rows)) if k != 2] == others and scores(rows)[2] is None,
          f"{name}: the others are scored as ever")
    line = [row.split() for row in table.splitlines() if row.startswith("rollout")][0]
    check(line[2] == f"{100 * sum(others) / 5:.2f}" and line[-2] == "5", f"{name}: the mean is the others': {line}")
    check(f"Truth: 5 of 6 images through the gate scored; 1 {words}" in table, f"{name}: {table}")

rc, said, table, rows = run("half", lambda k, t, p: write_png(p, (t[0], t[1] // 2), [t[2][:t[0] * (t[1] // 2)]], PALETTE))
check("expected the picture's" in said and scores(rows) == [None] * 6, "other size: " + said)
rc, said, table, rows = run("turned", lambda k, t, p: write_png(p, (t[1], t[0]), [t[2]], PALETTE))
check("it fits only when turned" in said, "turned: " + said)
shutil.rmtree(TMP)
sys.exit(wrong)
PYTHON
