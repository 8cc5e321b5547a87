//! A question as an index reads it: its words, and what may stand for each in the content.

use std::collections::HashSet;

use unicode_normalization::char::is_combining_mark;

use super::candidates::saturated;
use super::look::Meanings;
use crate::domain::Role;
use crate::embeddings::is_word;
use crate::knowledge::Query;
use crate::knowledge::index::{Index, is_slip_of};
use crate::knowledge::language::Language;
use crate::knowledge::meaning::alike;
use crate::knowledge::terms::{each_word, is_unspaced, stem, tells};
use crate::knowledge::thesaurus;

/// A question is read to here; what stands beyond says little that is new and costs time.
const MOST_TERMS: usize = 64;
/// In so many of a site's languages a word is read.
const MOST_LANGUAGES: usize = 4;
/// A word that may stand for the one asked.
const SYNONYM: f32 = 0.6;
/// A word that translations show to mean the same.
const ALIKE: f32 = 0.5;
/// A compound that holds the word asked, or a part of the compound asked.
const PART: f32 = 0.6;
/// A word that looks like another form of the one asked, or one made of it.
const FORM: f32 = 0.8;
/// From this likeness on a mistyped word is taken for the one meant: one slip in four letters.
const SURELY_MEANT: f32 = 0.75;
/// What the question before counts for when this one leans on it, and what it counts for the one before that.
const LEANED_ON: f32 = 0.45;
/// A question of fewer words of its own than this leans on what was said before.
const STANDS_ALONE: usize = 3;

/// What is asked for, term by term.
pub(super) struct Asked {
    /// What may stand for it in a text, each with its weight from 0 to 1, the best first.
    pub readings: Vec<(u32, f32)>,
    /// How much it tells, and how much it is meant.
    pub rarity: f32,
    /// What its best reading weighs, when that is a word that was surely meant and only mistyped; otherwise 1. The share of the
    /// question that a passage holds is told beside it: a slip of the finger is no doubt about the answer.
    pub whole: f32,
    /// Its place in the question; words of earlier questions have none.
    pub at: Option<usize>,
    /// The word that it is likeliest a slip of.
    meant: Option<String>,
}

pub(in crate::knowledge) struct Question {
    pub(super) terms: Vec<Asked>,
    /// The likeliest: English, when nothing tells.
    pub(super) spoken: Language,
    /// `None`: the content has one language, or the question's is not known.
    pub(super) language: Option<Language>,
    /// See [`crate::knowledge::Retrieved::is_judged`].
    pub is_judged: bool,
    /// What was said, without its slips and with what it leans on: for the sentence encoder, which reads more than words.
    pub(super) said: String,
}

impl Question {
    /// How well a sentence of the content fits.
    pub fn fit(&self, index: &Index, language: Language, sentence: &str) -> f32 {
        let meanings = Meanings::new(&self.terms);
        let mut held = vec![0.0_f32; self.terms.len()];
        let mut length = 0.0;
        each_word(sentence, language, &mut |word| {
            length += 1.0;
            let term = index.lexicon.find(&stem(word, language));
            if let Some((i, weight)) = term.and_then(|term| meanings.of(term)) {
                held[i] = held[i].max(weight);
            }
        });
        let worth = held.iter().zip(&self.terms).map(|(weight, one)| weight * one.rarity);
        worth.sum::<f32>() * saturated(1.0, length / (index.average_length() / 4.0))
    }
}

/// Words that point at what was said before.
const POINTING: &[&str] = &[
    "it", "its", "that", "this", "they", "them", "those", "these", "there", "one", "ones", "he", "she", // English
    "es", "das", "dies", "diese", "dieser", "davon", "dafür", "damit", "dazu", "sie", "er", "dort", // German
    "ça", "cela", "celui", "il", "elle", "eso", "esto", "ello", "ese", "esa", // French, Spanish
];

