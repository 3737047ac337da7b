//! `/v1/queries` and `/v1/functions`: saved queries and functions, listed, put and deleted.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{delete, put};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::auth::By;
use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use super::seen::{self, IfMatch};
use crate::engine::{Define, Engine};
use crate::model::{Fault, FaultClass};
use crate::query::library::{
    ActivitiesRequest, FUNCTION, FunctionBody, FunctionsRequest, QUERY, QueryBody, SavedQueriesRequest, SavedQueryRequest,
};
use crate::triage::incident::Actor;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "query", summary };
    routes.ask::<SavedQueriesRequest>("/v1/queries", about("saved_queries", "Lists the saved queries: explorations, activities and hunts"));
    routes.ask::<SavedQueryRequest>("/v1/queries/{id}", about("saved_query", "Shows a saved query with its text"));
    routes.ask::<ActivitiesRequest>(
        "/v1/activities",
        About { id: "activities", tag: "explore", summary: "Tells what an entity did: saved activity queries, counted by hour" },
    );
    routes.ask::<FunctionsRequest>("/v1/functions", about("functions", "Lists the functions that KQL can call by name"));
    let mut operation = routes.operation::<NoParams, Saved>(
        "/v1/queries/{id}",
        about("put_query", "Saves a query; `If-Match` refuses a change of a version not seen"),
    );
    operation.request_body = Some(routes.json_body::<QueryBody>().into());
    seen::describe(&mut operation, false);
    routes.add("/v1/queries/{id}", HttpMethod::Put, operation, put(put_query));
    let mut operation =
        routes.operation::<NoParams, Saved>("/v1/queries/{id}", about("delete_query", "Deletes a query that was saved through the API"));
    seen::describe(&mut operation, false);
    routes.add("/v1/queries/{id}", HttpMethod::Delete, operation, delete(delete_query));
    let mut operation = routes.operation::<NoParams, Saved>(
        "/v1/functions/{name}",
        about("put_function", "Saves a function; `If-Match` refuses a change of a version not seen"),
    );
    operation.request_body = Some(routes.json_body::<FunctionBody>().into());
    seen::describe(&mut operation, false);
    routes.add("/v1/functions/{name}", HttpMethod::Put, operation, put(put_function));
    let mut operation = routes.operation::<NoParams, Saved>("/v1/functions/{name}", about("delete_function", "Deletes a function"));
    seen::describe(&mut operation, false);
    routes.add("/v1/functions/{name}", HttpMethod::Delete, operation, delete(delete_function));
}

/// What was saved or deleted.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Saved {
    /// Its name.
    name: String,
    /// Names the version that is there now; none if it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
}

async fn define(engine: Arc<Engine>, actor: Actor, seen: IfMatch, define: Define) -> Result<Response, ApiError> {
    let (kind, name, deletes) = (define.kind.clone(), define.id.clone(), define.value.is_none());
    let work = move || {
        if deletes && engine.context().snapshot.resource(&kind, &define.id)?.is_none() {
            let fault = Fault::new(FaultClass::NotFound, "query_unknown", format!("no {kind} was saved as `{}`", define.id));
            return Err(fault.with_hint("what comes with clew or lies in its folder cannot be deleted"));
        }
        engine.define(define.seen(seen.or(None)), &actor).map_err(|fault| seen.refused(fault))
    };
    let done = tokio::task::spawn_blocking(work).await;
    let stored = done.map_err(|error| Fault::new(FaultClass::Internal, "change_failed", format!("the change ended early: {error}")))??;
    json(&Saved { name, etag: stored.map(|stored| stored.etag()) })
}

fn value(body: &impl Serialize) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(body).map_err(|error| Fault::new(FaultClass::Internal, "change_failed", error.to_string()))
}

async fn put_query(
    Ready(engine): Ready,
    By(actor): By,
    Path(id): Path<String>,
    seen: IfMatch,
    JsonBody(body): JsonBody<QueryBody>,
) -> Result<Response, ApiError> {
    body.check(&id)?;
    define(engine, actor, seen, Define::put(QUERY, &id, value(&body)?)).await
}

async fn delete_query(Ready(engine): Ready, By(actor): By, Path(id): Path<String>, seen: IfMatch) -> Result<Response, ApiError> {
    define(engine, actor, seen, Define::delete(QUERY, &id)).await
}

async fn put_function(
    Ready(engine): Ready,
    By(actor): By,
    Path(name): Path<String>,
    seen: IfMatch,
    JsonBody(body): JsonBody<FunctionBody>,
) -> Result<Response, ApiError> {
    body.read(&name)?;
    define(engine, actor, seen, Define::put(FUNCTION, &name, value(&body)?)).await
}

async fn delete_function(Ready(engine): Ready, By(actor): By, Path(name): Path<String>, seen: IfMatch) -> Result<Response, ApiError> {
    define(engine, actor, seen, Define::delete(FUNCTION, &name)).await
}
