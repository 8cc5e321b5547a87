//! How much the near cache knows, as `/metrics` tells it.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGauge, Opts};

use super::NearCache;

/// Counted when it is asked for.
pub struct NearGauge {
    entries: IntGauge,
    near: Arc<NearCache>,
}

impl NearGauge {
    pub fn new(near: Arc<NearCache>) -> Result<Self, prometheus::Error> {
        let told = Opts::new(
            "pennypress_near_entries",
            "Questions by which answers are found that mean the same.",
        );
        let entries = IntGauge::with_opts(told)?;
        Ok(Self { entries, near })
    }
}

impl Collector for NearGauge {
    fn desc(&self) -> Vec<&Desc> {
        self.entries.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.entries.set(i64::try_from(self.near.len()).unwrap_or(i64::MAX));
        self.entries.collect()
    }
}
