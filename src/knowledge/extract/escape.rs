//! A page's words as Markdown that means just them.

/// Plain words within a line of Markdown.
pub fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let special = match c {
            '\\' => next.is_ascii_punctuation(),
            '`' | '*' | '[' | ']' | '<' => true,
            // Within a word it stands for itself.
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            '~' => next == '~' || before == '~',
            '&' => next == '#' || next.is_ascii_alphabetic(),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

/// The beginning of a line, which could be taken for a heading, a list, a quotation or a rule.
pub fn line(text: &str) -> String {
    let Some(first) = text.chars().next() else {
        return String::new();
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let after = text.get(digits..).unwrap_or_default();
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    let counts = (1..=9).contains(&digits)
        && (after.starts_with('.') || after.starts_with(')'))
        && ends(after.get(1..).unwrap_or_default());
    if counts {
        return format!("{}\\{after}", &text[..digits]);
    }
    let marks = text.chars().take_while(|c| *c == first).count();
    let rest = text.get(marks * first.len_utf8()..).unwrap_or_default();
    let special = match first {
        '#' => ends(rest),
        '-' | '+' => ends(text.get(1..).unwrap_or_default()) || marks > 2,
        '=' => rest.trim().is_empty(),
        '~' => marks > 2,
        '>' | '|' => true,
        _ => false,
    };
    if special { format!("\\{text}") } else { text.to_owned() }
}

/// An address within `(…)`.
pub fn address(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            c if c.is_whitespace() || c.is_control() => out.push_str("%20"),
            c => out.push(c),
        }
    }
    out
}

/// One space between words, none at the ends.
pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The fragment under which a heading is reached, as it may stand in `{#…}`.
pub fn fragment(id: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b':'
            | b'!'
            | b'$'
            | b'&'
            | b'\''
            | b'*'
            | b'+'
            | b','
            | b';'
            | b'='
            | b'@'
            | b'/' => out.push(byte as char),
            // Writing to a text does not fail.
            byte => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

/// Where a page's heading has no id: browsers scroll to these words (https://wicg.github.io/scroll-to-text-fragment/).
pub fn text_fragment(words: &str) -> String {
    use std::fmt::Write;
    let mut out = String::from(":~:text=");
    for byte in words.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'~' | b'_' => out.push(byte as char),
            // `-`, `,` and `&` have a meaning of their own there.
            byte => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}
