//! What each site may cost a day and a month (UTC). What an answer may cost at most is set aside before it is made, so that a
//! flood does not spend what is not there; services that share a Redis set aside together, and each by itself while it is away.

mod shared;
mod spent;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use tokio::runtime::Handle;

use self::shared::{SharedBudgets, Wish};
use self::spent::{Amounts, Caps, Held, Spent};
use crate::domain::Usd;
use crate::redis::RedisClient;

pub use self::spent::Standing;

/// The budgets of all sites. Clones share what was spent.
#[derive(Clone)]
pub struct Budgets(Arc<Inner>);

struct Inner {
    caps: Caps,
    spent: Mutex<HashMap<String, Spent>>,
    shared: Option<SharedBudgets>,
}

/// Whether an answer may be paid for.
pub enum Verdict {
    Free(Reservation),
    /// 80% is used, or not enough is left for what was wanted: only the thrifty amount is set aside.
    Tight(Reservation),
    /// Not even that is left.
    Spent,
}

impl Budgets {
    pub fn new(daily: Option<Usd>, monthly: Option<Usd>) -> Self {
        Self::with(daily, monthly, None)
    }

    /// The same through a Redis, which several services may share. Names within one `scope` are told apart from those of
    /// another.
    pub fn shared(daily: Option<Usd>, monthly: Option<Usd>, redis: RedisClient, scope: &'static str) -> Self {
        Self::with(daily, monthly, Some(SharedBudgets::new(redis, scope)))
    }

    fn with(daily: Option<Usd>, monthly: Option<Usd>, shared: Option<SharedBudgets>) -> Self {
        Self(Arc::new(Inner {
            caps: Caps { daily, monthly },
            spent: Mutex::default(),
            shared,
        }))
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
        self.0.at(site, now, |spent| spent.pay(Amounts { day, month }));
    }

    /// What an earlier process was still paying for when it was killed, and told nobody: it is told now. Here it was recalled.
    pub fn tell_of_lost(&self, site: &str, cost: Usd, now: Timestamp) {
        if self.0.shared.is_some() {
            self.pay(site, cost, now);
        }
    }

    /// How a site stands, as far as this service knows.
    pub fn standing(&self, site: &str, now: Timestamp) -> Standing {
        if !self.0.caps.are_set() {
            return Standing::Free;
        }
        self.0.caps.standing(self.0.at(site, now, |spent| spent.used()))
    }

    /// Sets aside what an answer may cost at most, until the reservation is dropped: `wanted`, or `thrifty` when the budget
    /// grows tight.
    pub async fn set_aside(&self, site: &str, wanted: Usd, thrifty: Usd, now: Timestamp) -> Verdict {
        let mut reservation = Reservation {
            budgets: self.clone(),
            site: site.to_owned(),
            held: Vec::new(),
        };
        match reservation.add(wanted, thrifty, now).await {
            Standing::Free => Verdict::Free(reservation),
            Standing::Tight => Verdict::Tight(reservation),
            Standing::Spent => Verdict::Spent,
        }
    }

    /// Counts what was paid. Whoever set something aside for it keeps that until then.
    pub fn pay(&self, site: &str, cost: Usd, now: Timestamp) {
        if cost == Usd::ZERO || !self.0.caps.are_set() {
            return;
        }
        match self.0.shared {
            None => self.0.at(site, now, |spent| spent.pay(Amounts::both(cost))),
            Some(_) => {
                self.0.at(site, now, |spent| spent.pay_and_tell(cost));
                self.tell_soon(site);
            }
        }
    }

    /// Tells the other services all that they have not been told.
    pub async fn tell(&self) {
        let sites: Vec<String> = self.0.spent.lock().keys().cloned().collect();
        for site in sites {
            self.0.tell(&site).await;
        }
    }

    fn tell_soon(&self, site: &str) {
        // Without a runtime there is nobody to tell; the next one who asks tells it too.
        if let Ok(runtime) = Handle::try_current() {
            let (inner, site) = (self.0.clone(), site.to_owned());
            runtime.spawn(async move { inner.tell(&site).await });
        }
    }
}

impl Inner {
    fn at<T>(&self, site: &str, now: Timestamp, use_it: impl FnOnce(&mut Spent) -> T) -> T {
        let date = date_of(now);
        let mut all = self.spent.lock();
        let spent = match all.get_mut(site) {
            Some(spent) => spent,
            None => all.entry(site.to_owned()).or_insert_with(|| Spent::new(date)),
        };
        spent.turn_to(date);
        use_it(spent)
    }

