//! The list that is played: read from CSV or JSONL, and drawn from it by Zipf's law.

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;

/// Bytes of a list, and characters of a question as the service takes them.
const LARGEST: u64 = 200 << 20;
const LONGEST: usize = 4_000;
/// Names of the columns that hold a question, and of those that hold its label.
const TEXTS: [&str; 3] = ["text", "question", "message"];
const LABELS: [&str; 3] = ["category", "intent", "label"];

/// A question of the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    pub text: String,
    /// Questions with the same label want the same answer.
    pub category: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum QuestionsError {
    #[error("{file} cannot be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("{file} is larger than {LARGEST} bytes")]
    TooLarge { file: String },
    #[error("{file}, line {line}: {problem}")]
    Line { file: String, line: u64, problem: String },
    #[error("{file}: no column is called `text`, `question` or `message`; the first line must name the columns")]
    NoText { file: String },
    #[error("{file} holds no question")]
    Empty { file: String },
}

#[derive(Deserialize)]
struct Line {
    #[serde(alias = "question", alias = "message")]
    text: String,
    #[serde(alias = "intent", alias = "label")]
    category: Option<String>,
}

/// The questions of a `.jsonl` (or `.ndjson`) file, one JSON object a line; of any other file as CSV with a header. Empty questions
/// and those of more than 4,000 characters, which the service would refuse, are left out.
pub fn read(path: &Path) -> Result<Vec<Asked>, QuestionsError> {
    let file = path.display().to_string();
    let unreadable = |reason: String| QuestionsError::Unreadable {
        file: file.clone(),
        reason,
    };
    let size = std::fs::metadata(path)
        .map_err(|error| unreadable(error.to_string()))?
        .len();
    if size > LARGEST {
        return Err(QuestionsError::TooLarge { file });
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let is_json = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("jsonl") || end.eq_ignore_ascii_case("ndjson"));
    let mut all = match is_json {
        true => json_lines(&file, &text)?,
        false => table(&file, &text)?,
    };
    for one in &mut all {
        one.text = one.text.trim().to_owned();
        one.category = one.category.take().filter(|label| !label.trim().is_empty());
    }
    all.retain(|one| !one.text.is_empty() && one.text.chars().count() <= LONGEST);
    match all.is_empty() {
        true => Err(QuestionsError::Empty { file }),
        false => Ok(all),
    }
}

fn json_lines(file: &str, text: &str) -> Result<Vec<Asked>, QuestionsError> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line): (u64, &str)| match serde_json::from_str::<Line>(line) {
        Ok(line) => Ok(Asked {
            text: line.text,
            category: line.category,
        }),
        Err(error) => Err(QuestionsError::Line {
            file: file.to_owned(),
            line: number,
            problem: format!("{error}; allowed is an object with `text`, `question` or `message`"),
        }),
    };
    lines.map(read).collect()
}

fn table(file: &str, text: &str) -> Result<Vec<Asked>, QuestionsError> {
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let wrong = |error: csv::Error| QuestionsError::Line {
        file: file.to_owned(),
        line: error.position().map_or(1, csv::Position::line),
        problem: error.to_string(),
    };
    let header = reader.headers().map_err(wrong)?.clone();
    let column = |names: &[&str]| {
        let named = |name: &str| names.iter().any(|one| name.trim().eq_ignore_ascii_case(one));
        header.iter().position(named)
    };
    let Some(texts) = column(&TEXTS) else {
        return Err(QuestionsError::NoText { file: file.to_owned() });
    };
    let labels = column(&LABELS);
    let read = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(wrong)?;
        Ok(Asked {
            text: record.get(texts).unwrap_or_default().to_owned(),
            category: labels.and_then(|at| record.get(at)).map(str::to_owned),
        })
    };
    reader.records().map(read).collect()
}

/// So many questions, drawn from the different ones of the list: the one at rank r of an order by chance comes with a
/// frequency of 1/r^s (Zipf's law), as questions at a support desk do. The same seed draws the same.
pub fn zipf(list: &[Asked], s: f64, count: usize, seed: u64) -> Vec<&Asked> {
    let mut seen = HashSet::new();
    let mut different: Vec<&Asked> = list.iter().filter(|one| seen.insert(&one.text)).collect();
    let mut dice = Dice::new(seed, "zipf");
    // Fisher and Yates's shuffle.
    for last in (1..different.len()).rev() {
        different.swap(last, dice.below(last + 1));
    }
    let mut reached = 0.0;
    let weights = (1..=different.len()).map(|rank| (rank as f64).powf(-s));
    let bounds: Vec<f64> = weights
        .map(|weight| {
            reached += weight;
            reached
        })
        .collect();
    let draw = |_| {
        let place = dice.unit() * reached;
        let at = bounds.partition_point(|bound| *bound <= place);
        different[at.min(different.len() - 1)]
    };
    (0..count).map(draw).collect()
}

/// Chance that is the same on every machine and in every version: the output of BLAKE3.
pub(super) struct Dice(blake3::OutputReader);

impl Dice {
    pub fn new(seed: u64, what: &str) -> Self {
        let mut hash = blake3::Hasher::new_derive_key("pennypress 2026 replay");
        hash.update(&seed.to_le_bytes());
        hash.update(what.as_bytes());
        Self(hash.finalize_xof())
    }

    /// From 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn below(&mut self, bound: usize) -> usize {
        ((self.unit() * bound as f64) as usize).min(bound.saturating_sub(1))
    }
}
