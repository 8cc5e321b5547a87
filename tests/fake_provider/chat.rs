//! A chat completion, played as planned.

use std::io::Result;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::WriteHalf;
use tokio::sync::watch;

use super::http::{Connection, Request, head};
use super::log::Log;
use super::plan::{Fault, Plan, Write, text_of};
use super::routes::pause;
use super::wish::Wish;
use super::{State, body};

/// How a played answer leaves the connection.
enum Left {
    Open,
    Closed,
    /// As `Closed`, but by a reset.
    Reset,
}

pub async fn answer(connection: &mut Connection, state: &State, request: Request, asked: Value) -> Result<bool> {
    let model = asked["model"].as_str().unwrap_or_default().to_owned();
    let (plan, allowed) = state.next_plan(&model);
    let streams = asked["stream"] == true;
    let wish = Wish::of(&asked);
    let player = Player {
        number: state.log.begin(request, &model, asked.clone()),
        log: state.log.clone(),
        model,
        tokens: wish.tokens(&plan, &asked["messages"]),
        refusal: plan
            .refuses
            .iter()
            .find(|(field, _)| !asked[field.as_str()].is_null())
            .map(|(_, words)| words.clone()),
        wish,
        tells_usage: !plan.no_usage && (!streams || asked["stream_options"]["include_usage"] == true),
        prompt_tokens: plan.prompt_tokens.unwrap_or_else(|| prompt_words(&asked["messages"])),
        plan,
    };
    let played = connection
        .while_client_listens(async |out| {
            if streams {
                player.stream(out, allowed).await
            } else {
                player.whole(out, allowed).await
            }
        })
        .await;
    match played {
        None | Some(Err(_)) => {
            player.log.left(player.number);
            Ok(false)
        }
        Some(Ok(left)) => {
            player.log.ended(player.number);
            if matches!(left, Left::Reset) {
                connection.stream.set_zero_linger()?;
            }
            Ok(matches!(left, Left::Open))
        }
    }
}

fn prompt_words(messages: &Value) -> u64 {
    let messages = messages.as_array().map(Vec::as_slice).unwrap_or_default();
    messages
        .iter()
        .map(|message| body::words(&text_of(&message["content"])))
        .sum()
}

struct Player {
    plan: Plan,
    wish: Wish,
    refusal: Option<String>,
    tokens: Vec<String>,
    model: String,
    tells_usage: bool,
    prompt_tokens: u64,
    log: Log,
    number: u64,
}

impl Player {
    fn usage(&self, sent: usize) -> Value {
        body::usage(self.prompt_tokens, self.plan.completion_tokens.unwrap_or(sent as u64))
    }

    fn finish_reason(&self) -> &str {
        let usual = if self.wish.tool.is_some() { "tool_calls" } else { "stop" };
        self.plan.finish_reason.as_deref().unwrap_or(usual)
    }

