#!/usr/bin/env python3
"""tantivy: the own index beside tantivy, in one run. First how well each finds the passage that answers, on the questions about the
handbook and on those of Debian's FAQ; then what each takes for 100,000 passages. `tantivy/main.rs` says how tantivy is set up; it gets the
same passages."""

# needs: debian-faq

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from retrieval import BINARIES, HANDBOOK, HERE, ROOT, debian_faq, figure, measure, ours, read, with_slips

TARGET = ROOT / "target/bench-tantivy"


def build():
    manifest = HERE / "tantivy/Cargo.toml"
    subprocess.run(["cargo", "build", "--release", "--quiet", "--locked", "--manifest-path", manifest, "--target-dir", TARGET], check=True)


def rival(path):
    """Its rankings, and what it took."""
    lines = subprocess.run([TARGET / "release/rival", path], check=True, capture_output=True, text=True).stdout.splitlines()
    *rankings, took = [json.loads(line) for line in lines]
    return [one["ranking"] for one in rankings], took


def quality(found, judged):
    passages, answers = ours(found)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for p in passages:
            print(json.dumps({"passage": f"{p['title']} {p['section']} {p['text']}"}), file=file)
        for q in found.questions:
            print(json.dumps({"question": q["text"]}), file=file)
        file.flush()
        theirs, _ = rival(file.name)
    at = [i for i, q in enumerate(found.questions) if q["kind"] == "answerable" and (judged == "all" or q["number"] % 2 == 1)]
    questions = [found.questions[i] for i in at]
    t1, t5, tm = measure(passages, questions, [theirs[i] for i in at])
    o1, o5, om = measure(passages, questions, [answers[i][0] for i in at])
    print(f"{found.name}: {len(passages)} passages, {len(at)} questions{' held out' if judged == 'odd' else ''}")
    print(f"          tantivy  recall@1 {t1:.3f}  recall@5 {t5:.3f}  MRR@10 {tm:.3f}")
    print(f"          ours     recall@1 {o1:.3f}  recall@5 {o5:.3f}  MRR@10 {om:.3f}")
    figure("recall@1 above tantivy", o1 - t1)
    figure("recall@5 above tantivy", o5 - t5)


def main():
    build()
    sets = [(read(HERE / "retrieval/handbook.json"), "odd")] if HANDBOOK.exists() else []
    sets += [(found, "all") for found in debian_faq(["en"])]
    for found, judged in sets:
        quality(found, judged)
        quality(with_slips(found, 1), judged)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "passages.jsonl"
        print("ours, 100,000 passages", flush=True)
        subprocess.run([BINARIES / "examples/bench-index", path], check=True)
        _, took = rival(path)
    print("tantivy, the same passages and questions")
    figure("indexing", took["passages_per_second"], unit=" passages/s")
    figure("indexing on the processor", took["processor_microseconds_per_passage"], unit=" µs/passage")
    figure("index, the text not included", took["bytes_per_passage"], unit=" bytes/passage")
    figure("questions of 3 to 12 words: median", took["median_ms"], unit=" ms")
    figure("questions of 3 to 12 words: median on the processor", took["processor_median_ms"], unit=" ms")
    figure("questions of 3 to 12 words: 99th percentile on the processor", took["processor_p99_ms"], unit=" ms")
    figure("questions of 3 to 12 words: 99th percentile", took["p99_ms"], unit=" ms")


main()
