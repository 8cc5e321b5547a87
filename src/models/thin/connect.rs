//! How a connection to a provider is made: straight or through the proxy that the environment names, encrypted or not.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{self, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use reqwest::header::HeaderValue;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tower_service::Service;

use super::idle::Connection;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A connection whose other side is silent is asked after this, and every time after as much again, whether it is still there.
const SILENCE: Duration = Duration::from_secs(15);
const PROBES: u32 = 3;
/// What was sent must be acknowledged within this (tcp(7), TCP_USER_TIMEOUT).
#[cfg(target_os = "linux")]
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(30);

/// What all providers' connections are made with.
pub struct Ways {
    timeout: Duration,
    tcp: HttpConnector,
    /// Made at the first need, since reading the certificates that the machine trusts takes a while.
    tls: OnceLock<Arc<ClientConfig>>,
    proxies: Matcher,
}

/// Where requests go.
pub struct Goal {
    pub uri: http::Uri,
    proxy: Option<Intercept>,
}

impl Goal {
    /// An encrypted connection goes through a proxy unseen; other requests are told it whole (RFC 9112, section 3.2.2).
    pub fn plain_proxy(&self) -> Option<&Intercept> {
        self.proxy.as_ref().filter(|_| !is_encrypted(&self.uri))
    }

    pub fn proxy_authorization(&self) -> Option<&HeaderValue> {
        self.plain_proxy().and_then(Intercept::basic_auth)
    }
}

impl Ways {
    /// `timeout` is for a whole connection with its encryption.
    pub fn new(timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_keepalive(Some(SILENCE));
        tcp.set_keepalive_interval(Some(SILENCE));
        tcp.set_keepalive_retries(Some(PROBES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(ACKNOWLEDGED_WITHIN));
        Self {
            timeout,
            tcp,
            tls: OnceLock::new(),
            proxies: Matcher::from_env(),
        }
    }

    pub fn goal(&self, uri: http::Uri) -> Goal {
        Goal {
            proxy: self.proxies.intercept(&uri),
            uri,
        }
    }

    pub async fn connect(&self, goal: &Goal) -> Result<Connection, Failure> {
        let connecting = async {
            match (&goal.proxy, goal.plain_proxy()) {
                (None, _) => self.open(self.tcp.clone(), &goal.uri).await,
                (_, Some(proxy)) => self.open(self.tcp.clone(), proxy.uri()).await,
                (Some(proxy), None) => self.open(self.tunnel(proxy)?, &goal.uri).await,
            }
        };
        let connected = tokio::time::timeout(self.timeout, connecting).await;
        connected.map_err(|_| "the connection took too long")?
    }

    fn tunnel(&self, proxy: &Intercept) -> Result<Tunnel<HttpsConnector<HttpConnector>>, Failure> {
        let to_proxy = HttpsConnector::from((self.tcp.clone(), self.tls()?));
        let tunnel = Tunnel::new(proxy.uri().clone(), to_proxy);
        Ok(match proxy.basic_auth() {
            Some(authorization) => tunnel.with_auth(authorization.clone()),
            None => tunnel,
        })
    }

    /// A connection by `way`, encrypted when the address says so. It is boxed, as what encryption needs is large and not every
    /// connection has it.
    async fn open<W>(&self, mut way: W, uri: &http::Uri) -> Result<Connection, Failure>
    where
        W: Service<http::Uri, Error: Into<Failure>, Future: Send + 'static>,
        W::Response: connect::Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    {
        if !is_encrypted(uri) {
            let stream = way.call(uri.clone()).await.map_err(Into::into)?;
            return Ok(Box::new(TokioIo::new(stream)));
        }
        match HttpsConnector::from((way, self.tls()?)).call(uri.clone()).await? {
            MaybeHttpsStream::Http(stream) => Ok(Box::new(TokioIo::new(stream))),
            MaybeHttpsStream::Https(stream) => Ok(Box::new(stream.into_inner())),
        }
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Ok(self.tls.get_or_init(|| Arc::new(config)).clone())
    }
}

fn is_encrypted(uri: &http::Uri) -> bool {
    uri.scheme() == Some(&http::uri::Scheme::HTTPS)
}
