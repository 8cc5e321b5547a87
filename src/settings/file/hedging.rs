//! `[hedging]`: asking the next model beside a slow one.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Layers, SettingsError, bounded};
use crate::settings::Hedging;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HedgingFile {
    enabled: bool,
    max_extra_cost: f64,
    first_wait_ms: u64,
    shortest_wait_ms: u64,
}

impl Default for HedgingFile {
    fn default() -> Self {
        Self {
            enabled: false,
            max_extra_cost: 0.05,
            first_wait_ms: 3_000,
            shortest_wait_ms: 300,
        }
    }
}

impl HedgingFile {
    /// Checked also when it is off, so that a mistake is told before it is switched on.
    pub fn check(self, at: &Layers) -> Result<Option<Hedging>, SettingsError> {
        let time = |name: &str, ms: u64| {
            bounded(at, &format!("hedging.{name}"), ms, 1, 600_000)?;
            Ok::<_, SettingsError>(Duration::from_millis(ms))
        };
        let share = Decimal::try_from(self.max_extra_cost).ok();
        let share = share.filter(|_| (0.0..=1.0).contains(&self.max_extra_cost));
        let found = || {
            let problem = format!(
                "found {}; allowed is a share from 0 to 1, such as 0.05",
                self.max_extra_cost
            );
            at.wrong("hedging.max_extra_cost", problem)
        };
        let hedging = Hedging {
            max_extra_cost: share.ok_or_else(found)?,
            first_wait: time("first_wait_ms", self.first_wait_ms)?,
            shortest_wait: time("shortest_wait_ms", self.shortest_wait_ms)?,
        };
        Ok(self.enabled.then_some(hedging))
    }
}
