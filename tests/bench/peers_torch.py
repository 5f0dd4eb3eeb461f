"""A Vision Transformer in PyTorch and the explanation methods on it, each in the usual way: one run of the model for
every method, single precision, nothing shared. The formulas are those of the methods' own programs; where a program
does more than it needs (gradients of weights, all layers when one is read), this does less."""
import math

import torch
import torch.nn.functional as F


class Vit:
    """weights: Hugging Face names -> numpy arrays; config: the checkpoint's."""

    def __init__(self, weights, config):
        w = {name: torch.from_numpy(value) for name, value in weights.items()}
        self.heads, self.eps = config["num_attention_heads"], config["layer_norm_eps"]
        self.dim, self.patch = config["hidden_size"], config["patch_size"]
        emb = "vit.embeddings."
        self.cls, self.position = w[emb + "cls_token"], w[emb + "position_embeddings"]
        self.embed = (w[emb + "patch_embeddings.projection.weight"], w[emb + "patch_embeddings.projection.bias"])
        self.block = []
        for layer in range(config["num_hidden_layers"]):
            p = f"vit.encoder.layer.{layer}."
            pair = lambda name: (w[p + name + ".weight"], w[p + name + ".bias"])
            qkv = [pair(f"attention.attention.{part}") for part in ("query", "key", "value")]
            self.block.append({
                "norm1": pair("layernorm_before"), "norm2": pair("layernorm_after"),
                "qkv": (torch.cat([a for a, _ in qkv]), torch.cat([b for _, b in qkv])),
                "proj": pair("attention.output.dense"), "fc1": pair("intermediate.dense"), "fc2": pair("output.dense")})
        self.norm = (w["vit.layernorm.weight"], w["vit.layernorm.bias"])
        self.head = (w["classifier.weight"], w["classifier.bias"])

    def norm_of(self, x, norm):
        return F.layer_norm(x, (self.dim,), *norm, self.eps)

    def tokens_of(self, x):
        embedded = F.conv2d(x, *self.embed, stride=self.patch).flatten(2).transpose(1, 2)
        return embedded, torch.cat([self.cls.expand(len(x), -1, -1), embedded], 1) + self.position

    def split(self, qkv):
        batch, n, _ = qkv.shape
        return qkv.view(batch, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)

    def logits(self, x):
        """The forward pass alone, with PyTorch's fused attention."""
        _, x = self.tokens_of(x)
        for b in self.block:
            q, k, v = self.split(F.linear(self.norm_of(x, b["norm1"]), *b["qkv"]))
            context = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            x = x + F.linear(context, *b["proj"])
            x = x + F.linear(F.gelu(F.linear(self.norm_of(x, b["norm2"]), *b["fc1"])), *b["fc2"])
        return F.linear(self.norm_of(x[:, 0], self.norm), *self.head)

    def trace(self, x, grad=False, cut=False, keep=False):
        """The forward pass with its attention maps; `grad`: they take part in the graph; `cut`: no gradient into an
        attention block's input (AG-CAM); `keep`: everything that relevance needs."""
        t = {"attention": [], "scores": [], "layer": []}
        t["embedded"], x = self.tokens_of(x)
        t["first"] = x
        for b in self.block:
            norm1 = self.norm_of(x.detach() if cut else x, b["norm1"])
            if grad and not cut and b is self.block[-1]:
                norm1 = norm1.requires_grad_() if norm1.is_leaf else norm1
                t["last_norm"] = norm1
            qkv = F.linear(norm1, *b["qkv"])
            q, k, v = self.split(qkv)
            scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
            a = scores.softmax(-1)
            if grad and a.is_leaf:
                a.requires_grad_()
            t["attention"].append(a)
            t["scores"].append(scores)
            context = (a @ v).transpose(1, 2).flatten(2)
            projected = F.linear(context, *b["proj"])
            middle = x + projected
            norm2 = self.norm_of(middle, b["norm2"])
            active = F.gelu(F.linear(norm2, *b["fc1"]))
            mlp = F.linear(active, *b["fc2"])
            if keep:
                t["layer"].append(dict(x=x, norm1=norm1, q=q, k=k, v=v, a=a, context=context, projected=projected,
                                       middle=middle, norm2=norm2, active=active, mlp=mlp))
            x = middle + mlp
        t["tokens"] = self.norm_of(x, self.norm)
        t["logits"] = F.linear(t["tokens"][:, 0], *self.head)
        return t

    def target(self, t):
        return int(t["logits"][0].argmax())

    def gradients(self, t, of):
        return torch.autograd.grad(t["logits"][0, self.target(t)], of)


# ---- relevance: Chefer, Gur & Wolf 2021, and the plain rules -----------------------------------------------------

