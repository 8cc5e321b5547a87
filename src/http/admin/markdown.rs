//! Markdown that others wrote, on the operator's pages: drawn as visitors see it.

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd, html};

use crate::knowledge::options;

/// As HTML. HTML inside it is shown as text, pictures are their words, and a link leads only to the web or to this site.
pub(super) fn drawn(markdown: &str) -> String {
    let mut open = Vec::new();
    let events = Parser::new_ext(markdown, options()).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        // The chat shows a line's end as one.
        Event::SoftBreak => Some(Event::HardBreak),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) if !leads(dest_url) => {
            open.push(TagEnd::Emphasis);
            Some(Event::Start(Tag::Emphasis))
        }
        Event::Start(ref tag @ (Tag::Link { .. } | Tag::Emphasis)) => {
            open.push(tag.to_end());
            Some(event)
        }
        Event::End(TagEnd::Link | TagEnd::Emphasis) => Some(Event::End(open.pop().unwrap_or(TagEnd::Emphasis))),
        // Below the page's own headings, and without an id that could be one of the page's.
        Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
            level: below(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(below(level)))),
        event => Some(event),
    });
    let events = events.flat_map(|event| match event {
        Event::Start(Tag::Table(_)) => [Some(Event::Html("<div class=\"scroll\">".into())), Some(event)],
        Event::End(TagEnd::Table) => [Some(event), Some(Event::Html("</div>".into()))],
        event => [Some(event), None],
    });
    let mut shown = String::new();
    html::push_html(&mut shown, events.flatten());
    shown
}

fn leads(url: &str) -> bool {
    let ours = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    ours || url.starts_with("https://") || url.starts_with("http://")
}

fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_runs_nothing() {
        let shown = drawn(
            "**Hi** <script>alert(1)</script> [x](javascript:alert(1)) [z](//e.example) ![y](https://e.example/p.png)",
        );
        assert!(shown.contains("<strong>Hi</strong>"));
        for bad in ["<script", "javascript:", "<img", "//e.example"] {
            assert!(!shown.contains(bad), "{shown}");
        }
        assert!(drawn("[ok](https://example.com)").contains("href=\"https://example.com\""));
        assert!(!drawn("# A {#main .top onclick=x}").contains("main"));
        assert!(!drawn("<div onclick=x>\n\nhi").contains("<div"));
    }
}
