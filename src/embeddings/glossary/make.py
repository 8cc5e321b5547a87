#!/usr/bin/env python3
"""Makes the glossaries: for each language a table of words and the English words that they are translated by.

    apt-get install libreoffice-l10n-{de,…} libreoffice-help-{en-us,de,…} firefox-esr firefox-esr-l10n-{de,…} thunderbird
        thunderbird-l10n-{de,…} chromium-common chromium-l10n   (or unpacked below ROOT)
    pip install --target WHEELS --no-deps Django wagtail django-oscar django-allauth home-assistant-frontend
    npm install --prefix NPM cldr-annotations-full cldr-localenames-full
    pip install numpy; cargo build --release --example glossary-words
    python3 make.py WORDS ROOT WHEELS NPM [LANGUAGE…]
        WORDS: target/release/examples/glossary-words; ROOT: / or where the .debs are unpacked

What is read are translations of free programs: LibreOffice and its help, without the guides (MPL-2.0), Firefox and Thunderbird (MPL-2.0),
Chromium (BSD), Home Assistant (Apache-2.0), Django, Wagtail, django-oscar (BSD) and django-allauth (MIT); and what CLDR calls signs, countries and
languages (Unicode licence), in which words of everyday life stand. No text of theirs is kept, only which word stands for which, and how often, as
IBM's first model (Brown et al. 1993) tells it from pairs of texts. What a language lacks of these is done without. The guides, and all other
manuals, are left out on purpose: retrieval was tried on them. Danish and Norwegian have none, since a page in one is often taken for the
other: with two tables passages were found worse than with none. Two minutes on two cores.

LANGUAGE.bin     `../glossary.rs` describes it
"""

import gettext
import html
import json
import pathlib
import re
import struct
import subprocess
import sys
import zipfile
from collections import Counter

import numpy as np

HERE = pathlib.Path(__file__).parent
# By ISO 639-1: what LibreOffice's help and its catalogues, Mozilla's and Google's browsers, Django's kin and Home Assistant call the language.
LANGUAGES = {code: (code,) * 5 for code in "ar ca cs de el fi fr hu id it ja ko nl pl ro ru tr uk vi".split()} | {
    "es": ("es", "es", "es-ES", "es", "es"),
    "hi": ("hi", "hi", "hi-IN", "hi", "hi"),
    "pt": ("pt-BR", "pt_BR", "pt-BR", "pt_BR", "pt-BR"),
    "sv": ("sv", "sv", "sv-SE", "sv", "sv"),
    "zh": ("zh-CN", "zh_CN", "zh-CN", "zh_Hans", "zh-Hans"),
}
# These are made of LibreOffice, Firefox, Home Assistant and Django's kin alone: with all of it German and Chinese passages were found no
# better, and the others were not tried.
FEW_SOURCES = "de es fr it ja ko nl pt sv tr zh".split()
CHROMIUM = {"en": "en-US", "pt": "pt-BR", "zh": "zh-CN"}
MOZILLA = {"firefox": "usr/lib/firefox-esr/browser", "thunderbird": "usr/lib/thunderbird"}
PLACEHOLDER = re.compile(r"&#?\w+;|%\(\w+\)[sd]|%[\w$]|\{[^{}]*\}|<[^<>]*>|\$\(?[\w-]+\)?|[~_&](?=\w)")
ROUNDS = 6
# A rarer word's translations are chance.
FEWEST = 3
# What stands for a word less often than this is chance, too.
LEAST = 0.15
MOST = 3
HIRAGANA = re.compile("[\u3041-\u309f]")
NUMBER = re.compile(r"[\d.]+")


def clean(text):
    return " ".join(PLACEHOLDER.sub(" ", text).split())


def catalogue(path):
    """A gettext catalogue's pairs."""
    with open(path, "rb") as file:
        translations = gettext.GNUTranslations(file)._catalog
    for english, other in translations.items():
        english = english[0] if isinstance(english, tuple) else english
        yield english.split("\4")[-1], other


