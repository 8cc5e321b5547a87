//! What a question looks like, as points: none of it understands the question, all of it is cheap.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use hashbrown::HashSet;

/// One thing that speaks for a stronger model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signal {
    pub points: u32,
    /// For the operator: why.
    pub told: String,
}

/// Asks to weigh things up, or to fit them to the visitor's case. The languages are those of most visitors.
const WEIGHING: &[&str] = &[
    "compare",
    "compared",
    "comparison",
    "difference",
    "differences",
    "differ",
    "versus",
    "vs",
    "better",
    "best",
    "cheaper",
    "faster",
    "recommend",
    "suggest",
    "suits",
    "suit",
    "worth",
    "pros",
    "cons",
    "advantages",
    "disadvantages",
    "explain",
    "than", // English
    "unterschied",
    "unterschiede",
    "vergleich",
    "vergleiche",
    "vergleichen",
    "besser",
    "empfehlen",
    "empfehlt",
    "empfehlung",
    "lohnt",
    "vorteile",
    "nachteile",
    "erkläre",
    "erklären", // German
    "différence",
    "différences",
    "comparer",
    "comparaison",
    "mieux",
    "meilleur",
    "conseillez",
    "recommandez",
    "avantages",
    "expliquer",
    "expliquez", // French
    "diferencia",
    "diferencias",
    "comparar",
    "comparación",
    "mejor",
    "recomienda",
    "recomiendan",
    "recomendar",
    "ventajas",
    "explica",
    "explicar", // Spanish
];

/// Conditions, exceptions and combinations: the answer depends on the visitor's case.
const CONDITIONS: &[&str] = &[
    "if",
    "but",
    "although",
    "though",
    "unless",
    "instead",
    "both",
    "while",
    "without",
    "only",
    "because",
    "except",
    "still",
    "should",
    "even",
    "also",
    "rather",
    "or", // English
    "wenn",
    "falls",
    "aber",
    "obwohl",
    "statt",
    "beide",
    "ohne",
    "nur",
    "außer",
    "trotzdem",
    "sollte",
    "oder", // German
    "si",
    "mais",
    "alors",
    "sauf",
    "seulement",
    "sans",
    "ou", // French
    "pero",
    "aunque",
    "excepto",
    "solo",
    "sin", // Spanish
];

/// Who speaks of themselves.
const PERSON: &[&str] = &[
    "i", "my", "we", "our", "ich", "mein", "meine", "wir", "unser", "unsere", "je", "j", "mon", "ma", "nous", "notre",
    "mi", "mis", "nosotros", "nuestro", "nuestra",
];

/// How a second question begins in the same sentence.
const ASKED: &[&str] = &[
    " and what",
    " and which",
    " and how",
    " and does",
    " and do",
    " and is",
    " and are",
    " and can",
    " and may",
    " and who",
    " and where",
    " and when",
    " and should",
    ", und was",
    ", und wie",
    ", und welche",
    ", und kann",
    " et lequel",
    " et comment",
    " et que",
    " y cuál",
    " y cómo",
    " y qué",
];

/// Work in steps that depend on each other, or something to be made.
const WORK: &[&str] = &[
    "step by step",
    "schritt für schritt",
    "étape par étape",
    "paso a paso",
    "one by one",
    "order of the steps",
    "summarise",
    "summarize",
    "write a ",
    "write me",
    "regular expression",
    "migrate",
    "migration",
    "calculation",
    "plan a ",
    "without downtime",
    "into one list",
    "from the beginning",
    "go back",
    "go wrong",
    "schiefgeht",
    "carry over",
    "put all of",
    "everything that we",
];

/// Marks that prose does not have; two of them are code.
const CODE: &[&str] = &[
    "()",
    ");",
    "</",
    "/>",
    "=>",
    "->",
    "{\n",
    "};",
    "{{",
    "\": ",
    "': ",
    "\":",
    "$_",
    "<?php",
    "select ",
    " from ",
    " where ",
    "function ",
    "function(",
    "traceback",
    "exception",
    "keyerror",
    "add_action(",
    "add_filter(",
    "const ",
    "curl ",
    "http://",
    "https://",
    "docker ",
    " -d ",
    " -p ",
    " -v ",
    ".java:",
    ".py",
    ".php",
    "nginx",
    "configuration",
    "query string",
    "422",
    "500",
    "code 1",
    "messages[",
    "stack trace",
    "invalid hook",
    "fatal error",
];

/// The signals of a question, each with its points.
pub(super) fn of(text: &str, turns: usize) -> Vec<Signal> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let found = [
        code(&lower),
        work(&lower),
        several_questions(&lower),
        list(text),
        weighing(&words),
        own_case(text, &words),
        joined(&lower),
        conditions(&words),
        length(text),
        clauses(text),
        figures(&words),
        thread(turns),
    ];
    found.into_iter().flatten().collect()
}

fn signal(points: u32, told: impl Into<String>) -> Option<Signal> {
    Some(Signal {
        points,
        told: told.into(),
    })
}

/// Phrases that are looked for all at once, in one pass over the question.
struct Phrases {
    list: &'static [&'static str],
    automaton: Option<AhoCorasick>,
}

