//! `GET /api/v1/answers/{answer}/events`: the rest of an answer whose stream was cut.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::gate::{Gate, OriginRule};
use super::{PublicUrl, body, events};
use crate::answering::{Answering, Position};
use crate::domain::{AnswerId, Question, VisitorId};
use crate::http::problem::Problem;
use crate::store::AnswerStore;

pub async fn events(
    request: HttpRequest,
    payload: Payload,
    answer: Path<String>,
    gate: Data<Gate>,
    answering: Data<Answering>,
    store: Data<dyn AnswerStore>,
    public: Data<PublicUrl>,
) -> Result<HttpResponse, Problem> {
    let body = body::read(payload).await?;
    let caller = gate.admit(&request, &body, OriginRule::IfSent).await?;
    let id = AnswerId::parse(&answer).map_err(|_| Problem::unknown_answer())?;
    let position = position(&request)?;
    let base = public.base(&request);
    let may_read = |site: &str, owner: Option<VisitorId>| {
        // Without a token the id itself is the proof: nobody guesses it.
        site == caller.site.key && (owner.is_none() || owner == caller.visitor)
    };
    let may_go_on = |question: &Question| may_read(&question.site.key, question.visitor);
    if let Some(reader) = answering.resume(id, position, may_go_on) {
        return Ok(events::running(reader, base));
    }
    match store.answer(id).await? {
        Some(answer) if may_read(&answer.site, answer.visitor) => Ok(events::stored(&answer, position, &base)),
        _ => Err(Problem::unknown_answer()),
    }
}

/// After the event that the reader saw last. A browser's `EventSource` sends the header; a program may use it too.
fn position(request: &HttpRequest) -> Result<Position, Problem> {
    let Some(last) = request.headers().get("last-event-id") else {
        return Ok(Position::START);
    };
    match last.to_str().unwrap_or("?").trim() {
        "" => Ok(Position::START),
        text => text
            .parse()
            .map(Position::after_event)
            .map_err(|_| Problem::invalid("`Last-Event-ID` must be the `id` of an event of this answer.")),
    }
}
