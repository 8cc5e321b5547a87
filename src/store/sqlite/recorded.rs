//! Answers written as rows. Most of a flood are one answer given again and again, so rows are written in groups that have all but a few
//! columns in common, and what they have in common is handed to SQLite once for a whole group.

use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type};

use super::rows::count;
use crate::domain::{Answer, Usd};

/// Rows that one statement writes: as many as there are of the first number, the rest by those behind it. These few texts stay the
/// same, so that SQLite prepares each of them once.
const ROWS: [usize; 4] = [256, 32, 4, 1];

/// A conversation keeps the visitor who began it; a WordPress user who signs in later is noted. An answer that is written late does
/// not make it younger.
static CONVERSATIONS: Insert = Insert {
    table: "conversations",
    common: &["site"],
    own: &["id", "visitor", "user", "started_at", "last_at"],
    on_conflict: "last_at = max(last_at, excluded.last_at), started_at = min(started_at, excluded.started_at),
        visitor = coalesce(visitor, excluded.visitor), user = coalesce(excluded.user, user)",
    texts: [const { OnceLock::new() }; ROWS.len()],
};

static ANSWERS: Insert = Insert {
    table: "answers",
    common: &[
        "site",
        "text",
        "origin",
        "finish",
        "sources",
        "model",
        "prompt_tokens",
        "completion_tokens",
        "counted",
        "cost_pico_usd",
        "locale",
        "doubts",
        "tier",
        "route",
        "experiment",
        "arm",
        "baseline_pico_usd",
        "reuse",
    ],
    own: &[
        "id",
        "conversation",
        "question",
        "first_word_ms",
        "total_ms",
        "page_url",
        "page_title",
        "asked_at",
    ],
    on_conflict: "text = excluded.text, origin = excluded.origin, finish = excluded.finish, sources = excluded.sources,
        model = excluded.model, prompt_tokens = excluded.prompt_tokens,
        completion_tokens = excluded.completion_tokens, counted = excluded.counted,
        cost_pico_usd = excluded.cost_pico_usd, first_word_ms = excluded.first_word_ms,
        total_ms = excluded.total_ms, doubts = excluded.doubts, baseline_pico_usd = excluded.baseline_pico_usd,
        reuse = excluded.reuse",
    texts: [const { OnceLock::new() }; ROWS.len()],
};

/// An INSERT of each number of [`ROWS`]. Its values are each row's own, then the common ones of all.
struct Insert {
    table: &'static str,
    common: &'static [&'static str],
    own: &'static [&'static str],
    /// What is written over a row with the same id.
    on_conflict: &'static str,
    texts: [OnceLock<String>; ROWS.len()],
}

impl Insert {
    /// For the `size`th number of rows.
    fn sql(&self, size: usize) -> &str {
        self.texts[size].get_or_init(|| {
            let own = self.own.join(", ");
            let question_marks = |columns: &[&str]| vec!["?"; columns.len()].join(",");
            let rows = vec![format!("({})", question_marks(self.own)); ROWS[size]];
            format!(
                "WITH own ({own}) AS (VALUES {}) INSERT INTO {} ({own}, {}) SELECT {own}, {} FROM own WHERE true
                ON CONFLICT (id) DO UPDATE SET {}",
                rows.join(","),
                self.table,
                self.common.join(", "),
                question_marks(self.common),
                self.on_conflict
            )
        })
    }

    /// For the `size`th number of rows.
    fn values(&self, size: usize) -> Values {
        let mut values = SqliteArguments::default();
        values.reserve(self.common.len() + ROWS[size] * self.own.len(), 0);
        Values(values)
    }
}

/// The values of a statement, in their order.
struct Values(SqliteArguments);

impl Values {
    fn add<'v>(&mut self, value: impl Encode<'v, Sqlite> + Type<Sqlite>) -> Result<&mut Self, sqlx::Error> {
        self.0.add(value).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }
}

/// Writes answers and the conversations that they begin. Each takes the place of an answer with the same id.
pub(super) async fn write_answers(
    connection: &mut SqliteConnection,
    answers: &[Arc<Answer>],
) -> Result<(), sqlx::Error> {
    for group in groups(answers) {
        let mut left = &group[..];
        for (size, rows) in ROWS.into_iter().enumerate() {
            let chunks = left.chunks_exact(rows);
            left = chunks.remainder();
            for chunk in chunks {
                write_rows(connection, size, chunk).await?;
            }
        }
    }
    Ok(())
}

