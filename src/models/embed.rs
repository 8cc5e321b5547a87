//! Vectors of texts, from a provider's `/v1/embeddings`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::call::{Call, CallOutcome};
use super::catalogue::Model;
use super::error::CallError;
use super::estimate::estimated_tokens;
use crate::domain::{CallId, Usage, Usd};

/// An answer may be this long, in bytes: two dozen vectors of thousands of numbers.
const LONGEST_ANSWER: usize = 4 << 20;

#[derive(Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Vector>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Vector {
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: u64,
}

/// What asking for the vectors of these texts may cost.
pub fn embedding_cost(model: &Model, texts: &[&str]) -> Usd {
    model.cost(&counted(texts))
}

/// The texts' vectors in their order, if they come within `patience`; and the call, to be accounted for.
pub async fn embed(
    id: CallId,
    model: &Arc<Model>,
    texts: &[&str],
    patience: Duration,
) -> (Option<Vec<Vec<f32>>>, Call) {
    let began = Instant::now();
    let asked = tokio::time::timeout(patience, ask(model, texts)).await;
    let asked = asked.unwrap_or(Err(CallError::FirstTokenTimeout(patience)));
    let now = Instant::now();
    let (vectors, usage, outcome) = match asked {
        Ok((vectors, usage)) => {
            model.breaker.succeeded(now);
            (Some(vectors), usage, CallOutcome::Finished)
        }
        Err(error) => {
            if error.speaks_against_model() {
                model.breaker.failed(now, error.retry_after());
            }
            tracing::debug!(model = model.id, error = model.provider.told(&error), "no vectors came");
            // What was refused is not paid for; what did not come in time may be.
            let usage = match error {
                CallError::Connect(_) | CallError::Status { .. } => Usage::default(),
                _ => counted(texts),
            };
            (None, usage, CallOutcome::Failed(error))
        }
    };
    let call = Call {
        id,
        cost: model.cost(&usage),
        model: model.clone(),
        usage,
        outcome,
        first_token: None,
        total: now - began,
    };
    (vectors, call)
}

async fn ask(model: &Model, texts: &[&str]) -> Result<(Vec<Vec<f32>>, Usage), CallError> {
    let request = Request {
        model: &model.id,
        input: texts,
        encoding_format: "float",
    };
    let mut response = model.provider.embeddings(&request).await?;
    let mut body = Vec::new();
    let broken = |error: reqwest::Error| CallError::Broken(error.without_url().to_string());
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(CallError::Unreadable(format!(
                "a body longer than {LONGEST_ANSWER} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    let answer: Answer = serde_json::from_slice(&body).map_err(|error| CallError::Unreadable(error.to_string()))?;
    let usage = match answer.usage {
        Some(told) => Usage {
            prompt_tokens: told.prompt_tokens,
            completion_tokens: 0,
            counted: false,
        },
        None => counted(texts),
    };
    let mut data = answer.data;
    data.sort_by_key(|one| one.index);
    if data.len() != texts.len() {
        let problem = format!("{} vectors for {} texts", data.len(), texts.len());
        return Err(CallError::Unreadable(problem));
    }
    Ok((data.into_iter().map(|one| one.embedding).collect(), usage))
}

fn counted(texts: &[&str]) -> Usage {
    Usage {
        prompt_tokens: texts.iter().map(|text| estimated_tokens(text)).sum(),
        completion_tokens: 0,
        counted: true,
    }
}
