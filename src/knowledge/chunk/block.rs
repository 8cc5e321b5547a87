//! Paragraphs, lists, code: what a passage is made of.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

use super::{Located, options, until_end};
use crate::knowledge::terms::words_in;

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
}

/// What is longer than a passage becomes several: a list at its items, a paragraph at its sentences, code and tables at their lines.
pub(super) fn split(block: Block, most_words: usize) -> Vec<Block> {
    if block.words() <= most_words {
        return vec![block];
    }
    let is_list = block.items.len() > 1 && block.items.len() == block.sentences.len();
    match block.kind {
        Kind::Points | Kind::Steps if is_list => {
            let parts = block.items.into_iter().zip(block.sentences);
            let parts = parts.map(|(item, sentence)| Block {
                kind: block.kind,
                markdown: item.clone(),
                sentences: vec![sentence],
                items: vec![item],
            });
            packed(parts, "\n", most_words)
        }
        // The marks within a paragraph may reach over several sentences, so that its parts go without.
        Kind::Paragraph if block.sentences.len() > 1 => {
            let parts = block.sentences.into_iter().map(|sentence| Block {
                kind: block.kind,
                markdown: sentence.clone(),
                sentences: vec![sentence],
                items: Vec::new(),
            });
            packed(parts, " ", most_words)
        }
        // Tables and code are of one piece, unless they are far too long.
        _ if block.words() > most_words * 3 => {
            let lines = block.sentences.iter().flat_map(|part| part.lines());
            let parts = lines.filter(|line| !line.trim().is_empty()).map(|line| Block {
                kind: block.kind,
                markdown: format!("    {line}"),
                sentences: vec![line.to_owned()],
                items: Vec::new(),
            });
            packed(parts, "\n", most_words)
        }
        _ => vec![block],
    }
}

/// Puts parts together as far as they fit.
fn packed(all: impl Iterator<Item = Block>, between: &str, most_words: usize) -> Vec<Block> {
    let mut parts: Vec<Block> = Vec::new();
    let mut taken = 0;
    for mut one in all {
        let words = one.words();
        match parts.last_mut().filter(|_| taken + words <= most_words) {
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
