//! `bench-index`: an index of 100,000 passages. Their text is made up: words as frequent as in a language (Zipf's law, Heaps' law), so that the
//! postings and the dictionary have the sizes that real content gives them. The most frequent are English words (those of the manual), so that
//! stems, words that stand for one another, and what passages mean, cost what they cost on a real site. Then what an idle service
//! pays for the manual.
//!
//! `bench-index FILE` also writes passages and questions into a file, as `tantivy/main.rs` reads them.
//!
//! Beside each time on the clock stands the time on the processor: on a busy machine the first tells of the others, too.

use std::io::Write;
use std::time::{Duration, Instant};

use pennypress::knowledge::{Document, Knowledge, Query};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::time::{ClockId, clock_gettime};

const PASSAGES: usize = 100_000;
/// Passages of a page, and words of a passage.
const OF_A_PAGE: usize = 8;
const WORDS: usize = 110;
/// Distinct words in all.
const VOCABULARY: usize = 250_000;
const QUESTIONS: usize = 2_000;
/// Questions are asked in the words of these ranks: more frequent ones are left out in a language, and few ask in rarer ones.
const ASKED: std::ops::Range<usize> = 50..20_000;
const SMALLER: &str = "smaller";
const SITE: &str = "bench";

fn main() {
    let mut chance = StdRng::seed_from_u64(7);
    let words = vocabulary(&mut chance);
    let began = Instant::now();
    let pages: Vec<Document> = (0..PASSAGES / OF_A_PAGE)
        .map(|number| page(number, &words, &mut chance))
        .collect();
    let text: usize = pages.iter().map(|page| page.markdown.len()).sum();
    told("making the text", began.elapsed().as_secs_f64(), " s");

    let knowledge = Knowledge::with_manual();
    let before = resident();
    let (began, on_processor) = (Instant::now(), processor_time(ClockId::ProcessCPUTime));
    for step in pages.chunks(500) {
        knowledge.put(SITE, step.to_vec());
    }
    let took = began.elapsed();
    let busy = processor_time(ClockId::ProcessCPUTime).saturating_sub(on_processor);
    drop(pages);
    let (bytes, passages) = knowledge.size(SITE);
    let a_passage = |bytes: usize| bytes as f64 / passages as f64;
    told("passages", passages as f64, "");
    judged(
        "indexing",
        passages as f64 / took.as_secs_f64(),
        " passages/s",
        Some(5_000.0),
        None,
    );
    told(
        "indexing on the processor (two share the work)",
        busy.as_secs_f64() * 1_000_000.0 / passages as f64,
        " µs/passage",
    );
    judged(
        "index beyond its text",
        a_passage(bytes),
        " bytes/passage",
        None,
        Some(1_024.0),
    );
    told("text", a_passage(text), " bytes/passage");
    told(
        "memory of the process, text included",
        a_passage(resident().saturating_sub(before)),
        " bytes/passage",
    );

    let questions: Vec<String> = (0..QUESTIONS).map(|_| question(&words, &mut chance)).collect();
    if let Some(path) = std::env::args().nth(1) {
        write(&path, &knowledge, &questions).expect("to write passages and questions");
    }
    for (name, typos) in [
        ("questions of 3 to 12 words", false),
        ("the same, a third of the words mistyped", true),
    ] {
        let mut times: Vec<Duration> = Vec::with_capacity(questions.len());
        let mut busy: Vec<Duration> = Vec::with_capacity(questions.len());
        for question in &questions {
            let question = if typos {
                slipped(question, &mut chance)
            } else {
                question.clone()
            };
            let (began, on_processor) = (Instant::now(), processor_time(ClockId::ThreadCPUTime));
            let found = knowledge.search(SITE, &Query::of(&question), 5);
            times.push(began.elapsed());
            busy.push(processor_time(ClockId::ThreadCPUTime).saturating_sub(on_processor));
            std::hint::black_box(found);
        }
        times.sort();
        busy.sort();
        let at = |of: &[Duration], share: f64| of[((of.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        told(&format!("{name}: median"), at(&times, 0.5), " ms");
        told(&format!("{name}: median on the processor"), at(&busy, 0.5), " ms");
        told(
            &format!("{name}: 99th percentile on the processor"),
            at(&busy, 0.99),
            " ms",
        );
        judged(
            &format!("{name}: 99th percentile"),
            at(&times, 0.99),
            " ms",
            None,
            Some(10.0),
        );
    }

    // Larger sites do not look for such a question.
    let mut number = 0;
    while knowledge.size(SMALLER).1 <= 19_500 {
        let pages = (number..number + 50).map(|number| page(number, &words, &mut chance));
        knowledge.put(SMALLER, pages.collect());
        number += 50;
    }
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        let found = knowledge.search(SMALLER, &Query::of("Who are you, and what do you do?"), 5);
        times.push(began.elapsed());
        assert!(!found.passages.is_empty());
    }
    times.sort();
    judged(
        "20,000 passages, a question whose words tell nothing: 99th percentile",
        times[98].as_secs_f64() * 1_000.0,
        " ms",
        None,
        Some(10.0),
    );

    let began = Instant::now();
    let mut changed = page(0, &words, &mut chance);
    changed.markdown.push_str("\n\nThe zyzzyva was added just now.");
    knowledge.put(SITE, vec![changed]);
    let found = knowledge.search(SITE, &Query::of("zyzzyva"), 1);
    assert!(found.passages[0].text.contains("zyzzyva"));
    judged(
        "a changed page is found after",
        began.elapsed().as_secs_f64() * 1_000.0,
        " ms",
        None,
        Some(1_000.0),
    );

    let began = Instant::now();
    std::hint::black_box(Knowledge::with_manual());
    told(
        "indexing the manual at start",
        began.elapsed().as_secs_f64() * 1_000.0,
        " ms",
    );
}

fn write(path: &str, knowledge: &Knowledge, questions: &[String]) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for passage in knowledge.passages(SITE) {
        let text = format!("{} {} {}", passage.title, passage.section, passage.text);
        writeln!(file, "{}", serde_json::json!({ "passage": text }))?;
    }
    for question in questions {
        writeln!(file, "{}", serde_json::json!({ "question": question }))?;
    }
    file.flush()
}

/// The words of the manual, the most frequent first, then made-up ones of three to ten letters.
fn vocabulary(chance: &mut StdRng) -> Vec<String> {
    let mut counts: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for passage in Knowledge::with_manual().passages(SITE) {
        let lower = passage.text.to_lowercase();
        for word in lower
            .split(|c: char| !c.is_ascii_lowercase())
            .filter(|word| word.len() > 2)
        {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    let mut words: Vec<String> = counts.keys().cloned().collect();
    words.sort_by(|a, b| counts[b].cmp(&counts[a]).then(a.cmp(b)));
    told("English words among them", words.len() as f64, "");
    let mut seen: std::collections::HashSet<String> = words.iter().cloned().collect();
    while words.len() < VOCABULARY {
        let syllables = 1 + (words.len() as f64).log10() as usize / 2 + chance.random_range(0..3_usize);
        let word: String = (0..=syllables)
            .flat_map(|_| {
                let consonant = b"bcdfghklmnprstvw"[chance.random_range(0..16_usize)];
                let vowel = b"aeiou"[chance.random_range(0..5_usize)];
                [consonant as char, vowel as char]
            })
            .collect();
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

/// A word by Zipf's law, by inverting its continuous form.
fn word<'a>(words: &'a [String], chance: &mut StdRng) -> &'a str {
    let rank = (words.len() as f64).powf(chance.random::<f64>()) - 1.0;
    &words[(rank as usize).min(words.len() - 1)]
}

fn page(number: usize, words: &[String], chance: &mut StdRng) -> Document {
    let mut markdown = format!("# {} {}\n", word(words, chance), word(words, chance));
    for _ in 0..OF_A_PAGE {
        markdown.push_str(&format!("\n## {} {}\n\n", word(words, chance), word(words, chance)));
        for at in 0..WORDS {
            markdown.push_str(word(words, chance));
            markdown.push_str(if at % 14 == 13 { ". " } else { " " });
        }
        markdown.push('\n');
    }
    Document {
        id: format!("page-{number}"),
        title: String::new(),
        url: format!("https://example.com/page-{number}"),
        markdown,
        locale: Some("en".to_owned()),
        asked: Vec::new(),
    }
}

/// Words as frequent as in the text, within [`ASKED`].
fn question(words: &[String], chance: &mut StdRng) -> String {
    let count = chance.random_range(3..=12);
    let all: Vec<&str> = (0..count).map(|_| word(&words[ASKED], chance)).collect();
    all.join(" ")
}

fn slipped(question: &str, chance: &mut StdRng) -> String {
    let slip = |word: &str, chance: &mut StdRng| {
        let at = chance.random_range(1..word.len());
        let mut letters = word.to_owned();
        if word.len() >= 4 && chance.random_range(0..3) == 0 {
            letters.remove(at);
        }
        letters
    };
    let all: Vec<String> = question.split(' ').map(|word| slip(word, chance)).collect();
    all.join(" ")
}

/// How long the processor has worked for this thread, or for all threads of this process.
fn processor_time(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// Bytes of memory that the process holds, from /proc; 0 where there is none.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

fn told(name: &str, value: f64, unit: &str) {
    println!("          {name:<58} {value:.2}{unit}");
}

fn judged(name: &str, value: f64, unit: &str, least: Option<f64>, most: Option<f64>) {
    let held = least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most);
    let target = match (least, most) {
        (Some(least), _) => format!("at least {least}{unit}"),
        (_, Some(most)) => format!("at most {most}{unit}"),
        _ => String::new(),
    };
    let word = if held { "held  " } else { "MISSED" };
    println!("  {word}  {name:<58} {value:.2}{unit}  (target: {target})");
}
