//! Vectors, or the silence that was planned.

use std::io::Result;

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::http::{Connection, Request, head};
use super::plan::Fault;
use super::{State, body};

/// False when the connection ends with this answer.
pub async fn answer(connection: &mut Connection, state: &State, request: Request, asked: Value) -> Result<bool> {
    let model = asked["model"].as_str().unwrap_or_default().to_owned();
    let vectors = body::embeddings(&model, &asked);
    let number = state.log.begin(request, &model, asked);
    let (plan, _) = state.next_plan(&model);
    let (status, answer) = match plan.fault {
        Some(Fault::Status { status, .. }) => (status, body::error(status, "The fake provider was told to fail.")),
        _ => (200, vectors),
    };
    let answer = answer.to_string();
    let played = connection
        .while_client_listens(async |out| {
            if matches!(plan.fault, Some(Fault::Hang)) {
                std::future::pending::<()>().await;
            }
            let mut bytes = head(status, "application/json", &[]);
            bytes.push_str(&format!("content-length: {}\r\n\r\n", answer.len()));
            let (half, rest) = answer.split_at(answer.floor_char_boundary(answer.len() / 2));
            state.log.first_byte(number);
            out.write_all(bytes.as_bytes()).await?;
            out.write_all(half.as_bytes()).await?;
            if matches!(plan.fault, Some(Fault::Stall { .. })) {
                std::future::pending::<()>().await;
            }
            out.write_all(rest.as_bytes()).await
        })
        .await;
    match played {
        Some(Ok(())) => {
            state.log.ended(number);
            Ok(true)
        }
        None | Some(Err(_)) => {
            state.log.left(number);
            Ok(false)
        }
    }
}
