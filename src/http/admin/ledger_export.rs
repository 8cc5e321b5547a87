//! The ledger as a CSV file.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};

use super::csv_file::{ROWS_AT_ONCE, attachment, safe};
use super::demand::Session;
use super::error::AdminError;
use super::ledger::Choice;
use super::show;
use crate::store::LedgerStore;
use crate::store::ledger::LedgerLine;

const COLUMNS: [&str; 13] = [
    "ended_at",
    "site",
    "provider",
    "model",
    "purpose",
    "outcome",
    "prompt_tokens",
    "completion_tokens",
    "counted",
    "cost_usd",
    "first_token_ms",
    "total_ms",
    "answer_id",
];

pub(super) async fn csv(
    _session: Session,
    choice: Query<Choice>,
    ledger: Data<dyn LedgerStore>,
) -> Result<HttpResponse, AdminError> {
    let filter = choice.filter();
    let read = async move |before| ledger.calls(&filter, before, ROWS_AT_ONCE).await;
    Ok(attachment(
        "ledger",
        COLUMNS,
        read,
        |last: &LedgerLine| last.number,
        record,
    ))
}

fn record(line: &LedgerLine) -> [String; 13] {
    [
        show::iso(line.ended_at_ms),
        safe(&line.site),
        safe(&line.provider),
        safe(&line.model),
        line.purpose.to_string(),
        safe(&line.outcome),
        line.usage.prompt_tokens.to_string(),
        line.usage.completion_tokens.to_string(),
        line.usage.counted.to_string(),
        line.cost.to_string(),
        line.first_token_ms.map_or_else(String::new, |ms| ms.to_string()),
        line.total_ms.to_string(),
        safe(&line.answer),
    ]
}
