//! Decisions on entities, and correlation.

use axum::extract::Path;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use crate::model::{Fault, FaultClass};
use crate::triage::{Correlation, CorrelationRequest, Decide, Decided, EntityMerge, EntitySplit, EntityUndo};

/// Adds the operations of this file.
pub(crate) fn add(routes: &mut Routes) {
    decision::<EntityMerge>(routes, "/v1/entities/merge", "merge_entities", "Decides that two entities are one");
    decision::<EntitySplit>(routes, "/v1/entities/split", "split_entity", "Decides that a key does not identify an entity");
    let about = About { id: "undo_decision", tag: "triage", summary: "Takes a decision on entities back" };
    let mut operation = routes.operation::<NoParams, Decided>("/v1/decisions/{id}/undo", about);
    operation.request_body = Some(routes.json_body::<Comment>().into());
    routes.add("/v1/decisions/{id}/undo", HttpMethod::Post, operation, post(undo));
    let about = About { id: "correlate", tag: "triage", summary: "Makes incidents of alerts that share entities in a window" };
    let mut operation = routes.operation::<NoParams, Correlation>("/v1/correlate", about);
    operation.request_body = Some(routes.json_body::<CorrelationRequest>().into());
    routes.add("/v1/correlate", HttpMethod::Post, operation, post(correlate));
}

fn decision<D: Decide + DeserializeOwned + ToSchema>(routes: &mut Routes, path: &'static str, id: &'static str, summary: &'static str) {
    let mut operation = routes.operation::<NoParams, Decided>(path, About { id, tag: "triage", summary });
    operation.request_body = Some(routes.json_body::<D>().into());
    routes.add(path, HttpMethod::Post, operation, post(decide::<D>));
}

/// Why a decision is taken back.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Comment {
    /// Why.
    comment: Option<String>,
}

async fn decide<D: Decide + DeserializeOwned>(Ready(engine): Ready, JsonBody(decision): JsonBody<D>) -> Result<Response, ApiError> {
    written(move || engine.decide(decision)).await
}

async fn undo(Ready(engine): Ready, Path(id): Path<String>, JsonBody(comment): JsonBody<Comment>) -> Result<Response, ApiError> {
    let decision = id
        .parse()
        .map_err(|_| Fault::new(FaultClass::Invalid, "decision_invalid", format!("expected the number of a decision, found `{id}`")))?;
    written(move || engine.decide(EntityUndo { decision, comment: comment.comment })).await
}

async fn correlate(Ready(engine): Ready, JsonBody(request): JsonBody<CorrelationRequest>) -> Result<Response, ApiError> {
    written(move || engine.correlate(&request)).await
}

/// Writes on the blocking pool and answers with JSON.
async fn written<T: serde::Serialize + Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<Response, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    json(&done.map_err(|error| Fault::new(FaultClass::Internal, "change_failed", format!("the change ended early: {error}")))??)
}
