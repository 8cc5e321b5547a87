//! The one task that writes. Everything that waits goes into one transaction, so that a flood of answers costs a few
//! syncs of the disk a second and not one each.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use hashbrown::HashMap;
use parking_lot::Mutex;
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout_at};

use super::running::{self, Running};
use super::{ledger, recorded};
use crate::domain::{Answer, AnswerId, CallBegun, ConversationId, Saving, UpstreamCall};
use crate::store::StoreError;

/// Answers that may wait to be written; whoever records one more waits too.
pub(super) const QUEUE: usize = 10_000;
/// How long the first answer of a batch waits for company.
const GATHER: Duration = Duration::from_millis(25);
const BATCH: usize = 2_000;
/// Ten tries, a quarter of a second apart, outlast another process that holds the file for a moment.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(250);
/// Conversations that were deleted while an answer in them may still be running.
const REMEMBERED_DELETIONS: usize = 1_024;

/// What a piece of work leaves behind: whether its changes are to be kept, and whom to tell once they are.
pub(super) struct Done {
    pub keep: bool,
    pub deleted: Option<ConversationId>,
    pub tell: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

pub(super) type Work = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Done> + Send>;

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
    fn again(&self) -> Option<Command> {
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

/// Answers that were recorded and are not yet on the disk.
pub(super) type Pending = Arc<Mutex<HashMap<AnswerId, Arc<Answer>>>>;

pub(super) struct Writer {
    pub connection: SqliteConnection,
    pub queue: mpsc::Receiver<Command>,
    /// Told after a command was queued for whose outcome somebody waits.
    pub urgent: Arc<Notify>,
    pub pending: Pending,
    pub deleted: VecDeque<ConversationId>,
    pub running: Running,
}

#[derive(Default)]
struct Batch {
    commands: Vec<Command>,
    urgent: bool,
    last: bool,
}

impl Batch {
    fn take(&mut self, command: Command, running: &mut Running) {
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

    fn full(&self) -> bool {
        self.last || self.commands.len() >= BATCH
    }
}

impl Writer {
    pub(super) async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            let last = batch.last;
            self.write(batch.commands).await;
            if last {
                break;
            }
        }
        // Leaves one file behind, without a log beside it.
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the store was not closed cleanly; nothing is lost");
        }
    }

    /// Waits for something to write, then a moment for more, unless somebody waits for the outcome.
    async fn gather(&mut self) -> Batch {
        let mut batch = Batch::default();
        let due = self.running.due();
        let next = async {
            match due {
                Some(due) => timeout_at(due.into(), self.queue.recv()).await.ok(),
                None => Some(self.queue.recv().await),
            }
        };
        match next.await {
            Some(Some(command)) => batch.take(command, &mut self.running),
            Some(None) => batch.last = true,
            // A call has been under way for long enough.
            None => batch.urgent = true,
        }
        if !batch.full() && !batch.urgent && self.queue.len() < BATCH {
            // Not by receiving, which would wake this task for each answer of a flood.
            tokio::select! {
                () = sleep(GATHER) => {}
                () = self.urgent.notified() => {}
            }
        }
        while !batch.full() {
            match self.queue.try_recv() {
                Ok(command) => batch.take(command, &mut self.running),
                Err(_) => break,
            }
        }
        let due = self.running.take_due(Instant::now());
        if !due.is_empty() {
            batch.commands.push(Command::Running(due.into()));
        }
        batch
    }

