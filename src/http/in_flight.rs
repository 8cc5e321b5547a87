//! How many requests are being answered, and the end of taking new ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, ResponseError};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::problem::Problem;

/// Counts requests from their head to the last byte of their answer. Clones count together.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Counters>);

#[derive(Default)]
struct Counters {
    requests: AtomicUsize,
    closed: AtomicBool,
}

impl InFlight {
    pub fn requests(&self) -> usize {
        self.0.requests.load(Ordering::Acquire)
    }

    /// From now on every new request is refused.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }

    fn enter(&self) -> Guard {
        self.0.requests.fetch_add(1, Ordering::AcqRel);
        Guard(self.clone())
    }
}

struct Guard(InFlight);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

/// For `App::wrap(from_fn(…))`.
pub async fn count<B: MessageBody + 'static>(
    in_flight: InFlight,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if in_flight.0.closed.load(Ordering::Acquire) {
        let mut refusal = Problem::unavailable("The service is about to stop.").error_response();
        refusal
            .headers_mut()
            .insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        return Ok(request.into_response(refusal));
    }
    let guard = in_flight.enter();
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| {
        // A body whose bytes are all there goes out with its head.
        match body.try_into_bytes() {
            Ok(bytes) => BoxBody::new(bytes),
            Err(body) => BoxBody::new(Counted {
                body: Box::pin(body),
                _guard: guard,
            }),
        }
    }))
}

struct Counted<B> {
    body: Pin<Box<B>>,
    _guard: Guard,
}

impl<B: MessageBody> MessageBody for Counted<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.body.as_mut().poll_next(context)
    }
}
