//! The engines of cache and limits, each test written once and run against every engine.

mod budgets;
mod cache;
mod limits;
mod outages;
mod server;

use std::time::Duration;

use pennypress::redis::{Patience, RedisClient};

/// The usual patience, but with quick recovery, and commands that a busy test machine can keep up with.
const PATIENCE: Patience = Patience {
    connect: Duration::from_millis(1000),
    command: Duration::from_millis(500),
    retry: Duration::from_millis(50),
    retry_at_most: Duration::from_millis(100),
    settled: Duration::from_millis(300),
};

fn client(url: &str) -> RedisClient {
    RedisClient::open_with(url, PATIENCE).expect("a Redis address")
}

/// Waits until `done`; fails after ten seconds.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never happened: {what}");
}
