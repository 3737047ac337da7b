//! The start page with the counts, for a clew that was built without the web page, and `/docs`: a page that lists every operation and lets one try those that only read.
//!
//! Own HTML, style and script as separate files inside the binary, so that the strict content policy holds and nothing
//! is loaded from elsewhere.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

use super::app::App;
use super::routes::Routes;

const PAGE: &str = include_str!("docs/docs.html");
const START: &str = include_str!("docs/start.html");
const STYLE: &str = include_str!("docs/docs.css");
const SCRIPT: &str = include_str!("docs/docs.js");

/// Adds the pages.
pub(crate) fn add(routes: &mut Routes) {
    routes.page("/docs", get(|| asset("text/html; charset=utf-8", PAGE)));
    routes.page("/docs.css", get(|| asset("text/css; charset=utf-8", STYLE)));
    routes.page("/docs.js", get(|| asset("text/javascript; charset=utf-8", SCRIPT)));
}

/// What `/` shows where the web page was not built.
pub(crate) fn start_page() -> MethodRouter<Arc<App>> {
    get(start)
}

async fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 2] = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")];
    (headers, text).into_response()
}

async fn start(State(app): State<Arc<App>>) -> Response {
    let stats = match app.default_engine() {
        // The page is for everybody, the counts are not.
        Ok(_) if app.gate.is_closed().unwrap_or(true) => None,
        Ok(engine) => {
            let engine = Arc::clone(engine);
            tokio::task::spawn_blocking(move || engine.stats()).await.ok()
        }
        Err(_) => None,
    };
    let mut rows = String::new();
    let mut row = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = write!(rows, "<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(&value));
    };
    match stats {
        Some(stats) => {
            row("documents", stats.seq.to_string());
            for (part, value) in stats.graph.as_object().into_iter().flatten().filter(|(_, value)| value.is_u64()) {
                row(&part.replace('_', " "), value.to_string());
            }
            stats.tables.iter().for_each(|(table, rows)| row(table, format!("{rows} rows")));
        }
        None => {
            row("state", if app.default_engine().is_ok() { "ready; sign in to see more" } else { "still reading the journal" }.to_owned())
        }
    }
    let page = START.replace("{version}", env!("CARGO_PKG_VERSION")).replace("{rows}", &rows);
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// Text that cannot leave its place in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
