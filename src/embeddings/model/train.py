#!/usr/bin/env python3
"""Trains the table of vectors that search compares passages with, from the distilled one.

    python3 pairs.py ROOT LISTS >PAIRS                     (it says what must be there, and how long it takes)
    cargo build --release --example model-bags
    target/release/examples/model-bags <PAIRS >BAGS        (two minutes)
    pip install numpy scipy; python3 train.py BAGS         (three minutes on two cores)

A question finds a passage by its words (BM25) and by the cosine of what both mean, added as standard scores. So that sum is what
is trained: of the passages of one package in one language, its own should have the largest for each heading (a softmax over them). The
vectors then learn what BM25 lacks, and to leave alone what it knows. Texts of other languages are bags of English tokens, by the
glossaries, and are trained alike. Headings become questions now and then, by words that stand around questions. The average of a few
runs finds more than each.

What was read are the manuals of Debian's packages that packages.txt names, under the licences that each has in its copyright file; the
descriptions of Debian's packages and their translations; and WordNet 3.0's words and glosses (WordNet licence). Nothing of their texts
is kept but the 256 numbers for each token. Packages that retrieval is measured on (`NEVER` in pairs.py) were left out, and so were those
it was tried on: three fifths of the packages that have a FAQ of five questions or more, and the manuals in `TRIED_ON`.

The table beside this script was made of 520 of the packages, WordNet and the other 790, in this order; another order draws other pairs, so a
table that is made anew is not the same byte for byte.

search.bin       for each token, in the order of tokens.bin, a float32: what one step of its int8 is worth; then for each a row of 256 int8
"""

import hashlib
import multiprocessing
import os
import pathlib
import re
import sys
import time
import zlib
from array import array
from collections import Counter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import scipy.sparse as sparse  # noqa: E402

HERE = pathlib.Path(__file__).parent
DIMENSIONS = 256
TRIED_ON = re.compile(r"^(debian-reference|developers-reference|gnome-user-docs$|debian-handbook$)")
MEASURED = ("de", "fr", "ja", "ru", "zh")
# How often each kind of pairs is taken, and languages among the translated: those with few pairs would be drowned.
SHARES = {"headings": 0.48, "translated": 0.35, "descriptions": 0.06, "translated descriptions": 0.07, "wordnet": 0.04}
MORE_OF = {"de": 3, "ru": 3, "ja": 2.5, "zh": 3}
FEWEST_IN_GROUP = 24
RUNS, STEPS, GROUPS, GROUP = 4, 800, 6, 256
RATE, WARM_UP = 1.5e-3, 30
SCALE, WORDS_WEIGHT = 20.0, 1.0
K1, B = 1.2, 0.75
# So much of what a site is about is left out of a question: as search does.
OF_THE_SITE = 0.3
AROUND_QUESTIONS = 0.4
QUESTIONS = ["how do i ?", "how can i ?", "how to ?", "what is ?", "what are the ?", "why does not work ?", "where can i find ?", "how does work ?",
             "is there a way to ?", "can i ?", "what does mean ?", "i want to .", "why is it ?", "do you have ?", "which should i use ?",
             "how do you ?", "?", "when will ?", "what about ?", "please help with ."]
STEMS = 1 << 22


class Bags:
    """Rows of a sparse matrix while they are read."""

    def __init__(self):
        self.columns, self.values, self.ends = array("i"), array("f"), array("q", [0])

    def add(self, pairs):
        for column, value in pairs:
            self.columns.append(column)
            self.values.append(value)
        self.ends.append(len(self.columns))

    def matrix(self, columns):
        parts = (np.frombuffer(self.values, np.float32), np.frombuffer(self.columns, np.int32), np.frombuffer(self.ends, np.int64))
        found = sparse.csr_matrix(parts, shape=(len(self.ends) - 1, columns), copy=True)
        found.sum_duplicates()
        return found


def distilled():
    """The distilled vectors, scaled to an average length of one, and the tokens' rows."""
    rows = np.frombuffer((HERE / "vectors.bin").read_bytes(), np.int8).reshape(-1, DIMENSIONS)
    tokens = (HERE / "tokens.bin").read_bytes()
    count = len(rows)
    table = (rows * np.frombuffer(tokens[: 4 * count], "<f4")[:, None]).astype(np.float32)
    ends = [0, *np.frombuffer(tokens[4 * count: 8 * count], "<u4")]
    texts = tokens[8 * count:]
    names = {texts[ends[row]: ends[row + 1]].decode(): row for row in range(count)}
    return table / np.linalg.norm(table, axis=1).mean(), names


