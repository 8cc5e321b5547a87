#!/usr/bin/env python3
"""Reads question→passage pairs out of Debian's packages, for `train.py`: what people wrote as a heading, a description or a word, and
what they wrote below it. A line of JSON each: package, language, the place within the package (the same in every language), the
page's title, heading, text.

    mkdir -p DEBS ROOT LISTS/partial; cd DEBS
    apt-get -o Dir::State::lists=LISTS -o Acquire::Languages=en,de,ru,ja,zh_CN,fr,es,it,pl,uk,nl,pt_BR,ko update
    xargs -n 12 apt-get -o Dir::State::lists=LISTS download <packages.txt; apt-get -o Dir::State::lists=LISTS download wordnet-base
    for deb in *.deb; do mkdir ROOT/${deb%%_*}; dpkg-deb --fsys-tarfile $deb | tar -x -C ROOT/${deb%%_*} --wildcards './usr/share/*'; done
    pip install lxml; python3 pairs.py ROOT LISTS >PAIRS

ROOT then has a folder for each package, LISTS the packages' descriptions and their translations. Of Debian 12, 2026-11-27: 1.7 GB of
packages, 650,000 pairs of 25 languages, five minutes on two cores. How many of each kind and language there are is said at the end.
"""

import hashlib
import json
import multiprocessing
import pathlib
import re
import subprocess
import sys
from collections import Counter

from lxml import etree, html

LANGUAGES = "ar ca cs de el en es fi fr hi hu id it ja ko nl pl pt ro ru sv tr uk vi zh".split()
# As folders and endings of names may call a language; Brazil's Portuguese and the People's Republic's Chinese stand for both.
CALLED = {code: code for code in LANGUAGES} | {"c": "en", "en_us": "en", "pt_br": "pt", "zh_cn": "zh", "zh_hans": "zh"}
OTHERS = set("af as ast be bg bn bs cy da dz en_gb eo et eu fa ga gl gu he hr is ka kk km kn lt lv mk ml mr nb nds ne nn no oc or pa pt_pt rw si sk "
             "sl sq sr sr_latin ta te tg th ug ur uz wa xh zh_hk zh_tw zh_hant".split())
PLACE_OF_LANGUAGE = re.compile(r"(?<=[/.])([A-Za-z]{1,3}(?:[-_@][A-Za-z]{2,6})?)(?=/|\.html$|$)")
# Retrieval is measured on what these say, and never tuned on it.
NEVER = re.compile(r"debian-faq|borgbackup|fetchmail|icewm|mhonarc|lxml|shorewall|snakemake|weechat|xterm|zsh")
HEADINGS = {f"h{level}": level for level in range(1, 7)}
SKIPPED = {"script", "style", "nav", "head", "footer", "form", "noscript", "svg"}
SKIPPED_CLASSES = {"toc", "navheader", "navfooter", "contents", "footer", "headerlink", "related", "sphinxsidebar", "xref", "sidebar", "nav"}
BLOCKS = {"p", "li", "dt", "dd", "pre", "td", "div", "tr", "table", "ul", "ol", "section", "blockquote", "title", "para", "item"}
NUMBER = re.compile(r"^(?:[^\W\d]+\s)?(?:第\s*)?\(?(?:FAQ\s+)?[A-Z]?\d[\w.]*\s*章?[.:)]*\s+(?=\S)")
SPACE = re.compile(r"\s+")
MOST_FILES, MOST_PAIRS, FEWEST_LETTERS = 700, 2500, 60
# As long as passages are.
MOST_LETTERS, MOST_CHARACTERS = 1300, 450
CHARACTERS = ("ja", "zh", "ko")


def chance(name):
    """The same order each time, and none of the names'."""
    return hashlib.md5(name.encode()).hexdigest()


def clean(text):
    return SPACE.sub(" ", text).strip()


def cut(text, language):
    return text[:MOST_CHARACTERS if language in CHARACTERS else MOST_LETTERS]


def language_of(path):
    """The language, and the path without it; `None` for one that is none of ours."""
    for match in PLACE_OF_LANGUAGE.finditer(path):
        name = re.sub("[-@]", "_", match[1].lower())
        base = name if name in OTHERS or name in CALLED else name.split("_")[0]
        if base in OTHERS:
            return None, path
        if base in CALLED:
            return CALLED[base], path[:match.start()] + "{}" + path[match.end():]
    return "en", path


def sections_of_html(data):
    tree = html.document_fromstring(data)
    found, page, heading, words = [], "", None, []

    def end():
        nonlocal heading
        text = clean(" ".join(words))
        words.clear()
        if heading:
            found.append((page, heading, text))
        heading = None

    def read(node):
        nonlocal page, heading
        if not isinstance(node.tag, str) or node.tag in SKIPPED or SKIPPED_CLASSES.intersection((node.get("class") or "").split()):
            pass
        elif node.tag in HEADINGS:
            end()
            whole = clean("".join(text for text in node.itertext()).replace("¶", ""))
            heading = NUMBER.sub("", whole)
            page = page if node.tag != "h1" and page else heading
        else:
            if node.text:
                words.append(node.text)
            for child in node:
                read(child)
            if node.tag in BLOCKS:
                words.append("\n")
        if node.tail:
            words.append(node.tail)

    read(tree)
    end()
    return found


def local(node):
    return node.tag.rsplit("}", 1)[-1] if isinstance(node.tag, str) else ""


def text_of(node, without):
    if local(node) in without or not isinstance(node.tag, str):
        return ""
    inner = "".join((text_of(child, without) + " " * (local(child) in BLOCKS) + (child.tail or "")) for child in node)
    return (node.text or "") + inner


