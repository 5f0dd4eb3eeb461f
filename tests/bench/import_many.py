#!/usr/bin/env python3
"""How long an import of many maps takes, and the memory it needs: by hand, in the repository, of the built program.

    tests/bench/import_many.py build/release/vitx [COUNT [SIDE]]     5000 maps of 224 x 224 floats (a gigabyte)
"""
import array
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

program, count, side = sys.argv[1], int((sys.argv + ["", "5000"])[2] or 5000), int((sys.argv + ["", "", "224"])[3] or 224)


def call(*words):
    """Seconds, processor seconds, peak in MiB, first line."""
    with tempfile.TemporaryFile("w+") as said:
        start = time.monotonic()
        child = subprocess.Popen([program, *words], stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        said.seek(0)
        if status:
            sys.exit(said.read())
        return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said.readline().strip()


with tempfile.TemporaryDirectory() as folder:
    here = pathlib.Path(folder)
    for name, ending in ["JPEGImages", ".jpg"], ["SegmentationClass", ".png"]:
        (here / "data" / name).mkdir(parents=True)
        for i in range(count):
            source = pathlib.Path(f"data/smoke/{name}/smoke_000{i % 6 + 1}{ending}").resolve()
            (here / "data" / name / f"scene_{i:05d}{ending}").symlink_to(source)
    base = array.array("f", [math.sin(i * 0.37) + 1 for i in range(side * side + count)])
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({side}, {side}), }}".ljust(117) + "\n"
    head = b"\x93NUMPY\x01\x00\x76\x00" + head.encode()
    (here / "maps").mkdir()
    for i in range(count):
        (here / "maps" / f"scene_{i:05d}.npy").write_bytes(head + base[i : i + side * side].tobytes())
    results = str(here / "run.sqlite")
    call("run", "configs/smoke.yaml", "--set", f"data={{root: {here}/data, split: all}}", "--set", "methods=[center]",
         "--set", f"score.size={side}", "--out", results, "--quiet")
    for part in count // 10, count:  # first a tenth, for what memory has to do with it
        for path in sorted((here / "maps").iterdir())[part:]:
            path.rename(here / path.name)
        seconds, busy, peak, line = call("import", results, str(here / "maps"), "--as", f"first-{part}", "--target", "none")
        for path in here.glob("*.npy"):
            path.rename(here / "maps" / path.name)
        print(f"{part} maps: {seconds:.1f} s, of processors {busy:.1f} s, peak {peak:.0f} MiB: {line}")
