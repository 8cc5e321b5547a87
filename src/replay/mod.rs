//! What a list of questions would cost: played again measure by measure, without a service around it.
//!
//! Everything that decides is the service's own: what counts as the same question, the near cache's zones, the router, prices.
//! Only the models are played, by [`tokens`]. Answers are taken to live as long as the replay.

mod near;
mod questions;
mod report;
mod tokens;

use std::collections::HashMap;

use crate::answering::normalised;
use crate::domain::{Price, Tier, Usage, Usd};
use crate::models::{Features, decide};
use crate::settings::{Model, Settings};

pub use near::{Found, Kept, Verifier};
pub use questions::{Asked, QuestionsError, read, zipf};
pub use report::print;
pub use tokens::Tokens;

/// What is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measures {
    pub exact: bool,
    pub near: bool,
    pub tiers: bool,
}

impl Measures {
    /// From nothing to everything; the report tells what each step saves.
    pub const STEPS: [(&'static str, Measures); 5] = [
        ("one model, no cache", Measures::new(false, false, false)),
        ("exact cache", Measures::new(true, false, false)),
        ("exact and near cache", Measures::new(true, true, false)),
        ("tiers, no cache", Measures::new(false, false, true)),
        ("all together", Measures::new(true, true, true)),
    ];

    const fn new(exact: bool, near: bool, tiers: bool) -> Self {
        Self { exact, near, tiers }
    }
}

/// What a replay came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bill {
    pub cost: Usd,
    /// Of `cost`, what asking about near matches cost.
    pub verifying: Usd,
    pub questions: u64,
    pub exact_hits: u64,
    pub near_hits: u64,
    /// Hits whose question and whose stored question have labels, and those of them whose labels differ.
    pub labelled_hits: u64,
    pub wrong_hits: u64,
    /// Questions by tier: simple, standard, complex.
    pub tiers: [u64; 3],
}

impl Bill {
    pub fn hits(&self) -> u64 {
        self.exact_hits + self.near_hits
    }
}

/// The models that are paid, by tier; without tiers the standard one answers everything.
pub struct Rates {
    simple: Price,
    standard: Price,
    complex: Price,
    /// The model that judges near matches: the cheapest of all.
    verifier: Price,
    rules: Vec<crate::settings::RoutingRule>,
    pub baseline: Option<Price>,
    /// The model of `one model`.
    pub single: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RatesError {
    #[error("there is no model to pay: set [[providers]] and [[models]], or try the settings of `pennypress example`")]
    NoModel,
    #[error("the price of `{0}` is unknown; set its input_usd_per_million and output_usd_per_million")]
    UnknownPrice(String),
}

impl Rates {
    /// The first model of each tier is the one that is paid, as it is while nothing fails.
    pub fn of(settings: &Settings) -> Result<Self, RatesError> {
        let first = |chain: &[String]| {
            let id = chain.first().ok_or(RatesError::NoModel)?;
            let model = settings.models.iter().find(|model| model.id == *id);
            price(model.ok_or(RatesError::NoModel)?)
        };
        let routing = &settings.routing;
        let (simple, standard, complex) = (
            first(&routing.simple)?,
            first(&routing.standard)?,
            first(&routing.complex)?,
        );
        let by_input = |price: &Price| price.input_usd_per_million;
        let all = [simple, standard, complex];
        Ok(Self {
            verifier: all.into_iter().min_by_key(by_input).unwrap_or(simple),
            simple,
            standard,
            complex,
            rules: routing.rules.clone(),
            baseline: routing.baseline_price,
            single: routing.standard.first().cloned().unwrap_or_default(),
        })
    }

    fn of_tier(&self, tier: Tier) -> Price {
        match tier {
            Tier::Simple => self.simple,
            Tier::Standard => self.standard,
            Tier::Complex => self.complex,
        }
    }
}

fn price(model: &Model) -> Result<Price, RatesError> {
    match model.price_is_unknown {
        true => Err(RatesError::UnknownPrice(model.id.clone())),
        false => Ok(model.price),
    }
}

/// What the baseline model without anything would cost; `None` when its price is unknown.
pub fn baseline(stream: &[&Asked], rates: &Rates, tokens: &Tokens) -> Option<Usd> {
    let price = rates.baseline?;
    Some(stream.iter().map(|asked| price.of(&tokens.of(&asked.text))).sum())
}

/// Plays the questions in their order with these measures; `tick` is called after each.
pub fn play(
    stream: &[&Asked],
    measures: Measures,
    rates: &Rates,
    tokens: &Tokens,
    verifier: &Verifier,
    tick: &mut dyn FnMut(),
) -> Bill {
    let mut bill = Bill::default();
    let mut exact: HashMap<(Tier, String), &Asked> = HashMap::new();
    let mut near = near::Kept::default();
    for asked in stream {
        tick();
        bill.questions += 1;
        let tier = match measures.tiers {
            true => routed(&asked.text, rates),
            false => Tier::Standard,
        };
        bill.tiers[tier as usize] += 1;
        let key = (tier, normalised(&asked.text));
        if measures.exact
            && let Some(stored) = exact.get(&key)
        {
            bill.exact_hits += 1;
            judge(&mut bill, asked, stored);
            continue;
        }
        if measures.near {
            let found = near.look_up(tier, asked, Some(verifier), tokens);
            let paid = rates.verifier.of(&found.asked_about);
            bill.cost += paid;
            bill.verifying += paid;
            if let Some(stored) = found.stored {
                bill.near_hits += 1;
                judge(&mut bill, asked, &stored);
                continue;
            }
        }
        bill.cost += rates.of_tier(tier).of(&tokens.of(&asked.text));
        if measures.near {
            near.keep(tier, asked);
        }
        exact.insert(key, asked);
    }
    bill
}

fn routed(text: &str, rates: &Rates) -> Tier {
    let features = Features {
        text,
        turns: 0,
        best_passage: None,
    };
    decide(&rates.rules, &features).tier
}

/// A hit is wrong when its label says that another question was answered.
fn judge(bill: &mut Bill, asked: &Asked, stored: &Asked) {
    if let (Some(asked), Some(stored)) = (&asked.category, &stored.category) {
        bill.labelled_hits += 1;
        bill.wrong_hits += u64::from(asked != stored);
    }
}

/// No tokens at all.
fn nothing() -> Usage {
    Usage::default()
}

#[cfg(test)]
mod tests;
