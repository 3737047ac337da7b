//! `/v1/export`: every document as a line of JSON, as `clew import` takes it. Never holds more than a few chunks.

use std::io::{self, Write};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use tokio::sync::mpsc;
use utoipa::openapi::path::HttpMethod;

use super::extract::Ready;
use super::routes::{About, NoParams, Routes};

/// Chunks between the journal and a slow reader.
const CHUNKS_UNDER_WAY: usize = 4;

const CONTENT_TYPE: &str = "application/x-ndjson";

/// Adds the operation.
pub(crate) fn add(routes: &mut Routes) {
    let about = About { id: "export", tag: "system", summary: "Writes every document as a line of JSON, as `clew import` takes it" };
    let operation = routes.operation_of_type::<NoParams>("/v1/export", about, CONTENT_TYPE);
    routes.add("/v1/export", HttpMethod::Get, operation, get(export));
}

async fn export(Ready(engine): Ready) -> Response {
    let (sender, receiver) = mpsc::channel(CHUNKS_UNDER_WAY);
    tokio::task::spawn_blocking(move || {
        if let Err(fault) = engine.export(&mut Pipe(&sender)) {
            // The reader sees the body break off; one that is gone misses nothing.
            let _ = sender.blocking_send(Err(io::Error::other(fault.to_string())));
        }
    });
    let next = |mut receiver: mpsc::Receiver<io::Result<Bytes>>| async move { receiver.recv().await.map(|chunk| (chunk, receiver)) };
    let mut response = Body::from_stream(futures::stream::unfold(receiver, next)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}

/// Sends what is written as chunks.
struct Pipe<'a>(&'a mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes))).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