def help_pages(root, language):
    """The paragraphs of LibreOffice's help by their ids."""
    found = {}
    for path in (root / "usr/share/libreoffice/help" / language / "text").rglob("*.html"):
        if path.parent.name != "guide":
            for _, id, text in re.findall(r'<(p|h\d) id="((?:par|hd)_id\w+)"[^>]*>(.*?)</\1>', path.read_text(errors="replace"), re.S):
                found[id] = text
    return found


def fluent(text):
    """The messages of a Fluent or properties file by their keys."""
    found, key, inside = {}, None, None
    for line in text.splitlines():
        if message := re.match(r"(-?[A-Za-z][\w.-]*)\s*=\s*(.*)$", line):
            key = inside = message[1]
            found[inside] = message[2]
        elif key and (attribute := re.match(r"\s+(\.[\w-]+)\s*=\s*(.*)$", line)):
            inside = key + attribute[1]
            found[inside] = attribute[2]
        elif inside and line.startswith(" "):
            found[inside] += " " + line.strip()
    return found


def mozilla(path):
    """The messages of an archive of Mozilla's by file and key."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if part := re.search(r"(?:localization|locale)/[^/]+/(.*\.(?:ftl|properties))$", name):
                for key, text in fluent(archive.read(name).decode(errors="replace")).items():
                    found[part[1], key] = text
    return found


def messages(wheels, language):
    """Home Assistant's by their keys."""
    def flat(tree, path):
        for key, value in tree.items():
            if isinstance(value, dict):
                yield from flat(value, (*path, key))
            elif isinstance(value, str):
                yield (*path, key), value

    found = {}
    for path in (wheels / "hass_frontend/static/translations").rglob(f"{language}-*.json"):
        if re.fullmatch(re.escape(language) + r"-[0-9a-f]{32}\.json", path.name):
            found.update(flat(json.loads(path.read_text()), ()))
    return found


def chromium(root, language):
    """The messages of a pack of Chromium's by their numbers."""
    path = root / f"usr/lib/chromium/locales/{CHROMIUM.get(language, language)}.pak"
    data = path.read_bytes()
    count = struct.unpack_from("<H", data, 8)[0]
    places = [struct.unpack_from("<HI", data, 12 + 6 * i) for i in range(count + 1)]
    return {id: data[at:end].decode(errors="replace") for (id, at), (_, end) in zip(places, places[1:])}


def cldr(npm, language):
    """What signs, countries, languages and scripts are called, and what is said of signs."""
    modules = npm / "node_modules"
    signs = json.loads((modules / f"cldr-annotations-full/annotations/{language}/annotations.json").read_text())
    found = {}
    for sign, said in signs["annotations"]["annotations"].items():
        for what, names in said.items():
            found[what, sign] = " ".join(names)
    for what in ("territories", "languages", "scripts"):
        names = json.loads((modules / f"cldr-localenames-full/main/{language}/{what}.json").read_text())
        found.update(((what, key), name) for key, name in names["main"][language]["localeDisplayNames"][what].items())
    return found


def both(english, other):
    return ((english[key], text) for key, text in other.items() if key in english)


def pairs(root, wheels, npm, language, english):
    """English texts and their translations."""
    in_help, in_office, in_mozilla, in_django, in_home = LANGUAGES[language]
    for path in (root / f"usr/lib/libreoffice/program/resource/{in_office}/LC_MESSAGES").glob("*.mo"):
        yield from catalogue(path)
    yield from both(english["help"], help_pages(root, in_help))
    for program, folder in MOZILLA.items():
        if program == "thunderbird" and language in FEW_SOURCES:
            continue
        for path in (root / folder / "extensions").glob(f"langpack-{in_mozilla}@*.xpi"):
            yield from both(english[program], mozilla(path))
    for program in ("django", "wagtail", "oscar", "allauth"):
        for path in (wheels / program).glob(f"**/locale/{in_django}/LC_MESSAGES/*.mo"):
            yield from catalogue(path)
    yield from both(english["home"], messages(wheels, in_home))
    if language not in FEW_SOURCES:
        yield from both(english["chromium"], chromium(root, language))
        yield from both(english["cldr"], cldr(npm, language))


