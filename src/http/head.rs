//! The heads of requests: how long they take to arrive, and an answer in words for those that cannot be read.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::error::ErrorBody;
use crate::model::{Fault, FaultClass};

/// Bytes of a request's head at the most (`head_bytes_max`).
pub(super) const HEAD_BYTES_MAX: usize = 64 << 10;

/// Since when the head of a request has been arriving, in milliseconds of an own clock; 0 while none is, the greatest
/// number while a request is being answered (its body may take its time).
#[derive(Debug, Default)]
pub(super) struct Head(AtomicU64);

fn clock() -> u64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_millis() as u64 + 1
}

impl Head {
    fn arriving(&self) {
        // Only the first byte starts the clock.
        let _ = self.0.compare_exchange(0, clock(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether a head is on its way that no request was made of yet.
    fn is_arriving(&self) -> bool {
        !matches!(self.0.load(Ordering::Relaxed), 0 | u64::MAX)
    }

    /// Notes that the head is there.
    pub(super) fn arrived(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    /// Notes that the answer is there.
    pub(super) fn answered(&self) {
        let _ = self.0.compare_exchange(u64::MAX, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Ends when a head has been arriving for longer than `limit`.
    pub(super) async fn too_slow(&self, limit: Duration) {
        let mut tick = tokio::time::interval((limit / 10).max(Duration::from_millis(10)));
        loop {
            tick.tick().await;
            let since = self.0.load(Ordering::Relaxed);
            if since != 0 && since != u64::MAX && clock().saturating_sub(since) > limit.as_millis() as u64 {
                return;
            }
        }
    }
}

/// A stream that tells when the head of a request begins to arrive, and gives a body to answers that hyper makes alone.
///
/// hyper answers a head that it cannot take before any layer sees it, and without a word.
pub(super) struct Watched<S> {
    stream: S,
    head: Arc<Head>,
    /// What is written in the place of such an answer, and how much of it went out.
    instead: Vec<u8>,
    written: usize,
}

impl<S> Watched<S> {
    /// A stream whose heads are timed.
    pub(super) fn new(stream: S, head: Arc<Head>) -> Self {
        Self { stream, head, instead: Vec::new(), written: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.head.arriving();
        }
        polled
    }
}

impl<S> Watched<S> {
    /// What is written in the place of an answer that hyper made alone. What is written while no head is on its way is part of an
    /// answer of a layer, whatever its bytes look like.
    fn instead_of(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.head.is_arriving() { worded(bytes) } else { None }
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// Writes the worded answer to its end; then the bare one counts as written.
    fn write_instead(&mut self, context: &mut Context<'_>, bare: usize) -> Poll<io::Result<usize>> {
        while self.written < self.instead.len() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.instead[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        (self.instead, self.written) = (Vec::new(), 0);
        Poll::Ready(Ok(bare))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.instead.is_empty() {
            match self.instead_of(bytes) {
                None => return Pin::new(&mut self.stream).poll_write(context, bytes),
                Some(answer) => self.instead = answer,
            }
        }
        self.write_instead(context, bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let first = bytes.iter().find(|slice| !slice.is_empty());
        if self.instead.is_empty() {
            match first.and_then(|first| self.instead_of(first)) {
                None => return Pin::new(&mut self.stream).poll_write_vectored(context, bytes),
                Some(answer) => self.instead = answer,
            }
        }
        self.write_instead(context, first.map_or(0, |first| first.len()))
    }
}

/// The answer in the place of one that hyper gives without a body; none for any other bytes.
fn worded(bytes: &[u8]) -> Option<Vec<u8>> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ").or_else(|| bytes.strip_prefix(b"HTTP/1.0 "))?.get(..3)?;
    let fault = match status {
        b"400" => Fault::new(FaultClass::Invalid, "request_unreadable", "expected a request of HTTP/1.1, found something else"),
        b"414" => Fault::new(FaultClass::Limit, "address_too_long", "expected an address of at most 65,534 bytes")
            .with_hint("send what is long as the body of a POST"),
        b"431" => Fault::new(
            FaultClass::Limit,
            "head_too_large",
            format!("expected a head of at most {HEAD_BYTES_MAX} bytes (head_bytes_max) in 100 lines"),
        ),
        _ => return None,
    };
    let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    // Answers of clew have a body and the id of their request.
    let empty = head.lines().any(|line| line.eq_ignore_ascii_case("content-length: 0"));
    if !empty || head.to_ascii_lowercase().contains("\nx-request-id:") {
        return None;
    }
    let id = uuid::Uuid::new_v4().simple().to_string();
    let body = serde_json::to_string(&ErrorBody::new(&fault, &id)).ok()?;
    let mut answer = String::new();
    for line in head.lines().filter(|line| !line.eq_ignore_ascii_case("content-length: 0")) {
        answer.push_str(line);
        answer.push_str("\r\n");
    }
    answer.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\nx-request-id: {id}\r\n\r\n{body}", body.len()));
    Some(answer.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_without_words_get_some() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let answer = String::from_utf8(worded(bare).expect("a bare answer")).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-type: application/json"));
        assert!(head.contains(&format!("content-length: {}", body.len())));
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["error"]["code"], "head_too_large");
        let watched = Watched::new((), Arc::default());
        assert_eq!(watched.instead_of(bare), None, "part of a body that only looks like a head");
        watched.head.arriving();
        assert!(watched.instead_of(bare).is_some());
        watched.head.arrived();
        assert_eq!(watched.instead_of(bare), None);
        for other in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            b"HTTP/1.1 400 Bad Request\r\nx-request-id: a\r\ncontent-length: 0\r\n\r\n",
            b"{}",
            b"",
        ] {
            assert_eq!(worded(other), None);
        }
    }
}
