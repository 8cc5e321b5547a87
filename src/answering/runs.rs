//! The answers in the making, and those just made, so that a reader who lost the connection can come back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::run::{End, Plan, Position, Reader, Run, State};
use super::{Parts, now_ms, tell};
use crate::cache::CacheKey;
use crate::domain::{AnswerId, ConversationId, Finish, Question, VisitorId};

/// How long an answer stays here after its end. Later its readers get it from the store.
const KEPT: Duration = Duration::from_secs(120);
const SWEEP: Duration = Duration::from_secs(10);

pub struct Runs {
    /// Answers are made here and not on the thread that took the request, so that they outlive its connection.
    runtime: Handle,
    tasks: TaskTracker,
    running: Arc<AtomicUsize>,
    by_answer: Arc<Mutex<HashMap<AnswerId, Arc<Run>>>>,
    /// What is being answered right now, by what the answer depends on: who asks the same reads along.
    leaders: Mutex<HashMap<CacheKey, Weak<Run>>>,
    stopping: CancellationToken,
}

impl Runs {
    pub fn new(runtime: Handle) -> Self {
        let by_answer = Arc::new(Mutex::new(HashMap::new()));
        let stopping = CancellationToken::new();
        runtime.spawn(sweep(by_answer.clone(), stopping.clone()));
        Self {
            runtime,
            tasks: TaskTracker::new(),
            running: Arc::new(AtomicUsize::new(0)),
            by_answer,
            leaders: Mutex::new(HashMap::new()),
            stopping,
        }
    }

    /// Begins an answer and gives its first reader.
    pub(super) fn start(&self, parts: &Arc<Parts>, plan: Plan) -> Reader {
        let key = plan.key;
        let run = Arc::new(Run::new(plan, now_ms()));
        let reader = run.reader(Position::START);
        self.by_answer.lock().insert(run.answer, run.clone());
        let leader = key.and_then(|key| self.lead_or_follow(key, &run));
        self.spawn(parts, run, leader);
        reader
    }

    /// Who answers the same question already; otherwise this run does, for those who come after it.
    fn lead_or_follow(&self, key: CacheKey, run: &Arc<Run>) -> Option<Reader> {
        let mut leaders = self.leaders.lock();
        let leader = leaders.get(&key).and_then(Weak::upgrade);
        if let Some(leader) = leader.filter(|leader| leader.with(|state| state.end.is_none())) {
            return Some(leader.reader(Position::START));
        }
        leaders.insert(key, Arc::downgrade(run));
        None
    }

    /// Whether somebody is answering this right now.
    pub(super) fn is_led(&self, key: &CacheKey) -> bool {
        let leader = self.leaders.lock().get(key).and_then(Weak::upgrade);
        leader.is_some_and(|leader| leader.with(|state| state.end.is_none()))
    }

    fn end(&self, run: &Arc<Run>) {
        let Some(key) = &run.key else { return };
        let mut leaders = self.leaders.lock();
        if leaders
            .get(key)
            .is_some_and(|leader| leader.as_ptr() == Arc::as_ptr(run))
        {
            leaders.remove(key);
        }
    }

    pub(super) fn resume(
        &self,
        parts: &Arc<Parts>,
        answer: AnswerId,
        position: Position,
        may_read: impl FnOnce(&Question) -> bool,
    ) -> Option<Reader> {
        let run = self.by_answer.lock().get(&answer).cloned()?;
        // Asked first: an answer does not go on for who may not read it.
        if !may_read(&run.question) || run.with(|state| state.is_forgotten) {
            return None;
        }
        let reader = run.reader(position);
        let may_go_on = !self.stopping.is_cancelled();
        let goes_on = may_go_on && run.with(|state| state.end == Some(End::Done(Finish::Aborted)) && state.revive());
        if goes_on {
            self.spawn(parts, run, None);
        }
        Some(reader)
    }

    /// Whether a stopped answer goes on, because somebody reads it again.
    pub(super) fn revive(&self, run: &Run) -> bool {
        !run.is_deserted() && !self.stopping.is_cancelled() && run.with(State::revive)
    }

    /// Whether an answer is being made in this conversation, and it is the visitor's.
    pub(super) fn is_answering(&self, site: &str, conversation: ConversationId, visitor: VisitorId) -> bool {
        let is_theirs = |question: &Question| {
            question.conversation == conversation && question.visitor == Some(visitor) && question.site.key == site
        };
        let runs = self.by_answer.lock();
        runs.values()
            .any(|run| is_theirs(&run.question) && run.with(|state| state.end.is_none() && !state.is_forgotten))
    }

    /// The conversation is gone: what is being made in it is not written down, and what was made is not told again.
    pub(super) fn forget(&self, conversation: ConversationId) {
        for run in self.by_answer.lock().values() {
            if run.question.conversation == conversation {
                run.with(|state| state.is_forgotten = true);
            }
        }
    }

    fn spawn(&self, parts: &Arc<Parts>, run: Arc<Run>, leader: Option<Reader>) {
        let (parts, running) = (parts.clone(), self.running.clone());
        running.fetch_add(1, Ordering::Relaxed);
        parts.metrics.running_streams.inc();
        self.tasks.spawn_on(
            async move {
                tell::answer(&parts, &run, leader).await;
                parts.runs.end(&run);
                parts.metrics.running_streams.dec();
                running.fetch_sub(1, Ordering::Relaxed);
            },
            &self.runtime,
        );
    }

    /// Does something beside the answers that nobody waits for, but that a stop waits for.
    pub(super) fn aside(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, &self.runtime);
    }

    /// Cancelled when the service stops.
    pub(super) fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    pub(super) async fn stop(&self) {
        self.stopping.cancel();
        for run in self.by_answer.lock().values() {
            run.with(|state| state.cancel.cancel());
        }
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn sweep(by_answer: Arc<Mutex<HashMap<AnswerId, Arc<Run>>>>, stopping: CancellationToken) {
    let is_kept = |state: &mut State| {
        let is_fresh = |ended: Instant| ended.elapsed() < KEPT && !state.is_forgotten;
        state.ended_at.is_none_or(is_fresh)
    };
    while stopping.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_some() {
        by_answer.lock().retain(|_, run| run.with(is_kept));
    }
}
