//! What a visitor gets, and what is written down about it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AnswerId, CallId, ConversationId, Doubt, Page, Reuse, Usd, VisitorId};

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word that stands for it in HTTP, SQL and on the screen.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named!(
    /// Where an answer came from.
    From {
        Model = "model",
        /// The same question, answered before.
        Cache = "cache",
        /// A question that means the same.
        Near = "near",
        /// The operator wrote it.
        Curated = "curated",
        /// Put together from the site's content, no model.
        Content = "content",
    }
);

named!(
    /// How an answer ended.
    Finish {
        Stop = "stop",
        /// Cut before its end: it was as long as it may be, or the provider ended it.
        Length = "length",
        /// The visitor left or pressed stop.
        Aborted = "aborted",
        /// The content does not hold the answer.
        Unanswered = "unanswered",
        /// No provider could give one; the visitor saw an error.
        Failed = "failed",
    }
);

named!(
    /// A visitor's thumb.
    Rating { Up = "up", Down = "down" }
);

named!(
    /// How hard a question is, as routing sees it.
    Tier {
        Simple = "simple",
        Standard = "standard",
        Complex = "complex",
    }
);

named!(
    /// What a call to a model was made for.
    Purpose {
        Answer = "answer",
        /// The second model of a shadow experiment; nobody is shown what it says.
        Shadow = "shadow",
        /// Whether a stored answer answers a question that was put otherwise.
        Verify = "verify",
        /// A question in a language that the content is not in, so that it can be searched for.
        Translate = "translate",
        /// What a question means, to find stored answers by.
        Embed = "embed",
        /// Anything for the questions of a golden set, which no visitor asked. No site's budget pays for it.
        Evaluate = "evaluate",
    }
);

/// Where routing sends a question, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub tier: Tier,
    /// One line for the operator.
    pub reason: Arc<str>,
}

named!(
    /// A visitor's side in an experiment: `control` has everything as it is.
    Arm { Control = "control", Variant = "variant" }
);

/// A visitor's part in an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The experiment's name.
    pub experiment: String,
    pub arm: Arm,
}

named!(
    /// What a model takes and gives.
    ModelKind {
        Chat = "chat",
        Embedding = "embedding",
        /// Speech in, text out.
        Transcription = "transcription",
        /// Text in, speech out.
        Speech = "speech",
    }
);

/// A page that an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The number that stands in the text as `[n]`, from 1.
    pub n: u32,
    pub title: String,
    pub url: String,
    pub quote: String,
}

/// Tokens of one upstream call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Estimated here, because the provider did not say.
    pub counted: bool,
}

/// One answer with everything that is recorded about it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub id: AnswerId,
    pub conversation: ConversationId,
    /// The site's key.
    pub site: String,
    pub visitor: Option<VisitorId>,
    /// The WordPress user, when the plugin vouched for one.
    pub user: Option<String>,
    pub question: String,
    pub text: Arc<str>,
    pub from: From,
    pub finish: Finish,
    pub sources: Arc<[Source]>,
    /// Sentences that the passages do not support.
    pub doubts: Vec<Doubt>,
    /// The model that wrote it, as its provider names it.
    pub model: Option<Arc<str>>,
    pub usage: Usage,
    pub cost: Usd,
    /// What the baseline model would have cost for it, without a cache; `None` when its price or the tokens are not known.
    pub baseline_cost: Option<Usd>,
    /// Milliseconds from the request to the first word, if one came.
    pub first_word_ms: Option<u32>,
    /// Milliseconds from the request to the end.
    pub total_ms: u32,
    pub page: Option<Page>,
    pub locale: String,
    /// Unix time in milliseconds.
    pub asked_at_ms: i64,
    /// How it was routed, if it was.
    pub route: Option<Decision>,
    pub enrolment: Option<Enrolment>,
    /// Where it was taken from, or kept for the next who asks.
    pub reuse: Option<Reuse>,
}

/// What a shadow said beside an answer; nobody was shown it.
#[derive(Debug, Clone)]
pub struct ShadowAnswer {
    pub answer: AnswerId,
    pub experiment: String,
    pub model: Option<String>,
    pub text: String,
    pub finish: Finish,
    pub cost: Usd,
    pub first_word_ms: Option<u32>,
    pub total_ms: u32,
    /// Unix time in milliseconds.
    pub asked_at_ms: i64,
}

/// An answer that a program was given from the cache.
#[derive(Debug, Clone, PartialEq)]
pub struct Saving {
    /// As the ledger names the program.
    pub program: String,
    /// What the call cost that made the answer.
    pub saved: Usd,
    /// Unix time in milliseconds.
    pub at_ms: i64,
}

/// One call to a model, as the ledger keeps it: also those that failed, were stopped or were made for nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct UpstreamCall {
    pub id: CallId,
    pub answer: AnswerId,
    /// The site's key.
    pub site: String,
    pub provider: String,
    /// The model, as its provider names it.
    pub model: String,
    pub purpose: Purpose,
    pub usage: Usage,
    pub cost: Usd,
    /// `ok`, `cancelled`, `hedged`, or what went wrong: a fixed word. One that a kill ended is `aborted` in the store.
    pub outcome: &'static str,
    pub first_token_ms: Option<u32>,
    pub total_ms: u32,
    /// Unix time in milliseconds.
    pub ended_at_ms: i64,
}
