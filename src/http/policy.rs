//! `/v1/policy`: what changes of incidents must keep to in the workspace.

use axum::response::Response;
use axum::routing::{get, put};
use serde_json::json as value;
use utoipa::openapi::path::HttpMethod;

use super::auth::By;
use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use crate::engine::Define;
use crate::model::{Fault, FaultClass};
use crate::triage::incident::Policy;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "triage", summary };
    let operation = routes.operation::<NoParams, Policy>("/v1/policy", about("policy", "Shows what changes of incidents must keep to"));
    routes.add("/v1/policy", HttpMethod::Get, operation, get(read));
    let mut operation =
        routes.operation::<NoParams, Policy>("/v1/policy", about("set_policy", "Sets what changes of incidents must keep to"));
    operation.request_body = Some(routes.json_body::<Policy>().into());
    routes.add("/v1/policy", HttpMethod::Put, operation, put(write));
}

async fn read(Ready(engine): Ready) -> Result<Response, ApiError> {
    json(&engine.policy()?)
}

async fn write(Ready(engine): Ready, By(actor): By, JsonBody(policy): JsonBody<Policy>) -> Result<Response, ApiError> {
    let (kind, id) = Policy::RESOURCE;
    let done = tokio::task::spawn_blocking(move || {
        engine.define(Define::put(kind, id, value!(policy)), &actor)?;
        engine.policy()
    });
    json(&done.await.map_err(|error| Fault::new(FaultClass::Internal, "change_failed", format!("the change ended early: {error}")))??)
}
