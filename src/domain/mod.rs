//! Plain types and rules, no I/O. Everything else is built from these words.

mod answer;
mod call;
mod curated;
pub mod difference;
mod document;
mod doubt;
mod id;
mod money;
pub mod numerals;
mod program;
mod question;
mod site;
mod version;

pub use answer::{
    Answer, Arm, Decision, Enrolment, Finish, From, ModelKind, Purpose, Rating, Saving, ShadowAnswer, Source, Tier,
    UpstreamCall, Usage,
};
pub use call::{CallBegun, CallId};
pub use curated::{CuratedAnswer, NearHit, Original, Reuse};
pub use document::{DocumentChange, DocumentOutcome, KeptDocument, PageQuestion};
pub use doubt::{Doubt, DoubtReason};
pub use id::{AnswerId, ConversationId, CuratedId, InvalidId, VisitorId};
pub use money::{Price, Usd};
pub use program::Program;
pub use question::{Page, Question, Role, Spent, Turn};
pub use site::{Appearance, Origin, OriginError, Secret, Site};
pub use version::DocumentVersion;