    /// Answers are tried again when the disk refuses; whoever waits is told at once.
    async fn write(&mut self, mut commands: Vec<Command>) {
        if commands.is_empty() {
            return;
        }
        let mut records: Vec<Command> = Vec::new();
        for tried in 1.. {
            records = commands.iter().filter_map(Command::again).collect();
            match self.transact(std::mem::take(&mut commands)).await {
                Ok(()) => break,
                Err(error) if tried < TRIES && !records.is_empty() => {
                    if tried == 1 {
                        tracing::warn!(%error, "answers cannot be written; trying again");
                    }
                    sleep(PAUSE).await;
                    commands = records.iter().filter_map(Command::again).collect();
                }
                Err(error) => {
                    if !records.is_empty() {
                        tracing::error!(%error, records = records.len(), "answers were not written and are lost");
                    }
                    break;
                }
            }
        }
        let mut pending = self.pending.lock();
        // Only taken off the list here. They are freed after the lock is, for which whoever records an answer waits.
        for record in &records {
            let Command::Record(answer) = record else { continue };
            if pending
                .get(&answer.id)
                .is_some_and(|waiting| Arc::ptr_eq(waiting, answer))
            {
                pending.remove(&answer.id);
            }
        }
        drop(pending);
    }

    /// One transaction. A piece of work that fails undoes itself only.
    async fn transact(&mut self, commands: Vec<Command>) -> Result<(), sqlx::Error> {
        let mut waiting = Vec::new();
        let outcome = async {
            let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
            let mut answers = Vec::new();
            for command in commands {
                match command {
                    Command::Record(answer) if self.deleted.contains(&answer.conversation) => {}
                    Command::Record(answer) => answers.push(answer),
                    Command::Calls(calls) => ledger::write_calls(&mut transaction, &calls).await?,
                    Command::Savings(savings) => ledger::write_savings(&mut transaction, &savings).await?,
                    Command::Work(work) => {
                        // Work sees every answer that was recorded before it.
                        write_answers(&mut transaction, &std::mem::take(&mut answers)).await?;
                        let mut step = transaction.begin().await?;
                        let done = work(&mut step).await;
                        let keep = done.keep;
                        if let Some(conversation) = done.deleted {
                            self.deleted.push_back(conversation);
                            self.deleted
                                .drain(..self.deleted.len().saturating_sub(REMEMBERED_DELETIONS));
                        }
                        waiting.push(done.tell);
                        match keep {
                            true => step.commit().await?,
                            false => step.rollback().await?,
                        }
                    }
                    Command::Running(calls) => running::write(&mut transaction, &calls).await?,
                    Command::Over(rows) => running::remove(&mut transaction, &rows).await?,
                    Command::Begins(_) | Command::Close => {}
                }
            }
            write_answers(&mut transaction, &answers).await?;
            transaction.commit().await
        }
        .await;
        for tell in waiting {
            tell(match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(StoreError::NotWritten(error.to_string())),
            });
        }
        outcome
    }
}

/// All at once; when that fails for a reason of one of them, each by itself, and only that one is left out.
async fn write_answers(transaction: &mut Transaction<'_, Sqlite>, answers: &[Arc<Answer>]) -> Result<(), sqlx::Error> {
    if answers.is_empty() {
        return Ok(());
    }
    // Without a savepoint, which would keep a copy of every page that changes: what was written before the answer that failed is
    // written over below.
    match recorded::write_answers(transaction, answers).await {
        Ok(()) => return Ok(()),
        Err(error) if is_about_the_disk(&error) => return Err(error),
        Err(_) => {}
    }
    for answer in answers {
        let mut step = transaction.begin().await?;
        match recorded::write_answers(&mut step, std::slice::from_ref(answer)).await {
            Ok(()) => step.commit().await?,
            Err(error) if is_about_the_disk(&error) => return Err(error),
            Err(error) => {
                tracing::error!(%error, answer = %answer.id, "an answer cannot be written");
                step.rollback().await?;
            }
        }
    }
    Ok(())
}

/// Full, locked, unreadable: the next try may succeed. Anything else is about the answer itself.
fn is_about_the_disk(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(database) => !matches!(
            database.kind(),
            sqlx::error::ErrorKind::UniqueViolation
                | sqlx::error::ErrorKind::ForeignKeyViolation
                | sqlx::error::ErrorKind::NotNullViolation
                | sqlx::error::ErrorKind::CheckViolation
        ),
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) => false,
        _ => true,
    }
}
