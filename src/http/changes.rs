//! Work on incidents and alerts: fields, comments, tasks, alerts, merge and split, bulk changes, undo, the activity log and its chain.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post};
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation};

use super::app::App;
pub(crate) use super::auth::By;
use super::error::ApiError;
use super::extract::{Ask, JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use super::seen::{self, IfMatch};
use crate::engine::{Audit, AuditRequest, Engine};
use crate::model::{Fault, FaultClass};
use crate::query::activity::{ActivityRequest, AlertActivityRequest};
use crate::triage::alert::{AlertBulkUpdate, AlertFields, AlertUpdate};
use crate::triage::incident::{
    Actor, AlertsUpdate, BulkUpdate, ChangeIncidents, Changed, CommentAdd, CommentEdit, CommentRemove, IncidentCreate, IncidentFields,
    IncidentMerge, IncidentSplit, IncidentUpdate, TaskAdd, TaskEdit, TaskRemove,
};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "triage", summary };
    changes::<IncidentCreate>(
        routes,
        "/v1/incidents",
        HttpMethod::Post,
        about("create_incident", "Creates an incident by hand"),
        post(create),
    );
    conditional::<IncidentFields>(
        routes,
        "/v1/incidents/{id}",
        about("update_incident", "Changes fields of an incident; `If-Match` or `etag` refuses a change of a version not seen"),
        patch(update),
    );
    changes::<BulkUpdate>(
        routes,
        "/v1/incidents/bulk",
        HttpMethod::Post,
        about("update_incidents", "Changes the same fields of several incidents, as one step"),
        post(bulk),
    );
    changes::<AlertsUpdate>(
        routes,
        "/v1/incidents/{id}/alerts",
        HttpMethod::Post,
        about("update_incident_alerts", "Adds and removes alerts of an incident"),
        post(alerts),
    );
    changes::<IncidentMerge>(
        routes,
        "/v1/incidents/{id}/merge",
        HttpMethod::Post,
        about("merge_incident", "Merges an incident into another"),
        post(merge),
    );
    changes::<IncidentSplit>(
        routes,
        "/v1/incidents/{id}/split",
        HttpMethod::Post,
        about("split_incident", "Moves alerts of an incident into a new one"),
        post(split),
    );
    changes::<CommentAdd>(
        routes,
        "/v1/incidents/{id}/comments",
        HttpMethod::Post,
        about("add_comment", "Writes a comment"),
        post(add_comment),
    );
    changes::<CommentEdit>(
        routes,
        "/v1/incidents/{id}/comments/{comment}",
        HttpMethod::Patch,
        about("edit_comment", "Rewrites a comment; earlier texts stay in the activity log"),
        patch(edit_comment),
    );
    changes::<TaskAdd>(routes, "/v1/incidents/{id}/tasks", HttpMethod::Post, about("add_task", "Adds a task"), post(add_task));
    changes::<TaskEdit>(
        routes,
        "/v1/incidents/{id}/tasks/{task}",
        HttpMethod::Patch,
        about("edit_task", "Changes a task"),
        patch(edit_task),
    );
    let remove = |routes: &mut Routes, path, about, handler| {
        let operation = routes.operation::<NoParams, Changed>(path, about);
        routes.add(path, HttpMethod::Delete, operation, handler);
    };
    remove(
        routes,
        "/v1/incidents/{id}/comments/{comment}",
        about("remove_comment", "Removes a comment; it stays in the activity log"),
        delete(remove_comment),
    );
    remove(
        routes,
        "/v1/incidents/{id}/tasks/{task}",
        about("remove_task", "Removes a task; it stays in the activity log"),
        delete(remove_task),
    );
    conditional::<AlertFields>(
        routes,
        "/v1/alerts/{id}",
        about("update_alert", "Changes fields of an alert; `If-Match` or `etag` refuses a change of a version not seen"),
        patch(update_alert),
    );
    changes::<AlertBulkUpdate>(
        routes,
        "/v1/alerts/bulk",
        HttpMethod::Post,
        about("update_alerts", "Changes the same fields of several alerts, as one step"),
        post(bulk_alerts),
    );
    routes.ask::<AlertActivityRequest>(
        "/v1/alerts/{id}/activity",
        About { id: "alert_activity", tag: "triage", summary: "Lists every version of an alert: who, when, before, after; newest first" },
    );
    let operation = routes.operation::<NoParams, Changed>(
        "/v1/changes/{change}/undo",
        about("undo_change", "Takes a change of incidents or alerts back, with all that were one step with it"),
    );
    routes.add("/v1/changes/{change}/undo", HttpMethod::Post, operation, post(undo));
    routes.ask::<ActivityRequest>(
        "/v1/incidents/{id}/activity",
        About {
            id: "incident_activity",
            tag: "triage",
            summary: "Lists every change of an incident: who, when, before, after; newest first",
        },
    );
    let operation = routes.operation::<AuditRequest, Audit>(
        "/v1/audit/verify",
        about("verify_audit", "Follows the chain of changes through the whole journal and names the first broken link"),
    );
    routes.add("/v1/audit/verify", HttpMethod::Get, operation, get(audit));
}

