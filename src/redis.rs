//! One way to Redis for everything that uses it, which never holds a question up.
//!
//! A Redis that is down, hung, full or refusing costs the calls in flight one short timeout. After that every call
//! returns `None` at once while a task of its own tries again, so that nobody has to restart the service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool_redis::redis::{
    self, AsyncConnectionConfig, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisError, ServerErrorKind,
};
use deadpool_redis::{Connection, Manager, Pool, PoolError, Runtime, TimeoutType};
use parking_lot::Mutex;

/// How long Redis may take. A question waits for it, so these are short.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a new connection, TLS and login included.
    pub connect: Duration,
    /// For one command on a connection that stands.
    pub command: Duration,
    /// Between the attempts to reach a Redis that is away; doubles up to `retry_at_most`.
    pub retry: Duration,
    pub retry_at_most: Duration,
    /// How long Redis must answer before an outage counts as over (a full Redis accepts a write now and then).
    pub settled: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(250),
            command: Duration::from_millis(100),
            retry: Duration::from_millis(500),
            retry_at_most: Duration::from_secs(5),
            settled: Duration::from_secs(3),
        }
    }
}

impl Patience {
    /// The usual patience around this one for a command; a connection may take longer.
    pub fn of_command(command: Duration) -> Self {
        let usual = Self::default();
        Self {
            connect: usual.connect.max(command),
            command,
            ..usual
        }
    }
}

/// Connections at most; each does one command at a time.
const CONNECTIONS: usize = 16;

/// Written to find out whether Redis takes writes again.
const PROBE_KEY: &str = "pennypress:probe";

#[derive(Debug, thiserror::Error)]
#[error(
    "not a Redis address: {reason} (allowed: \"memory\", redis://[user:password@]host:port[/db], rediss://… for TLS)"
)]
pub struct RedisUrlError {
    reason: String,
}

/// A handle on one Redis. Clones share its connections and what is known about its health.
#[derive(Clone)]
pub struct RedisClient {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    patience: Patience,
    /// Host and port, without user and password.
    address: String,
    /// Read by every call before anything else.
    away: AtomicBool,
    outage: Mutex<Option<Outage>>,
}

struct Outage {
    reason: String,
    began: Instant,
}

impl RedisClient {
    /// Does not connect yet: a Redis that is down is no reason not to start.
    pub fn open(url: &str) -> Result<Self, RedisUrlError> {
        Self::open_with(url, Patience::default())
    }

    pub fn open_with(url: &str, patience: Patience) -> Result<Self, RedisUrlError> {
        if !(url.starts_with("redis://") || url.starts_with("rediss://")) {
            return Err(RedisUrlError {
                reason: "it begins with neither redis:// nor rediss://".into(),
            });
        }
        // The library's message names the part that is wrong and never repeats the address, which may hold a password.
        let bad = |error: RedisError| RedisUrlError {
            reason: error.to_string(),
        };
        let info = url.into_connection_info().map_err(bad)?;
        if matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. }) {
            return Err(RedisUrlError {
                reason: "TLS without checking the certificate is not supported".into(),
            });
        }
        let address = info.addr().to_string();
        // Ours is the only patience: the library's own would end before one that an operator set longer than half a second.
        let patient = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None);
        let manager = Manager::new_with_config(info, patient).map_err(bad)?;
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(patience.command))
            .create_timeout(Some(patience.connect))
            .recycle_timeout(Some(patience.command))
            .build()
            .map_err(|error| RedisUrlError {
                reason: error.to_string(),
            })?;
        let (away, outage) = (AtomicBool::new(false), Mutex::new(None));
        Ok(Self {
            shared: Arc::new(Shared {
                pool,
                patience,
                address,
                away,
                outage,
            }),
        })
    }

    /// Does one thing with Redis; `None` when Redis is away or just failed.
    pub async fn call<T>(&self, work: impl AsyncFnOnce(&mut Connection) -> Result<T, RedisError>) -> Option<T> {
        if self.shared.away.load(Ordering::Relaxed) {
            return None;
        }
        match self.shared.attempt(work).await {
            Ok(done) => Some(done),
            Err(Trouble::Busy) => None,
            Err(Trouble::Ours(error)) => {
                tracing::debug!(%error, "Redis holds something else under a key of ours");
                None
            }
            Err(Trouble::Away(reason)) => {
                self.shared.clone().went_away(reason);
                None
            }
        }
    }

    /// What is asked now is not answered.
    pub fn is_away(&self) -> bool {
        self.shared.away.load(Ordering::Relaxed)
    }

    /// `Err` says in one line what is wrong.
    pub async fn ready(&self) -> Result<(), String> {
        if !self.shared.away.load(Ordering::Relaxed) {
            match self
                .shared
                .attempt(async |connection| redis::cmd("PING").query_async::<()>(connection).await)
                .await
            {
                Ok(()) => return Ok(()),
                Err(Trouble::Busy) => {
                    return Err(format!("Redis at {}: every connection is busy", self.shared.address));
                }
                Err(Trouble::Ours(error)) => return Err(format!("Redis at {}: {error}", self.shared.address)),
                Err(Trouble::Away(reason)) => self.shared.clone().went_away(reason),
            }
        }
        match &*self.shared.outage.lock() {
            Some(outage) => Err(format!("Redis at {}: {}", self.shared.address, outage.reason)),
            None => Ok(()),
        }
    }
}

enum Trouble {
    /// All connections are in use; says nothing about Redis.
    Busy,
    /// Redis works, but not on this key.
    Ours(RedisError),
    Away(String),
}

