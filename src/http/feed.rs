//! `/v1/changes`: what changed, page by page, by long poll, or as a stream of server-sent events.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::{Stream, StreamExt};
use utoipa::openapi::path::HttpMethod;

use super::auth::Standing;
use super::error::ApiError;
use super::extract::{Ask, Ready};
use super::routes::{About, Routes, json};
use crate::engine::{Engine, Feed, FeedPage, FeedRequest};
use crate::model::{Fault, FaultClass, Seq};

/// How often a stream without news says that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = About {
        id: "changes",
        tag: "system",
        summary: "Tells what changed behind a cursor; `wait` holds the answer until there is something, `Accept: text/event-stream` streams it",
    };
    let operation = routes.operation::<FeedRequest, FeedPage>("/v1/changes", about);
    routes.add("/v1/changes", HttpMethod::Get, operation, get(changes));
}

async fn changes(
    Ready(engine): Ready,
    standing: Standing,
    headers: HeaderMap,
    Ask(mut request): Ask<FeedRequest>,
) -> Result<Response, ApiError> {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/event-stream") {
        return json(&page(&engine, &standing, request.read(&engine)?).await?);
    }
    // A browser that lost the stream names the last event that it saw.
    if let Some(last) = headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        request.cursor = Some(last.to_owned());
    }
    let feed = request.read(&engine)?;
    let engine = Arc::downgrade(&engine);
    let (open, checked) = (engine.clone(), standing.clone());
    // Layers may poll a body once more behind its end.
    let events = stream(engine, checked, feed).take_until(Box::pin(async move { standing.lost(&open).await })).fuse();
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)).into_response())
}

/// The next page; waits for a first item as long as the request allows.
async fn page(engine: &Arc<Engine>, standing: &Standing, mut feed: Feed) -> Result<FeedPage, Fault> {
    let until = tokio::time::Instant::now() + feed.wait;
    loop {
        let page = read(engine, &feed).await?;
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        if !page.value.is_empty() || left.is_zero() || engine.stopping() {
            return Ok(page);
        }
        feed.after = Seq(page.cursor.parse().unwrap_or(feed.after.0));
        if page.complete {
            engine.wait_beyond(feed.after, left).await;
        }
        // What happened while the request waited is told only to who may still see it.
        standing.check()?;
    }
}

/// Reads a page on the blocking pool.
async fn read(engine: &Arc<Engine>, feed: &Feed) -> Result<FeedPage, Fault> {
    let (engine, feed) = (Arc::clone(engine), feed.clone());
    let read = tokio::task::spawn_blocking(move || engine.feed(&feed)).await;
    read.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "feed_failed", format!("the feed ended early: {error}"))))
}

/// Events for ever, or until the right to them is lost or the engine closes; the id of each is the cursor behind it.
fn stream(engine: Weak<Engine>, standing: Standing, feed: Feed) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold((engine, standing, feed, Vec::<Event>::new()), |(engine, standing, mut feed, mut ready)| async move {
        loop {
            standing.check().ok()?;
            if let Some(event) = ready.pop() {
                return Some((Ok(event), (engine, standing, feed, ready)));
            }
            let open = engine.upgrade().filter(|engine| !engine.stopping())?;
            let page = match read(&open, &feed).await {
                Ok(page) => page,
                Err(fault) => {
                    tracing::error!(code = fault.code, message = %fault.message, "a stream of changes ends");
                    return None;
                }
            };
            feed.after = Seq(page.cursor.parse().unwrap_or(feed.after.0));
            ready = events(&page);
            if ready.is_empty() && page.complete {
                open.wait_beyond(feed.after, ALIVE).await;
            }
        }
    })
}

/// The events of a page, the last first.
fn events(page: &FeedPage) -> Vec<Event> {
    let mut behind = None;
    let mut events = Vec::with_capacity(page.value.len());
    for item in page.value.iter().rev() {
        // Items of one document share its number: only with the last of them is the whole document told.
        let id = if behind == Some(item.seq) { item.seq - 1 } else { item.seq };
        behind = Some(item.seq);
        // An item is made of texts and numbers, which have a JSON form.
        events.extend(Event::default().id(id.to_string()).event(&item.kind).json_data(item));
    }
    events
}
