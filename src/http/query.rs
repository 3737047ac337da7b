//! `/v1/query` and `/v1/tables`: free queries, and the tables that they read.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use utoipa::openapi::path::HttpMethod;

use super::app::App;
use super::auth::{Caller, Granted};
use super::error::ApiError;
use super::extract::JsonBody;
use super::routes::{About, NoParams, Routes, answer};
use crate::access::{Right, workspace_id};
use crate::model::Fault;
use crate::query::answer::Table;
use crate::query::ask::{Beside, CheckRequest, CompleteRequest, Encoding, ExportRequest, QueryRequest, Remarks, homes_named};
use crate::query::reference::word;
use crate::query::session::{TableRequest, TablesRequest};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "query", summary };
    let mut operation = routes.operation::<NoParams, Table>("/v1/query", about("query", "Runs a read-only query on the tables"));
    operation.request_body = Some(routes.json_body::<QueryRequest>().into());
    routes.add("/v1/query", HttpMethod::Post, operation, post(query));
    let remarks = about("check_query", "Says what is wrong with a KQL query, without running it");
    let mut operation = routes.operation::<NoParams, Remarks>("/v1/query/check", remarks);
    operation.request_body = Some(routes.json_body::<CheckRequest>().into());
    routes.add("/v1/query/check", HttpMethod::Post, operation, post(check));
    routes.ask_by_body::<CompleteRequest>("/v1/query/complete", about("complete_query", "Says what may be written at a place of a query"));
    routes.ask::<TablesRequest>("/v1/tables", about("tables", "Lists the tables with their row counts"));
    routes.ask::<TableRequest>("/v1/tables/{name}", about("table", "Shows one table with its columns"));
}

/// Names the limit that cut an answer which is no JSON.
const CUT: HeaderName = HeaderName::from_static("x-clew-cut");

/// The workspaces that a text names and its sender may read. Which of the others are not there, and which not this sender's, nobody is told.
async fn beside(app: &Arc<App>, caller: &Caller, granted: &Granted, text: &str) -> Result<Vec<Beside>, Fault> {
    // By workspace, each with what the text calls it: each is lent once, in this order.
    let mut meant: BTreeMap<String, (Granted, Vec<String>)> = BTreeMap::new();
    for name in homes_named(text) {
        let Ok(there) = caller.grant_beside(app, Right::Read, &name) else { continue };
        // Where there is one workspace, every name means it to clients of Log Analytics: here its own does.
        let is_meant = |known: &str| known.eq_ignore_ascii_case(&name) || workspace_id(known).to_string() == name;
        let Some(workspace) = there.workspace().filter(|known| is_meant(known)).map(str::to_owned) else { continue };
        meant.entry(workspace).or_insert_with(|| (there, Vec::new())).1.push(name);
    }
    let mut beside = Vec::new();
    for (workspace, (there, names)) in meant {
        let own = granted.workspace() == Some(workspace.as_str());
        let context = if own { None } else { Some(there.engine(app).await?.lend().await.context()) };
        beside.extend(names.into_iter().map(|name| Beside { name, united: false, context: context.clone() }));
    }
    Ok(beside)
}

async fn check(
    State(app): State<Arc<App>>,
    caller: Caller,
    granted: Granted,
    JsonBody(mut request): JsonBody<CheckRequest>,
) -> Result<Response, ApiError> {
    request.beside = beside(&app, &caller, &granted, &request.text).await?;
    answer(&granted.engine(&app).await?, request).await
}

async fn query(
    State(app): State<Arc<App>>,
    caller: Caller,
    granted: Granted,
    headers: HeaderMap,
    JsonBody(mut request): JsonBody<QueryRequest>,
) -> Result<Response, ApiError> {
    request.beside = beside(&app, &caller, &granted, &request.text).await?;
    let engine = granted.engine(&app).await?;
    let accepted = || headers.get(header::ACCEPT).and_then(|types| Encoding::accepted(types.to_str().ok()?)).unwrap_or_default();
    let encoding = match &request.format {
        Some(name) => word("format", name, Encoding::parse, Encoding::NAMES)?,
        None => accepted(),
    };
    if encoding == Encoding::Json {
        return answer(&engine, request).await;
    }
    let exported = engine.ask(ExportRequest { query: request, encoding }).await?;
    let mut response = Body::from(exported.bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(encoding.media_type()));
    if let Some(cut) = exported.cut.and_then(|cut| HeaderValue::try_from(cut).ok()) {
        response.headers_mut().insert(CUT, cut);
    }
    Ok(response)
}
