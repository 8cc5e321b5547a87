//! Out of whatever format comes in: the page's own words, as Markdown.

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// What a page says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extracted {
    pub title: Option<String>,
    pub locale: Option<String>,
    pub markdown: String,
}

pub fn html(html: &str) -> Extracted {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut markdown = String::new();
    let mut silent = false;
    for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
        match token {
            Token::StartTag(tag) => {
                silent = matches!(&tag.name.0[..], b"script" | b"style" | b"noscript");
                match &tag.name.0[..] {
                    b"p" | b"div" | b"table" | b"ul" => markdown.push_str("\n\n"),
                    b"li" => markdown.push_str("\n- "),
                    b"h1" | b"h2" | b"h3" => markdown.push_str("\n\n## "),
                    _ => {}
                }
            }
            Token::EndTag(tag) => {
                silent = false;
                if matches!(&tag.name.0[..], b"h1" | b"h2" | b"h3" | b"p") {
                    markdown.push_str("\n\n");
                }
            }
            Token::String(text) if !silent => markdown.push_str(&String::from_utf8_lossy(&text.value)),
            _ => {}
        }
    }
    Extracted {
        markdown,
        ..Extracted::default()
    }
}

pub fn markdown(markdown: &str) -> Extracted {
    Extracted {
        markdown: markdown.to_owned(),
        ..Extracted::default()
    }
}

pub fn plain(text: &str) -> Extracted {
    markdown(text)
}
