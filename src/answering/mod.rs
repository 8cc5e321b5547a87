//! THE way a question goes. It is counted against the limits, placed in its conversation, looked up in the cache, enriched
//! with passages, sent down a chain of models and told to its readers, while everything about it is written down.
//! Without a provider, and when every provider fails, the content answers; when it cannot either, an honest sentence does.

mod bill;
mod citations;
mod conversation;
mod honesty;
mod key;
mod prompt;
mod run;
mod runs;
mod tell;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::cache::{AnswerCache, CachedAnswer};
use crate::domain::{Answer, AnswerId, ConversationId, Finish, From, Page, Question, Site, Usage, Usd, VisitorId};
use crate::knowledge::Knowledge;
use crate::limits::{Limits, Refused, VisitorNetwork};
use crate::models::{Catalogue, Chain, Model, Tier};
use crate::settings::DEMO_SITE;
use crate::store::{AnswerStore, StoreError};
use crate::telemetry::Metrics;

pub use run::{End, Position, Reader, Update};
pub use runs::Runs;

/// Passages that a model is given at most.
const PASSAGES: usize = 4;

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
    pub cache: Arc<dyn AnswerCache>,
    pub knowledge: Arc<Knowledge>,
    pub catalogue: Catalogue,
    pub chain: Chain,
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
        let question = conversation::place(&*parts.store, asked).await?;
        let models = parts.models();
        if models.is_empty() {
            return Ok(Reply::Whole(parts.answer_from_content(question, began).await));
        }
        let key = question.history.is_empty().then(|| {
            let version = parts.knowledge.version(&question.site.key);
            key::cache_key(&question, models, parts.chain.temperature(), &version)
        });
        if let Some(key) = &key {
            if let Some(found) = parts.cache.get(key).await {
                parts.metrics.cache_hits.inc();
                return Ok(Reply::Whole(
                    parts.tell_whole(question, From::Cache, found, began).await,
                ));
            }
            parts.metrics.cache_misses.inc();
        }
        Ok(Reply::Running(self.0.runs.start(&self.0, question, key, began)))
    }

    /// An answer that is running, or ran a short while ago; one that lost its readers goes on.
    pub fn resume(&self, answer: AnswerId, position: Position) -> Option<Reader> {
        self.0.runs.resume(&self.0, answer, position)
    }

    /// Stops what is still running, and waits until all of it is written down.
    pub async fn stop(&self) {
        self.0.runs.stop().await;
    }

    pub fn running(&self) -> usize {
        self.0.runs.running()
    }
}

impl Parts {
    fn models(&self) -> &[Arc<Model>] {
        self.catalogue.chain(Tier::Standard)
    }

    /// The manual knows Pennypress and nothing of a customer's business, so a model is given its passages for the demo only.
    fn passages(&self, question: &Question) -> Vec<crate::knowledge::Passage> {
        if question.site.key == DEMO_SITE {
            self.knowledge.search(&question.site.key, &question.text, PASSAGES)
        } else {
            Vec::new()
        }
    }

    async fn answer_from_content(&self, question: Question, began: Instant) -> Whole {
        let told = Arc::new(self.content_answer(&question));
        self.tell_whole(question, From::Content, told, began).await
    }

    /// What the content says; an honest sentence when it says nothing.
    fn content_answer(&self, question: &Question) -> CachedAnswer {
        let composed = self.knowledge.compose(&question.site.key, &question.text);
        CachedAnswer {
            text: composed.text,
            sources: composed.sources,
            finish: if composed.found {
                Finish::Stop
            } else {
                Finish::Unanswered
            },
            made_by: From::Content,
            model: None,
            prompt_tokens: 0,
            completion_tokens: 0,
            made_at_ms: now_ms(),
        }
    }

    async fn tell_whole(&self, question: Question, from: From, told: Arc<CachedAnswer>, began: Instant) -> Whole {
        let elapsed = began.elapsed();
        self.metrics.first_word_seconds.observe(elapsed.as_secs_f64());
        self.metrics.question(from, told.finish);
        let whole = Whole {
            answer: AnswerId::generate(),
            conversation: question.conversation,
            from,
            told: told.clone(),
        };
        let ms = u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
        let record = Answer {
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
            model: told.model.clone(),
            usage: Usage::default(),
            cost: Usd::ZERO,
            first_word_ms: Some(ms),
            total_ms: ms,
            page: question.page,
            locale: question.locale,
            asked_at_ms: now_ms(),
        };
        self.store.record(record).await;
        whole
    }
}

/// Unix time in milliseconds.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
