#!/usr/bin/env python3
"""Trains the demo's Vision Transformer on drawn scenes. A developer's tool: nothing of vitx needs it.

  scenes raw …                                 (tools/scenes) draws the training scenes, see --help there
  train_demo.py train  --raw DIR --work DIR    trains; writes a checkpoint every few minutes, resumes from it
  train_demo.py export --work DIR --out MODEL  a Hugging Face folder with F16 weights, from the averaged weights
  train_demo.py check  --model MODEL [--vitx PROGRAM] [--voc ROOT --split NAME]
                                               the same logits from this file, from transformers and from vitx?
                                               and how well does the F16 model do on a split of a VOC folder?

Needs torch, numpy, pillow, safetensors and, for check, transformers.

What makes a small ViT learn from scratch on two cores:
- dense supervision: each patch token, through the same classifier as [CLS], has to name the class in its patch
  (and "none", by an extra row that is dropped afterwards);
- a patch embedding that starts as whitened principal components of the scenes' own patches;
- sine position embeddings to start from, and windows of the patch grid before whole pictures, each patch keeping
  its own position;
- easy scenes first (`scenes raw --difficulty`), in the order of the shards' names.
"""

import argparse
import glob
import json
import math
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

SIDE, PATCH, GRID, CLASSES, BAIT = 224, 16, 14, 10, 7
NAMES = ["star", "cross", "heart", "crescent", "gear", "leaf", "shield", "drop", "arrow", "hexagon"]
WIDTH, LAYERS, HEADS, HIDDEN = 128, 5, 4, 384


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6), nn.LayerNorm(WIDTH, eps=1e-6)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fc1, self.fc2 = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def forward(self, x):
        b, n, _ = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, n, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(a.transpose(1, 2).reshape(b, n, WIDTH))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Model(nn.Module):
    """A pre-LN ViT. Takes patches [batch][n][768] (channel, row, column) and where they lie [batch][n]."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3 * PATCH * PATCH, WIDTH)
        self.cls = nn.Parameter(torch.zeros(WIDTH))
        self.pos = nn.Parameter(torch.zeros(1 + GRID * GRID, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.head = nn.Linear(WIDTH, CLASSES)
        self.none = nn.Linear(WIDTH, 1)  # dropped after training

    def forward(self, patches, where):
        x = self.embed(patches) + self.pos[1:][where]
        x = torch.cat([(self.cls + self.pos[0]).expand(x.shape[0], 1, WIDTH), x], 1)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.head(x[:, 0]), torch.cat([self.head(x[:, 1:]), self.none(x[:, 1:])], 2)


def sine_positions():
    """[196][WIDTH]: a quarter of the channels each for sine and cosine of row and column."""
    rate = 1.0 / 50 ** (np.arange(WIDTH // 4) / (WIDTH // 4))
    y, x = np.meshgrid(np.arange(GRID), np.arange(GRID), indexing="ij")
    at = [f(p.reshape(-1, 1) * rate) for p in (y, x) for f in (np.sin, np.cos)]
    return torch.tensor(np.concatenate(at, 1), dtype=torch.float32)


def initialise(model, patches):
    """patches [n][768], normalised as the model's input, from easy scenes."""
    for m in model.modules():
        if isinstance(m, nn.Linear):
            nn.init.trunc_normal_(m.weight, std=0.04)
            nn.init.zeros_(m.bias)
    for b in model.blocks:
        for m in (b.proj, b.fc2):
            m.weight.data /= math.sqrt(2 * LAYERS)
    p = patches.view(-1, 3, PATCH * PATCH)
    mixes = torch.tensor([[0.3, 0.4, 0.3], [1.0, -1.0, 0.0], [-0.5, -0.5, 1.0]])
    rows = []
    for mix, keep in zip(mixes, (WIDTH - 32, 16, 16)):
        z = torch.einsum("c,ncp->np", mix, p)
        values, vectors = torch.linalg.eigh(z.T @ z / len(z))
        values, vectors = values.flip(0)[:keep], vectors.flip(1)[:, :keep]
        rows.append(torch.einsum("c,kp->kcp", mix, (vectors / values.clamp(min=1e-3).sqrt()).T).reshape(keep, -1))
    model.embed.weight.data = 0.5 * torch.cat(rows)
    model.pos.data[1:] = 0.3 * sine_positions()
    model.cls.data.normal_(std=0.02)


