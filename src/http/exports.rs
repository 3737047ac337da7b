//! `/v1/exports`: continuous exports, where they stand, and from where they begin anew.

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::definitions::{self, Operations, blocking};
use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use crate::engine::{ExportPass, ExportStatus};
use crate::model::{Seq, Time};
use crate::triage::export::Export;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "automation", summary };
    let path = "/v1/exports/pass";
    let summary = "Sends what every export has to send, as the server does by itself";
    let operation = routes.operation::<NoParams, ExportPass>(path, about("exports_pass", summary));
    routes.add(path, HttpMethod::Post, operation, post(pass));
    definitions::add::<Export>(
        routes,
        &Operations {
            tag: "automation",
            path: "/v1/exports",
            item: "/v1/exports/{id}",
            ids: ["exports", "get_export", "put_export", "delete_export"],
            summaries: [
                "Lists the continuous exports",
                "Shows one continuous export, without its secrets",
                "Defines a continuous export, in the place of one of the same id; `enabled: false` pauses it",
                "Deletes a continuous export; files that it wrote stay",
            ],
        },
    );
    let path = "/v1/exports/{id}/status";
    let operation = routes.operation::<NoParams, ExportStatus>(path, about("export_status", "Shows where an export stands"));
    routes.add(path, HttpMethod::Get, operation, get(status));
    let path = "/v1/exports/{id}/replay";
    let summary = "Lets an export begin anew behind a cursor; what its target has already comes again, under the same ids";
    let mut operation = routes.operation::<NoParams, ExportStatus>(path, about("replay_export", summary));
    operation.request_body = Some(routes.json_body::<ReplayRequest>().into());
    routes.add(path, HttpMethod::Post, operation, post(replay));
}

/// From where an export begins anew.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct ReplayRequest {
    /// Number of the last document that is not sent again; 0 sends everything.
    cursor: u64,
}

async fn pass(Ready(engine): Ready) -> Result<Response, ApiError> {
    json(&blocking(move || engine.run_exports(Time::now())).await?)
}

async fn status(Ready(engine): Ready, Path(id): Path<String>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.export_status(&id)).await?)
}

async fn replay(Ready(engine): Ready, Path(id): Path<String>, JsonBody(asked): JsonBody<ReplayRequest>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.replay_export(&id, Seq(asked.cursor))).await?)
}
