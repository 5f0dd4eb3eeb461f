#!/usr/bin/env python3
"""PyTorch, onnxruntime and SciPy beside vitx on the same random weights: speed, and that all compute the same.

  python3 -m venv V && V/bin/pip install torch onnxruntime onnx numpy safetensors scipy
  V/bin/python tests/bench/against_peers.py --write results/PERFORMANCE.md

A developer's tool: nothing of the project needs it. Makes a random checkpoint, checks that logits and maps agree, times
the forward pass in every mode, forward and backward, the methods one after the other, maximum flow, and vitx itself
(`vitx bench --json`), and prints all side by side. Takes some ten minutes for ViT-B/16 on two quiet cores."""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

import peers_report

SHAPES = {"base-16-224": (12, 12, 768), "small-16-224": (12, 6, 384), "tiny-16-224": (12, 3, 192),
          "nano-16-64": (4, 3, 24)}
HERE = Path(__file__).resolve().parent


# ---- the model --------------------------------------------------------------------------------------------------

def make_checkpoint(folder, shape, seed=1):
    """Random weights of size 1/sqrt(inputs), in Hugging Face's naming."""
    layers, heads, dim = SHAPES[shape]
    side, patch, classes = int(shape.rsplit("-", 1)[1]), 16, 1000
    rng = np.random.default_rng(seed)
    normal = lambda *sides, scale=0.1, mean=0.0: (mean + scale * rng.standard_normal(sides, np.float32)).astype(np.float32)
    w = {"vit.embeddings.cls_token": normal(1, 1, dim, scale=0.5),
         "vit.embeddings.position_embeddings": normal(1, 1 + (side // patch) ** 2, dim, scale=0.5),
         "vit.embeddings.patch_embeddings.projection.weight": normal(dim, 3, patch, patch, scale=(3 * patch ** 2) ** -0.5),
         "vit.embeddings.patch_embeddings.projection.bias": normal(dim)}

    def linear(name, out, into):
        w[name + ".weight"], w[name + ".bias"] = normal(out, into, scale=into ** -0.5), normal(out)

    def norm(name):
        w[name + ".weight"], w[name + ".bias"] = normal(dim, mean=1.0), normal(dim)

    for layer in range(layers):
        p = f"vit.encoder.layer.{layer}."
        norm(p + "layernorm_before")
        norm(p + "layernorm_after")
        for part in ("query", "key", "value"):
            linear(p + f"attention.attention.{part}", dim, dim)
        linear(p + "attention.output.dense", dim, dim)
        linear(p + "intermediate.dense", 4 * dim, dim)
        linear(p + "output.dense", dim, 4 * dim)
    norm("vit.layernorm")
    linear("classifier", classes, dim)
    config = {"architectures": ["ViTForImageClassification"], "model_type": "vit", "hidden_act": "gelu",
              "qkv_bias": True, "num_channels": 3, "hidden_size": dim, "num_attention_heads": heads,
              "num_hidden_layers": layers, "intermediate_size": 4 * dim, "image_size": side, "patch_size": patch,
              "layer_norm_eps": 1e-12, "id2label": {str(c): f"class {c}" for c in range(classes)}}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(w, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(
        {"do_normalize": True, "do_resize": True, "do_rescale": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
         "resample": 2, "size": {"height": side, "width": side}}))
    save_file({"x": rng.uniform(-1, 1, (3, side, side)).astype(np.float32)}, folder / "x.safetensors")


def open_checkpoint(folder):
    config = json.loads((folder / "config.json").read_text())
    return load_file(folder / "model.safetensors"), config, load_file(folder / "x.safetensors")["x"]


# ---- timing -----------------------------------------------------------------------------------------------------

def summary(wall, cpu, share):
    of = lambda values: (1e3 * float(np.median(values)) / share, 1e3 * min(values) / share)
    (ms, ms_min), (cpu_ms, cpu_ms_min) = of(wall), of(cpu)
    return {"ms": ms, "ms_min": ms_min, "cpu_ms": cpu_ms, "cpu_ms_min": cpu_ms_min}


def measure(run, repeats, share=1):
    """Milliseconds of one picture: `run` does `share` of them."""
    wall, cpu = [], []
    for i in range(repeats + 1):
        start = time.perf_counter(), time.process_time()
        run()
        if i:  # the first is for memory and caches
            wall.append(time.perf_counter() - start[0])
            cpu.append(time.process_time() - start[1])
    return summary(wall, cpu, share)


def task_of(name, folder, threads):
    """What a process of its own, or this one, is to repeat: a function and how many pictures it does."""
    kind, batch = name.split(":")
    batch = int(batch)
    weights, config, x = open_checkpoint(folder)
    many = np.repeat(x[None], batch, 0)
    if kind.startswith("onnx"):
        import peers_onnx
        session = peers_onnx.session(str(folder / f"{kind}.onnx"), threads)
        return lambda: session.run(["logits"], {"x": many})
    import torch
    import peers_torch
    torch.set_num_threads(threads)
    vit, tensor = peers_torch.Vit(weights, config), torch.from_numpy(many)
    work = getattr(peers_torch, kind.removeprefix("torch-").replace("-", "_"))
    return lambda: work(vit, tensor)


def child(name, folder):
    """Half of a pair: says ready, then does `count` rounds for each line that it reads."""
    run = task_of(name, folder, 1)
    run()
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            run()
        print(time.perf_counter() - start[0], time.process_time() - start[1], flush=True)


def pair(name, folder, repeats, count):
    """Two processes at once, one thread each: a picture's share of the time until both are done."""
    batch = int(name.split(":")[1])
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    command = [sys.executable, __file__, "--child", name, "--folder", str(folder)]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
            for _ in range(2)]
    for one in both:
        assert one.stdout.readline() == "ready\n", f"{name}: a process failed"
    wall, cpu = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        for one in both:
            one.stdin.write(f"{count}\n")
            one.stdin.flush()
        cpu.append(sum(float(one.stdout.readline().split()[1]) for one in both))
        wall.append(time.perf_counter() - start)
    for one in both:
        one.stdin.close()
        one.wait()
    return summary(wall, cpu, 2 * count * batch)


# ---- what is measured ----------------------------------------------------------------------------------------------

def forward_times(folder, repeats, say):
    rows = []
    for kind in ("torch-forward", "onnx-plain", "onnx-fused"):
        for threads in (1, 2):
            for batch in (1, 4, 8):
                rows.append({"program": kind, "threads": threads, "processes": 1, "batch": batch,
                             **measure(task_of(f"{kind}:{batch}", folder, threads), repeats, batch)})
                say(rows[-1])
        for batch in (1, 4):
            rows.append({"program": kind, "threads": 1, "processes": 2, "batch": batch,
                         **pair(f"{kind}:{batch}", folder, repeats, 8 // batch)})
            say(rows[-1])
    return rows


def torch_times(folder, repeats, say):
    import peers_torch
    rows = []
    for threads in (1, 2):
        rows.append({"method": "forward-backward", "threads": threads,
                     **measure(task_of("torch-forward-backward:1", folder, threads), repeats)})
        say(rows[-1])
        for method in peers_torch.METHODS:
            rows.append({"method": method, "threads": threads,
                         **measure(task_of(f"torch-{method}:1", folder, threads), min(repeats, 3))})
            say(rows[-1])
    two = pair("torch-suite:1", folder, min(repeats, 3), 1)
    say({"method": "suite", "processes": 2, **two})
    return rows, two


def check_results(vitx, folder):
    """Largest differences from vitx, as shares of the largest value: logits, and the maps that single precision can
    tell. Those of relevance methods are told too, but not judged: in single they are noise to a part."""
    import torch
    import peers_torch
    weights, config, x = open_checkpoint(folder)
    methods = ",".join([*peers_torch.METHODS, "attention-flow"])
    subprocess.run([vitx, "tensor", "--model", folder, "--input", folder / "x.safetensors", "--methods", methods,
                    "--out", folder / "ours.safetensors"], check=True)
    ours = load_file(folder / "ours.safetensors")
    off = lambda theirs, mine: float(np.abs(np.asarray(theirs) - mine).max() / np.abs(mine).max())
    vit, tensor = peers_torch.Vit(weights, config), torch.from_numpy(x[None])
    differences = {"logits torch-forward": off(peers_torch.forward(vit, tensor)[0], ours["logits"])}
    for kind in ("onnx-plain", "onnx-fused"):
        differences[f"logits {kind}"] = off(task_of(f"{kind}:1", folder, 2)()[0][0], ours["logits"])
    for method, run in peers_torch.METHODS.items():
        differences[method] = off(run(vit, tensor).numpy(), ours[f"heat.{method}"])
    for name, difference in differences.items():
        if name.startswith("logits") or name in peers_torch.EXACT:
            assert difference < 1e-4, f"{name} differs from vitx by {difference:g} of its largest value"
    return differences, ours


def flow_times(ours, seconds):
    """SciPy's Dinic from [CLS] to each token, as many tokens as the time allows; whole numbers as it wants them."""
    from scipy.sparse import coo_array, csr_array
    from scipy.sparse.csgraph import maximum_flow
    m = ours["attention"].mean(1) + np.eye(ours["attention"].shape[-1])
    m /= m.sum(-1, keepdims=True)
    layers, n, _ = m.shape
    layer, i, j = np.meshgrid(np.arange(layers), np.arange(n), np.arange(n), indexing="ij")
    values = np.round(1e9 * m).astype(np.int32).ravel()
    edges = ((layer + 1) * n + i).ravel(), (layer * n + j).ravel()
    graph = csr_array(coo_array((values, edges), shape=((layers + 1) * n,) * 2))
    heat, start, flows = ours["heat.attention-flow"].ravel(), (time.perf_counter(), time.process_time()), []
    for sink in np.random.default_rng(0).permutation(n - 1) + 1:
        flows.append((sink, maximum_flow(graph, layers * n, int(sink), method="dinic").flow_value))
        if time.perf_counter() - start[0] > seconds:
            break
    share = (n - 1) / len(flows)
    same = np.array([flow / heat[sink - 1] for sink, flow in flows])
    return {"ms": 1e3 * share * (time.perf_counter() - start[0]), "cpu_ms": 1e3 * share * (time.process_time() - start[1]),
            "tokens": len(flows), "of": n - 1, "difference": float(np.abs(same / same.mean() - 1).max())}


def versions():
    import onnxruntime
    import scipy
    import torch
    return {"PyTorch": torch.__version__, "onnxruntime": onnxruntime.__version__, "SciPy": scipy.__version__,
            "NumPy": np.__version__, "Python": platform.python_version(),
            "PyTorch's vectors": torch.backends.cpu.get_cpu_capability()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vitx", default="build/release/vitx")
    parser.add_argument("--shape", default="base-16-224", choices=SHAPES)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--flow-seconds", type=float, default=30)
    parser.add_argument("--folder", type=Path, help="where the checkpoint and the graphs are put [a temporary folder]")
    parser.add_argument("--json", type=Path, help="keep all figures")
    parser.add_argument("--from-json", type=Path, help="measure nothing, print kept figures")
    parser.add_argument("--write", type=Path, help="write the table [standard output]")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child, options.folder)
    if options.from_json:
        data = json.loads(options.from_json.read_text())
    else:
        with tempfile.TemporaryDirectory() as temporary:
            data = measure_all(options, options.folder or Path(temporary) / options.shape)
    if options.json:
        options.json.write_text(json.dumps(data, indent=1))
    text = peers_report.markdown(data)
    if options.write:
        options.write.write_text(text)
    else:
        print(text)


def measure_all(options, folder):
    say = lambda row: print(json.dumps(row), file=sys.stderr, flush=True)
    import peers_onnx
    make_checkpoint(folder, options.shape)
    weights, config, _ = open_checkpoint(folder)
    for kind in ("plain", "fused"):
        peers_onnx.build(weights, config, str(folder / f"onnx-{kind}.onnx"), kind == "fused")
    data = {"date": time.strftime("%Y-%m-%d"), "shape": options.shape, "repeats": options.repeats,
            "versions": versions(), "load": [os.getloadavg()[0]]}
    data["differences"], ours = check_results(options.vitx, folder)
    say(data["differences"])
    bench = [options.vitx, "bench", "--model", folder, "--json", "--jobs", "2", "--repeats", str(options.repeats)]
    data["vitx"] = json.loads(subprocess.run(bench, check=True, capture_output=True).stdout)
    data["forward"] = forward_times(folder, options.repeats, say)
    data["torch"], data["torch_suite_pair"] = torch_times(folder, options.repeats, say)
    data["flow"] = flow_times(ours, options.flow_seconds)
    say(data["flow"])
    data["load"].append(os.getloadavg()[0])
    data["version"] = subprocess.run([options.vitx, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return data


if __name__ == "__main__":
    main()
