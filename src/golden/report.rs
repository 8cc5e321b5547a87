//! What a golden set came to: as it is printed, and as JSON for whoever compares or draws it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Change, Fault, GoldenQuestion};
use crate::domain::{Answer, Doubt, Finish, From, Tier, Usage, Usd};

/// Bytes of a report that is compared with.
const LARGEST: u64 = 200 << 20;
/// Characters of an answer that are printed beside what is wrong with it.
const SHOWN: usize = 160;

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("the report {file} cannot be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("the report {file} cannot be written: {reason}")]
    Unwritable { file: String, reason: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// RFC 3339, in UTC.
    pub began_at: String,
    /// The version of Pennypress.
    pub version: String,
    /// The site's key.
    pub site: String,
    pub questions: usize,
    pub passed: usize,
    /// The share that must pass, from 0 to 1.
    pub pass: f64,
    /// Sentences that the passages behind their answer do not support, in all answers.
    pub unsupported_sentences: usize,
    /// What all calls cost, also those that were no answer.
    pub cost_usd: Usd,
    pub first_word_ms: Times,
    pub total_ms: Times,
    /// How many answers came from where.
    pub from: BTreeMap<String, usize>,
    /// In the order of the golden set.
    pub results: Vec<Judged>,
}

/// By the nearest-rank method; `None`: there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Times {
    pub median: Option<u32>,
    pub p95: Option<u32>,
}

/// What came of one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub id: String,
    pub question: String,
    /// What was asked before it in its conversation.
    pub turns: Vec<String>,
    pub passed: bool,
    /// In words.
    pub faults: Vec<String>,
    /// `None` for a question that was not answered at all; so are those below.
    pub from: Option<From>,
    pub finish: Option<Finish>,
    pub model: Option<String>,
    pub tier: Option<Tier>,
    pub text: String,
    /// The addresses that it cites.
    pub sources: Vec<String>,
    pub doubts: Vec<Doubt>,
    pub usage: Usage,
    pub cost_usd: Usd,
    pub first_word_ms: Option<u32>,
    pub total_ms: Option<u32>,
}

impl Judged {
    pub fn of(asked: &GoldenQuestion, faults: &[Fault], answer: Option<&Answer>) -> Self {
        Self {
            id: asked.id.clone(),
            question: asked.question.clone(),
            turns: asked.turns.clone(),
            passed: faults.is_empty(),
            faults: faults.iter().map(Fault::to_string).collect(),
            from: answer.map(|answer| answer.from),
            finish: answer.map(|answer| answer.finish),
            model: answer.and_then(|answer| answer.model.as_deref().map(str::to_owned)),
            tier: answer.and_then(|answer| answer.route.as_ref().map(|route| route.tier)),
            text: answer.map(|answer| answer.text.as_ref().to_owned()).unwrap_or_default(),
            sources: answer.map_or_else(Vec::new, |answer| {
                answer.sources.iter().map(|source| source.url.clone()).collect()
            }),
            doubts: answer.map_or_else(Vec::new, |answer| answer.doubts.clone()),
            usage: answer.map(|answer| answer.usage).unwrap_or_default(),
            cost_usd: answer.map_or(Usd::ZERO, |answer| answer.cost),
            first_word_ms: answer.and_then(|answer| answer.first_word_ms),
            total_ms: answer.map(|answer| answer.total_ms),
        }
    }
}

impl Times {
    fn of(times: impl Iterator<Item = u32>) -> Self {
        let mut all: Vec<u32> = times.collect();
        all.sort_unstable();
        let at = |percent: usize| all.get((all.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Self {
            median: at(50),
            p95: at(95),
        }
    }
}

impl Report {
    pub fn new(site: &str, pass: f64, began_at: jiff::Timestamp, cost_usd: Usd, results: Vec<Judged>) -> Self {
        let mut from = BTreeMap::new();
        for result in &results {
            let name = result.from.map_or("none", |from| from.as_str());
            *from.entry(name.to_owned()).or_default() += 1;
        }
        Self {
            began_at: began_at.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            site: site.to_owned(),
            questions: results.len(),
            passed: results.iter().filter(|result| result.passed).count(),
            pass,
            unsupported_sentences: results.iter().map(|result| result.doubts.len()).sum(),
            cost_usd,
            first_word_ms: Times::of(results.iter().filter_map(|result| result.first_word_ms)),
            total_ms: Times::of(results.iter().filter_map(|result| result.total_ms)),
            from,
            results,
        }
    }

    /// Whether enough questions passed.
    pub fn is_good(&self) -> bool {
        self.passed as f64 >= self.pass * self.questions as f64
    }

    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let unreadable = |reason: String| ReportError::Unreadable {
            file: path.display().to_string(),
            reason,
        };
        let size = std::fs::metadata(path)
            .map_err(|error| unreadable(error.to_string()))?
            .len();
        if size > LARGEST {
            return Err(unreadable(format!("it is larger than {LARGEST} bytes")));
        }
        let text = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        serde_json::from_slice(&text)
            .map_err(|error| unreadable(format!("it is no report of `pennypress eval`: {error}")))
    }

    /// In one step, so that whoever reads it meanwhile finds the old one or the new one.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let unwritable = |reason: String| ReportError::Unwritable {
            file: path.display().to_string(),
            reason,
        };
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| unwritable(error.to_string()))?;
        text.push(b'\n');
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, path))
            .map_err(|error| unwritable(error.to_string()))
    }
}

/// What failed, what changed since an earlier report, and the sums.
pub fn print(report: &Report, changes: Option<&[Change]>) {
    for result in report.results.iter().filter(|result| !result.passed) {
        println!("FAIL  {}", line(&result.id));
        for fault in &result.faults {
            println!("      {}", line(fault));
        }
        if !result.text.is_empty() {
            println!("      the answer: {}", shortened(&line(&result.text)));
        }
    }
    for change in changes.unwrap_or_default() {
        println!("{}  {}", change.word(), line(change.id()));
    }
    if report.passed < report.questions || changes.is_some_and(|all| !all.is_empty()) {
        println!();
    }
    println!(
        "passed                 {} of {}, {:.1}%; wanted {:.1}%",
        report.passed,
        report.questions,
        report.passed as f64 * 100.0 / report.questions.max(1) as f64,
        report.pass * 100.0
    );
    if let Some(changes) = changes {
        let count = |word: &str| changes.iter().filter(|change| change.word() == word).count();
        println!(
            "since the other report {} worse, {} better",
            count(Change::WORSE),
            count(Change::BETTER)
        );
    }
    println!("unsupported sentences  {}", report.unsupported_sentences);
    let from: Vec<String> = report
        .from
        .iter()
        .map(|(from, count)| format!("{count} {from}"))
        .collect();
    println!("answered from          {}", from.join(", "));
    println!("cost                   {} US dollars", report.cost_usd);
    println!("first word             {}", times(report.first_word_ms));
    println!("whole answer           {}", times(report.total_ms));
}

fn times(times: Times) -> String {
    match (times.median, times.p95) {
        (Some(median), Some(p95)) => format!("{median} ms median, {p95} ms 95th percentile"),
        _ => "none".to_owned(),
    }
}

/// On one line, without what a terminal would take for an order: what a page or a model wrote stands in it.
fn line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
