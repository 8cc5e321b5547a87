//! What an answer claims: its sentences as plain text, with the words, numbers and names that can be looked for.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

use super::super::chunk::options;
use super::super::language::Language;
use super::super::terms::stems;
use super::numbers::numbers;

/// In a text in which more than this share of the words inside sentences begins with a capital, capitals do not tell names:
/// in German every noun has one.
const MOST_CAPITALS: f32 = 0.25;

/// Parts of sentences that say that something is not known, in the languages of most visitors.
const HONEST: &[&str] = &[
    "i don't know",
    "i do not know",
    "i could not find",
    "i couldn't find",
    "i can't find",
    "i cannot find",
    "i'm not sure",
    "i am not sure",
    "does not say",
    "doesn't say",
    "do not say",
    "do not mention",
    "does not mention",
    "doesn't mention",
    "no information",
    "ich weiß nicht",
    "konnte ich nicht",
    "keine information",
    "je ne sais pas",
    "no lo sé",
];

/// Parts of sentences whose words need not stand in the content, since they are polite. What such a sentence names beside that is
/// claimed as in any other.
const POLITE: &[&str] = &[
    "let me know",
    "feel free",
    "happy to help",
    "hope this helps",
    "please contact",
    "contact us",
    "you're welcome",
    "melden sie sich",
    "n'hésitez pas",
    "no dude en",
];

/// A sentence that can be compared with passages.
pub(super) struct Claim {
    pub text: String,
    /// Stems of its telling words, each once.
    pub terms: Vec<String>,
    /// In canonical form, see [`numbers`].
    pub numbers: Vec<String>,
    pub names: Vec<String>,
    /// It says that something is not known, or asks.
    pub is_honest: bool,
    pub is_polite: bool,
}

/// The claims of an answer in Markdown. Headings and code claim nothing.
pub(super) fn claims(answer: &str) -> Vec<Claim> {
    let sentences: Vec<String> = blocks(answer)
        .iter()
        .flat_map(|block| {
            without_citations(block)
                .unicode_sentences()
                .map(str::trim)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|sentence| sentence.chars().any(char::is_alphanumeric))
        .collect();
    let capitals_tell = share_of_capitals(&sentences) <= MOST_CAPITALS;
    sentences
        .into_iter()
        .map(|sentence| claim(sentence, capitals_tell))
        .collect()
}

fn claim(text: String, capitals_tell: bool) -> Claim {
    let mut terms: Vec<String> = Vec::new();
    for stem in stems(&text, Language::ENGLISH) {
        if !stem.chars().all(char::is_numeric) && !terms.contains(&stem) {
            terms.push(stem);
        }
    }
    let lower = text.to_lowercase().replace('’', "'");
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    Claim {
        terms,
        numbers: numbers(&text),
        names: if capitals_tell { names(&text) } else { Vec::new() },
        is_honest: text.ends_with(['?', '？', '؟']) || has(HONEST),
        is_polite: has(POLITE),
        text,
    }
}

/// The text of paragraphs, list items and table rows.
fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    let mut silent = 0_usize;
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Start(Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock) => silent += 1,
            Event::End(TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::HtmlBlock) => silent -= 1,
            Event::Start(Tag::Paragraph | Tag::Item | Tag::TableRow | Tag::TableHead)
            | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) => {
                blocks.push(String::new());
            }
            Event::Text(text) | Event::Code(text) if silent == 0 => last(&mut blocks).push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::TableCell) => last(&mut blocks).push(' '),
            _ => {}
        }
    }
    blocks.retain(|block| !block.trim().is_empty());
    blocks
}

fn last(blocks: &mut Vec<String>) -> &mut String {
    if blocks.is_empty() {
        blocks.push(String::new());
    }
    let at = blocks.len() - 1;
    &mut blocks[at]
}

/// Without `[1]` and `[1, 3]`.
fn without_citations(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after.split_once(']') {
            Some((inside, behind)) if is_citation(inside) => {
                if behind.starts_with(['.', ',', ';', '!', '?']) {
                    plain.truncate(plain.trim_end().len());
                }
                rest = behind;
            }
            _ => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn is_citation(inside: &str) -> bool {
    !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | ' '))
}

/// Words that begin with a capital although no sentence begins there, or are written in capitals within.
fn names(sentence: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut is_first = true;
    let mut before = ' ';
    for (at, word) in sentence.unicode_word_indices() {
        before = sentence[..at].trim_end().chars().next_back().unwrap_or(before);
        // A quotation, or what stands after a colon, begins as a sentence does.
        let begins =
            std::mem::take(&mut is_first) || matches!(before, ':' | '“' | '"' | '„' | '«' | '.' | '!' | '?' | '(');
        let word = word.trim_end_matches("'s").trim_end_matches("’s");
        let capitals = word.chars().filter(|c| c.is_uppercase()).count();
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let is_name =
            letters >= 2 && (capitals >= 2 || (capitals == 1 && word.starts_with(char::is_uppercase) && !begins));
        // I'm, I'd, I'll.
        if is_name && !word.starts_with("I'") && !word.starts_with("I’") {
            names.push(word.to_owned());
        }
    }
    names
}

fn share_of_capitals(sentences: &[String]) -> f32 {
    let (mut capitals, mut all) = (0_usize, 0_usize);
    for word in sentences.iter().flat_map(|sentence| sentence.unicode_words().skip(1)) {
        if let Some(first) = word.chars().next().filter(|c| c.is_alphabetic()) {
            all += 1;
            capitals += usize::from(first.is_uppercase());
        }
    }
    // A few words tell nothing about a language.
    if all < 8 { 0.0 } else { capitals as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_sentences_without_marks() {
        let read = claims(
            "# Title\n\nIt costs **$5** [1]. Call us![2, 3]\n\n- first, at `wp-admin`\n- second [4]\n\n```\ncode 7\n```",
        );
        let texts: Vec<_> = read.iter().map(|claim| claim.text.as_str()).collect();
        assert_eq!(texts, ["It costs $5.", "Call us!", "first, at wp-admin", "second"]);
        assert_eq!(read[0].numbers, ["5"]);
    }

    #[test]
    fn names_are_capitals_inside_sentences() {
        assert_eq!(
            names("You pay with PayPal or by Klarna's invoice."),
            ["PayPal", "Klarna"]
        );
        assert_eq!(names("Open it: Choose Plugins. I'm here."), ["Plugins"]);
        let german =
            claims("Der Versand in die Schweiz kostet nichts, und die Lieferung bringt die Post am Montag ins Haus.");
        assert!(german[0].names.is_empty());
    }

    #[test]
    fn what_states_nothing_is_not_compared() {
        assert!(claims("I could not find that, sorry.")[0].is_honest);
        assert!(claims("Do you have the order number?")[0].is_honest);
        let [shop, thanks] = &claims("The shop opens at nine. Feel free to ask.")[..] else {
            panic!("two sentences");
        };
        assert!(!shop.is_honest && !shop.is_polite && !thanks.is_honest && thanks.is_polite);
    }
}