def sections_of_mallard(data):
    """A page's title, what it says of itself, and its sections."""
    tree = etree.fromstring(data, etree.XMLParser(recover=True, resolve_entities=False))
    title = next((clean(text_of(child, ())) for child in tree if local(child) == "title"), "")
    text = clean(text_of(tree, {"info", "title", "media", "links"}))
    said = [clean(text_of(node, ())) for node in tree.iter() if local(node) == "desc" and local(node.getparent()) == "info"]
    found = [("", title, text)]
    found += [(title, said[0], text)] if said else []
    for node in tree.iter():
        if local(node) == "section":
            heading = next((clean(text_of(child, ())) for child in node if local(child) == "title"), "")
            found.append((title, heading, clean(text_of(node, {"info", "title", "media"}))))
    return found


def sections_of_docbook(data):
    tree = etree.fromstring(data, etree.XMLParser(recover=True, resolve_entities=False, load_dtd=False))
    found, without = [], {"title", "screenshot", "sect2", "sect3", "section", "sect1", "qandaset"}
    for node in tree.iter():
        if local(node) == "qandaentry":
            asked = [clean(text_of(child, ())) for child in node if local(child) == "question"]
            answer = [clean(text_of(child, ())) for child in node if local(child) == "answer"]
            found.append(("", " ".join(asked), " ".join(answer)))
        elif local(node) in ("chapter", "sect1", "sect2", "sect3", "section", "appendix"):
            heading = next((clean(text_of(child, ())) for child in node if local(child) == "title"), "")
            up = node.getparent()
            above = next((clean(text_of(child, ())) for child in up if local(child) == "title"), "") if up is not None else ""
            found.append((above, heading, clean(" ".join(text_of(child, without) for child in node))))
    return found


READERS = {".html": sections_of_html, ".htm": sections_of_html, ".xhtml": sections_of_html, ".page": sections_of_mallard,
           ".docbook": sections_of_docbook}


def package(folder):
    """A package's pairs. Headings that it has more than once in a language tell nothing."""
    files = {}
    for path in folder.rglob("*"):
        if path.suffix in READERS and path.is_file() and not path.is_symlink() and path.stat().st_size < 3_000_000:
            language, place = language_of("/" + str(path.relative_to(folder)))
            if language:
                files.setdefault(place, {})[language] = path
    pairs = []
    for place in sorted(files, key=chance)[:MOST_FILES]:
        for language, path in files[place].items():
            try:
                found = READERS[path.suffix](path.read_bytes())
            except (etree.LxmlError, ValueError, RecursionError):
                continue
            for at, (page, heading, text) in enumerate(found):
                if 4 <= len(heading) <= 200 and len(text) >= FEWEST_LETTERS // (2 if language in CHARACTERS else 1):
                    page = "" if page == heading else page
                    pairs.append({"package": folder.name, "language": language, "place": f"{place}#{at}/{len(found)}", "page": page,
                                  "heading": heading, "text": cut(text, language)})
    # The same page may be there twice, alone and in a whole book.
    distinct = {(pair["language"], pair["heading"].lower(), pair["text"][:200]): pair for pair in reversed(pairs)}
    times = Counter(key[:2] for key in distinct)
    pairs = [pair for key, pair in distinct.items() if times[key[:2]] == 1]
    kept = set(sorted({pair["place"] for pair in pairs}, key=chance)[:MOST_PAIRS])
    return [pair for pair in pairs if pair["place"] in kept]


def descriptions(lists):
    """What apt says of each package in a few words, and in many."""
    for path in sorted(lists.glob("*bookworm_main_i18n_Translation-*")):
        language = CALLED.get(path.name.rsplit("-", 1)[1].split(".")[0].replace("%5f", "_").lower())
        if not language:
            continue
        data = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", path], check=True, capture_output=True, text=True).stdout
        for entry in data.split("\n\n"):
            name = re.search(r"^Package: (.*)$", entry, re.M)
            said = re.search(r"^Description-[\w]+: (.*)\n((?: .*\n?)+)", entry, re.M)
            if name and said and not NEVER.search(name[1]):
                text = clean(re.sub(r"^ \.?", " ", said[2], flags=re.M))
                if len(text) >= FEWEST_LETTERS:
                    yield {"package": "descriptions", "language": language, "place": name[1], "page": "", "heading": clean(said[1]),
                           "text": cut(text, language)}


def wordnet(folder):
    """Words and what they mean."""
    for path in sorted(folder.rglob("data.*")):
        for line in path.read_text(errors="replace").splitlines():
            if "|" in line and not line.startswith(" "):
                fields, gloss = line.split("|", 1)
                fields = fields.split()
                words = [fields[4 + 2 * i].replace("_", " ") for i in range(int(fields[3], 16))]
                yield {"package": "wordnet", "language": "en", "place": path.name + fields[0], "page": "", "heading": ", ".join(words[:3]),
                       "text": clean(gloss)}


def main():
    root, lists = map(pathlib.Path, sys.argv[1:3])
    folders = [folder for folder in sorted(root.iterdir()) if folder.name != "wordnet-base" and not NEVER.search(folder.name)]
    counted = Counter()

    def tell(pairs):
        for pair in pairs:
            counted[pair["package"] if pair["package"] in ("descriptions", "wordnet") else "headings", pair["language"]] += 1
            print(json.dumps(pair, ensure_ascii=False))

    with multiprocessing.Pool(2) as pool:
        for pairs in pool.imap_unordered(package, folders):
            tell(pairs)
    tell(descriptions(lists))
    tell(wordnet(root / "wordnet-base"))
    for (kind, language), count in sorted(counted.items()):
        print(kind, language, count, file=sys.stderr)


if __name__ == "__main__":
    sys.setrecursionlimit(5000)
    main()
