//! The review list: which answers, in which order.

use futures_util::FutureExt;
use sqlx::Row as _;

use super::{Builder, Engine, Row, dialect, query, rows};
use crate::domain::{ConversationId, VisitorId};
use crate::store::StoreError;
use crate::store::operator::{Conversation, ReviewFilter, ReviewPage, Reviewed, Shown};

/// More turns than this are read by nobody on one page.
const LONGEST: u32 = 500;

impl Engine {
    pub(super) async fn review_page(
        &self,
        filter: &ReviewFilter,
        page: u32,
        size: u32,
    ) -> Result<ReviewPage, StoreError> {
        let mut count = Builder::new("SELECT count(*)");
        choose(&mut count, filter);
        let total: i64 = count.build_scalar().fetch_one(self.readers()?).await?;
        let mut query = select();
        choose(&mut query, filter);
        query.push(
            " ORDER BY CASE f.rating WHEN 'down' THEN 0 WHEN 'up' THEN 1 ELSE 2 END,
              coalesce(f.given_at, a.asked_at) DESC, a.id DESC LIMIT ",
        );
        query.push_bind(size);
        query.push(" OFFSET ").push_bind(i64::from(page) * i64::from(size));
        let found = query.build().fetch_all(self.readers()?).await?;
        Ok(ReviewPage {
            items: found.iter().map(reviewed).collect::<Result<_, _>>()?,
            total: total.unsigned_abs(),
        })
    }

    pub(super) async fn review_older(
        &self,
        filter: &ReviewFilter,
        after: Option<(i64, String)>,
        size: u32,
    ) -> Result<Vec<Reviewed>, StoreError> {
        let mut query = select();
        choose(&mut query, filter);
        if let Some((asked_at, id)) = after {
            query.push(" AND (a.asked_at, a.id) < (").push_bind(asked_at);
            query.push(", ").push_bind(id).push(")");
        }
        query
            .push(" ORDER BY a.asked_at DESC, a.id DESC LIMIT ")
            .push_bind(size);
        let found = query.build().fetch_all(self.readers()?).await?;
        found.iter().map(reviewed).collect()
    }

    pub(super) async fn conversation_whole(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let found = query("SELECT site, visitor, \"user\", started_at FROM conversations WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.readers()?)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let mut query = select();
        query
            .push(" FROM answers a ")
            .push(rows::JOINED)
            .push(" LEFT JOIN feedback f ON f.answer = a.id LEFT JOIN reviews r ON r.answer = a.id WHERE a.conversation = ")
            .push_bind(id.to_string())
            .push(" ORDER BY a.asked_at DESC, a.id DESC LIMIT ")
            .push_bind(LONGEST);
        let answers = query.build().fetch_all(self.readers()?).await?;
        let visitor: Option<String> = row.try_get("visitor")?;
        Ok(Some(Conversation {
            id,
            site: row.try_get("site")?,
            visitor: visitor
                .map(|text| VisitorId::parse(&text))
                .transpose()
                .map_err(|error| rows::unreadable("conversations", "visitor", error))?,
            user: row.try_get("user")?,
            started_at_ms: row.try_get("started_at")?,
            answers: answers.iter().rev().map(reviewed).collect::<Result<_, _>>()?,
        }))
    }

    pub(super) async fn mark(&self, answer: &str, at_ms: Option<i64>, note: Option<&str>) -> Result<bool, StoreError> {
        let (answer, note) = (answer.to_owned(), note.map(str::to_owned));
        self.write(move |connection| {
            async move {
                let marked = query(
                    "INSERT INTO reviews (answer, note, handled_at) SELECT id, coalesce($2, ''), $3 FROM answers WHERE id = $1
                     ON CONFLICT (answer) DO UPDATE SET note = coalesce($2, reviews.note), handled_at = excluded.handled_at",
                )
                .bind(answer)
                .bind(note)
                .bind(at_ms)
                .execute(connection)
                .await?;
                Ok(marked.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }
}

fn select() -> Builder {
    let mut query = Builder::new("SELECT ");
    query
        .push(rows::ANSWER)
        .push(", f.rating, f.comment, f.given_at, r.note, r.handled_at");
    query
}

/// The tables and the conditions. Rated answers are found from their few thumbs, not among all answers.
fn choose(query: &mut Builder, filter: &ReviewFilter) {
    let rated = matches!(filter.shown, Shown::Rated | Shown::Down | Shown::Up);
    match rated {
        true => query
            .push(" FROM feedback f ")
            .push(dialect::FROM_LEFT)
            .push(" answers a ON a.id = f.answer"),
        false => query.push(" FROM answers a LEFT JOIN feedback f ON f.answer = a.id"),
    };
    query.push(" ").push(rows::JOINED);
    query.push(" LEFT JOIN reviews r ON r.answer = a.id WHERE ");
    query.push(match filter.shown {
        Shown::Rated => "f.rating IN ('down', 'up')",
        Shown::Down => "f.rating = 'down'",
        Shown::Up => "f.rating = 'up'",
        Shown::Unanswered => "a.finish IN ('unanswered', 'failed')",
        Shown::Doubted => "a.doubts <> '[]'",
        Shown::All => "TRUE",
    });
    if let Some(site) = &filter.site {
        query.push(" AND a.site = ").push_bind(site.clone());
    }
    if let Some(model) = &filter.model {
        query.push(" AND a.model = ").push_bind(model.clone());
    }
    if let Some(from) = filter.from {
        query.push(" AND a.origin = ").push_bind(from.as_str());
    }
    match filter.handled {
        Some(true) => query.push(" AND r.handled_at IS NOT NULL"),
        Some(false) => query.push(" AND r.handled_at IS NULL"),
        None => query,
    };
}

fn reviewed(row: &Row) -> Result<Reviewed, StoreError> {
    Ok(Reviewed {
        answer: rows::answer(row)?,
        rating: rows::rating(row)?,
        comment: row.try_get::<Option<String>, _>("comment")?.unwrap_or_default(),
        given_at_ms: row.try_get("given_at")?,
        note: row.try_get::<Option<String>, _>("note")?.unwrap_or_default(),
        handled_at_ms: row.try_get("handled_at")?,
    })
}