/// An operation that changes incidents or alerts, asked by a JSON body.
fn changes<B: ToSchema>(routes: &mut Routes, path: &'static str, method: HttpMethod, about: About, handler: MethodRouter<Arc<App>>) {
    let mut operation: Operation = routes.operation::<NoParams, Changed>(path, about);
    operation.request_body = Some(routes.json_body::<B>().into());
    routes.add(path, method, operation, handler);
}

/// An operation that refuses a change of a version not seen.
fn conditional<B: ToSchema>(routes: &mut Routes, path: &'static str, about: About, handler: MethodRouter<Arc<App>>) {
    let mut operation: Operation = routes.operation::<NoParams, Changed>(path, about);
    operation.request_body = Some(routes.json_body::<B>().into());
    seen::describe(&mut operation, true);
    routes.add(path, HttpMethod::Patch, operation, handler);
}

/// Changes incidents on the blocking pool.
async fn changed(engine: Arc<Engine>, actor: Actor, request: impl ChangeIncidents) -> Result<Response, ApiError> {
    done(move || engine.change(&request, &actor)).await
}

async fn done(change: impl FnOnce() -> Result<Changed, Fault> + Send + 'static) -> Result<Response, ApiError> {
    let done = tokio::task::spawn_blocking(change).await;
    json(&done.map_err(|error| Fault::new(FaultClass::Internal, "change_failed", format!("the change ended early: {error}")))??)
}

async fn create(Ready(engine): Ready, By(actor): By, JsonBody(request): JsonBody<IncidentCreate>) -> Result<Response, ApiError> {
    changed(engine, actor, request).await
}

async fn bulk(Ready(engine): Ready, By(actor): By, JsonBody(request): JsonBody<BulkUpdate>) -> Result<Response, ApiError> {
    changed(engine, actor, request).await
}

async fn update(
    Ready(engine): Ready,
    By(actor): By,
    Path(incident): Path<String>,
    seen: IfMatch,
    JsonBody(mut fields): JsonBody<IncidentFields>,
) -> Result<Response, ApiError> {
    fields.etag = seen.or(fields.etag);
    let request = IncidentUpdate { incident, fields };
    done(move || engine.change(&request, &actor).map_err(|fault| seen.refused(fault))).await
}

macro_rules! of_incident {
    ($($handler:ident($request:ident);)*) => {
        $(async fn $handler(
            Ready(engine): Ready,
            By(actor): By,
            Path(incident): Path<String>,
            JsonBody(request): JsonBody<$request>,
        ) -> Result<Response, ApiError> {
            changed(engine, actor, $request { incident, ..request }).await
        })*
    };
}

of_incident! {
    alerts(AlertsUpdate);
    merge(IncidentMerge);
    split(IncidentSplit);
    add_comment(CommentAdd);
    add_task(TaskAdd);
}

async fn edit_comment(
    Ready(engine): Ready,
    By(actor): By,
    Path((incident, comment)): Path<(String, String)>,
    JsonBody(request): JsonBody<CommentEdit>,
) -> Result<Response, ApiError> {
    changed(engine, actor, CommentEdit { incident, comment, ..request }).await
}

async fn edit_task(
    Ready(engine): Ready,
    By(actor): By,
    Path((incident, task)): Path<(String, String)>,
    JsonBody(request): JsonBody<TaskEdit>,
) -> Result<Response, ApiError> {
    changed(engine, actor, TaskEdit { incident, task, ..request }).await
}

async fn remove_comment(
    Ready(engine): Ready,
    By(actor): By,
    Path((incident, comment)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    changed(engine, actor, CommentRemove { incident, comment }).await
}

async fn remove_task(Ready(engine): Ready, By(actor): By, Path((incident, task)): Path<(String, String)>) -> Result<Response, ApiError> {
    changed(engine, actor, TaskRemove { incident, task }).await
}

async fn undo(Ready(engine): Ready, By(actor): By, Path(change): Path<String>) -> Result<Response, ApiError> {
    let change = change
        .parse()
        .map_err(|_| Fault::new(FaultClass::Invalid, "change_invalid", format!("expected the number of a change, found `{change}`")))?;
    done(move || engine.undo(change, &actor)).await
}

async fn update_alert(
    Ready(engine): Ready,
    By(actor): By,
    Path(alert): Path<String>,
    seen: IfMatch,
    JsonBody(mut fields): JsonBody<AlertFields>,
) -> Result<Response, ApiError> {
    fields.etag = seen.or(fields.etag);
    let request = AlertUpdate { alert, fields };
    done(move || engine.change_alerts(&request, &actor).map_err(|fault| seen.refused(fault))).await
}

async fn bulk_alerts(Ready(engine): Ready, By(actor): By, JsonBody(request): JsonBody<AlertBulkUpdate>) -> Result<Response, ApiError> {
    done(move || engine.change_alerts(&request, &actor)).await
}

async fn audit(Ready(engine): Ready, Ask(request): Ask<AuditRequest>) -> Result<Response, ApiError> {
    let done = tokio::task::spawn_blocking(move || engine.audit(&request)).await;
    json(&done.map_err(|error| Fault::new(FaultClass::Internal, "audit_failed", format!("the audit ended early: {error}")))??)
}
