"""The figures of against_peers.py as Markdown."""

NAMES = {"torch-forward": "PyTorch", "onnx-plain": "onnxruntime", "onnx-fused": "onnxruntime, own attention"}


def by_id(rows):
    return {row["id"]: row for row in rows}


def table(head, rows):
    """Numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if i == 0 else "---:" for i in range(len(head))) + "|"]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows] + [""]


def times(row):
    return [f"{row[key]:.1f}" for key in ("ms", "ms_min", "cpu_ms")]


def forward(data):
    v = data["vitx"]
    one, two = by_id(v["passes"]), by_id(v["workers"])
    rows = [["vitx", "1 worker", 1, *times(one["forward"])], ["vitx", "1 worker", 4, *times(one["forward-4"])]]
    for name, batch in (("forward", 1), ("forward-4", 4)):
        if name in two:
            rows.append(["vitx", "2 workers", batch, "", f"{1e3 / two[name]['many']:.1f}", ""])
    for row in data["forward"]:
        threads = "2 processes" if row["processes"] == 2 else f"{row['threads']} thread" + "s" * (row["threads"] > 1)
        rows.append([NAMES[row["program"]], threads, row["batch"], *times(row)])
    return table(["program", "on", "group of", "ms a picture", "least", "processor ms"], rows)


def passes(data):
    rows = []
    for p in data["vitx"]["passes"]:
        rate = [""] * 4
        if p["gflops"]:
            rate = [f"{p['gflop']:.2f}", f"{p['gflops']:.0f}", *(f"{100 * p[of]:.0f} %" for of in ("of_products", "of_peak"))]
        rows.append([p["title"], *times(p), *rate, f"{p['forwards']:.2f}"])
    return table(["pass", "ms", "least", "processor ms", "GFLOP", "GFLOP/s", "OpenBLAS", "peak", "F"], rows)


def methods(data):
    ours = by_id(data["vitx"]["methods"])
    theirs = {(row["method"], row["threads"]): row for row in data["torch"]}
    rows = []
    for method in dict.fromkeys(row["method"] for row in data["torch"]):
        own = ours.get(method)
        rows.append([method, *(f"{theirs[method, t]['ms']:.0f}" for t in (1, 2)),
                     *([f"{own['cpu_ms']:.2f}", f"{own['forwards']:.3f}"] if own else ["", ""])])
    return table(["method", "PyTorch, 1 thread: ms", "2 threads: ms", "vitx, once the passes are made: ms", "F"], rows)


def suite_times(data):
    """Milliseconds a picture for PyTorch's methods one after the other, by mode."""
    of = lambda t: sum(r["ms"] for r in data["torch"] if r["threads"] == t and r["method"] != "forward-backward")
    return {"1 thread": of(1), "2 threads": of(2), "2 processes": data["torch_suite_pair"]["ms"]}


def suites(data):
    workers, totals = by_id(data["vitx"]["workers"]), by_id(data["vitx"]["totals"])
    best = 1e3 / workers["suite-no-flow"]["many"]
    rows = [["vitx, 2 workers", f"{best:.0f}", "1.0"],
            ["vitx, 1 worker", f"{totals['suite-no-flow']['ms']:.0f}", f"{totals['suite-no-flow']['ms'] / best:.1f}"]]
    rows += [[f"PyTorch, {mode}", f"{ms:.0f}", f"{ms / best:.1f}"] for mode, ms in suite_times(data).items()]
    return table(["sixteen methods, without attention-flow", "ms a picture", "times vitx"], rows)


def together(data):
    rows = [[t["title"], *times(t), f"{t['forwards']:.2f}"] for t in data["vitx"]["totals"]]
    return table(["", "ms", "least", "processor ms", "F"], rows)


# ---- what was to be reached ---------------------------------------------------------------------------------------

