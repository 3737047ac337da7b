//! `/v1/bookmarks`: rows that were kept as evidence.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{delete, patch, post};
use utoipa::openapi::path::HttpMethod;

use super::auth::By;
use super::error::ApiError;
use super::extract::{JsonBody, Ready};
use super::routes::{About, NoParams, Routes, json};
use super::seen::{self, IfMatch};
use crate::engine::Engine;
use crate::model::{Fault, FaultClass};
use crate::query::bookmarks::{self, BookmarkDetail, BookmarkFilter, BookmarkRequest};
use crate::triage::bookmark::{BookmarkChange, BookmarkFields};
use crate::triage::incident::Actor;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "triage", summary };
    routes.ask::<BookmarkFilter>("/v1/bookmarks", about("bookmarks", "Lists bookmarks, the latest first"));
    routes.ask::<BookmarkRequest>("/v1/bookmarks/{id}", about("bookmark", "Shows one bookmark"));
    let mut operation =
        routes.operation::<NoParams, BookmarkDetail>("/v1/bookmarks", about("create_bookmark", "Keeps a row of an answer as evidence"));
    operation.request_body = Some(routes.json_body::<BookmarkFields>().into());
    routes.add("/v1/bookmarks", HttpMethod::Post, operation, post(create));
    let mut operation = routes.operation::<NoParams, BookmarkDetail>(
        "/v1/bookmarks/{id}",
        about("update_bookmark", "Changes fields of a bookmark; `If-Match` or `etag` refuses a change of a version not seen"),
    );
    operation.request_body = Some(routes.json_body::<BookmarkFields>().into());
    seen::describe(&mut operation, true);
    routes.add("/v1/bookmarks/{id}", HttpMethod::Patch, operation, patch(update));
    let mut operation = routes.operation::<NoParams, Removed>(
        "/v1/bookmarks/{id}",
        about("remove_bookmark", "Removes a bookmark and takes it out of its incidents; its earlier versions stay"),
    );
    seen::describe(&mut operation, false);
    routes.add("/v1/bookmarks/{id}", HttpMethod::Delete, operation, delete(remove));
}

/// What was removed.
#[derive(serde::Serialize, utoipa::ToSchema)]
struct Removed {
    /// Its id.
    id: String,
}

/// Makes the change on the blocking pool.
async fn changed(engine: Arc<Engine>, actor: Actor, seen: IfMatch, change: BookmarkChange) -> Result<Option<BookmarkDetail>, ApiError> {
    let done = tokio::task::spawn_blocking(move || engine.bookmark(&change, &actor).map_err(|fault| seen.refused(fault))).await;
    let stored = done.map_err(|error| Fault::new(FaultClass::Internal, "change_failed", format!("the change ended early: {error}")))??;
    Ok(stored.as_ref().and_then(bookmarks::detail))
}

async fn create(Ready(engine): Ready, By(actor): By, JsonBody(fields): JsonBody<BookmarkFields>) -> Result<Response, ApiError> {
    let change = BookmarkChange { id: None, etag: fields.etag.clone(), fields: Some(fields), replace: false };
    json(&changed(engine, actor, IfMatch::default(), change).await?)
}

async fn update(
    Ready(engine): Ready,
    By(actor): By,
    Path(id): Path<String>,
    seen: IfMatch,
    JsonBody(fields): JsonBody<BookmarkFields>,
) -> Result<Response, ApiError> {
    known(&engine, &id)?;
    let etag = seen.or(fields.etag.clone()).or_else(|| Some("*".to_owned()));
    let change = BookmarkChange { id: Some(id), etag, fields: Some(fields), replace: false };
    json(&changed(engine, actor, seen, change).await?)
}

async fn remove(Ready(engine): Ready, By(actor): By, Path(id): Path<String>, seen: IfMatch) -> Result<Response, ApiError> {
    known(&engine, &id)?;
    let change = BookmarkChange { id: Some(id.clone()), etag: seen.or(None), fields: None, replace: false };
    changed(engine, actor, seen, change).await?;
    json(&Removed { id })
}

fn known(engine: &Arc<Engine>, id: &str) -> Result<(), Fault> {
    crate::query::Question::answer(BookmarkRequest { id: id.to_owned() }, &engine.context()).map(drop)
}
