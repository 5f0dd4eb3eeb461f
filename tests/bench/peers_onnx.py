"""The same model as an ONNX graph, written node by node: `plain` with standard operators, `fused` with onnxruntime's own
attention operator. Which of the two is faster depends on its version: both are measured."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, value):
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def node(self, op, inputs, outputs=1, **attributes):
        self.count += 1
        names = [f"t{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x, weight, bias):
        return self.node("Add", [self.node("MatMul", [x, self.constant(weight.T)]), self.constant(bias)])


def attention(g, x, qkv_weight, qkv_bias, heads, fused):
    dim = qkv_weight.shape[1]
    if fused:
        inputs = [x, g.constant(qkv_weight.T), g.constant(qkv_bias)]
        return g.node("Attention", inputs, domain="com.microsoft", num_heads=heads)
    qkv = g.linear(x, qkv_weight, qkv_bias)
    qkv = g.node("Reshape", [qkv, g.constant(np.array([0, 0, 3, heads, dim // heads]))])
    qkv = g.node("Transpose", [qkv], perm=[2, 0, 3, 1, 4])
    q, k, v = (g.node("Gather", [qkv, g.constant(np.array(i))], axis=0) for i in range(3))
    q = g.node("Mul", [q, g.constant(np.float32((dim // heads) ** -0.5))])
    a = g.node("Softmax", [g.node("MatMul", [q, g.node("Transpose", [k], perm=[0, 1, 3, 2])])], axis=-1)
    context = g.node("Transpose", [g.node("MatMul", [a, v])], perm=[0, 2, 1, 3])
    return g.node("Reshape", [context, g.constant(np.array([0, 0, dim]))])


def build(weights, config, path, fused):
    w, g = weights, Graph()
    dim, patch, side, eps = (config[k] for k in ("hidden_size", "patch_size", "image_size", "layer_norm_eps"))
    norm = lambda x, p: g.node("LayerNormalization", [x, g.constant(w[p + ".weight"]), g.constant(w[p + ".bias"])],
                               axis=-1, epsilon=eps)
    linear = lambda x, p: g.linear(x, w[p + ".weight"], w[p + ".bias"])
    emb = "vit.embeddings."
    x = g.node("Conv", ["x", g.constant(w[emb + "patch_embeddings.projection.weight"]),
                        g.constant(w[emb + "patch_embeddings.projection.bias"])], strides=[patch, patch])
    x = g.node("Transpose", [g.node("Reshape", [x, g.constant(np.array([0, dim, -1]))])], perm=[0, 2, 1])
    shape = g.node("Concat", [g.node("Shape", ["x"], start=0, end=1), g.constant(np.array([1, dim]))], axis=0)
    x = g.node("Concat", [g.node("Expand", [g.constant(w[emb + "cls_token"]), shape]), x], axis=1)
    x = g.node("Add", [x, g.constant(w[emb + "position_embeddings"])])
    for layer in range(config["num_hidden_layers"]):
        p = f"vit.encoder.layer.{layer}."
        parts = [p + f"attention.attention.{part}" for part in ("query", "key", "value")]
        qkv = [np.concatenate([w[f"{part}.{kind}"] for part in parts]) for kind in ("weight", "bias")]
        context = attention(g, norm(x, p + "layernorm_before"), *qkv, config["num_attention_heads"], fused)
        x = g.node("Add", [x, linear(context, p + "attention.output.dense")])
        hidden = g.node("Gelu", [linear(norm(x, p + "layernorm_after"), p + "intermediate.dense")])
        x = g.node("Add", [x, linear(hidden, p + "output.dense")])
    cls = g.node("Gather", [x, g.constant(np.array(0))], axis=1)
    logits = linear(norm(cls, "vit.layernorm"), "classifier")
    g.nodes.append(helper.make_node("Identity", [logits], ["logits"]))
    graph = helper.make_graph(
        g.nodes, "vit", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, side, side])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(w["classifier.bias"])])], g.constants)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)


def session(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
