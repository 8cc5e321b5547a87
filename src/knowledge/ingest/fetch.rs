//! Fetching pages of the open web, and of nothing else: an address counts by what it resolves to when it is connected to, so that
//! neither a redirect nor a change of DNS leads to a private network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, StatusCode, redirect};
use url::{Host, Url};

/// Bytes of a page.
pub const MOST_BYTES: usize = 10 * 1_024 * 1_024;
const MOST_REDIRECTS: usize = 5;
const CONNECT: Duration = Duration::from_secs(10);
/// For a whole page.
const PATIENCE: Duration = Duration::from_secs(30);

pub const AGENT: &str = "Pennypress";

/// Why a page does not come; the text is for whoever reads the log.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("It is at a private address, which is not read unless you allow it.")]
    Private,
    #[error("It leads to another site, {0}.")]
    Elsewhere(String),
    #[error("It leads from one address to the next and never ends.")]
    Circle,
    #[error("The server answered {0}.")]
    Status(StatusCode),
    #[error("It has more than {} MB, and no page is so long.", MOST_BYTES / 1_048_576)]
    TooLarge,
    #[error("It took more than {} seconds.", PATIENCE.as_secs())]
    Slow,
    #[error("It cannot be fetched: {0}.")]
    Failed(String),
}

/// A page, or that it has not changed.
pub struct Page {
    pub url: Url,
    /// `None`: it is as it was.
    pub body: Option<Vec<u8>>,
    pub kind: String,
    pub etag: String,
    pub last_modified: String,
}

pub struct Fetcher {
    client: Client,
    allow_private: bool,
}

impl Fetcher {
    pub fn new(allow_private: bool) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent(concat!(
                "Pennypress/",
                env!("CARGO_PKG_VERSION"),
                " (reads this site's sitemap for its own support chat)"
            ))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            // A proxy would resolve names itself, and its answer could not be checked.
            .no_proxy()
            .dns_resolver(Arc::new(PublicOnly { allow_private }))
            .build()?;
        Ok(Self { client, allow_private })
    }

    /// Follows redirects within the site that `home` is of. `known`: its `ETag` and `Last-Modified` when it was fetched last.
    pub async fn fetch(&self, url: &Url, home: &Url, known: Option<(&str, &str)>) -> Result<Page, FetchError> {
        let mut url = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            self.check(&url, home)?;
            let mut request = self.client.get(url.clone());
            let (etag, since) = known.unwrap_or_default();
            for (name, value) in [(header::IF_NONE_MATCH, etag), (header::IF_MODIFIED_SINCE, since)] {
                if !value.is_empty() {
                    request = request.header(name, value);
                }
            }
            let response = request.send().await.map_err(|error| told(&error))?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED && known.is_some() {
                return Ok(page(url, None, response.headers()));
            }
            if status.is_redirection() {
                let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
                let to = to.and_then(|to| url.join(to).ok());
                url = to.ok_or(FetchError::Status(status))?;
                continue;
            }
            if !status.is_success() {
                return Err(FetchError::Status(status));
            }
            let headers = response.headers().clone();
            let body = bounded(response).await?;
            return Ok(page(url, Some(body), &headers));
        }
        Err(FetchError::Circle)
    }

    /// One host; and an address that stands there in figures is not resolved, so it is checked here.
    fn check(&self, url: &Url, home: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") || bare(url) != bare(home) {
            return Err(FetchError::Elsewhere(url.host_str().unwrap_or(url.scheme()).to_owned()));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        match address.is_some_and(|address| !is_public(address)) && !self.allow_private {
            true => Err(FetchError::Private),
            false => Ok(()),
        }
    }
}

/// The host without `www.`, which many sites have both with and without; and the port if it is none of the web's.
fn bare(url: &Url) -> (String, Option<u16>) {
    let host = url.host_str().unwrap_or_default();
    (host.strip_prefix("www.").unwrap_or(host).to_owned(), url.port())
}

/// Whether a URL is of the site.
pub fn is_of(url: &Url, home: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && bare(url) == bare(home)
}

fn page(url: Url, body: Option<Vec<u8>>, headers: &HeaderMap) -> Page {
    let said = |name: header::HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().chars().take(300).collect::<String>()
    };
    Page {
        url,
        body,
        kind: said(header::CONTENT_TYPE).to_ascii_lowercase(),
        etag: said(header::ETAG),
        last_modified: said(header::LAST_MODIFIED),
    }
}

async fn bounded(response: reqwest::Response) -> Result<Vec<u8>, FetchError> {
    if response
        .content_length()
        .is_some_and(|length| length > MOST_BYTES as u64)
    {
        return Err(FetchError::TooLarge);
    }
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    // What is packed is counted as it unfolds.
    while let Some(part) = stream.next().await {
        let part = part.map_err(|error| told(&error))?;
        if body.len() + part.len() > MOST_BYTES {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

fn told(error: &reqwest::Error) -> FetchError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    let mut last = String::new();
    while let Some(one) = cause {
        if one.downcast_ref::<NotPublic>().is_some() {
            return FetchError::Private;
        }
        last = one.to_string();
        cause = one.source();
    }
    match error.is_timeout() {
        true => FetchError::Slow,
        false => FetchError::Failed(last),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the name leads to a private address")]
struct NotPublic;

/// Resolves names to public addresses only. What it gives is what is connected to.
struct PublicOnly {
    allow_private: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.filter(|one| allow_private || is_public(one.ip())).collect();
            match addresses.is_empty() {
                true => Err(NotPublic.into()),
                false => Ok(Box::new(addresses.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether an address is of the open internet: none of the blocks that IANA keeps for special purposes
/// (https://www.iana.org/assignments/iana-ipv4-special-registry and its counterpart for IPv6).
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let relay = a == 192 && b == 88 && c == 99;
    let benchmark = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || shared
        || protocol
        || relay
        || benchmark)
}

/// Global unicast (2000::/3) without documentation, and no way round through an IPv4 address that is put into an IPv6 one.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let [.., high, low] = address.segments();
    let embedded = || {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (first, second) {
        (0x64, 0xff9b) => embedded(),
        (0x2002, _) | (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        _ => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_internet_is_public() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().expect("an address")), "{address}");
        }
        for address in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(address.parse().expect("an address")), "{address}");
        }
    }

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
}
