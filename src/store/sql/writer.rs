//! The one task that writes. Everything that waits goes into one transaction, so that a flood of answers costs a few
//! syncs of the disk a second and not one each.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hashbrown::HashMap;
use parking_lot::Mutex;
use sqlx::Connection as _;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout, timeout_at};

use super::commands::{BATCH, Batch, Command};
use super::running::{self, Running};
use super::{Link, Transaction, dialect, ledger, recorded};
use crate::domain::{Answer, AnswerId, ConversationId};
use crate::store::StoreError;

/// How long the first answer of a batch waits for company.
const GATHER: Duration = Duration::from_millis(25);
/// Ten tries, a quarter of a second apart, outlast another process that holds the file for a moment.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(250);
/// A database that is away gets this long to come back when the store is to be closed.
const LAST_WAIT: Duration = Duration::from_secs(3);
/// Conversations that were deleted while an answer in them may still be running.
const REMEMBERED_DELETIONS: usize = 1_024;

/// Answers that were recorded and are not yet on the disk.
pub(super) type Pending = Arc<Mutex<HashMap<AnswerId, Arc<Answer>>>>;

pub(super) struct Writer {
    pub link: Link,
    pub queue: mpsc::Receiver<Command>,
    /// Told after a command was queued for whose outcome somebody waits.
    pub urgent: Arc<Notify>,
    pub pending: Pending,
    /// Set while the database is away.
    pub away: Arc<AtomicBool>,
    pub deleted: VecDeque<ConversationId>,
    pub running: Running,
    /// What came while the database was away.
    pub backlog: Batch,
    /// Since when the store is to be closed and the database is away.
    pub closing: Option<Instant>,
    /// The number of the batch that is being written.
    pub batch: i64,
}

