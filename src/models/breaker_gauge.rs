//! `pennypress_breaker_open{model}`: which models are left alone now. Read when the metrics are, so that no question counts it.

use std::sync::Arc;
use std::time::Instant;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGaugeVec, Opts};

use super::catalogue::Model;

pub struct BreakerGauge {
    gauge: IntGaugeVec,
    models: Vec<Arc<Model>>,
}

impl BreakerGauge {
    pub fn new(models: Vec<Arc<Model>>) -> Result<Self, prometheus::Error> {
        let told = Opts::new(
            "pennypress_breaker_open",
            "Whether a model is left alone for failing or being slow.",
        );
        let gauge = IntGaugeVec::new(told, &["model"])?;
        Ok(Self { gauge, models })
    }
}

impl Collector for BreakerGauge {
    fn desc(&self) -> Vec<&Desc> {
        self.gauge.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let now = Instant::now();
        for model in &self.models {
            let is_open = !model.breaker.would_allow(now);
            self.gauge.with_label_values(&[&model.id]).set(i64::from(is_open));
        }
        self.gauge.collect()
    }
}
