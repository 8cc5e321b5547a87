//! THE way a question goes. It is counted against the limits, placed in its conversation, looked up in the cache, enriched
//! with passages, sent down a chain of models and told to its readers, while everything about it is written down.
//! Without a provider, and when every provider fails, the content answers; when it cannot either, an honest sentence does.

mod bill;
mod citations;
mod conversation;
mod curated;
mod elsewhere;
mod experiment;
mod feedback;
mod fence;
mod honesty;
mod key;
mod learned;
mod lookup;
mod meaning;
mod pointing;
mod prompt;
mod retrieval;
mod run;
mod runs;
mod tell;
mod translation;
mod verify;
mod without_models;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cache::near::{NearCache, Waiting};
use crate::cache::{AnswerCache, CacheKey, CachedAnswer};
use crate::domain::{
    Answer, AnswerId, ConversationId, Decision, Enrolment, From, Page, Price, Question, Site, Tier, Usage, Usd,
    VisitorId,
};
use crate::knowledge::Knowledge;
use crate::limits::{Budgets, Limits, Refused, Verdict, VisitorNetwork};
use crate::models::{Catalogue, Chain, Decided, Features, Model, decide, estimated_tokens};
use crate::store::{AnswerStore, CuratedStore, StoreError};
use crate::telemetry::Metrics;

use lookup::Nearby;
use run::Plan;

pub use curated::{Curated, Draft};
pub use experiment::Experiments;
pub use key::normalised;
pub use meaning::Embedder;
pub use run::{End, Position, Reader, Update};
pub use runs::Runs;
pub use translation::Translations;
pub use verify::verification;

/// A question waits this long for a large site's content to be read after a start; then what is there must do.
const CONTENT_READ_WITHIN: Duration = Duration::from_secs(30);
/// What persona, rules and passages take at most, in tokens.
const PROMPT_TOKENS: u64 = 2_000;

/// A question as it came through the door: the caller is known, the message has a good length.
pub struct Asked {
    pub site: Arc<Site>,
    pub message: String,
    pub conversation: Option<ConversationId>,
    pub visitor: Option<VisitorId>,
    pub user: Option<String>,
    pub address: IpAddr,
    pub page: Option<Page>,
    pub locale: String,
    pub began: Instant,
}

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("a limit refused the question")]
    Refused(Refused),
    #[error("there is no such conversation of this visitor")]
    UnknownConversation,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How an answer comes.
pub enum Reply {
    /// Whole, at once.
    Whole(Whole),
    /// Word by word.
    Running(Reader),
}

/// An answer that is known wholly.
pub struct Whole {
    pub answer: AnswerId,
    pub conversation: ConversationId,
    pub from: From,
    pub told: Arc<CachedAnswer>,
}

/// The parts that a question meets on its way.
pub struct Parts {
    pub limits: Arc<dyn Limits>,
    pub budgets: Budgets,
    pub cache: Arc<dyn AnswerCache>,
    pub near: Arc<NearCache>,
    /// What the near cache learned and is not written down yet.
    pub learned: Waiting,
    /// `None`: the built-in model is all that there is.
    pub embedder: Option<Embedder>,
    pub curated: Curated,
    pub curated_store: Arc<dyn CuratedStore>,
    pub knowledge: Arc<Knowledge>,
    pub catalogue: Arc<Catalogue>,
    pub decided: Decided,
    pub chain: Chain,
    /// What savings are counted against.
    pub baseline: Option<Price>,
    /// See [`crate::settings::Content`].
    pub abstain_below: f32,
    /// Questions in a language that the content is not in are translated, so that they are found.
    pub translates: bool,
    pub translations: Translations,
    pub experiments: Experiments,
    pub store: Arc<dyn AnswerStore>,
    pub metrics: Metrics,
    pub runs: Runs,
}

/// Answers questions. Clones are one.
#[derive(Clone)]
pub struct Answering(Arc<Parts>);