def safe(a, b):
    return torch.where(b == 0, torch.zeros_like(b), a / (b + 1e-9))


def linear_rule(x, weight, r, plain):
    above, below = weight.clamp(min=0), weight.clamp(max=0)
    xp, xn = x.clamp(min=0), x.clamp(max=0)
    z1, z2 = xp @ above.T, xn @ below.T
    if plain:
        return xp * (safe(r, z1) @ above) + xn * (safe(r, z2) @ below)
    s = safe(r, z1 + z2)
    return xp * (s @ above) + xn * (s @ below)


def sum_rule(a, b, r, plain):
    s = safe(r, a + b)
    to_a, to_b = a * s, b * s
    if plain:
        return to_a, to_b
    sum_a, sum_b, whole = to_a.sum(), to_b.sum(), r.sum()
    both = sum_a.abs() + sum_b.abs()
    return (to_a * safe(safe(sum_a.abs(), both) * whole, sum_a), to_b * safe(safe(sum_b.abs(), both) * whole, sum_b))


def copy_rule(x, first, second):
    return x * (safe(first, x) + safe(second, x))


def relevance(vit, t, plain, lowest=0, to_pixels=None):
    """Relevance of every layer's attention from `lowest` up; with `to_pixels` (the input) also the picture's."""
    maps = [None] * len(vit.block)
    n, heads = t["tokens"].shape[1], vit.heads
    one_hot = torch.zeros_like(t["logits"])
    one_hot[0, vit.target(t)] = 1
    cls = t["tokens"][:, 0]
    r = torch.zeros_like(t["tokens"])
    r[:, 0] = cls * safe(linear_rule(cls, vit.head[0], one_hot, plain), cls)
    for l in range(len(vit.block) - 1, lowest - 1, -1):
        b, k = vit.block[l], t["layer"][l]
        main, branch = sum_rule(k["middle"], k["mlp"], r, plain)
        inner = linear_rule(k["active"], b["fc2"][0], branch, plain)
        inner = linear_rule(k["norm2"], b["fc1"][0], inner, plain)
        r = copy_rule(k["middle"], main, inner)
        main, branch = sum_rule(k["x"], k["projected"], r, plain)
        inner = linear_rule(k["context"], b["proj"][0], branch, plain).view(1, n, heads, -1).transpose(1, 2)
        s = safe(inner, k["a"] @ k["v"])
        to_a, to_v = k["a"] * (s @ k["v"].transpose(-1, -2)) / 2, k["v"] * (k["a"].transpose(-1, -2) @ s) / 2
        maps[l] = to_a[0]
        if l == lowest and to_pixels is None:
            return maps
        s = safe(to_a, k["q"] @ k["k"].transpose(-1, -2))
        to_q, to_k = k["q"] * (s @ k["k"]) / 2, k["k"] * (s.transpose(-1, -2) @ k["q"]) / 2
        stacked = torch.stack([to_q, to_k, to_v]).permute(1, 3, 0, 2, 4).reshape(1, n, -1)
        r = copy_rule(k["x"], main, linear_rule(k["norm1"], b["qkv"][0], stacked, plain))
    embedded, weight = t["embedded"], vit.embed[0]
    to_embedded = embedded * safe(r[:, 1:], t["first"][:, 1:])
    x, low, high = to_pixels, to_pixels.min(), to_pixels.max()
    above, below = weight.clamp(min=0), weight.clamp(max=0)
    step = vit.patch
    z = F.conv2d(x, weight, stride=step) - F.conv2d(low.expand_as(x), above, stride=step) \
        - F.conv2d(high.expand_as(x), below, stride=step) + 1e-9
    s = to_embedded.transpose(1, 2).reshape(z.shape) / z
    back = lambda w: F.conv_transpose2d(s, w, stride=step)
    return (x * back(weight) - low * back(above) - high * back(below))[0].sum(0)


# ---- methods ------------------------------------------------------------------------------------------------------

def grid(vit, row):
    side = math.isqrt(row.shape[-1])
    return row.reshape(side, side)


def rolled(matrices, normalise):
    """Row 0 of M_{L-1} ... M_0 as the published programs make it: whole matrices."""
    n = matrices[0].shape[-1]
    product = torch.eye(n)
    for m in matrices:
        m = m + torch.eye(n)
        product = (m / m.sum(-1, keepdim=True) if normalise else m) @ product
    return product[0, 1:]


def with_gradient(vit, x):
    t = vit.trace(x, grad=True)
    return t, [g[0] for g in vit.gradients(t, t["attention"])]


