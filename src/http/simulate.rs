//! `/v1/simulate`: sample alerts, to see what becomes of real ones.

use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::definitions::blocking;
use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use crate::engine::Simulated;
use crate::generate::samples::Place;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = About {
        id: "simulate",
        tag: "ingest",
        summary: "Takes in sample alerts of some bundles, linked with each other and marked as samples",
    };
    let mut operation = routes.operation::<NoParams, Simulated>("/v1/simulate", about);
    operation.request_body = Some(routes.json_body::<SimulateRequest>().into());
    routes.add("/v1/simulate", HttpMethod::Post, operation, post(simulate));
}

/// Which sample alerts.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct SimulateRequest {
    /// Any of VirtualMachines, KeyVaults, StorageAccounts, SqlServers, CosmosDbs, AppServices, KubernetesService, ResourceManager, DNS; all if none is named.
    bundles: Vec<String>,
}

async fn simulate(Ready(engine): Ready, JsonBody(asked): JsonBody<SimulateRequest>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.simulate(&asked.bundles, &Place::default())).await?)
}
