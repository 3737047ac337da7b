//! Bodies as they come, within bounds of size, silence and pace: handed from the connection to a blocking reader chunk by chunk, or as a whole if they are brief. Never holds more
//! than a few chunks.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, HttpBody};
use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinError;

use super::app::Limits;
use crate::model::{Fault, FaultClass};

/// Chunks of a body that wait for their reader.
const CHUNKS_WAITING: usize = 8;

/// Bytes up to which a body is brief: an alert or a few.
const BRIEF_BYTES: u64 = 16 << 10;

/// Whether a body announces that it is brief.
pub(crate) fn is_brief(body: &Body) -> bool {
    body.size_hint().exact().is_some_and(|bytes| bytes <= BRIEF_BYTES)
}

/// Waits for the whole of a brief body, or for as much of it as comes; its reader waits for nothing more.
pub(crate) async fn gather(body: Body, limits: &Limits) -> BodyReader {
    let announced = body.size_hint().exact();
    let mut coming = Coming::new(body, limits);
    let mut whole = BytesMut::new();
    let broken = loop {
        match coming.next().await {
            Ok(Some(chunk)) => whole.extend_from_slice(&chunk),
            // With its connection, a body may end too early.
            Ok(None) if announced.is_some_and(|bytes| bytes > coming.bytes) => break OnceLock::from(broken_off()),
            Ok(None) => break OnceLock::new(),
            Err(fault) => break OnceLock::from(fault),
        }
    };
    BodyReader { chunks: None, chunk: whole.freeze(), ended: broken.get().is_none(), broken: Arc::new(broken) }
}

