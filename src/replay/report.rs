//! The bill as it is printed.

use rust_decimal::Decimal;

use super::Bill;
use crate::domain::Usd;

/// What each step came to, beside the baseline; then which part of the saving each measure has.
pub fn print(steps: &[(&str, Bill)], baseline: Option<(&str, Usd)>, single: &str) {
    let Some((_, first)) = steps.first() else { return };
    println!(
        "{:<26}{:>14}{:>14}{:>12}{:>10}{:>10}",
        "", "bill", "1,000 asked", "less than", "answered", "wrong"
    );
    println!(
        "{:<26}{:>14}{:>14}{:>12}{:>10}{:>10}",
        "", "US dollars", "US dollars", "one model", "again", "of these"
    );
    if let Some((name, cost)) = baseline {
        line(&format!("baseline {name}"), cost, first, None);
    }
    for (name, bill) in steps {
        line(name, bill.cost, first, Some(bill));
    }
    println!("\none model is {single}; tiers send each question to the first model of its tier");
    if let Some((_, last)) = steps.last() {
        parts(steps, first, last);
    }
}

fn line(name: &str, cost: Usd, first: &Bill, bill: Option<&Bill>) {
    let each = Decimal::from(1_000) / Decimal::from(first.questions.max(1));
    let again = bill.map_or_else(String::new, |bill| percent(bill.hits(), bill.questions, 1));
    let wrong = bill.filter(|bill| bill.labelled_hits > 0);
    let wrong = wrong.map_or_else(String::new, |bill| percent(bill.wrong_hits, bill.labelled_hits, 2));
    println!(
        "{name:<26}{:>14.4}{:>14.4}{:>12}{again:>10}{wrong:>10}",
        cost.0,
        cost.0 * each,
        less(cost, first.cost)
    );
}

/// Step by step, in the order exact, near, tiers: what each takes off what the ones before it left.
fn parts(steps: &[(&str, Bill)], first: &Bill, last: &Bill) {
    let of = |name: &str| steps.iter().find(|(one, _)| *one == name).map(|(_, bill)| bill);
    let (Some(exact), Some(near)) = (of("exact cache"), of("exact and near cache")) else {
        return;
    };
    let points = |from: Usd, to: Usd| share((from - to).0, first.cost.0);
    println!("\nof the bill of one model without a cache");
    println!("  the exact cache takes      {:>6.1}%", points(first.cost, exact.cost));
    println!(
        "  the near cache             {:>6.1}%, after paying {:.1}% for asking about near matches",
        points(exact.cost, near.cost),
        share(near.verifying.0, first.cost.0)
    );
    println!("  tiers                      {:>6.1}%", points(near.cost, last.cost));
    println!("  and {:.1}% remain", share(last.cost.0, first.cost.0));
    let [simple, standard, complex] = last.tiers;
    println!("tiers: {simple} simple, {standard} standard, {complex} complex");
}

fn less(cost: Usd, than: Usd) -> String {
    match than.0.is_zero() {
        true => String::new(),
        false => format!("{:.1}%", Decimal::ONE_HUNDRED - share(cost.0, than.0)),
    }
}

/// In percent.
fn share(part: Decimal, whole: Decimal) -> Decimal {
    (part * Decimal::ONE_HUNDRED).checked_div(whole).unwrap_or_default()
}

fn percent(part: u64, whole: u64, places: usize) -> String {
    format!("{:.places$}%", part as f64 * 100.0 / whole.max(1) as f64)
}
