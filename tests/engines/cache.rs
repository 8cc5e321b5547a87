use std::sync::Arc;
use std::time::Duration;

use pennypress::cache::{AnswerCache, CacheKey, CachedAnswer, MemoryCache, RedisCache};
use pennypress::domain::{Finish, From, Source};

use crate::client;
use crate::server::RedisServer;

pub fn answer(text: &str) -> Arc<CachedAnswer> {
    Arc::new(CachedAnswer {
        text: text.into(),
        sources: Arc::from([Source {
            n: 1,
            title: "T\u{0}é".into(),
            url: "https://e.example/".into(),
            quote: "\"q\"".into(),
        }]),
        finish: Finish::Stop,
        made_by: From::Model,
        model: Some("m".into()),
        prompt_tokens: 3,
        completion_tokens: 4,
        basis: Default::default(),
        made_at_ms: 5,
    })
}

pub fn key(n: u8) -> CacheKey {
    CacheKey([n; 32])
}

async fn keeps_what_it_is_given(cache: &dyn AnswerCache) {
    assert_eq!(cache.get(&key(1)).await, None);
    cache.put(&key(1), answer("one")).await;
    assert_eq!(cache.get(&key(1)).await, Some(answer("one")));
    cache.put(&key(1), answer("two")).await;
    assert_eq!(cache.get(&key(1)).await, Some(answer("two")));
    assert_eq!(cache.get(&key(2)).await, None);
    cache.remove(&key(1)).await;
    assert_eq!(cache.get(&key(1)).await, None);
    assert_eq!(cache.ready().await, Ok(()));
}

async fn forgets_after(ttl: Duration, cache: &dyn AnswerCache) {
    cache.put(&key(7), answer("short-lived")).await;
    assert!(cache.get(&key(7)).await.is_some());
    tokio::time::sleep(ttl + Duration::from_millis(50)).await;
    assert_eq!(cache.get(&key(7)).await, None);
    assert_eq!(cache.get_stale(&key(7)).await, Some(answer("short-lived")));
    cache.remove(&key(7)).await;
    assert_eq!(cache.get_stale(&key(7)).await, None);
}

async fn stands_many_at_once(cache: Arc<dyn AnswerCache>) {
    let tasks: Vec<_> = (0..100u8)
        .map(|n| {
            let cache = cache.clone();
            tokio::spawn(async move {
                cache.put(&key(n), answer(&n.to_string())).await;
                cache.get(&key(n)).await
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.expect("no panic"), Some(answer(&n.to_string())));
    }
}

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(400);

#[tokio::test]
async fn in_memory() {
    keeps_what_it_is_given(&MemoryCache::new(LONG, 1 << 20)).await;
    forgets_after(SHORT, &MemoryCache::new(SHORT, 1 << 20)).await;
    stands_many_at_once(Arc::new(MemoryCache::new(LONG, 1 << 20))).await;
}

#[tokio::test]
async fn in_redis() {
    let server = RedisServer::start(&[]);
    let cache = |ttl| RedisCache::new(client(&server.url()), ttl);
    keeps_what_it_is_given(&cache(LONG)).await;
    forgets_after(SHORT, &cache(SHORT)).await;
    stands_many_at_once(Arc::new(cache(LONG))).await;
}

#[tokio::test]
async fn a_removal_is_seen_by_the_other_service_at_once() {
    let server = RedisServer::start(&[]);
    let (one, other) = (
        RedisCache::new(client(&server.url()), LONG),
        RedisCache::new(client(&server.url()), LONG),
    );
    one.put(&key(1), answer("shared")).await;
    assert!(other.get(&key(1)).await.is_some());
    one.remove(&key(1)).await;
    assert_eq!(other.get(&key(1)).await, None);
}

#[tokio::test]
async fn a_claim_that_lapsed_ends_nobody_else_s() {
    let server = RedisServer::start(&[]);
    let caches = [(); 3].map(|()| RedisCache::new(client(&server.url()), LONG));
    let [late, next, third] = &caches;
    let lapsed = late
        .claim(&key(1), Duration::from_millis(50))
        .await
        .expect("nobody has it");
    assert!(next.claim(&key(1), LONG).await.is_none(), "the first has it");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let claim = next.claim(&key(1), LONG).await.expect("it has lapsed");
    late.release(&key(1), lapsed).await;
    assert!(third.claim(&key(1), LONG).await.is_none(), "the second still has it");
    next.release(&key(1), claim).await;
    assert!(third.claim(&key(1), LONG).await.is_some());
    // Nobody shares what is in this process.
    let here = MemoryCache::new(LONG, 1_000);
    assert!(here.claim(&key(1), LONG).await.is_some() && here.claim(&key(1), LONG).await.is_some());
}

#[tokio::test]
async fn memory_is_bounded_by_bytes() {
    let cache = MemoryCache::new(LONG, 100_000);
    for n in 0..200 {
        cache.put(&key(n), answer(&"x".repeat(10_000))).await;
    }
    let mut kept = 0;
    for n in 0..200 {
        kept += usize::from(cache.get(&key(n)).await.is_some());
    }
    assert!(kept <= 10, "{kept} answers of 10,000 bytes within 100,000");
}

#[tokio::test]
async fn an_answer_too_long_for_redis_is_not_kept() {
    let server = RedisServer::start(&[]);
    let cache = RedisCache::new(client(&server.url()), LONG);
    cache.put(&key(1), answer(&"x".repeat(1 << 20))).await;
    assert_eq!(cache.get(&key(1)).await, None);
    assert_eq!(cache.ready().await, Ok(()));
}

#[test]
fn a_wrong_address_says_what_is_allowed_and_keeps_the_password() {
    for url in [
        "",
        "http://u:hunter2@h",
        "redis://u:hunter2@h:port",
        "memcached://h",
        "rediss://u:hunter2@h:1/#insecure",
    ] {
        let Err(error) = pennypress::cache::open(url, LONG, 1) else {
            panic!("{url} was accepted")
        };
        let text = error.to_string();
        assert!(text.contains("rediss://") && !text.contains("hunter2"), "{text}");
    }
}
