//! A list as a CSV file (RFC 4180), sent while it is read, so that its length does not matter.

use std::io;

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::Bytes;
use futures_util::stream;

use super::show;
use crate::store::StoreError;

/// Rows in one batch; a batch with fewer is the last.
pub(super) const ROWS_AT_ONCE: u32 = 1_000;

enum Place<K> {
    Beginning,
    After(K),
    End,
}

/// A file that a browser saves under its subject and the day.
///
/// `read` gives at most [`ROWS_AT_ONCE`] rows after the one with this key (from the beginning without one), `key` the key of a
/// row, and `record` its cells; text that a person typed must be [`safe`] there.
pub(super) fn attachment<T, K, const N: usize>(
    subject: &str,
    columns: [&'static str; N],
    read: impl AsyncFn(Option<K>) -> Result<Vec<T>, StoreError> + 'static,
    key: fn(&T) -> K,
    record: fn(&T) -> [String; N],
) -> HttpResponse
where
    T: 'static,
    K: 'static,
{
    let parts = std::rc::Rc::new(read);
    let rows = stream::unfold(Place::Beginning, move |place| {
        let read = parts.clone();
        async move {
            let (after, header) = match place {
                Place::Beginning => (None, Some(columns)),
                Place::After(key) => (Some(key), None),
                Place::End => return None,
            };
            let written = match read(after).await {
                Ok(batch) => write(header, batch.iter().map(record)).map(|bytes| {
                    let last = batch.last().filter(|_| batch.len() == ROWS_AT_ONCE as usize);
                    (bytes, last.map_or(Place::End, |last| Place::After(key(last))))
                }),
                Err(error) => Err(io::Error::other(error)),
            };
            match written {
                Ok((bytes, next)) => Some((Ok(bytes), next)),
                Err(error) => {
                    tracing::error!(%error, "an export was cut");
                    Some((Err(error), Place::End))
                }
            }
        }
    });
    let name = format!("pennypress-{subject}-{}.csv", &show::iso(show::now_ms())[..10]);
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(name)],
        })
        .streaming(rows)
}

fn write<const N: usize>(
    header: Option<[&str; N]>,
    records: impl Iterator<Item = [String; N]>,
) -> Result<Bytes, io::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if let Some(columns) = header {
        writer.write_record(columns)?;
    }
    for record in records {
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