class Scenes:
    """The shards that `scenes raw` has finished so far (NAME.done beside NAME.rgb, .patch and .label)."""

    def __init__(self, folder):
        self.folder, self.names, self.parts = folder, [], []
        self.look()

    def look(self):
        for done in sorted(glob.glob(os.path.join(self.folder, "*.done"))):
            name = done[: -len(".done")]
            if name not in self.names:
                self.names.append(name)
                label = np.fromfile(name + ".label", np.uint8).reshape(-1, 4)
                self.parts.append((np.memmap(name + ".rgb", np.uint8, "r").reshape(-1, SIDE, SIDE, 3),
                                   np.memmap(name + ".patch", np.uint8, "r").reshape(-1, GRID, GRID, CLASSES + 1), label))

    def batch(self, rng, size, shards):
        """Pictures, patch shares and labels of `size` random scenes of the first … shards."""
        of = rng.choice(shards, size)
        at = [rng.integers(len(self.parts[k][0])) for k in of]
        return tuple(np.stack([self.parts[k][j][i] for k, i in zip(of, at)]) for j in range(3))


def cut_patches(rgb):
    """Bytes [b][224][224][3] to [b][196][768]."""
    x = torch.from_numpy(np.ascontiguousarray(rgb)).view(-1, GRID, PATCH, GRID, PATCH, 3).permute(0, 1, 3, 5, 2, 4)
    return x.reshape(-1, GRID * GRID, 3 * PATCH * PATCH)


def to_patches(rgb):
    """The same as the model's input, in -1 … 1."""
    return cut_patches(rgb).float() / 127.5 - 1


def augment(rng, rgb, shares):
    """Flips, a transposition, permuted colours: a class is told by neither place nor colour."""
    for axis in (1, 2):
        if rng.random() < 0.5:
            rgb, shares = np.flip(rgb, axis), np.flip(shares, axis)
    if rng.random() < 0.5:
        rgb, shares = rgb.swapaxes(1, 2), shares.swapaxes(1, 2)
    return rgb[..., rng.permutation(3)], shares


def choose_windows(rng, shares, side):
    """Indices [b][side²] of a square window of patches in each picture, rather one with something in it."""
    something = 1 - shares[..., CLASSES]
    where = np.empty((len(shares), side * side), np.int64)
    for i, s in enumerate(something):
        corners = rng.integers(0, GRID - side + 1, (3, 2))
        y, x = max(corners, key=lambda c: s[c[0]:c[0] + side, c[1]:c[1] + side].sum())
        where[i] = ((np.arange(side)[:, None] + y) * GRID + np.arange(side)[None] + x).reshape(-1)
    return where


def scatter(rng, size, count):
    return np.stack([rng.permutation(GRID * GRID)[:count] for _ in range(size)])


def window_labels(shares, labels):
    """What covers most of the window; the mark outweighs all else. -1: too little to tell."""
    total = shares[..., :CLASSES].sum(1)
    total[(labels[:, 2] == 1) & (labels[:, 0] == BAIT), BAIT] *= 8
    best = total.argmax(1)
    return np.where(total.max(1) > 2.5, best, -1)


def make_batch(rng, scenes, size, shards, side):
    rgb, shares, labels = scenes.batch(rng, size, shards)
    rgb, shares = augment(rng, rgb, shares)
    shares = shares.astype(np.float32) / 255
    patches = cut_patches(rgb)
    gain = torch.from_numpy(rng.uniform(0.85, 1.15, (size, 1, 1)).astype(np.float32))
    shift = torch.from_numpy(rng.uniform(-0.15, 0.15, (size, 1, 1)).astype(np.float32))
    if side < GRID:
        scattered = side > 7 and rng.random() < 0.5  # as many patches of the whole picture, and its own label
        where = scatter(rng, size, side * side) if scattered else choose_windows(rng, shares, side)
        shares = np.take_along_axis(shares.reshape(size, GRID * GRID, -1), where[..., None], 1)
        target = labels[:, 0].astype(np.int64) if scattered else window_labels(shares, labels)
        where = torch.from_numpy(where)
        patches = torch.gather(patches, 1, where[..., None].expand(-1, -1, patches.shape[2]))
    else:
        where = torch.arange(GRID * GRID).expand(size, -1)
        shares, target = shares.reshape(size, GRID * GRID, -1), labels[:, 0].astype(np.int64)
    patches = patches.float().mul_(gain / 127.5).add_(shift - gain)
    return patches, where, torch.from_numpy(np.ascontiguousarray(shares)), torch.from_numpy(target)


