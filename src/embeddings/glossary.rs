//! What words of other languages mean, told by the English words that stand for them in translations: so the model, which knows
//! English, has a vector for them, and words of one language that are translated alike are known to be alike.
//!
//! `glossary/make.py` makes the tables and says what of. They are used where the binary has them.

use std::sync::OnceLock;

use super::encoder::Tokens;
use super::{Embedding, Table, Token, model, words};

/// So many English words stand for one at most.
const MOST: usize = 3;
/// An entry of the table: the rows of the English words in the model, the likeliest first, then how likely each is, of 255.
const ENTRY: usize = MOST * 3;
/// From this share of its translations on a word means the likeliest of them, and words that share it are alike.
const ALIKE: u8 = 102;
/// The shortest part of a compound, in letters.
const SHORTEST_PART: usize = 3;
/// The parts of a compound count for less than words that stand alone.
const PART: f32 = 0.7;

/// The words of one language.
pub struct Glossary {
    code: &'static str,
    /// How many words it has: a number; where the text of each ends: a number each; an entry each; the texts in the order of their
    /// bytes. Numbers have four bytes, rows two; the lowest byte is the first.
    table: &'static [u8],
    /// The numbers of the words that mean one English word before others, in the order of that word.
    by_first: OnceLock<Box<[u32]>>,
}

macro_rules! glossaries {
    ($($code:literal)+) => {
        [$(Glossary {
            code: $code,
            table: include_bytes!(concat!("glossary/", $code, ".bin")),
            by_first: OnceLock::new(),
        }),+]
    };
}

static ALL: [Glossary; 24] = glossaries!(
    "ar" "ca" "cs" "de" "el" "es" "fi" "fr" "hi" "hu" "id" "it" "ja" "ko" "nl" "pl" "pt" "ro" "ru" "sv" "tr" "uk" "vi" "zh"
);

impl Glossary {
    /// That of a language, by its ISO 639-1 code.
    pub fn of(code: &str) -> Option<&'static Self> {
        ALL.iter().find(|glossary| glossary.code == code)
    }

    fn count(&self) -> usize {
        self.number_at(0)
    }

    fn number_at(&self, place: usize) -> usize {
        let at = &self.table[place * 4..][..4];
        u32::from_le_bytes([at[0], at[1], at[2], at[3]]) as usize
    }

    fn entry(&self, number: usize) -> &'static [u8] {
        &self.table[4 + self.count() * 4 + number * ENTRY..][..ENTRY]
    }

    fn text(&self, number: usize) -> &'static str {
        let texts = 4 + self.count() * (4 + ENTRY);
        let start = if number == 0 { 0 } else { self.number_at(number) };
        std::str::from_utf8(&self.table[texts + start..texts + self.number_at(number + 1)]).unwrap_or_default()
    }

    /// The number of a word, as the index compares words: its stem, or a pair of characters where words are not spaced.
    fn find(&self, word: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.text(middle).cmp(word) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The English word that a word means before others, as a row of the model.
    fn first(&self, number: usize) -> Option<u16> {
        let entry = self.entry(number);
        (entry[MOST * 2] >= ALIKE).then(|| u16::from_le_bytes([entry[0], entry[1]]))
    }

    /// The other words that mean what this one means before all.
    pub fn alike(&self, word: &str) -> impl Iterator<Item = &'static str> {
        let own = self.find(word);
        let meant = own.and_then(|number| self.first(number));
        let by_first = self.by_first.get_or_init(|| {
            let mut numbers: Vec<u32> = (0..self.count() as u32)
                .filter(|number| self.first(*number as usize).is_some())
                .collect();
            numbers.sort_by_key(|number| self.first(*number as usize));
            numbers.into()
        });
        let start = by_first.partition_point(|number| self.first(*number as usize) < meant);
        let same = by_first[start..].iter().map(|number| *number as usize);
        same.take_while(move |number| meant.is_some() && self.first(*number) == meant)
            .filter(move |number| Some(*number) != own)
            .map(|number| self.text(number))
    }

    fn each_share(&self, number: usize, share: f32, see: &mut dyn FnMut(Token, f32)) {
        let (rows, shares) = self.entry(number).split_at(MOST * 2);
        for (row, likely) in rows.chunks_exact(2).zip(shares).filter(|(_, likely)| **likely > 0) {
            if let Some(token) = Token::of_row(u16::from_le_bytes([row[0], row[1]])) {
                see(token, share * f32::from(*likely) / 255.0);
            }
        }
    }

    /// The two parts of a compound, if both are words: `versand|kost`, `lieferung-s-zeit`. The more even, the likelier.
    fn parts(&self, word: &str) -> Option<(usize, usize)> {
        let letters = word.chars().count();
        if letters < SHORTEST_PART * 2 {
            return None;
        }
        let cuts = word
            .char_indices()
            .skip(SHORTEST_PART)
            .take(letters + 1 - SHORTEST_PART * 2);
        let parts = cuts.filter_map(|(cut, _)| {
            let (head, tail) = word.split_at(cut);
            let number = self.find(tail)?;
            let joined = ["", "s", "n", "e"]
                .into_iter()
                .filter_map(|joint| head.strip_suffix(joint));
            let head = joined.filter(|head| head.chars().count() >= SHORTEST_PART);
            let head = head.filter_map(|head| Some((head.len(), self.find(head)?))).next()?;
            Some((head.0.min(tail.len()), head.1, number))
        });
        parts.max_by_key(|(even, ..)| *even).map(|(_, head, tail)| (head, tail))
    }

    /// What words mean together, as [`super::embed_for_search`] tells of an English text: each a stem, or a pair of characters where
    /// words are not spaced, and how often it stands there. With `is_joining` compounds are taken apart.
    pub fn embed<'a>(&self, words: impl Iterator<Item = (&'a str, u32)>, is_joining: bool) -> Embedding {
        Embedding::of(Table::Search, |see| self.each_token(words, is_joining, see))
    }

    /// The English tokens that [`Glossary::embed`] averages, as rows of the table and how much each counts.
    pub fn bag<'a>(&self, words: impl Iterator<Item = (&'a str, u32)>, is_joining: bool) -> Vec<(u16, f32)> {
        let mut bag = Vec::new();
        self.each_token(words, is_joining, &mut |token, share| bag.push((token.row(), share)));
        bag
    }

    /// What the sentence encoder reads of a text, and the share of its words that something is known of. The words come in their order,
    /// else as [`Glossary::embed`] takes them; those that nothing is known of are left out.
    pub fn tokens<'a>(&self, words: impl Iterator<Item = &'a str>, is_joining: bool) -> (Tokens, f32) {
        let mut tokens = Tokens::default();
        let (mut all, mut known) = (0_u32, 0_u32);
        for word in words {
            let before = tokens.count();
            if let Some(number) = self.find(word) {
                tokens.push(&self.likely(number));
            } else if let Some((head, tail)) = is_joining.then(|| self.parts(word)).flatten() {
                tokens.push(&self.likely(head));
                tokens.push(&self.likely(tail));
            } else if word.is_ascii() {
                model::pieces(word, |token| tokens.push(&[(token, 1.0)]));
            }
            all += 1;
            known += u32::from(tokens.count() > before);
            if tokens.are_enough() {
                break;
            }
        }
        (tokens, if all == 0 { 0.0 } else { known as f32 / all as f32 })
    }

    fn likely(&self, number: usize) -> Vec<(Token, f32)> {
        let mut likely = Vec::new();
        self.each_share(number, 1.0, &mut |token, share| likely.push((token, share)));
        likely
    }

    fn each_token<'a>(
        &self,
        words: impl Iterator<Item = (&'a str, u32)>,
        is_joining: bool,
        see: &mut dyn FnMut(Token, f32),
    ) -> f32 {
        let (mut all, mut known) = (0_u32, 0_u32);
        for (word, count) in words {
            let often = count as f32;
            all += count;
            if let Some(number) = self.find(word) {
                self.each_share(number, often, see);
            } else if let Some((head, tail)) = is_joining.then(|| self.parts(word)).flatten() {
                self.each_share(head, PART * often, see);
                self.each_share(tail, PART * often, see);
            } else if let Some(token) = name(word) {
                see(token, often);
            } else {
                continue;
            }
            known += count;
        }
        if all == 0 { 0.0 } else { known as f32 / all as f32 }
    }
}

