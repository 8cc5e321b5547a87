//! One answer from a chain of models, told while it comes, and written down when it has ended.

use std::sync::Arc;

use super::bill::SitePurse;
use super::elsewhere::{self, Elsewhere};
use super::lookup::Grey;
use super::run::{End, Reader, Run};
use super::{Parts, citations, experiment, prompt};
use crate::cache::CachedAnswer;
use crate::domain::{Answer, Doubt, Finish, From, Original, Purpose, Reuse, Source};
use crate::knowledge::{Passage, support};
use crate::models::{Chain, Ending, Model, Sink};
use crate::telemetry::Metrics;

/// Makes the answer of `run`, or goes on with it; reads it off `leader` when somebody answers the same question already. What is not
/// the model's stream stands in boxes, so that it takes no room while thousands wait for their next word.
pub(super) async fn answer(parts: &Arc<Parts>, run: &Arc<Run>, leader: Option<Reader>) {
    let followed = match leader {
        Some(leader) => Box::pin(follow(parts, run, leader)).await,
        None => None,
    };
    let mut claimed = None;
    let mut close = match followed {
        Some(close) => close,
        None => match Box::pin(elsewhere::made(parts, run)).await {
            Elsewhere::Made(told) => Close::reused(run, &told),
            Elsewhere::Ours(key) => {
                claimed = key;
                ask(parts, run).await
            }
        },
    };
    Box::pin(write_down(parts, run, &mut close)).await;
    if let Some((key, claim)) = claimed {
        parts.cache.release(&key, claim).await;
    }
    close.tell(run);
    experiment::shadow(parts, run);
}

async fn ask(parts: &Parts, run: &Arc<Run>) -> Close {
    // An answer that goes on after it lost its readers has words of its own already.
    if run.with(|state| state.text.is_empty())
        && let Some(grey) = Box::pin(parts.confirmed(run)).await
    {
        return Close::had(grey);
    }
    if run.abstains {
        return Close::whole(From::Content, &parts.declined(&run.question), None);
    }
    let passages = &run.passages;
    let ending = loop {
        let ending = ask_models(parts, run, passages).await;
        // A reader who came back just when the upstream was stopped has it continued.
        if ending != Ending::Cancelled || !parts.runs.revive(run) {
            break ending;
        }
    };
    match ending {
        Ending::Finished(finish) => Close::told(run, End::Done(finish), passages),
        Ending::Cancelled => Close::told(run, End::Done(Finish::Aborted), passages),
        Ending::Exhausted if run.with(|state| !state.text.is_empty()) => Close::told(run, End::CutOff, passages),
        Ending::Exhausted => Box::pin(Close::instead(parts, run)).await,
    }
}

/// Tells what another run tells, which is paid for once. `None`: the other one did not come to its end; this one goes on
/// from the words that were told.
async fn follow(parts: &Parts, run: &Arc<Run>, mut leader: Reader) -> Option<Close> {
    let cancel = run.with(|state| state.cancel.clone());
    let mut sink = Told {
        run,
        metrics: &parts.metrics,
        from: From::Cache,
    };
    loop {
        let update = tokio::select! {
            biased;
            () = cancel.cancelled() => return None,
            update = leader.next() => update?,
        };
        let from = leader.run().with(|state| state.from);
        let from_model = from == Some(From::Model);
        if from_model && !update.text.is_empty() {
            sink.tell(&update.text);
        }
        match update.end {
            None => {}
            Some(End::Done(finish @ (Finish::Stop | Finish::Length | Finish::Unanswered))) => {
                let needed = leader.run().with(|state| state.bill.needed);
                run.with(|state| state.bill.needed = needed);
                return Some(leader.run().with(|state| Close {
                    from: if from_model {
                        From::Cache
                    } else {
                        from.unwrap_or(From::Content)
                    },
                    end: End::Done(finish),
                    text: (!from_model).then(|| state.text.as_str().into()),
                    sources: state.sources.clone(),
                    doubts: Vec::new(),
                    // A thumb down here is one for the answer that both were told.
                    reuse: state.reuse.clone(),
                }));
            }
            Some(_) => return None,
        }
    }
}

async fn ask_models(parts: &Parts, run: &Arc<Run>, passages: &[Passage]) -> Ending {
    let chain: &Chain = &parts.chain;
    let prompt = |model: &Model| {
        let asking = prompt::prompt_for(
            model,
            &run.question,
            passages,
            chain.temperature(),
            chain.max_answer_tokens(),
        );
        run.with(|state| state.has_shown(&asking.shown));
        asking.prompt
    };
    let mut sink = Told {
        run,
        metrics: &parts.metrics,
        from: From::Model,
    };
    let (bill, reservation) = run.with(|state| (state.bill.clone(), state.reservation.take()));
    let cancel = run.with(|state| state.cancel.clone());
    let mut purse = SitePurse {
        bill,
        reservation,
        purpose: Purpose::Answer,
        answer: run.answer,
        site: &run.question.site.key,
        budgets: &parts.budgets,
        store: &*parts.store,
        metrics: &parts.metrics,
    };
    let ending = chain
        .answer(
            parts.models(&run.question, run.tier),
            &prompt,
            &mut sink,
            &cancel,
            &mut purse,
        )
        .await;
    run.with(|state| (state.bill, state.reservation) = (purse.bill, purse.reservation));
    ending
}

/// Hands the words to the readers.
struct Told<'a> {
    run: &'a Run,
    metrics: &'a Metrics,
    from: From,
}

