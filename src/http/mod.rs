//! The HTTP door: native API under `/v1`, its description, health, metrics, and the server around them.
//!
//! One file per resource. Handlers read a request, ask the engine and write the answer; nothing here knows how a question
//! is answered. `router` is the whole API without a socket: the server, the command line and tests drive the same one.

mod alerts;
mod app;
mod auth;
mod automation;
mod body;
mod bookmarks;
mod changes;
mod definitions;
mod dialects;
mod docs;
mod drain;
mod entities;
mod error;
mod explore;
mod exports;
mod extract;
mod feed;
mod gate;
mod graph;
mod guard;
mod head;
mod incidents;
mod ingest;
mod integers;
mod keys;
mod library;
mod listed;
mod maintain;
pub(crate) mod mcp;
mod metrics;
mod notifications;
mod observe;
mod openapi;
mod page;
pub(crate) mod params;
mod people;
mod policy;
mod posture;
mod proposals;
mod query;
mod reads;
pub(crate) mod request;
mod retention;
mod rights;
mod routes;
mod search;
pub(crate) mod seen;
mod server;
mod sessions;
mod sign_in;
mod simulate;
pub(crate) mod suggest;
mod suppression;
mod system;
mod timeline;
pub mod tls;
mod tokens;
mod triage;
mod whoami;
mod workspaces;

use std::sync::Arc;

use axum::http::{HeaderMap, Method};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::engine::Engine;
use crate::model::{Fault, FaultClass};

use app::App;
use auth::Caller;
use routes::Routes;

pub use app::Limits;
pub(crate) use auth::USER;
pub use error::{ErrorBody, ErrorDetail, ErrorSpan};
pub use server::{ServerFile, Serving, directory_secret, serve};
pub(crate) use workspaces::{WORKSPACE, folder as workspace_folder};

/// The whole API over an open engine, without a socket.
pub fn router(engine: Arc<Engine>) -> Router {
    layered(App::ready(engine, Limits::default()))
}

/// The description of the API, OpenAPI as JSON.
pub fn openapi() -> String {
    // The description is made of texts that have a JSON form.
    operations().finish().2.to_pretty_json().unwrap_or_default()
}

/// Every operation of the API.
fn operations() -> Routes {
    let mut routes = Routes::new();
    ingest::add(&mut routes);
    search::add(&mut routes);
    incidents::add(&mut routes);
    alerts::add(&mut routes);
    entities::add(&mut routes);
    explore::add(&mut routes);
    library::add(&mut routes);
    graph::add(&mut routes);
    timeline::add(&mut routes);
    query::add(&mut routes);
    posture::add(&mut routes);
    triage::add(&mut routes);
    changes::add(&mut routes);
    feed::add(&mut routes);
    notifications::add(&mut routes);
    bookmarks::add(&mut routes);
    proposals::add(&mut routes);
    mcp::add(&mut routes);
    policy::add(&mut routes);
    suppression::add(&mut routes);
    listed::add(&mut routes);
    automation::add(&mut routes);
    exports::add(&mut routes);
    simulate::add(&mut routes);
    maintain::add(&mut routes);
    retention::add(&mut routes);
    system::add(&mut routes);
    whoami::add(&mut routes);
    sign_in::add(&mut routes);
    keys::add(&mut routes);
    workspaces::add(&mut routes);
    reads::add(&mut routes);
    tokens::add(&mut routes);
    docs::add(&mut routes);
    page::add(&mut routes, docs::start_page());
    routes
}

/// The operations inside the layers that every request passes, the outermost last.
fn layered(app: Arc<App>) -> Router {
    // The workspace in front of a path is taken off before the path finds its route.
    Router::new().fallback_service(layers(operations(), app).map_request(auth::choose))
}

fn layers(routes: Routes, app: Arc<App>) -> Router {
    let (router, needs, description) = routes.finish();
    app.describe(description.to_json().unwrap_or_default().into(), needs);
    let inside = |router: Router<Arc<App>>| {
        router
            .fallback(dialects::answer)
            .method_not_allowed_fallback(not_allowed)
            .layer(from_fn_with_state(Arc::clone(&app), guard::in_time))
            .layer(from_fn_with_state(Arc::clone(&app), auth::authenticate))
            .layer(from_fn_with_state(Arc::clone(&app), guard::addressed))
            .layer(CatchPanicLayer::custom(guard::panicked))
            .layer(from_fn(drain::drained))
            .layer(from_fn_with_state(Arc::clone(&app), observe::observe))
            .with_state(Arc::clone(&app))
    };
    // What the tools of assistants ask passes every layer, too; the way to them is closed to the tools themselves.
    let door = mcp::Door::to(inside(router.clone()), &app);
    inside(router.layer(Extension(door)))
}

/// No route has the address: a person who browses sees the page say so, a program an error. Who is not known learns not even
/// that there is nothing.
fn unknown(caller: &Caller, method: &Method, headers: &HeaderMap) -> Response {
    page::elsewhere(method, headers).unwrap_or_else(|| {
        let nothing =
            || Fault::new(FaultClass::NotFound, "route_unknown", "nothing is at this path").with_hint("`/docs` lists all operations");
        error::ApiError(caller.identity().err().unwrap_or_else(nothing)).into_response()
    })
}

async fn not_allowed() -> impl IntoResponse {
    error::ApiError(
        Fault::new(FaultClass::Invalid, "method_not_allowed", "this path does not take this method")
            .with_hint("`/docs` lists the method of every operation"),
    )
}

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod answers_tests;
#[cfg(test)]
mod tests;
