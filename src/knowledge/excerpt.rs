//! What Markdown says, where only a beginning of it is shown.

use pulldown_cmark::{Event, Parser, Tag};

use super::options;

/// The first `most` characters of its words, without any mark; not escaped.
pub fn excerpt(markdown: &str, most: usize) -> String {
    let mut words = String::new();
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                words.push_str(&text)
            }
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            // A reader sees where a heading, a point or a cell ends; a sentence says so itself.
            Event::Start(tag) if is_block(&tag) => part(&mut words),
            _ => {}
        }
        // What follows is cut off anyway; a break may still be taken off its end.
        if words.len() > most * 4 + 8 {
            break;
        }
    }
    cut(&words.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

fn is_block(tag: &Tag<'_>) -> bool {
    let is_inline = matches!(
        tag,
        Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
    );
    !is_inline
}

/// Begins a new part of the words.
fn part(words: &mut String) {
    let said = words.trim_end().len();
    words.truncate(said);
    match words.chars().next_back() {
        None => {}
        Some('.' | ',' | ':' | ';' | '!' | '?' | '…' | '。' | '！' | '？' | '·') => words.push(' '),
        Some(_) => words.push_str(" · "),
    }
}

/// At a word's end, if there is one near.
fn cut(text: &str, most: usize) -> String {
    let Some((at, _)) = text.char_indices().nth(most) else {
        return text.to_owned();
    };
    let kept = &text[..at];
    let whole = match kept.rfind(' ') {
        Some(space) if space * 4 > at * 3 => &kept[..space],
        _ => kept,
    };
    format!("{}…", whole.trim_end_matches([' ', '·', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_excerpt_only_the_words_are_left() {
        let markdown = "# Posting\n\nIt costs **4.90** euros, see [the list](https://a.example/list).\n\n* one\n* `two`\n\n| a | b |\n|---|---|\n| c | d |";
        assert_eq!(
            excerpt(markdown, 400),
            "Posting · It costs 4.90 euros, see the list. one · two · a · b · c · d"
        );
        assert_eq!(excerpt("**One two three** four", 15), "One two three…");
        assert_eq!(excerpt("ああああ", 2), "ああ…");
        assert_eq!(excerpt("a < b\nand [1]", 40), "a < b and [1]");
        assert_eq!(excerpt("", 40), "");
    }
}
