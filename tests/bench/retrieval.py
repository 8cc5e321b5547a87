#!/usr/bin/env python3
"""retrieval [FILE…]: how well the index finds the passage that answers, beside `bm25s` on the same passages in the same run.

A FILE is question→passage data in SQuAD's form (`data[].paragraphs[].{context,qas[].{id,question,is_impossible}}`). Without one: the
handbook questions in retrieval/handbook.json, whose paragraphs name a page's section in place of a context, and the parallel files of
each folder of retrieval/languages/, a language each. Everything that was tuned was tuned on the questions of even number; the figures judged are
those of the odd ones. A file that is named was not tuned on at all, and all of it is judged; neither was Debian's FAQ, which other
people wrote and translated, nor were the FAQs of ten programs. Before any model is asked, a question that the content does not cover
should be caught and no other: what was chosen for that was chosen on none of these (README.md).
"""

# needs: debian-faq debian-faq-de debian-faq-ja debian-faq-ru debian-faq-zh-cn
# needs: borgbackup-doc fetchmail icewm-common mhonarc python-lxml-doc shorewall-doc snakemake-doc weechat-doc xterm zsh-doc

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HANDBOOK = Path(os.environ.get("PENNYPRESS_DATA", ROOT.parent / "shared/data")) / "wordpress-handbook"
BINARIES = Path(os.environ.get("PENNYPRESS_TEST_BINARIES", ROOT / "target/debug"))
# Below this confidence the service asks no model: see `abstain_below` in the settings.
GATE = float(re.search(r"ABSTAIN_BELOW: f32 = ([\d.]+)", (ROOT / "src/knowledge/passage.rs").read_text()).group(1))


sys.path.insert(0, str(HERE / "retrieval"))
from debian_faq import parallel  # noqa: E402
from package_faqs import faqs  # noqa: E402


def need_packages():
    """bm25s with a stemmer, in a venv below target/."""
    home = ROOT / "target/bench-python"
    python = home / "bin/python"
    if not python.exists():
        venv.create(home, with_pip=True)
    if subprocess.run([python, "-c", "import bm25s, Stemmer"], capture_output=True).returncode != 0:
        subprocess.run([python, "-m", "pip", "install", "-q", "bm25s", "PyStemmer", "numpy"], check=True)
    if Path(sys.prefix).resolve() != home.resolve():
        os.execv(python, [str(python), *sys.argv])


def figure(name, value, least=None, most=None, unit=""):
    held = (least is None or value >= least) and (most is None or value <= most)
    word = "      " if least is None and most is None else "held  " if held else "MISSED"
    target = f"  (target: at least {least}{unit})" if least is not None else f"  (target: at most {most}{unit})" if most is not None else ""
    print(f"  {word}  {name:<62} {value:.3f}{unit}{target}", flush=True)


class Set:
    """Documents and the questions about them. A question's gold is a set of `document` or `document#section`."""

    def __init__(self, name):
        self.name, self.documents, self.questions = name, [], []

    def ask(self, id, text, gold, kind):
        self.questions.append({"id": id, "text": text, "gold": gold, "kind": kind, "number": len(self.questions)})


def plain(text):
    return re.sub(r"([\\`*_#<>\[\]|~{}])", r"\\\1", text)


def read(path):
    data = json.loads(Path(path).read_text())["data"]
    found = Set(Path(path).stem)
    for article in data:
        for i, paragraph in enumerate(article["paragraphs"]):
            if "context" in paragraph:
                document = f"{article.get('title', '')}/{i}"
                title = article.get("title", "").replace("_", " ")
                found.documents.append({"id": document, "title": title, "markdown": plain(paragraph["context"])})
                place = document
            else:
                place = article["title"] + ("#" + paragraph["section"] if paragraph["section"] else "")
            for qa in paragraph["qas"]:
                impossible = qa.get("is_impossible", False)
                kind = article["title"] if impossible and "context" not in paragraph else "impossible" if impossible else "answerable"
                found.ask(str(qa["id"]), qa["question"], {place, *qa.get("also", [])}, kind)
    if not found.documents:
        for page in sorted(HANDBOOK.rglob("*.md")):
            name = str(page.relative_to(HANDBOOK))[:-3]
            found.documents.append({"id": name, "title": name.rsplit("/", 1)[-1], "markdown": page.read_text()})
    return found


def debian_faq(languages):
    """The FAQ in each of these languages, with the questions that all of them have."""
    texts, questions = parallel(languages)
    for language, sections in texts.items():
        found = Set(f"Debian's FAQ, {language}")
        for id, (chapter, heading, text) in sections.items():
            found.documents.append({"id": id, "title": chapter, "markdown": plain(text)})
            if id in questions:
                found.ask(id, heading, {id}, "answerable")
        yield found


