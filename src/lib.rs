//! The map of the house: one line a room.
//!
//! `http → answering → {cache, knowledge, models, limits, store} → domain`; nothing imports `http` or `startup`.

pub mod access; // origins, signatures, visitor tokens, the operator
pub mod answering; // the way of a question
pub mod cache; // answers that were paid for once: exact matches, in memory or in Redis
pub mod commands; // what the binary does, a file a command
pub mod domain; // plain types and rules, no I/O
pub mod embeddings; // what a text means, as a vector: a model in the binary
pub mod gateway; // the way of a program's call
pub mod golden; // questions with what a good answer holds, and how many answers are good
pub mod http; // handlers only
pub mod knowledge; // documents in, passages out
pub mod limits; // visitor and site limits, one-time ids; in process or in Redis
pub mod models; // the catalogue, the chain, providers
pub mod packaging; // the WordPress plugin as a zip
pub mod redis; // one resilient way to Redis, for cache and limits
pub mod replay; // what a list of questions would cost
pub mod settings; // typed settings, errors that name the key
pub mod startup; // the one place where settings become parts and parts a running server
pub mod store; // answers, feedback, sites, the operator: SQLite or Postgres
pub mod telemetry; // logs and metrics
