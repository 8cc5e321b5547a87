//! `POST /api/v1/chat`: a question in, an answer out, as a stream of events or whole.

use std::borrow::Cow;
use std::time::Instant;

use actix_web::http::header::{self, ContentType};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::gate::{Caller, Gate, Naming, OriginRule};
use super::{NO_STORE, PublicUrl, body, events};
use crate::answering::{Answering, Asked, End, Reader, Reply};
use crate::domain::{AnswerId, ConversationId, Finish, From, Page, Source};
use crate::http::json::{self, Object};
use crate::http::problem::Problem;

/// A message may have this many characters.
const LONGEST_MESSAGE: usize = 4_000;
/// Of a page's address and title this many characters are kept.
const LONGEST_PAGE_FIELD: usize = 2_000;

#[derive(Deserialize)]
struct ChatRequest<'a> {
    #[serde(default)]
    site: Option<String>,
    #[serde(default, borrow)]
    visitor: Option<&'a RawValue>,
    message: String,
    #[serde(default)]
    conversation: Option<String>,
    #[serde(default)]
    page: Option<Object<PageGiven>>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    stream: Option<bool>,
}

#[derive(Deserialize)]
struct PageGiven {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    title: Option<String>,
}

pub async fn chat(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let began = Instant::now();
    let (gate, answering) = (part::<Gate>(&request)?, part::<Answering>(&request)?);
    let body = body::read(payload).await?;
    let mut asked: Result<ChatRequest, Problem> = json::read(&body);
    let caller = match &mut asked {
        Ok(asked) => {
            let naming = Naming {
                site: asked.site.take(),
                visitor: asked.visitor,
            };
            gate.admit_named(&request, &body, naming, OriginRule::Required).await?
        }
        // Who may not call hears that first.
        Err(_) => gate.admit(&request, &body, OriginRule::Required).await?,
    };
    let asked = asked?;
    let stream = asked.stream.unwrap_or(true);
    let reply = answering.ask(checked(asked, caller, began)?).await?;
    let base = match &reply {
        Reply::Whole(whole) if !events::needs_base(&whole.told.sources) => String::new(),
        _ => part::<PublicUrl>(&request)?.base(&request),
    };
    match (reply, stream) {
        (Reply::Whole(whole), true) => Ok(events::whole(&whole, &base)),
        (Reply::Running(reader), true) => Ok(events::running(reader, base)),
        (Reply::Whole(whole), false) => Ok(written(&Told {
            conversation: whole.conversation,
            answer: whole.answer,
            from: whole.from,
            text: &whole.told.text,
            sources: events::linked(&whole.told.sources, &base),
            finish: whole.told.finish,
        })),
        (Reply::Running(reader), false) => Box::pin(told_whole(reader, &base)).await,
    }
}

/// Borrowed, where an argument of the handler would be one more owner, whom all workers count in one place.
fn part<T: 'static>(request: &HttpRequest) -> Result<&T, Problem> {
    let part = request.app_data::<Data<T>>();
    part.map(|part| part.get_ref())
        .ok_or_else(|| Problem::unavailable("The service is not whole."))
}

fn checked(asked: ChatRequest<'_>, caller: Caller, began: Instant) -> Result<Asked, Problem> {
    // Kept as it was written; only what compares questions overlooks white space.
    let message = asked.message;
    if !message.chars().any(is_seen) {
        return Err(Problem::invalid(
            "`message` is empty: there is nothing in it that can be seen.",
        ));
    }
    let length = message.chars().count();
    if length > LONGEST_MESSAGE {
        let detail = format!("`message` has {length} characters; at most {LONGEST_MESSAGE} are allowed.");
        return Err(Problem::too_long(detail));
    }
    let conversation = asked.conversation.filter(|id| !id.is_empty());
    let conversation = conversation.map(|id| ConversationId::parse(&id).map_err(|_| Problem::unknown_conversation()));
    let cut = |text: Option<String>| {
        let mut text = text.unwrap_or_default();
        if let Some((end, _)) = text.char_indices().nth(LONGEST_PAGE_FIELD) {
            text.truncate(end);
        }
        text
    };
    let page = asked.page.map(|Object(page)| Page {
        url: cut(page.url),
        title: cut(page.title),
    });
    let usual = &caller.site.appearance.locale;
    let locale = asked
        .locale
        .filter(|tag| is_language_tag(tag))
        .unwrap_or_else(|| usual.clone());
    let is_spelled = locale
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let locale = match is_spelled {
        true => locale,
        false => locale.to_ascii_lowercase().replace('_', "-"),
    };
    Ok(Asked {
        message,
        conversation: conversation.transpose()?,
        page,
        locale,
        site: caller.site,
        visitor: caller.visitor,
        user: caller.user,
        address: caller.address,
        began,
    })
}

/// Whether anything is drawn for it. A question of signs that nobody sees would be paid for like any other.
fn is_seen(sign: char) -> bool {
    // A cell of Braille without a dot is no white space to Unicode, and looks like it.
    let is_blank = sign.is_whitespace() || sign == '\u{2800}';
    let is_ignored = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(sign);
    !is_blank && !sign.is_control() && !is_ignored
}

/// Like `en`, `pt-BR`, or `de_DE_formal` as WordPress writes it.
fn is_language_tag(text: &str) -> bool {
    (1..=35).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[derive(Serialize)]
struct Told<'a> {
    conversation: ConversationId,
    answer: AnswerId,
    from: From,
    text: &'a str,
    sources: Cow<'a, [Source]>,
    finish: Finish,
}

async fn told_whole(mut reader: Reader, base: &str) -> Result<HttpResponse, Problem> {
    let end = reader.ended().await;
    let run = reader.run();
    let End::Done(finish) = end else {
        return Err(Problem::unavailable("The answer broke off. Please ask again."));
    };
    run.with(|state| {
        Ok(written(&Told {
            conversation: run.question.conversation,
            answer: run.answer,
            from: state.from.unwrap_or(From::Model),
            text: &state.text,
            sources: events::linked(&state.sources, base),
            finish,
        }))
    })
}

fn written(told: &Told<'_>) -> HttpResponse {
    // All at once: a text that grows in small steps is copied at each.
    let mut body = Vec::with_capacity(told.text.len() + told.text.len() / 8 + 256);
    // Writing into memory does not fail, and these types always have a JSON form.
    let _ = serde_json::to_writer(&mut body, told);
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((header::CACHE_CONTROL, NO_STORE))
        .body(body)
}

impl PublicUrl {
    /// What a link that begins with `/` is put behind, without a slash at its end.
    pub fn base(&self, request: &HttpRequest) -> String {
        match &self.0 {
            Some(url) => url.clone(),
            None => {
                let connection = request.connection_info();
                format!("{}://{}", connection.scheme(), connection.host())
            }
        }
    }
}
