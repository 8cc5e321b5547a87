//! How the operator reached us: by which address, from where, over TLS or not.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::http::header;
use ipnet::IpNet;

use crate::access::address::client_address;
use crate::domain::Origin;

pub(super) struct Doors {
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<IpNet>,
}

impl Doors {
    pub(super) fn address(&self, request: &HttpRequest) -> IpAddr {
        let peer = request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let forwarded = request.headers().get_all("x-forwarded-for");
        let forwarded: Vec<&str> = forwarded.filter_map(|value| value.to_str().ok()).collect();
        client_address(peer, forwarded.into_iter(), &self.trusted_proxies)
    }

    /// What widgets and plugins are to call: the public address, or the one that this request came to. No trailing slash.
    pub(super) fn base(&self, request: &HttpRequest) -> String {
        match &self.public_url {
            Some(url) => url.clone(),
            None => self
                .own_origin(request)
                .map_or_else(|| "http://127.0.0.1:8080".to_owned(), String::from),
        }
    }

    /// Whether the page that sent a form was one of ours. Browsers always send `Origin` with a POST.
    pub(super) fn is_own(&self, request: &HttpRequest) -> bool {
        let head = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        if head("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return false;
        }
        let Some(said) = head(header::ORIGIN.as_str()) else {
            return false;
        };
        let public = self.public_url.as_deref().and_then(origin_of);
        // Behind a proxy the scheme that we see may not be the one that the browser sees; the host is.
        let host = head(header::HOST.as_str()).unwrap_or_default();
        let same_host = ["http", "https"]
            .iter()
            .filter_map(|scheme| Origin::parse(&format!("{scheme}://{host}")).ok());
        same_host.chain(public).any(|own| own.as_str() == said)
    }

    /// Whether the browser speaks TLS, as far as can be known; then the cookie is for TLS only.
    pub(super) fn is_secure(&self, request: &HttpRequest) -> bool {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let public = self.public_url.as_deref().and_then(origin_of);
        let by_public = public.is_some_and(|public| {
            let here = host.and_then(|host| Origin::parse(&format!("https://{host}")).ok());
            Some(public) == here
        });
        by_public || self.proxy_says_https(request)
    }

    fn proxy_says_https(&self, request: &HttpRequest) -> bool {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let trusted = peer.is_some_and(|peer| self.trusted_proxies.iter().any(|net| net.contains(&peer)));
        let said = request.headers().get("x-forwarded-proto");
        trusted && said.is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
    }

    fn own_origin(&self, request: &HttpRequest) -> Option<Origin> {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        let scheme = if self.is_secure(request) { "https" } else { "http" };
        Origin::parse(&format!("{scheme}://{host}")).ok()
    }
}

fn origin_of(url: &str) -> Option<Origin> {
    let url = url::Url::parse(url).ok()?;
    Origin::parse(&url.origin().ascii_serialization()).ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn doors(public_url: Option<&str>) -> Doors {
        Doors {
            public_url: public_url.map(str::to_owned),
            trusted_proxies: ["10.0.0.0/8".parse().expect("a network")].into(),
        }
    }

    fn request(headers: &[(&'static str, &'static str)]) -> HttpRequest {
        let peer = "10.1.1.1:5".parse().expect("an address");
        let all = headers
            .iter()
            .fold(TestRequest::post(), |request, pair| request.insert_header(*pair));
        all.peer_addr(peer).to_http_request()
    }

    #[test]
    fn only_our_own_pages_post() {
        let (doors, host) = (doors(Some("https://chat.example.com/pp")), ("host", "localhost:8080"));
        for (headers, own) in [
            (vec![host, ("origin", "http://localhost:8080")], true),
            (vec![host, ("origin", "https://localhost:8080")], true),
            (vec![host, ("origin", "https://chat.example.com")], true),
            (vec![host, ("origin", "https://evil.example")], false),
            (vec![host, ("origin", "null")], false),
            (vec![host], false),
            (
                vec![
                    host,
                    ("origin", "http://localhost:8080"),
                    ("sec-fetch-site", "cross-site"),
                ],
                false,
            ),
            (vec![("host", ""), ("origin", "http://")], false),
        ] {
            assert_eq!(doors.is_own(&request(&headers)), own, "{headers:?}");
        }
    }

    #[test]
    fn tls_is_seen_by_the_public_address_or_a_trusted_proxy() {
        let public = doors(Some("https://chat.example.com"));
        assert!(public.is_secure(&request(&[("host", "chat.example.com")])));
        assert!(!public.is_secure(&request(&[("host", "127.0.0.1:8080")])));
        let bare = doors(None);
        let proxied = request(&[("host", "a.example"), ("x-forwarded-proto", "https")]);
        assert!(bare.is_secure(&proxied));
        assert_eq!(bare.base(&proxied), "https://a.example");
        assert_eq!(bare.base(&request(&[("host", "<script>")])), "http://127.0.0.1:8080");
    }
}
