//! Markdown in, passages out: along headings, of whole paragraphs.

mod block;
mod heading;

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag};

use super::Document;
use block::{read_block, split};
use heading::{heading_text, name};

pub(super) use block::{Block, Kind, blocks};
pub use heading::{Heading, Slugs, headings};

/// A passage is closed before a block that would make it longer than this.
const MOST_WORDS: usize = 200;
/// The same in bytes of its source, for what has few words: addresses, signs, a word without an end.
const MOST_BYTES: usize = 40_000;
/// Characters of the headings above a passage, which each passage repeats; the outermost are left out.
const LONGEST_PATH: usize = 300;
/// Passages of a document from which on its headings are text like any other: a page that goes on has no reader to be led to a section.
const MOST_SECTIONS: usize = 10_000;

/// A stretch of one section.
#[derive(Debug)]
pub(super) struct Chunk {
    pub title: String,
    /// The headings below the title, outermost first.
    pub section: String,
    /// The fragment of the innermost heading.
    pub slug: Option<String>,
    pub blocks: Vec<Block>,
    /// Words that this section is also found by; they are not part of its text.
    pub also: Vec<String>,
}

/// The dialect of everything that is read here.
pub fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_HEADING_ATTRIBUTES
}

pub(super) fn chunks(document: &Document) -> Vec<Chunk> {
    let mut sections = Sections {
        title: document.title.clone(),
        path: Vec::new(),
        slugs: Slugs::default(),
        chunks: Vec::new(),
        open: None,
        words: 0,
        bytes: 0,
    };
    let source = &document.markdown;
    let mut events = Parser::new_ext(source, options()).into_offset_iter();
    while let Some((event, range)) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, id, .. }) => {
                let text = heading_text(&mut events);
                sections.heading(level, text, id.as_deref());
            }
            Event::Start(Tag::HtmlBlock) => {
                if let Some(also) = source.get(range).and_then(asked) {
                    sections.open().also.push(also);
                }
                until_end(&mut events, &mut |_, _| {});
            }
            Event::Start(tag) => {
                let block = read_block(source, &tag, range, &mut events);
                sections.block(block);
            }
            _ => {}
        }
    }
    sections.close();
    let mut chunks = sections.chunks;
    for asked in &document.asked {
        let is_meant = |chunk: &Chunk| chunk.slug.as_deref().unwrap_or_default() == asked.fragment;
        // A section that is gone leaves its questions to the page.
        let at = chunks.iter().position(is_meant).unwrap_or(0);
        if let Some(chunk) = chunks.get_mut(at) {
            chunk.also.push(asked.question.replace(',', " "));
        }
    }
    chunks
}

/// The words of a comment `<!-- asked: … -->`: how visitors call what the section is about.
fn asked(html: &str) -> Option<String> {
    let words = html.trim().strip_prefix("<!-- asked:")?.strip_suffix("-->")?;
    Some(words.trim().to_owned())
}

struct Sections {
    title: String,
    /// Level, text and fragment of the headings that are open.
    path: Vec<(HeadingLevel, String, String)>,
    slugs: Slugs,
    chunks: Vec<Chunk>,
    open: Option<Chunk>,
    /// Of what is open, with the lines between its blocks.
    words: usize,
    bytes: usize,
}

impl Sections {
    fn heading(&mut self, level: HeadingLevel, text: String, id: Option<&str>) {
        if self.chunks.len() >= MOST_SECTIONS {
            return self.block(Block::of_words(text));
        }
        self.close();
        let slug = self.slugs.of(&text, id);
        let name = name(&text).to_owned();
        let is_cut = name.len() < text.len();
        if level == HeadingLevel::H1 {
            self.title = name;
            self.path.clear();
        } else {
            self.path.retain(|(other, ..)| *other < level);
            self.path.push((level, name, slug));
        }
        // What the name leaves out is found too.
        if is_cut {
            self.block(Block::of_words(text));
        }
    }

    fn open(&mut self) -> &mut Chunk {
        self.open.get_or_insert_with(|| Chunk {
            title: self.title.clone(),
            section: section(&self.path),
            slug: self.path.last().map(|(.., slug)| slug.clone()),
            blocks: Vec::new(),
            also: Vec::new(),
        })
    }

    fn block(&mut self, block: Block) {
        if block.markdown.trim().is_empty() {
            return;
        }
        if !self.has_room(&block, MOST_WORDS) {
            // What follows a colon belongs to the line that announces it.
            let last = self.open().blocks.pop_if(|last| last.markdown.ends_with(':'));
            self.close();
            if let Some(last) = last {
                self.push(last);
            }
        }
        for part in split(block, MOST_WORDS) {
            if !self.has_room(&part, MOST_WORDS + 20) {
                self.close();
            }
            self.push(part);
        }
    }

    fn has_room(&self, block: &Block, most_words: usize) -> bool {
        (self.words == 0 || self.words + block.words() <= most_words)
            && (self.bytes == 0 || self.bytes + block.markdown.len() <= MOST_BYTES)
    }

    fn push(&mut self, block: Block) {
        self.words += block.words();
        self.bytes += block.markdown.len() + 2;
        self.open().blocks.push(block);
    }

    fn close(&mut self) {
        (self.words, self.bytes) = (0, 0);
        if let Some(chunk) = self.open.take().filter(|chunk| !chunk.blocks.is_empty()) {
            self.chunks.push(chunk);
        }
    }
}

/// The names of the open headings, outermost first.
fn section(path: &[(HeadingLevel, String, String)]) -> String {
    let mut room = LONGEST_PATH;
    let mut names: Vec<&str> = Vec::new();
    for (_, name, _) in path.iter().rev() {
        match room.checked_sub(name.chars().count()) {
            Some(left) => room = left,
            None => break,
        }
        names.push(name);
    }
    names.reverse();
    names.join(" › ")
}

type Located<'a> = (Event<'a>, Range<usize>);

/// Reads to the end of the element that was opened last.
fn until_end<'a>(events: &mut dyn Iterator<Item = Located<'a>>, see: &mut dyn FnMut(&Event<'a>, &Range<usize>)) {
    let mut depth = 0_usize;
    for (event, range) in events {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) if depth == 0 => return,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        see(&event, &range);
    }
}
