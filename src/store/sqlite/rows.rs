//! Answers as rows: written, and read again.

use std::sync::{Arc, OnceLock};

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, Row, Sqlite, SqliteConnection, Type};

use crate::domain::{
    Answer, AnswerId, Arm, ConversationId, Decision, Doubt, Enrolment, Finish, From, Page, Rating, Reuse, Source, Tier,
    Usage, Usd, VisitorId,
};
use crate::store::StoreError;

/// The columns that [`answer`] reads; join `answers a` with `conversations c`.
pub(super) const ANSWER: &str = "a.id, a.conversation, a.site, c.visitor, c.user, a.question, a.text, a.origin, \
    a.finish, a.sources, a.model, a.prompt_tokens, a.completion_tokens, a.counted, a.cost_pico_usd, a.first_word_ms, \
    a.total_ms, a.page_url, a.page_title, a.locale, a.asked_at, a.doubts, a.tier, a.route, a.experiment, a.arm,
    a.baseline_pico_usd, a.reuse";

/// Answers that one statement writes: as many as there are of the first, the rest by those behind it. These few texts stay
/// the same, so that SQLite prepares each of them once.
const ROWS: [usize; 4] = [256, 32, 4, 1];

/// A conversation keeps the visitor who began it; a WordPress user who signs in later is noted.
static CONVERSATIONS: Insert = Insert {
    into: "INSERT INTO conversations (id, site, visitor, user, started_at, last_at) VALUES ",
    columns: 6,
    on_conflict: " ON CONFLICT (id) DO UPDATE SET last_at = max(last_at, excluded.last_at),
        visitor = coalesce(visitor, excluded.visitor), user = coalesce(excluded.user, user)",
    texts: [const { OnceLock::new() }; ROWS.len()],
};

static ANSWERS: Insert = Insert {
    into: "INSERT INTO answers (id, conversation, site, question, text, origin, finish, sources, model, prompt_tokens,
        completion_tokens, counted, cost_pico_usd, first_word_ms, total_ms, page_url, page_title, locale, asked_at, doubts,
        tier, route, experiment, arm, baseline_pico_usd, reuse) VALUES ",
    columns: 26,
    on_conflict: " ON CONFLICT (id) DO UPDATE SET text = excluded.text, origin = excluded.origin,
        finish = excluded.finish, sources = excluded.sources, model = excluded.model,
        prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
        counted = excluded.counted, cost_pico_usd = excluded.cost_pico_usd,
        first_word_ms = excluded.first_word_ms, total_ms = excluded.total_ms, doubts = excluded.doubts,
        baseline_pico_usd = excluded.baseline_pico_usd,
        reuse = excluded.reuse",
    texts: [const { OnceLock::new() }; ROWS.len()],
};

/// An INSERT of each number of [`ROWS`].
struct Insert {
    into: &'static str,
    columns: usize,
    on_conflict: &'static str,
    texts: [OnceLock<String>; ROWS.len()],
}

impl Insert {
    /// For the `size`th number of rows.
    fn sql(&self, size: usize) -> &str {
        self.texts[size].get_or_init(|| {
            let rows = ROWS[size];
            let row = format!("({})", vec!["?"; self.columns].join(","));
            format!("{}{}{}", self.into, vec![row; rows].join(","), self.on_conflict)
        })
    }
}

/// The values of a statement, in the order of its question marks.
#[derive(Default)]
struct Values(SqliteArguments);

impl Values {
    fn of(count: usize) -> Self {
        let mut values = SqliteArguments::default();
        values.reserve(count, 0);
        Self(values)
    }

    fn add<'v>(&mut self, value: impl Encode<'v, Sqlite> + Type<Sqlite>) -> Result<&mut Self, sqlx::Error> {
        self.0.add(value).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }
}

/// A text of the row before. Rows that are written together have most of theirs in common, and one text is shared by all that
/// have it instead of being copied for each.
#[derive(Default)]
struct Repeated(Arc<str>);

/// A value of the row before, and its JSON.
struct Written<T>(Option<(T, Arc<str>)>);

impl<T> Default for Written<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone + serde::Serialize> Written<T> {
    fn json(&mut self, value: &T, is_same: impl FnOnce(&T, &T) -> bool) -> Result<Arc<str>, sqlx::Error> {
        if let Some((before, json)) = &self.0
            && is_same(before, value)
        {
            return Ok(json.clone());
        }
        let json: Arc<str> = serde_json::to_string(value)
            .map_err(|error| sqlx::Error::Encode(Box::new(error)))?
            .into();
        self.0 = Some((value.clone(), json.clone()));
        Ok(json)
    }
}

impl Repeated {
    fn share(&mut self, text: &str) -> Arc<str> {
        if *self.0 != *text {
            self.0 = text.into();
        }
        self.0.clone()
    }
}

#[derive(Default)]
struct RowBefore {
    site: Repeated,
    sources: Written<Arc<[Source]>>,
    page_url: Repeated,
    page_title: Repeated,
    locale: Repeated,
    doubts: Written<Vec<Doubt>>,
    route: Repeated,
    reuse: Written<Reuse>,
}