/// A word in Latin letters that the model has whole: a name, or an English word in another language's text.
fn name(word: &str) -> Option<Token> {
    if !word.is_ascii() {
        return None;
    }
    let mut found = None;
    let mut parts = words::words(word);
    let is_whole = matches!((parts.next(), parts.next()), (Some(one), None)
        if model::pieces(&one, |token| found = Some(token)) == Some(1));
    found.filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glossary(code: &str) -> &'static Glossary {
        Glossary::of(code).expect("a language that has one")
    }

    #[test]
    fn tables_are_whole_and_in_order() {
        for glossary in &ALL {
            let texts: Vec<&str> = (0..glossary.count()).map(|number| glossary.text(number)).collect();
            assert!(texts.len() > 1_000, "{}: {}", glossary.code, texts.len());
            assert!(
                texts.is_sorted() && texts.iter().all(|text| !text.is_empty()),
                "{}",
                glossary.code
            );
            assert!((0..texts.len()).all(|number| glossary.find(texts[number]) == Some(number)));
        }
        assert!(Glossary::of("en").is_none() && Glossary::of("").is_none());
    }

    #[test]
    fn a_word_means_what_it_is_translated_by() {
        let german = |text: &str| glossary("de").embed(text.split(' ').map(|word| (word, 1)), true);
        let english = |text: &str| super::super::embed_for_search(text).vector;
        let password = german("kennwort");
        assert_eq!(password.known, 1.0);
        assert!(password.vector.similarity(&english("password")) > 0.7);
        assert!(password.vector.similarity(&english("password")) > password.vector.similarity(&english("printer")));
        assert_eq!(german("qwrtzpf").known, 0.0);
    }

    #[test]
    fn a_compound_means_its_parts() {
        let embed = |is_joining| glossary("de").embed([("kennwortdatei", 1)].into_iter(), is_joining);
        assert_eq!((embed(true).known, embed(false).known), (1.0, 0.0));
        let both = super::super::embed_for_search("password file").vector;
        assert!(embed(true).vector.similarity(&both) > 0.6);
    }

    #[test]
    fn words_that_are_translated_alike_are_alike() {
        let alike: Vec<&str> = glossary("de").alike("passwort").collect();
        assert!(alike.contains(&"kennwort") && !alike.contains(&"passwort"), "{alike:?}");
        assert_eq!(glossary("de").alike("qwrtzpf").count(), 0);
    }
}
