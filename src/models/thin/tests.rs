use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::models::error::CallError;

/// A provider that listens, and a client of it.
async fn pair() -> (TcpListener, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1/x?y=1", listener.local_addr().unwrap());
    let ways = Arc::new(Ways::new(Duration::from_secs(5)));
    (listener, Client::new(ways, address.parse().unwrap()))
}

/// Reads a request with the body `{}`.
async fn request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n{}") {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "it was closed");
    }
    String::from_utf8(read).unwrap()
}

async fn whole(mut body: Body) -> Result<String, CallError> {
    let mut read = Vec::new();
    let mut take = |piece: &[u8]| {
        read.extend_from_slice(piece);
        Ok(())
    };
    while body.read(&mut take).await? {}
    Ok(String::from_utf8(read).unwrap())
}

#[tokio::test]
async fn a_connection_is_used_again_once_its_body_is_whole() {
    let (listener, client) = pair().await;
    let provider = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            let asked = request(&mut stream).await;
            assert!(
                asked.starts_with("POST /v1/x?y=1 HTTP/1.1\r\nhost: 127.0.0.1:"),
                "{asked}"
            );
            assert!(asked.contains("\r\nauthorization: Bearer key\r\n"), "{asked}");
            // Each byte by itself, behind two heads that only promise the real one.
            let reply = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n\
                HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n4\r\n two\r\n0\r\n\r\n";
            for byte in reply.bytes() {
                stream.write_all(&[byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    let key = HeaderValue::from_static("Bearer key");
    for _ in 0..2 {
        let reply = client.post(Some(&key), b"{}").await.unwrap();
        assert_eq!(
            (reply.status, whole(reply.body).await.unwrap().as_str()),
            (200, "one two")
        );
    }
    provider.await.unwrap();
}

#[tokio::test]
async fn who_leaves_at_the_last_word_leaves_a_good_connection() {
    let (listener, client) = pair().await;
    let (left, leaves) = tokio::sync::oneshot::channel();
    let provider = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        let reply = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nword\r\n";
        stream.write_all(reply).await.unwrap();
        leaves.await.unwrap();
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        stream
    });
    let mut body = client.post(None, b"{}").await.unwrap().body;
    let mut read = 0;
    while read < 4 {
        let mut take = |piece: &[u8]| {
            read += piece.len();
            Ok(())
        };
        assert!(body.read(&mut take).await.unwrap());
    }
    assert!(client.idle.take().is_none(), "it is still being read");
    left.send(()).unwrap();
    let _open = provider.await.unwrap();
    // The runtime hears of the last bytes.
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(body);
    assert!(client.idle.take().is_some());
}

#[tokio::test]
async fn one_that_was_closed_meanwhile_is_not_used() {
    let (listener, client) = pair().await;
    let provider = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            request(&mut stream).await;
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(reply).await.unwrap();
        }
    });
    for _ in 0..2 {
        let reply = client.post(None, b"{}").await.unwrap();
        assert_eq!(whole(reply.body).await.unwrap(), "ok");
        // The provider closes it after its answer.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    provider.await.unwrap();
}

#[tokio::test]
async fn a_body_that_breaks_off_is_broken() {
    let (listener, client) = pair().await;
    let replies = [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\none",
        "HTTP/1.1 200 OK\r\n\r\none",
        "HTTP/1.1 200 OK\r\ntransf",
    ];
    let provider = tokio::spawn(async move {
        for reply in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            request(&mut stream).await;
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    for _ in 0..2 {
        let reply = client.post(None, b"{}").await.unwrap();
        assert!(matches!(whole(reply.body).await, Err(CallError::Broken(_))));
    }
    // Without a length the end of the connection is the end of the body.
    let reply = client.post(None, b"{}").await.unwrap();
    assert_eq!(whole(reply.body).await.unwrap(), "one");
    let failed = client.post(None, b"{}").await.err().unwrap();
    assert!(failed.contains("closed before the answer"), "{failed}");
    provider.await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_heard_before_all_is_sent() {
    let (listener, client) = pair().await;
    let provider = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut some = [0; 100];
        stream.read_exact(&mut some).await.unwrap();
        let reply = b"HTTP/1.1 413 Too Large\r\ncontent-length: 9\r\n\r\ntoo large";
        stream.write_all(reply).await.unwrap();
        // What is left of the request stays unread until the client has gone.
        stream.readable().await.unwrap();
        let (mut again, _) = listener.accept().await.unwrap();
        request(&mut again).await;
        again.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        stream
    });
    let large = vec![b'x'; 32 << 20];
    let reply = client.post(None, &large).await.unwrap();
    assert_eq!((reply.status, reply.body.start(3).await), (413, b"too".to_vec()));
    let reply = client.post(None, b"{}").await.unwrap();
    assert_eq!((reply.status, whole(reply.body).await.unwrap().as_str()), (204, ""));
    provider.await.unwrap();
}

#[test]
fn an_address_may_hold_a_user() {
    let address = Url::parse("https://us%65r:pa%3Ass@models.example/v1").unwrap();
    assert_eq!(authorization_in(&address).unwrap(), "Basic dXNlcjpwYTpzcw==");
    let ways = Arc::new(Ways::new(Duration::from_secs(1)));
    let client = Client::new(ways, address);
    assert_eq!(client.goal.unwrap().uri, "https://models.example/v1");
}
