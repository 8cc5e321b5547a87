//! The review list as CSV (RFC 4180), sent while it is read, so that its length does not matter.

use std::io;

use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::stream;

use super::demand::Session;
use super::error::AdminError;
use super::review::Choice;
use super::show;
use crate::store::OperatorStore;
use crate::store::operator::Reviewed;

const ROWS_AT_ONCE: u32 = 500;

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

enum Place {
    Beginning,
    After(i64, String),
    End,
}

pub(super) async fn csv(
    _session: Session,
    choice: Query<Choice>,
    store: Data<dyn OperatorStore>,
) -> Result<HttpResponse, AdminError> {
    let filter = choice.filter();
    let rows = stream::unfold(Place::Beginning, move |place| {
        let (store, filter) = (store.clone(), filter.clone());
        async move {
            let (after, is_first) = match place {
                Place::Beginning => (None, true),
                Place::After(asked_at, id) => (Some((asked_at, id)), false),
                Place::End => return None,
            };
            let read = store.review_after(&filter, after, ROWS_AT_ONCE).await;
            let written = read.map_err(io::Error::other).and_then(|batch| {
                let next = match batch.last() {
                    Some(last) if batch.len() == ROWS_AT_ONCE as usize => {
                        Place::After(last.answer.asked_at_ms, last.answer.id.to_string())
                    }
                    _ => Place::End,
                };
                Ok((write(&batch, is_first)?, next))
            });
            match written {
                Ok((bytes, next)) => Some((Ok(bytes), next)),
                Err(error) => {
                    tracing::error!(%error, "an export was cut");
                    Some((Err(error), Place::End))
                }
            }
        }
    });
    Ok(attachment("review").streaming(rows))
}

/// The head of an answer that a browser saves as a CSV file named for its subject and the day.
pub(super) fn attachment(subject: &str) -> HttpResponseBuilder {
    let name = format!("pennypress-{subject}-{}.csv", &show::iso(show::now_ms())[..10]);
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(name)],
        });
    response
}

fn write(batch: &[Reviewed], with_header: bool) -> Result<Bytes, io::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if with_header {
        writer.write_record(COLUMNS)?;
    }
    for one in batch {
        let answer = &one.answer;
        let number = |number: u64| number.to_string();
        let time = |ms: Option<i64>| ms.map_or_else(String::new, show::iso);
        let record: [String; 20] = [
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
        ];
        writer.write_record(record)?;
    }
    writer
        .into_inner()
        .map(Bytes::from)
        .map_err(|error| io::Error::other(error.to_string()))
}

/// A spreadsheet takes what begins so for a formula; an apostrophe before it makes it text
/// (https://owasp.org/www-community/attacks/CSV_Injection).
pub(super) fn safe(text: &str) -> String {
    let risky = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    match text.starts_with(risky) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        assert_eq!(safe("=1+1"), "'=1+1");
        assert_eq!(safe("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(safe("plain - text"), "plain - text");
        assert_eq!(safe(""), "");
    }
}