def limits(data):
    v = data["vitx"]
    p, m, t, w = (by_id(v[key]) for key in ("passes", "methods", "totals", "workers"))
    memory, forwards = v["memory"], lambda row: row["forwards"]
    ours = min(1e3 / w[name]["many"] for name in ("forward", "forward-4") if name in w)
    both = [row for row in data["forward"] if row["program"].startswith("onnx") and row["threads"] * row["processes"] == 2]
    theirs = min(row["ms_min"] for row in both)
    torch = {mode: ms * w["suite-no-flow"]["many"] / 1e3 for mode, ms in suite_times(data).items()}
    allowed = 4 * memory["weights_mb"] + 700
    rows = [("F, of the core's multiply-add peak", "≥ 75 %", 100 * p["forward"]["of_peak"], "{:.0f} %", 75, True),
            ("the same in groups of four", "≥ 82 %", 100 * p["forward-4"]["of_peak"], "{:.0f} %", 82, True),
            ("a picture with two workers, of onnxruntime's best mode", "≤ 1", ours / theirs, "{:.2f}", 1, False),
            ("backward to the input", "≤ 1.35 F", forwards(p["backward-input"]), "{:.2f} F", 1.35, False),
            ("ag-cam's own cost", "≤ 0.03 F", forwards(p["cut-gradient"]) + forwards(m["ag-cam"]), "{:.3f} F", 0.03, False),
            ("forward in double", "≤ 2.2 F", forwards(p["forward-double"]), "{:.2f} F", 2.2, False),
            ("the same as relevance needs it, the last block for [CLS]", "≤ 2.2 F", forwards(p["forward-relevance"]), "{:.2f} F", 2.2, False),
            ("improved relevance, mixed", "≤ 3.6 F", forwards(p["improved"]), "{:.2f} F", 3.6, False),
            ("plain relevance on top", "≤ 3 F", forwards(p["plain"]), "{:.2f} F", 3, False),
            ("**all methods but the sampling ones**", "≤ 12.5 F", forwards(t["suite"]), "{:.2f} F", 12.5, False),
            ("**the four -stable ones more**", "≤ 7 F", forwards(t["stable"]), "{:.2f} F", 7, False),
            ("attention-flow alone", "≤ 0.4 s", t["flow"]["cpu_ms"] / 1e3, "{:.3f} s", 0.4, False),
            ("**the set without attention-flow, against PyTorch's best thread count**", "≥ 5 ×",
             min(times for mode, times in torch.items() if "thread" in mode), "{:.1f} ×", 5, True),
            ("the same against two processes of PyTorch", "", torch["2 processes"], "{:.1f} ×", None, True),
            ("two workers against one, forward", "≥ 1.8 ×", w["forward"]["ratio"], "{:.2f} ×", 1.8, True),
            ("two workers against one, methods without attention-flow", "≥ 1.8 ×", w["suite-no-flow"]["ratio"], "{:.2f} ×", 1.8, True),
            ("peak memory with one worker", f"≤ {allowed:.0f} MB", memory["peak_mb"], "{:.0f} MB", allowed, False),
            ("opening the checkpoint, without transposed copies", "< 100 ms", v["model"]["open_ms"] - v["model"]["transpose_ms"], "{:.0f} ms", 100, False)]
    for method in ("smoothgrad", "integrated-gradients"):
        rows.append((f"{method}, of N × (forward + backward)", "≤ 0.97", m[method]["of_samples"], "{:.2f}", 0.97, False))
    reached = lambda value, bound, least: "yes" if (value >= bound if least else value <= bound) else "**no**"
    cells = [[name, limit, form.format(value), "" if bound is None else reached(value, bound, least)]
             for name, limit, value, form, bound, least in rows]
    return table(["", "limit", "measured", "reached"], cells)


# ---- the page -----------------------------------------------------------------------------------------------------

