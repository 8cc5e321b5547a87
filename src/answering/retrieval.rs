//! What a question finds in the site's content.

use super::Parts;
use crate::domain::Question;
use crate::embeddings;
use crate::knowledge::{Passage, Query};
use crate::settings::DEMO_SITE;

/// Passages that a model is given at most.
const PASSAGES: usize = 5;

/// What there is to answer from.
#[derive(Default)]
pub struct Found {
    pub passages: Vec<Passage>,
    /// How likely they hold the answer, from 0 to 1; `None`: the site has no content.
    pub confidence: Option<f32>,
    /// The site's own content was searched, and the confidence is about it.
    pub is_judged: bool,
    /// The version of the content as it was searched: it may be another one before an answer has ended.
    pub content_version: String,
}

impl Parts {
    /// See [`Question::language`].
    pub(super) fn language(&self, question: &Question) -> String {
        let spoken = self.knowledge.spoken(&question.site.key, &Query::from(question));
        match spoken.code {
            "" => question.language.clone(),
            code => code.to_owned(),
        }
    }

    /// The manual knows Pennypress and nothing of a customer's business: without content of its own, only the demo is given passages.
    pub(super) async fn retrieve(&self, question: &Question) -> Found {
        let site = &question.site.key;
        // Before it is looked whether there is any: content that comes in between makes it an old one.
        let content_version = self.knowledge.version(site);
        if site != DEMO_SITE && !self.knowledge.has_content(site) {
            return Found {
                content_version,
                ..Found::default()
            };
        }
        let query = Query::from(question);
        for said in self.knowledge.must_read(site, &query) {
            // Some milliseconds, in which this thread has others to serve. What was read is remembered: the search finds it.
            let _ = tokio::task::spawn_blocking(move || embeddings::encode_question(&said)).await;
        }
        let retrieved = self.knowledge.search(site, &query, PASSAGES);
        Found {
            passages: retrieved.passages,
            confidence: Some(retrieved.confidence),
            is_judged: retrieved.is_judged && self.knowledge.has_content(site),
            content_version: retrieved.content_version,
        }
    }
}