    /// Faults that come instead of a head; `None`: there is none.
    async fn instead_of_head(&self, out: &mut WriteHalf<'_>) -> Result<Option<Left>> {
        if let Some(message) = &self.refusal {
            let body = body::error(400, message).to_string();
            return self.one_body(out, 400, "application/json", &[], &body).await.map(Some);
        }
        match &self.plan.fault {
            Some(Fault::Refuse) => Ok(Some(Left::Closed)),
            Some(Fault::Reset { after: None }) => Ok(Some(Left::Reset)),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Status {
                status,
                retry_after,
                message,
            }) => {
                let wait = retry_after.as_deref().map(header_value);
                let more: Vec<(&str, &str)> = wait.iter().map(|wait| ("retry-after", wait.as_str())).collect();
                let message = message.as_deref().unwrap_or("The fake provider was told to fail.");
                self.one_body(
                    out,
                    *status,
                    "application/json",
                    &more,
                    &body::error(*status, message).to_string(),
                )
                .await
                .map(Some)
            }
            Some(Fault::ContentType {
                content_type,
                body: Some(body),
            }) => self.one_body(out, 200, content_type, &[], body).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn one_body(
        &self,
        out: &mut WriteHalf<'_>,
        status: u16,
        content_type: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Result<Left> {
        let mut bytes = head(status, content_type, more);
        bytes.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        self.log.first_byte(self.number);
        out.write_all(bytes.as_bytes()).await?;
        Ok(Left::Open)
    }

    /// The answer in one JSON object. Faults that count tokens happen after half of the bytes.
    async fn whole(&self, out: &mut WriteHalf<'_>, allowed: watch::Receiver<usize>) -> Result<Left> {
        if let Some(left) = self.instead_of_head(out).await? {
            return Ok(left);
        }
        pause(self.plan.first_token_ms).await;
        for _ in 1..self.tokens.len() {
            pause(self.plan.between_tokens_ms).await;
        }
        wait_until_allowed(allowed, self.tokens.len().saturating_sub(1)).await;
        let usage = self.tells_usage.then(|| self.usage(self.tokens.len()));
        let mut body = self
            .wish
            .completion(&self.model, &self.tokens, self.finish_reason(), usage)
            .to_string();
        if matches!(self.plan.fault, Some(Fault::ErrorEvent { .. })) {
            body = body::error(500, "overloaded").to_string();
        }
        let content_type = match &self.plan.fault {
            Some(Fault::ContentType { content_type, .. }) => content_type,
            _ => "application/json",
        };
        let mut bytes = head(200, content_type, &[]);
        bytes.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let half = body.floor_char_boundary(body.len() / 2);
        self.log.first_byte(self.number);
        out.write_all(bytes.as_bytes()).await?;
        out.write_all(&body.as_bytes()[..half]).await?;
        match self.plan.fault {
            Some(Fault::Stall { .. }) => std::future::pending().await,
            Some(Fault::Cut { .. } | Fault::HalfLine { .. }) => return Ok(Left::Closed),
            Some(Fault::Reset { .. }) => return Ok(Left::Reset),
            _ => {}
        }
        out.write_all(&body.as_bytes()[half..]).await?;
        for _ in &self.tokens {
            self.log.token(self.number);
        }
        Ok(Left::Open)
    }

    async fn stream(&self, out: &mut WriteHalf<'_>, allowed: watch::Receiver<usize>) -> Result<Left> {
        if let Some(left) = self.instead_of_head(out).await? {
            return Ok(left);
        }
        let content_type = match &self.plan.fault {
            Some(Fault::ContentType { content_type, .. }) => content_type,
            _ => "text/event-stream; charset=utf-8",
        };
        let head = head(200, content_type, &[("cache-control", "no-cache")]) + "transfer-encoding: chunked\r\n\r\n";
        self.log.first_byte(self.number);
        out.write_all(head.as_bytes()).await?;
        let mut events = Events {
            out,
            plan: &self.plan,
            held: String::new(),
        };
        for index in 0..self.wish.answers {
            events.json(&self.wish.first(&self.model, index)).await?;
        }
        pause(self.plan.first_token_ms).await;
        for (sent, token) in self.tokens.iter().enumerate() {
            if let Some(left) = self.fault(&mut events, sent).await? {
                return Ok(left);
            }
            if sent > 0 {
                pause(self.plan.between_tokens_ms).await;
            }
            wait_until_allowed(allowed.clone(), sent).await;
            self.log.token(self.number);
            for index in 0..self.wish.answers {
                events.json(&self.wish.token(&self.model, index, token)).await?;
            }
        }
        if let Some(left) = self.fault(&mut events, usize::MAX).await? {
            return Ok(left);
        }
        for index in 0..self.wish.answers {
            events
                .json(&self.wish.last(&self.model, index, self.finish_reason()))
                .await?;
        }
        if self.tells_usage {
            events
                .json(&body::usage_chunk(&self.model, self.usage(self.tokens.len())))
                .await?;
        }
        if !self.plan.no_done {
            events.line("data: [DONE]\n\n").await?;
        }
        events.close().await?;
        Ok(Left::Open)
    }

    /// Plays the fault that is due after `sent` tokens, `usize::MAX` being all of them.
    async fn fault(&self, events: &mut Events<'_, '_>, sent: usize) -> Result<Option<Left>> {
        let is_due = |after: &usize| *after == sent || (sent == usize::MAX && *after >= self.tokens.len());
        match &self.plan.fault {
            Some(Fault::Stall { after }) if is_due(after) => {
                events.flush().await?;
                std::future::pending().await
            }
            Some(Fault::Cut { after }) if is_due(after) => {
                events.flush().await?;
                Ok(Some(Left::Closed))
            }
            Some(Fault::Reset { after: Some(after) }) if is_due(after) => {
                events.flush().await?;
                Ok(Some(Left::Reset))
            }
            Some(Fault::HalfLine { after }) if is_due(after) => {
                let line = body::chunk(&self.model, json!({"content": "never seen"}), None).to_string();
                events.line(&format!("data: {}", &line[..line.len() - 20])).await?;
                events.close().await?;
                Ok(Some(Left::Open))
            }
            Some(Fault::ErrorEvent { after }) if is_due(after) => {
                events.json(&body::error(500, "overloaded")).await?;
                events.close().await?;
                Ok(Some(Left::Open))
            }
            _ => Ok(None),
        }
    }
}

/// Server-sent events in HTTP chunks, written as planned.
struct Events<'a, 'b> {
    out: &'a mut WriteHalf<'b>,
    plan: &'a Plan,
    held: String,
}

impl Events<'_, '_> {
    async fn json(&mut self, value: &Value) -> Result<()> {
        if self.plan.comments {
            self.line(": still there\n\n").await?;
        }
        self.line(&format!("data: {value}\n\n")).await
    }

    async fn line(&mut self, text: &str) -> Result<()> {
        let text = if self.plan.crlf {
            text.replace('\n', "\r\n")
        } else {
            text.to_owned()
        };
        match self.plan.write {
            Write::AtOnce => {
                self.held.push_str(&text);
                Ok(())
            }
            Write::Events => self.out.write_all(&http_chunk(text.as_bytes())).await,
            Write::Bytes => {
                for byte in text.bytes() {
                    self.out.write_all(&http_chunk(&[byte])).await?;
                    // Without this the bytes would meet again in the client's receive buffer more often than not.
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
        }
    }

    async fn flush(&mut self) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return Ok(());
        }
        self.out.write_all(&http_chunk(held.as_bytes())).await
    }

    async fn close(&mut self) -> Result<()> {
        self.flush().await?;
        self.out.write_all(b"0\r\n\r\n").await
    }
}

fn http_chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

async fn wait_until_allowed(mut allowed: watch::Receiver<usize>, token: usize) {
    // The sender goes only when the model is told something else; then nothing holds this stream any longer.
    let _ = allowed.wait_for(|allowed| token < *allowed).await;
}

/// `date+N` is the HTTP date N seconds from now; everything else goes out as it stands.
fn header_value(text: &str) -> String {
    match text.strip_prefix("date+").and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds)),
        None => text.to_owned(),
    }
}
