//! Headings, and the fragments under which they are reached.

use std::collections::{HashMap, HashSet};

use pulldown_cmark::{Event, Parser, Tag};

use super::{Located, options, until_end};

/// Characters of a heading that name what stands below it: every passage there repeats them.
const LONGEST_NAME: usize = 200;
/// Bytes of a fragment that a page gives; a part of a longer one would lead nowhere.
const LONGEST_ID: usize = 2_000;

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
    /// `id` is the fragment that the page itself has for it, written `# Heading {#fragment}`.
    pub fn of(&mut self, heading: &str, id: Option<&str>) -> String {
        match id {
            Some(id) if id.len() <= LONGEST_ID => id.to_owned(),
            _ => self.next(name(heading)),
        }
    }

    fn next(&mut self, heading: &str) -> String {
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

pub(super) fn heading_text<'a>(events: &mut dyn Iterator<Item = Located<'a>>) -> String {
    let mut text = String::new();
    until_end(events, &mut |event, _| {
        if let Event::Text(words) | Event::Code(words) = event {
            text.push_str(words);
        }
    });
    text
}

/// What a heading names its section by: all of it, or of what is a paragraph rather than a heading its first words.
pub(super) fn name(heading: &str) -> &str {
    let Some((end, _)) = heading.char_indices().nth(LONGEST_NAME) else {
        return heading;
    };
    let start = &heading[..end];
    start.rsplit_once(' ').map_or(start, |(words, _)| words)
}

/// A page's headings, in order; the same fragments as in the passages' addresses.
pub fn headings(markdown: &str) -> Vec<Heading> {
    let mut slugs = Slugs::default();
    let mut found = Vec::new();
    let mut events = Parser::new_ext(markdown, options()).into_offset_iter();
    while let Some((event, _)) = events.next() {
        if let Event::Start(Tag::Heading { level, id, .. }) = event {
            let text = heading_text(&mut events);
            let slug = slugs.of(&text, id.as_deref());
            found.push(Heading {
                level: level as u8,
                text,
                slug,
            });
        }
    }
    found
}
