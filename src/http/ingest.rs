//! `POST /v1/ingest`: streams a body of any container into the engine; `GET /v1/ingests`: what became of earlier ones. Holds a few
//! chunks of a body, never the whole.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Required};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Granted;
use super::body::{self, BodyReader, ended_early};
use super::definitions::blocking;
use super::error::ApiError;
use super::extract::{Ask, Ready};
use super::routes::{About, NoParams, Routes, json};
use super::workspaces::whole_server;
use crate::access::Right;
use crate::engine::{Engine, IngestFilter, IngestNote, IngestPage, IngestRecord, IngestReport, Ingested};
use crate::ingest::{Input, Options};
use crate::model::{Fault, FaultClass, Time};

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
    /// Names several requests that belong together, at most 100 letters: they leave one report.
    run: Option<String>,
}

/// Letters of the name of a run.
const RUN_MAX: usize = 100;

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
    let about = About { id: "ingests", tag: "ingest", summary: "Lists what became of earlier ingests, the latest first" };
    let operation = routes.operation::<IngestFilter, IngestPage>("/v1/ingests", about);
    routes.add("/v1/ingests", HttpMethod::Get, operation, get(ingests));
    let about = About { id: "ingest_record", tag: "ingest", summary: "Shows the whole report of an earlier ingest" };
    let operation = routes.operation::<NoParams, IngestRecord>("/v1/ingests/{id}", about);
    routes.add("/v1/ingests/{id}", HttpMethod::Get, operation, get(ingest_record));
}

async fn ingests(Ready(engine): Ready, Ask(filter): Ask<IngestFilter>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.ingests(&filter)).await?)
}

async fn ingest_record(Ready(engine): Ready, Path(id): Path<String>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.ingest_record(&id)).await?)
}

async fn ingest(
    State(app): State<Arc<App>>,
    granted: Granted,
    Ready(engine): Ready,
    Ask(ask): Ask<IngestRequest>,
    request: Request,
) -> Result<Response, ApiError> {
    if ask.format.as_deref().is_some_and(|format| format.starts_with("clew-")) {
        // What clew itself writes says who did something: sent in, it could say anything.
        granted.identity().check(Right::Administer)?;
        whole_server(granted.identity())?;
    }
    if let Some(run) = ask.run.as_ref().filter(|run| run.is_empty() || run.chars().count() > RUN_MAX) {
        let message = format!("expected for `run` a name of 1 to {RUN_MAX} letters, found `{run}`");
        return Err(Fault::new(FaultClass::Invalid, "parameter_invalid", message).into());
    }
    let sent = Sent {
        begun: Time::now(),
        note: IngestNote {
            by: granted.actor().map_or_else(|_| granted.identity().name.clone(), |actor| actor.name),
            via: "http",
            run: ask.run,
            sources: vec![ask.source.unwrap_or_else(|| "POST /v1/ingest".to_owned())],
            format: ask.format.clone(),
            table: ask.table.clone(),
        },
        options: Options { format: ask.format, table: ask.table, ..Options::default() },
        engine,
    };
    let body = request.into_body();
    let (bytes, report) = if body::is_brief(&body) {
        // A task of its own comes to its end, even if the sender goes away.
        tokio::spawn(sent.take_in_brief(body, Arc::clone(&app))).await.map_err(ended_early)??
    } else {
        body::read(body, &app.limits, move |reader| sent.take_in(reader)).await?
    };
    let outcomes = [("new", report.new), ("updated", report.updated), ("duplicate", report.duplicate), ("rejected", report.rejected)];
    app.metrics.ingested(bytes, outcomes);
    json(&report)
}

/// A body on its way into the engine.
struct Sent {
    engine: Arc<Engine>,
    begun: Time,
    note: IngestNote,
    options: Options,
}

impl Sent {
    /// Takes in a body while it comes, on a thread that may wait for it.
    fn take_in(self, reader: BodyReader) -> Result<IngestReport, Fault> {
        let broken = reader.broken();
        let ingested = self.engine.ingest_as_far(self.input(reader), &self.options, &());
        let (report, fault) = told(ingested, &broken);
        self.engine.note_ingest(&self.note, self.begun, &report, fault.as_ref());
        fault.map_or(Ok(report), Err)
    }

    /// Takes in a brief body where its request came in; gives its bytes too. An archive, which may unpack to any size, gets a thread all the
    /// same, and so does a report that is written at once.
    async fn take_in_brief(self, body: Body, app: Arc<App>) -> Result<(u64, IngestReport), Fault> {
        let reader = body::gather(body, &app.limits).await;
        let bytes = reader.waiting().len() as u64;
        let is_json = matches!(reader.waiting().trim_ascii_start().first(), Some(b'{' | b'['));
        if !is_json {
            let taken = spawn_blocking(move || self.take_in(reader)).await.map_err(ended_early)?;
            return Ok((bytes, taken?));
        }
        let broken = reader.broken();
        let ingested = self.engine.ingest_brief(self.input(reader), &self.options).await;
        let (report, fault) = told(ingested, &broken);
        if self.engine.count_ingest(&self.note, &report, fault.as_ref()) {
            return fault.map_or(Ok((bytes, report)), Err);
        }
        let noted = spawn_blocking(move || {
            self.engine.note_ingest(&self.note, self.begun, &report, fault.as_ref());
            fault.map_or(Ok((bytes, report)), Err)
        });
        noted.await.map_err(ended_early)?
    }

    fn input(&self, reader: BodyReader) -> Input {
        Input::Reader { name: self.note.sources.concat(), reader: Box::new(reader) }
    }
}

/// What became of a body. What broke it explains what the reader then met, be it no more than a document that ends in its middle.
fn told(Ingested { report, fault }: Ingested, broken: &OnceLock<Fault>) -> (IngestReport, Option<Fault>) {
    (report, broken.get().cloned().or(fault))
}
