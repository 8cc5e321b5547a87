//! The operator: the one person who runs the service. A one-time link sets the password, the password begins a session, and
//! every form carries the session's own token.

mod password;
mod throttle;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;

use crate::limits::VisitorNetwork;
use crate::store::operator::Session;
use crate::store::{OperatorStore, StoreError};

pub use password::{PASSWORD_MAX, PASSWORD_MIN, WeakPassword};

use password::Hashing;
use throttle::Throttle;

/// A session that nobody used for so long has ended.
pub const IDLE: Duration = Duration::from_secs(12 * 3_600);
/// However much it is used, a session ends after this.
pub const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How exact "not used" is; a page view does not write each time.
const TOUCH: Duration = Duration::from_secs(60);

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("that is not the password")]
    Wrong,
    #[error("too many wrong passwords; try again in {} seconds", .0.as_secs().max(1))]
    TooMany(Duration),
    #[error("this link was used already, or was never valid")]
    UsedLink,
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
}

/// A session that has just begun; the token goes into a cookie and is kept nowhere.
pub struct NewSession {
    pub token: String,
}

/// The session that a request belongs to.
#[derive(Debug, Clone)]
pub struct SignedIn {
    token_hash: [u8; 32],
    /// Stands in each form of this session's pages.
    pub csrf: String,
}

impl SignedIn {
    /// Whether a form was rendered for this session; takes the same time wherever they differ.
    pub fn owns(&self, csrf: &str) -> bool {
        blake3::hash(self.csrf.as_bytes()) == blake3::hash(csrf.as_bytes())
    }
}

pub struct Operator {
    store: Arc<dyn OperatorStore>,
    /// The hash of the one-time token, until it is used.
    setup: Mutex<Option<blake3::Hash>>,
    throttle: Throttle,
    hashing: Hashing,
}

impl Operator {
    /// As long as no password is set, there is also a token with which to set one: show its link to whoever started the service,
    /// `PUBLIC_URL/admin/setup?token=TOKEN`. It works once, and only in this process.
    pub async fn open(store: Arc<dyn OperatorStore>) -> Result<(Self, Option<String>), StoreError> {
        let now = now_ms();
        store.forget_sessions(now - ms(IDLE), now - ms(LONGEST)).await?;
        let token = match store.password_hash().await? {
            Some(_) => None,
            None => Some(random()),
        };
        let operator = Self {
            store,
            setup: Mutex::new(token.as_ref().map(|token| blake3::hash(token.as_bytes()))),
            throttle: Throttle::default(),
            hashing: Hashing::default(),
        };
        Ok((operator, token))
    }

    /// Nobody has set a password yet.
    pub fn is_new(&self) -> bool {
        self.setup.lock().is_some()
    }

    /// Whether this is the one-time token; comparing takes the same time wherever they differ.
    pub fn accepts_setup(&self, token: &str) -> bool {
        *self.setup.lock() == Some(blake3::hash(token.as_bytes()))
    }

    /// Sets the first password and signs in. The token works no more afterwards.
    pub async fn set_up(&self, token: &str, password: &str) -> Result<NewSession, SignInError> {
        if !self.accepts_setup(token) {
            return Err(SignInError::UsedLink);
        }
        let hash = self.hashing.hash(password).await?;
        let first = self.store.set_first_password(&hash, now_ms()).await?;
        *self.setup.lock() = None;
        match first {
            true => self.begin().await,
            false => Err(SignInError::UsedLink),
        }
    }

    /// Signs in from an address. Each wrong password makes the next try from there wait longer.
    pub async fn sign_in(&self, address: IpAddr, password: &str) -> Result<NewSession, SignInError> {
        self.verify(address, password).await?;
        // Another service on the same store may have been where it was set.
        *self.setup.lock() = None;
        self.begin().await
    }

    /// Sets another password, given the one that is valid now. Every session ends; a new one begins.
    pub async fn change_password(&self, address: IpAddr, old: &str, new: &str) -> Result<NewSession, SignInError> {
        password::check(new)?;
        self.verify(address, old).await?;
        let hash = self.hashing.hash(new).await?;
        self.store.change_password(&hash, now_ms()).await?;
        self.begin().await
    }

    /// The session that a cookie's token names, unless it has ended.
    pub async fn session(&self, token: &str) -> Result<Option<SignedIn>, StoreError> {
        let token_hash = *blake3::hash(token.as_bytes()).as_bytes();
        let Some(session) = self.store.session(token_hash).await? else {
            return Ok(None);
        };
        let now = now_ms();
        if now - session.seen_at_ms > ms(IDLE) || now - session.created_at_ms > ms(LONGEST) {
            self.store.end_session(token_hash).await?;
            return Ok(None);
        }
        if now - session.seen_at_ms > ms(TOUCH) {
            self.store.touch_session(token_hash, now).await?;
        }
        Ok(Some(SignedIn {
            token_hash,
            csrf: session.csrf,
        }))
    }

    pub async fn sign_out(&self, session: &SignedIn) -> Result<(), StoreError> {
        self.store.end_session(session.token_hash).await
    }

    async fn verify(&self, address: IpAddr, password: &str) -> Result<(), SignInError> {
        let network = VisitorNetwork::of(address);
        // Counted as wrong before it is looked at, so that tries at the same time do not get past the count.
        self.throttle
            .begin(network, Instant::now())
            .map_err(SignInError::TooMany)?;
        let right = match self.store.password_hash().await? {
            Some(hash) => self.hashing.verify(password, hash).await?,
            None => false,
        };
        if !right {
            tracing::warn!(%address, "a wrong operator password");
            return Err(SignInError::Wrong);
        }
        self.throttle.forgive(network);
        Ok(())
    }

    async fn begin(&self) -> Result<NewSession, SignInError> {
        let (token, now) = (random(), now_ms());
        let session = Session {
            csrf: random(),
            created_at_ms: now,
            seen_at_ms: now,
        };
        self.store
            .add_session(*blake3::hash(token.as_bytes()).as_bytes(), &session)
            .await?;
        Ok(NewSession { token })
    }
}

/// 256 random bits in 43 characters that can stand in a link, a cookie and a form.
fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Unix time in milliseconds.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, ms)
}

#[cfg(test)]
mod tests;
