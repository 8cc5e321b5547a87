//! Numbers in a text, in one form however they are written.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::super::terms::is_unspaced;
use crate::domain::numerals::{self, ENGLISH, OTHERS};

/// Beginnings of what is counted: with one of these behind it, a number word is a number.
const UNITS: &[&str] = &[
    "second", "minute", "hour", "day", "week", "month", "year", "night", "business", "working", "percent", "dollar",
    "euro", "cent", "pound", "people", "person", "guest", "user", "site", "time", "kilo", "gram", "meter", "metre",
    "mile", "liter", "litre", "tag", "woche", "monat", "jahr", "stunde", "werktag", "prozent", "jour", "semaine",
    "mois", "heure", "año", "día", "semana", "mes", "hora",
];

/// The numbers of a text: `1,000`, `1.000` and `1 000` are `1000`, `2,50` and `2.5` are `2.5`, `two weeks` holds `2`,
/// and `٤٠` is `40`.
pub(super) fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let characters: Vec<char> = text.chars().map(latin).collect();
    let mut at = 0;
    while at < characters.len() {
        let is_inside_a_word = at > 0 && characters[at - 1].is_alphabetic();
        if !characters[at].is_numeric() || is_inside_a_word {
            at += 1;
            continue;
        }
        let start = at;
        while at < characters.len() && continues(&characters, at) {
            at += 1;
        }
        let written: String = characters[start..at].iter().collect();
        found.push(canonical(&written));
        // The rest of `4th` and `5kg` is a word of its own; the rest of `3d2f` is none.
        while at < characters.len() && characters[at].is_alphanumeric() {
            at += 1;
        }
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.unicode_words().collect();
    for two in words.windows(2) {
        if let Some(number) = numerals::digits(two[0], &[ENGLISH, OTHERS])
            && UNITS.iter().any(|unit| two[1].starts_with(unit))
        {
            found.push(number.to_owned());
        }
    }
    found
}

/// The numbers that a text gives to whoever looks for them: also those between letters of a script without spaces, as in `在40天内`.
/// Nobody who writes such a script is held to these, since as many are written in words.
pub(super) fn numbers_stated(text: &str) -> Vec<String> {
    numbers(&text.replace(|c: char| is_unspaced(c) && !c.is_numeric(), " "))
}

/// A digit of any script as the one of ASCII, and the marks that separate Arabic digits as those that separate Latin ones.
fn latin(c: char) -> char {
    match c {
        _ if c.is_ascii() => c,
        '٫' | '．' => '.',
        '٬' => ',',
        _ => digit(c).unwrap_or(c),
    }
}

/// Every script that has digits has them in one piece, in ascending order from zero (The Unicode Standard, section 4.6); so a digit's
/// value is how many stand before it. Where pieces meet, as those of mathematics do, it is what is left of tens.
fn digit(c: char) -> Option<char> {
    let is_digit = |c: &char| c.general_category() == GeneralCategory::DecimalNumber;
    let before = (0..u32::from(c))
        .rev()
        .map_while(|code| char::from_u32(code).filter(is_digit));
    is_digit(&c).then(|| char::from_digit(before.count() as u32 % 10, 10))?
}

/// A digit, or a separator between two digits. A space separates thousands only.
fn continues(characters: &[char], at: usize) -> bool {
    let digit = |at: usize| characters.get(at).is_some_and(|c| c.is_ascii_digit());
    match characters[at] {
        c if c.is_numeric() => true,
        '.' | ',' | '\'' | '’' => at > 0 && digit(at - 1) && digit(at + 1),
        '\u{a0}' | '\u{202f}' => at > 0 && digit(at - 1) && (1..=3).all(|more| digit(at + more)) && !digit(at + 4),
        _ => false,
    }
}

fn canonical(written: &str) -> String {
    let plain: String = written.chars().map(|c| if c == ',' { '.' } else { c }).collect();
    let groups: Vec<&str> = plain.split(['.', '\'', '’', '\u{a0}', '\u{202f}']).collect();
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
        return plain;
    };
    let (whole, fraction) = if groups.len() == 1 {
        ((*first).to_owned(), "")
    } else if groups[1..].iter().all(|group| group.len() == 3) {
        (groups.concat(), "")
    } else if groups.len() == 2 || groups[1..groups.len() - 1].iter().all(|group| group.len() == 3) {
        (groups[..groups.len() - 1].concat(), *last)
    } else {
        // A version, an address, a date: as it stands.
        return plain;
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{numbers, numbers_stated};

    #[test]
    fn one_number_has_one_form() {
        assert_eq!(numbers("$1,000 or 1.000 € or 1\u{a0}000 € or 1'000"), ["1000"; 4]);
        assert_eq!(numbers("2,50 € and 2.5"), ["2.5", "2.5"]);
        assert_eq!(numbers("PHP 7.4.33 at 09:30, the 4th, MP3"), ["7.4.33", "9", "30", "4"]);
        assert_eq!(numbers("Within two weeks, one of them"), ["2"]);
        assert_eq!(numbers("1.234.567,80"), ["1234567.8"]);
        assert_eq!(numbers("٤٠ ۴۰ ४० ๔๐ ４０ 𝟒𝟎 𝟺𝟶"), ["40"; 7]);
        assert_eq!(numbers_stated("在40天内退30元, ภายใน๔๐วัน, MP3"), ["40", "30", "40"]);
        assert_eq!(numbers("١٬٢٣٤٬٥٦٧٫٨٠"), ["1234567.8"]);
    }
}