impl Writer {
    pub(super) async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            // Nothing comes behind it, also while it waits to be written.
            self.backlog.last |= batch.last;
            self.write(batch.commands).await;
            if self.backlog.last {
                // What came while the database was away.
                let rest = std::mem::take(&mut self.backlog.commands);
                self.write(rest).await;
                break;
            }
        }
        if let Err(error) = self.link.close().await {
            tracing::warn!(%error, "the store was not closed cleanly; nothing is lost");
        }
    }

    /// Waits for something to write, then a moment for more, unless somebody waits for the outcome.
    async fn gather(&mut self) -> Batch {
        let mut batch = std::mem::take(&mut self.backlog);
        if batch.commands.is_empty() && !batch.last {
            self.first(&mut batch).await;
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

    /// Waits for something to write. A database that goes away meanwhile is noticed here.
    async fn first(&mut self, batch: &mut Batch) {
        let due = self.running.due();
        let next = async {
            match due {
                Some(due) => timeout_at(due.into(), self.queue.recv()).await.ok(),
                None => Some(self.queue.recv().await),
            }
        };
        let next = match Link::LOOK {
            Some(look) => timeout(look, next).await.ok(),
            None => Some(next.await),
        };
        match next {
            Some(Some(Some(command))) => batch.take(command, &mut self.running),
            Some(Some(None)) => batch.last = true,
            // A call has been under way for long enough.
            Some(None) => batch.urgent = true,
            None => {
                if let Err(error) = self.link.look().await
                    && self.until_back(&error, 1).await
                {
                    self.prove().await;
                }
            }
        }
    }

    /// Answers are tried again when the disk refuses, and for as long as the database is away; whoever waits is told at once.
    async fn write(&mut self, mut commands: Vec<Command>) {
        if commands.is_empty() {
            return;
        }
        self.batch += 1;
        let mut tried = 0;
        let records = loop {
            let records: Vec<Command> = commands.iter().filter_map(Command::again).collect();
            let Err(error) = self.transact(commands).await else {
                self.is_back();
                break records;
            };
            tried += 1;
            let is_away = self.link.is_down() || StoreError::is_away(&error);
            let goes_on = if is_away {
                self.until_back(&error, tried).await
            } else {
                tried < TRIES && !records.is_empty()
            };
            if !goes_on {
                if !records.is_empty() {
                    tracing::error!(%error, records = records.len(), "answers were not written and are lost");
                }
                break records;
            }
            if records.is_empty() {
                self.prove().await;
                break records;
            }
            if !is_away {
                if tried == 1 {
                    tracing::warn!(%error, "answers cannot be written; trying again");
                }
                sleep(PAUSE).await;
            }
            commands = records;
        };
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

    /// Writes nothing, until that succeeds or the store is closed.
    async fn prove(&mut self) {
        self.batch += 1;
        for tried in 2.. {
            match self.transact(Vec::new()).await {
                Ok(()) => return self.is_back(),
                Err(error) if self.until_back(&error, tried).await => {}
                Err(_) => return,
            }
        }
    }

    fn is_back(&self) {
        if self.away.load(Ordering::Relaxed) {
            self.away.store(false, Ordering::Relaxed);
            tracing::info!(waiting = self.pending.lock().len(), "the database is back");
        }
    }

    /// Waits until the database answers again, and takes in what comes meanwhile. Whoever waits for an outcome is told that there is
    /// none. False when the store is closed first.
    async fn until_back(&mut self, error: &sqlx::Error, tried: u32) -> bool {
        self.link.lost();
        if tried == 1 && self.link.look().await.is_ok() {
            tracing::warn!(%error, "the connection to the database broke, and there is a new one");
            return true;
        }
        if !self.away.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "the database is away: what is to be written waits, and is tried again until it is back");
        }
        loop {
            let pause = sleep(PAUSE);
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    command = self.queue.recv(), if !self.backlog.full() => match command {
                        // Dropped, which tells whoever waits.
                        Some(Command::Work(_)) => {}
                        Some(command) => self.backlog.take(command, &mut self.running),
                        None => self.backlog.last = true,
                    },
                }
            }
            if self.backlog.last && self.closing.get_or_insert_with(Instant::now).elapsed() > LAST_WAIT {
                return false;
            }
            if self.link.look().await.is_ok() {
                return true;
            }
        }
    }

    /// One transaction. A piece of work that fails undoes itself only.
    async fn transact(&mut self, commands: Vec<Command>) -> Result<(), sqlx::Error> {
        let mut waiting = Vec::new();
        let process = self.link.process();
        let writing = async {
            let Some(mut transaction) = self.link.begin(self.batch).await? else {
                return Ok(());
            };
            if dialect::SHARED {
                let answers = commands.iter().filter_map(|command| match command {
                    Command::Record(answer) => Some(answer.conversation),
                    _ => None,
                });
                let elsewhere = dialect::deleted_elsewhere(&mut transaction, answers.collect()).await?;
                self.deleted.extend(elsewhere);
            }
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
                            dialect::tell_deleted(&mut step, conversation).await?;
                            self.deleted.push_back(conversation);
                        }
                        waiting.push(done.tell);
                        match keep {
                            true => step.commit().await?,
                            false => step.rollback().await?,
                        }
                    }
                    Command::Running(calls) => running::write(&mut transaction, &calls, process).await?,
                    Command::Over(rows) => running::remove(&mut transaction, &rows).await?,
                    Command::Begins(_) | Command::Close => {}
                }
            }
            write_answers(&mut transaction, &answers).await?;
            transaction.commit().await
        };
        let outcome = match Link::LONGEST {
            Some(longest) => timeout(longest, writing).await.unwrap_or_else(|_| {
                let late = std::io::Error::new(std::io::ErrorKind::TimedOut, "a transaction took too long");
                Err(sqlx::Error::Io(late))
            }),
            None => writing.await,
        };
        self.deleted
            .drain(..self.deleted.len().saturating_sub(REMEMBERED_DELETIONS));
        for tell in waiting {
            tell(match &outcome {
                Ok(()) => Ok(()),
                Err(error) if StoreError::is_away(error) => Err(StoreError::Away),
                Err(error) => Err(StoreError::NotWritten(error.to_string())),
            });
        }
        outcome
    }
}

/// All at once; when that fails for a reason of one of them, each by itself, and only that one is left out.
async fn write_answers(transaction: &mut Transaction<'_>, answers: &[Arc<Answer>]) -> Result<(), sqlx::Error> {
    if answers.is_empty() {
        return Ok(());
    }
    let all = match dialect::GOES_ON_AFTER_ERRORS {
        // Without a savepoint, which would keep a copy of every page that changes: what was written before the answer that failed is
        // written over below.
        true => recorded::write_answers(transaction, answers).await,
        false => undone_if_refused(transaction, answers).await,
    };
    match all {
        Ok(()) => return Ok(()),
        Err(error) if is_about_all(&error) => return Err(error),
        Err(_) => {}
    }
    for answer in answers {
        match undone_if_refused(transaction, std::slice::from_ref(answer)).await {
            Ok(()) => {}
            Err(error) if is_about_all(&error) => return Err(error),
            Err(error) => tracing::error!(%error, answer = %answer.id, "an answer cannot be written"),
        }
    }
    Ok(())
}

/// Writes answers, or leaves the transaction as it was.
async fn undone_if_refused(transaction: &mut Transaction<'_>, answers: &[Arc<Answer>]) -> Result<(), sqlx::Error> {
    let mut step = transaction.begin().await?;
    match recorded::write_answers(&mut step, answers).await {
        Ok(()) => step.commit().await,
        Err(error) => {
            step.rollback().await?;
            Err(error)
        }
    }
}

/// Full, locked, away: the next try may succeed. Anything else is about the answer itself.
fn is_about_all(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(database) => !dialect::is_about_the_row(&**database),
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) => false,
        _ => true,
    }
}