/// The question's terms, each once, as far as they tell anything.
pub(in crate::knowledge) fn asked(index: &Index, query: &Query<'_>) -> Question {
    let mut languages = index.languages();
    languages.truncate(MOST_LANGUAGES);
    let mut possible = languages.clone();
    possible.extend(Language::of_tag(query.locale).filter(|language| !languages.contains(language)));
    let language = Language::among(&possible, query.text);
    let mut reader = Reader {
        index,
        languages: &languages,
        seen: HashSet::new(),
        terms: Vec::new(),
        slips: Vec::new(),
    };
    let spoken = language.or(languages.first().copied()).unwrap_or(Language::ENGLISH);
    reader.read(query.text, spoken, 1.0, true);
    let is_foreign = languages.iter().all(|known| *known != Language::UNKNOWN)
        && language
            .or_else(|| Language::of_text(query.text))
            .is_some_and(|language| !languages.contains(&language));
    let leans = !query.turns.is_empty() && leans(query.text, reader.terms.len());
    let is_talk = is_small_talk(query.text, spoken);
    let mut said = query.text.to_owned();
    if leans {
        let before = query.turns.iter().rev().filter(|turn| turn.role == Role::User);
        let mut weight = LEANED_ON;
        for turn in before.take(2) {
            reader.read(&turn.text, spoken, weight, false);
            // The question before says what this one is about; what came before that is too far.
            if weight == LEANED_ON {
                said = format!("{} {}", turn.text, query.text);
            }
            weight *= LEANED_ON;
        }
    }
    for (slip, meant) in &reader.slips {
        said = with_word(&said, slip, meant);
    }
    Question {
        terms: reader.terms,
        spoken,
        is_judged: !is_foreign && !leans && !is_talk,
        language: language.filter(|_| languages.len() > 1),
        said,
    }
}

/// A text with one word in the place of another, whichever its case.
fn with_word(text: &str, old: &str, new: &str) -> String {
    let mut changed = String::with_capacity(text.len() + new.len());
    for part in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let end = part.char_indices().next_back().filter(|(_, c)| !c.is_alphanumeric());
        let (word, end) = part.split_at(end.map_or(part.len(), |(at, _)| at));
        changed.push_str(if word.to_lowercase() == old { new } else { word });
        changed.push_str(end);
    }
    changed
}

/// Greetings, thanks and the like, which no page need answer.
const TALK: &[&str] = &[
    "good",
    "morning",
    "evening",
    "afternoon",
    "night",
    "day",
    "hey",
    "hello",
    "hi",
    "bye",
    "goodbye",
    "nice",
    "great",
    "cool",
    "ok",
    "perfect",
    "cheers",
    "thank",
    "thanks",
    "welcome",
    "sorry",
    "yes",
    "no",
    "human",
    "agent",
    "bot",
    "person",
    "speak",
    "talk",
    "there",
    "danke",
    "hallo",
    "guten",
    "tag",
    "morgen",
    "abend",
    "tschüss",
    "bitte",
    "merci",
    "bonjour",
    "salut",
    "hola",
    "gracias",
    "buenos",
    "días",
    "ciao",
    "grazie",
    "obrigado",
    "olá",
    "привет",
    "спасибо",
    "здравствуйте",
    "你好",
    "谢谢",
    "こんにちは",
    "ありがとう",
    "नमस्ते",
    "धन्यवाद",
    "مرحبا",
    "شكرا",
    "สวัสดี",
    "ขอบคุณ",
];

fn is_small_talk(text: &str, language: Language) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower
        .split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c))
        .filter(|word| !word.is_empty());
    words.all(|word| TALK.contains(&word) || language.leaves_out(word))
}

fn leans(text: &str, own_terms: usize) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    own_terms < STANDS_ALONE || words.any(|word| POINTING.contains(&word))
}

struct Reader<'a> {
    index: &'a Index,
    languages: &'a [Language],
    seen: HashSet<String>,
    terms: Vec<Asked>,
    /// Words of the question that are slips, each with the word that was meant.
    slips: Vec<(String, String)>,
}

