//! Which request gets what.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::http::{Connection, Request};
use super::{Plan, State, audio, body, chat, embeddings};

const JSON: &str = "application/json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    model: String,
    #[serde(default)]
    tokens: Option<usize>,
}

/// Serves one connection to its end, however that comes about.
pub async fn connection(stream: TcpStream, state: State) {
    let mut connection = Connection::new(stream);
    loop {
        let request = match connection.request().await {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(error) => {
                // Said to a person who looks; whether it arrives does not matter.
                let problem = body::error(400, &error.to_string()).to_string();
                let _ = connection
                    .answer(400, JSON, &[("connection", "close")], problem.as_bytes())
                    .await;
                return;
            }
        };
        match serve(&mut connection, &state, request).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
    }
}

/// False when the connection ends with this answer.
async fn serve(connection: &mut Connection, state: &State, request: Request) -> std::io::Result<bool> {
    let parsed: Result<Value, _> = serde_json::from_slice(&request.body);
    let (status, answer) = match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/v1/chat/completions") => match parsed {
            Ok(asked) => return chat::answer(connection, state, request, asked).await,
            Err(error) => (400, body::error(400, &format!("not JSON: {error}"))),
        },
        ("POST", "/v1/audio/transcriptions") => return audio::transcribe(connection, state, request).await,
        ("POST", "/v1/audio/speech") => return audio::speak(connection, state, request).await,
        ("POST", "/v1/embeddings") => match parsed {
            Ok(asked) => return embeddings::answer(connection, state, request, asked).await,
            Err(error) => (400, body::error(400, &format!("not JSON: {error}"))),
        },
        ("GET", "/v1/models") => (200, body::models(&state.model_names())),
        ("PUT", "/control") => match plans(&request.body) {
            Ok(plans) => {
                for (model, plan) in plans {
                    state.plan(&model, plan);
                }
                (200, json!({"ok": true}))
            }
            Err(problem) => (400, body::error(400, &problem)),
        },
        ("POST", "/control/release") => match serde_json::from_slice::<Release>(&request.body) {
            Ok(release) if state.release(&release.model, release.tokens) => (200, json!({"ok": true})),
            Ok(release) => (404, body::error(404, &format!("nothing holds `{}`", release.model))),
            Err(error) => (400, body::error(400, &error.to_string())),
        },
        ("GET", "/control/requests") => (200, requests(state, &request.query)),
        ("DELETE", "/control/requests") => {
            state.log.forget();
            (200, json!({"ok": true}))
        }
        _ => (
            404,
            body::error(404, &format!("no such route: {} {}", request.method, request.path)),
        ),
    };
    connection
        .answer(status, JSON, &[], answer.to_string().as_bytes())
        .await?;
    Ok(true)
}

fn plans(body: &[u8]) -> Result<Vec<(String, Plan)>, String> {
    let plans: std::collections::BTreeMap<String, Plan> =
        serde_json::from_slice(body).map_err(|error| format!("allowed is {{\"MODEL\": {{…}}}}: {error}"))?;
    Ok(plans.into_iter().collect())
}

fn requests(state: &State, query: &str) -> Value {
    let model = query.split('&').find_map(|pair| pair.strip_prefix("model="));
    let entries = state.log.all();
    let wanted: Vec<_> = entries
        .iter()
        .filter(|entry| model.is_none_or(|model| entry.model == model))
        .collect();
    json!(wanted)
}

/// `0` is no wait at all, not a turn of the timer.
pub async fn pause(milliseconds: u64) {
    if milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
}
