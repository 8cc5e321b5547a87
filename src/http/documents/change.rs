//! `PUT` and `DELETE /api/v1/documents/{id}`, and many at once by `POST /api/v1/documents`.

use actix_web::web::{self, Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{body, caller};
use crate::domain::{DocumentChange, DocumentOutcome};
use crate::http::admin::OperatorDoor;
use crate::http::json;
use crate::http::problem::Problem;
use crate::http::visitor::Gate;
use crate::knowledge::{Incoming, IncomingError, Library, Text, check_id, read_time};
use crate::store::syncs::Trouble;

/// Documents of a batch.
const MOST: usize = 200;

/// A document as it is sent; in a batch it names itself, and may be sent to be deleted.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Sent {
    id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    html: Option<String>,
    markdown: Option<String>,
    text: Option<String>,
    locale: Option<String>,
    kind: Option<String>,
    modified: Option<String>,
    deleted: bool,
}

/// Each document is read by itself, so that one of the wrong kind does not keep the others out.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    documents: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Going {
    modified: Option<String>,
}

/// What came of a document.
#[derive(Serialize)]
struct Told {
    id: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize)]
struct ToldAll {
    documents: Vec<Told>,
}

impl Sent {
    fn change(self, id: String, source: &str) -> Result<DocumentChange, IncomingOrForm> {
        check_id(&id)?;
        if self.deleted {
            let modified_ms = self.modified.as_deref().map(read_time).transpose()?;
            return Ok(DocumentChange::Delete { id, modified_ms });
        }
        let text = match (self.html, self.markdown, self.text) {
            (Some(html), None, None) => Text::Html(html),
            (None, Some(markdown), None) => Text::Markdown(markdown),
            (None, None, Some(text)) => Text::Plain(text),
            _ => {
                return Err(IncomingOrForm::Form(
                    "Send exactly one of `html`, `markdown` and `text`.",
                ));
            }
        };
        let modified = self.modified.as_deref();
        let modified = modified.ok_or(IncomingOrForm::Form(
            "`modified` is missing: when the page was changed last, such as 2026-11-24T12:05:00Z.",
        ))?;
        let incoming = Incoming {
            id,
            url: self.url.unwrap_or_default(),
            title: self.title.unwrap_or_default(),
            text,
            locale: self.locale.unwrap_or_default(),
            kind: self.kind.unwrap_or_default(),
            source: source.to_owned(),
            modified_ms: read_time(modified)?,
        };
        let (document, _) = incoming.read()?;
        Ok(DocumentChange::Put(document))
    }
}

