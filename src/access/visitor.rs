//! Visitor tokens: who may continue and read a conversation. Nothing is stored; the token carries its own proof.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::VisitorId;

/// How long a token is good for.
pub const LIFETIME: Duration = Duration::from_secs(3600);

/// How long after that it may still be exchanged for a new one, so that a page left open overnight keeps its conversation.
pub const RENEWABLE: Duration = Duration::from_secs(24 * 3600);

/// Longer texts are not looked at.
const LONGEST: usize = 160;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("The visitor token is not one of this service and site.")]
    Forged,
    #[error("The visitor token has expired. Ask for a new one.")]
    Expired,
}

/// Signs and reads tokens of this instance.
pub struct VisitorTokens {
    key: Hmac<Sha256>,
}

impl VisitorTokens {
    pub fn new(instance_secret: &[u8; 32]) -> Self {
        let key = blake3::derive_key("pennypress 2026 visitor tokens", instance_secret);
        // HMAC takes keys of any length (RFC 2104, section 2).
        let key = Hmac::new_from_slice(&key).expect("HMAC takes keys of any length");
        Self { key }
    }

    /// A token for this visitor on this site, good for [`LIFETIME`] from `now` (Unix seconds).
    pub fn issue(&self, site: &str, visitor: VisitorId, now: i64) -> String {
        let expires = now + LIFETIME.as_secs() as i64;
        let proof = self.proof(site, visitor, expires).finalize().into_bytes();
        format!("{visitor}.{expires}.{}", URL_SAFE_NO_PAD.encode(proof))
    }

    /// Whose token it is.
    pub fn read(&self, site: &str, token: &str, now: i64) -> Result<VisitorId, TokenError> {
        self.read_within(site, token, now, Duration::ZERO)
    }

    /// The same for a token that is to be exchanged.
    pub fn read_for_renewal(&self, site: &str, token: &str, now: i64) -> Result<VisitorId, TokenError> {
        self.read_within(site, token, now, RENEWABLE)
    }

    fn read_within(&self, site: &str, token: &str, now: i64, grace: Duration) -> Result<VisitorId, TokenError> {
        let forged = TokenError::Forged;
        let mut parts = Some(token)
            .filter(|token| token.len() <= LONGEST)
            .ok_or(forged)?
            .split('.');
        let (Some(visitor), Some(expires), Some(proof), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(forged);
        };
        let visitor = VisitorId::parse(visitor).map_err(|_| forged)?;
        let expires: i64 = expires.parse().map_err(|_| forged)?;
        let proof = URL_SAFE_NO_PAD.decode(proof).map_err(|_| forged)?;
        self.proof(site, visitor, expires)
            .verify_slice(&proof)
            .map_err(|_| forged)?;
        if now > expires.saturating_add(grace.as_secs() as i64) {
            return Err(TokenError::Expired);
        }
        Ok(visitor)
    }

    fn proof(&self, site: &str, visitor: VisitorId, expires: i64) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(format!("{visitor}.{expires}.{site}").as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_site_and_hour() {
        let tokens = VisitorTokens::new(&[7; 32]);
        let visitor = VisitorId::generate();
        let token = tokens.issue("site_a", visitor, 1_000);
        assert_eq!(tokens.read("site_a", &token, 4_600), Ok(visitor));
        assert_eq!(tokens.read("site_a", &token, 4_601), Err(TokenError::Expired));
        assert_eq!(tokens.read_for_renewal("site_a", &token, 4_601), Ok(visitor));
        assert_eq!(tokens.read("site_b", &token, 1_000), Err(TokenError::Forged));
        assert_eq!(
            VisitorTokens::new(&[8; 32]).read("site_a", &token, 1_000),
            Err(TokenError::Forged)
        );
        for broken in [
            "",
            "a.b.c",
            &token[1..],
            &format!("{token}."),
            &token.replace("4600", "9600"),
        ] {
            assert_eq!(
                tokens.read("site_a", broken, 1_000),
                Err(TokenError::Forged),
                "{broken}"
            );
        }
    }
}