impl Sink for Told<'_> {
    fn told(&self) -> String {
        self.run.with(|state| state.text.clone())
    }

    fn tell(&mut self, text: &str) {
        let since = self.run.began;
        let is_first = self.run.change(|state| {
            state.text.push_str(text);
            let is_first = state.from.is_none();
            if is_first {
                state.from = Some(self.from);
                state.first_word = Some(since.elapsed());
            }
            is_first
        });
        if is_first {
            self.metrics.first_word_seconds.observe(since.elapsed().as_secs_f64());
        }
    }
}

/// How an answer is about to end.
struct Close {
    from: From,
    end: End,
    /// The text, when none was told yet.
    text: Option<Arc<str>>,
    sources: Arc<[Source]>,
    doubts: Vec<Doubt>,
    reuse: Option<Reuse>,
}

impl Close {
    fn told(run: &Run, end: End, passages: &[Passage]) -> Self {
        let (text, shown) = run.with(|state| (state.text.clone(), state.shown.clone()));
        let question = &run.question;
        Self {
            from: From::Model,
            end,
            text: None,
            sources: citations::cited(&text, passages, &shown).into(),
            doubts: support::doubts(&text, passages, &[&question.text, &question.site.name]),
            reuse: None,
        }
    }

    /// A stored answer does, as a model confirmed.
    fn had(grey: Grey) -> Self {
        Self::whole(grey.from, &grey.told, Some(grey.reuse))
    }

    /// Another service made it.
    fn reused(run: &Run, told: &CachedAnswer) -> Self {
        run.with(|state| {
            state.bill.needed.prompt_tokens = told.prompt_tokens;
            state.bill.needed.completion_tokens = told.completion_tokens;
        });
        Self::whole(From::Cache, told, kept_at(run))
    }

    /// No model spoke: an older answer does, the content, or an honest sentence.
    async fn instead(parts: &Parts, run: &Run) -> Self {
        let (from, told) = parts.instead_of_models(&run.question, run.key.as_ref()).await;
        Self::whole(from, &told, kept_at(run).filter(|_| from == From::Cache))
    }

    /// Nothing of it was told yet.
    fn whole(from: From, told: &CachedAnswer, reuse: Option<Reuse>) -> Self {
        Self {
            from,
            end: End::Done(told.finish),
            text: Some(told.text.clone()),
            sources: told.sources.clone(),
            doubts: Vec::new(),
            reuse,
        }
    }

    fn finish(&self) -> Finish {
        match self.end {
            End::Done(finish) => finish,
            End::CutOff => Finish::Failed,
        }
    }

    /// The last that the readers are told. After it was written down, so that a thumb finds its answer.
    fn tell(self, run: &Run) {
        run.change(|state| {
            state.from.get_or_insert(self.from);
            if let Some(text) = self.text {
                state.text = text.as_ref().to_owned();
            }
            state.sources = self.sources;
            state.reuse = self.reuse;
            state.end = Some(self.end);
            state.ended_at = Some(std::time::Instant::now());
        });
    }
}

/// The answer that the cache keeps for this very question.
fn kept_at(run: &Run) -> Option<Reuse> {
    run.key.map(|key| Reuse {
        of: Original::Cached(key.0),
        near: None,
    })
}

async fn write_down(parts: &Parts, run: &Run, close: &mut Close) {
    let total = run.began.elapsed();
    let ms = |time: std::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    let question = &run.question;
    let mut record = run.with(|state| Answer {
        id: run.answer,
        conversation: question.conversation,
        site: question.site.key.clone(),
        visitor: question.visitor,
        user: question.user.clone(),
        question: question.text.clone(),
        text: close.text.clone().unwrap_or_else(|| state.text.as_str().into()),
        from: state.from.unwrap_or(close.from),
        finish: close.finish(),
        sources: close.sources.clone(),
        doubts: close.doubts.clone(),
        model: state.bill.model.clone(),
        usage: state.bill.usage,
        cost: state.bill.cost,
        baseline_cost: parts.baseline_cost(&state.bill.needed),
        first_word_ms: state.first_word.or(close.text.as_ref().map(|_| total)).map(ms),
        total_ms: ms(total),
        page: question.page.clone(),
        locale: question.locale.clone(),
        asked_at_ms: run.asked_at_ms,
        route: question.route.clone(),
        enrolment: question.enrolment.clone(),
        reuse: close.reuse.clone(),
    });
    let needed = run.with(|state| state.bill.needed);
    parts.metrics.question(record.from, record.finish);
    let is_forgotten = run.with(|state| state.is_forgotten);
    if let (Some(key), From::Model, Finish::Stop, false) = (&run.key, record.from, record.finish, is_forgotten) {
        let kept = CachedAnswer {
            text: record.text.clone(),
            sources: record.sources.clone(),
            finish: record.finish,
            made_by: record.from,
            model: record.model.clone(),
            prompt_tokens: needed.prompt_tokens,
            completion_tokens: needed.completion_tokens,
            made_at_ms: super::now_ms(),
            basis: Parts::basis(run, &record.sources),
        };
        let meaning = run.with(|state| state.meaning.take());
        parts.keep(question, key, kept, meaning).await;
        close.reuse = kept_at(run);
        record.reuse = close.reuse.clone();
    }
    if !is_forgotten {
        parts.store.record(Arc::new(record)).await;
    }
    let (calls, _reservation) = run.with(|state| (std::mem::take(&mut state.bill.calls), state.reservation.take()));
    if !calls.is_empty() {
        let cost = calls.iter().map(|call| call.cost).sum();
        parts.budgets.pay(&question.site.key, cost, jiff::Timestamp::now());
        parts.store.record_calls(calls).await;
    }
}
