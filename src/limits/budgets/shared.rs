//! Budgets in Redis, where services that share it see each other's costs and what each sets aside.

use std::time::Duration;

use deadpool_redis::redis::Script;
use jiff::civil::Date;

use super::spent::{Amounts, Caps, Held, News, Standing};
use crate::domain::Usd;
use crate::redis::RedisClient;

/// What is set aside is free again after this long, should its service have been killed. No answer takes longer.
const LAPSE: Duration = Duration::from_secs(600);

pub struct SharedBudgets {
    redis: RedisClient,
    script: Script,
    /// Before each name, so that a site and a program of the same name have a budget each.
    scope: &'static str,
}

/// An amount that is to be set aside: what is wanted, and the least that would do.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub id: u64,
    pub wanted: Usd,
    pub thrifty: Usd,
}

impl SharedBudgets {
    pub fn new(redis: RedisClient, scope: &'static str) -> Self {
        let script = Script::new(include_str!("budgets.lua"));
        Self { redis, script, scope }
    }

    /// Tells the news of a site, and asks for what is wished. The verdict on it (free without a wish) and the totals of
    /// all services, or `None` when Redis is away.
    pub async fn exchange(
        &self,
        site: &str,
        caps: Caps,
        known: Amounts,
        news: &News,
        wish: Option<Wish>,
    ) -> Option<(Standing, Amounts)> {
        let mut call = self.script.prepare_invoke();
        for key in self.keys(site, news.date) {
            call.key(key);
        }
        let pico = |cap: Option<Usd>| cap.map_or(-1, Usd::to_pico);
        for amount in [known.day, known.month, news.paid.day, news.paid.month] {
            call.arg(amount.to_pico());
        }
        call.arg(pico(caps.daily)).arg(pico(caps.monthly));
        call.arg(pico(wish.map(|wish| wish.wanted)));
        call.arg(pico(wish.map(|wish| wish.thrifty)));
        call.arg(wish.map_or(0, |wish| wish.id));
        call.arg(u64::try_from(LAPSE.as_millis()).unwrap_or(u64::MAX));
        for Held { id, amount } in &news.released {
            call.arg(format!("{}:{id}", amount.to_pico()));
        }
        let (verdict, day, month): (u8, i64, i64) = self
            .redis
            .call(async |connection| call.invoke_async(connection).await)
            .await?;
        let standing = match verdict {
            0 => Standing::Free,
            1 => Standing::Tight,
            _ => Standing::Spent,
        };
        let (day, month) = (Usd::from_pico(day), Usd::from_pico(month));
        Some((standing, Amounts { day, month }))
    }

    /// The hash of the site is the hash tag: it cannot hold a brace, whatever the site's key is.
    fn keys(&self, site: &str, date: Date) -> [String; 4] {
        let site = blake3::hash(format!("{} {site}", self.scope).as_bytes()).to_hex();
        let name = |what: &str| format!("pennypress:{{{site}}}:budget:{what}");
        [
            name(&date.strftime("%Y-%m-%d").to_string()),
            name(&date.strftime("%Y-%m").to_string()),
            name("aside"),
            name("held"),
        ]
    }
}