def words_of(program, language, texts):
    """For each pair of texts its words, each once: English, and the stems of the other."""
    lines = sorted({f"{html.unescape(clean(a))}\t{html.unescape(clean(b))}" for a, b in texts if a and b and a != b and len(a) < 600})
    text = "\n".join(line.replace("\n", " ") for line in lines if line.count("\t") == 1)
    out = subprocess.run([program, language], input=text, check=True, capture_output=True, text=True).stdout
    read = (line.split("\t") for line in out.splitlines())
    read = {(" ".join(dict.fromkeys(a.split())), " ".join(dict.fromkeys(b.split()))) for a, b in read}
    return [(a.split(), b.split()) for a, b in sorted(read) if a and b and a.count(" ") < 40 and b.count(" ") < 80]


def translations(found):
    """For each word of the other language: the English words that stand for it and how likely each is, the likeliest first."""
    counts = Counter(word for _, others in found for word in others)
    others = {None: 0} | {word: number for number, word in enumerate((w for w in counts if counts[w] >= FEWEST), 1)}
    english = {word: number for number, word in enumerate(dict.fromkeys(word for words, _ in found for word in words))}
    from_, to, place, places = [], [], [], 0
    for words, stems in found:
        # Any word may also stand for nothing that was said.
        known = [0, *(others[stem] for stem in stems if stem in others)]
        for word in words:
            from_ += known
            to += [english[word]] * len(known)
            place += [places] * len(known)
            places += 1
    place = np.array(place)
    links, which = np.unique(np.array(from_) * len(english) + np.array(to), return_inverse=True)
    from_, to = links // len(english), links % len(english)
    likely = np.ones(len(links))
    for _ in range(ROUNDS):
        share = likely[which]
        share /= np.bincount(place, share, places)[place]
        expected = np.bincount(which, share, len(links))
        likely = expected / np.bincount(from_, expected, len(others))[from_]
    names, words = list(others), list(english)
    table = {}
    for link in np.lexsort((-likely, from_)):
        if from_[link] and likely[link] >= LEAST:
            table.setdefault(names[from_[link]], []).append((words[to[link]], likely[link]))
    return table


def rows():
    """The model's words, and their rows in its table."""
    data = (HERE.parent / "model/tokens.bin").read_bytes()
    count = (HERE.parent / "model/vectors.bin").stat().st_size // 256
    ends = struct.unpack(f"<{count}I", data[count * 4:count * 8])
    texts = data[count * 8:]
    return {texts[start:end].decode(): row for row, (start, end) in enumerate(zip((0, *ends), ends))}


def write(path, table, rows):
    entries = {}
    for word, meant in table.items():
        meant = [(rows[english], likely) for english, likely in meant if english in rows][:MOST]
        # Numbers mean themselves, and pairs with hiragana are mostly grammar.
        if meant and not NUMBER.fullmatch(word) and not HIRAGANA.search(word):
            meant += [(0, 0)] * (MOST - len(meant))
            entries[word.encode()] = struct.pack(f"<{MOST}H{MOST}B", *(row for row, _ in meant), *(round(255 * likely) for _, likely in meant))
    texts = sorted(entries)
    ends = np.cumsum([len(text) for text in texts]).astype("<u4")
    table = b"".join(entries[text] for text in texts)
    path.write_bytes(struct.pack("<I", len(texts)) + ends.tobytes() + table + b"".join(texts))
    return len(texts)


def main():
    program, root, wheels, npm = sys.argv[1], *map(pathlib.Path, sys.argv[2:5])
    english = {"help": help_pages(root, "en-US"), "home": messages(wheels, "en"), "chromium": chromium(root, "en"), "cldr": cldr(npm, "en")}
    for name, folder in MOZILLA.items():
        english[name] = {}
        for path in (root / folder, (root / folder).parent):
            english[name].update(mozilla(path / "omni.ja") if (path / "omni.ja").exists() else {})
    for language in sys.argv[5:] or sorted(LANGUAGES):
        found = words_of(program, language, pairs(root, wheels, npm, language, english))
        count = write(HERE / f"{language}.bin", translations(found), rows())
        print(f"{language}: {count} words of {len(found)} texts", flush=True)


if __name__ == "__main__":
    main()
