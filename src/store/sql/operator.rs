//! The operator's side of the engine: password and sessions here, the rest by the files beside.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::Row as _;

use super::{Engine, query, query_scalar, revisions};
use crate::domain::{ConversationId, From, Secret, Site};
use crate::store::operator::{Asked, Conversation, Period, ReviewFilter, ReviewPage, Reviewed, Scope, Session};
use crate::store::{OperatorStore, StoreError};

#[async_trait]
impl OperatorStore for Engine {
    async fn period(&self, scope: &Scope) -> Result<Period, StoreError> {
        self.sums(scope).await
    }

    async fn by_day(&self, scope: &Scope) -> Result<Vec<(u32, From, u64)>, StoreError> {
        self.days(scope).await
    }

    async fn most_asked(&self, scope: &Scope, limit: u32) -> Result<Vec<Asked>, StoreError> {
        self.frequent(scope, limit).await
    }

    async fn models(&self, since_ms: i64) -> Result<Vec<String>, StoreError> {
        self.models_since(since_ms).await
    }

    async fn review(&self, filter: &ReviewFilter, page: u32, size: u32) -> Result<ReviewPage, StoreError> {
        self.review_page(filter, page, size).await
    }

    async fn review_after(
        &self,
        filter: &ReviewFilter,
        after: Option<(i64, String)>,
        size: u32,
    ) -> Result<Vec<Reviewed>, StoreError> {
        self.review_older(filter, after, size).await
    }

    async fn whole_conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.conversation_whole(id).await
    }

    async fn handle(&self, answer: &str, at_ms: Option<i64>, note: Option<&str>) -> Result<bool, StoreError> {
        self.mark(answer, at_ms, note).await
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.sites_made().await
    }

    async fn sites_revision(&self) -> Result<i64, StoreError> {
        revisions::latest(self, revisions::SITES).await
    }

    async fn create_site(&self, site: &Site, at_ms: i64) -> Result<bool, StoreError> {
        self.insert_site(site, at_ms).await
    }

    async fn update_site(&self, site: &Site, at_ms: i64) -> Result<bool, StoreError> {
        self.change_site(site, at_ms).await
    }

    async fn set_secret(&self, key: &str, secret: &Secret, at_ms: i64) -> Result<bool, StoreError> {
        self.change_secret(key, secret, at_ms).await
    }

    async fn delete_site(&self, key: &str) -> Result<bool, StoreError> {
        self.remove_site(key).await
    }

    async fn count_conversations(&self, site: &str) -> Result<u64, StoreError> {
        self.conversations_of(site).await
    }

    async fn password_hash(&self) -> Result<Option<String>, StoreError> {
        Ok(query_scalar("SELECT password_hash FROM operator")
            .fetch_optional(self.readers()?)
            .await?)
    }

    async fn set_first_password(&self, hash: &str, at_ms: i64) -> Result<bool, StoreError> {
        let hash = hash.to_owned();
        self.write(move |connection| {
            async move {
                let set =
                    query("INSERT INTO operator (id, password_hash, set_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING")
                        .bind(hash)
                        .bind(at_ms)
                        .execute(connection)
                        .await?;
                Ok(set.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    async fn change_password(&self, hash: &str, at_ms: i64) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        self.write(move |connection| {
            async move {
                query("UPDATE operator SET password_hash = $1, set_at = $2")
                    .bind(hash)
                    .bind(at_ms)
                    .execute(&mut *connection)
                    .await?;
                query("DELETE FROM sessions").execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn add_session(&self, token_hash: [u8; 32], session: &Session) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |connection| {
            async move {
                query("INSERT INTO sessions (token_hash, csrf, created_at, seen_at) VALUES ($1, $2, $3, $4)")
                    .bind(token_hash.to_vec())
                    .bind(session.csrf)
                    .bind(session.created_at_ms)
                    .bind(session.seen_at_ms)
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn session(&self, token_hash: [u8; 32]) -> Result<Option<Session>, StoreError> {
        let found = query("SELECT csrf, created_at, seen_at FROM sessions WHERE token_hash = $1")
            .bind(token_hash.to_vec())
            .fetch_optional(self.readers()?)
            .await?;
        let Some(row) = found else { return Ok(None) };
        Ok(Some(Session {
            csrf: row.try_get("csrf")?,
            created_at_ms: row.try_get("created_at")?,
            seen_at_ms: row.try_get("seen_at")?,
        }))
    }

    async fn touch_session(&self, token_hash: [u8; 32], seen_at_ms: i64) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                query("UPDATE sessions SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2")
                    .bind(token_hash.to_vec())
                    .bind(seen_at_ms)
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn end_session(&self, token_hash: [u8; 32]) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                query("DELETE FROM sessions WHERE token_hash = $1")
                    .bind(token_hash.to_vec())
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn forget_sessions(&self, not_seen_since_ms: i64, created_before_ms: i64) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                query("DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2")
                    .bind(not_seen_since_ms)
                    .bind(created_before_ms)
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}
