#!/usr/bin/env python3
"""A method of one's own, written in PyTorch, ranked beside vitx's: saliency, as captum's Saliency makes it.

    pip install ./python torch transformers pillow
    VITX=build/release/vitx python examples/own_method.py        (from the root of the source tree)
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image
from transformers import ViTForImageClassification, ViTImageProcessor

import vitx
from vitx._run import find_program

MODEL, DATA = "data/demo/model", Path("data/demo/JPEGImages")


def explain(model, pixels):
    """|d logit / d x| of the most probable class, the largest of the three channels: [224][224]."""
    pixels.requires_grad_()
    model(pixel_values=pixels).logits.max().backward()
    return pixels.grad[0].abs().amax(dim=0)


def main(folder):
    chosen = "[saliency, rollout, ag-cam, center]"
    run = vitx.Run("configs/demo.yaml", out=folder / "own.sqlite", set={"methods": chosen}, limit=int(sys.argv[1]))
    results = run.start()
    model, processor = ViTForImageClassification.from_pretrained(MODEL).eval(), ViTImageProcessor.from_pretrained(MODEL)
    with vitx.MapWriter(folder / "maps", target="top") as maps:
        for row in results.scores("rollout"):  # the images that passed the gate
            pixels = processor(Image.open(DATA / f"{row['image']}.jpg"), return_tensors="pt")["pixel_values"]
            maps.add(row["image"], explain(model, pixels))
    subprocess.run([find_program(), "import", results.path, folder / "maps/maps.csv", "--as", "mine"], check=True)
    for row in results.table(metrics=["iou"]):
        print(f"{row['method']:10} {row['iou']:6.2f} [{row['iou_low']:.1f}, {row['iou_high']:.1f}]  n = {row['n']}")


if __name__ == "__main__":
    sys.argv[1:] = sys.argv[1:] or ["20"]
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))
