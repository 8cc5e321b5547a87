"""The FAQs that ten packages of Debian bring of ten programs, read as Debian's own is: a heading that ends in a question mark is a question,
its text without it the answer. Each is a site of its own. Nothing in Pennypress was ever tuned on them."""

import re
from collections import Counter
from pathlib import Path

from debian_faq import FEWEST_LETTERS, Sections

DOC = Path("/usr/share/doc")
PAGES = {
    "BorgBackup": "borgbackup/html/faq.html",
    "fetchmail": "fetchmail/fetchmail-FAQ.html",
    "IceWM": "icewm-common/FAQ/IceWM-FAQ.html",
    "lxml": "python-lxml/html/FAQ.html",
    "MHonArc": "mhonarc/faq/*.html",
    "Shorewall": "shorewall-doc/html/FAQ.htm",
    "Snakemake": "snakemake/html/project_info/faq.html",
    "WeeChat": "weechat-doc/html/weechat_faq.en.html",
    "xterm": "xterm/xterm.faq.html",
    "Zsh": "zsh-common/html/FAQ0*.html",
}


class Page(Sections):
    headings = {f"h{level}" for level in range(1, 7)}
    # "1.2: What is …", "(FAQ 1a) How …", "G1. What …".
    number = re.compile(r"^\(?(?:FAQ\s+)?[A-Z]?\d[\w.]*[.:)]*\s+")
    left_out_classes = Sections.left_out_classes | {"contents", "footer", "headerlink", "related", "sphinxsidebar"}
    # Lists of links to the questions say each heading again.
    links_alone = False


def faqs():
    """Of each program whose FAQ is installed: its sections as (chapter, heading, text), and which of them are asked for."""
    for program, pages in PAGES.items():
        sections = []
        for page in sorted(DOC.glob(pages)):
            reader = Page()
            reader.feed(page.read_text(errors="replace"))
            reader.close()
            reader.end_block()
            for _, chapter, heading, blocks in reader.found:
                if sum(map(len, blocks)) > FEWEST_LETTERS:
                    sections.append((chapter, heading, "\n\n".join(blocks)))
        times = Counter(heading for _, heading, _ in sections)
        asked = [i for i, (_, heading, _) in enumerate(sections) if heading.endswith("?") and times[heading] == 1]
        if asked:
            yield program, sections, asked