/// Collects a whole body of at most `bytes_max`, if it comes fast enough.
pub(crate) async fn whole(body: Body, bytes_max: usize, limits: &Limits) -> Result<Bytes, Fault> {
    let announced = body.size_hint();
    let mut coming = Coming { most: (bytes_max as u64, "body_bytes_max"), ..Coming::new(body, limits) };
    // The hints are for exports, which may be sent in parts and again.
    let bare = |fault: Fault| Fault { hint: None, ..fault };
    if announced.lower() > coming.most.0 {
        return Err(bare(coming.too_large()));
    }
    let mut whole = BytesMut::new();
    while let Some(chunk) = coming.next().await.map_err(bare)? {
        // Most bodies come in one piece.
        if whole.is_empty() && announced.exact() == Some(chunk.len() as u64) {
            return Ok(chunk);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// Lets `work` read the body on a thread of its own; gives the bytes that went through and what `work` gave.
pub(crate) async fn read<T: Send + 'static>(
    body: Body,
    limits: &Limits,
    work: impl FnOnce(BodyReader) -> Result<T, Fault> + Send + 'static,
) -> Result<(u64, T), Fault> {
    let (chunks, waiting) = channel(CHUNKS_WAITING);
    let broken = Arc::new(OnceLock::new());
    let reader = BodyReader { chunks: Some(waiting), chunk: Bytes::new(), ended: false, broken: Arc::clone(&broken) };
    let reading = tokio::task::spawn_blocking(move || work(reader));
    let feeding = async {
        let fed = feed(body, &chunks, limits).await;
        if let Err(fault) = &fed {
            // It is told before the reader finds that nothing comes any more.
            broken.get_or_init(|| fault.clone());
        }
        drop(chunks);
        fed
    };
    let (fed, read) = tokio::join!(feeding, reading);
    // What broke the body explains what the reader then met.
    let read = read.map_err(ended_early)?;
    Ok((fed?, read?))
}

/// The fault of work on a body that panicked.
pub(crate) fn ended_early(error: JoinError) -> Fault {
    Fault::new(FaultClass::Internal, "ingest_failed", format!("the ingest ended early: {error}"))
}

/// Hands the body on until it ends, breaks a limit, or the reader wants no more; gives the bytes that went through.
async fn feed(body: Body, chunks: &Sender<Chunk>, limits: &Limits) -> Result<u64, Fault> {
    let mut coming = Coming::new(body, limits);
    while let Some(chunk) = coming.next().await? {
        if chunks.send(Chunk::Bytes(chunk)).await.is_err() {
            return Ok(coming.bytes);
        }
    }
    // A reader that has stopped says why in its own answer.
    let _ = chunks.send(Chunk::End).await;
    Ok(coming.bytes)
}

/// A body as it comes, within the limits.
struct Coming<'a> {
    stream: BodyDataStream,
    limits: &'a Limits,
    /// Bytes at the most, and the limit that says so.
    most: (u64, &'static str),
    /// Bytes so far.
    bytes: u64,
    pace: Pace,
}

impl<'a> Coming<'a> {
    fn new(body: Body, limits: &'a Limits) -> Self {
        let most = (limits.ingest_bytes_max, "ingest_bytes_max");
        Self { stream: body.into_data_stream(), limits, most, bytes: 0, pace: Pace::default() }
    }

    /// The next chunk; none at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let asked = Instant::now();
        let chunk = match tokio::time::timeout(self.limits.body_silence_max, self.stream.next()).await {
            Ok(None) => return Ok(None),
            Ok(Some(Ok(chunk))) => chunk,
            Ok(Some(Err(_))) => return Err(broken_off()),
            Err(_) => {
                let seconds = self.limits.body_silence_max.as_secs();
                let message = format!("no byte of the body came for {seconds} s (`body_silence_max`)");
                return Err(Fault::new(FaultClass::Unavailable, "request_timeout", message));
            }
        };
        self.bytes += chunk.len() as u64;
        self.pace.came(chunk.len() as u64, asked.elapsed(), self.limits)?;
        if self.bytes > self.most.0 { Err(self.too_large()) } else { Ok(Some(chunk)) }
    }

    fn too_large(&self) -> Fault {
        let (most, limit) = self.most;
        Fault::new(FaultClass::Limit, "body_too_large", format!("expected a body of at most {most} bytes (`{limit}`)"))
            .with_hint("send it in parts")
    }
}

fn broken_off() -> Fault {
    Fault::new(FaultClass::Invalid, "body_broken", "the body ended before its announced length")
        .with_hint("send it again: documents that went in before are known and change nothing")
}

/// How fast a body comes; only the time counts in which the server waits for it.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Counts bytes that were waited for; an error if a body would hold its place for ever, a few bytes at a time.
    fn came(&mut self, bytes: u64, waited: Duration, limits: &Limits) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.waited = self.waited.saturating_add(waited);
        if self.waited < limits.body_silence_max {
            return Ok(());
        }
        if self.bytes < limits.body_rate_min.saturating_mul(self.waited.as_secs()) {
            let message = format!(
                "expected at least {} bytes of the body a second (`body_rate_min`), found {} in {} s",
                limits.body_rate_min,
                self.bytes,
                self.waited.as_secs()
            );
            return Err(Fault::new(FaultClass::Unavailable, "request_timeout", message).with_hint("send what there is, and again later"));
        }
        *self = Self::default();
        Ok(())
    }
}

#[derive(Debug)]
enum Chunk {
    Bytes(Bytes),
    /// The body is whole; a channel that closes without it belongs to a broken request.
    End,
}

/// The blocking end of a body.
pub(crate) struct BodyReader {
    /// What is still to come, if anything is.
    chunks: Option<Receiver<Chunk>>,
    chunk: Bytes,
    ended: bool,
    broken: Arc<OnceLock<Fault>>,
}

impl BodyReader {
    /// Where it is told what broke the body, if something does.
    pub(crate) fn broken(&self) -> Arc<OnceLock<Fault>> {
        Arc::clone(&self.broken)
    }

