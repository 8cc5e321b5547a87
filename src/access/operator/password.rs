//! The password: how long it must be, and its argon2id hash (RFC 9106), which takes 19 MiB and tens of milliseconds.

use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::SignInError;

/// Characters.
pub const PASSWORD_MIN: usize = 12;
pub const PASSWORD_MAX: usize = 256;
/// Hashes that are computed at the same time; more would only take memory and processors from visitors.
const AT_ONCE: usize = 2;
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("a password needs at least {PASSWORD_MIN} characters; this one has {0}")]
    Short(usize),
    #[error("a password has at most {PASSWORD_MAX} characters")]
    Long,
    #[error("this password is too easy to guess; a few random words make a good one")]
    Easy,
}

pub(super) fn check(password: &str) -> Result<(), WeakPassword> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(WeakPassword::Short(length));
    }
    if length > PASSWORD_MAX {
        return Err(WeakPassword::Long);
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 5 {
        return Err(WeakPassword::Easy);
    }
    Ok(())
}

pub(super) struct Hashing(Semaphore);

impl Default for Hashing {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Hashing {
    pub(super) async fn hash(&self, password: &str) -> Result<String, SignInError> {
        check(password)?;
        let password = password.to_owned();
        self.compute(move || {
            let hash: PasswordHash = Argon2::default()
                .hash_password(password.as_bytes())
                .map_err(|error| SignInError::Hash(error.to_string()))?;
            Ok(hash.to_string())
        })
        .await
    }

    pub(super) async fn verify(&self, password: &str, hash: String) -> Result<bool, SignInError> {
        if check(password).is_err() {
            // It cannot be the password, and a long one would cost time.
            return Ok(false);
        }
        let password = password.to_owned();
        self.compute(move || {
            let hash = PasswordHash::new(&hash).map_err(|error| SignInError::Hash(error.to_string()))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }

    /// On a thread where it holds nobody up.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, SignInError> + Send + 'static,
    ) -> Result<T, SignInError> {
        let _turn: SemaphorePermit = match tokio::time::timeout(PATIENCE, self.0.acquire()).await {
            Ok(Ok(turn)) => turn,
            _ => return Err(SignInError::TooMany(PATIENCE)),
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(SignInError::Hash(error.to_string())))
    }
}
