#!/usr/bin/python3
"""Every allocation of the program's own code failed once, one at a time, over one command.

    tests/memory/allocations.py COMMAND [--json] [all | FIRST [LAST]]

runs `vitx_failing` (failing.c) on the smallest model once undisturbed, then once for the first and the last allocation
of each call stack (all: for every allocation; or for those with these numbers). Each run must end by itself within 20 seconds, by no signal, and either with an error that says memory, or with status 0 and the
undisturbed output or, where something is missing from it, a word about that: a row in `failures`, a note. What breaks
this is printed with its call stack.

--json: jansson's allocations too, a hundred evenly spread; an error or a note need not say memory then, since jansson
takes what it cannot store for bad JSON."""
import os, re, shutil, subprocess, sys, tempfile

BUILD = os.environ.get("VITX_BUILD", "build/release")
PROGRAM = f"{BUILD}/vitx_failing"
METHODS = "methods=[rollout, gradcam, transformer-attribution, saliency, class-prior, {mix: [rollout, saliency], by: mean}]"
RUN = ["run", "configs/smoke.yaml", "--set", METHODS, "--limit", "2", "--jobs", "1", "--quiet", "--out"]


def vitx(arguments, at=0, note=None, json=False):
    environment = dict(os.environ, VITX_FAIL_AT=str(at), OPENBLAS_NUM_THREADS="1")
    if note:
        environment["VITX_FAIL_NOTE"] = note
    if json:
        environment["VITX_FAIL_JSON"] = "1"
    try:
        done = subprocess.run([PROGRAM] + arguments, env=environment, capture_output=True, timeout=20)
        return done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        return "a hang", b"", b""


def bytes_of(path):
    """A file, or the files of a folder, by name."""
    if os.path.isdir(path):
        return {name: bytes_of(os.path.join(path, name)) for name in sorted(os.listdir(path))}
    with open(path, "rb") as file:
        return file.read()


# What a command is called with, and what is compared of what it made. FILE: a results file; OUT: where it writes (of
# import a copy of FILE); MAPS: maps of its images.
COMMANDS = {
    "run": (RUN + ["OUT"], lambda out, printed: vitx(["dump", out])[1]),
    "table": (["table", "FILE", "--by", "correct", "--resamples", "50"], lambda out, printed: printed),
    "sheet": (["table", "FILE", "--format", "json", "--resamples", "50"], lambda out, printed: printed),
    "compare": (["compare", "FILE", "--resamples", "100"], lambda out, printed: printed),
    "report": (["report", "FILE", "--resamples", "50", "--out", "OUT"], lambda out, printed: bytes_of(out)),
    "explain": (["explain", "data/smoke/JPEGImages/smoke_0001.jpg", "--size", "64", "--model",
                 "tests/golden/models/vit-micro", "--methods", "rollout,gradcam", "--out", "OUT"], lambda out, printed: bytes_of(out)),
    "many": (["table", "FILE", "FILE", "--resamples", "50"], lambda out, printed: printed),
    "compare-many": (["compare", "FILE", "FILE", "FILE", "--resamples", "100"], lambda out, printed: printed),
    "export": (["export", "FILE", "--as", "masks", "--format", "npz", "--out", "OUT"], lambda out, printed: bytes_of(out)),
    "export-scores": (["export", "FILE", "--as", "scores", "--out", "OUT"], lambda out, printed: bytes_of(out)),
    "import": (["import", "OUT", "MAPS/saliency/maps.csv", "--as", "mine", "--jobs", "1"],
               lambda out, printed: vitx(["dump", out])[1]),
    "figure": (["figure", "FILE", "--best", "2", "--height", "20", "--methods", "rollout,gradcam", "--out", "OUT"],
               lambda out, printed: bytes_of(out)),
}
OUT_OF_MEMORY = re.compile(rb"(no|out of|allocate) memory")


def stack(note):
    lines = open(note).read().splitlines()
    places = [line[line.rindex("(+") + 2:line.rindex(")")] for line in lines if "vitx_failing(+" in line]
    if not shutil.which("addr2line"):
        return lines
    named = subprocess.run(["addr2line", "-e", PROGRAM, "-fs"] + places, capture_output=True, text=True).stdout.split("\n")
    return [" ".join(pair) for pair in zip(named[::2], named[1::2])][:6]


def main():
    arguments = [a for a in sys.argv[1:] if a != "--json"]
    command, json = arguments[0], "--json" in sys.argv
    wrong = {}
    with tempfile.TemporaryDirectory() as folder:
        file, note = f"{folder}/run.sqlite", f"{folder}/note"
        base, output = COMMANDS[command]

        def once(at):
            out = f"{folder}/out.{'png' if command == 'figure' else 'html' if command == 'report' else 'd'}"
            shutil.rmtree(out) if os.path.isdir(out) else os.path.exists(out) and os.remove(out)
            if command == "import":
                shutil.copy(file, out)
            status, printed, said = vitx([a.replace("OUT", out).replace("FILE", file).replace("MAPS", f"{folder}/maps")
                                          for a in base], at, note, json)
            return status, printed, said, output(out, printed) if status == 0 else None

        if command != "run":
            status, _, said = vitx(RUN + [file])
            assert status == 0, said
            vitx(["export", file, "--as", "maps", "--out", f"{folder}/maps"])
        status, printed, said, undisturbed = once(0)
        assert status == 0 and undisturbed, said
        lines, stacks = printed.count(b"\n"), open(note).read().split()
        numbers = range(1, len(stacks) + 1)
        if arguments[1:] and arguments[1] != "all":
            numbers = range(int(arguments[1]), int(arguments[-1]) + 1)
        elif json:
            numbers = numbers[::max(1, len(stacks) // 100)]
        elif not arguments[1:]:
            first = {stack: at for at, stack in reversed(list(enumerate(stacks, 1)))}
            numbers = sorted({*first.values(), *{stack: at for at, stack in enumerate(stacks, 1)}.values()})
        ended = went_on = 0
        for at in numbers:
            status, printed, said, made = once(at)
            if not os.path.getsize(note):
                continue  # there were fewer this time: threads
            if status == 0:
                more = made if isinstance(made, bytes) else b""
                noted = OUT_OF_MEMORY.search(printed + said + more) or json and printed.count(b"\n") > lines
                bad = None if made == undisturbed or noted else "a silent loss"
                went_on += 1
            elif status == "a hang" or status < 0 or status > 2:
                bad = f"ended with {status}"
            else:
                bad = None if OUT_OF_MEMORY.search(said) or json and said else f"status {status}, no word on memory"
                ended += 1
            if bad:
                wrong.setdefault((bad, tuple(stack(note))), []).append((at, said.decode("utf-8", "replace").strip()))
    for (bad, places), cases in wrong.items():
        print(f"{command}: {bad}: allocation {', '.join(str(at) for at, _ in cases[:8])} ({len(cases)}): {cases[0][1]}")
        print("   " + "\n   ".join(places))
    print(f"{command}: {len(stacks)} allocations: {ended} runs ended with an error, {went_on} went on")
    return 1 if wrong or ended + went_on == 0 else 0


sys.exit(main())