#[derive(Debug, thiserror::Error)]
enum IncomingOrForm {
    #[error(transparent)]
    Incoming(#[from] IncomingError),
    #[error("{0}")]
    Form(&'static str),
}

impl From<IncomingOrForm> for Problem {
    fn from(error: IncomingOrForm) -> Self {
        Self::invalid(error.to_string())
    }
}

pub async fn put(
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
    gate: Data<Gate>,
    operator: Data<OperatorDoor>,
    library: Data<Library>,
) -> Result<HttpResponse, Problem> {
    let body = body::read(payload, body::DOCUMENT).await?;
    let caller = caller::admit(&request, &body, &gate, &operator).await?;
    let id = id.into_inner();
    let change = aside(move || {
        let sent: Sent = json::read(&body)?;
        if sent.deleted || sent.id.as_ref().is_some_and(|named| *named != id) {
            return Err(Problem::invalid(
                "`id` and `deleted` are for batches; here the address names the document.",
            ));
        }
        Ok(sent.change(id, caller.source)?)
    });
    one(&library, &caller.site.key, change.await?).await
}

/// With `?modified=`, when the page went; then an older version that is still on its way does not bring it back.
pub async fn delete(
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
    gate: Data<Gate>,
    operator: Data<OperatorDoor>,
    library: Data<Library>,
) -> Result<HttpResponse, Problem> {
    let body = body::read(payload, body::DOCUMENT).await?;
    let caller = caller::admit(&request, &body, &gate, &operator).await?;
    let id = id.into_inner();
    check_id(&id).map_err(IncomingOrForm::from)?;
    let going =
        Query::<Going>::from_query(request.query_string()).map_err(|error| Problem::invalid(error.to_string()))?;
    let modified_ms = going.modified.as_deref().map(read_time).transpose();
    let change = DocumentChange::Delete {
        id,
        modified_ms: modified_ms.map_err(IncomingOrForm::from)?,
    };
    one(&library, &caller.site.key, change).await
}

async fn one(library: &Library, site: &str, change: DocumentChange) -> Result<HttpResponse, Problem> {
    let id = change.id().to_owned();
    let outcomes = library.change(site, vec![change]).await?;
    Ok(HttpResponse::Ok().json(Told {
        id,
        outcome: outcomes.first().map_or("absent", |one| one.as_str()),
        detail: None,
    }))
}

/// Each document stands alone: what is wrong with one does not keep the others out.
pub async fn batch(
    request: HttpRequest,
    payload: Payload,
    gate: Data<Gate>,
    operator: Data<OperatorDoor>,
    library: Data<Library>,
) -> Result<HttpResponse, Problem> {
    let body = body::read(payload, body::BATCH).await?;
    let caller = caller::admit(&request, &body, &gate, &operator).await?;
    let read = aside(move || {
        let batch: Batch = json::read(&body)?;
        if batch.documents.len() > MOST {
            let detail = format!(
                "A batch may have {MOST} documents; this one has {}.",
                batch.documents.len()
            );
            return Err(Problem::too_long(detail));
        }
        Ok(batch
            .documents
            .into_iter()
            .map(|sent| read_one(sent, caller.source))
            .collect::<Vec<_>>())
    });
    let read: Vec<Result<DocumentChange, Told>> = read.await?;
    let refused = read.iter().filter_map(|one| one.as_ref().err());
    let refused = refused.map(|told| Trouble {
        what: told.id.clone(),
        why: told.detail.clone().unwrap_or_default(),
    });
    let refused: Vec<Trouble> = refused.collect();
    if !refused.is_empty() {
        library.note_refused(&caller.site.key, caller.source, refused).await?;
    }
    let changes: Vec<DocumentChange> = read.iter().filter_map(|one| one.as_ref().ok().cloned()).collect();
    let mut outcomes = library.change(&caller.site.key, changes).await?.into_iter();
    let told = read.into_iter().map(|one| match one {
        Err(told) => told,
        Ok(change) => Told {
            id: change.id().to_owned(),
            outcome: outcomes.next().unwrap_or(DocumentOutcome::Absent).as_str(),
            detail: None,
        },
    });
    Ok(HttpResponse::Ok().json(ToldAll {
        documents: told.collect(),
    }))
}

fn read_one(document: &RawValue, source: &str) -> Result<DocumentChange, Told> {
    let refused = |id: String, why: String| Told {
        id,
        outcome: "refused",
        detail: Some(why),
    };
    let read = json::read_part("document", document.get().as_bytes());
    let mut sent: Sent = read.map_err(|problem| refused(id_of(document), problem.detail))?;
    let id = sent.id.take().unwrap_or_default();
    sent.change(id.clone(), source)
        .map_err(|error| refused(id, error.to_string()))
}

/// The name of a document that cannot be read, if it has one, so that its sender knows which it is.
fn id_of(document: &RawValue) -> String {
    let read: Option<Value> = serde_json::from_str(document.get()).ok();
    let id = read.as_ref().and_then(|document| document["id"].as_str());
    id.unwrap_or_default().to_owned()
}

/// Reading megabytes of HTML takes a while that no visitor should wait for.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let done = web::block(work).await;
    done.map_err(|error| {
        tracing::error!(%error, "reading documents was cut off");
        Problem::unavailable("The documents could not be read. Send fewer at a time.")
    })?
}
