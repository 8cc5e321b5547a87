//! What the near cache learned is one for all services that share a Redis, and is still there after a restart.
//!
//! Every service looks up in its own memory alone, so no question waits. A task of its own tells the others what is new and
//! hears what they learned: a stream of each site and kind, bounded, that ends by itself. A Redis that is away means that
//! nothing is heard; what could not be told waits.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deadpool_redis::redis::{self, Script, Value};
use tokio_util::task::AbortOnDropHandle;

use super::news::{Learned, News, Waiting};
use super::{MOST_ENTRIES, NearCache};
use crate::redis::RedisClient;

/// How often news is exchanged, and so how old it may be.
const EXCHANGE: Duration = Duration::from_millis(250);
/// News in one call: a call must end within the patience for a command.
const AT_ONCE: usize = 100;
/// Bytes of one piece of news that are written or believed.
const LARGEST: usize = 32 << 10;
const SITES: &str = "pennypress:{near}:sites";
/// Sites that are read in one turn.
const MOST_SITES: usize = 1_000;

/// The kinds of news: each has a stream of its own, so that many of one do not push out the others.
///
/// In the order in which they are told: who hears of an entry has heard what was said of it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Rejected,
    Judged,
    Kept,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Rejected, Self::Judged, Self::Kept];

    fn of(learned: &Learned) -> Self {
        match learned {
            Learned::Kept { .. } => Self::Kept,
            Learned::Judged { .. } => Self::Judged,
            Learned::Rejected { .. } => Self::Rejected,
        }
    }

    fn stream(self, site: &str) -> String {
        let kind = match self {
            Self::Kept => "kept",
            Self::Judged => "judged",
            Self::Rejected => "rejected",
        };
        format!("pennypress:{{near}}:{kind}:{site}")
    }

    /// Entries of a site's stream, about.
    fn most(self) -> usize {
        match self {
            Self::Kept | Self::Judged => MOST_ENTRIES,
            Self::Rejected => 500,
        }
    }

    fn lives(self, ttl: Duration) -> Duration {
        match self {
            // As long as the answers that they lead to.
            Self::Kept => ttl,
            Self::Judged => super::VERDICT_LIVES,
            Self::Rejected => Duration::from_secs(30 * 86_400),
        }
    }
}

/// Exchanges news until the handle is dropped. `ttl` is the answers' time to live.
pub fn share_near(near: Arc<NearCache>, redis: RedisClient, ttl: Duration) -> AbortOnDropHandle<()> {
    let shared = Shared {
        waiting: near.listen(),
        near,
        redis,
        ttl,
        script: Script::new(include_str!("near.lua")),
        heard: HashMap::new(),
        since: 0.0,
    };
    AbortOnDropHandle::new(tokio::spawn(shared.run()))
}

/// A stream's name, and its entries by their numbers.
type Stream = (String, Vec<(String, Vec<Value>)>);

struct Shared {
    near: Arc<NearCache>,
    redis: RedisClient,
    ttl: Duration,
    script: Script,
    waiting: Waiting,
    /// The number of the last news of each stream that was heard.
    heard: HashMap<String, String>,
    /// The time of the latest news of any site that was heard of, by Redis's clock.
    since: f64,
}

impl Shared {
    async fn run(mut self) {
        let mut turns = tokio::time::interval(EXCHANGE);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            self.tell().await;
            self.hear().await;
        }
    }

    async fn tell(&self) {
        loop {
            let news = self.waiting.take(AT_ONCE);
            if news.is_empty() {
                return;
            }
            let mut by_stream: BTreeMap<(Kind, String), Vec<News>> = BTreeMap::new();
            for one in news {
                let stream = (Kind::of(&one.learned), one.site.clone());
                by_stream.entry(stream).or_default().push(one);
            }
            let mut untold = Vec::new();
            for ((kind, site), news) in by_stream {
                if !self.tell_site(&site, kind, &news).await {
                    untold.extend(news);
                }
            }
            if !untold.is_empty() {
                self.waiting.put_back(untold);
                return;
            }
        }
    }

    async fn tell_site(&self, site: &str, kind: Kind, news: &[News]) -> bool {
        let mut call = self.script.key(SITES);
        let lives = u64::try_from(kind.lives(self.ttl).as_millis()).unwrap_or(u64::MAX);
        call.key(kind.stream(site))
            .arg(site)
            .arg(kind.most())
            .arg(lives.clamp(1, 1 << 50));
        let written = news.iter().filter_map(|one| serde_json::to_vec(&one.learned).ok());
        let mut is_any = false;
        for one in written.filter(|one| one.len() <= LARGEST) {
            call.arg(one);
            is_any = true;
        }
        if !is_any {
            return true;
        }
        let done: Option<i64> = self
            .redis
            .call(async |connection| call.invoke_async(connection).await)
            .await;
        done.is_some()
    }

    async fn hear(&mut self) {
        let since = format!("{:.0}", self.since);
        let mut ask = redis::cmd("ZRANGEBYSCORE");
        ask.arg(SITES).arg(since).arg("+inf").arg("WITHSCORES");
        ask.arg("LIMIT").arg(0).arg(MOST_SITES);
        let sites: Option<Vec<(String, f64)>> = self
            .redis
            .call(async |connection| ask.query_async(connection).await)
            .await;
        for (site, at) in sites.unwrap_or_default() {
            for kind in Kind::ALL {
                if !self.hear_stream(&site, kind).await {
                    return;
                }
            }
            // Not further than what was heard: who comes back in the same millisecond is heard next time.
            self.since = self.since.max(at);
        }
    }

    /// False: Redis is away.
    async fn hear_stream(&mut self, site: &str, kind: Kind) -> bool {
        let stream = kind.stream(site);
        loop {
            let last = self.heard.get(&stream).cloned().unwrap_or_else(|| "0".to_owned());
            let mut read = redis::cmd("XREAD");
            read.arg("COUNT").arg(AT_ONCE).arg("STREAMS").arg(&stream).arg(last);
            let streams: Option<Option<Vec<Stream>>> = self
                .redis
                .call(async |connection| read.query_async(connection).await)
                .await;
            let Some(streams) = streams else { return false };
            let entries = streams.into_iter().flatten().flat_map(|(_, entries)| entries);
            let entries: Vec<(String, Vec<Value>)> = entries.collect();
            let count = entries.len();
            for (number, fields) in entries {
                if self.is_alive(&number, kind)
                    && let Some(learned) = learned(&fields)
                {
                    let site = site.to_owned();
                    self.near.hear(News { site, learned });
                }
                self.heard.insert(stream.clone(), number);
            }
            if count < AT_ONCE {
                return true;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A stream that is added to lives on; what is older than its kind lives is passed over.
    fn is_alive(&self, number: &str, kind: Kind) -> bool {
        let told_ms = number.split('-').next().and_then(|ms| ms.parse::<u64>().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let told = Duration::from_millis(told_ms.unwrap_or(0));
        now.saturating_sub(told) < kind.lives(self.ttl)
    }
}

/// Rubbish is passed over.
fn learned(fields: &[Value]) -> Option<Learned> {
    match fields {
        [_, Value::BulkString(bytes)] if bytes.len() <= LARGEST => serde_json::from_slice(bytes).ok(),
        _ => None,
    }
}
