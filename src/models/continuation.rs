//! An answer that broke off is continued: the next model gets the words already shown and goes on from there.
//! Some models begin again, or repeat the last words; a visitor must not read anything twice.

use std::borrow::Cow;

use super::provider::Message;

/// A repetition is looked for within this many bytes of the end of the shown text.
const LONGEST_OVERLAP: usize = 400;

/// The shortest repetition that is taken for one; less is taken for chance.
const SHORTEST_OVERLAP: usize = 8;

const GO_ON: &str = "Your answer above was cut off by a lost connection. Continue it exactly where it stopped: \
    write only what comes next, in the same language and format, starting with the very next character. \
    Do not repeat anything, do not apologise, do not comment on this.";

/// What is said after the conversation so far to get the rest of `shown`.
pub fn turns(shown: &str) -> [Message; 2] {
    let turn = |role, content: &str| Message {
        role,
        content: content.to_owned(),
    };
    [turn("assistant", shown), turn("user", GO_ON)]
}

/// Removes from the start of a continuation what was shown already.
pub struct Seam<'a> {
    shown: Cow<'a, str>,
    held: String,
    closed: bool,
}

impl<'a> Seam<'a> {
    /// With nothing shown there is no seam, and words pass through.
    pub fn new(shown: impl Into<Cow<'a, str>>) -> Self {
        let shown = shown.into();
        Self {
            closed: shown.is_empty(),
            shown,
            held: String::new(),
        }
    }

    /// The text that may be shown now.
    pub fn pass(&mut self, text: &str) -> String {
        if self.closed {
            return text.to_owned();
        }
        self.held.push_str(text);
        let begins_again = self.shown.starts_with(self.held.as_str());
        let may_overlap = self.held.len() < LONGEST_OVERLAP && self.tail().contains(self.held.as_str());
        if begins_again || may_overlap {
            return String::new();
        }
        self.close()
    }

    /// What is left when the continuation ended.
    pub fn close(&mut self) -> String {
        self.closed = true;
        let held = std::mem::take(&mut self.held);
        if let Some(rest) = held.strip_prefix(&*self.shown) {
            return rest.to_owned();
        }
        let longest = held.len().min(LONGEST_OVERLAP).min(self.shown.len());
        for length in (SHORTEST_OVERLAP.min(longest)..=longest).rev() {
            if length >= SHORTEST_OVERLAP && held.is_char_boundary(length) && self.shown.ends_with(&held[..length]) {
                return held[length..].to_owned();
            }
        }
        // A model that began again but chose other words on the way: show from where it differs on.
        let same = self
            .shown
            .char_indices()
            .zip(held.chars())
            .take_while(|((_, a), b)| a == b)
            .map(|((i, a), _)| i + a.len_utf8());
        let common = same.last().unwrap_or(0);
        if common >= 40 || (common > 0 && common == held.len()) {
            held[common..].to_owned()
        } else {
            held
        }
    }

    fn tail(&self) -> &str {
        let mut start = self.shown.len().saturating_sub(LONGEST_OVERLAP);
        while !self.shown.is_char_boundary(start) {
            start += 1;
        }
        &self.shown[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(shown: &str, words: &[&str]) -> String {
        let mut seam = Seam::new(shown);
        let mut text = shown.to_owned();
        for word in words {
            text.push_str(&seam.pass(word));
        }
        text + &seam.close()
    }

    #[test]
    fn nothing_is_said_twice_and_nothing_is_lost() {
        let shown = "Open the menu, then choose Plug";
        assert_eq!(
            joined(shown, &["ins", " and Add"]),
            "Open the menu, then choose Plugins and Add"
        );
        assert_eq!(
            joined(shown, &["then choose ", "Plugins"]),
            "Open the menu, then choose Plugins"
        );
        assert_eq!(
            joined(shown, &["Open ", "the menu, then ", "choose Plugins", "."]),
            "Open the menu, then choose Plugins."
        );
        assert_eq!(
            joined(shown, &["Open ", "the menu, then ", "choose Plug"]),
            "Open the menu, then choose Plug"
        );
        assert_eq!(joined("", &["Hello"]), "Hello");
        assert_eq!(
            joined("Grüße aus Köln und ", &["Köln und ", "Bonn"]),
            "Grüße aus Köln und Bonn"
        );
    }
}
