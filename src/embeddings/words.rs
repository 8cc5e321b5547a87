//! A text as words, in the way of BERT's uncased tokenizer, from which the model's vocabulary stems
//! (<https://github.com/google-research/bert#tokenization>): lower case, no accents, punctuation and CJK characters alone.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// The words of a text, in their order.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    Words {
        chars: text.chars(),
        held: None,
    }
}

struct Words<'a> {
    chars: std::str::Chars<'a>,
    /// A character that stands alone, read while a word was ended.
    held: Option<char>,
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if let Some(alone) = self.held.take() {
            return Some(plain(alone.encode_utf8(&mut [0; 4])));
        }
        let mut word = String::new();
        for c in self.chars.by_ref() {
            match kind(c) {
                Kind::Nothing => {}
                Kind::Space if word.is_empty() => {}
                Kind::Space => break,
                Kind::Alone if word.is_empty() => return Some(plain(c.encode_utf8(&mut [0; 4]))),
                Kind::Alone => {
                    self.held = Some(c);
                    break;
                }
                Kind::Inside => word.push(c),
            }
        }
        (!word.is_empty()).then(|| plain(&word))
    }
}

enum Kind {
    Nothing,
    Space,
    /// A word of its own.
    Alone,
    Inside,
}

fn kind(c: char) -> Kind {
    if c.is_ascii_alphanumeric() {
        Kind::Inside
    } else if c.is_whitespace() {
        Kind::Space
    } else if c == '\0' || c == '\u{fffd}' || c.general_category_group() == GeneralCategoryGroup::Other {
        Kind::Nothing
    } else if c.is_ascii_punctuation()
        || c.general_category_group() == GeneralCategoryGroup::Punctuation
        || is_ideograph(c)
    {
        Kind::Alone
    } else {
        Kind::Inside
    }
}

/// The blocks that BERT calls Chinese; kana and hangul are none of them.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x20000..=0x2A6DF | 0x2A700..=0x2B73F | 0x2B740..=0x2B81F
        | 0x2B820..=0x2CEAF | 0xF900..=0xFAFF | 0x2F800..=0x2FA1F)
}

/// Lower case, without accents.
fn plain(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.nfd()
        .filter(|c| c.general_category() != GeneralCategory::NonspacingMark)
        .flat_map(char::to_lowercase)
        .collect()
}
