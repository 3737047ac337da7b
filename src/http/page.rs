//! The web page: the files that the build put into the binary, at `/`, `/assets/` and every address that a link into the page may have.
//!
//! Holds no data of a workspace: the page asks the API like every other client. Headers that bind the browser (content policy
//! and its like) are set for all answers in `observe`.

use std::io::Read;
use std::sync::Arc;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

use super::app::App;
use super::error::ApiError;
use super::routes::Routes;
use crate::model::{Fault, FaultClass};

/// A file of the page as the build made it.
struct File {
    name: &'static str,
    content_type: &'static str,
    /// Hash of the content.
    hash: &'static str,
    gzipped: &'static [u8],
}

/// Empty where npm was missing when clew was built.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

const INDEX: &str = "index.html";

/// The addresses of the page's screens. What stands behind them is read by the page.
const SCREENS: [&str; 15] = [
    "/incidents",
    "/incidents/{*rest}",
    "/alerts",
    "/alerts/{*rest}",
    "/entities",
    "/entities/{*rest}",
    "/graph",
    "/graph/{*rest}",
    "/query",
    "/query/{*rest}",
    "/search",
    "/proposals",
    "/notifications",
    "/admin",
    "/admin/{*rest}",
];

/// Adds the page. Where it was not built, `/` shows `instead`.
pub(crate) fn add(routes: &mut Routes, instead: axum::routing::MethodRouter<Arc<App>>) {
    if find(INDEX).is_none() {
        routes.page("/", instead);
        return;
    }
    routes.page("/", get(index));
    SCREENS.iter().for_each(|screen| routes.page(screen, get(index)));
    routes.page("/assets/{name}", get(asset));
}

/// The page at an address without a route, for browsers: it says that nothing is there. Programs do not ask for HTML and get none.
pub(crate) fn elsewhere(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let file = find(INDEX).filter(|_| *method == Method::GET && accepted.contains("text/html"))?;
    let mut headers = headers.clone();
    headers.remove(header::IF_NONE_MATCH);
    let mut response = answer(file, &headers, "no-cache");
    *response.status_mut() = StatusCode::NOT_FOUND;
    Some(response)
}

fn find(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

/// The document of every screen; asked for again on each visit, answered in full only when it changed.
async fn index(headers: HeaderMap) -> Response {
    match find(INDEX) {
        Some(file) => answer(file, &headers, "no-cache"),
        None => missing().into_response(),
    }
}

/// A file whose name carries the hash of its content: it may be kept for ever.
async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match find(&name).filter(|file| file.name != INDEX) {
        Some(file) => answer(file, &headers, "public, max-age=31536000, immutable"),
        None => missing().into_response(),
    }
}

fn missing() -> ApiError {
    ApiError(
        Fault::new(FaultClass::NotFound, "asset_unknown", "the page has no such file")
            .with_hint("load the page again: it may be of an earlier version of clew"),
    )
}

fn answer(file: &File, headers: &HeaderMap, cache: &'static str) -> Response {
    let tag = format!("\"{}\"", file.hash);
    let mut response = if matches_tag(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if accepts_gzip(headers) {
        let mut response = file.gzipped.into_response();
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        plain(file).into_response()
    };
    let fixed =
        [(header::CONTENT_TYPE, file.content_type), (header::CACHE_CONTROL, cache), (header::VARY, header::ACCEPT_ENCODING.as_str())];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Whether the client has the file already. A tag may come back marked as weak by what packed the answer on its way.
fn matches_tag(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let given = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(',').any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = quality.trim().strip_prefix("q=").is_some_and(|number| number.parse() == Ok(0.0_f32));
        matches!(name.trim(), "gzip" | "*") && !refused
    })
}

fn plain(file: &File) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(file.gzipped).read_to_end(&mut bytes).expect("the build packed it");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    const SAMPLE: File = File {
        name: "a.js",
        content_type: "text/javascript; charset=utf-8",
        hash: "00ff",
        // `let a = 1;`, packed by `gzip -n -9`.
        gzipped: &[
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x49, 0x2d, 0x51, 0x48, 0x54, 0xb0, 0x55, 0x30, 0xb4, 0x06,
            0x00, 0x64, 0x95, 0x31, 0x96, 0x0a, 0x00, 0x00, 0x00,
        ],
    };

    async fn body(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory").to_vec()
    }

    /// A screen that the page has and this module does not know would be a 404 for who loads it anew.
    #[test]
    fn every_screen_of_the_page_has_an_address() {
        let app = include_str!("../../web/src/app/app.tsx");
        let (_, screens) = app.split_once("function screen(").expect("the page chooses its screen");
        let (screens, _) = screens.split_once("\n}\n").expect("the choice ends");
        let mut named: Vec<String> = screens
            .lines()
            .filter_map(|line| line.trim().strip_prefix("case \"")?.split_once('"'))
            .map(|(name, _)| format!("/{name}"))
            .collect();
        named.retain(|name| name != "/");
        assert!(named.len() > 5, "{named:?}");
        let unknown: Vec<&String> = named.iter().filter(|name| !SCREENS.contains(&name.as_str())).collect();
        assert_eq!(unknown, Vec::<&String>::new());
    }

    #[tokio::test]
    async fn a_file_comes_packed_only_to_those_who_can_unpack() {
        let cases = [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("identity", false),
            ("br", false),
            ("", false),
        ];
        for (accepted, packed) in cases {
            let response = answer(&SAMPLE, &headers(header::ACCEPT_ENCODING, accepted), "no-cache");
            assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), packed, "{accepted}");
            assert_eq!(response.headers()[header::VARY], "accept-encoding", "{accepted}");
            let expected = if packed { SAMPLE.gzipped } else { b"let a = 1;" };
            assert_eq!(body(response).await, expected, "{accepted}");
        }
    }

    #[test]
    fn a_browser_sees_the_page_at_any_address_and_a_program_does_not() {
        let browser = headers(header::ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        if let Some(response) = elsewhere(&Method::GET, &browser) {
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        }
        assert_eq!(elsewhere(&Method::GET, &browser).is_some(), find(INDEX).is_some());
        assert!(elsewhere(&Method::POST, &browser).is_none());
        assert!(elsewhere(&Method::GET, &headers(header::ACCEPT, "application/json")).is_none());
        assert!(elsewhere(&Method::GET, &HeaderMap::new()).is_none());
    }

    #[tokio::test]
    async fn a_known_file_is_not_sent_again() {
        let cases = [("\"00ff\"", 304), ("W/\"00ff\"", 304), ("\"11\", \"00ff\"", 304), ("*", 304), ("\"11\"", 200), ("00ff", 200)];
        for (given, status) in cases {
            let response = answer(&SAMPLE, &headers(header::IF_NONE_MATCH, given), "no-cache");
            assert_eq!(response.status().as_u16(), status, "{given}");
            assert_eq!(response.headers()[header::ETAG], "\"00ff\"", "{given}");
        }
    }
}