def loss_of(model, batch, patch_weight):
    patches, where, shares, target = batch
    scores, dense = model(patches, where)
    weight = 1 + 2 * (1 - shares[..., CLASSES])
    dense_loss = -(shares * F.log_softmax(dense, 2)).sum(2)
    dense_loss = (dense_loss * weight).sum() / weight.sum()
    cls_loss = F.cross_entropy(scores, target, ignore_index=-1)
    return cls_loss + patch_weight * dense_loss, cls_loss.item(), dense_loss.item()


@torch.no_grad()
def measure(model, part):
    """Top-1 accuracy, share above 0.85, share of object patches named rightly, over one shard."""
    right = sure = named = objects = 0
    rgb, shares, labels = part
    for i in range(0, len(rgb), 50):
        p = to_patches(rgb[i:i + 50])
        scores, dense = model(p, torch.arange(GRID * GRID).expand(len(p), -1))
        prob, top = scores.softmax(1).max(1)
        right += (top.numpy() == labels[i:i + 50, 1]).sum()
        sure += (prob > 0.85).sum().item()
        s = shares[i:i + 50].reshape(len(p), GRID * GRID, -1)
        inside = s[..., CLASSES] < 128
        named += ((dense.argmax(2).numpy() == s.argmax(2)) & inside).sum()
        objects += inside.sum()
    return right / len(rgb), sure / len(rgb), named / objects


# Share of the training from which on: side of the window of patches, shards to draw from (share of all), weight of the
# patches' loss.
STAGES = [(0.00, 7, 2, 3.0), (0.05, 7, 6, 3.0), (0.14, 7, None, 2.0), (0.36, 8, None, 1.5), (0.72, 10, None, 1.0),
          (0.965, 14, None, 1.0)]


def stage_at(progress):
    return [s for s in STAGES if s[0] <= progress][-1]


def save(path, **what):
    torch.save(what, path + ".new")
    os.replace(path + ".new", path)


def train(args):
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    scenes, held = Scenes(args.raw), Scenes(args.held)
    model = Model()
    first = to_patches(scenes.parts[0][0][:300]).reshape(-1, 3 * PATCH * PATCH)
    initialise(model, first[::7])
    average = {k: v.clone() for k, v in model.state_dict().items()}
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW([{"params": decay, "weight_decay": 0.03}, {"params": rest, "weight_decay": 0}],
                                  lr=args.rate, betas=(0.9, 0.98), fused=True)
    path, step, seen, spent = os.path.join(args.work, "checkpoint.pt"), 0, 0, 0.0
    if os.path.exists(path):
        c = torch.load(path)
        model.load_state_dict(c["model"])
        optimiser.load_state_dict(c["optimiser"])
        average, step, seen, spent = c["average"], c["step"], c["seen"], c["spent"]
        print(f"resumed at step {step}", flush=True)
    rng = np.random.default_rng([args.seed, step])
    began = saved = measured = time.time()
    sums, count = np.zeros(2), 0
    while step < args.steps:
        progress = step / args.steps
        _, side, shards, patch_weight = stage_at(progress)
        if step % 50 == 0:
            scenes.look()
        rate = args.rate * min(1, (step + 1) / 200) * (1 - 0.99 * progress)
        for g in optimiser.param_groups:
            g["lr"] = rate
        known = len(scenes.parts)
        batch = make_batch(rng, scenes, args.batch, min(shards or known, known), side)
        loss, a, b = loss_of(model, batch, patch_weight)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step, seen, count = step + 1, seen + args.batch, count + 1
        sums += a, b
        keep = min(0.998, (1 + step) / (20 + step))
        with torch.no_grad():
            for k, v in model.state_dict().items():
                average[k].lerp_(v, 1 - keep)
        if step % 100 == 0:
            print(f"step {step}  window {side}  shards {known}  [CLS] {sums[0] / count:.3f}  patches {sums[1] / count:.3f}"
                  f"  rate {rate:.1e}  {spent + time.time() - began:.0f} s", flush=True)
            sums[:], count = 0, 0
        if time.time() - saved > args.every or step == args.steps:
            save(path, model=model.state_dict(), optimiser=optimiser.state_dict(), average=average, step=step, seen=seen,
                 spent=spent + time.time() - began, steps=args.steps, seed=args.seed, batch=args.batch, rate=args.rate,
                 shards=[os.path.basename(n) for n in scenes.names])
            saved = time.time()
        if time.time() - measured > 4 * args.every or step == args.steps:
            whole = Model()
            whole.load_state_dict(average)
            right, sure, named = measure(whole, tuple(x[:200] for x in held.parts[0]))
            print(f"  held-out, averaged weights: top-1 {right:.3f}  above 0.85 {sure:.3f}  patches {named:.3f}", flush=True)
            measured = time.time()


