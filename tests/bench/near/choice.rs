//! What the sure zone's bars would be if only one half of the labels were known, and what they give on the other half; beside them
//! the plain threshold, chosen in the same way.

use pennypress::cache::near::{Bars, Daring, NearCache};
use pennypress::replay::{Asked, Kept};

use super::{SEEDS, Spread, ends, order, plain, run, spread};

/// Of the hits of the known half, in every seed, so many may be wrong.
const WRONG: [f64; 4] = [0.005, 0.01, 0.02, 0.03];

/// What one choice of bars gives: of each seed, hits of all questions and wrong ones among the hits.
struct Tried {
    name: String,
    hits: Vec<f64>,
    wrong: Vec<f64>,
}

/// One half of the labels: what all that can be chosen gives there, in the same order for both halves.
struct Half {
    sure: Vec<Tried>,
    plain: Vec<Tried>,
    own: Tried,
}

/// Chooses on each half, and prints what that gives on the other.
pub fn measure(first: &[Asked], second: &[Asked]) {
    let (first, second) = (Half::of(first), Half::of(second));
    for (name, known, held_out) in [("first", &first, &second), ("second", &second, &first)] {
        println!("  chosen on the {name} half of the labels, measured on the other");
        told("the service's own bars", &known.own, &held_out.own);
        for wrong in WRONG {
            println!(
                "        the most hits of which there at most {}% are wrong",
                wrong * 100.0
            );
            chosen("sure zone", wrong, &known.sure, &held_out.sure);
            chosen("plain threshold", wrong, &known.plain, &held_out.plain);
        }
    }
}

impl Half {
    fn of(list: &[Asked]) -> Self {
        let near = plain::neighbours(list);
        let curves = SEEDS.map(|seed| plain::curve(list, &order(list.len(), seed), &near));
        let curves: Vec<plain::Curve> = curves.collect();
        let thresholds = plain::thresholds().enumerate().map(|(at, threshold)| Tried {
            name: format!("{threshold:.4}"),
            hits: curves.iter().map(|curve| curve.at(at).0).collect(),
            wrong: curves.iter().map(|curve| curve.at(at).1).collect(),
        });
        let own = Daring::Cautious.bars().expect("cautious has bars");
        Self {
            sure: bars().map(|bars| with(bars, list)).collect(),
            plain: thresholds.collect(),
            own: with(own, list),
        }
    }
}

fn bars() -> impl Iterator<Item = Bars> {
    let sure = (88..=97).map(|hundredths| hundredths as f32 / 100.0);
    // Without a verifier the grey zone gives nothing.
    sure.flat_map(|sure| {
        [0.1, 0.2, 0.25, 0.33, 0.4, 0.5].map(|differing| Bars {
            sure,
            differing,
            grey: sure,
        })
    })
}

fn with(bars: Bars, list: &[Asked]) -> Tried {
    let came = Spread::of(list, |stream| {
        let kept = Kept::within(NearCache::new(Daring::Cautious).with_bars(bars));
        run(stream, kept, None)
    });
    Tried {
        name: format!("{:.2}, differing {:.2}", bars.sure, bars.differing),
        hits: came.all(|came| came.hits),
        wrong: came.all(|came| came.wrong),
    }
}

fn chosen(what: &str, wrong: f64, known: &[Tried], held_out: &[Tried]) {
    let right = known
        .iter()
        .zip(held_out)
        .filter(|(one, _)| ends(&one.wrong).1 <= wrong);
    let sum = |one: &Tried| one.hits.iter().sum::<f64>();
    match right.max_by(|one, other| sum(one.0).total_cmp(&sum(other.0))) {
        Some((known, held_out)) => told(&format!("{what} {}", known.name), known, held_out),
        None => println!("          {what}: none is right so often"),
    }
}

fn told(name: &str, known: &Tried, held_out: &Tried) {
    let percent = |values: &[f64]| spread(&values.iter().map(|value| value * 100.0).collect::<Vec<_>>(), "%");
    println!("          {name}");
    for (half, one) in [("known", known), ("held out", held_out)] {
        println!(
            "            {half:<9} hits {}, wrong {}",
            percent(&one.hits),
            percent(&one.wrong)
        );
    }
}
