//! `/v1/whoami`: who the sender of a request is here, and what it may do. What a page asks first.

use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::auth::Granted;
use super::error::ApiError;
use super::routes::{About, NoParams, Routes, json};
use crate::access::{Kind, Right, Role};

/// Somebody, as the server knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Whoami {
    /// Name as the activity log shows it.
    name: String,
    /// `local` (no sign-in, or the owner of the directory), `key` or `person`.
    kind: String,
    /// Roles.
    roles: Vec<Role>,
    /// Rights that the roles give: `read`, `respond`, `contribute`, `ingest`, `administer`.
    rights: Vec<String>,
    /// The workspace that this request means; none if it has to name one.
    workspace: Option<String>,
    /// Workspaces that may be used; all if empty.
    workspaces: Vec<String>,
}

/// Adds the operation.
pub(crate) fn add(routes: &mut Routes) {
    let about = About { id: "whoami", tag: "system", summary: "Says who the sender of the request is here, and what it may do" };
    let operation = routes.operation::<NoParams, Whoami>("/v1/whoami", about);
    routes.add("/v1/whoami", HttpMethod::Get, operation, get(whoami));
}

async fn whoami(granted: Granted) -> Result<Response, ApiError> {
    let identity = granted.identity();
    let kind = match identity.kind {
        Kind::Local => "local",
        Kind::Key => "key",
        Kind::Person => "person",
    };
    let rights = Right::ALL.into_iter().filter(|right| !matches!(right, Right::Open | Right::Known) && identity.has(*right));
    json(&Whoami {
        name: granted.actor()?.name,
        kind: kind.to_owned(),
        roles: identity.roles.clone(),
        rights: rights.map(|right| right.as_str().to_owned()).collect(),
        workspace: granted.workspace().map(str::to_owned),
        workspaces: identity.scope.names(),
    })
}