impl Phrases {
    fn new(list: &'static [&'static str]) -> Self {
        // It fails for lists of many megabytes only; then each phrase is looked for by itself.
        let automaton = AhoCorasick::new(list).ok();
        Self { list, automaton }
    }

    /// Those that stand in the text, in the order of the list.
    fn found_in(&self, text: &str) -> Vec<&'static str> {
        let Some(automaton) = &self.automaton else {
            return self
                .list
                .iter()
                .copied()
                .filter(|phrase| text.contains(phrase))
                .collect();
        };
        let mut found: Vec<usize> = automaton
            .find_overlapping_iter(text)
            .map(|found| found.pattern().as_usize())
            .collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| self.list[at]).collect()
    }
}

/// Lists of words that every word of a question is looked up in.
type Words = HashSet<&'static str>;

static WEIGHING_WORDS: LazyLock<Words> = LazyLock::new(|| WEIGHING.iter().copied().collect());
static CONDITION_WORDS: LazyLock<Words> = LazyLock::new(|| CONDITIONS.iter().copied().collect());
static PERSON_WORDS: LazyLock<Words> = LazyLock::new(|| PERSON.iter().copied().collect());
static CODE_MARKS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(CODE));
static WORK_PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(WORK));
static ASKED_PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(ASKED));

fn code(lower: &str) -> Option<Signal> {
    let marks = CODE_MARKS.found_in(lower).len();
    match lower.contains("```") || marks >= 2 {
        true => signal(10, "it holds code or a log"),
        false => None,
    }
}

fn work(lower: &str) -> Option<Signal> {
    match WORK_PHRASES.found_in(lower).as_slice() {
        [] => None,
        [one] => signal(6, format!("it asks for work in steps (“{}”)", one.trim())),
        [one, ..] => signal(9, format!("it asks for work in steps (“{}”)", one.trim())),
    }
}

fn several_questions(lower: &str) -> Option<Signal> {
    match lower.matches(['?', '？', '؟']).count() {
        0 | 1 => None,
        2 => signal(2, "it asks 2 questions"),
        asked => signal(10, format!("it asks {asked} questions at once")),
    }
}

/// `1. … 2. … 3. …`
fn list(text: &str) -> Option<Signal> {
    let numbered = ["1.", "2.", "3."].iter().all(|number| text.contains(number));
    let numbered = numbered || ["1)", "2)", "3)"].iter().all(|number| text.contains(number));
    if numbered {
        signal(8, "it is a list of tasks")
    } else {
        None
    }
}

fn weighing(words: &[&str]) -> Option<Signal> {
    let word = words.iter().find(|word| WEIGHING_WORDS.contains(**word))?;
    signal(4, format!("it weighs things up (“{word}”)"))
}

fn conditions(words: &[&str]) -> Option<Signal> {
    let found: Vec<&&str> = words.iter().filter(|word| CONDITION_WORDS.contains(**word)).collect();
    let points = match found.len() {
        0 => return None,
        1 => 2,
        2 => 3,
        _ => 4,
    };
    signal(points, format!("it sets conditions (“{}”)", found[0]))
}

fn length(text: &str) -> Option<Signal> {
    let characters = text.chars().count();
    let points = match characters {
        0..=90 => return None,
        91..=160 => 1,
        161..=260 => 3,
        261..=700 => 5,
        _ => 10,
    };
    signal(points, format!("it is {characters} characters long"))
}

/// Something is told of the visitor's own case before it is asked.
fn own_case(text: &str, words: &[&str]) -> Option<Signal> {
    let person = words.iter().any(|word| PERSON_WORDS.contains(*word));
    let tells = text
        .split_inclusive(['.', '!', '?', ';'])
        .filter(|sentence| sentence.split_whitespace().count() >= 4)
        .any(|sentence| !sentence.ends_with('?'));
    if person && tells && text.contains('?') {
        signal(2, "it tells of a case of its own")
    } else {
        None
    }
}

/// Two things asked in one sentence: “…, and what …”.
fn joined(lower: &str) -> Option<Signal> {
    let asked = ASKED_PHRASES.found_in(lower).into_iter().find(|asked| {
        let mut rest = lower;
        while let Some(at) = rest.find(*asked) {
            rest = &rest[at + asked.len()..];
            if rest.starts_with(' ') {
                return true;
            }
        }
        false
    })?;
    signal(
        2,
        format!(
            "it asks two things at once (“{}”)",
            asked.trim_start_matches([',', ' '])
        ),
    )
}

/// Sentences and commas: how much is said before it is asked.
fn clauses(text: &str) -> Option<Signal> {
    let ends = text.split_inclusive(['.', '!', '?', ';', ':', '\n']);
    let sentences = ends.filter(|part| part.split_whitespace().count() >= 3).count();
    let commas = text.matches([',', '，']).count();
    match sentences + commas {
        0..=2 => None,
        3 => signal(1, "several clauses"),
        4..=5 => signal(2, "many clauses"),
        _ => signal(3, "many clauses"),
    }
}

/// Amounts, ages and dates of the visitor's own case.
fn figures(words: &[&str]) -> Option<Signal> {
    match words
        .iter()
        .filter(|word| word.bytes().any(|b| b.is_ascii_digit()))
        .count()
    {
        0 | 1 => None,
        2 => signal(1, "2 figures"),
        figures => signal(2, format!("{figures} figures")),
    }
}

fn thread(turns: usize) -> Option<Signal> {
    match turns {
        0 => None,
        1..=8 => signal(4, format!("it goes on from {turns} earlier turn(s)")),
        _ => signal(10, format!("it continues a conversation of {turns} turns")),
    }
}
