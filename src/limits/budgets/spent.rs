//! The arithmetic of budgets: what a site spent in the running day and month (UTC), and what it may still.

use jiff::civil::Date;
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

/// A day's and a month's amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    pub day: Usd,
    pub month: Usd,
}

impl Amounts {
    pub fn both(amount: Usd) -> Self {
        Self {
            day: amount,
            month: amount,
        }
    }
}

/// What a day and a month may cost. `None`: any amount.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    pub daily: Option<Usd>,
    pub monthly: Option<Usd>,
}

impl Caps {
    pub fn are_set(&self) -> bool {
        self.daily.is_some() || self.monthly.is_some()
    }

    pub fn standing(&self, used: Amounts) -> Standing {
        self.worst(used, |used, cap| {
            if used >= cap {
                Standing::Spent
            } else if is_tight(used, cap) {
                Standing::Tight
            } else {
                Standing::Free
            }
        })
    }

    /// Which of two amounts may be set aside: `wanted` of a budget that is free, else `thrifty`, else neither.
    /// `budgets.lua` decides in the same way.
    pub fn decide(&self, used: Amounts, wanted: Usd, thrifty: Usd) -> Standing {
        let tight = self.worst(used, |used, cap| match is_tight(used, cap) {
            true => Standing::Tight,
            false => Standing::Free,
        });
        let fits = |amount: Usd| self.worst(used, |used, cap| fit(used + amount <= cap)) == Standing::Free;
        if tight == Standing::Free && fits(wanted) {
            Standing::Free
        } else if fits(thrifty) {
            Standing::Tight
        } else {
            Standing::Spent
        }
    }

    fn worst(&self, used: Amounts, of: impl Fn(Usd, Usd) -> Standing) -> Standing {
        let day = self.daily.map_or(Standing::Free, |cap| of(used.day, cap));
        let month = self.monthly.map_or(Standing::Free, |cap| of(used.month, cap));
        day.max(month)
    }
}

fn is_tight(used: Usd, cap: Usd) -> bool {
    used.0 * Decimal::ONE_HUNDRED >= cap.0 * Decimal::from(TIGHT_PERCENT)
}

fn fit(fits: bool) -> Standing {
    if fits { Standing::Free } else { Standing::Spent }
}

/// What one service knows of a site.
#[derive(Debug, Clone)]
pub struct Spent {
    /// The day that the amounts belong to.
    pub date: Date,
    /// Of all services, as far as they told; without Redis, all that was paid.
    pub known: Amounts,
    /// Paid here, and not yet told to the other services, or just being told.
    untold: Amounts,
    /// Set aside here.
    pub under_way: Usd,
    /// What is to be told next.
    queued: News,
}

/// What a service tells the others: what it paid, and what it no longer sets aside.
#[derive(Debug, Clone)]
pub struct News {
    /// The day that the amounts belong to.
    pub date: Date,
    pub paid: Amounts,
    pub released: Vec<Held>,
}

/// An amount that is set aside where all services see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub id: u64,
    pub amount: Usd,
}

impl News {
    pub fn none(date: Date) -> Self {
        Self {
            date,
            paid: Amounts::default(),
            released: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.paid == Amounts::default() && self.released.is_empty()
    }
}

impl Spent {
    pub fn new(date: Date) -> Self {
        Self {
            date,
            known: Amounts::default(),
            untold: Amounts::default(),
            under_way: Usd::ZERO,
            queued: News::none(date),
        }
    }

    /// A new day begins with nothing spent, a new month too.
    pub fn turn_to(&mut self, date: Date) {
        // Backwards only for a question that was asked just before midnight.
        if date <= self.date {
            return;
        }
        let same_month = is_same_month(self.date, date);
        for amounts in [&mut self.known, &mut self.untold, &mut self.queued.paid] {
            amounts.day = Usd::ZERO;
            if !same_month {
                amounts.month = Usd::ZERO;
            }
        }
        (self.date, self.queued.date) = (date, date);
    }

    pub fn used(&self) -> Amounts {
        Amounts {
            day: self.known.day + self.untold.day + self.under_way,
            month: self.known.month + self.untold.month + self.under_way,
        }
    }

    /// Paid by a service that tells nobody.
    pub fn pay(&mut self, amounts: Amounts) {
        self.known.day += amounts.day;
        self.known.month += amounts.month;
    }

    /// Paid by a service that will tell the others.
    pub fn pay_and_tell(&mut self, cost: Usd) {
        for amounts in [&mut self.untold, &mut self.queued.paid] {
            amounts.day += cost;
            amounts.month += cost;
        }
    }

    pub fn release_and_tell(&mut self, held: impl IntoIterator<Item = Held>) {
        self.queued.released.extend(held);
    }

    pub fn take_news(&mut self) -> News {
        std::mem::replace(&mut self.queued, News::none(self.date))
    }

    /// The news arrived, and these are the totals of all services.
    pub fn was_told(&mut self, news: &News, totals: Amounts) {
        if is_same_month(news.date, self.date) {
            self.untold.month = less(self.untold.month, news.paid.month);
            self.known.month = self.known.month.max(totals.month);
        }
        if news.date == self.date {
            self.untold.day = less(self.untold.day, news.paid.day);
            self.known.day = self.known.day.max(totals.day);
        }
    }

    /// The news did not arrive: it is told again later, unless its time is over.
    pub fn keep_news(&mut self, news: News) {
        if news.date == self.date {
            self.queued.paid.day += news.paid.day;
        }
        if is_same_month(news.date, self.date) {
            self.queued.paid.month += news.paid.month;
        }
        self.queued.released.extend(news.released);
    }
}

/// Not below zero, where a new day has cleared `amount` in between.
fn less(amount: Usd, part: Usd) -> Usd {
    amount.max(part) - part
}

fn is_same_month(one: Date, other: Date) -> bool {
    (one.year(), one.month()) == (other.year(), other.month())
}
