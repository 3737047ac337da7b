//! Health, readiness, counts, metrics and the description of the API.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::app::App;
use super::auth::Granted;
use super::error::ApiError;
use super::extract::Ready;
use super::metrics::Gauge;
use super::routes::{About, NoParams, Routes, json, json_bytes};
use super::workspaces::whole_server;
use crate::engine::EngineStats;
use crate::model::{Fault, FaultClass};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "system", summary };
    let operation = routes.operation::<NoParams, EngineStats>("/v1/stats", about("stats", "Counts documents, nodes, edges and rows"));
    routes.add("/v1/stats", HttpMethod::Get, operation, get(stats));
    let operation = routes.operation::<NoParams, Health>("/v1/health", about("health", "Answers 200 as long as the server lives"));
    routes.add("/v1/health", HttpMethod::Get, operation, get(health));
    let operation =
        routes.operation::<NoParams, Health>("/v1/ready", about("ready", "Answers 200 when questions can be asked, 503 before"));
    routes.add("/v1/ready", HttpMethod::Get, operation, get(ready));
    let operation =
        routes.operation_of_type::<NoParams>("/metrics", about("metrics", "Counters in the text format of Prometheus"), "text/plain");
    routes.add("/metrics", HttpMethod::Get, operation, get(metrics));
    let operation = routes.operation_of_type::<NoParams>("/v1/openapi.json", about("openapi", "This description"), "application/json");
    routes.add("/v1/openapi.json", HttpMethod::Get, operation, get(openapi));
}

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or `starting` while the journal is read.
    pub(crate) status: String,
    /// Version of clew.
    pub(crate) version: String,
    /// Tells this run of the server from any other.
    pub(crate) instance: String,
}

fn state(app: &App) -> Health {
    Health {
        status: if app.default_engine().is_ok() { "ok" } else { "starting" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: app.instance.clone(),
    }
}

async fn health(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    json(&state(&app))
}

async fn ready(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    app.default_engine()?;
    json(&state(&app))
}

async fn stats(Ready(engine): Ready) -> Result<Response, ApiError> {
    let stats = tokio::task::spawn_blocking(move || engine.stats()).await;
    json(&stats.map_err(|error| Fault::new(FaultClass::Internal, "stats_failed", error.to_string()))?)
}

async fn openapi(State(app): State<Arc<App>>) -> Response {
    json_bytes(app.openapi().to_vec())
}

async fn metrics(State(app): State<Arc<App>>, granted: Granted) -> Result<Response, ApiError> {
    whole_server(granted.identity())?;
    let stats = match app.default_engine() {
        Ok(engine) => {
            let engine = Arc::clone(engine);
            tokio::task::spawn_blocking(move || engine.stats()).await.ok()
        }
        Err(_) => None,
    };
    let gauges = stats.as_ref().map(gauges).unwrap_or_default();
    let mut response = app.metrics.write(&gauges).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    Ok(response)
}

fn gauges(stats: &EngineStats) -> Vec<Gauge<'static>> {
    let single = |name, help, value: u64| Gauge { name, help, label: "", values: vec![(String::new(), value as f64)] };
    let graph = stats.graph.as_object().into_iter().flatten();
    let graph = graph.filter_map(|(part, value)| Some((part.clone(), value.as_f64()?))).collect();
    let tables = stats.tables.iter().map(|(table, rows)| (table.clone(), *rows as f64)).collect();
    vec![
        single("journal_seq", "Last document that the journal holds.", stats.journal),
        single("visible_seq", "Last document that readers see in every view.", stats.seq),
        single("fulltext_documents", "Documents in the full-text index.", stats.fulltext),
        single("uptime_seconds", "Seconds since the engine was opened.", stats.uptime_seconds),
        Gauge { name: "graph", help: "Numbers of the graph by part.", label: "part", values: graph },
        Gauge { name: "table_rows", help: "Rows by table.", label: "table", values: tables },
    ]
}
