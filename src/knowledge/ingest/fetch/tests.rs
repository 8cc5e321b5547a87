use std::collections::VecDeque;
use std::net::Ipv4Addr;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn a_name_that_leads_home_is_not_connected_to() {
    let fetcher = Fetcher::new(false).expect("a client");
    for url in [
        "http://localhost:9/",
        "http://127.0.0.1:9/",
        "http://[::1]:9/",
        "http://2130706433:9/",
        "http://0x7f.1:9/",
    ] {
        let url = Url::parse(url).expect("an address");
        let result = fetcher.fetch(&url, &url, None).await;
        assert!(matches!(result, Err(FetchError::Private)), "{url}: {:?}", result.err());
    }
}

/// Stands for the open internet, and for the private network, in these tests.
const OPEN: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));
const HIDDEN: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A name server that says something else each time, and at last the same again and again.
struct Changing(Mutex<VecDeque<Vec<IpAddr>>>);

#[async_trait]
impl Names for Changing {
    async fn addresses(&self, _name: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock();
        let next = answers.pop_front().expect("no more look-ups than connections");
        Ok(next)
    }
}

fn changing(answers: &[&[IpAddr]]) -> (Fetcher, Arc<Changing>) {
    let names = Arc::new(Changing(Mutex::new(answers.iter().map(|one| one.to_vec()).collect())));
    let fetcher = Fetcher::with(|address| address == OPEN, names.clone()).expect("a client");
    (fetcher, names)
}

/// Two servers on one port of two addresses: the open one redirects `/moved` to `/`, and both say who they are. Each connection
/// is closed after its answer. Gives the port, and who was connected to.
async fn servers() -> (u16, Arc<Mutex<Vec<IpAddr>>>) {
    let open = TcpListener::bind((OPEN, 0)).await.expect("a port");
    let port = open.local_addr().expect("an address").port();
    let hidden = TcpListener::bind((HIDDEN, port)).await.expect("the same port");
    let reached: Arc<Mutex<Vec<IpAddr>>> = Arc::default();
    for (listener, address) in [(open, OPEN), (hidden, HIDDEN)] {
        let reached = reached.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                reached.lock().push(address);
                let mut request = vec![0; 4_096];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let answer = match request[..length].starts_with(b"GET /moved ") {
                    true => "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n".to_owned(),
                    false => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", address.to_string().len()),
                };
                let body = if answer.contains("302") {
                    String::new()
                } else {
                    address.to_string()
                };
                // A caller who has gone wants no answer.
                let _ = stream
                    .write_all(format!("{answer}connection: close\r\n\r\n{body}").as_bytes())
                    .await;
            }
        });
    }
    (port, reached)
}

fn address(port: u16, path: &str) -> Url {
    Url::parse(&format!("http://site.example:{port}{path}")).expect("an address")
}

#[tokio::test]
async fn a_name_that_changes_in_the_middle_of_a_crawl_leads_nowhere() {
    let (port, reached) = servers().await;
    let (fetcher, names) = changing(&[&[OPEN], &[HIDDEN], &[OPEN]]);
    let home = address(port, "/");
    let page = fetcher.fetch(&home, &home, None).await.expect("a page");
    assert_eq!(page.body.as_deref(), Some(b"127.0.0.1".as_slice()));
    let next = fetcher.fetch(&address(port, "/next"), &home, None).await;
    assert!(matches!(next, Err(FetchError::Private)), "{:?}", next.err());
    // When the name is good again, the crawl goes on.
    fetcher.fetch(&home, &home, None).await.expect("a page");
    assert_eq!(*reached.lock(), [OPEN, OPEN]);
    assert!(names.0.lock().is_empty());
}

#[tokio::test]
async fn a_name_that_changes_between_a_redirect_and_its_target_leads_nowhere() {
    let (port, reached) = servers().await;
    let (fetcher, _) = changing(&[&[OPEN], &[HIDDEN]]);
    let moved = fetcher.fetch(&address(port, "/moved"), &address(port, "/"), None).await;
    assert!(matches!(moved, Err(FetchError::Private)), "{:?}", moved.err());
    assert_eq!(*reached.lock(), [OPEN]);
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let (port, reached) = servers().await;
    // One look-up a connection: were the name asked for again after the check, there would be no answer left. Of several addresses
    // only those that may be reached are tried, whatever stands first.
    let (fetcher, names) = changing(&[&[HIDDEN, OPEN]]);
    let home = address(port, "/");
    let page = fetcher.fetch(&home, &home, None).await.expect("a page");
    assert_eq!(page.body.as_deref(), Some(b"127.0.0.1".as_slice()));
    assert_eq!(*reached.lock(), [OPEN]);
    assert!(names.0.lock().is_empty());
}

#[tokio::test]
async fn without_the_check_a_changed_name_would_lead_to_the_hidden_server() {
    let (port, reached) = servers().await;
    let names = Arc::new(Changing(Mutex::new(VecDeque::from([vec![HIDDEN]]))));
    let fetcher = Fetcher::with(|_| true, names).expect("a client");
    let home = address(port, "/");
    fetcher.fetch(&home, &home, None).await.expect("a page");
    assert_eq!(*reached.lock(), [HIDDEN]);
}
