//! What is said again and again, from the cache or as the operator wrote it: the rows of such answers do not repeat it.

use std::sync::Arc;

use super::recorded::json;
use super::{Connection, query};
use crate::domain::Answer;

/// A row of `repeated`.
pub(super) struct Repeated {
    pub id: i64,
    text: Arc<str>,
    sources: String,
    /// `None` where it is not the same for all who are told this.
    pub reuse: Option<String>,
}

impl Repeated {
    /// `None`: the answer stands by itself.
    pub fn of(answer: &Answer) -> Result<Option<Self>, sqlx::Error> {
        let Some(reuse) = &answer.reuse else { return Ok(None) };
        let sources = json(&answer.sources)?;
        let reuse = match &reuse.near {
            None => Some(json(reuse)?),
            Some(_) => None,
        };
        let mut hasher = blake3::Hasher::new();
        for part in [&*answer.text, &sources, reuse.as_deref().unwrap_or_default()] {
            hasher
                .update(&(part.len() as u64).to_le_bytes())
                .update(part.as_bytes());
        }
        let mut id = [0; 8];
        hasher.finalize_xof().fill(&mut id);
        Ok(Some(Self {
            id: i64::from_le_bytes(id),
            text: answer.text.clone(),
            sources,
            reuse,
        }))
    }

    /// Before so many answers that say it, so that services which write the same wait for each other here. What one that takes the
    /// place of itself was counted for before a trigger takes off, so that the text goes with the last answer that says it.
    pub async fn write(&self, connection: &mut Connection, answers: usize) -> Result<(), sqlx::Error> {
        query(
            "INSERT INTO repeated (id, text, sources, reuse, uses) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET uses = repeated.uses + excluded.uses",
        )
        .bind(self.id)
        .bind(self.text.clone())
        .bind(&self.sources)
        .bind(&self.reuse)
        .bind(i64::try_from(answers).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
        Ok(())
    }
    /// The answers were refused: they are written one by one next, and counted then.
    pub async fn take_back(&self, connection: &mut Connection, answers: usize) -> Result<(), sqlx::Error> {
        query("UPDATE repeated SET uses = uses - $1 WHERE id = $2")
            .bind(i64::try_from(answers).unwrap_or(i64::MAX))
            .bind(self.id)
            .execute(&mut *connection)
            .await?;
        query("DELETE FROM repeated WHERE id = $1 AND uses < 1")
            .bind(self.id)
            .execute(connection)
            .await?;
        Ok(())
    }
}
