//! `/v1/retention`: how long the rows of each table are kept, and what is older.

use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::HttpMethod;

use super::auth::By;
use super::definitions::{self, Operations, blocking};
use super::error::ApiError;
use super::extract::{Ask, Ready};
use super::routes::{About, Routes, json};
use crate::engine::RetentionReport;
use crate::model::Time;
use crate::triage::retention::Retention;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    definitions::add::<Retention>(
        routes,
        &Operations {
            tag: "system",
            path: "/v1/retention",
            item: "/v1/retention/{id}",
            ids: ["retention_settings", "retention_setting", "put_retention_setting", "delete_retention_setting"],
            summaries: [
                "Lists how long the rows of tables are kept; those of other tables stay for ever",
                "Shows how long the rows of a table are kept",
                "Sets how long the rows of a table of raw events are kept",
                "Keeps the rows of a table for ever",
            ],
        },
    );
    let about = About {
        id: "apply_retention",
        tag: "system",
        summary: "Lets rows leave their tables that are older than the settings say, or only counts them; a server does so by itself",
    };
    let operation = routes.operation::<Apply, RetentionReport>("/v1/retention/apply", about);
    routes.add("/v1/retention/apply", HttpMethod::Post, operation, post(apply));
}

/// How to apply.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Apply {
    /// Only counts what would leave.
    trial: bool,
}

async fn apply(Ready(engine): Ready, By(actor): By, Ask(asked): Ask<Apply>) -> Result<Response, ApiError> {
    json(&blocking(move || engine.retain(asked.trial, Time::now(), &actor)).await?)
}
