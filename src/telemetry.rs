//! Logs and metrics: what the service tells those who run it. Never a message's text, a secret or an address.

mod lines;
mod plain;

use std::sync::{Arc, OnceLock};

use prometheus::core::Collector;
use prometheus::{Counter, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use tracing_subscriber::EnvFilter;

use crate::domain::{Finish, From};
use crate::limits::Limit;
use crate::settings::LogFormat;
use lines::Lines;
use plain::Plain;

pub use lines::LogGuard;

/// Logs to stderr from a thread of its own, so that a slow terminal holds nobody up. `RUST_LOG` chooses what is told.
/// Keep the guard: dropping it writes the last lines. A second call leaves the first one's logging in place.
pub fn init(format: LogFormat) -> std::io::Result<LogGuard> {
    let lines = Lines::default();
    let guard = lines.write_to(std::io::stderr())?;
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,actix_server=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines);
    // Refused only when logging is set up already, which is as good.
    let _ = match format {
        LogFormat::Plain => logs.with_ansi(false).event_format(Plain).try_init(),
        LogFormat::Json => logs.with_target(false).json().flatten_event(true).try_init(),
    };
    Ok(guard)
}

/// The service's counters. Clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Counters>);

impl std::ops::Deref for Metrics {
    type Target = Counters;

    fn deref(&self) -> &Counters {
        &self.0
    }
}

/// Labels are few and known beforehand; nothing that a visitor writes becomes one.
pub struct Counters {
    registry: Registry,
    /// `pennypress_http_requests_total{route,status}`: route templates, status classes (`2xx`).
    http_requests: IntCounterVec,
    questions: IntCounterVec,
    /// Those of `questions` that were counted before, by the places of origin and end in their lists.
    asked: [[OnceLock<IntCounter>; Finish::ALL.len()]; From::ALL.len()],
    limit_refusals: [IntCounter; 3],
    pub cache_hits: IntCounter,
    pub cache_misses: IntCounter,
    /// `pennypress_first_word_seconds`: from the request to the first word.
    pub first_word_seconds: Histogram,
    upstream_requests: IntCounterVec,
    hedges: IntCounterVec,
    pub prompt_tokens: IntCounter,
    pub completion_tokens: IntCounter,
    /// `pennypress_cost_usd_total`: US dollars.
    pub cost_usd: Counter,
    pub running_streams: IntGauge,
    resident_bytes: IntGauge,
}

impl Metrics {
    /// Fails only when two metrics have the same name, which the tests would show.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let limit_refusals = vector(
            &registry,
            "pennypress_limit_refusals_total",
            "Questions that a limit refused.",
            &["limit"],
        )?;
        let lookups = vector(
            &registry,
            "pennypress_cache_lookups_total",
            "Lookups in the answer cache.",
            &["result"],
        )?;
        let tokens = vector(
            &registry,
            "pennypress_tokens_total",
            "Tokens sent to and got from models.",
            &["direction"],
        )?;
        let first_word = HistogramOpts::new(
            "pennypress_first_word_seconds",
            "Seconds from a question to its first word.",
        )
        .buckets(vec![
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        ]);
        Ok(Self(Arc::new(Counters {
            http_requests: vector(
                &registry,
                "pennypress_http_requests_total",
                "HTTP requests by route and class of status.",
                &["route", "status"],
            )?,
            questions: vector(
                &registry,
                "pennypress_questions_total",
                "Answered questions by where the answer came from and how it ended.",
                &["from", "finish"],
            )?,
            asked: Default::default(),
            limit_refusals: [
                limit_refusals.with_label_values(&["visitor"]),
                limit_refusals.with_label_values(&["site"]),
                limit_refusals.with_label_values(&["program"]),
            ],
            cache_hits: lookups.with_label_values(&["hit"]),
            cache_misses: lookups.with_label_values(&["miss"]),
            first_word_seconds: registered(&registry, Histogram::with_opts(first_word)?)?,
            upstream_requests: vector(
                &registry,
                "pennypress_upstream_requests_total",
                "Requests to model providers by model and outcome.",
                &["model", "outcome"],
            )?,
            hedges: vector(
                &registry,
                "pennypress_hedges_total",
                "Questions for which the next model was asked too: the second spoke first (won), the first did (lost), one failed, or it was refused for its cost.",
                &["result"],
            )?,
            prompt_tokens: tokens.with_label_values(&["prompt"]),
            completion_tokens: tokens.with_label_values(&["completion"]),
            cost_usd: registered(
                &registry,
                Counter::new("pennypress_cost_usd_total", "What models cost, in US dollars.")?,
            )?,
            running_streams: registered(
                &registry,
                IntGauge::new("pennypress_running_streams", "Answers being streamed now.")?,
            )?,
            resident_bytes: registered(
                &registry,
                IntGauge::new(
                    "pennypress_resident_memory_bytes",
                    "Memory that the process occupies, in bytes.",
                )?,
            )?,
            registry,
        })))
    }
}