    /// The bytes that wait to be read.
    pub(crate) fn waiting(&self) -> &[u8] {
        &self.chunk
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() && !self.ended {
            match self.chunks.as_mut().and_then(Receiver::blocking_recv) {
                Some(Chunk::Bytes(chunk)) => self.chunk = chunk,
                Some(Chunk::End) => self.ended = true,
                None => {
                    // Nobody says why if the one who answers is gone with the connection.
                    self.broken.get_or_init(broken_off);
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the request broke off"));
                }
            }
        }
        let length = buffer.len().min(self.chunk.len());
        buffer[..length].copy_from_slice(&self.chunk[..length]);
        self.chunk.advance(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: Vec<Chunk>) -> (String, Option<io::ErrorKind>) {
        let (sender, receiver) = channel(CHUNKS_WAITING);
        for chunk in chunks {
            sender.try_send(chunk).expect("room for every chunk");
        }
        drop(sender);
        let mut text = String::new();
        let result =
            BodyReader { chunks: Some(receiver), chunk: Bytes::new(), ended: false, broken: Arc::default() }.read_to_string(&mut text);
        (text, result.err().map(|error| error.kind()))
    }

    #[test]
    fn a_body_of_a_few_bytes_now_and_then_ends() {
        let limits = Limits { body_silence_max: Duration::from_secs(30), body_rate_min: 32, ..Limits::default() };
        let ends = |bytes: u64, seconds: u64| {
            let mut pace = Pace::default();
            (0..60).position(|_| pace.came(bytes, Duration::from_secs(seconds), &limits).is_err())
        };
        assert_eq!(ends(1, 1), Some(29), "a byte a second");
        assert_eq!(ends(1, 29), Some(1), "one just before each silence is too long");
        assert_eq!(ends(32, 1), None);
        assert_eq!(ends(4_096, 29), None, "a line now and then");
        assert_eq!(ends(1, 0), None, "whoever is not waited for is not slow");
    }

    #[tokio::test]
    async fn a_brief_body_is_there_as_a_whole_or_as_far_as_it_came() {
        assert!(is_brief(&Body::from(vec![b' '; BRIEF_BYTES as usize])) && !is_brief(&Body::from(vec![b' '; BRIEF_BYTES as usize + 1])));
        assert!(!is_brief(&Body::from_stream(futures::stream::iter([Ok::<_, io::Error>("a")]))), "of unknown length");
        let gathered = async |parts: Vec<io::Result<&'static str>>| {
            let mut reader = gather(Body::from_stream(futures::stream::iter(parts)), &Limits::default()).await;
            let mut text = String::new();
            let result = reader.read_to_string(&mut text);
            (text, result.err().map(|error| error.kind()), reader.broken().get().map(|fault| fault.code))
        };
        assert_eq!(gathered(vec![Ok("a"), Ok("bc")]).await, ("abc".into(), None, None));
        assert_eq!(
            gathered(vec![Ok("a"), Err(io::ErrorKind::ConnectionReset.into())]).await,
            ("a".into(), Some(io::ErrorKind::UnexpectedEof), Some("body_broken"))
        );
    }

    #[tokio::test]
    async fn a_whole_body_has_bounds_of_size_and_silence() {
        let limits = Limits { body_silence_max: Duration::from_millis(10), ..Limits::default() };
        let collected = async |body: Body| whole(body, 4, &limits).await.map_err(|fault| fault.code);
        assert_eq!(collected(Body::from("abcd")).await, Ok(Bytes::from_static(b"abcd")));
        assert_eq!(collected(Body::empty()).await, Ok(Bytes::new()));
        let parts = |parts: Vec<io::Result<&'static str>>| Body::from_stream(futures::stream::iter(parts));
        assert_eq!(collected(parts(vec![Ok("ab"), Ok("cd")])).await, Ok(Bytes::from_static(b"abcd")));
        assert_eq!(collected(Body::from("abcde")).await, Err("body_too_large"));
        assert_eq!(collected(parts(vec![Ok("ab"), Ok("cde")])).await, Err("body_too_large"));
        assert_eq!(collected(parts(vec![Ok("ab"), Err(io::ErrorKind::ConnectionReset.into())])).await, Err("body_broken"));
        let silent = futures::stream::once(async { Ok::<_, io::Error>("a") }).chain(futures::stream::pending());
        assert_eq!(collected(Body::from_stream(silent)).await, Err("request_timeout"));
    }

    #[test]
    fn a_broken_body_is_an_error_and_not_an_end() {
        let part = |text| Chunk::Bytes(Bytes::from_static(text));
        assert_eq!(read(vec![part(b"a"), part(b""), part(b"bc"), Chunk::End]), ("abc".into(), None));
        assert_eq!(read(vec![part(b"a")]).1, Some(io::ErrorKind::UnexpectedEof));
        assert_eq!(read(vec![]).1, Some(io::ErrorKind::UnexpectedEof));
    }
}
