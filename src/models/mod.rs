//! Models: the catalogue with prices, the providers behind it, and the chain that gets an answer out of them.

mod breaker;
mod breaker_gauge;
mod call;
mod catalogue;
mod chain;
mod continuation;
mod dialect;
mod embed;
mod error;
mod estimate;
mod events;
mod hedge;
mod pace;
pub mod passthrough;
mod provider;
mod router;
mod shared_breakers;
mod speaker;
mod thin;
pub mod tokenizer;
mod walk;

pub use breaker_gauge::BreakerGauge;
pub use call::{Call, CallOutcome};
pub use catalogue::{Catalogue, Model};
pub use chain::{Chain, Ending, Purse, Sink};
pub use embed::{embed, embedding_cost};
pub use error::CallError;
pub use estimate::{estimated_tokens, most_tokens};
pub use hedge::{Hedged, Hedging};
pub use provider::{Message, Prompt, Provider};
pub use router::{Decided, Features, decide};
pub use shared_breakers::share_breakers;