impl Answering {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub async fn ask(&self, asked: Asked) -> Result<Reply, AskError> {
        let parts = &*self.0;
        let network = VisitorNetwork::of(asked.address);
        if let Err(refused) = parts.limits.question(&asked.site.key, network).await {
            parts.metrics.refused(refused.by);
            return Err(AskError::Refused(refused));
        }
        let began = asked.began;
        let enrolment = parts.enrol(&asked, network);
        let mut question = conversation::place(&*parts.store, asked).await?;
        if let Some((told, reuse)) = parts.curated_answer(&question) {
            question.reuse = Some(reuse);
            return Ok(Reply::Whole(
                parts.tell_whole(question, From::Curated, told, began).await,
            ));
        }
        // Just after a start: neither what is cached nor what is found can be judged before the content is read.
        parts.knowledge.settled(&question.site.key, CONTENT_READ_WITHIN).await;
        if !parts.catalogue.has_models() {
            question.language = parts.language(&question);
            return Ok(Reply::Whole(parts.answer_from_content(question, began).await));
        }
        question.enrolment = enrolment;
        if let Some(site) = parts.experiments.site(&question) {
            question.site = site;
        }
        // The cache is asked before the content is searched. What the passages say of the tier follows from the question and the
        // content, and an answer stands only as long as its content does.
        let decision = parts.route(&question, None);
        question.route = Some(decision.clone());
        let key = question
            .history
            .is_empty()
            .then(|| parts.cache_key(&question, decision.tier));
        if let Some(key) = &key {
            if let Some((found, reuse)) = parts.cached(&question, key).await {
                parts.metrics.cache_hits.inc();
                question.reuse = Some(reuse);
                return Ok(Reply::Whole(
                    parts.tell_whole(question, From::Cache, found, began).await,
                ));
            }
            parts.metrics.cache_misses.inc();
        }
        // What was asked before is answered without room for the rest of the way.
        Ok(Box::pin(self.answer_anew(question, key, decision.tier, began)).await)
    }

    /// What follows when the cache has no answer to this very question.
    async fn answer_anew(&self, mut question: Question, key: Option<CacheKey>, tier: Tier, began: Instant) -> Reply {
        let parts = &*self.0;
        question.language = parts.language(&question);
        let found = self.0.find(&mut question).await;
        let grey = match parts.nearby(&question, tier, &found).await {
            Nearby::Answer(from, told, reuse) => {
                question.reuse = Some(reuse);
                return Reply::Whole(parts.tell_whole(question, from, told, began).await);
            }
            Nearby::Ask(grey) => grey,
        };
        let abstains = found.is_judged
            && found
                .confidence
                .is_some_and(|confidence| confidence < parts.abstain_below);
        // What the content does not hold the operator may have written: that is asked about first.
        let grey = match abstains {
            true => grey.into_iter().filter(|one| one.from == From::Curated).collect(),
            false => grey,
        };
        if abstains && grey.is_empty() {
            return Reply::Whole(parts.abstain(question, began).await);
        }
        let routed = parts.route(&question, found.confidence);
        question.route = Some(routed.clone());
        let now = jiff::Timestamp::now();
        // Who reads along what another one pays for sets nothing aside.
        let is_led = key.as_ref().is_some_and(|key| parts.runs.is_led(key));
        let verdict = match is_led {
            true => None,
            false => Some(parts.set_aside(&question, routed.tier, now).await),
        };
        let (tier, reservation) = match verdict {
            None => (routed.tier, None),
            Some(Verdict::Free(reservation)) => (routed.tier, Some(reservation)),
            Some(Verdict::Tight(reservation)) => {
                let thrifty = format!(
                    "the budget is nearly spent; without that {}: {}",
                    routed.tier, routed.reason
                );
                question.route = Some(Decision {
                    tier: Tier::Simple,
                    reason: thrifty.into(),
                });
                // Nor is anything tried that may cost more.
                question.enrolment = None;
                (Tier::Simple, Some(reservation))
            }
            Some(Verdict::Spent) if abstains => return Reply::Whole(parts.abstain(question, began).await),
            Some(Verdict::Spent) => return Reply::Whole(parts.answer_without_models(question, key, began).await),
        };
        tracing::debug!(tier = tier.as_str(), reason = &*routed.reason, "routed");
        // An answer of another tier than asked for is kept under its own name.
        let key = if tier == routed.tier {
            key
        } else {
            key.map(|_| parts.cache_key(&question, tier))
        };
        Reply::Running(self.0.runs.start(
            &self.0,
            Plan {
                question,
                passages: found.passages,
                content_version: found.content_version,
                tier,
                key,
                grey,
                abstains,
                reservation,
                began,
            },
        ))
    }

    /// An answer that is running, or ran a short while ago, for who may read it; one that lost its readers goes on a few times.
    pub fn resume(
        &self,
        answer: AnswerId,
        position: Position,
        may_read: impl FnOnce(&Question) -> bool,
    ) -> Option<Reader> {
        self.0.runs.resume(&self.0, answer, position, may_read)
    }

    /// Stops what is still running, and waits until all of it is written down.
    pub async fn stop(&self) {
        self.0.runs.stop().await;
        self.0.write_learned().await;
    }

    pub fn running(&self) -> usize {
        self.0.runs.running()
    }
}

