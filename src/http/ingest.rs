//! `POST /v1/ingest`: streams a body of any container into the engine; `GET /v1/ingests`: what became of earlier ones. Holds a few
//! chunks of a body, never the whole.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Required};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Granted;
use super::body;
use super::definitions::blocking;
use super::error::ApiError;
use super::extract::{Ask, Ready};
use super::routes::{About, NoParams, Routes, json};
use super::workspaces::whole_server;
use crate::access::Right;
use crate::engine::{IngestFilter, IngestNote, IngestPage, IngestRecord, IngestReport, Ingested};
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
    let begun = Time::now();
    let name = ask.source.unwrap_or_else(|| "POST /v1/ingest".to_owned());
    let note = IngestNote {
        by: granted.actor().map_or_else(|_| granted.identity().name.clone(), |actor| actor.name),
        via: "http",
        run: ask.run,
        sources: vec![name.clone()],
        format: ask.format.clone(),
        table: ask.table.clone(),
    };
    let options = Options { format: ask.format, table: ask.table, ..Options::default() };
    let (bytes, report) = body::read(request.into_body(), &app.limits, move |reader| {
        let broken = reader.broken();
        let Ingested { report, fault } = engine.ingest_as_far(Input::Reader { name, reader: Box::new(reader) }, &options, &());
        // What broke the body explains what the reader then met, be it no more than a document that ends in its middle.
        let fault = broken.get().cloned().or(fault);
        engine.note_ingest(&note, begun, &report, fault.as_ref());
        fault.map_or(Ok(report), Err)
    })
    .await?;
    let outcomes = [("new", report.new), ("updated", report.updated), ("duplicate", report.duplicate), ("rejected", report.rejected)];
    app.metrics.ingested(bytes, outcomes);
    json(&report)
}
