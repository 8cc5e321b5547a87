//! Markdown and plain text.

use super::{Extracted, escape};

/// Markdown as it is, without front matter (https://jekyllrb.com/docs/front-matter/), from which title and language are taken.
pub fn markdown(text: &str) -> Extracted {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let (front, body) = front_matter(&text).unwrap_or(("", &text));
    let told = |name: &str| {
        let mut lines = front.lines().filter_map(|line| line.split_once(':'));
        let value = lines
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| unquoted(value.trim()));
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    Extracted {
        title: told("title").or_else(|| first_heading(body)),
        locale: told("lang")
            .or_else(|| told("locale"))
            .filter(|locale| locale.len() <= 35),
        markdown: body.trim().to_owned(),
        is_cut: false,
    }
}

/// What stands between a first line `---` and the next, and what follows.
fn front_matter(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("---\n")?;
    let end = rest.find("\n---\n").map(|at| (at, at + 5)).or_else(|| {
        let at = rest.strip_suffix("\n---")?.len();
        Some((at, rest.len()))
    })?;
    // A rule at the top of a page is no front matter.
    let front = &rest[..end.0];
    let is_one = front
        .lines()
        .all(|line| line.trim().is_empty() || line.starts_with([' ', '#', '-']) || line.contains(':'));
    is_one.then(|| (front, &rest[end.1..]))
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

fn first_heading(text: &str) -> Option<String> {
    let heading = text.lines().find_map(|line| line.strip_prefix("# "))?;
    let words = heading.trim().trim_end_matches('#').trim().replace(['`', '*'], "");
    Some(words).filter(|words| !words.is_empty())
}

/// Plain text: its paragraphs, no sign in it taken for Markdown.
pub fn plain(text: &str) -> Extracted {
    let text = text
        .trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace(['\r', '\u{c}'], "\n");
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(&escape::line(&escape::inline(&escape::squeezed(line))));
        out.push('\n');
    }
    Extracted {
        markdown: out.trim().to_owned(),
        ..Extracted::default()
    }
}
