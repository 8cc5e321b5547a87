//! `bench-near [choose] [train.csv]`: the near cache on real customer questions with labels (banking77), each asked once, in an order by a fixed seed.
//!
//! A hit is wrong when the two questions' labels differ. The verifier is played from the labels and errs in 2 of 100 verdicts; what it reads
//! is counted by the service's own prompt. Beside it stands the plain threshold: the best one that could have been chosen knowing the
//! whole stream. Targets are judged by the worst of the seeds.
//!
//! The bars of the sure zone (`src/cache/near/zone.rs`) were chosen on the first half of the labels, where they win most over plain, and
//! the second half was held out. The bar of the grey zone was chosen on all, as low as the 1% allows in every seed. `choose` tells
//! what would be chosen on either half alone, and what that gives on the other.

#[path = "near/choice.rs"]
mod choice;
#[path = "near/plain.rs"]
mod plain;
#[path = "near/speed.rs"]
mod speed;

use std::path::PathBuf;

use pennypress::cache::near::Daring;
use pennypress::domain::{Price, Tier, Usd};
use pennypress::replay::{Asked, Kept, Tokens, Verifier, read};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;
const ERROR: f64 = 0.02;

/// What a stream came to, in shares of its questions and of its hits.
#[derive(Clone, Copy)]
struct Came {
    hits: f64,
    wrong: f64,
    /// Of all hits, those without a model.
    sure: f64,
    /// Of the bill without any near cache: what answers cost, and what verdicts cost.
    answers: f64,
    verdicts: f64,
    /// Times that the verifier was asked a question.
    asked: f64,
}

fn main() {
    let mut given = std::env::args().skip(1).peekable();
    let chooses = given.next_if(|first| first == "choose").is_some();
    let given = given.next().map(PathBuf::from);
    let data = std::env::var_os("PENNYPRESS_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let path = given.unwrap_or_else(|| data.join("banking77/train.csv"));
    match read(&path) {
        Ok(list) if chooses => {
            let (first, second) = halves(&list);
            choice::measure(&first, &second);
            return;
        }
        Err(error) => println!("  {error}: the quality of the near cache is not measured"),
        Ok(list) => {
            let (first, second) = halves(&list);
            quality("all labels", &list);
            quality(
                "half of the labels, on which the bars of the sure zone were chosen",
                &first,
            );
            quality("the other half, held out", &second);
        }
    }
    speed::measure(read(&path).unwrap_or_default());
}

/// By label, so that the second half is about other subjects.
fn halves(list: &[Asked]) -> (Vec<Asked>, Vec<Asked>) {
    let is_first = |one: &&Asked| {
        let label = one.category.as_deref().unwrap_or_default();
        blake3::hash(label.as_bytes()).as_bytes()[0].is_multiple_of(2)
    };
    list.iter().cloned().partition(|one| is_first(&one))
}

fn quality(name: &str, list: &[Asked]) {
    println!("  {name}: {} questions, {} seeds", list.len(), SEEDS.count());
    let sure = Spread::of(list, |stream| play(stream, Daring::Cautious, None));
    let both = Spread::of(list, |stream| play(stream, Daring::Cautious, Some(ERROR)));
    let near = plain::neighbours(list);
    let curves: Vec<plain::Curve> = SEEDS
        .map(|seed| plain::curve(list, &order(list.len(), seed), &near))
        .collect();
    let at = |share: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let each = curves.iter().enumerate();
        each.map(|(seed, curve)| curve.best(share(seed))).collect()
    };
    let as_sure = at(&|seed| sure.0[seed].wrong);
    let as_both = at(&|seed| both.0[seed].wrong);
    let of_a_hundredth = at(&|_| 0.01);
    let ratio = |one: &Spread, other: &[f64]| -> Vec<f64> {
        let each = one.0.iter().zip(other);
        each.map(|(one, other)| one.hits / other.max(1e-4)).collect()
    };
    told(
        "sure alone: hits of all questions",
        &sure.all(|came| came.hits * 100.0),
        "%",
    );
    told(
        "sure alone: wrong among hits",
        &sure.all(|came| came.wrong * 100.0),
        "%",
    );
    told(
        "best plain threshold that is wrong no more often",
        &percent(&as_sure),
        "%",
    );
    judged(
        "sure alone: hits, as many times plain's",
        &ratio(&sure, &as_sure),
        "x",
        Some(1.0),
        None,
    );
    told(
        "with the grey zone: hits of all questions",
        &both.all(|came| came.hits * 100.0),
        "%",
    );
    judged(
        "with the grey zone: wrong among hits",
        &both.all(|came| came.wrong * 100.0),
        "%",
        None,
        Some(1.0),
    );
    told(
        "best plain threshold that is wrong no more often",
        &percent(&as_both),
        "%",
    );
    judged(
        "hits, as many times plain's",
        &ratio(&both, &as_both),
        "x",
        Some(5.0),
        None,
    );
    told(
        "hits, as many times plain's at 1% wrong",
        &ratio(&both, &of_a_hundredth),
        "x",
    );
    told(
        "of these hits sure without a model",
        &both.all(|came| came.sure * 100.0),
        "%",
    );
    told("verdicts asked for a question", &both.all(|came| came.asked), "");
    judged(
        "bill with verification, of the bill without near cache",
        &both.all(|came| (came.answers + came.verdicts) * 100.0),
        "%",
        None,
        Some(100.0),
    );
    told("of which verification", &both.all(|came| came.verdicts * 100.0), "%");
    judged(
        "bill with verification, of the bill with sure hits alone",
        &ratios(&both, &sure),
        "%",
        None,
        Some(100.0),
    );
    let bold = Spread::of(list, |stream| play(stream, Daring::Bold, Some(ERROR)));
    told("bold: hits of all questions", &bold.all(|came| came.hits * 100.0), "%");
    told("bold: wrong among hits", &bold.all(|came| came.wrong * 100.0), "%");
    let worse = Spread::of(list, |stream| play(stream, Daring::Cautious, Some(0.05)));
    told(
        "wrong among hits if the verifier errs in 5 of 100",
        &worse.all(|came| came.wrong * 100.0),
        "%",
    );
}

