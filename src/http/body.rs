//! Bodies of any size: handed from the connection to a blocking reader chunk by chunk. Never holds more than a few chunks.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::{Buf, Bytes};
use futures::StreamExt;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::app::Limits;
use crate::model::{Fault, FaultClass};

/// Chunks of a body that wait for their reader.
const CHUNKS_WAITING: usize = 8;

/// Lets `work` read the body on a thread of its own; gives the bytes that went through and what `work` gave.
pub(crate) async fn read<T: Send + 'static>(
    body: Body,
    limits: &Limits,
    work: impl FnOnce(BodyReader) -> Result<T, Fault> + Send + 'static,
) -> Result<(u64, T), Fault> {
    let (chunks, waiting) = channel(CHUNKS_WAITING);
    let broken = Arc::new(OnceLock::new());
    let reader = BodyReader { chunks: waiting, chunk: Bytes::new(), ended: false, broken: Arc::clone(&broken) };
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
    let read = read.map_err(|error| Fault::new(FaultClass::Internal, "ingest_failed", format!("the ingest ended early: {error}")))?;
    // What broke the body explains what the reader then met.
    Ok((fed?, read?))
}

/// Hands the body on until it ends, breaks a limit, or the reader wants no more; gives the bytes that went through.
async fn feed(body: Body, chunks: &Sender<Chunk>, limits: &Limits) -> Result<u64, Fault> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut pace) = (0, Pace::default());
    loop {
        let asked = Instant::now();
        let next = tokio::time::timeout(limits.body_silence_max, stream.next()).await;
        let chunk = match next {
            Ok(None) => {
                // A reader that has stopped says why in its own answer.
                let _ = chunks.send(Chunk::End).await;
                return Ok(bytes);
            }
            Ok(Some(Ok(chunk))) => chunk,
            Ok(Some(Err(_))) => return Err(broken_off()),
            Err(_) => {
                let seconds = limits.body_silence_max.as_secs();
                let message = format!("no byte of the body came for {seconds} s (`body_silence_max`)");
                return Err(Fault::new(FaultClass::Unavailable, "request_timeout", message));
            }
        };
        bytes += chunk.len() as u64;
        pace.came(chunk.len() as u64, asked.elapsed(), limits)?;
        if bytes > limits.ingest_bytes_max {
            let message = format!("expected a body of at most {} bytes (`ingest_bytes_max`)", limits.ingest_bytes_max);
            return Err(Fault::new(FaultClass::Limit, "body_too_large", message).with_hint("send it in parts"));
        }
        if chunks.send(Chunk::Bytes(chunk)).await.is_err() {
            return Ok(bytes);
        }
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
    chunks: Receiver<Chunk>,
    chunk: Bytes,
    ended: bool,
    broken: Arc<OnceLock<Fault>>,
}

impl BodyReader {
    /// Where it is told what broke the body, if something does.
    pub(crate) fn broken(&self) -> Arc<OnceLock<Fault>> {
        Arc::clone(&self.broken)
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() && !self.ended {
            match self.chunks.blocking_recv() {
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
        let result = BodyReader { chunks: receiver, chunk: Bytes::new(), ended: false, broken: Arc::default() }.read_to_string(&mut text);
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

    #[test]
    fn a_broken_body_is_an_error_and_not_an_end() {
        let part = |text| Chunk::Bytes(Bytes::from_static(text));
        assert_eq!(read(vec![part(b"a"), part(b""), part(b"bc"), Chunk::End]), ("abc".into(), None));
        assert_eq!(read(vec![part(b"a")]).1, Some(io::ErrorKind::UnexpectedEof));
        assert_eq!(read(vec![]).1, Some(io::ErrorKind::UnexpectedEof));
    }
}
