//! A provider's event stream, read piece by piece: server-sent events (WHATWG HTML, section 9.2.6) that hold
//! `chat.completion.chunk` objects. Line ends of every kind, comments and cuts at any byte are fine.

use std::borrow::Cow;

use serde::Deserialize;

use super::error::CallError;
use crate::domain::{Finish, Usage};

/// A line may be this long; a provider that sends more is broken.
const LONGEST_LINE: usize = 8 << 20;

/// What one event said.
#[derive(Debug, PartialEq)]
pub enum Piece {
    Text(String),
    Finish(Finish),
    Usage(Usage),
    Done,
}

/// Takes bytes, gives pieces.
#[derive(Default)]
pub struct EventReader {
    line: Vec<u8>,
    data: Vec<u8>,
    after_return: bool,
}

impl EventReader {
    /// Reads `bytes` and adds what they say to `pieces`.
    pub fn feed(&mut self, mut bytes: &[u8], pieces: &mut Vec<Piece>) -> Result<(), CallError> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
                self.line.extend_from_slice(bytes);
                if self.line.len() + self.data.len() > LONGEST_LINE {
                    return Err(too_long());
                }
                return Ok(());
            };
            self.after_return = bytes[end] == b'\r';
            if self.line.is_empty() {
                self.take_line(&bytes[..end], pieces)?;
            } else {
                self.line.extend_from_slice(&bytes[..end]);
                let line = std::mem::take(&mut self.line);
                self.take_line(&line, pieces)?;
            }
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    /// The stream ended: what stands in the buffer is an event without its last line end.
    pub fn end(&mut self, pieces: &mut Vec<Piece>) -> Result<(), CallError> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_line(&line, pieces)?;
        }
        self.take_line(b"", pieces)
    }

    fn take_line(&mut self, line: &[u8], pieces: &mut Vec<Piece>) -> Result<(), CallError> {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return if data.is_empty() {
                Ok(())
            } else {
                read_event(&data, pieces)
            };
        }
        if let Some(value) = line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            if self.data.len() > LONGEST_LINE {
                return Err(too_long());
            }
        }
        Ok(())
    }
}

fn too_long() -> CallError {
    CallError::Unreadable(format!("an event longer than {LONGEST_LINE} bytes"))
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<UsageChunk>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: u32,
    /// In a stream.
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    /// From a provider that does not stream although it was asked to.
    #[serde(borrow)]
    message: Option<Delta<'a>>,
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
    /// A model that refuses says so here, and it is what the visitor should read.
    #[serde(borrow)]
    refusal: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct UsageChunk {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// Reads one event, or a whole body of a provider that did not stream.
pub fn read_event(data: &[u8], pieces: &mut Vec<Piece>) -> Result<(), CallError> {
    if data.trim_ascii() == b"[DONE]" {
        pieces.push(Piece::Done);
        return Ok(());
    }
    let chunk: Chunk = serde_json::from_slice(data).map_err(|error| CallError::Unreadable(error.to_string()))?;
    if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
        let message = error
            .get("message")
            .and_then(|message| message.as_str())
            .map(str::to_owned);
        let text = message.unwrap_or_else(|| error.to_string());
        return Err(CallError::Reported(text.chars().take(300).collect()));
    }
    for choice in chunk
        .choices
        .unwrap_or_default()
        .into_iter()
        .filter(|choice| choice.index == 0)
    {
        for delta in [choice.delta, choice.message].into_iter().flatten() {
            for text in [delta.content, delta.refusal]
                .into_iter()
                .flatten()
                .filter(|text| !text.is_empty())
            {
                pieces.push(Piece::Text(text.into_owned()));
            }
        }
        if let Some(reason) = choice.finish_reason {
            pieces.push(Piece::Finish(finish_of(&reason)));
        }
    }
    if let Some(usage) = chunk.usage {
        let UsageChunk {
            prompt_tokens,
            completion_tokens,
        } = usage;
        pieces.push(Piece::Usage(Usage {
            prompt_tokens,
            completion_tokens,
            counted: false,
        }));
    }
    Ok(())
}

/// Half an answer is one whatever cut it: its length, the provider's filter, a tool that the model would call and nobody offered,
/// or trouble of the provider's own (as DeepSeek and GLM tell it). What a provider calls its answers' proper end differs more.
fn finish_of(reason: &str) -> Finish {
    match reason {
        "length" | "content_filter" | "tool_calls" | "function_call" => Finish::Length,
        "insufficient_system_resource" | "sensitive" | "network_error" | "model_context_window_exceeded" => {
            Finish::Length
        }
        _ => Finish::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": hello\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n\
        data:{\"choices\":[{\"delta\":{\"content\":\"Grüße \"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\\u00e4\"}}]}\r\r\
        data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

    #[test]
    fn every_cut_gives_the_same_pieces() {
        let mut whole = Vec::new();
        EventReader::default().feed(STREAM.as_bytes(), &mut whole).unwrap();
        assert_eq!(whole.len(), 5, "{whole:?}");
        for cut in 0..STREAM.len() {
            let (mut reader, mut pieces) = (EventReader::default(), Vec::new());
            reader.feed(&STREAM.as_bytes()[..cut], &mut pieces).unwrap();
            reader.feed(&STREAM.as_bytes()[cut..], &mut pieces).unwrap();
            assert_eq!(pieces, whole, "cut at {cut}");
        }
        let (mut reader, mut pieces) = (EventReader::default(), Vec::new());
        for byte in STREAM.as_bytes() {
            reader.feed(&[*byte], &mut pieces).unwrap();
        }
        assert_eq!(pieces, whole);
    }

    #[test]
    fn an_event_without_end_is_an_error() {
        let (mut reader, mut pieces) = (EventReader::default(), Vec::new());
        let line = format!("data: {}\n", "x".repeat(1 << 20));
        let fed = (0..10).try_for_each(|_| reader.feed(line.as_bytes(), &mut pieces));
        assert!(matches!(fed, Err(CallError::Unreadable(_))));
    }

    #[test]
    fn an_error_inside_the_stream_is_an_error() {
        let mut pieces = Vec::new();
        let error = read_event(b"{\"error\":{\"message\":\"overloaded\"}}", &mut pieces);
        assert!(matches!(error, Err(CallError::Reported(text)) if text == "overloaded"));
        assert!(matches!(
            read_event(b"{\"choices\":[{\"del", &mut pieces),
            Err(CallError::Unreadable(_))
        ));
    }
}
