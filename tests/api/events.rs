//! Server-sent events, read as a browser reads them (WHATWG HTML, section 9.2.6).

use std::time::Instant;

use serde_json::Value;

use crate::provider::PATIENCE;

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: String,
    /// When its last byte was read.
    pub at: Instant,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

/// A response that is read event by event. Dropping it closes the connection, as a visitor who leaves does.
pub struct Events {
    response: reqwest::Response,
    buffer: Vec<u8>,
    last_id: String,
    /// Comment lines seen so far.
    pub comments: usize,
    /// Everything that was read, for tests that compare bytes.
    pub raw: Vec<u8>,
}

impl Events {
    pub fn new(response: reqwest::Response) -> Self {
        Self {
            response,
            buffer: Vec::new(),
            last_id: String::new(),
            comments: 0,
            raw: Vec::new(),
        }
    }

    /// The next event; `None` at the proper end. A connection that breaks is an error.
    pub async fn try_next(&mut self) -> Result<Option<Event>, reqwest::Error> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                let block = String::from_utf8(block).expect("events are UTF-8");
                if let Some(event) = self.read(&block) {
                    return Ok(Some(event));
                }
            }
            match self.response.chunk().await? {
                Some(bytes) => {
                    self.raw.extend_from_slice(&bytes);
                    self.buffer.extend_from_slice(&bytes);
                }
                // Half an event at the end is dropped, as browsers do.
                None => return Ok(None),
            }
        }
    }

    fn read(&mut self, block: &str) -> Option<Event> {
        let (mut name, mut data) = (String::new(), Vec::new());
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match field {
                "" if line.starts_with(':') => self.comments += 1,
                "event" => name = value,
                "data" => data.push(value),
                "id" => self.last_id = value,
                _ => {}
            }
        }
        (!data.is_empty()).then(|| Event {
            name,
            id: self.last_id.clone(),
            data: data.join("\n"),
            at: Instant::now(),
        })
    }

    pub async fn next(&mut self) -> Option<Event> {
        let event = tokio::time::timeout(PATIENCE, self.try_next())
            .await
            .expect("an event in time")
            .expect("an unbroken stream");
        if event.is_none() {
            let rest = String::from_utf8_lossy(&self.buffer);
            assert!(rest.trim().is_empty(), "half an event at the end: {rest}");
        }
        event
    }

    pub async fn rest(mut self) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            all.push(event);
        }
        all
    }
}
