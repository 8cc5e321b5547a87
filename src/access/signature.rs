//! Signed requests in the form of Standard Webhooks: `webhook-id`, `webhook-timestamp` and
//! `webhook-signature: v1,BASE64(HMAC-SHA256(secret, id.timestamp.body))`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::Secret;

/// How far the clocks may be apart, in seconds.
pub const TOLERANCE_SECONDS: i64 = 300;

/// How long an id is remembered: no signature is good for longer.
pub const REPLAY_WINDOW: std::time::Duration = std::time::Duration::from_secs(2 * TOLERANCE_SECONDS as u64);

const LONGEST_ID: usize = 128;
/// Signatures looked at; a sender that rotates its secret sends two.
const MOST_SIGNATURES: usize = 8;

/// The three headers as they came.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    pub id: &'a str,
    pub timestamp: &'a str,
    pub signatures: &'a str,
}

/// Why a signature does not count. The text is for the site's operator, who sees it when testing the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("The header {0} is missing.")]
    Missing(&'static str),
    #[error("webhook-id must have 1 to 128 printable characters without spaces.")]
    Id,
    #[error("webhook-timestamp must be a time in whole seconds since 1970.")]
    Timestamp,
    #[error("This site has no secret, so it takes no signed requests. Set one in the service's settings.")]
    NoSecret,
    #[error("The signature does not fit the site's secret. Check that the secret is the one of this site.")]
    Wrong,
    #[error("The clocks are {0} seconds apart; at most 300 are allowed. Set the clock of the web server right.")]
    Stale(i64),
    #[error("This webhook-id was used before; each request needs one of its own.")]
    Replayed,
}

/// Whether the body was signed with this secret, at about `now` (Unix seconds). That the id is new is for the caller to check.
pub fn verify(secret: &Secret, signed: Signed<'_>, body: &[u8], now: i64) -> Result<(), SignatureError> {
    let printable = signed.id.bytes().all(|byte| byte.is_ascii_graphic());
    if signed.id.is_empty() || signed.id.len() > LONGEST_ID || !printable {
        return Err(SignatureError::Id);
    }
    let timestamp: i64 = signed.timestamp.parse().map_err(|_| SignatureError::Timestamp)?;
    // What could be signed with nothing, anybody could sign.
    let mut mac = keyed(secret).ok_or(SignatureError::Wrong)?;
    for part in [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    let genuine = signed
        .signatures
        .split_ascii_whitespace()
        .take(MOST_SIGNATURES)
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .any(|signature| mac.clone().verify_slice(&signature).is_ok());
    if !genuine {
        return Err(SignatureError::Wrong);
    }
    let apart = now.saturating_sub(timestamp);
    if apart.abs() > TOLERANCE_SECONDS {
        return Err(SignatureError::Stale(apart.saturating_abs()));
    }
    Ok(())
}

/// Whether a secret holds a key: after `whsec_`, base64 of at least a byte.
pub fn is_usable(secret: &Secret) -> bool {
    key_of(secret).is_some_and(|key| !key.is_empty())
}

/// The secret as bytes: after `whsec_` in base64, otherwise the text itself.
fn key_of(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.expose();
    match text.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).ok(),
        None => Some(text.as_bytes().to_vec()),
    }
}

fn keyed(secret: &Secret) -> Option<Hmac<Sha256>> {
    let key = key_of(secret).filter(|key| !key.is_empty())?;
    // HMAC takes keys of any length (RFC 2104, section 2).
    Some(Hmac::new_from_slice(&key).expect("HMAC takes keys of any length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: Signed<'_> = Signed {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };

    #[test]
    fn the_specification_s_example_is_genuine() {
        let secret = Secret::new(SECRET);
        assert_eq!(verify(&secret, SIGNED, BODY, 1_614_265_400), Ok(()));
        assert_eq!(
            verify(&secret, SIGNED, b"{}", 1_614_265_400),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            verify(&secret, SIGNED, BODY, 1_614_266_000),
            Err(SignatureError::Stale(670))
        );
        assert_eq!(
            verify(&Secret::new("other"), SIGNED, BODY, 1_614_265_400),
            Err(SignatureError::Wrong)
        );
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let both = format!("v1,AAAA v2,zzz {}", SIGNED.signatures);
        let signed = Signed {
            signatures: &both,
            ..SIGNED
        };
        assert_eq!(verify(&Secret::new(SECRET), signed, BODY, 1_614_265_330), Ok(()));
    }
}
