//! Who calls: a browser on a page of the site, or the site's plugin, which signs.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::access::address::client_address;
use crate::access::signature::{self, REPLAY_WINDOW, SignatureError, Signed};
use crate::access::sites::{Sites, allows};
use crate::access::visitor::VisitorTokens;
use crate::domain::{Secret, Site, VisitorId};
use crate::http::json;
use crate::http::problem::Problem;
use crate::limits::Limits;

const LONGEST_USER: usize = 64;

// https://www.standardwebhooks.com
static WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
static WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
static WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
static VISITOR: HeaderName = HeaderName::from_static("x-pennypress-visitor");

/// What decides who may call.
pub struct Gate {
    pub sites: Arc<Sites>,
    pub limits: Arc<dyn Limits>,
    pub tokens: VisitorTokens,
    pub trusted_proxies: Vec<IpNet>,
    /// The service's own origin, when it is set.
    pub public_origin: Option<String>,
}

/// Whether a browser must say from which page it calls. What changes something needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginRule {
    Required,
    IfSent,
}

/// A caller who may call.
pub struct Caller {
    pub site: Arc<Site>,
    pub address: IpAddr,
    /// Whose token came along.
    pub visitor: Option<VisitorId>,
    /// The WordPress user that the plugin vouches for.
    pub user: Option<String>,
    pub is_signed: bool,
}

/// What a signed body says of the visitor.
#[derive(Deserialize, Default)]
struct Vouched {
    #[serde(default)]
    ip: Option<String>,
    #[serde(default)]
    id: Option<UserId>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum UserId {
    Text(String),
    Number(u64),
}

/// The parts of a body that say who calls.
#[derive(Deserialize, Default)]
pub struct Naming<'a> {
    #[serde(default)]
    pub site: Option<String>,
    /// Read only when a signature vouches for it.
    #[serde(default, borrow)]
    pub visitor: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SiteQuery {
    site: Option<String>,
}

impl Gate {
    /// Admits a caller. The site is named by the body or by `?site=`.
    pub async fn admit(&self, request: &HttpRequest, body: &[u8], rule: OriginRule) -> Result<Caller, Problem> {
        self.admit_named(request, body, naming(body)?, rule).await
    }

    /// The same for a body of which that part was read already.
    pub async fn admit_named(
        &self,
        request: &HttpRequest,
        body: &[u8],
        naming: Naming<'_>,
        rule: OriginRule,
    ) -> Result<Caller, Problem> {
        let mut caller = self.identify(request, body, naming, rule).await?;
        if let Some(token) = token(request) {
            caller.visitor = Some(self.tokens.read(&caller.site.key, token, unix_seconds())?);
        }
        Ok(caller)
    }

    /// The same for the exchange of a token: an expired one still tells who it was, a forged one is as good as none.
    pub async fn admit_for_renewal(&self, request: &HttpRequest, body: &[u8]) -> Result<Caller, Problem> {
        let mut caller = self
            .identify(request, body, naming(body)?, OriginRule::Required)
            .await?;
        let read = |token| {
            self.tokens
                .read_for_renewal(&caller.site.key, token, unix_seconds())
                .ok()
        };
        caller.visitor = token(request).and_then(read);
        Ok(caller)
    }

    /// The site of a caller who must sign. A signed request need not name it.
    pub async fn admit_signer(&self, request: &HttpRequest, body: &[u8]) -> Result<Arc<Site>, Problem> {
        if signed(request)?.is_none() {
            return Err(SignatureError::Missing("webhook-signature").into());
        }
        let caller = self.identify(request, body, naming(body)?, OriginRule::IfSent).await?;
        Ok(caller.site)
    }

    async fn identify(
        &self,
        request: &HttpRequest,
        body: &[u8],
        naming: Naming<'_>,
        rule: OriginRule,
    ) -> Result<Caller, Problem> {
        let named = naming.site.or_else(|| {
            let query = actix_web::web::Query::<SiteQuery>::from_query(request.query_string());
            query.ok()?.into_inner().site
        });
        let signed = signed(request)?;
        let site = self.site(named.as_deref(), signed.is_some())?;
        let peer = self.address(request);
        if let Some(signed) = signed {
            return Box::pin(self.admit_signed(site, signed, body, naming.visitor, peer)).await;
        }
        let site = site.ok_or_else(Problem::unknown_site)?;
        self.check_origin(request, &site, rule)?;
        Ok(Caller {
            site,
            address: peer,
            visitor: None,
            user: None,
            is_signed: false,
        })
    }

    /// A site that is named must be there; a signed request need not name one, its secret does.
    fn site(&self, named: Option<&str>, is_signed: bool) -> Result<Option<Arc<Site>>, Problem> {
        match named {
            Some(key) => self.sites.find(key).map(Some).ok_or_else(Problem::unknown_site),
            None if is_signed => Ok(None),
            None => Err(Problem::invalid(
                "`site` is missing: name the site's key in the body or as `?site=`.",
            )),
        }
    }