fn percent(shares: &[f64]) -> Vec<f64> {
    shares.iter().map(|share| share * 100.0).collect()
}

fn ratios(one: &Spread, other: &Spread) -> Vec<f64> {
    let bill = |came: &Came| came.answers + came.verdicts;
    let each = one.0.iter().zip(&other.0);
    each.map(|(one, other)| bill(one) / bill(other) * 100.0).collect()
}

/// A result of each seed.
struct Spread(Vec<Came>);

impl Spread {
    fn of(list: &[Asked], play: impl Fn(&[&Asked]) -> Came) -> Self {
        let of_seed = |seed| {
            let stream: Vec<&Asked> = order(list.len(), seed).into_iter().map(|at| &list[at]).collect();
            play(&stream)
        };
        Self(SEEDS.map(of_seed).collect())
    }

    fn all(&self, value: impl Fn(&Came) -> f64) -> Vec<f64> {
        self.0.iter().map(value).collect()
    }
}

/// Fisher and Yates's shuffle.
fn order(count: usize, seed: u64) -> Vec<usize> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, dice.random_range(0..=last));
    }
    order
}

fn play(stream: &[&Asked], daring: Daring, error: Option<f64>) -> Came {
    run(stream, Kept::new(daring), error)
}

/// The service's own near cache over a stream; without an error there is no verifier.
fn run(stream: &[&Asked], mut kept: Kept, error: Option<f64>) -> Came {
    let verifier = error.map(|error| Verifier::new(1, error));
    let tokens = Tokens::simulated(1, 1_000);
    let (mut hits, mut wrong, mut sure, mut asked_about) = (0, 0, 0, 0);
    let (mut answers, mut verdicts, mut without) = (Usd::ZERO, Usd::ZERO, Usd::ZERO);
    for &asked in stream {
        let answer = price("0.27", "1.10").of(&tokens.of(&asked.text));
        without += answer;
        let found = kept.look_up(Tier::Standard, asked, verifier.as_ref(), &tokens);
        verdicts += price("0.10", "0.40").of(&found.asked_about);
        asked_about += found.asked_about.completion_tokens;
        match found.stored {
            Some(stored) => {
                hits += 1;
                wrong += u64::from(stored.category != asked.category);
                sure += u64::from(found.is_sure);
            }
            None => {
                answers += answer;
                kept.keep(Tier::Standard, asked);
            }
        }
    }
    let share = |part: u64, of: u64| part as f64 / of.max(1) as f64;
    let of_bill = |cost: Usd| (cost.0 / without.0).try_into().unwrap_or(f64::NAN);
    let questions = stream.len() as u64;
    Came {
        hits: share(hits, questions),
        wrong: share(wrong, hits),
        sure: share(sure, hits),
        answers: of_bill(answers),
        verdicts: of_bill(verdicts),
        // A verdict is one token.
        asked: share(asked_about, questions),
    }
}

/// The standard and the cheapest model of the example settings.
fn price(input: &str, output: &str) -> Price {
    let decimal = |text: &str| text.parse().expect("a price");
    Price {
        input_usd_per_million: decimal(input),
        output_usd_per_million: decimal(output),
    }
}

/// The mean of the seeds, and from where to where they reach.
fn spread(values: &[f64], unit: &str) -> String {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (least, most) = ends(values);
    format!("{mean:.2}{unit} ({least:.2} to {most:.2})")
}

fn ends(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

fn told(name: &str, values: &[f64], unit: &str) {
    println!("          {name:<58} {}", spread(values, unit));
}

fn judged(name: &str, values: &[f64], unit: &str, least: Option<f64>, most: Option<f64>) {
    let (low, high) = ends(values);
    let held = least.is_none_or(|least| low >= least) && most.is_none_or(|most| high <= most);
    let target = match (least, most) {
        (Some(least), _) => format!("at least {least}{unit}"),
        (_, Some(most)) => format!("at most {most}{unit}"),
        _ => String::new(),
    };
    let word = if held { "held  " } else { "MISSED" };
    println!("  {word}  {name:<58} {}  (target: {target})", spread(values, unit));
}
