//! What stands in a line: words, links, emphasis, code.

use url::Url;

use super::boilerplate::Own;
use super::escape;
use super::shortcodes;
use super::tree::{Id, Tree};

/// Longer addresses tell nobody anything.
const LONGEST_ADDRESS: usize = 500;

pub struct Inline<'a> {
    pub tree: &'a Tree,
    pub own: &'a Own,
    /// Where the page stands, for links that are relative.
    pub base: Option<&'a Url>,
}

impl Inline<'_> {
    /// Several nodes beside each other as one line of Markdown, apart from the line breaks that the page wants.
    pub fn line(&self, nodes: &[Id]) -> String {
        let mut out = String::new();
        for id in nodes {
            self.write(*id, &mut out);
        }
        let lines: Vec<String> = out.split('\n').map(|line| escape::line(&squeezed(line))).collect();
        let lines: Vec<&str> = lines
            .iter()
            .map(String::as_str)
            .filter(|line| !line.is_empty())
            .collect();
        lines.join("  \n")
    }

    /// The words alone.
    pub fn plain(&self, id: Id) -> String {
        let mut out = String::new();
        self.write_plain(id, &mut out);
        escape::squeezed(&shortcodes::without(&out))
    }

    fn write_plain(&self, id: Id, out: &mut String) {
        let node = &self.tree.nodes[id];
        if self.own.left_out[id] {
            return;
        }
        out.push_str(&node.text);
        for child in &node.children {
            self.write_plain(*child, out);
        }
        if matches!(&*node.name, "br" | "p" | "div" | "li" | "td" | "th" | "tr") {
            out.push(' ');
        }
    }

    /// The tree's depth is bounded, so this is.
    fn write(&self, id: Id, out: &mut String) {
        if self.own.left_out[id] {
            return;
        }
        let node = &self.tree.nodes[id];
        if node.is_text() {
            let text = shortcodes::without(&node.text);
            out.push_str(&escape::inline(&text.replace(['\n', '\r', '\t'], " ")));
            return;
        }
        match &*node.name {
            "br" => out.push('\n'),
            "a" => self.link(id, out),
            "strong" | "b" => self.wrapped(id, "**", out),
            "em" | "i" => self.wrapped(id, "*", out),
            "del" | "s" | "strike" => self.wrapped(id, "~~", out),
            "code" | "kbd" | "samp" | "tt" => self.code(id, out),
            _ => self.children(id, out),
        }
    }

    fn children(&self, id: Id, out: &mut String) {
        for child in &self.tree.nodes[id].children {
            self.write(*child, out);
        }
        // Words of neighbouring cells and paragraphs do not touch.
        if matches!(
            &*self.tree.nodes[id].name,
            "p" | "div" | "li" | "td" | "th" | "dt" | "dd"
        ) {
            out.push(' ');
        }
    }

    fn inner(&self, id: Id) -> String {
        let mut inner = String::new();
        self.children(id, &mut inner);
        inner
    }

    /// The spaces at the ends stay outside, or Markdown would not take the marks for emphasis.
    fn wrapped(&self, id: Id, mark: &str, out: &mut String) {
        let inner = self.inner(id);
        let words = inner.trim();
        if words.is_empty() || words.contains(mark) || words.contains('\n') {
            out.push_str(&inner);
            return;
        }
        let start = inner.len() - inner.trim_start().len();
        let end = start + words.len();
        out.push_str(&inner[..start]);
        for part in [mark, words, mark] {
            out.push_str(part);
        }
        out.push_str(&inner[end..]);
    }

    fn code(&self, id: Id, out: &mut String) {
        let mut text = String::new();
        self.write_plain(id, &mut text);
        let text = escape::squeezed(&text);
        if text.is_empty() {
            return;
        }
        let ticks = "`".repeat(longest_run(&text, '`') + 1);
        let pad = if text.starts_with('`') || text.ends_with('`') {
            " "
        } else {
            ""
        };
        for part in [&ticks, pad, &text, pad, &ticks] {
            out.push_str(part);
        }
    }

    fn link(&self, id: Id, out: &mut String) {
        let inner = self.inner(id);
        let words = inner.trim();
        let target = self
            .target(id)
            .filter(|_| !words.is_empty() && !words.contains(['\n', '[', ']']));
        match target {
            Some(target) => {
                let lead = if inner.starts_with(char::is_whitespace) {
                    " "
                } else {
                    ""
                };
                let trail = if inner.ends_with(char::is_whitespace) { " " } else { "" };
                out.push_str(&format!("{lead}[{words}]({}){trail}", escape::address(&target)));
            }
            // The sign by which themes let a heading be linked.
            None if matches!(words, "#" | "\\#" | "¶" | "§") => {}
            None => out.push_str(&inner),
        }
    }

    /// Where a link leads, unless that is within the page or nowhere for a visitor.
    fn target(&self, id: Id) -> Option<String> {
        let href = self.tree.nodes[id].attribute("href")?.trim();
        if href.is_empty() || href.starts_with('#') || href.len() > LONGEST_ADDRESS {
            return None;
        }
        let url = match (Url::parse(href), self.base) {
            (Ok(url), _) => url,
            (Err(_), Some(base)) => base.join(href).ok()?,
            (Err(_), None) => return href.starts_with('/').then(|| href.to_owned()),
        };
        matches!(url.scheme(), "http" | "https" | "mailto" | "tel").then(|| url.into())
    }
}

fn squeezed(line: &str) -> String {
    escape::squeezed(line)
}

pub fn longest_run(text: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
