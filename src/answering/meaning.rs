//! What a question means by a provider's model: it finds stored answers that the built-in model overlooks. It is asked only when nothing
//! else was found, and never waited for longer than its time; without it everything goes on as it is.

use std::sync::Arc;
use std::time::Instant;

use super::bill::SitePurse;
use super::lookup::Grey;
use super::run::Run;
use super::{Parts, key};
use crate::cache::CacheKey;
use crate::cache::near::{EXAMPLES, Meaning, Phrase};
use crate::domain::Purpose;
use crate::models::{Model, Purse, embed, embedding_cost};
use crate::settings::Embedding;

/// The model that is asked for vectors, and how long it may take.
pub struct Embedder {
    pub model: Arc<Model>,
    pub settings: Embedding,
}

impl Embedder {
    /// The same model at two providers means two models.
    pub fn name(model: &Model) -> String {
        format!("{} {}", model.provider.base(), model.id)
    }
}

impl Parts {
    /// Stored answers that a model may be asked about, beyond those that the run knows of.
    pub(super) async fn by_meaning(&self, run: &Arc<Run>) -> Vec<Grey> {
        let question = &run.question;
        let Some(embedder) = self.embedder.as_ref() else {
            return Vec::new();
        };
        if run.key.is_none() || !key::stands_alone(question) {
            return Vec::new();
        }
        let Some(meaning) = self.meaning(embedder, run).await else {
            return Vec::new();
        };
        run.with(|state| state.meaning = Some(meaning.clone()));
        let known: Vec<CacheKey> = run.grey.iter().filter_map(Grey::key).collect();
        let scope = self.near_scope(question);
        let asked = Phrase::of(&question.text);
        let mut grey = Vec::new();
        for candidate in self.near.candidates_by_meaning(&scope, &asked, &meaning, &known) {
            if grey.len() == self.near.daring().asked_about() {
                break;
            }
            if let Some(told) = self.stored(question, &candidate).await {
                grey.push(Grey::of(told, &scope, candidate));
            }
        }
        grey
    }

    async fn meaning(&self, embedder: &Embedder, run: &Run) -> Option<Meaning> {
        let model = &embedder.model;
        if !model.breaker.allows(Instant::now()) {
            return None;
        }
        // The first time it also tells how its similarities are to be read.
        let is_first = !self.near.is_calibrated();
        let mut texts = vec![run.question.text.as_str()];
        texts.extend(EXAMPLES.iter().filter(|_| is_first));
        let (bill, reservation) = run.with(|state| (state.bill.clone(), state.reservation.take()));
        let mut purse = SitePurse {
            bill,
            reservation,
            purpose: Purpose::Embed,
            answer: run.answer,
            site: &run.question.site.key,
            budgets: &self.budgets,
            store: &*self.store,
            metrics: &self.metrics,
        };
        let at_most = embedding_cost(model, &texts);
        let vectors = match purse.affords(at_most).await {
            true => {
                let id = purse.begins(model, at_most);
                let (vectors, call) = embed(id, model, &texts, embedder.settings.patience).await;
                purse.account(call);
                vectors
            }
            false => None,
        };
        run.with(|state| (state.bill, state.reservation) = (purse.bill, purse.reservation));
        let name = Embedder::name(model);
        let meanings: Option<Vec<Meaning>> = vectors?.iter().map(|vector| Meaning::of(&name, vector)).collect();
        let mut meanings = meanings?.into_iter();
        let asked = meanings.next();
        let examples: Vec<Meaning> = meanings.collect();
        if is_first && !self.near.calibrate(&examples) {
            tracing::warn!(
                model = model.id,
                "cache.embedding_model: its vectors do not tell questions apart; it is not heeded"
            );
        }
        asked
    }
}
