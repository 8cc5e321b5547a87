//! A provider of our own that speaks the OpenAI API and fails on demand. It is written on bare sockets, because the faults
//! that it plays (a reset, a cut, one byte at a time) are below what an HTTP framework lets a handler do.

mod audio;
mod body;
mod chat;
mod embeddings;
mod http;
pub mod log;
mod obey;
pub mod plan;
mod routes;
mod wish;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use log::Log;
use plan::Plan;

/// What is shared by all connections. Clones share it too.
#[derive(Clone, Default)]
pub struct State {
    models: Arc<Mutex<HashMap<String, Model>>>,
    pub log: Log,
}

/// A model that was told what to do.
struct Model {
    plan: Plan,
    /// How often it has been asked.
    asked: u32,
    /// How many tokens of a stream may be sent.
    allowed: watch::Sender<usize>,
}

impl State {
    /// From now on `model` does this.
    pub fn plan(&self, model: &str, plan: Plan) {
        let allowed = watch::Sender::new(plan.hold_after.unwrap_or(usize::MAX));
        let told = Model {
            plan,
            asked: 0,
            allowed,
        };
        self.models.lock().insert(model.to_owned(), told);
    }

    /// Lets streams of `model` go on to `tokens` tokens, or to the end. False: nobody told that model anything.
    pub fn release(&self, model: &str, tokens: Option<usize>) -> bool {
        match self.models.lock().get(model) {
            Some(told) => {
                told.allowed.send_replace(tokens.unwrap_or(usize::MAX));
                true
            }
            None => false,
        }
    }

    /// What `model` does this time. One that was told nothing does what its name says.
    fn next_plan(&self, model: &str) -> (Plan, watch::Receiver<usize>) {
        let mut models = self.models.lock();
        let told = models.entry(model.to_owned()).or_insert_with(|| {
            let plan = Plan::of_name(model);
            Model {
                allowed: watch::Sender::new(plan.hold_after.unwrap_or(usize::MAX)),
                plan,
                asked: 0,
            }
        });
        let mut plan = told.plan.clone();
        if plan.fault_times.is_some_and(|times| told.asked >= times) {
            plan.fault = None;
        }
        told.asked = told.asked.saturating_add(1);
        (plan, told.allowed.subscribe())
    }

    fn model_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.models.lock().keys().cloned().collect();
        names.sort();
        names
    }
}

/// Serves until it is dropped, which ends every connection.
pub async fn serve(listener: TcpListener, state: State) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(routes::connection(stream, state.clone()));
                }
                Err(error) => {
                    eprintln!("fake provider: {error}");
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