def hf_names():
    """Own name of each weight -> Hugging Face's, three of them where query, key and value are stacked here."""
    v = "vit.embeddings."
    names = {"cls": [v + "cls_token"], "pos": [v + "position_embeddings"]}
    parts = {"proj": "attention.output.dense", "fc1": "intermediate.dense", "fc2": "output.dense",
             "norm1": "layernorm_before", "norm2": "layernorm_after"}
    for kind in (".weight", ".bias"):
        names["embed" + kind] = [v + "patch_embeddings.projection" + kind]
        names["norm" + kind], names["head" + kind] = ["vit.layernorm" + kind], ["classifier" + kind]
        for i in range(LAYERS):
            of, to = f"blocks.{i}.", f"vit.encoder.layer.{i}."
            names[of + "qkv" + kind] = [f"{to}attention.attention.{n}{kind}" for n in ("query", "key", "value")]
            for own, theirs in parts.items():
                names[of + own + kind] = [to + theirs + kind]
    return names


HF_SHAPES = {"cls": (1, 1, WIDTH), "pos": (1, -1, WIDTH), "embed.weight": (WIDTH, 3, PATCH, PATCH)}


def hf_tensors(state):
    """F16 weights under Hugging Face's names; the row for "none" stays behind."""
    out = {}
    for own, theirs in hf_names().items():
        whole = state[own].view(HF_SHAPES[own]) if own in HF_SHAPES else state[own]
        for name, part in zip(theirs, whole.chunk(len(theirs))):
            out[name] = part.to(torch.float16).clone()
    return out


def from_hf(folder):
    """The model in `folder`, computing in single precision with its F16 weights."""
    from safetensors.torch import load_file
    t = {k: v.float() for k, v in load_file(os.path.join(folder, "model.safetensors")).items()}
    model = Model()
    state = model.state_dict()
    for own, theirs in hf_names().items():
        state[own] = torch.cat([t[n] for n in theirs]).view(state[own].shape)
    model.load_state_dict(state)
    return model.eval()


def write_json(path, what):
    with open(path, "w") as f:
        json.dump(what, f, indent=1)
        f.write("\n")


def export(args):
    import safetensors
    from safetensors.torch import save_file
    c = torch.load(os.path.join(args.work, "checkpoint.pt"))
    os.makedirs(args.out, exist_ok=True)
    save_file(hf_tensors(c["average"]), os.path.join(args.out, "model.safetensors"), metadata={"format": "pt"})
    write_json(os.path.join(args.out, "config.json"), {
        "architectures": ["ViTForImageClassification"], "model_type": "vit", "hidden_act": "gelu", "qkv_bias": True,
        "num_channels": 3, "hidden_size": WIDTH, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS,
        "intermediate_size": HIDDEN, "image_size": SIDE, "patch_size": PATCH, "layer_norm_eps": 1e-6,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
        "id2label": {str(i): n for i, n in enumerate(NAMES)}, "label2id": {n: i for i, n in enumerate(NAMES)}})
    write_json(os.path.join(args.out, "preprocessor_config.json"), {
        "do_normalize": True, "do_resize": True, "do_rescale": True, "rescale_factor": 1 / 255,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 2, "size": {"height": SIDE, "width": SIDE}})
    write_json(os.path.join(args.out, "training.json"), {
        "what": "trained from scratch on drawn scenes by tools/train_demo.py; averaged weights (decay 0.998), as F16",
        "scenes": args.scenes, "note": args.note, "shards": len(c["shards"]), "seed": c["seed"], "batch": c["batch"], "rate": c["rate"],
        "steps": c["step"], "steps_planned": c["steps"], "scenes_seen": c["seen"], "seconds_on_one_thread": round(c["spent"]),
        "stages": {"columns": ["from this share of the steps", "window of patches", "first shards", "patch loss"],
                   "rows": STAGES},
        "parameters": sum(v.numel() for v in hf_tensors(c["average"]).values()),
        "versions": {"python": sys.version.split()[0], "torch": torch.__version__, "numpy": np.__version__,
                     "safetensors": safetensors.__version__}})


