//! What a peer takes its time for: the heads of requests, and reading its answers; and an answer in words for heads that cannot be read.

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

/// What a connection waits for its peer with, in milliseconds of an own clock.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Since when the head of a request has been arriving; 0 while none is, the greatest number while a request is being answered
    /// (its body may take its time).
    since: AtomicU64,
    /// Since when the peer has taken nothing of what is written; 0 while nothing waits for it.
    stuck: AtomicU64,
}

fn clock() -> u64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_millis() as u64 + 1
}

impl Head {
    fn arriving(&self) {
        // Only the first byte starts the clock.
        let _ = self.since.compare_exchange(0, clock(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Notes whether the peer took something of what is written.
    fn wrote<T>(&self, polled: Poll<T>) -> Poll<T> {
        if polled.is_pending() {
            let _ = self.stuck.compare_exchange(0, clock(), Ordering::Relaxed, Ordering::Relaxed);
        } else {
            self.stuck.store(0, Ordering::Relaxed);
        }
        polled
    }

    /// Whether a head is on its way that no request was made of yet.
    fn is_arriving(&self) -> bool {
        !matches!(self.since.load(Ordering::Relaxed), 0 | u64::MAX)
    }

    /// Notes that the head is there.
    pub(super) fn arrived(&self) {
        self.since.store(u64::MAX, Ordering::Relaxed);
    }

    /// Notes that the answer is there.
    pub(super) fn answered(&self) {
        let _ = self.since.compare_exchange(u64::MAX, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Ends when a head has been arriving for longer than `head`, or the peer has read nothing for longer than `write`; says which.
    pub(super) async fn too_slow(&self, head: Duration, write: Duration) -> &'static str {
        let mut tick = tokio::time::interval((head.min(write) / 10).max(Duration::from_millis(10)));
        let longer =
            |since: u64, limit: Duration| since != 0 && since != u64::MAX && clock().saturating_sub(since) > limit.as_millis() as u64;
        loop {
            tick.tick().await;
            if longer(self.since.load(Ordering::Relaxed), head) {
                return "its head took too long";
            }
            if longer(self.stuck.load(Ordering::Relaxed), write) {
                return "nobody read its answers";
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
            let polled = Pin::new(&mut self.stream).poll_write(context, &self.instead[self.written..]);
            match ready!(self.head.wrote(polled))? {
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
                None => {
                    let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
                    return self.head.wrote(polled);
                }
                Some(answer) => self.instead = answer,
            }
        }
        self.write_instead(context, bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.head.wrote(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.head.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let first = bytes.iter().find(|slice| !slice.is_empty());
        if self.instead.is_empty() {
            match first.and_then(|first| self.instead_of(first)) {
                None => {
                    let polled = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
                    return self.head.wrote(polled);
                }
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

    #[tokio::test]
    async fn who_reads_nothing_is_too_slow_and_who_reads_on_is_not() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (ours, mut theirs) = tokio::io::duplex(8);
        let head = Arc::new(Head::default());
        let mut stream = Watched::new(ours, Arc::clone(&head));
        let writing = tokio::spawn(async move { stream.write_all(&[b'x'; 64]).await });
        let never = Duration::from_secs(3_600);
        assert_eq!(head.too_slow(never, Duration::from_millis(50)).await, "nobody read its answers");
        theirs.read_exact(&mut [0; 64]).await.expect("the rest comes when it is read");
        writing.await.expect("no panic").expect("all of it was taken");
        assert_eq!(head.stuck.load(Ordering::Relaxed), 0);
    }

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
