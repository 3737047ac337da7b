//! Work on the whole directory: `/v1/export` and `/v1/import` as JSON lines, `/v1/verify`, `/v1/rebuild`. Never holds more than a
//! few chunks of a backup.

use std::io::{self, BufReader, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use futures::StreamExt;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Required};

use super::app::App;
use super::auth::Granted;
use super::body;
use super::error::ApiError;
use super::extract::Ready;
use super::routes::{About, NoParams, Routes, json};
use super::workspaces::whole_server;
use crate::engine::{Engine, Verification};
use crate::model::{Fault, FaultClass};

/// Chunks between the journal and a slow reader.
const CHUNKS_UNDER_WAY: usize = 4;

const CONTENT_TYPE: &str = "application/x-ndjson";

/// What a backup brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BackupImported {
    /// Documents that were not known before.
    new: u64,
}

/// What was made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Rebuilt {
    /// Documents of the journal that the views now show.
    documents: u64,
}

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "system", summary };
    let summary = "Writes every document as a line of JSON, as `clew import` takes it";
    let operation = routes.operation_of_type::<NoParams>("/v1/export", about("export", summary), CONTENT_TYPE);
    routes.add("/v1/export", HttpMethod::Get, operation, get(export));
    let summary = "Takes in what `/v1/export` wrote; known documents change nothing";
    let mut operation = routes.operation::<NoParams, BackupImported>("/v1/import", about("import", summary));
    let backup = RequestBodyBuilder::new().content(CONTENT_TYPE, ContentBuilder::new().build()).required(Some(Required::True));
    operation.request_body = Some(backup.build().into());
    routes.add("/v1/import", HttpMethod::Post, operation, post(import));
    let summary = "Compares every view with its rebuild; what is submitted meanwhile waits";
    let operation = routes.operation::<NoParams, Verification>("/v1/verify", about("verify", summary));
    routes.add("/v1/verify", HttpMethod::Post, operation, post(verify));
    let summary = "Makes every view anew from the journal; what is submitted meanwhile waits";
    let operation = routes.operation::<NoParams, Rebuilt>("/v1/rebuild", about("rebuild", summary));
    routes.add("/v1/rebuild", HttpMethod::Post, operation, post(rebuild));
}

async fn import(State(app): State<Arc<App>>, granted: Granted, Ready(engine): Ready, request: Request) -> Result<Response, ApiError> {
    // A backup of the default workspace brings keys.
    whole_server(granted.identity())?;
    let default = Arc::clone(app.default_engine()?);
    let (_, new) = body::read(request.into_body(), &app.limits, move |reader| engine.import(&mut BufReader::new(reader))).await?;
    let renewed = Arc::clone(&app);
    long(default, move |engine| renewed.open(engine)).await?;
    json(&BackupImported { new })
}

async fn verify(Ready(engine): Ready) -> Result<Response, ApiError> {
    json(&long(engine, |engine| engine.verify()).await?)
}

async fn rebuild(Ready(engine): Ready) -> Result<Response, ApiError> {
    json(&Rebuilt { documents: long(engine, |engine| engine.rebuild()).await?.0 })
}

/// Runs what takes as long as the data are many, on a thread of its own.
async fn long<T: Send + 'static>(
    engine: Arc<Engine>,
    work: impl FnOnce(Arc<Engine>) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(move || work(engine)).await;
    done.map_err(|error| Fault::new(FaultClass::Internal, "maintenance_failed", format!("the work ended early: {error}")))?
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
    // What compresses the body polls it once more behind its end.
    let mut response = Body::from_stream(futures::stream::unfold(receiver, next).fuse()).into_response();
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