def package_faqs():
    """A set for each program, its FAQ alone."""
    for program, sections, asked in faqs():
        found = Set(program)
        for i, (chapter, _, text) in enumerate(sections):
            found.documents.append({"id": f"{program}/{i}", "title": chapter, "markdown": plain(text)})
        for i in asked:
            found.ask(f"{program}/{i}", sections[i][1], {f"{program}/{i}"}, "answerable")
        yield found


def mistyped(text, seed):
    """A third of the words of four letters and more, each with one slip."""
    chance = random.Random(seed)
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    for i in chance.sample(long, min(len(long), max(1, round(len(words) / 3)))):
        word = words[i]
        at = chance.randrange(1, len(word) - 1)
        slip = chance.randrange(4)
        letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
        if slip == 0:
            word = word[:at] + word[at + 1] + word[at] + word[at + 2:]
        elif slip == 1:
            word = word[:at] + word[at + 1:]
        elif slip == 2:
            word = word[:at] + letter + word[at:]
        else:
            word = word[:at] + letter + word[at + 1:]
        words[i] = word
    return " ".join(words)


def ours(found):
    """The passages, and each question's ranking and confidence."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"documents": found.documents, "questions": [{"id": q["id"], "text": q["text"]} for q in found.questions]}, file)
        file.flush()
        lines = subprocess.run([BINARIES / "examples/retrieve", file.name], check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in lines.splitlines()]
    passages = [line for line in lines if "url" in line]
    return passages, [(line["ranking"], line["confidence"]) for line in lines if "ranking" in line]


class Bm25s:
    def __init__(self, passages):
        import bm25s
        import Stemmer

        self.bm25s, self.stemmer, self.count = bm25s, Stemmer.Stemmer("english"), len(passages)
        texts = [f"{p['title']} {p['section']} {p['text']}" for p in passages]
        self.index = bm25s.BM25()
        self.index.index(bm25s.tokenize(texts, stopwords="en", stemmer=self.stemmer, show_progress=False), show_progress=False)

    def rankings(self, texts):
        tokens = self.bm25s.tokenize(texts, stopwords="en", stemmer=self.stemmer, show_progress=False)
        found, scores = self.index.retrieve(tokens, k=min(20, self.count), show_progress=False)
        return [[int(p) for p, s in zip(ps, ss) if s > 0] for ps, ss in zip(found, scores)]


def measure(passages, questions, rankings):
    """recall@1, recall@5, MRR@10."""
    first, five, reciprocal = 0, 0, 0.0
    for question, ranking in zip(questions, rankings):
        right = [passages[p]["url"] in question["gold"] or passages[p]["document"] in question["gold"] for p in ranking[:10]]
        first += any(right[:1])
        five += any(right[:5])
        reciprocal += next((1 / (i + 1) for i, is_right in enumerate(right) if is_right), 0.0)
    count = max(1, len(questions))
    return first / count, five / count, reciprocal / count


def compare(found, judged):
    passages, answers = ours(found)
    baseline = Bm25s(passages)
    everything = list(zip(found.questions, answers))
    answerable = [(q, a) for q, a in everything if q["kind"] == "answerable"]
    known = {p["url"] for p in passages} | {p["document"] for p in passages}
    for q, _ in answerable:
        missing = q["gold"] - known
        if missing:
            print(f"          {q['id']} expects {missing}, which is not there")
    parts = [("all", answerable)] if judged == "all" else [
        ("tuned on", [(q, a) for q, a in answerable if q["number"] % 2 == 0]),
        ("held out", [(q, a) for q, a in answerable if q["number"] % 2 == 1]),
    ]
    print(f"{found.name}: {len(passages)} passages, {len(answerable)} questions that they answer")
    for part, pairs in parts:
        questions = [q for q, _ in pairs]
        o1, o5, om = measure(passages, questions, [a[0] for _, a in pairs])
        b1, b5, bm = measure(passages, questions, baseline.rankings([q["text"] for q in questions]))
        print(f"          {part}: bm25s  recall@1 {b1:.3f}  recall@5 {b5:.3f}  MRR@10 {bm:.3f}")
        print(f"          {part}: ours   recall@1 {o1:.3f}  recall@5 {o5:.3f}  MRR@10 {om:.3f}")
        is_judged = part != "tuned on"
        figure(f"{part}: recall@1 above bm25s", o1 - b1, least=0.07 if is_judged else None)
        figure(f"{part}: recall@5 above bm25s", o5 - b5, least=0.04 if is_judged else None)
    return everything


def compare_sites(name, sets):
    """The same over several sites, each searched alone; every question counts the same."""
    count, passages_in_all, of_ours, of_bm25s = 0, 0, [0.0] * 3, [0.0] * 3
    for found in sets:
        passages, answers = ours(found)
        rankings = Bm25s(passages).rankings([q["text"] for q in found.questions])
        asked = len(found.questions)
        of_ours = [a + asked * b for a, b in zip(of_ours, measure(passages, found.questions, [a[0] for a in answers]))]
        of_bm25s = [a + asked * b for a, b in zip(of_bm25s, measure(passages, found.questions, rankings))]
        count, passages_in_all = count + asked, passages_in_all + len(passages)
    if not count:
        return
    (o1, o5, om), (b1, b5, bm) = ([sum / count for sum in sums] for sums in (of_ours, of_bm25s))
    print(f"{name}: {passages_in_all} passages, {count} questions that they answer")
    print(f"          all: bm25s  recall@1 {b1:.3f}  recall@5 {b5:.3f}  MRR@10 {bm:.3f}")
    print(f"          all: ours   recall@1 {o1:.3f}  recall@5 {o5:.3f}  MRR@10 {om:.3f}")
    figure("all: recall@1 above bm25s", o1 - b1, least=0.07)
    figure("all: recall@5 above bm25s", o5 - b5, least=0.04)


def abstention(everything):
    """Refused, of those that have an answer; caught, of those that have none."""
    odd = [(q["kind"], a[1]) for q, a in everything if q["number"] % 2 == 1]
    kinds = sorted({kind for kind, _ in odd})
    if len(kinds) < 2:
        return
    for kind in kinds:
        below = [confidence < GATE for k, confidence in odd if k == kind]
        share = sum(below) / len(below)
        if kind == "answerable":
            figure("held out: answerable questions refused", share, most=0.05)
        elif kind == "not covered":
            figure("held out: questions not covered that are caught", share, least=0.70)
        else:
            figure(f"held out: {kind} caught (a score cannot tell them)", share)


def gate(name, sets, most_asked=150):
    """The same of sites that nothing was chosen on: each is asked its own questions, and those of the others, which it does not cover."""
    refused, own, caught, strange = 0, 0, 0, 0
    for found in sets:
        questions = [q["text"] for q in found.questions if q["kind"] == "answerable"]
        others = [q["text"] for other in sets if other is not found for q in other.questions if q["kind"] == "answerable"]
        others = random.Random(1).sample(others, min(len(others), most_asked))
        asked = Set(found.name)
        asked.documents = found.documents
        for text in questions + others:
            asked.ask(str(len(asked.questions)), text, set(), "")
        below = [confidence < GATE for _, confidence in ours(asked)[1]]
        refused, own = refused + sum(below[:len(questions)]), own + len(questions)
        caught, strange = caught + sum(below[len(questions):]), strange + len(others)
    figure(f"{name}: answerable questions refused", refused / own, most=0.05)
    figure(f"{name}: questions of other sites that are caught", caught / strange, least=0.70)


def with_slips(found, seed):
    other = Set(found.name + ", a third of the words mistyped")
    other.documents = found.documents
    other.questions = [{**q, "text": mistyped(q["text"], f"{seed}{q['id']}")} for q in found.questions]
    return other


def languages(name, sets):
    recalls = {}
    for language, found in sets.items():
        passages, answers = ours(found)
        recalls[language] = measure(passages, found.questions, [a[0] for a in answers])
    if "en" not in recalls:
        return
    print(f"{name}: parallel text in {len(recalls)} languages, {len(found.questions)} questions each")
    for name, (first, five, reciprocal) in recalls.items():
        print(f"          {name}: recall@1 {first:.3f}  recall@5 {five:.3f}  MRR@10 {reciprocal:.3f}")
    for name, (_, five, _) in recalls.items():
        if name != "en":
            figure(f"{name}: recall@5 below English", recalls["en"][1] - five, most=0.03)


def main():
    need_packages()
    files = sys.argv[1:]
    for path in files:
        found = read(path)
        abstention(compare(found, "all"))
        compare(with_slips(found, 1), "all")
    if files:
        return
    if HANDBOOK.exists():
        found = read(HERE / "retrieval/handbook.json")
        abstention(compare(found, "odd"))
        compare(with_slips(found, 1), "odd")
    else:
        print(f"          the handbook is not at {HANDBOOK}: only the languages are measured")
    for found in debian_faq(["en"]):
        compare(found, "all")
        compare(with_slips(found, 1), "all")
    sets = list(package_faqs())
    compare_sites(f"{len(sets)} programs' FAQs", sets)
    gate(f"{len(sets)} programs' FAQs", sets)
    compare_sites(f"{len(sets)} programs' FAQs, a third of the words mistyped", [with_slips(found, 1) for found in sets])
    sites = {}
    for folder in sorted((HERE / "retrieval/languages").iterdir()):
        sites[folder.name] = {path.stem: read(path) for path in sorted(folder.glob("*.json"))}
    sites["Debian's FAQ"] = {found.name.rsplit(" ", 1)[1].split("-")[0]: found for found in debian_faq(["en", "de", "ru", "ja", "zh-cn"])}
    for name, site in sites.items():
        languages(name, site)
    for language in sorted({language for site in sites.values() for language in site}):
        own = [site[language] for site in sites.values() if language in site]
        gate(f"{language}, {len(own)} sites", own)


if __name__ == "__main__":
    main()
