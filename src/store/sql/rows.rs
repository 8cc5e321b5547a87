//! Answers as they are read from their rows.

use sqlx::Row as _;

use super::Row;
use crate::domain::{
    Answer, AnswerId, Arm, ConversationId, Decision, Enrolment, Finish, From, Page, Rating, Tier, Usage, Usd, VisitorId,
};
use crate::store::StoreError;

/// The columns that [`answer`] reads, of `answers a` joined with [`JOINED`].
pub(super) const ANSWER: &str = "a.id, a.conversation, a.site, c.visitor, c.\"user\", a.question, \
    coalesce(s.text, a.text) AS text, a.origin, a.finish, coalesce(s.sources, a.sources) AS sources, a.model, a.prompt_tokens, a.completion_tokens, a.counted, a.cost_pico_usd, a.first_word_ms, \
    a.total_ms, a.page_url, a.page_title, a.locale, a.asked_at, a.doubts, a.tier, a.route, a.experiment, a.arm,
    a.baseline_pico_usd, coalesce(a.reuse, s.reuse) AS reuse";
/// What `answers a` is joined with for them.
pub(super) const JOINED: &str =
    "JOIN conversations c ON c.id = a.conversation LEFT JOIN repeated s ON s.id = a.repeats";

/// The integers of both engines end at 2⁶³ − 1; no bill has so many tokens.
pub(super) fn count(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

/// A number that was written from 32 bits.
pub(super) fn small(row: &Row, column: &str) -> Result<u32, sqlx::Error> {
    Ok(small_or_none(row, column)?.unwrap_or(0))
}

/// The same where it may be NULL.
pub(super) fn small_or_none(row: &Row, column: &str) -> Result<Option<u32>, sqlx::Error> {
    let number: Option<i64> = row.try_get(column)?;
    Ok(number.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
}

pub(super) fn answer(row: &Row) -> Result<Answer, StoreError> {
    let page = match row.try_get::<Option<String>, _>("page_url")? {
        Some(url) => Some(Page {
            url,
            title: row.try_get::<Option<String>, _>("page_title")?.unwrap_or_default(),
        }),
        None => None,
    };
    let sources: String = row.try_get("sources")?;
    let doubts: String = row.try_get("doubts")?;
    Ok(Answer {
        id: read(row, "answers", "id", AnswerId::parse)?,
        conversation: read(row, "answers", "conversation", ConversationId::parse)?,
        site: row.try_get("site")?,
        visitor: match row.try_get::<Option<String>, _>("visitor")? {
            Some(_) => Some(read(row, "conversations", "visitor", VisitorId::parse)?),
            None => None,
        },
        user: row.try_get("user")?,
        question: row.try_get("question")?,
        text: row.try_get::<String, _>("text")?.into(),
        from: read(row, "answers", "origin", |text| From::parse(text).ok_or("unknown"))?,
        finish: read(row, "answers", "finish", |text| Finish::parse(text).ok_or("unknown"))?,
        sources: serde_json::from_str(&sources).map_err(|error| unreadable("answers", "sources", error))?,
        doubts: serde_json::from_str(&doubts).map_err(|error| unreadable("answers", "doubts", error))?,
        model: row.try_get::<Option<String>, _>("model")?.map(Into::into),
        usage: Usage {
            prompt_tokens: row.try_get::<i64, _>("prompt_tokens")?.unsigned_abs(),
            completion_tokens: row.try_get::<i64, _>("completion_tokens")?.unsigned_abs(),
            counted: row.try_get("counted")?,
        },
        cost: Usd::from_pico(row.try_get("cost_pico_usd")?),
        baseline_cost: row.try_get::<Option<i64>, _>("baseline_pico_usd")?.map(Usd::from_pico),
        first_word_ms: small_or_none(row, "first_word_ms")?,
        total_ms: small(row, "total_ms")?,
        page,
        locale: row.try_get("locale")?,
        asked_at_ms: row.try_get("asked_at")?,
        route: route(row)?,
        enrolment: enrolment(row)?,
        reuse: match row.try_get::<Option<String>, _>("reuse")? {
            Some(reuse) => Some(serde_json::from_str(&reuse).map_err(|error| unreadable("answers", "reuse", error))?),
            None => None,
        },
    })
}

fn route(row: &Row) -> Result<Option<Decision>, StoreError> {
    let Some(reason) = row.try_get::<Option<String>, _>("route")? else {
        return Ok(None);
    };
    let tier = read(row, "answers", "tier", |text| Tier::parse(text).ok_or("unknown"))?;
    Ok(Some(Decision {
        tier,
        reason: reason.into(),
    }))
}

fn enrolment(row: &Row) -> Result<Option<Enrolment>, StoreError> {
    let Some(experiment) = row.try_get("experiment")? else {
        return Ok(None);
    };
    let arm = read(row, "answers", "arm", |text| Arm::parse(text).ok_or("unknown"))?;
    Ok(Some(Enrolment { experiment, arm }))
}

/// The `rating` column, which is NULL where nobody gave a thumb.
pub(super) fn rating(row: &Row) -> Result<Option<Rating>, StoreError> {
    match row.try_get::<Option<String>, _>("rating")? {
        Some(_) => read(row, "feedback", "rating", |text| Rating::parse(text).ok_or("unknown")).map(Some),
        None => Ok(None),
    }
}

fn read<T, E: std::fmt::Display>(
    row: &Row,
    table: &'static str,
    column: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, StoreError> {
    let text: String = row.try_get(column)?;
    parse(&text).map_err(|error| unreadable(table, column, format!("`{text}`: {error}")))
}

pub(super) fn unreadable(table: &'static str, column: &'static str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable {
        table,
        column,
        reason: reason.to_string(),
    }
}
