"""Debian's FAQ (packages debian-faq, debian-faq-LANGUAGE) in SQuAD's form: a section's heading is a question that people asked, its text
without the heading the passage that answers it. Nothing in Pennypress was ever tuned on it, and its translations are parallel text."""

import re
from html.parser import HTMLParser
from pathlib import Path

FAQ = Path("/usr/share/doc/debian/FAQ")
VOID = {"br", "hr", "img", "input", "link", "meta"}
HEADINGS = {"h1", "h2", "h3"}
BLOCKS = {"p", "li", "dt", "dd", "pre", "td", "div"}
# Tables of contents, and links that say a section's heading again: they would give the answer away.
LEFT_OUT = {"toc", "navheader", "navfooter", "xref"}
# "7.1. What is …", "Chapter 7. Basics", in whatever language.
NUMBER = re.compile(r"^(?:\w+\s)?(?:第\s*)?[\dA-Z][\d.]*\s*章?\.?\s+")
BETWEEN_CJK = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])")
# So short a section only points elsewhere.
FEWEST_LETTERS = 40


class Sections(HTMLParser):
    headings, number, left_out_classes = HEADINGS, NUMBER, LEFT_OUT
    # Whether a block is kept that is a link as a whole.
    links_alone = True

    def __init__(self):
        super().__init__()
        self.found, self.chapter = [], ""
        self.heading, self.anchor, self.words, self.left_out = None, None, [], 0
        self.in_link, self.beside_links = False, False

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in VOID:
            return
        if self.left_out or self.left_out_classes.intersection((attributes.get("class") or "").split()) or tag in ("head", "script"):
            self.left_out += 1
        elif tag in self.headings:
            self.end_block()
            self.heading, self.anchor = "", None
        elif tag in BLOCKS:
            self.end_block()
        elif tag == "a":
            self.in_link = "href" in attributes
            if self.heading is not None:
                self.anchor = attributes.get("id", self.anchor)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if self.left_out:
            self.left_out -= 1
        elif tag == "a":
            self.in_link = False
        elif tag in self.headings and self.heading is not None:
            heading, self.heading = self.number.sub("", " ".join(self.heading.split())), None
            self.chapter = heading if tag == "h1" else self.chapter
            self.found.append((self.anchor, self.chapter, heading, []))
        elif tag in BLOCKS:
            self.end_block()

    def handle_data(self, data):
        if self.left_out:
            return
        if self.heading is None:
            self.words.append(data)
            self.beside_links |= not self.in_link and any(map(str.isalnum, data))
        else:
            self.heading += data

    def end_block(self):
        text, self.words = BETWEEN_CJK.sub("", " ".join("".join(self.words).split())), []
        beside_links, self.beside_links = self.beside_links, False
        if text and self.found and (beside_links or self.links_alone):
            self.found[-1][3].append(text)


def sections(language):
    """By page and anchor: chapter, heading, text."""
    folder = FAQ if language == "en" else FAQ / language
    found = {}
    for page in sorted(folder.glob(f"*.{language}.html")):
        reader = Sections()
        reader.feed(page.read_text())
        reader.close()
        reader.end_block()
        for anchor, chapter, heading, blocks in reader.found:
            if anchor and sum(map(len, blocks)) > FEWEST_LETTERS:
                found[f"{page.name.split('.')[0]}#{anchor}"] = (chapter, heading, "\n\n".join(blocks))
    return found


def parallel(languages):
    """For each language that is installed its sections, and which of them every language has a question for, in its own words."""
    texts = {language: sections(language) for language in languages}
    texts = {language: found for language, found in texts.items() if found}
    english = texts.get("en")
    if not english:
        return {}, []
    questions = [id for id, (_, heading, _) in english.items() if heading.endswith("?")]
    for language, found in texts.items():
        if language != "en":
            questions = [id for id in questions if id in found and found[id][1] != english[id][1] and found[id][2] != english[id][2]]
    return texts, questions