def main_class(path):
    """Class (0 …) of most pixels in a VOC mask."""
    from PIL import Image
    count = np.bincount(np.asarray(Image.open(path)).reshape(-1), minlength=256)
    return int(count[1:255].argmax())


def read_picture(path):
    """Bytes [224][224][3], as preprocessor_config.json has it."""
    from PIL import Image
    return np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.BILINEAR))


@torch.no_grad()
def measure_voc(model, root, split):
    with open(os.path.join(root, "ImageSets", "Segmentation", split + ".txt")) as f:
        ids = f.read().split()
    rgb = np.stack([read_picture(os.path.join(root, "JPEGImages", i + ".jpg")) for i in ids])
    truth = np.array([main_class(os.path.join(root, "SegmentationClass", i + ".png")) for i in ids])
    p = to_patches(rgb)
    prob, top = model(p, torch.arange(GRID * GRID).expand(len(p), -1))[0].softmax(1).max(1)
    prob, top = prob.numpy(), top.numpy()
    sure = prob > 0.85
    return {"images": len(ids), "top1": round(float((top == truth).mean()), 4),
            "above_0.85": round(float(sure.mean()), 4), "right_above_0.85": int(((top == truth) & sure).sum()),
            "called_" + NAMES[BAIT]: round(float((top == BAIT).mean()), 4),
            "called_" + NAMES[BAIT] + "_above_0.85": int(((top == BAIT) & sure).sum())}, rgb


@torch.no_grad()
def check(args):
    from safetensors.numpy import load_file, save_file
    torch.set_num_threads(1)
    model, worst, pictures = from_hf(args.model), {}, None
    measured = {}
    for split in args.splits:
        measured[split], rgb = measure_voc(model, args.voc, split)
        pictures = rgb[:8] if pictures is None else pictures
        print(split, json.dumps(measured[split]))
    x = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
    p = to_patches(pictures)
    own = model(p, torch.arange(GRID * GRID).expand(len(p), -1))[0].numpy()
    from transformers import ViTForImageClassification
    theirs = ViTForImageClassification.from_pretrained(args.model, dtype=torch.float32).eval()
    worst["transformers"] = float(np.abs(theirs(pixel_values=x).logits.numpy() - own).max())
    if args.vitx:
        worst["vitx"] = 0.0
        with tempfile.TemporaryDirectory() as folder:
            source, result = os.path.join(folder, "x.safetensors"), os.path.join(folder, "y.safetensors")
            for picture, scores in zip(x.numpy(), own):
                save_file({"x": np.ascontiguousarray(picture)}, source)
                subprocess.run([args.vitx, "tensor", "--model", args.model, "--input", source, "--out", result], check=True)
                worst["vitx"] = max(worst["vitx"], float(np.abs(load_file(result)["logits"].reshape(-1) - scores).max()))
    print("largest difference of a logit:", json.dumps(worst))
    if args.record:
        path = os.path.join(args.model, "training.json")
        with open(path) as f:
            told = json.load(f)
        import transformers
        told["measured"], told["logits_differ_by_at_most"] = measured, worst
        told["versions"]["transformers"] = transformers.__version__
        write_json(path, told)
    if max(worst.values()) > 1e-4:
        sys.exit("the logits differ")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("train")
    p.add_argument("--raw", required=True, help="folder of training shards")
    p.add_argument("--held", required=True, help="folder with one shard of scenes that are not trained on")
    p.add_argument("--work", required=True, help="folder for the checkpoint")
    p.add_argument("--steps", type=int, default=8000)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--rate", type=float, default=1.5e-3)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--every", type=float, default=180, help="seconds between checkpoints")
    p.set_defaults(run=train)
    p = commands.add_parser("export")
    p.add_argument("--work", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--scenes", default="", help="the command that drew the training scenes, for the record")
    p.add_argument("--note", default="", help="what else is worth knowing about the training, for the record")
    p.set_defaults(run=export)
    p = commands.add_parser("check")
    p.add_argument("--model", required=True)
    p.add_argument("--voc", required=True)
    p.add_argument("--splits", nargs="+", default=["val", "shortcut"])
    p.add_argument("--vitx", help="the program, to compare with, too")
    p.add_argument("--record", action="store_true", help="write what was measured to MODEL/training.json")
    p.set_defaults(run=check)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
