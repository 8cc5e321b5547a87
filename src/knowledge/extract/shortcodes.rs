//! What WordPress's shortcodes leave behind when no plugin draws them: `[gallery ids="1,2"]`. The words between an opening and a
//! closing one stay.

use std::collections::HashSet;

/// Longer ones do not occur; a `[` without an end is a `[`.
const LONGEST: usize = 1_000;

/// Those that stand without an attribute or an end, of WordPress itself and of plugins that many sites have.
const KNOWN: &[&str] = &[
    "gallery",
    "playlist",
    "audio",
    "video",
    "embed",
    "caption",
    "wp_caption",
    "more",
    "nextpage",
    "contact-form",
    "contact-form-7",
    "products",
    "product",
    "recent_products",
    "featured_products",
    "sale_products",
    "product_page",
    "product_categories",
    "woocommerce_cart",
    "woocommerce_checkout",
    "woocommerce_my_account",
    "woocommerce_order_tracking",
    "add_to_cart",
    "ninja_form",
    "gravityform",
    "wpforms",
    "rev_slider",
    "mc4wp_form",
    "elementor-template",
    "searchform",
    "sitemap",
    "toc",
    "ez-toc",
];
/// The beginnings of the names that page builders give theirs.
const BEGINNINGS: &[&str] = &["vc_", "et_pb_", "fusion_", "av_", "su_", "fl_", "mk_", "cs_", "tve_"];

/// The text without them. Takes time in proportion to it.
pub fn without(text: &str) -> String {
    if !text.contains('[') {
        return text.to_owned();
    }
    let closed: HashSet<&str> = tags(text).filter(|tag| tag.closes).map(|tag| tag.name).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for tag in tags(text) {
        let is_one = tag.closes
            || tag.has_attributes
            || closed.contains(tag.name)
            || KNOWN.contains(&tag.name)
            || BEGINNINGS.iter().any(|begin| tag.name.starts_with(begin));
        if is_one {
            out.push_str(&text[at..tag.start]);
            at = tag.end;
        }
    }
    out.push_str(&text[at..]);
    out
}

struct Tag<'a> {
    name: &'a str,
    closes: bool,
    has_attributes: bool,
    start: usize,
    end: usize,
}

/// Whatever could be one, in order.
fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + bytes.get(from..)?.iter().position(|byte| *byte == b'[')?;
            from = start + 1;
            let window = &bytes[start + 1..bytes.len().min(start + 1 + LONGEST)];
            let Some(end) = window.iter().position(|byte| matches!(byte, b'[' | b']')) else {
                continue;
            };
            if window[end] == b'[' {
                continue;
            }
            let inner = &text[start + 1..start + 1 + end];
            if let Some((name, closes, has_attributes)) = read(inner) {
                from = start + end + 2;
                return Some(Tag {
                    name,
                    closes,
                    has_attributes,
                    start,
                    end: start + end + 2,
                });
            }
        }
    })
}

/// A name, whether it closes, and whether attributes follow it.
fn read(inner: &str) -> Option<(&str, bool, bool)> {
    let (inner, closes) = match inner.strip_prefix('/') {
        Some(rest) => (rest, true),
        None => (inner, false),
    };
    let length = inner
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        .count();
    let (name, rest) = inner.split_at(length);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let rest = rest.trim_end_matches('/');
    match rest.trim().is_empty() {
        true => Some((name, closes, false)),
        false if closes || !rest.starts_with(char::is_whitespace) => None,
        false => is_attribute(rest.trim()).then_some((name, false, true)),
    }
}

/// `name="value"`, `name=value`, or a lone number as in `[product 12]`.
fn is_attribute(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let named = first.split_once('=').is_some_and(|(name, value)| {
        !name.is_empty()
            && !value.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    });
    named || text.contains("=\"") || text.contains("=&#8221;") || text.contains("=”")
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn only_shortcodes_go() {
        for (text, left) in [
            ("See [gallery ids=\"1,2\" link='none'] below", "See  below"),
            ("[su_note color=\"red\"]Mind [b]the[/b] gap[/su_note]", "Mind the gap"),
            ("[unknown]words[/unknown]", "words"),
            ("[caption id=\"a_1\" width=\"300\"]A cat[/caption]", "A cat"),
            (
                "As [1] says, [sic] and [optional]; press [Enter]",
                "As [1] says, [sic] and [optional]; press [Enter]",
            ),
            ("array[0] and [see below] [a b c]", "array[0] and [see below] [a b c]"),
            ("[vc_row][vc_column]x[/vc_column][/vc_row]", "x"),
            ("[[[[", "[[[["),
            ("[/x", "[/x"),
            ("[ä=1]", "[ä=1]"),
        ] {
            assert_eq!(without(text), left, "{text}");
        }
        assert_eq!(without(&"[".repeat(100_000)).len(), 100_000);
    }
}
