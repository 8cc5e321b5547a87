//! Answers written as rows. Most of a flood are one answer given again and again, so rows are written in groups that have all but a few
//! columns in common, and what they have in common is handed to the database once for a whole group.

use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use sqlx::AssertSqlSafe;

use super::repeated::Repeated;
use super::rows::count;
use super::statement::{Values, query_with};
use super::{Connection, dialect};
use crate::domain::{Answer, AnswerId, Decision, Doubt, Enrolment, Finish, From, Original, Reuse, Source, Usage, Usd};

/// Rows that one statement writes: as many as there are of the first number, the rest by those behind it. These few texts stay the
/// same, so that the database prepares each of them once.
const ROWS: [usize; 4] = [256, 32, 4, 1];

/// A conversation keeps the visitor who began it; a WordPress user who signs in later is noted. An answer that is written late does
/// not make it younger.
static CONVERSATIONS: Insert = Insert {
    table: "conversations",
    common: &["site"],
    own: &["id", "visitor", "\"user\"", "started_at", "last_at"],
    rows: dialect::conversations,
    on_conflict: "visitor = coalesce(conversations.visitor, excluded.visitor),
        \"user\" = coalesce(excluded.\"user\", conversations.\"user\"),
        started_at = CASE WHEN conversations.started_at < excluded.started_at THEN conversations.started_at
            ELSE excluded.started_at END,
        last_at = CASE WHEN conversations.last_at > excluded.last_at THEN conversations.last_at ELSE excluded.last_at END",
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
        "repeats",
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
    rows: |own, common| format!("SELECT {own}, {common} FROM own WHERE true"),
    on_conflict: "text = excluded.text, origin = excluded.origin, finish = excluded.finish, sources = excluded.sources,
        model = excluded.model, prompt_tokens = excluded.prompt_tokens,
        completion_tokens = excluded.completion_tokens, counted = excluded.counted,
        cost_pico_usd = excluded.cost_pico_usd, first_word_ms = excluded.first_word_ms,
        total_ms = excluded.total_ms, doubts = excluded.doubts, baseline_pico_usd = excluded.baseline_pico_usd,
        reuse = excluded.reuse, repeats = excluded.repeats",
    texts: [const { OnceLock::new() }; ROWS.len()],
};

/// An INSERT of each number of [`ROWS`]. Its values are each row's own, then the common ones of all.
struct Insert {
    table: &'static str,
    common: &'static [&'static str],
    own: &'static [&'static str],
    /// The rows out of `own`, of which these are the columns, with the common values.
    rows: fn(&str, &str) -> String,
    /// What is written over a row with the same id.
    on_conflict: &'static str,
    texts: [OnceLock<String>; ROWS.len()],
}

impl Insert {
    /// For the `size`th number of rows.
    fn sql(&self, size: usize) -> &str {
        self.texts[size].get_or_init(|| {
            let mut values = 0;
            let mut placeholders = |columns: &[&str]| {
                let each = columns.iter().map(|_| {
                    values += 1;
                    dialect::placeholder(values)
                });
                each.collect::<Vec<_>>().join(",")
            };
            let rows: Vec<String> = (0..ROWS[size])
                .map(|_| format!("({})", placeholders(self.own)))
                .collect();
            let own = self.own.join(", ");
            format!(
                "WITH own ({own}) AS (VALUES {}) INSERT INTO {} ({own}, {}) {} ON CONFLICT (id) DO UPDATE SET {}",
                rows.join(","),
                self.table,
                self.common.join(", "),
                (self.rows)(&own, &placeholders(self.common)),
                self.on_conflict
            )
        })
    }

    /// For the `size`th number of rows.
    fn values(&self, size: usize) -> Values {
        Values::with_capacity(self.common.len() + ROWS[size] * self.own.len())
    }
}

/// Writes answers and the conversations that they begin. Each takes the place of an answer with the same id.
pub(super) async fn write_answers(connection: &mut Connection, answers: &[Arc<Answer>]) -> Result<(), sqlx::Error> {
    for mut group in groups(answers) {
        if dialect::ROWS_ONCE {
            keep_last(&mut group);
        }
        let repeated = group.first().map(|first| Repeated::of(first)).transpose()?.flatten();
        let mut left = &group[..];
        for (size, rows) in ROWS.into_iter().enumerate() {
            let chunks = left.chunks_exact(rows);
            left = chunks.remainder();
            for chunk in chunks {
                if let Some(repeated) = &repeated {
                    repeated.write(connection, chunk.len()).await?;
                }
                let written = write_rows(connection, size, chunk, repeated.as_ref()).await;
                if let (Err(_), Some(repeated), true) = (&written, &repeated, dialect::GOES_ON_AFTER_ERRORS) {
                    repeated.take_back(connection, chunk.len()).await?;
                }
                written?;
            }
        }
    }
    Ok(())
}

