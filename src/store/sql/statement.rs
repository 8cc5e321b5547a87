//! Statements with their values. Every value goes through [`Value`], where an engine says how it takes it.

use std::marker::PhantomData;

use futures_util::stream::BoxStream;
use sqlx::error::BoxDynError;
use sqlx::query::{Query, QueryScalar};
use sqlx::{Arguments as _, AssertSqlSafe, Decode, Executor, SqlSafeStr, SqlStr, Type};

use super::{Arguments, Db, Link, Row, Value};

/// The outcome of a statement that returns no rows.
type Outcome = <Db as sqlx::Database>::QueryResult;

/// A statement in the making; its placeholders are `$1`, `$2`, …
pub(super) struct Statement {
    sql: SqlStr,
    values: Values,
}

/// One whose rows have one column.
pub(super) struct Scalar<T>(Statement, PhantomData<fn() -> T>);

/// The values of a statement, in their order. One that cannot be encoded is told when the statement is run.
#[derive(Default)]
pub(super) struct Values {
    arguments: Arguments,
    refused: Option<BoxDynError>,
}

pub(super) fn query(sql: impl SqlSafeStr) -> Statement {
    Statement {
        sql: sql.into_sql_str(),
        values: Values::default(),
    }
}

pub(super) fn query_with(sql: impl SqlSafeStr, values: Values) -> Statement {
    Statement {
        sql: sql.into_sql_str(),
        values,
    }
}

pub(super) fn query_scalar<T>(sql: impl SqlSafeStr) -> Scalar<T> {
    Scalar(query(sql), PhantomData)
}

impl Values {
    pub fn with_capacity(values: usize) -> Self {
        let mut made = Self::default();
        made.arguments.reserve(values, 0);
        made
    }

    pub fn add<'v>(&mut self, value: impl Value<'v>) -> &mut Self {
        if let Err(error) = self.arguments.add(value.taken()) {
            self.refused.get_or_insert(error);
        }
        self
    }

    fn made(self) -> Result<Arguments, sqlx::Error> {
        match self.refused {
            None => Ok(self.arguments),
            Some(error) => Err(sqlx::Error::Encode(error)),
        }
    }
}

impl Statement {
    pub fn bind<'v>(mut self, value: impl Value<'v>) -> Self {
        self.values.add(value);
        self
    }

    fn made<'q>(self) -> Result<Query<'q, Db, Arguments>, sqlx::Error> {
        Ok(sqlx::query_with(self.sql, self.values.made()?))
    }

    pub async fn execute<'e, 'c: 'e>(
        self,
        executor: impl Executor<'c, Database = Db> + 'e,
    ) -> Result<Outcome, sqlx::Error> {
        in_time(self.made()?.execute(executor)).await
    }

    pub fn fetch<'e, 'c: 'e>(
        self,
        executor: impl Executor<'c, Database = Db> + 'e,
    ) -> Result<BoxStream<'e, Result<Row, sqlx::Error>>, sqlx::Error> {
        Ok(self.made()?.fetch(executor))
    }

    pub async fn fetch_all<'e, 'c: 'e>(
        self,
        executor: impl Executor<'c, Database = Db> + 'e,
    ) -> Result<Vec<Row>, sqlx::Error> {
        in_time(self.made()?.fetch_all(executor)).await
    }

    pub async fn fetch_one<'e, 'c: 'e>(
        self,
        executor: impl Executor<'c, Database = Db> + 'e,
    ) -> Result<Row, sqlx::Error> {
        in_time(self.made()?.fetch_one(executor)).await
    }

    pub async fn fetch_optional<'e, 'c: 'e>(
        self,
        executor: impl Executor<'c, Database = Db> + 'e,
    ) -> Result<Option<Row>, sqlx::Error> {
        in_time(self.made()?.fetch_optional(executor)).await
    }
}

impl<T> Scalar<T>
where
    T: Send + Unpin + Type<Db> + for<'r> Decode<'r, Db>,
{
    pub fn bind<'v>(mut self, value: impl Value<'v>) -> Self {
        self.0.values.add(value);
        self
    }

    fn made<'q>(self) -> Result<QueryScalar<'q, Db, T, Arguments>, sqlx::Error> {
        Ok(sqlx::query_scalar_with(self.0.sql, self.0.values.made()?))
    }

    pub async fn fetch_all<'e, 'c: 'e>(
        self,
        executor: impl Executor<'c, Database = Db> + 'e,
    ) -> Result<Vec<T>, sqlx::Error>
    where
        T: 'e,
    {
        in_time(self.made()?.fetch_all(executor)).await
    }

    pub async fn fetch_one<'e, 'c: 'e>(self, executor: impl Executor<'c, Database = Db> + 'e) -> Result<T, sqlx::Error>
    where
        T: 'e,
    {
        in_time(self.made()?.fetch_one(executor)).await
    }

    pub async fn fetch_optional<'e, 'c: 'e>(
        self,
        executor: impl Executor<'c, Database = Db> + 'e,
    ) -> Result<Option<T>, sqlx::Error>
    where
        T: 'e,
    {
        in_time(self.made()?.fetch_optional(executor)).await
    }
}

/// Nobody waits for ever for a server that hangs, or that a broken network does not reach any more.
async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let Some(longest) = Link::LONGEST else {
        return work.await;
    };
    match tokio::time::timeout(longest, work).await {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// A statement that is put together from pieces.
pub(super) struct Builder {
    sql: String,
    values: Values,
    bound: usize,
}

impl Builder {
    pub fn new(sql: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            values: Values::default(),
            bound: 0,
        }
    }

    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    pub fn push_bind<'v>(&mut self, value: impl Value<'v>) -> &mut Self {
        self.bound += 1;
        self.values.add(value);
        self.sql.push('$');
        self.sql.push_str(&self.bound.to_string());
        self
    }

    /// What was pushed is text of this program; what came from outside is bound.
    pub fn build(self) -> Statement {
        query_with(AssertSqlSafe(self.sql), self.values)
    }

    pub fn build_scalar<T>(self) -> Scalar<T> {
        Scalar(self.build(), PhantomData)
    }
}
