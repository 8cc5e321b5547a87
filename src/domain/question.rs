//! What a visitor asks.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{AnswerId, ConversationId, Decision, Enrolment, Reuse, Site, Usage, Usd, VisitorId};

/// Who said a turn of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
}

/// One thing said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub role: Role,
    pub text: String,
}

/// The page on which a question was asked, as the browser tells it: data, never believed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub title: String,
}

/// A question that was checked and may be answered.
#[derive(Debug, Clone)]
pub struct Question {
    pub site: Arc<Site>,
    /// What was asked, as it was written: 1 to 4,000 characters, not all of them white space.
    pub text: String,
    /// Of the answer that it gets.
    pub answer: AnswerId,
    pub conversation: ConversationId,
    /// Earlier turns of the conversation, oldest first; empty for a first question.
    pub history: Vec<Turn>,
    pub visitor: Option<VisitorId>,
    /// The WordPress user, when the plugin vouches for one.
    pub user: Option<String>,
    pub page: Option<Page>,
    /// A BCP 47 language tag, lower case, such as `en` or `pt-br`.
    pub locale: String,
    /// The visitor's language (ISO 639-1) as far as the question's words tell it, otherwise that of the locale.
    pub language: String,
    /// In the language of the content, when that is how it was found. Data, never believed.
    pub translation: Option<String>,
    pub spent: Spent,
    /// How it was routed, once it was.
    pub route: Option<Decision>,
    pub enrolment: Option<Enrolment>,
    /// Where its answer was taken from, if it was had before.
    pub reuse: Option<Reuse>,
}

/// What was paid for a question before its answer began, and is in the ledger already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub usage: Usage,
    pub cost: Usd,
}
