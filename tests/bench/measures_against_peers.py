#!/usr/bin/env python3
"""What measures cost in vitx and beside it: deletion and insertion, single deletions, ROAD and pixel flipping.

  python3 -m venv V && V/bin/pip install torch numpy safetensors grad-cam quantus
  V/bin/python tests/bench/measures_against_peers.py

A developer's tool: nothing of the project needs it. Random weights and a random picture, as against_peers.py has them.
vitx is `vitx bench --random SHAPE --measures`, one worker with one BLAS thread; PyTorch runs eagerly without gradients,
over the same variants, by one thread and by two, in batches of 1 and of 10. Prints seconds and ratios as a Markdown
table. Takes some four minutes for ViT-B/16 on two cores."""
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import against_peers
import peers_torch

STEPS = 20
METHODS = 25  # that a study compares: peers evaluate single deletions again for each
BLACK = -1.0  # a black pixel after normalisation with mean and deviation 0.5
SAMPLED = 14  # single deletions in a loop cost the same each: every fourteenth is timed, 14 for 196


class Vit(peers_torch.Vit):
    """Also takes [batch, tokens, dim], embedded already, some of a picture's tokens left out."""

    def tokens_of(self, x):
        return (None, x) if x.dim() == 3 else super().tokens_of(x)


# ---- variants: rows of booleans, which patches stay ---------------------------------------------------------------

def curve_variants(patches, rng):
    """Deletion's and insertion's steps between the whole and the empty picture, and the empty one."""
    order, kept = rng.permutation(patches), []
    for step in range(1, STEPS):
        first = order[:round(step * patches / STEPS)]
        inserted = np.zeros(patches, bool)
        inserted[first] = True
        kept += [~inserted, inserted]
    return np.array([*kept, np.zeros(patches, bool)])


def single_variants(patches):
    return ~np.eye(patches, dtype=bool)[::SAMPLED]


def pictures(vit, x, kept):
    """Full pictures [variants, 3, side, side], removed patches black."""
    side = x.shape[-1] // vit.patch
    mask = torch.from_numpy(kept).view(-1, 1, side, side)
    mask = mask.repeat_interleave(vit.patch, 2).repeat_interleave(vit.patch, 3)
    return torch.where(mask, x, torch.tensor(BLACK))


def masked(vit, x, kept, batch):
    return torch.cat([vit.logits(pictures(vit, x, kept[i:i + batch])) for i in range(0, len(kept), batch)])


def dropped(vit, x, kept, batch):
    """Shorter sequences; those of one length share a batch."""
    tokens = vit.tokens_of(x)[1][0]
    out = torch.empty(len(kept), len(vit.head[1]))
    lengths = kept.sum(1)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for i in range(0, len(rows), batch):
            some = rows[i:i + batch]
            index = [np.concatenate([[0], 1 + np.flatnonzero(kept[row])]) for row in some]
            out[some] = vit.logits(tokens[torch.from_numpy(np.array(index))])
    return out


# ---- timing -------------------------------------------------------------------------------------------------------

