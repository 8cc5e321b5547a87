//! The review list as a CSV file.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};

use super::csv_file::{ROWS_AT_ONCE, attachment, safe};
use super::demand::Session;
use super::error::AdminError;
use super::review::Choice;
use super::show;
use crate::store::OperatorStore;
use crate::store::operator::Reviewed;

const COLUMNS: [&str; 20] = [
    "asked_at",
    "site",
    "question",
    "answer",
    "rating",
    "comment",
    "from",
    "finish",
    "model",
    "prompt_tokens",
    "completion_tokens",
    "cost_usd",
    "first_word_ms",
    "total_ms",
    "page",
    "locale",
    "note",
    "handled_at",
    "conversation",
    "answer_id",
];

pub(super) async fn csv(
    _session: Session,
    choice: Query<Choice>,
    store: Data<dyn OperatorStore>,
) -> Result<HttpResponse, AdminError> {
    let filter = choice.filter();
    let read = async move |after| store.review_after(&filter, after, ROWS_AT_ONCE).await;
    let key = |last: &Reviewed| (last.answer.asked_at_ms, last.answer.id.to_string());
    Ok(attachment("review", COLUMNS, read, key, record))
}

fn record(one: &Reviewed) -> [String; 20] {
    let answer = &one.answer;
    let number = |number: u64| number.to_string();
    let time = |ms: Option<i64>| ms.map_or_else(String::new, show::iso);
    [
        show::iso(answer.asked_at_ms),
        safe(&answer.site),
        safe(&answer.question),
        safe(&answer.text),
        one.rating.map_or_else(String::new, |rating| rating.to_string()),
        safe(&one.comment),
        answer.from.to_string(),
        answer.finish.to_string(),
        safe(answer.model.as_deref().unwrap_or_default()),
        number(answer.usage.prompt_tokens),
        number(answer.usage.completion_tokens),
        answer.cost.to_string(),
        answer.first_word_ms.map_or_else(String::new, |ms| ms.to_string()),
        answer.total_ms.to_string(),
        safe(answer.page.as_ref().map_or("", |page| &page.url)),
        safe(&answer.locale),
        safe(&one.note),
        time(one.handled_at_ms),
        answer.conversation.to_string(),
        answer.id.to_string(),
    ]
}