impl Shared {
    async fn attempt<T>(&self, work: impl AsyncFnOnce(&mut Connection) -> Result<T, RedisError>) -> Result<T, Trouble> {
        let status = self.pool.status();
        let patience = if status.available == 0 && status.size < status.max_size {
            self.patience.connect + self.patience.command
        } else {
            self.patience.command
        };
        let attempt = async {
            let mut connection = self.pool.get().await.map_err(|error| match error {
                PoolError::Timeout(TimeoutType::Wait) => Trouble::Busy,
                PoolError::Timeout(_) => Trouble::Away("it does not answer in time".into()),
                PoolError::Backend(error) => Trouble::Away(explain(&error)),
                other => Trouble::Away(other.to_string()),
            })?;
            work(&mut connection).await.map_err(|error| match error.kind() {
                ErrorKind::UnexpectedReturnType => Trouble::Ours(error),
                _ if error.code() == Some("WRONGTYPE") => Trouble::Ours(error),
                _ => Trouble::Away(explain(&error)),
            })
        };
        match tokio::time::timeout(patience, attempt).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::Away(format!("no answer within {} ms", patience.as_millis()))),
        }
    }

    /// From now on nobody waits for Redis. The first to notice tells the operator and sets somebody to watch.
    fn went_away(self: Arc<Self>, reason: String) {
        let mut outage = self.outage.lock();
        self.away.store(true, Ordering::Relaxed);
        match &mut *outage {
            Some(known) => known.reason = reason,
            None => {
                tracing::warn!(
                    redis = self.address,
                    reason,
                    "Redis is away; going on without it until it is back"
                );
                *outage = Some(Outage {
                    reason,
                    began: Instant::now(),
                });
                drop(outage);
                // After a failover an idle connection may still lead to the old primary.
                self.pool.retain(|_, _| false);
                let watched = Arc::downgrade(&self);
                tokio::spawn(watch(watched, self.patience));
            }
        }
    }

    async fn probe(&self) -> Result<(), String> {
        let write = async |connection: &mut Connection| {
            redis::cmd("SET")
                .arg(PROBE_KEY)
                .arg(1)
                .arg("EX")
                .arg(10)
                .query_async::<()>(connection)
                .await
        };
        match self.attempt(write).await {
            Ok(()) | Err(Trouble::Ours(_)) => Ok(()),
            Err(Trouble::Busy) => Err("every connection is busy".into()),
            Err(Trouble::Away(reason)) => Err(reason),
        }
    }
}

/// Tries until Redis is back and stays, or nobody holds the client any more.
async fn watch(watched: std::sync::Weak<Shared>, patience: Patience) {
    let (mut pause, mut answering_since) = (patience.retry, None::<Instant>);
    loop {
        tokio::time::sleep(pause).await;
        let Some(shared) = watched.upgrade() else { return };
        if shared.away.load(Ordering::Relaxed) {
            match shared.probe().await {
                Ok(()) => {
                    shared.away.store(false, Ordering::Relaxed);
                    answering_since = Some(Instant::now());
                }
                Err(reason) => {
                    shared.pool.retain(|_, _| false);
                    if let Some(outage) = &mut *shared.outage.lock() {
                        outage.reason = reason;
                    }
                    pause = (pause * 2).min(patience.retry_at_most);
                }
            }
        } else if answering_since.is_some_and(|since| since.elapsed() >= patience.settled) {
            let mut outage = shared.outage.lock();
            // Under the lock, so that a failure of this very moment either is seen here or begins an outage of its own.
            if !shared.away.load(Ordering::Relaxed) {
                let seconds = outage.take().map(|outage| outage.began.elapsed().as_secs());
                tracing::info!(redis = shared.address, after_seconds = seconds, "Redis is back");
                return;
            }
        } else {
            pause = patience.retry;
        }
    }
}

/// The code of a server's error, also of one within a pipeline, such as the commands with which a connection begins: those
/// tell only a text.
fn code(error: &RedisError) -> Option<String> {
    const CODES: [&str; 4] = ["OOM", "NOAUTH", "WRONGPASS", "MISCONF"];
    if let Some(code) = error.code() {
        return Some(code.to_owned());
    }
    let text = error.to_string();
    CODES
        .iter()
        .find(|code| text.contains(**code))
        .map(|code| (*code).to_owned())
}

/// What went wrong in words that tell the operator what to do.
fn explain(error: &RedisError) -> String {
    let advice = match error.kind() {
        ErrorKind::AuthenticationFailed => "user or password is wrong; correct them in the address of Redis",
        ErrorKind::Server(ServerErrorKind::BusyLoading) => "it is still loading its data; wait",
        ErrorKind::Server(ServerErrorKind::ReadOnly) => "it is a read-only replica; give the primary's address",
        ErrorKind::Server(ServerErrorKind::NoPerm) => {
            "this user lacks a permission; allow it GET, SET, DEL, EVALSHA and the like"
        }
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            "it is a cluster, which is not supported; give a single Redis"
        }
        ErrorKind::Parse => {
            "what answers there does not speak the Redis protocol; check host, port and redis:// or rediss://"
        }
        _ => match code(error).as_deref() {
            Some("OOM") => "it is full; raise its maxmemory or set maxmemory-policy allkeys-lru",
            Some("NOAUTH") => "it wants a password; add it to the address of Redis",
            Some("WRONGPASS") => "user or password is wrong; correct them in the address of Redis",
            Some("MISCONF") => "it cannot save to its disk; see its own log",
            _ if error.is_connection_refusal() => "nothing listens there; start Redis or correct its address",
            _ if error.is_timeout() => "it does not answer in time",
            _ => "check that it runs and can be reached",
        },
    };
    format!("{advice} ({error})")
}
