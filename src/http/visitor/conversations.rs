//! `/api/v1/conversations/{id}`: a visitor reads and deletes what is theirs.

use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::gate::{Caller, Gate, OriginRule};
use super::{PublicUrl, body, events};
use crate::answering::Answering;
use crate::domain::{AnswerId, ConversationId, Finish, Rating, Role, Source, VisitorId};
use crate::http::problem::Problem;
use crate::store::AnswerStore;

/// The latest answers of a conversation that are shown.
const SHOWN: u32 = 200;

#[derive(Serialize)]
struct Conversation {
    conversation: ConversationId,
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Message {
    role: Role,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<Vec<Source>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish: Option<Finish>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<Rating>,
}

fn owner(caller: &Caller) -> Result<VisitorId, Problem> {
    caller.visitor.ok_or_else(Problem::unknown_conversation)
}

fn named(path: &Path<String>) -> Result<ConversationId, Problem> {
    ConversationId::parse(path).map_err(|_| Problem::unknown_conversation())
}

pub async fn read(
    request: HttpRequest,
    payload: Payload,
    path: Path<String>,
    gate: Data<Gate>,
    store: Data<dyn AnswerStore>,
    public: Data<PublicUrl>,
) -> Result<HttpResponse, Problem> {
    let body = body::read(payload).await?;
    let caller = gate.admit(&request, &body, OriginRule::IfSent).await?;
    let (visitor, id) = (owner(&caller)?, named(&path)?);
    let answers = store.conversation(&caller.site.key, id, SHOWN).await?;
    if !answers.iter().any(|(answer, _)| answer.visitor == Some(visitor)) {
        return Err(Problem::unknown_conversation());
    }
    let base = public.base(&request);
    let mut messages = Vec::with_capacity(answers.len() * 2);
    for (answer, rating) in answers {
        messages.push(Message {
            role: Role::User,
            text: answer.question,
            answer: None,
            sources: None,
            finish: None,
            rating: None,
        });
        messages.push(Message {
            role: Role::Assistant,
            text: answer.text.as_ref().to_owned(),
            answer: Some(answer.id),
            sources: Some(events::linked(&answer.sources, &base).into_owned()),
            finish: Some(answer.finish),
            rating,
        });
    }
    let conversation = Conversation {
        conversation: id,
        messages,
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(conversation))
}

pub async fn delete(
    request: HttpRequest,
    payload: Payload,
    path: Path<String>,
    gate: Data<Gate>,
    answering: Data<Answering>,
) -> Result<HttpResponse, Problem> {
    let body = body::read(payload).await?;
    let caller = gate.admit(&request, &body, OriginRule::Required).await?;
    let (visitor, id) = (owner(&caller)?, named(&path)?);
    match answering.delete_conversation(&caller.site.key, id, visitor).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::unknown_conversation()),
    }
}
