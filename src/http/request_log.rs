//! What every request passes, in one step: it is counted as being answered, or refused when the service is about to stop, and its
//! answer gets an id. One line and one count are written when its last byte is sent or its reader has left.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpRequest, ResponseError};
use hashbrown::HashMap;
use prometheus::IntCounter;

use super::in_flight::InFlight;
use super::problem::Problem;
use crate::telemetry::Metrics;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// What one worker counts requests with.
pub struct Counting {
    in_flight: InFlight,
    metrics: Metrics,
    /// Those counted before, by path and status: of paths only that are routes as they stand, which are few.
    counters: RefCell<HashMap<String, Vec<(u16, IntCounter)>>>,
}

impl Counting {
    pub fn new(in_flight: InFlight, metrics: Metrics) -> Rc<Self> {
        Rc::new(Self {
            in_flight,
            metrics,
            counters: RefCell::default(),
        })
    }

    fn count(&self, asked: &Asked, status: u16) {
        let mut counters = self.counters.borrow_mut();
        let of_path = counters.get(asked.path());
        if let Some((_, counter)) = of_path.and_then(|all| all.iter().find(|(counted, _)| *counted == status)) {
            return counter.inc();
        }
        let route = asked.route();
        let counter = self.metrics.http_requests(route.as_deref().unwrap_or("none"), status);
        counter.inc();
        if let Some(route) = route.filter(|route| route == asked.path()) {
            counters.entry(route).or_default().push((status, counter));
        }
    }
}

/// A request that is being answered.
struct Entered(Rc<Counting>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.in_flight.leave();
    }
}

/// For `App::wrap(from_fn(…))` with the worker's counters in a closure.
pub async fn log_request(
    counting: Rc<Counting>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<Logged>, Error> {
    let began = Instant::now();
    let id = request_id(&request);
    let entered = counting.in_flight.enter().then(|| Entered(counting.clone()));
    let mut response = match &entered {
        Some(_) => next.call(request).await?,
        None => request.into_response(refusal()),
    };
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    let mut line = Line {
        asked: Asked::Request(response.request().clone()),
        status: response.status().as_u16(),
        counting,
        id,
        began,
        bytes: 0,
        whole: false,
        _entered: entered,
    };
    Ok(response.map_body(|_, body| {
        // A body without bytes is never asked for any.
        line.whole = matches!(body.size(), BodySize::None | BodySize::Sized(0));
        Logged { body, line }
    }))
}

fn refusal() -> actix_web::HttpResponse {
    let mut refusal = Problem::unavailable("The service is about to stop.").error_response();
    refusal
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    refusal
}

/// The caller's id, when it can stand in a log as it is; otherwise a new one.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let plain = |id: &&HeaderValue| {
        (1..=64).contains(&id.len())
            && id
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    match request.headers().get(REQUEST_ID).filter(plain) {
        Some(id) => id.clone(),
        None => {
            let mut text = [0; uuid::fmt::Simple::LENGTH];
            let text = uuid::Uuid::new_v4().simple().encode_lower(&mut text);
            // Hexadecimal digits are always allowed in a header.
            HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
        }
    }
}

/// A response's body, watched to its end.
pub struct Logged {
    body: BoxBody,
    line: Line,
}

struct Line {
    asked: Asked,
    status: u16,
    counting: Rc<Counting>,
    id: HeaderValue,
    began: Instant,
    bytes: u64,
    whole: bool,
    _entered: Option<Entered>,
}

/// What is told of a request.
enum Asked {
    Request(HttpRequest),
    /// Of an answer that takes its time: a request with its headers is 7 KB, and thousands wait at once.
    Words {
        method: Method,
        path: Box<str>,
        route: Option<String>,
    },
}

impl Asked {
    fn method(&self) -> &Method {
        match self {
            Asked::Request(request) => request.method(),
            Asked::Words { method, .. } => method,
        }
    }

    /// Without the query, and as sent: percent-encoded, so it cannot break the line.
    fn path(&self) -> &str {
        match self {
            Asked::Request(request) => request.path(),
            Asked::Words { path, .. } => path,
        }
    }

    fn route(&self) -> Option<String> {
        match self {
            Asked::Request(request) => request.match_pattern(),
            Asked::Words { route, .. } => route.clone(),
        }
    }

    fn let_go(&mut self) {
        if let Asked::Request(_) = self {
            *self = Asked::Words {
                method: self.method().clone(),
                path: self.path().into(),
                route: self.route(),
            };
        }
    }
}

impl MessageBody for Logged {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let size = self.body.size();
        let polled = Pin::new(&mut self.body).poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => {
                self.line.bytes += bytes.len() as u64;
                // What has a length is not always asked for its end.
                self.line.whole |= matches!(size, BodySize::Sized(all) if all <= self.line.bytes);
            }
            Poll::Ready(None) => self.line.whole = true,
            Poll::Ready(Some(Err(_))) => {}
            Poll::Pending => self.line.asked.let_go(),
        }
        polled
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.counting.count(&self.asked, self.status);
        let whole = self.whole || self.asked.method() == Method::HEAD;
        tracing::info!(
            method = self.asked.method().as_str(),
            path = self.asked.path(),
            status = self.status,
            // To the microsecond.
            ms = self.began.elapsed().as_micros() as f64 / 1000.0,
            bytes = self.bytes,
            id = self.id.to_str().unwrap_or("none"),
            aborted = (!whole).then_some(true),
            "request"
        );
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, HttpResponse, web};

    use super::*;

    #[actix_web::test]
    async fn a_request_is_counted_by_its_route_and_keeps_a_good_id() {
        let metrics = Metrics::new().expect("names differ");
        let counting = Counting::new(InFlight::default(), metrics.clone());
        let app = App::new()
            .wrap(from_fn(move |request, next| {
                log_request(counting.clone(), request, next)
            }))
            .route("/a/{b}", web::get().to(|| async { HttpResponse::Ok().body("bytes") }))
            .route("/a", web::get().to(HttpResponse::Ok));
        let app = init_service(app).await;
        for (sent, kept) in [
            ("good-id_1.x", true),
            ("bad id", false),
            ("", false),
            (&"x".repeat(65), false),
        ] {
            let request = TestRequest::get()
                .uri("/a/1?secret=2")
                .insert_header((REQUEST_ID, sent))
                .to_request();
            let response = call_service(&app, request).await;
            let id = response
                .headers()
                .get(REQUEST_ID)
                .expect("an id")
                .to_str()
                .expect("plain")
                .to_owned();
            assert_eq!(id == sent, kept, "{sent}");
            assert!(kept || id.len() == 32, "{id}");
            assert_eq!(read_body(response).await, "bytes");
        }
        for path in ["/unknown", "/a", "/a?b", "/a"] {
            drop(call_service(&app, TestRequest::get().uri(path).to_request()).await);
        }
        let text = metrics.render();
        assert!(
            text.contains("http_requests_total{route=\"/a/{b}\",status=\"2xx\"} 4"),
            "{text}"
        );
        assert!(
            text.contains("http_requests_total{route=\"none\",status=\"4xx\"} 1"),
            "{text}"
        );
        assert!(
            text.contains("http_requests_total{route=\"/a\",status=\"2xx\"} 3"),
            "{text}"
        );
    }
}
