//! Which tier a question goes to: decided by what is known and cheap, explained in one line, and measured (`tests.rs`) on
//! questions that a person labelled.

mod decided;
mod signals;

use crate::domain::{Decision, Tier};
use crate::settings::RoutingRule;

use signals::Signal;

pub use decided::Decided;

/// So many points ask for the standard tier, so many for the complex one.
const STANDARD: u32 = 4;
const COMPLEX: u32 = 10;
/// From this confidence on, one passage of the content is taken to answer.
const ANSWERS: f32 = 0.5;
/// Signals that the reason names, the weightiest.
const NAMED: usize = 3;

/// What is known of a question before it is answered.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    pub text: &'a str,
    /// Earlier turns of the conversation.
    pub turns: usize,
    /// How well the best passage of the content alone answers, from 0 to 1; `None` when the site has no content.
    pub best_passage: Option<f32>,
}

/// The operator's rules in their order, then what the question looks like.
pub fn decide(rules: &[RoutingRule], question: &Features<'_>) -> Decision {
    if let Some(rule) = rules.iter().find(|rule| rule.pattern.fits(question.text)) {
        return Decision {
            tier: rule.tier,
            reason: format!("a rule: {}", rule.pattern).into(),
        };
    }
    let mut signals = signals::of(question.text, question.turns);
    match question.best_passage {
        Some(score) if score < ANSWERS => signals.push(Signal {
            points: 2,
            told: "no passage alone answers it".to_owned(),
        }),
        _ => {}
    }
    let points: u32 = signals.iter().map(|signal| signal.points).sum();
    let tier = match points {
        COMPLEX.. => Tier::Complex,
        STANDARD.. => Tier::Standard,
        _ => Tier::Simple,
    };
    Decision {
        tier,
        reason: reason(signals, tier, question).into(),
    }
}

fn reason(mut signals: Vec<Signal>, tier: Tier, question: &Features<'_>) -> String {
    if tier == Tier::Simple {
        let answered = question.best_passage.is_some_and(|score| score >= ANSWERS);
        let shape = if signals.is_empty() {
            "it is short"
        } else {
            "it is plain enough"
        };
        return match answered {
            true => format!("{shape}, and one passage answers it"),
            false => format!("{shape}, one question"),
        };
    }
    signals.sort_by_key(|signal| std::cmp::Reverse(signal.points));
    let told: Vec<String> = signals.into_iter().take(NAMED).map(|signal| signal.told).collect();
    told.join("; ")
}

#[cfg(test)]
mod tests;
