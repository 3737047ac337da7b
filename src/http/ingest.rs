//! `POST /v1/ingest`: streams a body of any container into the engine. Holds a few chunks of it, never the whole.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Required};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Granted;
use super::body;
use super::error::ApiError;
use super::extract::{Ask, Ready};
use super::routes::{About, Routes, json};
use super::workspaces::whole_server;
use crate::access::Right;
use crate::engine::IngestReport;
use crate::ingest::{Input, Options};

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
    let name = ask.source.unwrap_or_else(|| "POST /v1/ingest".to_owned());
    let options = Options { format: ask.format, table: ask.table, ..Options::default() };
    let (bytes, report) = body::read(request.into_body(), &app.limits, move |reader| {
        engine.ingest(Input::Reader { name, reader: Box::new(reader) }, &options, &())
    })
    .await?;
    let outcomes = [("new", report.new), ("updated", report.updated), ("duplicate", report.duplicate), ("rejected", report.rejected)];
    app.metrics.ingested(bytes, outcomes);
    json(&report)
}
