#!/usr/bin/env python3
"""Reads texts that Debian's packages have in English and in another language, for `teach.py`. A line of JSON each: of what package, in which
language, what is asked and what is told, each in English and in the language. Where nothing is told it is a message of a program.

    pip install lxml; python3 parallel.py PAIRS ROOT >PARALLEL

PAIRS and ROOT are what `pairs.py` made and read. ROOT must have the packages' /usr/lib, too, of these besides:

    libreoffice-help-{de,en-us,es,fr,hi,ja,ko,pl,ru,tr,vi,zh-cn} libreoffice-l10n-{ar,de,fr,hi,ja,ko,ru,th,vi,zh-cn}

Of Debian 12, 2026-11-28: 289,000 sections (help of LibreOffice, manuals, descriptions of packages) and 680,000 messages; two minutes.
"""

import gettext
import json
import pathlib
import re
import sys
from collections import Counter

from lxml import html
from pairs import CHARACTERS, NEVER, clean

SECTIONS_IN = set("ar cs de el es fr hi hu it ja ko nl pl pt ru sv tr uk vi zh".split())
HELP_IN = {code: code for code in "de es fr hi ja ko pl ru tr vi".split()} | {"zh": "zh-CN"}
MESSAGES_IN = {code: code for code in "ar bn de el es fa fr he hi id ja ko pl ru th tr uk vi zh".split()} | {"zh_CN": "zh"}
# As long as a translation is, beside the English: else it is of something else.
USUAL, OF_CHARACTERS = (0.5, 2.2), (0.15, 1.2)
TAG = re.compile(r"<[^>]{0,80}>")
MARKS = re.compile(r"[&_~](?=\w)|\(\s*[A-Z]\)")
FOLDER = re.compile(r"/(?:locale|resource|res)/([a-zA-Z_-]+)/")
SKIPPED = "//script|//style|//nav|//header|//footer"
MOST_OF_HELP = 600


def sections(pairs):
    """What `pairs.py` found at the same place in English and in another language."""
    places = {}
    for line in pairs:
        pair = json.loads(line)
        if not NEVER.search(pair["package"]):
            places.setdefault((pair["package"], pair["place"]), {})[pair["language"]] = (pair["heading"], clean(pair["text"]))
    for (package, _), said in places.items():
        asked_en, told_en = said.pop("en", ("", ""))
        for language, (asked, told) in said.items():
            if not told_en or language not in SECTIONS_IN or told[:100] == told_en[:100]:
                continue
            least, most = OF_CHARACTERS if language in CHARACTERS else USUAL
            # A text that was cut says nothing of its length.
            if len(told_en) > 1250 or least < len(told) / len(told_en) < most:
                yield package, language, asked_en, asked, told_en, told


def paragraphs(path):
    """Whether it is a heading, what it is called in every language, and its words."""
    tree = html.parse(str(path)).getroot()
    for node in tree.xpath(SKIPPED):
        node.drop_tree()
    for node in tree.iter("h1", "h2", "h3", "h4", "h5", "h6", "p"):
        text = clean(node.text_content())
        if node.get("id") and text:
            yield node.tag[0] == "h", node.get("id"), text


def libreoffice(root):
    """The help's sections, of the paragraphs that are translated."""
    english = root / "libreoffice-help-en-us/usr/share/libreoffice/help/en-US/text"
    for path in sorted(english.rglob("*.html")):
        place, found = path.relative_to(english), []
        for is_heading, name, text in paragraphs(path):
            if is_heading:
                found.append((name, text, []))
            elif found and len(text) > 15:
                found[-1][2].append((name, text))
        for language, called in HELP_IN.items():
            other = root / f"libreoffice-help-{called.lower()}/usr/share/libreoffice/help/{called}/text" / place
            if not other.exists():
                continue
            translated = {}
            for _, name, text in paragraphs(other):
                translated.setdefault(name, text)
            for name, asked_en, below in found:
                asked, told_en, told = translated.get(name), "", ""
                for name, text in below:
                    if translated.get(name, text) == text:
                        continue
                    if len(told_en) + len(text) > MOST_OF_HELP:
                        break
                    told_en, told = f"{told_en} {text}".strip(), f"{told} {translated[name]}".strip()
                if asked and len(told_en) > 40 and (asked != asked_en or len(asked_en) <= 12):
                    yield f"libreoffice {place.parent}", language, asked_en, asked, told_en, told


def tidy(text):
    return clean(MARKS.sub("", TAG.sub("", text)))


def messages(root):
    """What programs say, by language, each text once."""
    found = {language: {} for language in MESSAGES_IN.values()}
    for path in sorted(root.rglob("*.mo")):
        folder = FOLDER.search(str(path))
        language = folder and MESSAGES_IN.get(folder[1].replace("-", "_"))
        if not language or NEVER.search(str(path)):
            continue
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        for english, other in catalogue.items():
            english = (english[0] if isinstance(english, tuple) else english).split("\x04")[-1]
            if isinstance(other, str) and 14 <= len(english) <= 500 and "\n\n" not in english and english.count("%") <= 2:
                english, other = tidy(english), tidy(other)
                if len(english.split()) >= 3 and other and english != other:
                    found[language].setdefault(english, other)
    for language, texts in found.items():
        for english, other in texts.items():
            yield "", language, english, other, "", ""


def main():
    root, counted = pathlib.Path(sys.argv[2]), Counter()
    names = ["package", "language", "asked_en", "asked", "told_en", "told"]
    with open(sys.argv[1], encoding="utf-8") as pairs:
        for kind in (sections(pairs), libreoffice(root), messages(root)):
            for row in kind:
                # A few are without words in one of the two.
                if not (row[2] and row[3]):
                    continue
                counted[bool(row[4]), row[1]] += 1
                print(json.dumps({name: value for name, value in zip(names, row) if value}, ensure_ascii=False))
    for (is_section, language), count in sorted(counted.items()):
        print("sections" if is_section else "messages", language, count, file=sys.stderr)


if __name__ == "__main__":
    main()
