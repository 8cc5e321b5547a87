#!/usr/bin/env python3
"""Fits the gate of passages that an encoder has read: how likely the answer stands in the content (`knowledge/search/confidence.rs`).

    cargo build --release --example retrieve
    python3 gate.py RETRIEVE PAIRS >FITTED

RETRIEVE is that program, PAIRS what `pairs.py` wrote; numpy==2.4.6 and scipy==1.17.1 must be there. Some 6 minutes on two cores.

Sites are made of the manuals in PAIRS, parts of 6 to 70 sections, some cut short, and of `tuning.jsonl`, each of its sites alone, four and ten together.
Each is asked its own questions, and as many of others in its language, and told apart by a logistic regression of what the search saw: for the English
encoder on English sites, for the other on all others. What retrieval is measured on is not among them. No sign is allowed that says the opposite of what a
feature is: that more of the question is missing cannot be good. Sites of few passages lie close to each other in many ways; how much their count tells is
set (PASSAGES). What is always added is chosen so that so many (REFUSED) of the answerable ones fall below 0.15.
"""

import collections
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.optimize import minimize

# Less than the 5% that may be refused: the kinds of sites differ, and languages.
GATE, REFUSED = 0.15, 0.04
# Each feature, with how it may count.
FEATURES = {"covered": (0, None), "words": (0, None), "missing": (None, 0), "guessed": (None, 0), "closest": (0, None), "nearest_elsewhere": (None, None),
            "average_elsewhere": (None, None), "passage_length": (None, None), "passages": None}
PASSAGES, FEWEST_PASSAGES, SHORTEST = {True: -0.8, False: -0.6}, {True: 25, False: 16}, 20
# How much each kind of site counts.
KINDS = {"one site": 0.25, "several sites": 0.4, "manual": 0.35}
PARTS, SIZES, LARGE, MOST_ASKED = 7, (6, 10, 15, 22, 30), (45, 70), 25
WITHOUT_SPACES = ("ja", "zh", "ko", "th")
NO_MANUALS = ("descriptions", "wordnet")


def plain(text):
    return re.sub(r"([\\`*_#<>\[\]|~{}])", r"\\\1", text)


def manuals(path, chance):
    """Language, passages, own questions, others."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    with open(path, encoding="utf-8") as lines:
        for one in map(json.loads, lines):
            if one["package"] not in NO_MANUALS and len(one["text"]) > 80:
                found[one["language"]][one["package"]].append((one["page"], one["heading"], one["text"]))
    for language, packages in sorted(found.items()):
        packages = {name: sections for name, sections in packages.items() if len(sections) >= SIZES[0]}
        names = sorted(packages)
        chance.shuffle(names)
        if len(names) < 2:
            continue
        joined = language in WITHOUT_SPACES
        asks = lambda heading: len(heading) >= (6 if joined else 14)
        for part in range(PARTS * (4 if language == "en" else 1)):
            name = names[part % len(names)]
            size = chance.choice(SIZES if part % PARTS < 5 else LARGE)
            some = chance.sample(packages[name], min(size, len(packages[name])))
            most = chance.choice((60, 90) if joined else (140, 220)) if part % PARTS in (1, 3) else None
            others = [heading for other in names if other != name for _, heading, _ in packages[other] if asks(heading)]
            own = [heading for _, heading, _ in some if asks(heading)][:MOST_ASKED]
            yield language, "manual", [(page, text[:most]) for page, _, text in some], own, chance.sample(others, min(MOST_ASKED, len(others)))


def small_sites(chance):
    sites = collections.defaultdict(list)
    for line in (pathlib.Path(__file__).parent / "tuning.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        sites[row["site"]].append(row)
    sites = list(sites.values())
    for language in sites[0][0]["told"]:
        chance.shuffle(sites)
        groups = [[site] for site in sites] + [sites[at:at + 4] for at in range(0, 20, 4)] + [sites[20:30], sites[29:]]
        for group in groups:
            rows = [row for site in group for row in site]
            own = [one[language] for row in rows for one in row["asked"]]
            others = [one[language] for site in sites if site not in group for row in site for one in row["asked"]]
            kind = "one site" if len(group) == 1 else "several sites"
            yield language, kind, [("", row["told"][language]) for row in rows], own, chance.sample(others, min(len(own), 40))


def seen(retrieve, site):
    """What the gate saw of each question that it judged by an encoder, and whether it is the site's own."""
    language, kind, passages, own, others = site
    documents = [{"id": str(number), "title": title, "markdown": plain(text)} for number, (title, text) in enumerate(passages)]
    questions = [{"id": f"{whose}{number}", "text": text} for whose, all in (("own", own), ("other", others)) for number, text in enumerate(all)]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"documents": documents, "questions": questions}, file)
        file.flush()
        told = subprocess.run([retrieve, file.name], check=True, capture_output=True, text=True, env={**os.environ, "RUST_LOG": "trace"}).stderr
    rows, asked = {}, None
    for fields in (json.loads(line)["fields"] for line in told.splitlines()):
        if fields["message"] == "asked":
            asked = fields["id"]
        elif fields["message"] == "the gate":
            rows[asked] = fields
    for id, fields in rows.items():
        fields["passages"] = math.log(max(fields["passages"], FEWEST_PASSAGES[fields["in_english"]]))
        fields["passage_length"] = math.log(max(fields["passage_length"], SHORTEST))
    return [(language, kind, id.startswith("own"), fields) for id, fields in rows.items()]


def fitted(rows, in_english):
    kinds, own = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    values = np.array([[row[3][name] for name in FEATURES] for row in rows])
    weights = np.zeros(len(rows))
    for kind, share in KINDS.items():
        for is_own in (True, False):
            such = (kinds == kind) & (own == is_own)
            weights[such] = share / 2 / max(1, such.sum())
    free, given = [name for name in FEATURES if name != "passages"], PASSAGES[in_english] * values[:, -1]

    def lost(worth):
        odds = values[:, :-1] @ worth[:-1] + worth[-1] + given
        return (weights * (np.logaddexp(0, odds) - own * odds)).sum() + 1e-5 * (worth[:-1] ** 2).sum()

    bounds = [FEATURES[name] for name in free] + [(None, None)]
    worth = minimize(lost, np.zeros(len(free) + 1), bounds=bounds, method="L-BFGS-B").x
    odds = values[:, :-1] @ worth[:-1] + given
    order = np.argsort(odds[own])
    counted = np.cumsum(weights[own][order]) / weights[own].sum()
    always = math.log(GATE / (1 - GATE)) - odds[own][order][np.searchsorted(counted, REFUSED)]
    return dict(zip(free, worth[:-1])) | {"always": always, "passages": PASSAGES[in_english]}, odds + always < math.log(GATE / (1 - GATE))


def main():
    retrieve, pairs = sys.argv[1:]
    chance = random.Random(5)
    sites = [*small_sites(chance), *manuals(pairs, chance)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = [row for found in pool.map(lambda site: seen(retrieve, site), sites) for row in found]
    for in_english in (True, False):
        such = [row for row in rows if row[3]["in_english"] == in_english and (row[0] == "en") == in_english]
        worth, below = fitted(such, in_english)
        print("in English" if in_english else "elsewhere", {name: round(value, 3) for name, value in worth.items()})
        for at, names in ((0, sorted({row[0] for row in such})), (1, KINDS)):
            for name in names:
                share = {is_own: np.mean([is_below for row, is_below in zip(such, below) if row[at] == name and row[2] == is_own]) for is_own in (True, False)}
                print(f"    {name}: refused {share[True]:.3f}, caught {share[False]:.3f}")


if __name__ == "__main__":
    main()
