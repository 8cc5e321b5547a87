//! What happens when Redis is not as it should be: nothing that a visitor would notice.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pennypress::cache::{AnswerCache, RedisCache};
use pennypress::limits::{Limits, RedisLimits};
use pennypress::redis::RedisClient;

use crate::cache::{answer, key};
use crate::limits::{allow, visitor};
use crate::server::{RedisServer, free_port};
use crate::{PATIENCE, client, until};

const LONG: Duration = Duration::from_secs(600);

/// The first call may take as long as the patience lasts, the hundred after it nothing.
async fn is_a_quick_miss(redis: &RedisClient) {
    let cache = RedisCache::new(redis.clone(), LONG);
    let began = Instant::now();
    assert_eq!(cache.get(&key(1)).await, None);
    assert!(
        began.elapsed() < PATIENCE.connect + PATIENCE.command + Duration::from_millis(300),
        "{:?}",
        began.elapsed()
    );
    let began = Instant::now();
    for _ in 0..100 {
        cache.put(&key(1), answer("lost")).await;
        assert_eq!(cache.get(&key(1)).await, None);
    }
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
}

async fn comes_back(redis: &RedisClient) {
    let cache = RedisCache::new(redis.clone(), LONG);
    until("Redis is used again", async || {
        cache.put(&key(9), answer("back")).await;
        cache.get(&key(9)).await.is_some()
    })
    .await;
    until("the outage is over", async || redis.ready().await.is_ok()).await;
}

#[tokio::test]
async fn killed_in_the_middle() {
    let mut server = RedisServer::start(&[]);
    let redis = client(&server.url());
    let limits = RedisLimits::new(redis.clone(), allow(2, 100));
    comes_back(&redis).await;
    limits
        .question("s", visitor("192.0.2.1"))
        .await
        .expect("counted by Redis");
    assert!(limits.first_use("w", "before", LONG).await);
    server.kill();
    is_a_quick_miss(&redis).await;
    assert!(redis.ready().await.expect_err("away").contains("start Redis"));
    // This process counts meanwhile, and an id that was used before still works only once.
    limits.question("s", visitor("192.0.2.1")).await.expect("1 of 2 here");
    limits.question("s", visitor("192.0.2.1")).await.expect("2 of 2 here");
    limits
        .question("s", visitor("192.0.2.1"))
        .await
        .expect_err("over the limit here");
    assert!(!limits.first_use("w", "before", LONG).await);
    server.restart();
    comes_back(&redis).await;
    limits
        .question("s", visitor("192.0.2.1"))
        .await
        .expect("counted by the new Redis, its script loaded anew");
}

#[tokio::test]
async fn hung() {
    let server = RedisServer::start(&[]);
    let redis = client(&server.url());
    comes_back(&redis).await;
    server.signal("-STOP");
    is_a_quick_miss(&redis).await;
    server.signal("-CONT");
    comes_back(&redis).await;
}

#[tokio::test]
async fn full() {
    let server = RedisServer::start(&["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"]);
    let redis = client(&server.url());
    // One write is let in as long as there is room before it, and this one takes all of it.
    server.cli(&["eval", "redis.call('SET', 'fat', string.rep('x', 2000000))", "0"]);
    let cache = RedisCache::new(redis.clone(), LONG);
    cache.put(&key(1), answer("no room")).await;
    is_a_quick_miss(&redis).await;
    let reason = redis.ready().await.expect_err("full");
    assert!(reason.contains("maxmemory"), "{reason}");
    server.cli(&["config", "set", "maxmemory", "0"]);
    comes_back(&redis).await;
}

#[tokio::test]
async fn a_password_that_is_wrong_or_missing() {
    let server = RedisServer::start(&["--requirepass", "right"]);
    for user in ["", ":hunter2@"] {
        let redis = client(&format!("redis://{user}127.0.0.1:{}", server.port()));
        is_a_quick_miss(&redis).await;
        let reason = redis.ready().await.expect_err("no entry");
        assert!(reason.contains("password") && !reason.contains("hunter2"), "{reason}");
    }
    comes_back(&client(&format!("redis://:right@127.0.0.1:{}", server.port()))).await;
}

#[tokio::test]
async fn nothing_there() {
    let redis = client(&format!("redis://127.0.0.1:{}", free_port()));
    is_a_quick_miss(&redis).await;
}

#[tokio::test]
async fn not_a_redis() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    is_a_quick_miss(&client(&format!("redis://127.0.0.1:{port}"))).await;

    let babbling = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = babbling.local_addr().expect("bound").port();
    // Ends with the test's process.
    std::thread::spawn(move || {
        for mut stream in babbling.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let redis = client(&format!("redis://127.0.0.1:{port}"));
    is_a_quick_miss(&redis).await;
    assert!(redis.ready().await.is_err());
}

#[tokio::test]
async fn one_warning_and_one_all_clear_an_outage() {
    let lines = Arc::new(parking_lot::Mutex::new(Vec::<u8>::new()));
    let writer = Shared(lines.clone());
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    // For this thread, on which the test's runtime runs its tasks too.
    let _here = tracing::subscriber::set_default(subscriber);
    let mut server = RedisServer::start(&[]);
    let redis = client(&server.url());
    comes_back(&redis).await;
    server.kill();
    is_a_quick_miss(&redis).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    is_a_quick_miss(&redis).await;
    server.restart();
    comes_back(&redis).await;
    let count = |word: &str| {
        String::from_utf8_lossy(&lines.lock())
            .lines()
            .filter(|line| line.contains(word))
            .count()
    };
    until("the all-clear", async || count("Redis is back") == 1).await;
    assert_eq!(count("WARN"), 1);
}

#[derive(Clone)]
struct Shared(Arc<parking_lot::Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
