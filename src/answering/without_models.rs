//! What is said when no model may or can answer.

use std::sync::Arc;

use super::{Parts, honesty, now_ms};
use crate::cache::{Basis, CacheKey, CachedAnswer};
use crate::domain::{Finish, From, Question};
use crate::knowledge::{Composed, Query};
use crate::settings::DEMO_SITE;

impl Parts {
    /// What is said when no model may or can answer: an answer of the past week whose pages still stand, else what the content says,
    /// else an honest sentence with the operator's contact.
    pub(super) async fn instead_of_models(
        &self,
        question: &Question,
        key: Option<&CacheKey>,
    ) -> (From, Arc<CachedAnswer>) {
        if let Some(key) = key
            && let Some(stale) = self.cache.get_stale(key).await
        {
            if self.is_current(question, &stale).await {
                return (From::Cache, stale);
            }
            self.cache.remove(key).await;
            self.near.forget(key);
        }
        let is_known = question.site.key == DEMO_SITE || self.knowledge.has_content(&question.site.key);
        let content = is_known
            .then(|| self.content_answer(question))
            .filter(|content| content.finish == Finish::Stop);
        let told = content.unwrap_or_else(|| {
            told(Composed {
                text: honesty::no_answer(&question.language, &question.site.contact),
                sources: Vec::new(),
                found: false,
            })
        });
        (From::Content, Arc::new(told))
    }

    /// What the content says; an honest sentence when it says nothing.
    pub(super) fn content_answer(&self, question: &Question) -> CachedAnswer {
        told(self.knowledge.compose(&question.site.key, &Query::from(question)))
    }

    /// That the content does not hold the answer.
    pub(super) fn declined(&self, question: &Question) -> CachedAnswer {
        told(self.knowledge.decline(&question.site.key, &Query::from(question)))
    }
}

/// What was put together from the content.
fn told(composed: Composed) -> CachedAnswer {
    CachedAnswer {
        text: composed.text.into(),
        sources: composed.sources.into(),
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
        basis: Basis::default(),
    }
}
