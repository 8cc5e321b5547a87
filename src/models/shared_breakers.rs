//! One state of the breakers for all services that share a Redis. Each decides by what it knows; a task of its own tells the
//! others what changed and hears what they found out, so that no question ever waits for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_redis::redis::Script;
use tokio_util::task::AbortOnDropHandle;

use super::breaker::News;
use super::catalogue::Model;
use crate::redis::RedisClient;

/// How often news is exchanged, and so how old it may be.
const EXCHANGE: Duration = Duration::from_millis(250);
const KEY: &str = "pennypress:{breakers}";

/// Exchanges news of these models' breakers until the handle is dropped.
pub fn share_breakers(models: Vec<Arc<Model>>, redis: RedisClient) -> AbortOnDropHandle<()> {
    let shared = SharedBreakers {
        script: Script::new(include_str!("breakers.lua")),
        models: models.into_iter().map(|model| (name(&model), model)).collect(),
        heard: HashMap::new(),
        redis,
    };
    AbortOnDropHandle::new(tokio::spawn(shared.run()))
}

/// The same name of a model at two providers means two models.
fn name(model: &Model) -> String {
    format!("{} {}", model.provider.base(), model.id)
}

struct SharedBreakers {
    redis: RedisClient,
    script: Script,
    models: HashMap<String, Arc<Model>>,
    /// The number of the latest change of each model that was taken over.
    heard: HashMap<String, String>,
}

impl SharedBreakers {
    async fn run(mut self) {
        let mut turns = tokio::time::interval(EXCHANGE);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            self.exchange().await;
        }
    }

    async fn exchange(&mut self) {
        let now = Instant::now();
        let mut call = self.script.key(KEY);
        let mut telling = Vec::new();
        for (name, model) in &self.models {
            let Some(news) = model.breaker.take_news(now) else {
                continue;
            };
            telling.push(model);
            let (left, pause) = match news {
                News::Closed => (-1, 0),
                News::Open { left, pause } => (milliseconds(left), milliseconds(pause)),
            };
            call.arg(name).arg(left).arg(pause);
        }
        let told: Option<Vec<String>> = self
            .redis
            .call(async |connection| call.invoke_async(connection).await)
            .await;
        let Some(told) = told else {
            telling.iter().for_each(|model| model.breaker.keep_news());
            return;
        };
        let now = Instant::now();
        for words in told.chunks_exact(4) {
            self.hear(now, words);
        }
    }

    /// Name, change, milliseconds until the probe, pause, as the script gives them. Rubbish is passed over.
    fn hear(&mut self, now: Instant, words: &[String]) {
        let [name, change, left, pause] = words else { return };
        let Some(model) = self.models.get(name) else { return };
        if self.heard.get(name) == Some(change) {
            return;
        }
        let (Ok(left), Ok(pause)) = (left.parse::<i64>(), pause.parse::<u64>()) else {
            return;
        };
        let news = match u64::try_from(left) {
            Err(_) => News::Closed,
            Ok(left) => News::Open {
                left: Duration::from_millis(left),
                pause: Duration::from_millis(pause),
            },
        };
        if model.breaker.hear(now, news) {
            self.heard.insert(name.clone(), change.clone());
        }
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
