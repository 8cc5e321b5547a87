//! An answer as server-sent events: `start`, `delta`, `sources`, `done` or `error`, each with an id to come back to.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use futures_util::stream;
use serde::Serialize;

use super::NO_STORE;
use crate::answering::{End, Position, Reader, Update, Whole};
use crate::domain::{Answer, AnswerId, ConversationId, Finish, From, Source};

/// How often a quiet stream says that it lives, so that proxies keep it open and a visitor's leaving is noticed.
const PING: Duration = Duration::from_secs(1);

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const CUT_OFF: &str = "The answer was cut off. Please try again.";
const TRY_AGAIN_SECONDS: u64 = 3;

#[derive(Serialize)]
struct Start {
    conversation: ConversationId,
    answer: AnswerId,
    from: From,
}

#[derive(Serialize)]
struct Delta<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Done {
    finish: Finish,
}

#[derive(Serialize)]
struct Failure {
    code: &'static str,
    message: &'static str,
    retry_after: u64,
}

/// An answer that is known wholly.
pub fn whole(whole: &Whole, base: &str) -> HttpResponse {
    let (told, end) = (&whole.told, End::Done(whole.told.finish));
    let update = Position::START.rest_of(Some(whole.from), &told.text, &told.sources, Some(end));
    let mut out = Vec::with_capacity(told.text.len() + 512);
    write(&mut out, whole.conversation, whole.answer, &update, base);
    response().body(out)
}

/// The rest of an answer from the store, for a reader who comes back late.
pub fn stored(answer: &Answer, position: Position, base: &str) -> HttpResponse {
    let end = match answer.finish {
        Finish::Failed => End::CutOff,
        finish => End::Done(finish),
    };
    let update = position.rest_of(Some(answer.from), &answer.text, &answer.sources, Some(end));
    let mut out = Vec::new();
    write(&mut out, answer.conversation, answer.id, &update, base);
    response().body(out)
}

/// An answer while it comes.
pub fn running(reader: Reader, base: String) -> HttpResponse {
    let stream = stream::unfold((reader, base), |(mut reader, base)| async move {
        let out = match tokio::time::timeout(PING, reader.next()).await {
            Err(_) => Bytes::from_static(b": ping\n\n"),
            Ok(None) => return None,
            Ok(Some(update)) => {
                let run = reader.run();
                let mut out = Vec::with_capacity(update.text.len() + 128);
                write(&mut out, run.question.conversation, run.answer, &update, &base);
                Bytes::from(out)
            }
        };
        Some((Ok::<_, actix_web::Error>(out), (reader, base)))
    });
    response().streaming(stream)
}

fn response() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, EVENTS))
        .insert_header((header::CACHE_CONTROL, NO_STORE))
        // nginx would hold the words back until its buffer is full.
        .insert_header((BUFFERING, HeaderValue::from_static("no")));
    response
}

fn write(out: &mut Vec<u8>, conversation: ConversationId, answer: AnswerId, update: &Update, base: &str) {
    let length = update.text_end;
    if let Some(from) = update.start {
        event(
            out,
            0,
            "start",
            &Start {
                conversation,
                answer,
                from,
            },
        );
    }
    if !update.text.is_empty() {
        event(out, length, "delta", &Delta { text: &update.text });
    }
    if let Some(sources) = &update.sources {
        event(out, length + 1, "sources", &linked(sources, base));
    }
    match update.end {
        Some(End::Done(finish)) => event(out, length + 2, "done", &Done { finish }),
        Some(End::CutOff) => {
            let failure = Failure {
                code: "unavailable",
                message: CUT_OFF,
                retry_after: TRY_AGAIN_SECONDS,
            };
            event(out, length + 2, "error", &failure);
        }
        None => {}
    }
}

/// JSON has no line ends of its own, so an event's data is one line.
fn event(out: &mut Vec<u8>, id: usize, name: &str, data: &impl Serialize) {
    // Writing into memory does not fail, and these types always have a JSON form; that of a number is the number.
    out.extend_from_slice(b"id: ");
    let _ = serde_json::to_writer(&mut *out, &id);
    out.extend_from_slice(b"\nevent: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    let _ = serde_json::to_writer(&mut *out, data);
    out.extend_from_slice(b"\n\n");
}

/// Whether an address among these is put behind the service's own.
pub fn needs_base(sources: &[Source]) -> bool {
    sources.iter().any(|source| source.url.starts_with('/'))
}

/// Sources with whole addresses.
pub fn linked<'a>(sources: &'a [Source], base: &str) -> Cow<'a, [Source]> {
    if !needs_base(sources) {
        return Cow::Borrowed(sources);
    }
    let link = |source: &Source| {
        let mut source = source.clone();
        if source.url.starts_with('/') {
            source.url.insert_str(0, base);
        }
        source
    };
    sources.iter().map(link).collect()
}