impl Parts {
    fn route(&self, question: &Question, best_passage: Option<f32>) -> Decision {
        let features = Features {
            text: &question.text,
            turns: question.history.len(),
            best_passage,
        };
        let decide = || decide(self.catalogue.rules(), &features);
        match (question.history.is_empty(), best_passage) {
            (true, None) => self.decided.decide(&question.text, decide),
            _ => decide(),
        }
    }

    fn cache_key(&self, question: &Question, tier: Tier) -> CacheKey {
        key::cache_key(question, self.models(question, tier), self.chain.temperature())
    }

    /// The part of whoever asks in an experiment: by user, visitor or network, whichever is the first to be known.
    fn enrol(&self, asked: &Asked, network: VisitorNetwork) -> Option<Enrolment> {
        if !self.experiments.cover(&asked.site.key) {
            return None;
        }
        let user = asked.user.as_ref().map(|user| format!("user {user}"));
        let visitor = asked.visitor.map(|visitor| visitor.to_string());
        let who = user.or(visitor).unwrap_or_else(|| network.address().to_string());
        self.experiments.enrol(&asked.site.key, &who)
    }

    /// The models that are tried for a question of this tier.
    fn models(&self, question: &Question, tier: Tier) -> &[Arc<Model>] {
        let tried = self.experiments.chain(question);
        tried.unwrap_or_else(|| self.catalogue.chain(tier))
    }

    /// Sets aside what the first of the question's models may take for it, or that of the simple tier when the budget grows tight.
    async fn set_aside(&self, question: &Question, tier: Tier, now: jiff::Timestamp) -> Verdict {
        let said = question.history.iter().map(|turn| turn.text.as_str());
        let tokens: u64 = said.chain([question.text.as_str()]).map(estimated_tokens).sum();
        let at_most = |models: &[Arc<Model>]| {
            models.first().map_or(Usd::ZERO, |model| {
                model.cost(&Usage {
                    prompt_tokens: (tokens + PROMPT_TOKENS).min(u64::from(model.context_tokens)),
                    completion_tokens: u64::from(self.chain.max_answer_tokens()),
                    counted: true,
                })
            })
        };
        let wanted = at_most(self.models(question, tier));
        let thrifty = at_most(self.catalogue.chain(Tier::Simple));
        self.budgets.set_aside(&question.site.key, wanted, thrifty, now).await
    }

    async fn answer_from_content(&self, question: Question, began: Instant) -> Whole {
        let told = Arc::new(self.content_answer(&question));
        self.tell_whole(question, From::Content, told, began).await
    }

    /// Nothing may be spent: see [`Parts::instead_of_models`].
    async fn answer_without_models(&self, question: Question, key: Option<CacheKey>, began: Instant) -> Whole {
        let (from, told) = self.instead_of_models(&question, key.as_ref()).await;
        self.tell_whole(question, from, told, began).await
    }

    /// No model is asked for what the content does not hold.
    async fn abstain(&self, question: Question, began: Instant) -> Whole {
        let declined = Arc::new(self.declined(&question));
        self.tell_whole(question, From::Content, declined, began).await
    }

    /// What the baseline model would have cost for an answer of so many tokens; `None` when no model wrote it.
    fn baseline_cost(&self, needed: &Usage) -> Option<Usd> {
        let price = self.baseline.as_ref().filter(|_| needed.completion_tokens > 0)?;
        Some(price.of(needed))
    }

    async fn tell_whole(&self, question: Question, from: From, told: Arc<CachedAnswer>, began: Instant) -> Whole {
        let elapsed = began.elapsed();
        self.metrics.first_word_seconds.observe(elapsed.as_secs_f64());
        self.metrics.question(from, told.finish);
        let whole = Whole {
            answer: question.answer,
            conversation: question.conversation,
            from,
            told: told.clone(),
        };
        let ms = u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
        let record = Arc::new(Answer {
            id: whole.answer,
            conversation: question.conversation,
            site: question.site.key.clone(),
            visitor: question.visitor,
            user: question.user,
            question: question.text,
            text: told.text.clone(),
            from,
            finish: told.finish,
            sources: told.sources.clone(),
            doubts: Vec::new(),
            model: told.model.clone(),
            usage: question.spent.usage,
            cost: question.spent.cost,
            baseline_cost: self.baseline_cost(&Usage {
                prompt_tokens: told.prompt_tokens,
                completion_tokens: told.completion_tokens,
                counted: false,
            }),
            first_word_ms: Some(ms),
            total_ms: ms,
            page: question.page,
            locale: question.locale,
            asked_at_ms: now_ms(),
            route: question.route,
            enrolment: question.enrolment,
            reuse: question.reuse,
        });
        self.store.record(record).await;
        whole
    }
}

/// Unix time in milliseconds.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
