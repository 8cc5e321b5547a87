//! Signing as the WordPress plugin does it, written anew from the contract and not from the service's code.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The three headers of a signed request.
#[derive(Debug, Clone)]
pub struct Signature {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
}

/// Signs now, with an id of its own.
pub fn sign(secret: &str, body: &[u8]) -> Signature {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("msg_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    sign_with(secret, &id, now_seconds(), body)
}

pub fn sign_with(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Signature {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).expect("base64"),
        None => secret.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Signature {
        id: id.to_owned(),
        timestamp: timestamp.to_string(),
        signature: format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())),
    }
}

impl Signature {
    pub fn on(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request
            .header("webhook-id", &self.id)
            .header("webhook-timestamp", &self.timestamp)
            .header("webhook-signature", &self.signature)
    }
}

pub fn now_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    since.as_secs() as i64
}