/// Answers that have the common columns in common, each group in the place of its first one. An answer that is recorded twice, once
/// unfinished, is in two groups, the later one behind.
fn groups(answers: &[Arc<Answer>]) -> Vec<Vec<&Answer>> {
    let mut groups: Vec<Vec<&Answer>> = Vec::new();
    let mut latest: HashMap<Likely, usize> = HashMap::new();
    for answer in answers {
        let likely = match &answer.reuse {
            Some(reuse) => Likely::Again(reuse.of),
            None => Likely::Text(answer.text.as_ptr()),
        };
        let place = latest.entry(likely).or_insert(usize::MAX);
        match groups.get_mut(*place) {
            Some(group) if Common::of(group[0]) == Common::of(answer) => group.push(answer),
            _ => {
                *place = groups.len();
                groups.push(vec![answer]);
            }
        }
    }
    groups
}

/// Of an answer that is there several times the last one.
fn keep_last(group: &mut Vec<&Answer>) {
    let places: HashMap<AnswerId, usize> = group.iter().enumerate().map(|(n, one)| (one.id, n)).collect();
    if places.len() < group.len() {
        let mut n = 0;
        group.retain(|one| {
            n += 1;
            places.get(&one.id) == Some(&(n - 1))
        });
    }
}

/// What is likely to have the common columns in common, told without a look at the text.
#[derive(PartialEq, Eq, Hash)]
enum Likely {
    Again(Original),
    /// A text that several have is not copied.
    Text(*const u8),
}

/// What the common columns hold. Rows are alike when all of it is equal, so a column that is added here is compared as well.
#[derive(PartialEq)]
struct Common<'a> {
    site: &'a str,
    text: &'a Arc<str>,
    from: From,
    finish: Finish,
    sources: &'a Arc<[Source]>,
    model: &'a Option<Arc<str>>,
    usage: Usage,
    cost: Usd,
    locale: &'a str,
    doubts: &'a [Doubt],
    route: &'a Option<Decision>,
    enrolment: &'a Option<Enrolment>,
    baseline_cost: Option<Usd>,
    reuse: &'a Option<Reuse>,
}

impl<'a> Common<'a> {
    fn of(answer: &'a Answer) -> Self {
        Self {
            site: &answer.site,
            text: &answer.text,
            from: answer.from,
            finish: answer.finish,
            sources: &answer.sources,
            model: &answer.model,
            usage: answer.usage,
            cost: answer.cost,
            locale: &answer.locale,
            doubts: &answer.doubts,
            route: &answer.route,
            enrolment: &answer.enrolment,
            baseline_cost: answer.baseline_cost,
            reuse: &answer.reuse,
        }
    }

    /// What stands in `repeated` is left out.
    fn add_to(&self, rows: &mut Values, repeated: Option<&Repeated>) -> Result<(), sqlx::Error> {
        let (route, enrolment) = (self.route.as_ref(), self.enrolment.as_ref());
        let own_reuse = self
            .reuse
            .as_ref()
            .filter(|_| repeated.is_none_or(|it| it.reuse.is_none()));
        rows.add(self.site);
        match repeated {
            Some(_) => rows.add(""),
            None => rows.add(self.text.clone()),
        };
        rows.add(self.from.as_str()).add(self.finish.as_str());
        match repeated {
            Some(_) => rows.add("[]"),
            None => rows.add(json(self.sources)?),
        };
        rows.add(self.model.clone())
            .add(count(self.usage.prompt_tokens))
            .add(count(self.usage.completion_tokens))
            .add(self.usage.counted)
            .add(self.cost.to_pico())
            .add(self.locale)
            .add(json(&self.doubts)?)
            .add(route.map(|route| route.tier.as_str()))
            .add(route.map(|route| route.reason.clone()))
            .add(enrolment.map(|part| &part.experiment))
            .add(enrolment.map(|part| part.arm.as_str()))
            .add(self.baseline_cost.map(Usd::to_pico))
            .add(own_reuse.map(json).transpose()?)
            .add(repeated.map(|repeated| repeated.id));
        Ok(())
    }
}

/// Of one group, as many as the `size`th number says.
async fn write_rows(
    connection: &mut Connection,
    size: usize,
    answers: &[&Answer],
    repeated: Option<&Repeated>,
) -> Result<(), sqlx::Error> {
    let (mut conversations, mut rows) = (CONVERSATIONS.values(size), ANSWERS.values(size));
    for answer in answers {
        add_own(answer, &mut conversations, &mut rows);
    }
    if let Some(first) = answers.first() {
        conversations.add(&first.site);
        Common::of(first).add_to(&mut rows, repeated)?;
    }
    for (insert, values) in [(&CONVERSATIONS, conversations), (&ANSWERS, rows)] {
        let sql = AssertSqlSafe(insert.sql(size));
        query_with(sql, values).execute(&mut *connection).await?;
    }
    Ok(())
}

fn add_own(answer: &Answer, conversations: &mut Values, rows: &mut Values) {
    let conversation: Arc<str> = answer.conversation.into();
    conversations
        .add(conversation.clone())
        .add(answer.visitor.map(Arc::<str>::from))
        .add(&answer.user)
        .add(answer.asked_at_ms)
        .add(answer.asked_at_ms);
    let page = answer.page.as_ref();
    rows.add(Arc::<str>::from(answer.id))
        .add(conversation)
        .add(&answer.question)
        .add(answer.first_word_ms)
        .add(answer.total_ms)
        .add(page.map(|page| &page.url))
        .add(page.map(|page| &page.title))
        .add(answer.asked_at_ms);
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
