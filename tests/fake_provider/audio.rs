//! Speech in and out. A recording is written down as the planned text; a text is spoken as its own bytes, so that a test can
//! tell what was said.

use std::io::Result;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::http::{Connection, Request, head};
use super::plan::{Fault, Plan};
use super::routes::pause;
use super::{State, body};

const JSON: &str = "application/json";
/// The start of every recording, as MP3 files begin.
const SPEECH: &[u8] = b"ID3";

/// False when the connection ends with this answer.
pub async fn transcribe(connection: &mut Connection, state: &State, request: Request) -> Result<bool> {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let field = |name: &str| {
        let (_, rest) = text.split_once(&format!("name=\"{name}\"\r\n"))?;
        let (_, value) = rest.split_once("\r\n")?;
        value.split("\r\n").next().map(str::to_owned)
    };
    let model = field("model").unwrap_or_default();
    let number = state.log.begin(request, &model, Value::Null);
    let (plan, _) = state.next_plan(&model);
    let said = plan.tokens(&Value::Null).concat();
    state.log.first_byte(number);
    let format = field("response_format");
    let (status, kind, answer) = match (failing(&plan), format.as_deref()) {
        (Some(status), _) => (
            status,
            JSON,
            body::error(status, "The fake provider was told to fail.").to_string(),
        ),
        (None, Some("text")) => (200, "text/plain; charset=utf-8", format!("{said}\n")),
        (None, _) => {
            let usage = json!({"type": "duration", "seconds": 90});
            (200, JSON, json!({"text": said, "usage": usage}).to_string())
        }
    };
    connection.answer(status, kind, &[], answer.as_bytes()).await?;
    state.log.ended(number);
    Ok(true)
}

/// In pieces, as they are made.
pub async fn speak(connection: &mut Connection, state: &State, request: Request) -> Result<bool> {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let model = asked["model"].as_str().unwrap_or_default().to_owned();
    let number = state.log.begin(request, &model, asked.clone());
    let (plan, _) = state.next_plan(&model);
    if let Some(status) = failing(&plan) {
        let problem = body::error(status, "The fake provider was told to fail.").to_string();
        connection.answer(status, JSON, &[], problem.as_bytes()).await?;
        return Ok(true);
    }
    let said = [SPEECH, asked["input"].as_str().unwrap_or_default().as_bytes()].concat();
    let cut_after = match plan.fault {
        Some(Fault::Cut { after }) => Some(after),
        _ => None,
    };
    let played = connection
        .while_client_listens(async |out| {
            let head = head(200, "audio/mpeg", &[]) + "transfer-encoding: chunked\r\n\r\n";
            state.log.first_byte(number);
            out.write_all(head.as_bytes()).await?;
            for (sent, piece) in said.chunks(16).enumerate() {
                if cut_after == Some(sent) {
                    return Ok(false);
                }
                state.log.token(number);
                let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
                out.write_all(&chunk).await?;
                pause(plan.between_tokens_ms).await;
            }
            out.write_all(b"0\r\n\r\n").await?;
            Ok(true)
        })
        .await;
    match played {
        Some(Ok(stays_open)) => {
            state.log.ended(number);
            Ok(stays_open)
        }
        Some(Err(error)) => Err(error),
        None => {
            state.log.left(number);
            Ok(false)
        }
    }
}

fn failing(plan: &Plan) -> Option<u16> {
    match plan.fault {
        Some(Fault::Status { status, .. }) => Some(status),
        _ => None,
    }
}