class Pairs:
    def __init__(self, path, tokens, question_mark):
        self.names, bags = [], [Bags() for _ in range(4)]
        for line in open(path, encoding="utf-8"):
            package, language, place, *texts = line.rstrip("\n").split("\t")
            if not texts[0] or not texts[1]:
                continue
            self.names.append((package, language, place))
            for text, bag in zip(texts[:2], bags):
                bag.add((int(row), float(share)) for row, share in (part.split(":") for part in text.split(" ")))
            for text, bag in zip(texts[2:], bags[2:]):
                bag.add((zlib.crc32(stem.encode()) % STEMS, 1.0) for stem in text.split(" ") if stem)
        self.asked, self.told = (bag.matrix(tokens) for bag in bags[:2])
        self.asked_stems, self.told_stems = (bag.matrix(STEMS) for bag in bags[2:])
        self.asked_stems.data[:] = 1
        self.are_questions = np.asarray((self.asked[:, question_mark] > 0).todense()).ravel()
        faqs = Counter(name[0] for name, is_one in zip(self.names, self.are_questions)
                       if is_one and name[1] == "en" and re.search("faq", name[2], re.I))
        self.held_out = {name for name, count in faqs.items() if count >= 5 and int(hashlib.md5(name.encode()).hexdigest(), 16) % 5 < 3}

    def groups(self):
        """Numbers of the pairs to train on, by kind and language, and of those held out, by what they tell."""
        kinds, held = {}, {}
        for number, (package, language, _) in enumerate(self.names):
            key = (package, language)
            if package in self.held_out or TRIED_ON.match(package):
                if language == "en" or language in MEASURED and TRIED_ON.match(package):
                    part = language if language != "en" else "en" if TRIED_ON.match(package) else "FAQs"
                    held.setdefault((part, package), []).append(number)
                continue
            kind = "descriptions" if package == "descriptions" else "wordnet" if package == "wordnet" else "headings"
            if language != "en":
                kind = {"headings": "translated", "descriptions": "translated descriptions"}[kind]
            kinds.setdefault(kind, {}).setdefault(key, []).append(number)
        kept = {}
        for kind, groups in kinds.items():
            groups = {key: np.array(numbers) for key, numbers in groups.items() if len(numbers) >= FEWEST_IN_GROUP}
            often = np.array([MORE_OF.get(key[1], 1) * min(len(numbers), 1500) ** 0.7 for key, numbers in groups.items()])
            kept[kind] = (list(groups.values()), often / often.sum())
        return kept, [(part, np.array(numbers)) for (part, _), numbers in held.items() if len(numbers) >= 20]

    def words(self, numbers):
        """How well the words of each of these headings fit each of these texts: BM25, as standard scores."""
        told, asked = self.told_stems[numbers], self.asked_stems[numbers]
        stems, column = np.unique(told.indices, return_inverse=True)
        found = np.bincount(column)
        rarity = np.log(1 + (len(numbers) - found + 0.5) / (found + 0.5)).astype(np.float32)
        length = np.asarray(told.sum(1)).ravel()
        length = np.repeat(length / max(length.mean(), 1), np.diff(told.indptr))
        worth = rarity[column] * told.data * (K1 + 1) / (told.data + K1 * (1 - B + B * length))
        told = sparse.csr_matrix((worth, column, told.indptr), shape=(len(numbers), len(stems)))
        at = np.searchsorted(stems, asked.indices) % len(stems)
        there = (stems[at] == asked.indices).astype(np.float32)
        asked = sparse.csr_matrix((there, at, asked.indptr), shape=(len(numbers), len(stems)))
        return standard(np.asarray((asked @ told.T).todense(), np.float32))


def standard(scores):
    return (scores - scores.mean(1, keepdims=True)) / np.maximum(scores.std(1, keepdims=True), 1e-3)


def directions(bags, table):
    sums = bags @ table
    lengths = np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6
    return sums / lengths, lengths


