//! Fetching pages of the open web, and of nothing else: an address counts by what it resolves to when it is connected to, so that
//! neither a redirect nor a change of DNS leads to a private network.

mod address;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, StatusCode, redirect};
use texting_robots::Robot;
use url::{Host, Url};

pub use address::is_public;

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
    #[error("It leads to an address that robots.txt asks not to read.")]
    Disallowed,
    #[error("It leads from one address to the next and never ends.")]
    Circle,
    #[error("The server answered {0}.")]
    Status(StatusCode),
    /// The server asks to come back after this time.
    #[error("The server answered {0}.")]
    Busy(StatusCode, Duration),
    #[error("It has more than {} MB, and no page is so long.", MOST_BYTES / 1_048_576)]
    TooLarge,
    #[error("It took more than {} seconds.", PATIENCE.as_secs())]
    Slow,
    #[error("It cannot be fetched: {0}.")]
    Failed(String),
}

impl FetchError {
    /// The server is in trouble, or cannot be reached.
    pub fn is_of_server(&self) -> bool {
        match self {
            Self::Status(status) => status.is_server_error(),
            Self::Busy(..) | Self::Slow | Self::Failed(_) => true,
            Self::Private | Self::Elsewhere(_) | Self::Disallowed | Self::Circle | Self::TooLarge => false,
        }
    }
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
    may_reach: MayReach,
    /// What the site's robots.txt asks for, once it is known.
    pub robot: Option<Robot>,
}

/// Whether an address may be connected to.
type MayReach = fn(IpAddr) -> bool;

impl Fetcher {
    pub fn new(allow_private: bool) -> Result<Self, reqwest::Error> {
        let may_reach: MayReach = if allow_private { |_| true } else { is_public };
        Self::with(may_reach, Arc::new(SystemNames))
    }

    fn with(may_reach: MayReach, names: Arc<dyn Names>) -> Result<Self, reqwest::Error> {
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
            .dns_resolver(Arc::new(Checked { may_reach, names }))
            .build()?;
        Ok(Self {
            client,
            may_reach,
            robot: None,
        })
    }

    /// Whether robots.txt lets it be read.
    pub fn may(&self, url: &Url) -> bool {
        self.robot.as_ref().is_none_or(|robot| robot.allowed(url.as_str()))
    }

    /// Follows redirects within the site that `home` is of, and to nothing that its robots.txt asks not to read. `known`: its `ETag` and `Last-Modified` when it was fetched last.
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
                // Of where it leads elsewhere this robots.txt says nothing.
                if is_of(&url, home) && !self.may(&url) {
                    return Err(FetchError::Disallowed);
                }
                continue;
            }
            if !status.is_success() {
                return Err(match come_back(status, response.headers()) {
                    Some(wait) => FetchError::Busy(status, wait),
                    None => FetchError::Status(status),
                });
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
        match address.is_none_or(self.may_reach) {
            true => Ok(()),
            false => Err(FetchError::Private),
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

/// When a server that is busy wants to be asked again, if it says so in seconds (RFC 9110, section 10.2.3).
fn come_back(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
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

/// Tells which addresses a name has.
#[async_trait]
trait Names: Send + Sync {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|one| one.ip()).collect())
    }
}

/// Resolves names to addresses that may be reached. What it gives is what is connected to: nobody asks for the name again, so that
/// an answer that changes between a check and a connection changes nothing.
struct Checked {
    may_reach: MayReach,
    names: Arc<dyn Names>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (may_reach, names) = (self.may_reach, self.names.clone());
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await?.into_iter();
            let addresses: Vec<SocketAddr> = found.filter(|one| may_reach(*one)).map(|one| (one, 0).into()).collect();
            match addresses.is_empty() {
                true => Err(NotPublic.into()),
                false => Ok(Box::new(addresses.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests;
