//! Paragraphs, lists, code: what a passage is made of.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::{Located, MOST_BYTES, options, until_end};
use crate::knowledge::terms::{quarters_of_a_word, words_in};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::knowledge) enum Kind {
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
pub(in crate::knowledge) struct Block {
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
        self.sentences.iter().map(|one| words_in(one)).sum()
    }

    /// A paragraph of these words, without any marks.
    pub(super) fn of_words(text: String) -> Self {
        Self {
            kind: Kind::Paragraph,
            sentences: sentences(&text),
            markdown: text,
            items: Vec::new(),
        }
    }

    fn is_far_too_long(&self, most_words: usize) -> bool {
        self.words() > most_words * 3 || self.markdown.len() > MOST_BYTES
    }
}

/// What is longer than a passage becomes several: a list at its items, a paragraph at its sentences, code and tables at their lines; and
/// where these are too long themselves, at their words.
pub(super) fn split(block: Block, most_words: usize) -> Vec<Block> {
    if block.words() <= most_words && block.markdown.len() <= MOST_BYTES {
        return vec![block];
    }
    let is_list = block.items.len() > 1 && block.items.len() == block.sentences.len();
    let kind = block.kind;
    let parts = match kind {
        Kind::Points | Kind::Steps if is_list => {
            let parts = block.items.into_iter().zip(block.sentences);
            let parts = parts.map(|(item, sentence)| Block {
                kind,
                markdown: item.clone(),
                sentences: vec![sentence],
                items: vec![item],
            });
            packed(parts, "\n", most_words)
        }
        // The marks within a paragraph may reach over several sentences, so that its parts go without.
        Kind::Paragraph if block.sentences.len() > 1 => {
            let parts = block.sentences.into_iter();
            packed(
                parts.map(|sentence| part(kind, sentence.clone(), sentence)),
                " ",
                most_words,
            )
        }
        // Tables and code are of one piece, unless they are far too long.
        Kind::Points | Kind::Steps | Kind::Other if block.is_far_too_long(most_words) => {
            let lines = block.sentences.iter().flat_map(|part| part.lines());
            let lines = lines.filter(|line| !line.trim().is_empty());
            let parts = lines.map(|line| part(kind, indented(line), line.to_owned()));
            packed(parts, "\n", most_words)
        }
        _ => vec![block],
    };
    let mut all = Vec::with_capacity(parts.len());
    for one in parts {
        if !one.is_far_too_long(most_words) {
            all.push(one);
            continue;
        }
        for words in one.sentences.iter().flat_map(|sentence| pieces(sentence, most_words)) {
            let markdown = match kind {
                Kind::Other => indented(words),
                _ => words.to_owned(),
            };
            all.push(part(kind, markdown, words.to_owned()));
        }
    }
    all
}

fn part(kind: Kind, markdown: String, sentence: String) -> Block {
    Block {
        kind,
        markdown,
        sentences: vec![sentence],
        items: Vec::new(),
    }
}

/// A line of code.
fn indented(line: &str) -> String {
    format!("    {line}")
}

/// Puts parts together as far as they fit.
fn packed(all: impl Iterator<Item = Block>, between: &str, most_words: usize) -> Vec<Block> {
    let mut parts: Vec<Block> = Vec::new();
    let mut taken = 0;
    for mut one in all {
        let words = one.words();
        let fits =
            |part: &&mut Block| taken + words <= most_words && part.markdown.len() + one.markdown.len() < MOST_BYTES;
        match parts.last_mut().filter(fits) {
            Some(part) => {
                taken += words;
                part.markdown.push_str(between);
                part.markdown.push_str(&one.markdown);
                part.items.append(&mut one.items);
                part.sentences.append(&mut one.sentences);
            }
            None => {
                taken = words;
                parts.push(one);
            }
        }
    }
    parts
}

/// A text that goes on without the end of a sentence, in parts: after a space or another sign, or where none is near, between
/// characters.
fn pieces(text: &str, most_words: usize) -> Vec<&str> {
    let quarters = |c: char| match c.is_whitespace() {
        true => 4,
        false => quarters_of_a_word(c),
    };
    let mut all = Vec::new();
    let (mut start, mut pause, mut taken) = (0, 0, 0);
    for (at, c) in text.char_indices() {
        // A mark stays with its letter.
        let is_full = taken + quarters(c) > most_words * 4 && !is_combining_mark(c);
        if is_full || at + c.len_utf8() - start > MOST_BYTES {
            let end = if pause > start + (at - start) / 2 { pause } else { at };
            all.push(text[start..end].trim());
            start = end;
            taken = text[end..at].chars().map(quarters).sum();
        }
        taken += quarters(c);
        if !c.is_alphanumeric() && !is_combining_mark(c) {
            pause = at + c.len_utf8();
        }
    }
    all.push(text[start..].trim());
    all.retain(|piece| !piece.is_empty());
    all
}

/// The blocks of a passage's text.
pub(in crate::knowledge) fn blocks(source: &str) -> Vec<Block> {
    let mut events = Parser::new_ext(source, options()).into_offset_iter();
    let mut all = Vec::new();
    while let Some((event, range)) = events.next() {
        if let Event::Start(tag) = event {
            all.push(read_block(source, &tag, range, &mut events));
        }
    }
    all.retain(|block| !block.markdown.trim().is_empty());
    all
}

pub(super) fn read_block<'a>(
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
            breaks = parts.iter().any(|part| !part.is_empty());
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
        // They stand in the order of the text, and an item's beside each other.
        let first = cuts.partition_point(|cut| cut.start < range.start);
        let within = cuts.iter().skip(first).take_while(|cut| cut.end <= range.end);
        for cut in within {
            text.push_str(source.get(at..cut.start).unwrap_or_default());
            at = cut.end;
        }
        text.push_str(source.get(at..range.end).unwrap_or_default());
        text.trim_end().to_owned()
    };
    let sentences = if matches!(kind, Kind::Paragraph) {
        sentences(&parts.concat())
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

fn sentences(text: &str) -> Vec<String> {
    text.unicode_sentences().map(|one| one.trim().to_owned()).collect()
}
