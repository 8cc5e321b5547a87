//! Markdown in, passages out: along headings, of whole paragraphs.

mod block;
mod heading;

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag};

use super::Document;
use block::{read_block, split};
use heading::heading_text;

pub(super) use block::{Block, Kind, blocks};
pub use heading::{Heading, Slugs, headings};

/// A passage is closed before a block that would make it longer than this.
const MOST_WORDS: usize = 200;

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
}

impl Sections {
    fn heading(&mut self, level: HeadingLevel, text: String, id: Option<&str>) {
        self.close();
        let slug = self.slugs.of(&text, id);
        if level == HeadingLevel::H1 {
            self.title = text;
            self.path.clear();
            return;
        }
        self.path.retain(|(other, ..)| *other < level);
        self.path.push((level, text, slug));
    }

    fn open(&mut self) -> &mut Chunk {
        self.open.get_or_insert_with(|| {
            let names: Vec<&str> = self.path.iter().map(|(_, text, _)| text.as_str()).collect();
            Chunk {
                title: self.title.clone(),
                section: names.join(" › "),
                slug: self.path.last().map(|(.., slug)| slug.clone()),
                blocks: Vec::new(),
                also: Vec::new(),
            }
        })
    }

    fn block(&mut self, block: Block) {
        if block.markdown.trim().is_empty() {
            return;
        }
        let open = self.open();
        let words: usize = open.blocks.iter().map(Block::words).sum();
        if words > 0 && words + block.words() > MOST_WORDS {
            // What follows a colon belongs to the line that announces it.
            let last = open.blocks.pop_if(|last| last.markdown.ends_with(':'));
            self.close();
            self.open().blocks.extend(last);
        }
        for part in split(block, MOST_WORDS) {
            let open = self.open();
            let words: usize = open.blocks.iter().map(Block::words).sum();
            if words > 0 && words + part.words() > MOST_WORDS + 20 {
                self.close();
            }
            self.open().blocks.push(part);
        }
    }

    fn close(&mut self) {
        if let Some(chunk) = self.open.take().filter(|chunk| !chunk.blocks.is_empty()) {
            self.chunks.push(chunk);
        }
    }
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
