//! What each site may cost a day and a month (UTC). Costs that are only under way count as well, at their highest, so that
//! a flood does not spend what is not there.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use rust_decimal::Decimal;

use crate::domain::Usd;

/// From this share of a budget on, in percent, the cheap tier answers.
const TIGHT_PERCENT: i64 = 80;

/// How much of its budget a site has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Free,
    /// At least 80%: be thrifty.
    Tight,
    /// Nothing is left for models.
    Spent,
}

/// The budgets of all sites. Clones share what was spent.
#[derive(Clone)]
pub struct Budgets {
    daily: Option<Usd>,
    monthly: Option<Usd>,
    spent: Arc<Mutex<HashMap<String, Spent>>>,
}

#[derive(Clone, Copy)]
struct Spent {
    /// The day that the amounts belong to.
    date: Date,
    day: Usd,
    month: Usd,
    under_way: Usd,
}

impl Spent {
    fn new(date: Date) -> Self {
        Self {
            date,
            day: Usd::ZERO,
            month: Usd::ZERO,
            under_way: Usd::ZERO,
        }
    }

    /// A new day begins with nothing spent, a new month too.
    fn turn_to(&mut self, date: Date) {
        if self.date != date {
            self.day = Usd::ZERO;
            if (self.date.year(), self.date.month()) != (date.year(), date.month()) {
                self.month = Usd::ZERO;
            }
            self.date = date;
        }
    }
}

impl Budgets {
    pub fn new(daily: Option<Usd>, monthly: Option<Usd>) -> Self {
        Self {
            daily,
            monthly,
            spent: Arc::default(),
        }
    }

    /// The first moments of the day and of the month that `now` is in: what was spent since then counts.
    pub fn periods(now: Timestamp) -> (Timestamp, Timestamp) {
        let date = date_of(now);
        let start = |date: Date| {
            date.to_zoned_datetime(TimeZone::UTC)
                .map_or(now, |start| start.timestamp())
        };
        (start(date), start(date.first_of_month()))
    }

    /// What an earlier process spent.
    pub fn recall(&self, site: &str, day: Usd, month: Usd, now: Timestamp) {
        self.with(site, now, |spent| {
            spent.day += day;
            spent.month += month;
        });
    }

    pub fn standing(&self, site: &str, now: Timestamp) -> Standing {
        if self.daily.is_none() && self.monthly.is_none() {
            return Standing::Free;
        }
        let spent = self.with(site, now, |spent| *spent);
        let of = |spent: Usd, budget: Option<Usd>| match budget {
            None => Standing::Free,
            Some(budget) if spent >= budget => Standing::Spent,
            Some(budget) if spent.0 * Decimal::ONE_HUNDRED >= budget.0 * Decimal::from(TIGHT_PERCENT) => {
                Standing::Tight
            }
            Some(_) => Standing::Free,
        };
        of(spent.day + spent.under_way, self.daily).max(of(spent.month + spent.under_way, self.monthly))
    }

    /// Sets aside what a question may cost at most, until the reservation is dropped.
    pub fn reserve(&self, site: &str, at_most: Usd, now: Timestamp) -> Reservation {
        self.with(site, now, |spent| spent.under_way += at_most);
        Reservation {
            budgets: self.clone(),
            site: site.to_owned(),
            amount: at_most,
        }
    }

    /// Counts what was paid.
    pub fn pay(&self, site: &str, cost: Usd, now: Timestamp) {
        self.with(site, now, |spent| {
            spent.day += cost;
            spent.month += cost;
        });
    }

    fn with<T>(&self, site: &str, now: Timestamp, use_it: impl FnOnce(&mut Spent) -> T) -> T {
        let date = date_of(now);
        let mut all = self.spent.lock();
        let spent = match all.get_mut(site) {
            Some(spent) => spent,
            None => all.entry(site.to_owned()).or_insert_with(|| Spent::new(date)),
        };
        spent.turn_to(date);
        use_it(spent)
    }
}

/// Money that is set aside.
pub struct Reservation {
    budgets: Budgets,
    site: String,
    amount: Usd,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(spent) = self.budgets.spent.lock().get_mut(&self.site) {
            spent.under_way = spent.under_way - self.amount;
        }
    }
}

fn date_of(now: Timestamp) -> Date {
    now.to_zoned_datetime(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        Usd(text.parse().unwrap())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_budget_grows_tight_and_ends_and_begins_anew() {
        let budgets = Budgets::new(Some(usd("1")), Some(usd("2.5")));
        let (monday, tuesday) = (at("2026-11-23T12:00:00Z"), at("2026-11-24T00:00:00Z"));
        budgets.pay("a", usd("0.79"), monday);
        assert_eq!(budgets.standing("a", monday), Standing::Free);
        budgets.pay("a", usd("0.01"), monday);
        assert_eq!(budgets.standing("a", monday), Standing::Tight);
        budgets.pay("a", usd("0.2"), monday);
        assert_eq!(budgets.standing("a", monday), Standing::Spent);
        assert_eq!(budgets.standing("b", monday), Standing::Free);
        assert_eq!(budgets.standing("a", tuesday), Standing::Free);
        budgets.pay("a", usd("1.5"), tuesday);
        assert_eq!(
            budgets.standing("a", at("2026-11-30T00:00:00Z")),
            Standing::Spent,
            "the month"
        );
        assert_eq!(budgets.standing("a", at("2026-12-01T00:00:00Z")), Standing::Free);
    }

    #[test]
    fn what_is_under_way_counts_until_it_is_known() {
        let budgets = Budgets::new(None, Some(usd("1")));
        let now = at("2026-11-23T12:00:00Z");
        let reserved = budgets.reserve("a", usd("1"), now);
        assert_eq!(budgets.standing("a", now), Standing::Spent);
        drop(reserved);
        budgets.pay("a", usd("0.1"), now);
        assert_eq!(budgets.standing("a", now), Standing::Free);
    }

    #[test]
    fn periods_begin_at_midnight_utc() {
        let (day, month) = Budgets::periods(at("2026-11-23T12:34:56Z"));
        assert_eq!((day, month), (at("2026-11-23T00:00:00Z"), at("2026-11-01T00:00:00Z")));
    }
}