    async fn tell(&self, site: &str) {
        self.exchange(site, Timestamp::now(), None).await;
    }

    /// Tells the news of a site and asks for what is wished; `None` when there is nothing to do, or nobody to ask.
    async fn exchange(&self, site: &str, now: Timestamp, wish: Option<Wish>) -> Option<Standing> {
        let shared = self.shared.as_ref()?;
        let (known, news) = self.at(site, now, |spent| (spent.known, spent.take_news()));
        if wish.is_none() && news.is_empty() {
            return None;
        }
        let told = shared.exchange(site, self.caps, known, &news, wish).await;
        self.at(site, now, |spent| match told {
            Some((_, totals)) => spent.was_told(&news, totals),
            None => spent.keep_news(news),
        });
        told.map(|(standing, _)| standing)
    }
}

/// Money that is set aside until this is dropped.
pub struct Reservation {
    budgets: Budgets,
    site: String,
    /// Each amount, and whether the other services know of it.
    held: Vec<(Held, bool)>,
}

impl Reservation {
    /// All that is set aside.
    pub fn amount(&self) -> Usd {
        self.held.iter().map(|(held, _)| held.amount).sum()
    }

    /// Sets aside as much again as is missing to `amount`. False: that is not there.
    pub async fn raise_to(&mut self, amount: Usd, now: Timestamp) -> bool {
        let held = self.amount();
        if amount <= held {
            return true;
        }
        let missing = amount - held;
        self.add(missing, missing, now).await != Standing::Spent
    }

    async fn add(&mut self, wanted: Usd, thrifty: Usd, now: Timestamp) -> Standing {
        let inner = self.budgets.0.clone();
        if !inner.caps.are_set() {
            return Standing::Free;
        }
        if inner.shared.is_some()
            && let Some((standing, mut granted)) = self.add_shared(wanted, thrifty, now).await
        {
            self.held.append(&mut granted.held);
            return standing;
        }
        let (standing, amount) = inner.at(&self.site, now, |spent| {
            let standing = inner.caps.decide(spent.used(), wanted, thrifty);
            let amount = granted(standing, wanted, thrifty);
            spent.under_way += amount.unwrap_or(Usd::ZERO);
            (standing, amount)
        });
        let id = rand::random();
        self.held.extend(amount.map(|amount| (Held { id, amount }, false)));
        standing
    }

    /// In a task of its own: a caller who leaves meanwhile must not take along what was paid by others.
    async fn add_shared(&self, wanted: Usd, thrifty: Usd, now: Timestamp) -> Option<(Standing, Reservation)> {
        let mut reservation = Reservation {
            budgets: self.budgets.clone(),
            site: self.site.clone(),
            held: Vec::new(),
        };
        let id = rand::random();
        let asking = tokio::spawn(async move {
            let inner = reservation.budgets.0.clone();
            let wish = Wish { id, wanted, thrifty };
            let standing = inner.exchange(&reservation.site, now, Some(wish)).await?;
            if let Some(amount) = granted(standing, wanted, thrifty) {
                inner.at(&reservation.site, now, |spent| spent.under_way += amount);
                reservation.held.push((Held { id, amount }, true));
            }
            Some((standing, reservation))
        });
        // It fails only when the runtime ends, and then nothing is paid any more.
        asking.await.ok().flatten()
    }
}

fn granted(standing: Standing, wanted: Usd, thrifty: Usd) -> Option<Usd> {
    match standing {
        Standing::Free => Some(wanted),
        Standing::Tight => Some(thrifty),
        Standing::Spent => None,
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let amount = self.amount();
        let shared: Vec<Held> = self
            .held
            .iter()
            .filter_map(|(held, is_shared)| is_shared.then_some(*held))
            .collect();
        let tells = !shared.is_empty();
        if let Some(spent) = self.budgets.0.spent.lock().get_mut(&self.site) {
            spent.under_way = spent.under_way - amount;
            spent.release_and_tell(shared);
        }
        if tells {
            self.budgets.tell_soon(&self.site);
        }
    }
}

fn date_of(now: Timestamp) -> Date {
    now.to_zoned_datetime(TimeZone::UTC).date()
}