impl Reader<'_> {
    fn read(&mut self, text: &str, language: Language, weight: f32, is_asked: bool) {
        let mut at = 0;
        each_word(text, language, &mut |word| {
            let stem = stem(word, self.languages.first().copied().unwrap_or(language));
            if self.terms.len() < MOST_TERMS && self.seen.insert(stem) {
                let mut one = self.word(word, language);
                one.rarity *= weight * tells(word, language);
                one.at = is_asked.then_some(at);
                // `somthing` is not in the content, and says as little as `something`.
                if let Some(meant) = one.meant.take() {
                    self.slips.push((word.to_owned(), meant));
                }
                if !one.readings.is_empty() || !is_slip_of(word, language.left_out()) {
                    self.terms.push(one);
                }
            }
            at += 1;
        });
    }

    fn word(&self, word: &str, language: Language) -> Asked {
        let lexicon = &self.index.lexicon;
        let mut readings: Vec<(u32, f32)> = Vec::new();
        let mut own = Vec::new();
        let mut whole = 1.0;
        let mut meant = None;
        for language in self.languages {
            let stem = stem(word, *language);
            own.extend(lexicon.find(&stem));
        }
        own.sort_unstable();
        own.dedup();
        readings.extend(own.iter().map(|term| (*term, 1.0)));
        if self.languages.contains(&Language::ENGLISH) && (language == Language::ENGLISH || word.is_ascii()) {
            let beside = thesaurus::beside(&stem(word, Language::ENGLISH));
            let synonyms = beside.iter().filter_map(|stem| lexicon.find(stem));
            readings.extend(synonyms.map(|term| (term, SYNONYM)));
        }
        for language in self.languages {
            let stem = stem(word, *language);
            readings.extend(alike(&stem, *language).filter_map(|stem| Some((lexicon.find(stem)?, ALIKE))));
        }
        if self.languages.iter().any(|language| language.joins_words()) {
            readings.extend(self.parts(word).into_iter().map(|term| (term, PART)));
        }
        for language in self.languages.iter().filter(|language| language.bends_words()) {
            let forms = lexicon.forms(word, &stem(word, *language));
            readings.extend(forms.into_iter().map(|term| (term, FORM)));
        }
        if readings.is_empty() {
            let common = |term| self.index.found(term);
            let mut slips = lexicon.readings(word, common);
            if slips.is_empty() {
                // A plural of which the content has only the singular: its ending is no slip.
                slips = word
                    .strip_suffix('s')
                    .map_or(slips, |one| lexicon.readings(one, common));
            }
            let likeness = slips.first().map_or(0.0, |(_, likeness, _)| *likeness);
            // A word of the language may be meant as it stands.
            meant = slips
                .first()
                .filter(|_| !is_word(word))
                .map(|(.., meant)| (*meant).to_owned());
            if likeness >= SURELY_MEANT {
                whole = likeness * likeness;
            }
            readings.extend(slips.into_iter().map(|(term, likeness, _)| (term, likeness * likeness)));
        }
        readings.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        readings.dedup_by_key(|(term, _)| *term);
        readings.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        // A word that is not there counts as the rarest of those that are: in a small content many a common word is not there. One that only others stand for counts as the likeliest of them.
        let found = match (own.as_slice(), readings.first()) {
            ([], None) => 1,
            ([], Some((term, _))) => self.index.found(*term),
            (own, _) => own.iter().map(|term| self.index.found(*term)).sum(),
        };
        // A pair of characters that is not there says less than a word that is not there.
        let rarity = if readings.is_empty() && word.chars().all(is_unspaced) {
            self.index.rarity(1) * 0.5
        } else {
            self.index.rarity(found)
        };
        Asked {
            readings,
            rarity,
            whole,
            at: None,
            meant,
        }
    }

    /// In languages that write compounds as one word: those that hold this one, and the parts of this one.
    fn parts(&self, word: &str) -> Vec<u32> {
        let lexicon = &self.index.lexicon;
        let mut found = lexicon.compounds(word);
        for language in self.languages.iter().filter(|language| language.joins_words()) {
            let stem = stem(word, *language);
            if stem != word {
                found.extend(lexicon.compounds(&stem));
            }
        }
        let letters: Vec<(usize, char)> = word.char_indices().collect();
        for (cut, _) in letters.iter().skip(4).take(letters.len().saturating_sub(7)) {
            let (head, tail) = word.split_at(*cut);
            for language in self.languages.iter().filter(|language| language.joins_words()) {
                let stand = |part: &str| lexicon.find(&stem(part, *language));
                // `Versand|kosten`, `Lieferung-s-zeit`.
                let head = stand(head).or_else(|| stand(head.strip_suffix('s').filter(|head| head.len() >= 4)?));
                if let (Some(head), Some(tail)) = (head, stand(tail)) {
                    found.extend([head, tail]);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_put_in_the_place_of_a_slip() {
        assert_eq!(
            with_word("Waranty? no waranty, (WARANTY)", "waranty", "warranty"),
            "warranty? no warranty, (warranty)"
        );
        assert_eq!(with_word("warantys für ß", "waranty", "warranty"), "warantys für ß");
        assert_eq!(with_word("", "a", "b"), "");
    }
}
