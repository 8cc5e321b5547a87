//! How a bench in Rust says what it found, in the form that tests/bench/README.md tells.

pub enum Target {
    Least(f64),
    Most(f64),
}

/// One line: the figure, and beside it its target, if it has one.
pub fn figure(name: &str, value: f64, unit: &str, target: Option<Target>) {
    let (held, wanted) = match target {
        None => (None, String::new()),
        Some(Target::Least(least)) => (Some(value >= least), format!("  (target: at least {least}{unit})")),
        Some(Target::Most(most)) => (Some(value <= most), format!("  (target: at most {most}{unit})")),
    };
    let word = match held {
        None => "      ",
        Some(true) => "held  ",
        Some(false) => "MISSED",
    };
    println!("  {word}  {name:<58} {value:.3}{unit}{wanted}");
}

pub fn median(numbers: &mut [f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// `share` 0.99 is the 99th percentile. At least one number must be there.
pub fn quantile(numbers: &mut [f64], share: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let at = (numbers.len() as f64 * share) as usize;
    numbers[at.min(numbers.len() - 1)]
}
