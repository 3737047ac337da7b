//! `POST /v1/ingest`: streams a body of any container into the engine. Holds a few chunks of it, never the whole.

use std::io::{self, Read};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use bytes::{Buf, Bytes};
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Required};
use utoipa::{IntoParams, ToSchema};

use super::app::{App, Limits};
use super::error::ApiError;
use super::extract::{Ask, Ready};
use super::routes::{About, Routes, json};
use crate::engine::IngestReport;
use crate::ingest::{Input, Options};
use crate::model::{Fault, FaultClass};

/// Chunks of a body that wait for the decoder.
const CHUNKS_WAITING: usize = 8;

/// How to read the body.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IngestRequest {
    /// Name of the format of every document (`sentinel-alert`, `guardduty`, `event`); recognised by content if none.
    format: Option<String>,
    /// Table for rows that name none.
    table: Option<String>,
    /// Name of the source as rejects and origins show it; a file name with extension helps to recognise it.
    source: Option<String>,
}

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = About {
        id: "ingest",
        tag: "ingest",
        summary: "Takes in alerts, incidents and events: JSON, JSON lines, CSV, zip or gz; durable when it answers",
    };
    let mut operation = routes.operation::<IngestRequest, IngestReport>("/v1/ingest", about);
    let body = RequestBodyBuilder::new()
        .description(Some("The documents in any container that `clew ingest` reads"))
        .content("application/octet-stream", ContentBuilder::new().build())
        .required(Some(Required::True));
    operation.request_body = Some(body.build().into());
    routes.add("/v1/ingest", HttpMethod::Post, operation, post(ingest));
}

async fn ingest(
    State(app): State<Arc<App>>,
    Ready(engine): Ready,
    Ask(ask): Ask<IngestRequest>,
    request: Request,
) -> Result<Response, ApiError> {
    let (chunks, waiting) = channel(CHUNKS_WAITING);
    let name = ask.source.unwrap_or_else(|| "POST /v1/ingest".to_owned());
    let options = Options { format: ask.format, table: ask.table, ..Options::default() };
    let reading = tokio::task::spawn_blocking(move || {
        let reader = Box::new(BodyReader { chunks: waiting, chunk: Bytes::new(), ended: false });
        engine.ingest(Input::Reader { name, reader }, &options, &())
    });
    let (fed, read) = tokio::join!(feed(request.into_body(), chunks, &app.limits), reading);
    let read = read.map_err(|error| Fault::new(FaultClass::Internal, "ingest_failed", format!("the ingest ended early: {error}")))?;
    // What broke the body explains what the reader then met.
    let bytes = fed?;
    let report = read?;
    let outcomes = [("new", report.new), ("updated", report.updated), ("duplicate", report.duplicate), ("rejected", report.rejected)];
    app.metrics.ingested(bytes, outcomes);
    json(&report)
}

/// Hands the body on until it ends, breaks a limit, or the reader wants no more; gives the bytes that went through.
async fn feed(body: Body, chunks: Sender<Chunk>, limits: &Limits) -> Result<u64, Fault> {
    let mut stream = body.into_data_stream();
    let mut bytes = 0;
    loop {
        let next = tokio::time::timeout(limits.body_silence_max, stream.next()).await;
        let chunk = match next {
            Ok(None) => {
                // A reader that has stopped says why in its own answer.
                let _ = chunks.send(Chunk::End).await;
                return Ok(bytes);
            }
            Ok(Some(Ok(chunk))) => chunk,
            Ok(Some(Err(_))) => {
                return Err(Fault::new(FaultClass::Invalid, "body_broken", "the body ended before its announced length")
                    .with_hint("send it again: documents that went in before are known and change nothing"));
            }
            Err(_) => {
                let seconds = limits.body_silence_max.as_secs();
                let message = format!("no byte of the body came for {seconds} s (`body_silence_max`)");
                return Err(Fault::new(FaultClass::Unavailable, "request_timeout", message));
            }
        };
        bytes += chunk.len() as u64;
        if bytes > limits.ingest_bytes_max {
            let message = format!("expected a body of at most {} bytes (`ingest_bytes_max`)", limits.ingest_bytes_max);
            return Err(Fault::new(FaultClass::Limit, "body_too_large", message).with_hint("send it in parts"));
        }
        if chunks.send(Chunk::Bytes(chunk)).await.is_err() {
            return Ok(bytes);
        }
    }
}

#[derive(Debug)]
enum Chunk {
    Bytes(Bytes),
    /// The body is whole; a channel that closes without it belongs to a broken request.
    End,
}

/// The blocking end of a body.
struct BodyReader {
    chunks: Receiver<Chunk>,
    chunk: Bytes,
    ended: bool,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() && !self.ended {
            match self.chunks.blocking_recv() {
                Some(Chunk::Bytes(chunk)) => self.chunk = chunk,
                Some(Chunk::End) => self.ended = true,
                None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the request broke off")),
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
        let result = BodyReader { chunks: receiver, chunk: Bytes::new(), ended: false }.read_to_string(&mut text);
        (text, result.err().map(|error| error.kind()))
    }

    #[test]
    fn a_broken_body_is_an_error_and_not_an_end() {
        let part = |text| Chunk::Bytes(Bytes::from_static(text));
        assert_eq!(read(vec![part(b"a"), part(b""), part(b"bc"), Chunk::End]), ("abc".into(), None));
        assert_eq!(read(vec![part(b"a")]).1, Some(io::ErrorKind::UnexpectedEof));
        assert_eq!(read(vec![]).1, Some(io::ErrorKind::UnexpectedEof));
    }
}