def raw_attention(vit, x):
    with torch.inference_mode():
        return grid(vit, vit.trace(x)["attention"][-1][0].mean(0)[0, 1:])


def rollout(vit, x):
    with torch.inference_mode():
        return grid(vit, rolled([a[0].mean(0) for a in vit.trace(x)["attention"]], True))


def input_gradient(vit, x):
    x = x.clone().requires_grad_()
    logits = vit.logits(x)
    return torch.autograd.grad(logits[0].max(), x)[0][0]


def saliency(vit, x):
    return input_gradient(vit, x).abs().amax(0)


def gradient_x_input(vit, x):
    return (x[0] * input_gradient(vit, x)).sum(0).abs()


def cam(vit, x):
    with torch.inference_mode():
        t = vit.trace(x)
        return grid(vit, t["tokens"][0, 1:] @ vit.head[0][vit.target(t)])


def gradcam(vit, x):
    t = vit.trace(x, grad=True)
    g, a = vit.gradients(t, [t["last_norm"]])[0][0, 1:], t["last_norm"][0, 1:]
    return grid(vit, (a * g.mean(0)).sum(-1).relu().detach())


def attn_gradcam(vit, x):
    t = vit.trace(x, grad=True)
    g, a = vit.gradients(t, t["attention"][-1:])[0][0, :, 0, 1:], t["attention"][-1][0, :, 0, 1:]
    return grid(vit, (a * g.mean(-1, keepdim=True)).mean(0).relu().detach())


def fuse_scores(vit, t, gradients):
    heat = sum((g[0, :, 0, 1:].relu() * s[0, :, 0, 1:].sigmoid()).sum(0) for g, s in zip(gradients, t["scores"]))
    return grid(vit, heat.detach())


def ag_cam(vit, x):
    t = vit.trace(x, grad=True, cut=True)
    return fuse_scores(vit, t, vit.gradients(t, t["attention"]))


def ag_cam_full(vit, x):
    t = vit.trace(x, grad=True)
    return fuse_scores(vit, t, vit.gradients(t, t["attention"]))


def attention_gradient(vit, x):
    t, gradients = with_gradient(vit, x)
    return grid(vit, sum((a[0] * g)[:, 0, 1:].relu().sum(0) for a, g in zip(t["attention"], gradients)).detach())


def i_saw(vit, x):
    t, gradients = with_gradient(vit, x)
    weights = [g.relu().sum() for g in gradients]
    rows = [(a[0] * g.relu())[:, 0, 1:].mean(0) for a, g in zip(t["attention"], gradients)]
    return grid(vit, sum(w / sum(weights) * row for w, row in zip(weights, rows)).detach())


def generic_attention(vit, x):
    t, gradients = with_gradient(vit, x)
    return grid(vit, rolled([(a[0] * g).relu().mean(0) for a, g in zip(t["attention"], gradients)], False).detach())


def transformer_attribution(vit, x):
    t = vit.trace(x, grad=True, keep=True)
    gradients = vit.gradients(t, t["attention"])
    with torch.no_grad():
        maps = relevance(vit, t, plain=False)
        return grid(vit, rolled([(r * g[0]).relu().mean(0) for r, g in zip(maps, gradients)], False))


def lrp_rollout(vit, x):
    with torch.inference_mode():
        maps = relevance(vit, vit.trace(x, keep=True), plain=False)
        return grid(vit, rolled([r.relu().mean(0) for r in maps], False))


def partial_lrp(vit, x):
    with torch.inference_mode():
        maps = relevance(vit, vit.trace(x, keep=True), plain=True, lowest=len(vit.block) - 1)
        return grid(vit, maps[-1].relu().mean(0)[0, 1:])


def lrp(vit, x):
    with torch.inference_mode():
        return relevance(vit, vit.trace(x, keep=True), plain=True, to_pixels=x)


METHODS = {f.__name__.replace("_", "-"): f for f in (
    raw_attention, rollout, saliency, gradient_x_input, cam, gradcam, attn_gradcam, ag_cam, ag_cam_full,
    attention_gradient, i_saw, generic_attention, transformer_attribution, lrp_rollout, partial_lrp, lrp)}

# Well conditioned in single precision: their maps must be ours.
EXACT = [m for m in METHODS if m not in ("transformer-attribution", "lrp-rollout", "lrp", "partial-lrp")]


def forward(vit, x):
    with torch.inference_mode():
        return vit.logits(x)


def forward_backward(vit, x):
    """To the input and to every attention map, explicit attention."""
    x = x.clone().requires_grad_()
    t = vit.trace(x, grad=True)
    return vit.gradients(t, [x, *t["attention"]])


def suite(vit, x):
    return {name: method(vit, x) for name, method in METHODS.items()}
