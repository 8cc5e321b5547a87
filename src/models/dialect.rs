//! What a model does not take as others do, learnt from its refusals: OpenAI's reasoning models want `max_completion_tokens` and
//! no temperature, and some servers do not know `stream_options`.

use std::sync::atomic::{AtomicBool, Ordering};

use super::error::CallError;

/// Of one model. Forgotten with the process: the first question of the next one learns it again.
#[derive(Debug, Default)]
pub struct Dialect {
    completion_tokens: AtomicBool,
    own_temperature: AtomicBool,
    no_stream_options: AtomicBool,
}

impl Dialect {
    /// The answer's length is bounded by `max_completion_tokens`, not `max_tokens`.
    pub fn wants_completion_tokens(&self) -> bool {
        self.completion_tokens.load(Ordering::Relaxed)
    }

    /// It chooses its temperature itself.
    pub fn has_own_temperature(&self) -> bool {
        self.own_temperature.load(Ordering::Relaxed)
    }

    /// The usage cannot be asked for.
    pub fn knows_no_stream_options(&self) -> bool {
        self.no_stream_options.load(Ordering::Relaxed)
    }

    /// Whether a refusal told something new, so that asking again in other words is worth it.
    pub fn learn(&self, error: &CallError) -> bool {
        let CallError::Status {
            status: 400 | 422,
            message,
            ..
        } = error
        else {
            return false;
        };
        let is_new = |known: &AtomicBool| !known.swap(true, Ordering::Relaxed);
        let text = message.to_lowercase();
        // What the refusal names beside it decides, since the message of one may name another's field.
        if text.contains("max_completion_tokens") {
            is_new(&self.completion_tokens)
        } else if text.contains("temperature") && text.contains("support") {
            is_new(&self.own_temperature)
        } else if text.contains("stream_options") {
            is_new(&self.no_stream_options)
        } else {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, message: &str) -> CallError {
        CallError::Status {
            status,
            retry_after: None,
            message: message.to_owned(),
        }
    }

    #[test]
    fn each_refusal_teaches_once() {
        let dialect = Dialect::default();
        let tokens = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        let warm = "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.";
        for other in [refusal(400, "The context is too long."), refusal(503, tokens)] {
            assert!(!dialect.learn(&other));
        }
        for (message, status) in [
            (tokens, 400),
            (warm, 400),
            ("extra fields not permitted: stream_options", 422),
        ] {
            assert!(dialect.learn(&refusal(status, message)), "{message}");
            assert!(!dialect.learn(&refusal(status, message)), "{message}");
        }
        let all = (dialect.wants_completion_tokens(), dialect.has_own_temperature());
        assert_eq!((all, dialect.knows_no_stream_options()), ((true, true), true));
    }
}
