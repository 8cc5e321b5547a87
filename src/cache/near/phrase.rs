//! A question as it is compared with another one.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use snowball_stemmers_rs::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use crate::domain::numerals::{self, ENGLISH, Numerals};
use crate::embeddings::{self, Vector, embed};

/// Below this share of known words the vector says too little for an answer without a second look.
pub const READABLE: f32 = 0.75;

/// Everything that two questions are compared by.
#[derive(Debug, Clone, PartialEq)]
pub struct Phrase {
    pub vector: Vector,
    /// The model knows most of its words.
    pub is_readable: bool,
    /// Lower case, in their order.
    pub words: Vec<String>,
    /// Numbers and versions in their order, number words as digits.
    pub numbers: Vec<String>,
    /// How many words deny.
    pub denials: usize,
    /// `why`, `when`, `how much`; an answer to one is none to another.
    pub asking: BTreeSet<String>,
    /// Words that are written as names, or that the model does not know: products, people, brands.
    pub names: BTreeSet<String>,
    /// The stems of the words that say what it is about: all but those that hold any question together. Each once, in order of
    /// the alphabet.
    pub content: Vec<String>,
    /// The same as they follow each other, each with the place of its word.
    pub stems: Vec<(usize, String)>,
}

const DENIALS: &[&str] = &[
    "not",
    "no",
    "never",
    "none",
    "nothing",
    "nobody",
    "nor",
    "neither",
    "without",
    "cannot",
    "cant",
    "dont",
    "doesnt",
    "didnt",
    "isnt",
    "wasnt",
    "arent",
    "wont",
    "wouldnt",
    "hasnt",
    "havent",
    "couldnt",
    "unable", // English
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keiner",
    "ohne",
    "nie", // German
    "ne",
    "pas",
    "sans",
    "jamais",
    "aucun",
    "aucune", // French
    "sin",
    "nunca",
    "ningún",
    "nada", // Spanish
    "не",
    "нет",
    "без",
    "никогда", // Russian
];

/// English words that hold a question together and say nothing of what it is about. What denies or asks is looked at elsewhere.
const FUNCTION: &str = "a an the i me my mine myself we us our you your he she it its they them their this that these those \
there here is am was were are be been being do does did done doing have has had having will would shall should can could may might \
must to of in on at for with by from and or but not as if so than then too very just also really still already yet please hi hello \
hey thanks thank im ive dont cant wont s t m re ve ll d what how why when where who whom whose which want need know tell help any \
some all let lets like ok okay get got getting go going way possible able explain show give";

static FUNCTION_WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| FUNCTION.split(' ').collect());
/// English, as what is sure is: see [`READABLE`].
static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

const ASKING: &[&str] = &[
    "why", "when", "where", "who", "how", "what", "which", "warum", "wann", "wo", "wer", "wie", "pourquoi", "quand",
    "où", "comment", "cuándo", "dónde", "cómo",
];
/// After `how`, these ask for a measure.
const MEASURES: &[&str] = &["much", "many", "long", "often", "far", "old", "big", "soon"];

/// What else is a number in a question.
const ALSO_NUMBERS: Numerals = &[
    ("thousand", "1000"),
    ("first", "1st"),
    ("second", "2nd"),
    ("third", "3rd"),
];

impl Phrase {
    pub fn of(text: &str) -> Self {
        let embedding = embed(text);
        let plain: String = text.nfkc().map(|c| if c == '’' { '\'' } else { c }).collect();
        let spelled: Vec<&str> = plain
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '.' | ',' | '_' | '-')))
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .filter(|word| !word.is_empty())
            .collect();
        let words: Vec<String> = spelled.iter().map(|word| word.to_lowercase()).collect();
        let stems = stems(&words);
        Self {
            vector: embedding.vector,
            is_readable: embedding.known >= READABLE,
            numbers: plain.split_whitespace().filter_map(exact).collect(),
            denials: (0..words.len()).filter(|at| denies(&words, *at)).count(),
            asking: asking(&words),
            names: names(&spelled),
            content: content(&stems),
            stems,
            words,
        }
    }
}

/// What has to be the same to the sign: `-2`, `7.4`, `C++`, `two`.
fn exact(spelled: &str) -> Option<String> {
    let mark = |c: char| matches!(c, '?' | '!' | '.' | ',' | ';' | ':' | '(' | ')' | '"' | '\'' | '…');
    let word = spelled.trim_matches(mark).to_lowercase();
    match word.contains(['+', '#']) {
        true => Some(word),
        false => number(&word),
    }
}

fn number(word: &str) -> Option<String> {
    if word.chars().any(char::is_numeric) {
        return Some(word.to_owned());
    }
    // `one` stands for a thing more often: which one, the other one.
    let known = numerals::digits(word, &[ENGLISH, ALSO_NUMBERS]).filter(|_| word != "one");
    known.map(str::to_owned)
}

/// Whether a word denies what comes after it. What may be so `or not` is only asked.
pub(super) fn denies(words: &[String], at: usize) -> bool {
    let word = words[at].as_str();
    let bare = word.replace('\'', "");
    let is_left_open = at > 0 && word == "not" && words[at - 1] == "or";
    !is_left_open && (word.ends_with("n't") || DENIALS.contains(&bare.as_str()))
}

fn asking(words: &[String]) -> BTreeSet<String> {
    let asks = |(at, word): (usize, &String)| {
        let bare = word.split('\'').next().unwrap_or(word);
        ASKING.contains(&bare).then(|| match words.get(at + 1) {
            Some(next) if bare == "how" && MEASURES.contains(&next.as_str()) => format!("{bare} {next}"),
            _ => bare.to_owned(),
        })
    };
    words.iter().enumerate().filter_map(asks).collect()
}

fn stems(words: &[String]) -> Vec<(usize, String)> {
    let words = words.iter().enumerate();
    let parts = words.flat_map(|(at, word)| word.split(['-', '\'']).map(move |part| (at, part)));
    let kept = parts.filter(|(_, part)| !part.is_empty() && !FUNCTION_WORDS.contains(part));
    kept.map(|(at, part)| (at, STEMMER.stem(part).into_owned())).collect()
}

fn content(stems: &[(usize, String)]) -> Vec<String> {
    let each: BTreeSet<&String> = stems.iter().map(|(_, stem)| stem).collect();
    each.into_iter().cloned().collect()
}

/// A text in capitals throughout says nothing about names by its capitals.
fn names(spelled: &[&str]) -> BTreeSet<String> {
    let capitals = |word: &&&str| word.chars().next().is_some_and(char::is_uppercase);
    let shouts = spelled.iter().filter(capitals).count() * 3 > spelled.len() * 2;
    let is_name = |(at, word): &(usize, &&str)| {
        if number(word).is_some() || word.contains('\'') || word.chars().count() < 2 {
            return false;
        }
        let inner = word.chars().skip(1).any(char::is_uppercase);
        let starts = *at > 0 && word.chars().next().is_some_and(char::is_uppercase);
        (!shouts && (inner || starts)) || (word.chars().count() > 3 && !embeddings::is_word(&word.to_lowercase()))
    };
    let all = spelled.iter().enumerate().filter(is_name);
    all.map(|(_, word)| word.to_lowercase()).collect()
}
