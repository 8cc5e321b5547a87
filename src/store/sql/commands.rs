//! What the writer is asked to do.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;

use super::Connection;
use super::running::Running;
use crate::domain::{Answer, CallBegun, ConversationId, Saving, UpstreamCall};
use crate::store::StoreError;

/// Answers that may wait to be written; whoever records one more waits too.
pub(super) const QUEUE: usize = 10_000;
pub(super) const BATCH: usize = 2_000;

/// What a piece of work leaves behind: whether its changes are to be kept, and whom to tell once they are.
pub(super) struct Done {
    pub keep: bool,
    pub deleted: Option<ConversationId>,
    pub tell: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

pub(super) type Work = Box<dyn for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Done> + Send>;

pub(super) enum Command {
    Record(Arc<Answer>),
    Calls(Arc<[UpstreamCall]>),
    Begins(CallBegun),
    /// Calls that have been under way for a while.
    Running(Arc<[CallBegun]>),
    /// Rows of calls that are over.
    Over(Arc<[i64]>),
    Savings(Arc<[Saving]>),
    Work(Work),
    /// Writes what came before, and ends the task.
    Close,
}

impl Command {
    /// The same command, if it may be tried again.
    pub fn again(&self) -> Option<Command> {
        match self {
            Command::Record(answer) => Some(Command::Record(answer.clone())),
            Command::Calls(calls) => Some(Command::Calls(calls.clone())),
            Command::Savings(savings) => Some(Command::Savings(savings.clone())),
            Command::Running(calls) => Some(Command::Running(calls.clone())),
            Command::Over(rows) => Some(Command::Over(rows.clone())),
            Command::Begins(_) | Command::Work(_) | Command::Close => None,
        }
    }
}

#[derive(Default)]
pub(super) struct Batch {
    pub commands: Vec<Command>,
    /// Somebody waits for the outcome.
    pub urgent: bool,
    /// Nothing comes behind it.
    pub last: bool,
}

impl Batch {
    pub fn take(&mut self, command: Command, running: &mut Running) {
        match command {
            Command::Begins(call) => running.begins(call, Instant::now()),
            Command::Calls(calls) => {
                let rows = running.ends(&calls);
                self.commands.push(Command::Calls(calls));
                if !rows.is_empty() {
                    self.commands.push(Command::Over(rows.into()));
                }
            }
            Command::Close => self.last = true,
            Command::Work(_) => {
                self.urgent = true;
                self.commands.push(command);
            }
            _ => self.commands.push(command),
        }
    }

    pub fn full(&self) -> bool {
        self.last || self.commands.len() >= BATCH
    }
}
