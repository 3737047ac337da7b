//! What a handler leaves unread of a body: read away before the answer goes, so that the connection stays usable.
//!
//! A connection whose request is answered before its body was read is closed behind the answer. A client that is still sending then
//! sees a broken connection and not the refusal (401, 413, 429), and one that sends its next request loses that. Bodies that are too
//! large or too slow for this end with `Connection: close`, which says the same in the open.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// Bytes that are read away at the most.
const BYTES_MAX: u64 = 64 << 20;
/// Longest time that reading them away may take.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Answers a request when nothing of its body is left.
pub(crate) async fn drained(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // A client that waits for leave to send its body sends none to a refusal.
    let waits = request.headers().contains_key(header::EXPECT);
    let left = Arc::new(Left::default());
    let request = request.map(|body| Body::new(Lent { body: Some(body), left: Arc::clone(&left) }));
    let mut response = next.run(request).await;
    if let Some(body) = left.take()
        && (waits || !read_away(body).await)
    {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether a body came to its end within the limits.
async fn read_away(body: Body) -> bool {
    if body.size_hint().lower() > BYTES_MAX {
        return false;
    }
    let mut left = BYTES_MAX;
    let mut chunks = body.into_data_stream();
    let read = async {
        while let Some(chunk) = chunks.next().await {
            let Ok(chunk) = chunk else { return false };
            match left.checked_sub(chunk.len() as u64) {
                Some(rest) => left = rest,
                None => return false,
            }
        }
        true
    };
    tokio::time::timeout(TIME_MAX, read).await.unwrap_or(false)
}

/// Where a body goes when its reader wants no more of it.
#[derive(Default)]
struct Left(Mutex<Option<Body>>);

impl Left {
    fn put(&self, body: Body) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }

    fn take(&self) -> Option<Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A body that comes back if it is dropped before its end.
struct Lent {
    body: Option<Body>,
    left: Arc<Left>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            self.left.put(body);
        }
    }
}
