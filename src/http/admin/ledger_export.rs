//! The ledger as CSV (RFC 4180), sent while it is read.

use std::io;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Query};
use futures_util::stream;

use super::demand::Session;
use super::error::AdminError;
use super::export::{attachment, safe};
use super::ledger::Choice;
use super::show;
use crate::store::LedgerStore;
use crate::store::ledger::LedgerLine;

const ROWS_AT_ONCE: u32 = 1_000;

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

enum Place {
    Beginning,
    Before(i64),
    End,
}

pub(super) async fn csv(
    _session: Session,
    choice: Query<Choice>,
    ledger: Data<dyn LedgerStore>,
) -> Result<HttpResponse, AdminError> {
    let filter = choice.filter();
    let rows = stream::unfold(Place::Beginning, move |place| {
        let (ledger, filter) = (ledger.clone(), filter.clone());
        async move {
            let (before, is_first) = match place {
                Place::Beginning => (None, true),
                Place::Before(number) => (Some(number), false),
                Place::End => return None,
            };
            let read = ledger.calls(&filter, before, ROWS_AT_ONCE).await;
            let written = read.map_err(io::Error::other).and_then(|batch| {
                let next = match batch.last() {
                    Some(last) if batch.len() == ROWS_AT_ONCE as usize => Place::Before(last.number),
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
    Ok(attachment("ledger").streaming(rows))
}

fn write(batch: &[LedgerLine], with_header: bool) -> Result<Bytes, io::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if with_header {
        writer.write_record(COLUMNS)?;
    }
    for line in batch {
        let record: [String; 13] = [
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
        ];
        writer.write_record(record)?;
    }
    writer
        .into_inner()
        .map(Bytes::from)
        .map_err(|error| io::Error::other(error.to_string()))
}
