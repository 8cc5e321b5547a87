//! The fake provider inside a test's own process.

use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::fake_provider::log::Entry;
use crate::fake_provider::{State, serve};

/// Longer than anything takes that is going to happen, even on a machine that is busy with something else.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Provider {
    address: std::net::SocketAddr,
    state: State,
    server: JoinHandle<()>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state = State::default();
        let server = tokio::spawn(serve(listener, state.clone()));
        Self { address, state, server }
    }

    /// What a provider's `base_url` is set to.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// From now on `model` does what `plan` says; see the README of the fake provider.
    pub fn plan(&self, model: &str, plan: Value) {
        let plan = serde_json::from_value(plan).expect("a plan");
        self.state.plan(model, plan);
    }

    /// Lets held streams of `model` go on to `tokens` tokens, or to their end.
    pub fn release(&self, model: &str, tokens: impl Into<Option<usize>>) {
        assert!(self.state.release(model, tokens.into()), "nobody planned {model}");
    }

    /// What it was asked, oldest first.
    pub fn requests(&self) -> Vec<Entry> {
        self.state.log.all()
    }

    pub fn requests_of(&self, model: &str) -> Vec<Entry> {
        self.requests()
            .into_iter()
            .filter(|entry| entry.model == model)
            .collect()
    }

    /// Waits until the log is as wanted, and gives it.
    pub async fn until(&self, what: &str, wanted: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        let mut changes = self.state.log.changes.subscribe();
        let waiting = async {
            loop {
                let entries = self.requests();
                if wanted(&entries) {
                    return entries;
                }
                changes.changed().await.expect("the log lives as long as the provider");
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(entries) => entries,
            Err(_) => panic!("never happened: {what}; the log is {:#?}", self.requests()),
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}
