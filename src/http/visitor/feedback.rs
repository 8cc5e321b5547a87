//! `POST /api/v1/feedback`: a thumb on an answer.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::body;
use super::gate::{Gate, OriginRule};
use crate::answering::Answering;
use crate::domain::{AnswerId, Rating};
use crate::http::json;
use crate::http::problem::Problem;
use crate::store::Feedback;

/// A comment may have this many characters.
const LONGEST_COMMENT: usize = 2_000;

#[derive(Deserialize)]
struct FeedbackRequest {
    answer: String,
    rating: Rating,
    #[serde(default)]
    comment: Option<String>,
}

pub async fn give(
    request: HttpRequest,
    payload: Payload,
    gate: Data<Gate>,
    answering: Data<Answering>,
) -> Result<HttpResponse, Problem> {
    let body = body::read(payload).await?;
    let caller = gate.admit(&request, &body, OriginRule::Required).await?;
    let given: FeedbackRequest = json::read(&body)?;
    let comment = given
        .comment
        .filter(|comment| !comment.trim().is_empty())
        .unwrap_or_default();
    if comment.chars().count() > LONGEST_COMMENT {
        let detail = format!("`comment` is longer than {LONGEST_COMMENT} characters.");
        return Err(Problem::too_long(detail));
    }
    let answer = AnswerId::parse(&given.answer).map_err(|_| Problem::unknown_answer())?;
    let feedback = Feedback {
        answer,
        site: caller.site.key.clone(),
        visitor: caller.visitor,
        rating: given.rating,
        comment,
        given_at_ms: jiff::Timestamp::now().as_millisecond(),
    };
    match answering.rate(feedback).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::unknown_answer()),
    }
}