    async fn admit_signed(
        &self,
        site: Option<Arc<Site>>,
        signed: Signed<'_>,
        body: &[u8],
        vouched: Option<&RawValue>,
        peer: IpAddr,
    ) -> Result<Caller, Problem> {
        let now = unix_seconds();
        let verify = |secret: &Secret| signature::verify(secret, signed, body, now);
        let site = match site {
            Some(site) => {
                verify(site.secret.as_ref().ok_or(SignatureError::NoSecret)?)?;
                site
            }
            None => {
                let signer = |site: &Arc<Site>| site.secret.as_ref().is_some_and(|secret| verify(secret).is_ok());
                self.sites.all().into_iter().find(signer).ok_or(SignatureError::Wrong)?
            }
        };
        if !self.limits.first_use(&site.key, signed.id, REPLAY_WINDOW).await {
            return Err(SignatureError::Replayed.into());
        }
        let vouched: Vouched = match vouched {
            Some(value) => serde_json::from_str(value.get())
                .map_err(|_| Problem::invalid("`visitor` must be an object with `ip` and, if signed in, `id`."))?,
            None => Vouched::default(),
        };
        let address = match vouched.ip.as_deref() {
            Some(ip) => ip
                .parse()
                .map_err(|_| Problem::invalid("`visitor.ip` is not an IP address."))?,
            None => peer,
        };
        let user = vouched.id.map(|id| match id {
            UserId::Text(text) => text.chars().take(LONGEST_USER).collect(),
            UserId::Number(number) => number.to_string(),
        });
        Ok(Caller {
            site,
            address,
            visitor: None,
            user,
            is_signed: true,
        })
    }

    fn check_origin(&self, request: &HttpRequest, site: &Site, rule: OriginRule) -> Result<(), Problem> {
        let origin = request
            .headers()
            .get(header::ORIGIN)
            .map(|value| value.to_str().unwrap_or("null"));
        match origin {
            Some(origin) if self.is_open_to(request, site, origin) => Ok(()),
            Some(_) => Err(Problem::origin_not_allowed(
                "This page's origin is not on the site's list. Add it to the site's origins in the service's settings.",
            )),
            None if rule == OriginRule::IfSent => Ok(()),
            None => Err(Problem::origin_not_allowed(
                "The request has no Origin header. Call from a page of the site, or sign the request as the plugin does.",
            )),
        }
    }

    /// Whether pages of `origin` may ask this site.
    pub fn is_open_to(&self, request: &HttpRequest, site: &Site, origin: &str) -> bool {
        allows(site, origin) || self.is_own_origin(request, origin)
    }

    /// Whether the page came from this service itself. Without a public address only a loopback host is believed, since a
    /// page of another host can be made to look like ours by its DNS.
    pub fn is_own_origin(&self, request: &HttpRequest, origin: &str) -> bool {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        self.is_own(host, origin)
    }

    pub fn is_own(&self, host: Option<&str>, origin: &str) -> bool {
        if let Some(own) = &self.public_origin {
            return own == origin;
        }
        let (Some(host), Some(said)) = (host, origin.strip_prefix("http://")) else {
            return false;
        };
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        host == said && matches!(name, "localhost" | "127.0.0.1" | "[::1]")
    }

    /// The visitor's address, as far as proxies are trusted.
    fn address(&self, request: &HttpRequest) -> IpAddr {
        let peer = request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let forwarded: Vec<&str> = request
            .headers()
            .get_all(&header::X_FORWARDED_FOR)
            .filter_map(|value| value.to_str().ok())
            .collect();
        client_address(peer, forwarded.into_iter(), &self.trusted_proxies)
    }
}

fn naming(body: &[u8]) -> Result<Naming<'_>, Problem> {
    match body.trim_ascii() {
        b"" => Ok(Naming::default()),
        body => json::read(body),
    }
}

fn signed(request: &HttpRequest) -> Result<Option<Signed<'_>>, SignatureError> {
    let header = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (id, timestamp, signatures) = (
        header(&WEBHOOK_ID),
        header(&WEBHOOK_TIMESTAMP),
        header(&WEBHOOK_SIGNATURE),
    );
    if id.is_none() && timestamp.is_none() && signatures.is_none() {
        return Ok(None);
    }
    Ok(Some(Signed {
        id: id.ok_or(SignatureError::Missing("webhook-id"))?,
        timestamp: timestamp.ok_or(SignatureError::Missing("webhook-timestamp"))?,
        signatures: signatures.ok_or(SignatureError::Missing("webhook-signature"))?,
    }))
}

/// The visitor token: in a header of our own, which passes WordPress untouched, or as a bearer token.
fn token(request: &HttpRequest) -> Option<&str> {
    let header = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    header(&VISITOR)
        .or_else(|| {
            // RFC 9110, section 11.1: a scheme is written in either case.
            let (scheme, token) = header(&header::AUTHORIZATION)?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        })
        .map(str::trim)
        .filter(|token| !token.is_empty())
}

pub fn unix_seconds() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
