//! Markdown in, passages out: along headings, of whole paragraphs.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

use super::Document;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Paragraph,
    /// Steps: shown wholly or not at all.
    Steps,
    /// Points: each can be shown alone.
    Points,
    /// Code, a table, a quotation.
    Other,
}

/// A paragraph, a list, a stretch of code.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub kind: Kind,
    /// Its source, with links within the site reduced to their words (they would lead elsewhere from another page).
    pub markdown: String,
    /// Its plain text, a sentence or a list item each.
    pub sentences: Vec<String>,
    /// The sources of a list's items; as many as sentences when the list is `Points`.
    pub items: Vec<String>,
}

impl Block {
    pub fn words(&self) -> usize {
        self.sentences.iter().map(|one| one.split_whitespace().count()).sum()
    }
}

/// A heading, with the fragment under which it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    pub text: String,
    pub slug: String,
}

/// Gives each heading of a page its fragment: the words of the heading, joined by `-`, with a number when it stands there already.
#[derive(Default)]
pub struct Slugs {
    given: HashSet<String>,
    /// The number that the next heading of the same words tries first.
    next: HashMap<String, u32>,
}

impl Slugs {
    pub fn next(&mut self, heading: &str) -> String {
        let words: Vec<String> = heading
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let plain = if words.is_empty() {
            "section".to_owned()
        } else {
            words.join("-")
        };
        let number = self.next.entry(plain.clone()).or_insert(1);
        loop {
            let slug = match *number {
                1 => plain.clone(),
                number => format!("{plain}-{number}"),
            };
            *number += 1;
            if self.given.insert(slug.clone()) {
                return slug;
            }
        }
    }
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
                sections.heading(level, text, id.map(|id| id.to_string()));
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
    sections.chunks
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
    /// `id` is the fragment that the page itself has for it.
    fn heading(&mut self, level: HeadingLevel, text: String, id: Option<String>) {
        self.close();
        let slug = id.unwrap_or_else(|| self.slugs.next(&text));
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
        for part in split(block) {
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

/// A list that is longer than a passage becomes several.
fn split(block: Block) -> Vec<Block> {
    if block.words() <= MOST_WORDS || block.items.len() < 2 || block.items.len() != block.sentences.len() {
        return vec![block];
    }
    let mut parts: Vec<Block> = Vec::new();
    for (item, sentence) in block.items.into_iter().zip(block.sentences) {
        let words = sentence.split_whitespace().count();
        match parts.last_mut().filter(|part| part.words() + words <= MOST_WORDS) {
            Some(part) => {
                part.markdown.push('\n');
                part.markdown.push_str(&item);
                part.items.push(item);
                part.sentences.push(sentence);
            }
            None => parts.push(Block {
                kind: block.kind,
                markdown: item.clone(),
                sentences: vec![sentence],
                items: vec![item],
            }),
        }
    }
    parts
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

fn heading_text<'a>(events: &mut dyn Iterator<Item = Located<'a>>) -> String {
    let mut text = String::new();
    until_end(events, &mut |event, _| {
        if let Event::Text(words) | Event::Code(words) = event {
            text.push_str(words);
        }
    });
    text
}

fn read_block<'a>(
    source: &str,
    tag: &Tag<'_>,
    range: Range<usize>,
    events: &mut dyn Iterator<Item = Located<'a>>,
) -> Block {
    let kind = match tag {
        Tag::Paragraph => Kind::Paragraph,
        Tag::List(Some(_)) => Kind::Steps,
        Tag::List(None) => Kind::Points,
        _ => Kind::Other,
    };
    let mut parts = vec![String::new()];
    let mut items: Vec<Range<usize>> = Vec::new();
    let mut cuts: Vec<Range<usize>> = Vec::new();
    // Links within the site: the whole, and where its words stand.
    let mut links: Vec<(Range<usize>, Option<Range<usize>>)> = Vec::new();
    let mut lists = 0_usize;
    let mut breaks = false;
    until_end(events, &mut |event, at| match event {
        Event::Text(words) | Event::Code(words) => {
            if std::mem::take(&mut breaks) {
                parts.push(String::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push_str(words);
            }
            if let Some((_, inner)) = links.last_mut() {
                let start = inner.as_ref().map_or(at.start, |inner| inner.start);
                *inner = Some(start..at.end);
            }
        }
        Event::SoftBreak | Event::HardBreak => {
            if let Some(part) = parts.last_mut() {
                part.push(' ');
            }
        }
        Event::Start(Tag::List(_)) => lists += 1,
        Event::End(TagEnd::List(_)) => lists -= 1,
        Event::Start(Tag::Item) if lists == 0 => {
            breaks = !parts.concat().is_empty();
            items.push(at.clone());
        }
        Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell) => {
            if let Some(part) = parts.last_mut() {
                part.push(' ');
            }
        }
        Event::End(TagEnd::TableRow | TagEnd::TableHead) => breaks = true,
        Event::Start(Tag::Link { dest_url, .. }) if !dest_url.contains("://") => links.push((at.clone(), None)),
        Event::End(TagEnd::Link) => {
            if let Some((whole, Some(words))) = links.pop() {
                cuts.push(whole.start..words.start);
                cuts.push(words.end..whole.end);
            }
        }
        _ => {}
    });
    let without_links = |range: &Range<usize>| {
        let mut text = String::new();
        let mut at = range.start;
        for cut in cuts
            .iter()
            .filter(|cut| cut.start >= range.start && cut.end <= range.end)
        {
            text.push_str(source.get(at..cut.start).unwrap_or_default());
            at = cut.end;
        }
        text.push_str(source.get(at..range.end).unwrap_or_default());
        text.trim_end().to_owned()
    };
    let sentences = if matches!(kind, Kind::Paragraph) {
        let whole = parts.concat();
        whole.unicode_sentences().map(|one| one.trim().to_owned()).collect()
    } else {
        parts
            .iter()
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect()
    };
    Block {
        kind,
        markdown: without_links(&range),
        sentences,
        items: items.iter().map(without_links).collect(),
    }
}

/// A page's headings, in order; the same fragments as in the passages' addresses.
pub fn headings(markdown: &str) -> Vec<Heading> {
    let mut slugs = Slugs::default();
    let mut found = Vec::new();
    let mut events = Parser::new_ext(markdown, options()).into_offset_iter();
    while let Some((event, _)) = events.next() {
        if let Event::Start(Tag::Heading { level, id, .. }) = event {
            let text = heading_text(&mut events);
            let slug = id.map_or_else(|| slugs.next(&text), |id| id.to_string());
            found.push(Heading {
                level: level as u8,
                text,
                slug,
            });
        }
    }
    found
}
