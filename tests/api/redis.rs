//! Two services and one Redis: one cache, one limit. And a Redis that dies.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::{SECRET_A, Settings, settings, until};
use crate::asking::{Problem, json_of};
use crate::provider::Provider;
use crate::signing::sign;

/// A redis-server of the test's own, on a free port.
pub struct Redis {
    process: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Redis {
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut redis = Self {
            process: spawn(port, directory.path()),
            port,
            _directory: directory,
        };
        redis.wait();
        redis
    }

    pub fn start_again(&mut self) {
        self.process = spawn(self.port, self._directory.path());
        self.wait();
    }

    fn wait(&mut self) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "redis-server does not listen"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn kill(&mut self) {
        // Fails only when it is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.process.id().to_string()])
            .status();
        assert!(sent.expect("to run kill").success(), "kill {signal}");
    }

    /// What all sites together spent today, as the budgets in it say, in 10^-12 dollars.
    pub fn spent_today(&self) -> i64 {
        let script = "local sum = 0 for _, key in ipairs(redis.call('KEYS', 'pennypress:*:budget:????-??-??')) do \
            sum = sum + redis.call('GET', key) end return string.format('%d', sum)";
        let done = Command::new("redis-cli")
            .args(["-p", &self.port.to_string(), "eval", script, "0"])
            .output()
            .expect("redis-cli (Debian: redis-tools)");
        let text = String::from_utf8_lossy(&done.stdout);
        text.trim().parse().unwrap_or_else(|_| panic!("{text}"))
    }

    pub fn settings(&self) -> Settings {
        settings().redis(&format!("redis://127.0.0.1:{}", self.port))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(port: u16, directory: &std::path::Path) -> Child {
    Command::new("redis-server")
        .args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--port",
            &port.to_string(),
            "--dir",
        ])
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("these tests need redis-server on the PATH (Debian: apt install redis-server)")
}

pub async fn redis_is_used(app: &crate::app::App) {
    until("Redis is used", async || {
        let ready = app.client.get(app.url("/readyz")).send().await.expect("an answer");
        json_of(ready).await["cache"] == "ok"
    })
    .await;
}

/// The tests' services wait two seconds for it.
#[tokio::test]
async fn a_redis_that_answers_within_the_time_that_was_set_is_waited_for() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    let app = redis.settings().models(&provider, &["echo"]).start().await;
    redis_is_used(&app).await;
    let first = app.ask("Who waits for this?").told().await;
    redis.signal("-STOP");
    let goes_on = async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        redis.signal("-CONT");
    };
    let (again, ()) = tokio::join!(async { app.ask("Who waits for this?").told().await }, goes_on);
    assert_eq!(again.is_from("cache"), first.text);
    assert!(!app.log().contains("Redis is away"), "{}", app.log());
}

#[tokio::test]
async fn two_services_share_answers_limits_and_used_ids() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    let one = redis.settings().models(&provider, &["echo"]).per_visitor_per_minute(5);
    let (one, other) = (one.clone().start().await, one.start().await);
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    let first = one.ask("Who pays for this?").told().await;
    first.is_from("model");
    assert_eq!(
        other.ask("Who pays for this?").told().await.is_from("cache"),
        first.text
    );
    assert_eq!(provider.requests().len(), 1);
    // Two of five are used up, one at each.
    for app in [&one, &other, &one] {
        assert_eq!(app.ask("Who pays for this?").send().await.status(), 200);
    }
    for app in [&one, &other] {
        app.ask("Who pays for this?").problem().await.is(429, "rate_limited");
    }
    let signature = sign(SECRET_A, b"");
    let ping = |app: &crate::app::App| signature.on(app.client.get(app.url("/api/v1/ping?site=site_a"))).send();
    assert_eq!(ping(&one).await.expect("an answer").status(), 200);
    Problem::of(ping(&other).await.expect("an answer"))
        .await
        .is(401, "bad_signature");
}

#[tokio::test]
async fn a_redis_that_dies_in_the_middle_costs_no_answer() {
    let (mut redis, provider) = (Redis::start(), Provider::start().await);
    let app = redis.settings().models(&provider, &["slow-5"]).start().await;
    redis_is_used(&app).await;
    app.ask("What was asked before?").told().await.is_from("model");
    app.ask("What was asked before?").told().await.is_from("cache");
    let questions: Vec<String> = (0..30).map(|n| format!("What is {n}?")).collect();
    let asking = futures_util::future::join_all(questions.iter().map(|question| app.ask(question).told()));
    let killing = async {
        provider.until("answers are under way", |log| log.len() >= 10).await;
        redis.kill();
    };
    let (told, ()) = tokio::join!(asking, killing);
    for told in told {
        assert!(told.is_from("model").ends_with("under Settings."));
    }
    // While it is away nothing is cached, everything is answered, and soon.
    let began = Instant::now();
    app.ask("What was asked before?").told().await.is_from("model");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let ready = app.client.get(app.url("/readyz")).send().await.expect("an answer");
    assert_eq!(ready.status(), 200);
    assert_ne!(json_of(ready).await["cache"], "ok");
    redis.start_again();
    redis_is_used(&app).await;
    until("the cache is used again", async || {
        app.ask("Is it back?").told().await.from == "cache"
    })
    .await;
    let warnings = app
        .log()
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("Redis"))
        .count();
    assert_eq!(warnings, 1, "{}", app.log());
}

#[tokio::test]
async fn a_redis_that_is_away_from_the_start_hinders_nothing() {
    let mut redis = Redis::start();
    redis.kill();
    let provider = Provider::start().await;
    let app = redis
        .settings()
        .models(&provider, &["echo"])
        .per_visitor_per_minute(3)
        .start()
        .await;
    for _ in 0..3 {
        app.ask("Is it there?").told().await.is_from("model");
    }
    app.ask("Is it there?").problem().await.is(429, "rate_limited");
    redis.start_again();
    redis_is_used(&app).await;
}

#[tokio::test]
async fn rubbish_in_redis_is_a_miss() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    let app = redis.settings().models(&provider, &["echo"]).start().await;
    redis_is_used(&app).await;
    app.ask("Is it rubbish?").told().await.is_from("model");
    app.ask("Is it rubbish?").told().await.is_from("cache");
    let script = "for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('SET', key, '{\"text\":') end";
    let port = redis.port.to_string();
    let done = Command::new("redis-cli")
        .args(["-p", &port, "eval", script, "0"])
        .output();
    assert!(done.expect("redis-cli (Debian: redis-tools)").status.success());
    assert_eq!(
        app.ask("Is it rubbish?").told().await.is_from("model"),
        "Is it rubbish?"
    );
    app.ask("Is it rubbish?").told().await.is_from("cache");
    let body: Value = json!({"site": "site_a"});
    assert_eq!(app.post("/api/v1/visitors", body).await.status(), 200);
}