def train(pairs, kinds, start, names, seed):
    chance = np.random.default_rng(seed)
    table, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
    kind_names = list(SHARES)
    shares = np.array([SHARES[name] for name in kind_names]) / sum(SHARES.values())
    around = np.zeros((len(QUESTIONS) + 1, len(start)), np.float32)
    for row, words in enumerate(QUESTIONS, 1):
        for word in words.split():
            around[row, names[word]] += 1
    around = sparse.csr_matrix(around)
    lost, started = [], time.time()
    for step in range(1, STEPS + 1):
        groups, turned = [], []
        for _ in range(GROUPS):
            kind = kind_names[chance.choice(len(shares), p=shares)]
            several, often = kinds[kind]
            numbers = several[chance.choice(len(several), p=often)]
            groups.append(numbers if len(numbers) <= GROUP else chance.choice(numbers, GROUP, replace=False))
            turns = (chance.random(len(groups[-1])) < AROUND_QUESTIONS) & (kind in ("headings", "descriptions"))
            turned.append(np.where(turns, chance.integers(1, len(QUESTIONS) + 1, len(turns)), 0))
        numbers = np.concatenate(groups)
        asked_bags, told_bags = (pairs.asked[numbers] + around[np.concatenate(turned)]).tocsr(), pairs.told[numbers]
        (asked, asked_length), (told, told_length) = directions(asked_bags, table), directions(told_bags, table)
        to_asked, to_told = np.zeros_like(asked), np.zeros_like(told)
        end, loss = 0, 0.0
        for group in groups:
            part, own = slice(end, end + len(group)), np.arange(len(group))
            end += len(group)
            scores = SCALE * asked[part] @ told[part].T + WORDS_WEIGHT * pairs.words(group)
            likely = np.exp(scores - scores.max(1, keepdims=True))
            likely /= likely.sum(1, keepdims=True)
            loss -= np.log(likely[own, own] + 1e-9).sum() / len(numbers)
            likely[own, own] -= 1
            likely *= SCALE / len(numbers)
            to_asked[part], to_told[part] = likely @ told[part], likely.T @ asked[part]
        to_asked = (to_asked - asked * (to_asked * asked).sum(1, keepdims=True)) / asked_length
        to_told = (to_told - told * (to_told * told).sum(1, keepdims=True)) / told_length
        slope = asked_bags.T.tocsr() @ to_asked + told_bags.T.tocsr() @ to_told
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        rate = RATE * min(1, step / WARM_UP) * max(0.05, 1 - step / STEPS)
        table -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        lost.append(loss)
        if step % 150 == 0:
            print(f"run {seed}, step {step}: loss {np.mean(lost[-100:]):.3f}, {time.time() - started:.0f} s", flush=True)
    return table


def share(what):
    global SHARED
    SHARED = what


def run(seed):
    return train(*SHARED, seed)


def tell(name, pairs, held, table):
    """recall@1 and recall@5 of the pairs held out, by words alone, with the vectors, and by the vectors alone."""
    found, chance = {}, np.random.default_rng(0)
    for part, numbers in held:
        if len(numbers) > 300:
            questions = numbers[pairs.are_questions[numbers]][:150]
            rest = np.setdiff1d(numbers, questions)
            numbers = np.concatenate([questions, chance.choice(rest, min(len(rest), 300 - len(questions)), replace=False)])
        words = pairs.words(numbers)
        asked, told = directions(pairs.asked[numbers], table)[0], directions(pairs.told[numbers], table)[0]
        common = told.mean(0)
        meant = standard((asked - OF_THE_SITE * common / np.linalg.norm(common)) @ told.T)
        own = np.arange(len(numbers))
        judged = pairs.are_questions[numbers] if part == "FAQs" else np.ones(len(numbers), bool)
        for how, scores in (("words", words), ("both", words + meant), ("vectors", meant)):
            better = (scores > scores[own, own][:, None]).sum(1)[judged]
            found.setdefault((part, how), []).append((len(better), (better < 1).sum(), (better < 5).sum()))
    for part, how in sorted(found):
        count, first, five = np.sum(found[part, how], axis=0)
        print(f"{name}, {part}, {how}: recall@1 {first / count:.3f}, recall@5 {five / count:.3f} of {count}", flush=True)


def main():
    start, names = distilled()
    pairs = Pairs(sys.argv[1], len(start), names["?"])
    kinds, held = pairs.groups()
    for kind, (groups, _) in kinds.items():
        print(f"{kind}: {sum(map(len, groups))} pairs in {len(groups)} groups")
    tell("distilled", pairs, held, start)
    with multiprocessing.get_context("fork").Pool(2, share, ((pairs, kinds, start, names),)) as pool:
        table = sum(pool.imap(run, range(1, RUNS + 1), chunksize=1)) / RUNS
    tell("trained", pairs, held, table)
    steps = np.maximum(np.abs(table).max(axis=1), 1e-9) / 127
    rows = np.clip(np.rint(table / steps[:, None]), -127, 127).astype(np.int8)
    (HERE / "search.bin").write_bytes(steps.astype("<f4").tobytes() + rows.tobytes())


if __name__ == "__main__":
    main()
