#!/bin/bash
# The house's walls, read from the sources: no arrow up, no circle, no private header used from outside, no include
# guard and no public name twice, and some calls made by one room only. Prints a line for each broken rule; exit status 1
# if there are any. `--self-test` builds small houses that break one rule each and expects each to be named.
exec /usr/bin/python3 - "$@" <<'PYTHON'
import fnmatch, os, re, sys, tempfile

# From the roof to the ground. A file uses files of its own room and of floors below; rooms on one line do not see each other.
FLOORS = """
harness/main.c
harness/cli
harness/report
harness/tables
harness/study harness/bench harness/pictures harness/attention
harness/run
harness/config
explainers harness/store harness/data harness/draw
metrics
core statistics
base
"""
# Functions that in harness only the files behind them call. Bench measures the passes themselves.
ONLY = {
    r"vx_heat_from_(map|mask|bytes)": "harness/run/to_size.*",
    r"vx_worker_\w+": "harness/run/subject.*|harness/bench/*",
}

FLOOR = {room: floor for floor, line in enumerate(FLOORS.split("\n")) for room in line.split()}
ROOMS = sorted(FLOOR, key=len, reverse=True)


def room_of(path):
    return next((room for room in ROOMS if path == room or path.startswith(room + "/")), None)


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)


def circles(arrows):
    """The strongly connected sets of more than one name: {name: set of names} -> sorted lists (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in sorted(arrows.get(v, ())):
            if w not in index:
                visit(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == index[v]:
            tied = stack[stack.index(v):]
            del stack[stack.index(v):]
            if len(tied) > 1:
                found.append(sorted(tied))

    for v in sorted(arrows):
        if v not in index:
            visit(v)
    return found


def may_use(header, private_to, path):
    """A private header: for the files and folders that it names, and for the tests of its room."""
    folder = os.path.dirname(header)
    if path.startswith("tests/" + os.path.basename(folder) + "/"):
        return True
    for name in re.findall(r"[\w/.*]+", private_to.replace(" and ", " ")):
        if path.startswith(name + "/") or fnmatch.fnmatch(path, name if "/" in name else os.path.join(folder, name)):
            return True
    return False


def broken(root, files, only):
    """What is wrong with the house: lines to print."""
    text = {path: open(os.path.join(root, path), encoding="utf-8").read() for path in files}
    code = {path: without_comments(text[path]) for path in files}
    house = [path for path in files if room_of(path)]
    said, calls, rooms, headers = [], {}, {}, {}

    private = {}
    for path in house:
        match = re.search(r"Private to (.*?)(?:\.\s|;|:|\s\*/)", " ".join(text[path].split()))
        if path.endswith(".h") and match:
            private[path] = match[1]

    # Who defines a function: a name at the left edge, its parameters, then a body.
    defined = {}
    for path in house:
        if path.endswith(".c"):
            for match in re.finditer(r"^(?!static\b|#)\w[\w *]*?\b(vx_\w+)\([^;{}]*\)\s*\{", code[path], re.M):
                defined.setdefault(match[1], path)

    def arrow(path, to, how):
        a, b = room_of(path), room_of(to)
        if a == b:
            return
        rooms.setdefault(a, set()).add(b)
        if FLOOR[b] <= FLOOR[a]:
            said.append(f"{path}: {how} {to}, which does not stand below {a}")

    for path in files:
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', code[path], re.M):
            beside = os.path.join(os.path.dirname(path), name)
            to = name if name in text else beside if beside in text else None
            if to in private and not may_use(to, private[to], path):
                said.append(f"{path}: includes {to}, which is private to {private[to]}")
            if room_of(path) and to and room_of(to):
                arrow(path, to, "includes")
                if path.endswith(".h"):
                    headers.setdefault(path, set()).add(to)
        if not room_of(path):
            continue
        for name in set(re.findall(r"\b(vx_\w+)\s*\(", code[path])):
            to = defined.get(name)
            if path.endswith(".c") and to and to != path:
                arrow(path, to, f"calls {name} of")
                calls.setdefault(path, set()).add(to)
        for pattern, place in only.items():
            for name in sorted(set(re.findall(rf"\b({pattern})\s*\(", code[path]))):
                name = name[0] if isinstance(name, tuple) else name
                if path.startswith("harness/") and not any(fnmatch.fnmatch(path, p) for p in place.split("|")):
                    said.append(f"{path}: calls {name}, which only {place} does")

    # A header's types stand below every source: files go in a circle where headers include or sources call each other.
    said += ["a circle of headers: " + ", ".join(circle) for circle in circles(headers)]
    said += ["a circle of files: " + ", ".join(circle) for circle in circles(calls)]
    said += ["a circle of rooms: " + ", ".join(circle) for circle in circles(rooms)]

    seen = {}  # what may stand in one header only
    for path in house:
        if not path.endswith(".h"):
            continue
        names = [("the include guard", n) for n in re.findall(r"\A\s*#\s*ifndef\s+(\w+)", code[path])]
        names += [("the type", n) for n in re.findall(r"^\}\s*(vx_\w+);|^typedef\s[^{};()]*?\b(vx_\w+);", code[path], re.M)
                  for n in n if n]
        names += [("the type", n) for n in re.findall(r"^typedef\s[^{};]*?\(\*?\s*(vx_\w+)\)?\([^;]*;", code[path], re.M)]
        names += [("the function", n) for n in re.findall(r"^(?!typedef\b|static\b)\w[\w *]*?\b(vx_\w+)\(", code[path], re.M)]
        for kind, name in names:
            if seen.setdefault(name, path) != path:
                said.append(f"{path}: {kind} {name} stands in {seen[name]} already")
    return said


def house_at(root):
    tops = sorted({room.split("/")[0] for room in ROOMS}) + ["tests", "tools", "examples"]
    found = (os.path.join(folder, name) for top in tops for folder, _, names in os.walk(os.path.join(root, top))
             for name in names if name.endswith((".c", ".h")))
    return sorted(os.path.relpath(path, root) for path in found)


SELF_TEST = [  # what is wrong, what must be said (nothing: the house stands), {file: text}
    ("nothing", None, {"base/a.h": "#ifndef A\n#define A\nint vx_a(int x); /* vx_b() */\n#endif\n",
                       "base/a.c": '#include "base/a.h"\nint vx_a(int x) {\n  return x;\n}\n',
                       "core/b.c": '#include "base/a.h"\nint b(void);\nint b(void) { return vx_a(1); }\n'}),
    ("an arrow up", "base/a.c: includes core/b.h", {"base/a.c": '#include "core/b.h"\n', "core/b.h": "int vx_b(void);\n"}),
    ("a neighbour", "does not stand below core", {"core/a.c": '#include "metrics/b.h"\n', "metrics/b.h": "int vx_b(void);\n"}),
    ("a call up without an include", "base/a.c: calls vx_b of core/b.c",
     {"base/a.c": "int vx_b(void);\nint vx_a(void) { return vx_b(); }\n", "core/b.c": "int vx_b(void) {\n return 1;\n}\n"}),
    ("a circle of headers", "a circle of headers: base/a.h, base/b.h",
     {"base/a.h": '#include "base/b.h"\n', "base/b.h": '#include "base/a.h"\n', "base/c.c": '#include "base/a.h"\n'}),
    ("a circle of calls", "a circle of files: base/a.c, base/b.c",
     {"base/ab.h": "int vx_a(int x);\nint vx_b(int x);\n",
      "base/a.c": '#include "base/ab.h"\nint vx_a(int x) { return vx_b(x); }\n',
      "base/b.c": '#include "base/ab.h"\nint vx_b(int x) { return x ? vx_a(0) : 0; }\n'}),
    ("a circle of rooms", "a circle of rooms: base, core",
     {"base/a.h": "int vx_a(void);\n", "base/b.c": '#include "core/d.h"\n', "core/c.c": '#include "base/a.h"\n',
      "core/d.h": "int vx_d(void);\n"}),
    ("a private header", "metrics/b.c: includes base/a.h, which is private to base",
     {"base/a.h": "/* Something. Private to base. */\n", "metrics/b.c": '#include "base/a.h"\n',
      "base/c.c": '#include "base/a.h"\n', "tests/base/test_a.c": '#include "base/a.h"\n'}),
    ("a header of two files", "base/c.c: includes base/a.h",
     {"base/a.h": "/* Something. Private to a.c and b*.c. */\n", "base/b2.c": '#include "base/a.h"\n',
      "base/c.c": '#include "base/a.h"\n'}),
    ("a guard twice", "metrics/b.h: the include guard VX_A_H stands in base/a.h",
     {"base/a.h": "/* a */\n#ifndef VX_A_H\n#define VX_A_H\n#endif\n", "metrics/b.h": "#ifndef VX_A_H\n#define VX_A_H\n#endif\n"}),
    ("a type twice", "the type vx_t stands in base/a.h",
     {"base/a.h": "typedef struct {\n int x;\n} vx_t;\n", "metrics/b.h": "typedef struct vx_t vx_t;\n"}),
    ("a function twice", "the function vx_f stands in base/a.h",
     {"base/a.h": "int vx_f(\n int x);\n", "metrics/b.h": "double *vx_f(void);\n"}),
    ("a call that one room makes", "harness/study/a.c: calls vx_worker_open, which only harness/run/subject.*|harness/bench/* does",
     {"harness/study/a.c": "int a(void) { return vx_worker_open(); }\n",
      "harness/run/subject.c": "int b(void) { return vx_worker_open(); }\n"}),
]


def self_test():
    wrong = 0
    for what, expected, sources in SELF_TEST:
        with tempfile.TemporaryDirectory() as root:
            for path, text in sources.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w") as file:
                    file.write(text)
            said = broken(root, sorted(sources), ONLY)
        if not (any(expected in line for line in said) if expected else not said):
            print(f"self-test, {what}: expected {expected!r}, said {said}")
            wrong = 1
    return wrong


if sys.argv[1:] == ["--self-test"]:
    sys.exit(self_test())
found = broken(".", house_at("."), ONLY)
print("\n".join(found) or "the house stands")
sys.exit(bool(found))
PYTHON