impl Counters {
    /// Tells what this collects among the metrics from now on.
    pub fn include(&self, collector: impl Collector + 'static) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(collector))
    }

    /// Counts requests of a route that end with such a status. `route` is a template such as `/api/v1/answers/{answer}/events`,
    /// never a path that somebody sent.
    pub fn http_requests(&self, route: &str, status: u16) -> IntCounter {
        let class = match status {
            100..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.http_requests.with_label_values(&[route, class])
    }

    pub fn question(&self, from: From, finish: Finish) {
        let labels = [from.as_str(), finish.as_str()];
        self.asked[from as usize][finish as usize]
            .get_or_init(|| self.questions.with_label_values(&labels))
            .inc();
    }

    pub fn refused(&self, by: Limit) {
        self.limit_refusals[match by {
            Limit::Visitor => 0,
            Limit::Site => 1,
            Limit::Program => 2,
        }]
        .inc();
    }

    /// `model` comes from the settings, `outcome` is a fixed word of the caller's.
    pub fn upstream_request(&self, model: &str, outcome: &'static str) {
        self.upstream_requests.with_label_values(&[model, outcome]).inc();
    }

    /// `result` is a fixed word of the caller's.
    pub fn hedge(&self, result: &'static str) {
        self.hedges.with_label_values(&[result]).inc();
    }

    /// The Prometheus text format, version 0.0.4.
    pub fn render(&self) -> String {
        if let Some(bytes) = resident_bytes() {
            self.resident_bytes.set(bytes);
        }
        let mut text = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "metrics cannot be written");
        }
        text
    }
}

fn registered<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, prometheus::Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

fn vector(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

/// The second field of Linux's statm (proc(5)) counts pages of 4 KiB; elsewhere nothing is told.
fn resident_bytes() -> Option<i64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: i64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_rendered() {
        let metrics = Metrics::new().expect("names differ");
        metrics.clone().question(From::Cache, Finish::Stop);
        metrics.http_requests("/api/v1/chat", 429).inc();
        metrics.refused(Limit::Site);
        metrics.cache_hits.inc();
        metrics.first_word_seconds.observe(0.002);
        metrics.upstream_request("a\"b\n", "ok");
        let text = metrics.render();
        for line in [
            "pennypress_questions_total{finish=\"stop\",from=\"cache\"} 1",
            "pennypress_http_requests_total{route=\"/api/v1/chat\",status=\"4xx\"} 1",
            "pennypress_limit_refusals_total{limit=\"site\"} 1",
            "pennypress_limit_refusals_total{limit=\"visitor\"} 0",
            "pennypress_cache_lookups_total{result=\"hit\"} 1",
            "pennypress_first_word_seconds_bucket{le=\"0.0025\"} 1",
            "pennypress_upstream_requests_total{model=\"a\\\"b\\n\",outcome=\"ok\"} 1",
            "pennypress_running_streams 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("pennypress_resident_memory_bytes 0\n"));
    }
}
