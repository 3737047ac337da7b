//! `/v1/notifications`: what the caller is told, what they have read of it, and what they chose to be told.

use axum::response::Response;
use axum::routing::{get, post, put};
use utoipa::openapi::path::HttpMethod;

use super::auth::{By, Granted};
use super::definitions::blocking;
use super::error::ApiError;
use super::extract::{Ask, JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use crate::engine::{NotificationChoice, NotificationFilter, NotificationPage, NotificationsRead, Unread};
use crate::triage::notification::{NotificationDefaults, NotificationSettings};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "notifications", summary };
    let path = "/v1/notifications";
    let operation = routes.operation::<NotificationFilter, NotificationPage>(
        path,
        about("notifications", "Tells what happened that concerns the caller, newest first; nobody is told of what they did themselves"),
    );
    routes.add(path, HttpMethod::Get, operation, get(list));
    let path = "/v1/notifications/read";
    let mut operation =
        routes.operation::<NoParams, Unread>(path, about("read_notifications", "Marks notifications of the caller as read"));
    operation.request_body = Some(routes.json_body::<NotificationsRead>().into());
    routes.add(path, HttpMethod::Post, operation, post(read));
    let path = "/v1/notifications/settings";
    let summary = "Shows what the caller chose to be told, and what holds by it";
    let operation = routes.operation::<NoParams, NotificationChoice>(path, about("notification_settings", summary));
    routes.add(path, HttpMethod::Get, operation, get(settings));
    let mut operation =
        routes.operation::<NoParams, NotificationChoice>(path, about("put_notification_settings", "Sets what the caller wants to be told"));
    operation.request_body = Some(routes.json_body::<NotificationSettings>().into());
    routes.add(path, HttpMethod::Put, operation, put(choose));
    let path = "/v1/notifications/defaults";
    let summary = "Shows what everybody in the workspace is told who chose nothing";
    let operation = routes.operation::<NoParams, NotificationDefaults>(path, about("notification_defaults", summary));
    routes.add(path, HttpMethod::Get, operation, get(defaults));
    let summary = "Sets what everybody in the workspace is told who chose nothing";
    let mut operation = routes.operation::<NoParams, NotificationDefaults>(path, about("put_notification_defaults", summary));
    operation.request_body = Some(routes.json_body::<NotificationDefaults>().into());
    routes.add(path, HttpMethod::Put, operation, put(set_defaults));
}

async fn list(Ready(engine): Ready, granted: Granted, Ask(filter): Ask<NotificationFilter>) -> Result<Response, ApiError> {
    let name = granted.actor()?.name;
    json(&blocking(move || engine.notifications(&filter, granted.identity(), &name)).await?)
}

async fn read(Ready(engine): Ready, granted: Granted, JsonBody(request): JsonBody<NotificationsRead>) -> Result<Response, ApiError> {
    let name = granted.actor()?.name;
    json(&blocking(move || engine.read_notifications(&request, granted.identity(), &name)).await?)
}

async fn settings(Ready(engine): Ready, granted: Granted) -> Result<Response, ApiError> {
    let name = granted.actor()?.name;
    json(&blocking(move || engine.notification_choice(granted.identity(), &name)).await?)
}

async fn choose(
    Ready(engine): Ready,
    granted: Granted,
    By(actor): By,
    JsonBody(choice): JsonBody<NotificationSettings>,
) -> Result<Response, ApiError> {
    json(&blocking(move || engine.choose_notifications(&choice, granted.identity(), &actor)).await?)
}

async fn defaults(Ready(engine): Ready) -> Result<Response, ApiError> {
    json(&blocking(move || engine.notification_defaults()).await?)
}

async fn set_defaults(
    Ready(engine): Ready,
    By(actor): By,
    JsonBody(defaults): JsonBody<NotificationDefaults>,
) -> Result<Response, ApiError> {
    json(&blocking(move || engine.set_notification_defaults(&defaults, &actor)).await?)
}
