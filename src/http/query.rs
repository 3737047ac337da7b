//! `/v1/query` and `/v1/tables`: free queries, and the tables that they read.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use utoipa::openapi::path::HttpMethod;

use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, answer};
use crate::query::answer::Table;
use crate::query::ask::{CheckRequest, CompleteRequest, Encoding, ExportRequest, QueryRequest};
use crate::query::reference::word;
use crate::query::session::{TableRequest, TablesRequest};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "query", summary };
    let mut operation = routes.operation::<NoParams, Table>("/v1/query", about("query", "Runs a read-only query on the tables"));
    operation.request_body = Some(routes.json_body::<QueryRequest>().into());
    routes.add("/v1/query", HttpMethod::Post, operation, post(query));
    routes.ask_by_body::<CheckRequest>("/v1/query/check", about("check_query", "Says what is wrong with a KQL query, without running it"));
    routes.ask_by_body::<CompleteRequest>("/v1/query/complete", about("complete_query", "Says what may be written at a place of a query"));
    routes.ask::<TablesRequest>("/v1/tables", about("tables", "Lists the tables with their row counts"));
    routes.ask::<TableRequest>("/v1/tables/{name}", about("table", "Shows one table with its columns"));
}

/// Names the limit that cut an answer which is no JSON.
const CUT: HeaderName = HeaderName::from_static("x-clew-cut");

async fn query(Ready(engine): Ready, headers: HeaderMap, JsonBody(request): JsonBody<QueryRequest>) -> Result<Response, ApiError> {
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
