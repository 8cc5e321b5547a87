//! How long a look-up takes in a full cache, what it overlooks, and what an entry takes of memory.

use std::time::Instant;

use pennypress::cache::CacheKey;
use pennypress::cache::near::{Daring, NearCache, Phrase, Scope, Vectors};
use pennypress::embeddings::embed;
use pennypress::replay::Asked;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::time::{ClockId, clock_gettime};

use super::{judged, told};

const ENTRIES: usize = 100_000;
const LOOKUPS: usize = 3_000;
/// Questions whose nearest are also looked for among all.
const COMPARED: usize = 1_500;
/// For want of real questions: words that make some.
const WORDS: &str = "card payment transfer refund order delivery address plugin install update theme error account password email invoice \
price plan cancel change limit fee currency exchange rate country language booking ticket seat date time page post menu image upload \
download backup server domain certificate browser phone app login report bug help";

/// Two halves of two real questions make a new one, as close to others as real ones are.
pub fn measure(real: Vec<Asked>) {
    let mut dice = StdRng::seed_from_u64(7);
    let texts: Vec<String> = match real.is_empty() {
        false => real.into_iter().map(|one| one.text).collect(),
        true => (0..10_000).map(|_| made_up(&mut dice)).collect(),
    };
    println!("  a scope of {ENTRIES} entries");
    let scope = Scope {
        site: "bench".to_owned(),
        rest: [0; 32],
    };
    let near = NearCache::new(Daring::Cautious);
    let mut question = |from: &[String]| {
        let mut half = |second: bool| {
            let words: Vec<&str> = from[dice.random_range(0..from.len())].split(' ').collect();
            let middle = words.len() / 2;
            (if second { &words[middle..] } else { &words[..middle] }).join(" ")
        };
        format!("{} {}", half(false), half(true))
    };
    let before = resident();
    let began = Instant::now();
    let mut number = 0u64;
    while near.len() < ENTRIES {
        number += 1;
        near.keep(&scope, key(number), &question(&texts), Vec::new(), None);
    }
    let kept = began.elapsed().as_secs_f64() * 1e6 / ENTRIES as f64;
    told(
        "memory of an entry, question included",
        &[(resident() - before) as f64 / ENTRIES as f64],
        " bytes",
    );
    told("keeping one, duplicates looked for", &[kept], " µs");
    let mut vectors = Vectors::default();
    (0..ENTRIES).for_each(|_| vectors.push(embed(&question(&texts)).vector.as_bytes()));
    // Once more without measuring, so that nothing is cold.
    for at in 0..200 {
        near.candidates(&scope, &Phrase::of(&texts[at % texts.len()]));
    }
    for (name, fresh) in [
        ("questions that are near many", false),
        ("questions of a kind with the entries", true),
    ] {
        let (mut clock, mut processor) = (Vec::new(), Vec::new());
        let mut asked: Vec<Phrase> = Vec::new();
        for at in 0..LOOKUPS {
            let text = if fresh {
                question(&texts)
            } else {
                texts[at % texts.len()].clone()
            };
            let (began, busy) = (Instant::now(), processor_time());
            let phrase = Phrase::of(&text);
            std::hint::black_box(near.candidates(&scope, &phrase));
            clock.push(began.elapsed().as_secs_f64() * 1e6);
            processor.push(processor_time() - busy);
            asked.push(phrase);
        }
        for (share, called) in [(0.5, "median"), (0.99, "99th percentile")] {
            let most = Some(1_000.0);
            judged(
                &format!("{name}: {called}"),
                &[quantile(&mut clock, share)],
                " µs",
                None,
                most,
            );
            told("of which on the processor", &[quantile(&mut processor, share)], " µs");
        }
        overlooked(&vectors, &asked[..COMPARED]);
    }
}

/// Of the nearest that a look-up looks at, those that it finds.
fn overlooked(vectors: &Vectors, asked: &[Phrase]) {
    let (floor, count) = (Daring::Cautious.bars().map_or(1.0, |bars| bars.grey), 5);
    let (mut wanted, mut found, mut processor) = (0, 0, Vec::new());
    for one in asked {
        let busy = processor_time();
        let of_all = vectors.nearest_of_all(one.vector.as_bytes(), floor, count);
        processor.push(processor_time() - busy);
        let nearest = vectors.nearest(one.vector.as_bytes(), floor, count);
        wanted += of_all.len();
        found += of_all.iter().filter(|one| nearest.contains(one)).count();
    }
    let share = found as f64 / wanted.max(1) as f64 * 100.0;
    judged(
        "of the nearest five above the grey bar it finds",
        &[share],
        "%",
        Some(99.9),
        None,
    );
    told("how many they are", &[wanted as f64], "");
    told(
        "reading all vectors instead, on the processor: median",
        &[quantile(&mut processor, 0.5)],
        " µs",
    );
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share) as usize]
}

/// Of this thread, in microseconds.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn made_up(dice: &mut StdRng) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut draw = || words[dice.random_range(0..words.len())];
    format!(
        "how do i {} my {} when the {} has no {}",
        draw(),
        draw(),
        draw(),
        draw()
    )
}

fn key(number: u64) -> CacheKey {
    CacheKey(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

/// Bytes of memory that the process holds, from /proc; 0 where there is none.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1_024
}
