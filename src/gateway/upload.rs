//! A recording that is to be written down: `multipart/form-data` (RFC 7578), of which only the model's name is read and
//! replaced. Everything else stays as it is, byte for byte.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use reqwest::header::HeaderValue;

use super::Rejection;
use crate::domain::Usd;
use crate::models::passthrough::{Outgoing, seconds_of};
use crate::models::{Message, Model};

pub struct Upload {
    content_type: HeaderValue,
    body: Bytes,
    /// Where the model's name stands in the body.
    model_at: Range<usize>,
    pub model: String,
    /// The program wants the words as events while they are found.
    pub streams: bool,
}

/// A part: what its head says, and where its value lies.
struct Part {
    name: String,
    value: Range<usize>,
}

impl Upload {
    pub fn read(content_type: HeaderValue, body: Bytes) -> Result<Self, Rejection> {
        let told = content_type.to_str().unwrap_or_default();
        let boundary = boundary_of(told)
            .ok_or_else(|| Rejection::invalid(None, "The content type must be multipart/form-data with a boundary."))?;
        let parts = parts_of(&body, &boundary)
            .ok_or_else(|| Rejection::invalid(None, "We could not parse the form data of your request."))?;
        let find = |name: &str| parts.iter().find(|part| part.name == name);
        let text = |part: &Part| String::from_utf8_lossy(&body[part.value.clone()]).into_owned();
        if find("file").is_none() {
            return Err(Rejection::invalid(Some("file"), "You must provide a file parameter."));
        }
        let model =
            find("model").ok_or_else(|| Rejection::invalid(Some("model"), "You must provide a model parameter."))?;
        Ok(Self {
            model: text(model),
            model_at: model.value.clone(),
            streams: find("stream").is_some_and(|part| text(part).eq_ignore_ascii_case("true")),
            body: body.clone(),
            content_type,
        })
    }

    /// The length of the whole upload, in bytes.
    pub fn length(&self) -> usize {
        self.body.len()
    }
}

impl Outgoing for Upload {
    fn path(&self) -> &'static str {
        "/audio/transcriptions"
    }

    fn content_type(&self) -> HeaderValue {
        self.content_type.clone()
    }

    fn body(&self, model: &str, _: Option<&[Message; 2]>) -> Bytes {
        if self.model == model {
            return self.body.clone();
        }
        let mut body = BytesMut::with_capacity(self.body.len() + model.len());
        body.put_slice(&self.body[..self.model_at.start]);
        body.put_slice(model.as_bytes());
        body.put_slice(&self.body[self.model_at.end..]);
        body.freeze()
    }

    /// Of a model that is paid by the minute; what one that is paid by tokens will take is not known beforehand.
    fn at_most(&self, model: &Model) -> Usd {
        model.audio_cost(seconds_of(self.body.len()))
    }

    fn prompt_tokens(&self) -> u64 {
        0
    }
}

/// The `boundary` parameter (RFC 2046, section 5.1.1: 1 to 70 characters).
fn boundary_of(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value.trim())
    })?;
    let boundary = boundary.trim_matches('"');
    (1..=70).contains(&boundary.len()).then(|| boundary.to_owned())
}

/// The parts of a form; `None` when it is not one.
fn parts_of(body: &[u8], boundary: &str) -> Option<Vec<Part>> {
    let delimiter = format!("\r\n--{boundary}");
    let delimiter = delimiter.as_bytes();
    let mut parts = Vec::new();
    // The first delimiter may stand at the very beginning, without a line end before it.
    let mut at = match body.starts_with(&delimiter[2..]) {
        true => delimiter.len() - 2,
        false => find(body, delimiter, 0)? + delimiter.len(),
    };
    while !body[at..].starts_with(b"--") {
        let head = at + find(&body[at..], b"\r\n", 0)? + 2;
        let value = find(body, b"\r\n\r\n", head.checked_sub(2)?)? + 4;
        let end = find(body, delimiter, value.checked_sub(2)?)?;
        let value = value.min(end)..end;
        let head = String::from_utf8_lossy(&body[head..value.start]).into_owned();
        if let Some(name) = name_of(&head) {
            parts.push(Part { name, value });
        }
        at = end + delimiter.len();
    }
    Some(parts)
}

/// The `name` of a `Content-Disposition: form-data`.
fn name_of(head: &str) -> Option<String> {
    let line = head.split("\r\n").find(|line| {
        line.get(..20)
            .is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:"))
    })?;
    let name = line.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("name").then_some(value.trim())
    })?;
    Some(name.trim_matches('"').to_owned())
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find(bytes.get(from..)?, wanted).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b.mp3\"\r\n\
        Content-Type: audio/mpeg\r\n\r\n\u{0}\r\n--y\r\nname=\"model\"\r\n--x\r\n\
        content-disposition: form-data; name=\"model\"\r\n\r\nauto\r\n--x\r\n\
        Content-Disposition: form-data; name=\"stream\"\r\n\r\n\r\n--x--\r\n";

    fn read(kind: &'static str, body: &'static str) -> Result<Upload, Rejection> {
        Upload::read(HeaderValue::from_static(kind), Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn only_the_model_changes() {
        let upload = read("multipart/form-data; charset=x; boundary=\"x\"", FORM).expect("a form");
        assert_eq!((upload.model.as_str(), upload.streams), ("auto", false));
        assert_eq!(upload.body("auto", None), FORM);
        let sent = upload.body("whisper-1", None);
        assert_eq!(sent, FORM.replace("\r\nauto\r\n", "\r\nwhisper-1\r\n"));
    }

    #[test]
    fn what_is_no_form_is_refused_and_panics_nowhere() {
        let kind = "multipart/form-data; boundary=x";
        assert!(read("application/json", FORM).is_err());
        assert!(read("multipart/form-data", FORM).is_err());
        assert!(read("multipart/form-data; boundary=z", FORM).is_err());
        for end in 0..FORM.len() - 6 {
            let cut = FORM.get(..end).expect("ASCII");
            assert!(
                read(kind, Box::leak(cut.to_owned().into_boxed_str())).is_err(),
                "cut at {end}"
            );
        }
        assert!(read(kind, "--x--").is_err());
        assert!(read(kind, "--x\r\n--x\r\n--x--").is_err());
    }
}
