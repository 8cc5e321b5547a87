//! The keys of server-side programs.

use std::num::NonZeroU32;

use rust_decimal::Decimal;

use super::{ApiKeyFile, Environment, secret_of};
use crate::domain::{Program, Usd};
use crate::settings::layers::Layers;
use crate::settings::{ApiKey, SettingsError};

/// A shorter key can be guessed.
const SHORTEST_KEY: usize = 16;

pub(super) fn check_api_keys(
    keys: Vec<ApiKeyFile>,
    at: &Layers,
    environment: &Environment,
) -> Result<Vec<ApiKey>, SettingsError> {
    let mut checked: Vec<ApiKey> = Vec::new();
    for (i, key) in keys.into_iter().enumerate() {
        let path = |name: &str| format!("api_keys[{i}].{name}");
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let is_new = !checked.iter().any(|other| other.program.name == key.name);
        if !is_new || key.name.is_empty() || key.name.len() > 64 || !key.name.chars().all(plain) {
            let problem = format!(
                "found `{}`; allowed is a name that no other key has, of 1 to 64 letters, digits, `_`, `-` and `.`",
                key.name
            );
            return Err(at.wrong(&path("name"), problem));
        }
        let secret = secret_of(&key.key_env, &path("key_env"), at, environment)?;
        let length = secret.expose().len();
        if length < SHORTEST_KEY || checked.iter().any(|other| other.key == secret) {
            let problem = format!(
                "the variable `{}` holds {length} characters; allowed is a key of {SHORTEST_KEY} or more that no other \
                 program has",
                key.key_env
            );
            return Err(at.wrong(&path("key_env"), problem));
        }
        let per_minute = match key.per_minute.map(NonZeroU32::new) {
            Some(None) => return Err(at.wrong(&path("per_minute"), "found 0; allowed is 1 to 4294967295")),
            limit => limit.flatten(),
        };
        let monthly_budget = match key.monthly_budget_usd {
            None => None,
            Some(value) => {
                let amount = Decimal::try_from(value).ok();
                let amount = amount.filter(|_| (0.0..=1_000_000_000.0).contains(&value));
                let problem = || format!("found {value}; allowed is 0 to 1000000000");
                Some(Usd(
                    amount.ok_or_else(|| at.wrong(&path("monthly_budget_usd"), problem()))?
                ))
            }
        };
        checked.push(ApiKey {
            key: secret,
            program: Program {
                name: key.name,
                per_minute,
                monthly_budget,
            },
        });
    }
    Ok(checked)
}
