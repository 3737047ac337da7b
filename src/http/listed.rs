//! `/v1/watchlists` and `/v1/indicators`: lists of things to watch and signs of threats, their import, and what they match.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{post, put};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::path::HttpMethod;

use super::app::App;
use super::auth::By;
use super::body;
use super::definitions::{self, Deleted, Operations, blocking};
use super::error::ApiError;
use super::extract::{JsonBody, Ready, read_json};
use super::routes::{About, NoParams, Routes, json};
use crate::engine::{Define, Engine};
use crate::model::{Fault, Indicator, Object, Watchlist, WatchlistItem};
use crate::query::listed::{IndicatorFilter, IndicatorMatches, WatchlistItems, WatchlistMatches};
use crate::triage::definition;
use crate::triage::incident::Actor;
use crate::triage::listed::{self, Entry, Imported, IndicatorImport, WatchlistImport};

/// Bytes of one import at the most.
const IMPORT_BYTES_MAX: usize = 64 << 20;
/// Resources that are written together; an import that is cut short is completed by the next.
const CHUNK: usize = 2_000;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    watchlists(routes);
    indicators(routes);
}

fn watchlists(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "lists", summary };
    definitions::add::<Watchlist>(
        routes,
        &Operations {
            tag: "lists",
            path: "/v1/watchlists",
            item: "/v1/watchlists/{id}",
            ids: ["watchlists", "watchlist", "put_watchlist", "delete_watchlist"],
            summaries: [
                "Lists the watchlists, each with the number of its items",
                "Shows one watchlist",
                "Defines a watchlist; its items stay",
                "Deletes a watchlist with all its items",
            ],
        },
    );
    let path = "/v1/watchlists/{id}/import";
    let mut operation = routes.operation::<NoParams, Imported>(path, about("import_watchlist", "Takes a CSV in as items of a watchlist"));
    operation.request_body = Some(routes.json_body::<WatchlistImport>().into());
    routes.add(path, HttpMethod::Post, operation, post(import_watchlist));
    routes.ask::<WatchlistItems>("/v1/watchlists/{id}/items", about("watchlist_items", "Lists the items of a watchlist"));
    let path = "/v1/watchlists/{id}/items/{item}";
    let mut operation = routes.operation::<NoParams, WatchlistItem>(path, about("put_watchlist_item", "Defines one item of a watchlist"));
    operation.request_body = Some(routes.json_body::<ItemFields>().into());
    routes.add(path, HttpMethod::Put, operation, put(put_item));
    let operation = routes.operation::<NoParams, Deleted>(path, about("delete_watchlist_item", "Deletes one item of a watchlist"));
    routes.add(path, HttpMethod::Delete, operation, axum::routing::delete(delete_item));
    let summary = "Lists the entities that stand on a watchlist, over all history";
    routes.ask::<WatchlistMatches>("/v1/watchlists/{id}/matches", about("watchlist_matches", summary));
}

fn indicators(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "lists", summary };
    routes.ask::<IndicatorFilter>("/v1/indicators", about("indicators", "Lists the threat indicators under a filter"));
    let path = "/v1/indicators/import";
    let summary = "Takes threat indicators in: a STIX bundle or a CSV";
    let mut operation = routes.operation::<NoParams, Imported>(path, about("import_indicators", summary));
    operation.request_body = Some(routes.json_body::<IndicatorImport>().into());
    routes.add(path, HttpMethod::Post, operation, post(import_indicators));
    definitions::add_item::<Indicator>(
        routes,
        &Operations {
            tag: "lists",
            path: "/v1/indicators",
            item: "/v1/indicators/{id}",
            ids: ["indicators", "indicator", "put_indicator", "delete_indicator"],
            summaries: ["", "Shows one threat indicator", "Defines a threat indicator", "Deletes a threat indicator"],
        },
    );
    let summary = "Lists the entities that match a threat indicator, over all history";
    routes.ask::<IndicatorMatches>("/v1/indicators/{id}/matches", about("indicator_matches", summary));
}

/// Reads a JSON body that may be as large as an import.
async fn import<T: DeserializeOwned>(app: &App, request: Request<Body>) -> Result<T, Fault> {
    read_json(&body::whole(request.into_body(), IMPORT_BYTES_MAX, &app.limits).await?)
}

/// Writes what an import planned, part by part; counts what changed.
pub(crate) fn write(engine: &Arc<Engine>, entries: Vec<Entry>, actor: &Actor) -> Result<u64, Fault> {
    let define = |entry: &Entry| match &entry.value {
        Some(value) => Define::put(entry.kind, &entry.id, value.clone()),
        None => Define::delete(entry.kind, &entry.id),
    };
    let mut changed = 0;
    for chunk in entries.chunks(CHUNK) {
        changed += engine.define_all(chunk.iter().map(define).collect(), actor)? as u64;
    }
    Ok(changed)
}

async fn import_watchlist(
    Ready(engine): Ready,
    By(actor): By,
    State(app): State<Arc<App>>,
    Path(alias): Path<String>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let asked: WatchlistImport = import(&app, request).await?;
    let done = blocking(move || {
        let (entries, done) = listed::import_watchlist(&engine.context(), &alias, &asked)?;
        let changed = write(&engine, entries, &actor)? - done.removed;
        Ok(Imported { changed, ..done })
    });
    json(&done.await?)
}

async fn import_indicators(
    Ready(engine): Ready,
    By(actor): By,
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let asked: IndicatorImport = import(&app, request).await?;
    let done = blocking(move || {
        let (entries, done) = listed::import_indicators(&asked)?;
        let changed = write(&engine, entries, &actor)?;
        Ok(Imported { changed, ..done })
    });
    json(&done.await?)
}

/// The cells of an item.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ItemFields {
    /// Its cells by column; the list's key column must be among them.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    fields: Object,
}

async fn put_item(
    Ready(engine): Ready,
    By(actor): By,
    Path((alias, item)): Path<(String, String)>,
    JsonBody(asked): JsonBody<ItemFields>,
) -> Result<Response, ApiError> {
    let defined = blocking(move || {
        definition::check_id(&item)?;
        let entry = listed::one_item(&engine.context(), &alias, &item, asked.fields)?;
        let value = entry.value.clone().unwrap_or_default();
        write(&engine, vec![entry], &actor)?;
        Ok(value)
    });
    json(&defined.await?)
}

async fn delete_item(Ready(engine): Ready, By(actor): By, Path((alias, item)): Path<(String, String)>) -> Result<Response, ApiError> {
    let deleted = blocking(move || {
        let id = WatchlistItem::resource_id(&alias, &item);
        let there = engine.context().snapshot.resource(WatchlistItem::KIND, &id)?.is_some();
        engine.define(Define::delete(WatchlistItem::KIND, &id), &actor)?;
        Ok(Deleted { deleted: there })
    });
    json(&deleted.await?)
}