def seconds(run, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def loop_times(vit, x, numbers, repeats, say):
    """{(what, how): {threads: the best batch's seconds}}"""
    patches = (x.shape[-1] // vit.patch) ** 2
    tasks = {"curves": (curve_variants(patches, np.random.default_rng(2)), 1),
             "single": (single_variants(patches), patches / len(single_variants(patches)))}
    times = {}
    for threads in numbers:
        torch.set_num_threads(threads)
        vit.logits(x)
        for what, (kept, share) in tasks.items():
            for how in (masked, dropped):
                each = {batch: share * seconds(lambda: how(vit, x, kept, batch), repeats) for batch in (1, 10)}
                say({"task": what, "loop": how.__name__, "threads": threads, "seconds by batch": each})
                times.setdefault((what, how.__name__), {})[threads] = min(each.values())
    return times


def forward_seconds(vit, x):
    return seconds(lambda: vit.logits(x), 5)


# ---- programs of others -------------------------------------------------------------------------------------------

class Module(torch.nn.Module):
    def __init__(self, vit):
        super().__init__()
        self.vit = vit

    def forward(self, x):
        return self.vit.logits(x)


def road(vit, x, heat):
    """pytorch-grad-cam: both orders over the percentiles 10 to 90, one map."""
    from pytorch_grad_cam.metrics.road import ROADLeastRelevantFirstAverage, ROADMostRelevantFirstAverage
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget
    module, target = Module(vit), [ClassifierOutputSoftmaxTarget(0)]
    for order in (ROADMostRelevantFirstAverage, ROADLeastRelevantFirstAverage):
        order(percentiles=list(range(10, 100, 10)))(x, heat[None], target, module)


def pixel_flipping(vit, x, heat):
    """Quantus: one order, 16 steps (its steps must divide the pixels), one map."""
    import quantus
    measure = quantus.PixelFlipping(features_in_step=heat.size // 16, perturb_baseline="black", disable_warnings=True)
    measure(model=Module(vit).eval(), x_batch=x.numpy(), y_batch=np.array([0]), a_batch=heat[None, None], device="cpu")


def others_times(vit, x, numbers, say):
    """[name, {threads: seconds} or why it was not run]"""
    heat = np.random.default_rng(3).random(x.shape[-2:], np.float32)
    rows = []
    for name, module, run in (("pytorch-grad-cam: ROAD, both orders, 9 percentiles", "pytorch_grad_cam", road),
                              ("Quantus: PixelFlipping, 16 steps", "quantus", pixel_flipping)):
        if importlib.util.find_spec(module) is None:
            rows.append((name, "not installed"))
            continue
        try:
            times = {}
            for threads in numbers:
                torch.set_num_threads(threads)
                times[threads] = seconds(lambda: run(vit, x, heat), 1)
            rows.append((name, times))
        except Exception as error:  # a program of others: told, the rest of the table still stands
            rows.append((name, f"{type(error).__name__}: {error}"))
        say(rows[-1])
    return rows


# ---- the table ----------------------------------------------------------------------------------------------------

def vitx_times(vitx, shape, repeats):
    """{id: seconds}, {id: F}"""
    bench = [vitx, "bench", "--random", shape, "--measures", "--json", "--repeats", str(repeats)]
    data = json.loads(subprocess.run(bench, check=True, capture_output=True).stdout)
    rows = [row for part in data.values() if isinstance(part, list) for row in part if "forwards" in row and "id" in row]
    return {r["id"]: r["ms_min"] / 1e3 for r in rows}, {r["id"]: r["forwards"] for r in rows}


def table(ours, forwards, loops, forward, others, patches):
    lines = ["|  | seconds, 1 thread | 2 threads | times vitx, 1 thread each | PyTorch's best against vitx's 1 thread |",
             "|---|---:|---:|---:|---:|"]

    def mine(title, name):
        lines.append(f"| vitx: {title} ({forwards[name]:.1f} F) | {ours[name]:.2f} |  | 1.0 |  |")

    def theirs(title, times, base):
        two = f"{times[2]:.2f}" if 2 in times else "not run"
        lines.append(f"| {title} | {times[1]:.2f} | {two} | {times[1] / base:.2f} | {min(times.values()) / base:.2f} |")

    mine("deletion and insertion, drop", "curves-drop")
    theirs("PyTorch: the same variants as full pictures, black", loops["curves", "masked"], ours["curves-drop"])
    theirs("PyTorch: tokens dropped by hand", loops["curves", "dropped"], ours["curves-drop"])
    mine("deletion and insertion, black", "curves-black")
    theirs("PyTorch: the same", loops["curves", "masked"], ours["curves-black"])
    single = ours["single-drop"]
    mine(f"{patches} single deletions, drop, for all methods", "single-drop")
    for how, title in (("masked", "full pictures, black"), ("dropped", "tokens dropped by hand")):
        once = loops["single", how]
        theirs(f"PyTorch: {title}, once", once, single)
        theirs(f"PyTorch: {title}, once a method, {METHODS} methods (so many times the line above)",
               {threads: METHODS * time for threads, time in once.items()}, single)
    for name, times in others:
        if isinstance(times, str):
            lines.append(f"| {name} | not run: {times} |  |  |  |")
        else:
            in_f = " and ".join(f"{times[n] / forward[n]:.1f}" for n in times)
            theirs(f"{name} ({in_f} forward passes of PyTorch); against deletion and insertion, drop", times, ours["curves-drop"])
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vitx", default="build/release/vitx")
    parser.add_argument("--shape", default="base-16-224", choices=("base-16-224", "small-16-224", "tiny-16-224"))
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--one-thread", action="store_true", help="loops by one thread only: two are no measure where others use the cores")
    options = parser.parse_args()
    numbers = (1,) if options.one_thread else (1, 2)
    say = lambda row: print(row, file=sys.stderr, flush=True)
    load = os.getloadavg()[0]
    ours, forwards = vitx_times(options.vitx, options.shape, options.repeats)
    say({"vitx": ours, "F": forwards})
    with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
        folder = Path(temporary)
        against_peers.make_checkpoint(folder, options.shape)
        weights, config, picture = against_peers.open_checkpoint(folder)
        vit, x = Vit(weights, config), torch.from_numpy(picture[None])
        patches = (x.shape[-1] // vit.patch) ** 2
        whole = np.ones((1, patches), bool)
        for how in (masked, dropped):
            assert torch.allclose(how(vit, x, whole, 1), vit.logits(x), atol=1e-4), f"{how.__name__} changes what is whole"
        forward = {}
        for threads in (1, 2):
            torch.set_num_threads(threads)
            forward[threads] = forward_seconds(vit, x)
        loops = loop_times(vit, x, numbers, options.repeats, say)
        others = others_times(vit, x, numbers, say)
    print(table(ours, forwards, loops, forward, others, patches))
    print(f"\nPyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}), a forward pass {forward[1]:.3f} s by one "
          f"thread, {forward[2]:.3f} s by two; load {load:.1f} before, {os.getloadavg()[0]:.1f} after.")


if __name__ == "__main__":
    main()
