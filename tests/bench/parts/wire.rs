//! What a bench's own provider needs of HTTP/1.1, on a bare socket, so that it takes as little of the machine as can be.

use tokio::io::{AsyncRead, AsyncReadExt};

/// What a stream of events begins with.
pub const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// Reads a request into `buffer`; false when the other side has closed.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    buffer.clear();
    while !is_whole_request(buffer) {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_whole_request(bytes: &[u8]) -> bool {
    let Some(head) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return false;
    };
    let text = std::str::from_utf8(&bytes[..head])
        .unwrap_or_default()
        .to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|value| value.trim().parse().ok()).unwrap_or(0);
    bytes.len() >= head + 4 + length
}

/// An event of a chat completion, as a chunk of the body.
pub fn event(delta: &str, finish: &str) -> String {
    chunk(&format!(
        "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench\",\
         \"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n"
    ))
}

pub fn usage(prompt: usize, completion: usize) -> String {
    let all = prompt + completion;
    chunk(&format!(
        "data: {{\"id\":\"chatcmpl-bench\",\"choices\":[],\"usage\":{{\"prompt_tokens\":{prompt},\
         \"completion_tokens\":{completion},\"total_tokens\":{all}}}}}\n\n"
    ))
}

/// The last event, and the end of the body.
pub fn done() -> String {
    chunk("data: [DONE]\n\n") + "0\r\n\r\n"
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}