def machine(data):
    v, versions = data["vitx"], data["versions"]
    own = ", ".join(f"{name} {text}" for name, text in versions.items())
    lines = [f"Measured {data['date']}: {v['machine']['processor']}, {v['machine']['cores']} cores, widest vectors "
             f"{v['machine']['vectors']}; peak of a core {v['peak_gflops']['single']:.0f} GFLOP/s in single precision, "
             f"{v['peak_gflops']['double']:.0f} in double. {data['version']} with {v['blas']['version']}, "
             f"{v['blas']['kernel']} kernels; {own}. {v['repeats']} repeats; the machine's load was "
             f"{data['load'][0]:.1f} before and {data['load'][1]:.1f} after (two busy cores are 2).", ""]
    if v["machine"]["vectors"] != "AVX-512":
        lines += [f"**This processor has no AVX-512.** The limits below were set for AVX-512 kernels, whose products are "
                  f"about twice as fast against all other work; what is measured here are the ratios with "
                  f"{v['blas']['kernel']} ({v['machine']['vectors']}) kernels. AVX-512's are still to be measured.", ""]
    if max(data["load"]) > 2.5 + v["machine"]["cores"] / 2:
        lines += ["**The machine was not quiet.** Wall-clock figures and everything with two workers or threads are "
                  "worse than they would be alone; processor times suffer less, but from shared caches too.", ""]
    return lines


def agreement(data):
    d = data["differences"]
    logits = max(value for name, value in d.items() if name.startswith("logits"))
    relevance = ("transformer-attribution", "lrp-rollout", "partial-lrp", "lrp")
    maps = max(value for name, value in d.items() if not name.startswith("logits") and name not in relevance)
    loose = ", ".join(f"{name} {100 * d[name]:.2g} %" for name in relevance)
    return [f"All programs computed the same: logits within {logits:.0e} of the largest, maps of the twelve methods that "
            f"single precision can tell within {maps:.0e} of their maximum. The relevance methods in single precision, as "
            f"published, miss ours (mixed) by: {loose} of the maximum.", ""]


def markdown(data):
    v, flow = data["vitx"], data["flow"]
    m = v["memory"]
    lines = ["# Performance", "",
             f"One picture, random weights, {data['shape']} ({v['model']['parameters'] / 1e6:.0f} million parameters). Made by "
             "`tests/bench/against_peers.py`, which times every program in the same run on the same machine; "
             "`vitx bench --help` says how vitx's own figures come about. F is one forward pass of one picture in single "
             "precision by one worker; F columns are ratios of processor time to forward passes that took turns with "
             "what was timed.", "", *machine(data), *agreement(data)]
    lines += ["## What was to be reached", "", *limits(data)]
    lines += ["## Forward pass", "", "Milliseconds a picture: median, least, and processor time of all threads together.",
              "", *forward(data)]
    lines += ["## vitx: passes", "",
              "`OpenBLAS`: the same products by OpenBLAS alone, as a share of the pass's time; `peak`: the time they would "
              "take at the processor's multiply-add peak, likewise.", "", *passes(data)]
    lines += ["## Methods, one after the other", "",
              "PyTorch as the methods' programs do it: one run of the model for each method, single precision, gradients of "
              "weights switched off. vitx makes the passes once and every method drinks from them; its column is what "
              "remains of each method then (one worker).", "", *methods(data), *suites(data)]
    lines += ["## vitx: everything together", "", "One worker, mixed precision, a forward pass included.", "",
              *together(data)]
    lines += [f"Memory: weights {m['weights_mb']:.0f} MB, a worker with all these passes {m['worker_mb']:.0f} MB, "
              f"{m['peak_mb']:.0f} MB in all at most.", "", "## Maximum flow", "",
              f"SciPy's Dinic from [CLS] to {flow['of']} tokens: {flow['cpu_ms'] / 1e3:.1f} s "
              f"(timed on {flow['tokens']} of them), vitx {by_id(v['totals'])['flow']['cpu_ms'] / 1e3:.3f} s. The flows "
              f"agree within {flow['difference']:.0e} (SciPy's are whole numbers, of 1e9).", ""]
    return "\n".join(lines)
