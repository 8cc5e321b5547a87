//! When a second model is asked beside a slow one, and how much money that may cost.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rust_decimal::Decimal;

use super::catalogue::Model;
use crate::domain::Usd;
use crate::settings;

/// What was spent is looked back on for this many minutes.
const MINUTES: u64 = 60;

/// How a question went for which the next model was asked too, or should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hedged {
    /// The second model spoke first.
    Won,
    /// The first did after all.
    Lost,
    /// One of the two failed, and the other was left alone with the answer.
    Failed,
    /// The share of extra cost, or the budget, did not hold a second call.
    Refused,
}

impl Hedged {
    /// A stable word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Hedged::Won => "won",
            Hedged::Lost => "lost",
            Hedged::Failed => "failed",
            Hedged::Refused => "refused",
        }
    }
}

/// The settings of hedging, and what it has cost lately. Each service counts for itself: a share stays a share.
pub struct Hedging {
    settings: settings::Hedging,
    began: Instant,
    lately: Mutex<Lately>,
}

#[derive(Default)]
struct Lately {
    /// The oldest first.
    minutes: VecDeque<Minute>,
    /// Of hedges that are under way.
    under_way: Usd,
}

struct Minute {
    number: u64,
    spent: Usd,
    extra: Usd,
}

impl Hedging {
    pub fn new(settings: settings::Hedging) -> Self {
        Self {
            settings,
            began: Instant::now(),
            lately: Mutex::default(),
        }
    }

    /// How long the model may take to its first token before the next one is asked too.
    pub fn patience(&self, model: &Model, now: Instant) -> Duration {
        let usual = model.pace.usual(now).unwrap_or(self.settings.first_wait);
        usual.max(self.settings.shortest_wait)
    }

    /// The same for an answer that comes in one piece, which nobody can guess: `None` as long as too few of the model's were seen.
    pub fn patience_for_whole(&self, model: &Model, now: Instant) -> Option<Duration> {
        let usual = model.pace_of_whole.usual(now)?;
        Some(usual.max(self.settings.shortest_wait))
    }

    /// A call cost this.
    pub fn spent(&self, cost: Usd, now: Instant) {
        self.minute(now, |minute| minute.spent += cost);
    }

    /// Sets aside what a hedge will cost beyond the answer itself; `None`: that is more than its share.
    pub fn set_aside(&self, extra: Usd, now: Instant) -> Option<Extra<'_>> {
        let mut lately = self.lately.lock();
        lately.forget(self.number(now));
        let spent: Usd = lately.minutes.iter().map(|minute| minute.spent).sum();
        let extras: Usd = lately.minutes.iter().map(|minute| minute.extra).sum();
        // What a hedge costs is a part of what was spent, but no reason to hedge more.
        let base = spent.0 - extras.0;
        let most = base.max(Decimal::ZERO) * self.settings.max_extra_cost;
        if (extras + lately.under_way + extra).0 > most {
            return None;
        }
        lately.under_way += extra;
        drop(lately);
        Some(Extra {
            hedging: self,
            amount: extra,
        })
    }

    fn minute(&self, now: Instant, change: impl FnOnce(&mut Minute)) {
        let number = self.number(now);
        let mut lately = self.lately.lock();
        lately.forget(number);
        let is_new = lately.minutes.back().is_none_or(|minute| minute.number != number);
        if is_new {
            lately.minutes.push_back(Minute {
                number,
                spent: Usd::ZERO,
                extra: Usd::ZERO,
            });
        }
        if let Some(minute) = lately.minutes.back_mut() {
            change(minute);
        }
    }

    fn number(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_secs() / 60
    }
}

impl Lately {
    fn forget(&mut self, number: u64) {
        let is_old = |minute: &Minute| minute.number + MINUTES <= number;
        while self.minutes.front().is_some_and(is_old) {
            self.minutes.pop_front();
        }
    }
}

/// Money that is set aside for a hedge until this is dropped.
pub struct Extra<'a> {
    hedging: &'a Hedging,
    amount: Usd,
}

impl Extra<'_> {
    /// What the call cost that was not needed.
    pub fn was(self, cost: Usd, now: Instant) {
        self.hedging.minute(now, |minute| minute.extra += cost);
    }
}

impl Drop for Extra<'_> {
    fn drop(&mut self) {
        let mut lately = self.hedging.lately.lock();
        lately.under_way = lately.under_way - self.amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        Usd(text.parse().unwrap())
    }

    #[test]
    fn extra_cost_stays_within_its_share_of_the_last_hour() {
        let hedging = Hedging::new(settings::Hedging {
            max_extra_cost: "0.05".parse().unwrap(),
            first_wait: Duration::ZERO,
            shortest_wait: Duration::ZERO,
        });
        let start = Instant::now();
        assert!(hedging.set_aside(usd("0.01"), start).is_none(), "nothing was spent yet");
        hedging.spent(usd("1"), start);
        let first = hedging.set_aside(usd("0.03"), start).expect("three of five");
        assert!(hedging.set_aside(usd("0.03"), start).is_none(), "one is under way");
        drop(first);
        let again = hedging.set_aside(usd("0.03"), start).expect("it was dropped");
        hedging.spent(usd("0.05"), start);
        again.was(usd("0.05"), start);
        assert!(
            hedging.set_aside(usd("0.000001"), start).is_none(),
            "all five are spent"
        );
        let later = start + Duration::from_secs(MINUTES * 60);
        hedging.spent(usd("1"), later);
        assert!(hedging.set_aside(usd("0.05"), later).is_some(), "a new hour");
    }
}