/// Writes answers and the conversations that they begin. Each takes the place of an answer with the same id.
pub(super) async fn write_answers(
    connection: &mut SqliteConnection,
    answers: &[Arc<Answer>],
) -> Result<(), sqlx::Error> {
    let (mut before, mut left) = (RowBefore::default(), answers);
    for (size, rows) in ROWS.into_iter().enumerate() {
        let chunks = left.chunks_exact(rows);
        left = chunks.remainder();
        for chunk in chunks {
            write_chunk(connection, size, chunk, &mut before).await?;
        }
    }
    Ok(())
}

/// Of as many rows as the `size`th number says.
async fn write_chunk(
    connection: &mut SqliteConnection,
    size: usize,
    answers: &[Arc<Answer>],
    before: &mut RowBefore,
) -> Result<(), sqlx::Error> {
    let mut conversations = Values::of(answers.len() * CONVERSATIONS.columns);
    let mut rows = Values::of(answers.len() * ANSWERS.columns);
    for answer in answers {
        add_row(answer, &mut conversations, &mut rows, before)?;
    }
    for (insert, values) in [(&CONVERSATIONS, conversations), (&ANSWERS, rows)] {
        let sql = AssertSqlSafe(insert.sql(size));
        sqlx::query_with(sql, values.0).execute(&mut *connection).await?;
    }
    Ok(())
}

fn add_row(
    answer: &Answer,
    conversations: &mut Values,
    rows: &mut Values,
    before: &mut RowBefore,
) -> Result<(), sqlx::Error> {
    let conversation: Arc<str> = answer.conversation.to_string().into();
    let site = before.site.share(&answer.site);
    conversations
        .add(conversation.clone())?
        .add(site.clone())?
        .add(answer.visitor.map(|visitor| visitor.to_string()))?
        .add(&answer.user)?
        .add(answer.asked_at_ms)?
        .add(answer.asked_at_ms)?;
    let (page, route) = (answer.page.as_ref(), answer.route.as_ref());
    let (enrolment, reuse) = (answer.enrolment.as_ref(), answer.reuse.as_ref());
    rows.add(answer.id.to_string())?
        .add(conversation)?
        .add(site)?
        .add(&answer.question)?
        .add(answer.text.clone())?
        .add(answer.from.as_str())?
        .add(answer.finish.as_str())?
        .add(before.sources.json(&answer.sources, Arc::ptr_eq)?)?
        .add(answer.model.clone())?
        .add(count(answer.usage.prompt_tokens))?
        .add(count(answer.usage.completion_tokens))?
        .add(answer.usage.counted)?
        .add(answer.cost.to_pico())?
        .add(answer.first_word_ms)?
        .add(answer.total_ms)?
        .add(page.map(|page| before.page_url.share(&page.url)))?
        .add(page.map(|page| before.page_title.share(&page.title)))?
        .add(before.locale.share(&answer.locale))?
        .add(answer.asked_at_ms)?
        .add(
            before
                .doubts
                .json(&answer.doubts, |one, other| one.is_empty() && other.is_empty())?,
        )?
        .add(route.map(|route| route.tier.as_str()))?
        .add(route.map(|route| before.route.share(&route.reason)))?
        .add(enrolment.map(|part| &part.experiment))?
        .add(enrolment.map(|part| part.arm.as_str()))?
        .add(answer.baseline_cost.map(Usd::to_pico))?
        .add(reuse.map(|reuse| before.reuse.json(reuse, PartialEq::eq)).transpose()?)?;
    Ok(())
}

/// SQLite's integers end at 2⁶³ − 1; no bill has so many tokens.
pub(super) fn count(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

pub(super) fn answer(row: &SqliteRow) -> Result<Answer, StoreError> {
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
        first_word_ms: row.try_get("first_word_ms")?,
        total_ms: row.try_get("total_ms")?,
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

fn route(row: &SqliteRow) -> Result<Option<Decision>, StoreError> {
    let Some(reason) = row.try_get("route")? else {
        return Ok(None);
    };
    let tier = read(row, "answers", "tier", |text| Tier::parse(text).ok_or("unknown"))?;
    Ok(Some(Decision { tier, reason }))
}

fn enrolment(row: &SqliteRow) -> Result<Option<Enrolment>, StoreError> {
    let Some(experiment) = row.try_get("experiment")? else {
        return Ok(None);
    };
    let arm = read(row, "answers", "arm", |text| Arm::parse(text).ok_or("unknown"))?;
    Ok(Some(Enrolment { experiment, arm }))
}

/// The `rating` column, which is NULL where nobody gave a thumb.
pub(super) fn rating(row: &SqliteRow) -> Result<Option<Rating>, StoreError> {
    match row.try_get::<Option<String>, _>("rating")? {
        Some(_) => read(row, "feedback", "rating", |text| Rating::parse(text).ok_or("unknown")).map(Some),
        None => Ok(None),
    }
}

fn read<T, E: std::fmt::Display>(
    row: &SqliteRow,
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