/// Answers that have the common columns in common, each group in the place of its first one. An answer that is recorded twice, once
/// unfinished, is in two groups, the later one behind.
fn groups(answers: &[Arc<Answer>]) -> Vec<Vec<&Answer>> {
    let mut groups: Vec<Vec<&Answer>> = Vec::new();
    let mut latest: HashMap<*const u8, usize> = HashMap::new();
    for answer in answers {
        // A text that is given again is not copied.
        let place = latest.entry(answer.text.as_ptr()).or_insert(usize::MAX);
        match groups.get_mut(*place) {
            Some(group) if are_alike(group[0], answer) => group.push(answer),
            _ => {
                *place = groups.len();
                groups.push(vec![answer]);
            }
        }
    }
    groups
}

/// In every common column.
fn are_alike(one: &Answer, other: &Answer) -> bool {
    one.text == other.text
        && one.from == other.from
        && one.finish == other.finish
        && one.usage == other.usage
        && one.cost == other.cost
        && one.baseline_cost == other.baseline_cost
        && one.site == other.site
        && one.locale == other.locale
        && one.model == other.model
        && one.sources == other.sources
        && one.doubts == other.doubts
        && one.route == other.route
        && one.enrolment == other.enrolment
        && one.reuse == other.reuse
}

/// Of one group, as many as the `size`th number says.
async fn write_rows(connection: &mut SqliteConnection, size: usize, answers: &[&Answer]) -> Result<(), sqlx::Error> {
    let (mut conversations, mut rows) = (CONVERSATIONS.values(size), ANSWERS.values(size));
    for answer in answers {
        add_own(answer, &mut conversations, &mut rows)?;
    }
    if let Some(first) = answers.first() {
        conversations.add(&first.site)?;
        add_common(first, &mut rows)?;
    }
    for (insert, values) in [(&CONVERSATIONS, conversations), (&ANSWERS, rows)] {
        let sql = AssertSqlSafe(insert.sql(size));
        sqlx::query_with(sql, values.0).execute(&mut *connection).await?;
    }
    Ok(())
}

fn add_common(answer: &Answer, rows: &mut Values) -> Result<(), sqlx::Error> {
    let (route, enrolment) = (answer.route.as_ref(), answer.enrolment.as_ref());
    rows.add(&answer.site)?
        .add(answer.text.clone())?
        .add(answer.from.as_str())?
        .add(answer.finish.as_str())?
        .add(json(&answer.sources)?)?
        .add(answer.model.clone())?
        .add(count(answer.usage.prompt_tokens))?
        .add(count(answer.usage.completion_tokens))?
        .add(answer.usage.counted)?
        .add(answer.cost.to_pico())?
        .add(&answer.locale)?
        .add(json(&answer.doubts)?)?
        .add(route.map(|route| route.tier.as_str()))?
        .add(route.map(|route| route.reason.clone()))?
        .add(enrolment.map(|part| &part.experiment))?
        .add(enrolment.map(|part| part.arm.as_str()))?
        .add(answer.baseline_cost.map(Usd::to_pico))?
        .add(answer.reuse.as_ref().map(json).transpose()?)?;
    Ok(())
}

fn add_own(answer: &Answer, conversations: &mut Values, rows: &mut Values) -> Result<(), sqlx::Error> {
    let conversation: Arc<str> = answer.conversation.into();
    conversations
        .add(conversation.clone())?
        .add(answer.visitor.map(Arc::<str>::from))?
        .add(&answer.user)?
        .add(answer.asked_at_ms)?
        .add(answer.asked_at_ms)?;
    let page = answer.page.as_ref();
    rows.add(Arc::<str>::from(answer.id))?
        .add(conversation)?
        .add(&answer.question)?
        .add(answer.first_word_ms)?
        .add(answer.total_ms)?
        .add(page.map(|page| &page.url))?
        .add(page.map(|page| &page.title))?
        .add(answer.asked_at_ms)?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
