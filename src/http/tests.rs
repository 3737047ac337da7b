//! The router driven without a socket: a table of requests with their whole answers, one for every class of error.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::IntoParams;

use super::error::ApiError;
use super::extract::{Ask, JsonBody};
use super::*;

#[derive(Deserialize, IntoParams)]
struct Probe {
    class: String,
}

/// Routes that need no engine: one that fails on request, one that panics, one that takes a body.
fn probed() -> Router {
    let mut routes = operations();
    routes.page(
        "/probe/{class}",
        get(|Ask(probe): Ask<Probe>| async move {
            let (class, code) = match probe.class.as_str() {
                "invalid" => (FaultClass::Invalid, "some_invalid"),
                "not_found" => (FaultClass::NotFound, "some_unknown"),
                "conflict" => (FaultClass::Conflict, "some_conflict"),
                "limit" => (FaultClass::Limit, "some_limit"),
                "busy" => (FaultClass::Limit, "busy"),
                "unavailable" => (FaultClass::Unavailable, "some_unavailable"),
                "panic" => panic!("a secret detail"),
                _ => (FaultClass::Internal, "some_internal"),
            };
            Err::<(), _>(ApiError(Fault::new(class, code, "expected `a`, found `b`").with_hint("try `c`").at(3, 5)))
        })
        .post(|JsonBody(map): JsonBody<std::collections::BTreeMap<String, u8>>| async move { axum::Json(map) }),
    );
    let limits = Limits { body_bytes_max: 64, start_wait_max: std::time::Duration::ZERO, ..Limits::default() };
    layers(routes, App::starting(limits))
}

async fn call(router: Router, request: Request<Body>) -> (u16, Value) {
    let response = router.oneshot(request).await.expect("the router is infallible");
    let status = response.status().as_u16();
    assert_eq!(response.headers().get("x-request-id").map(|id| id.as_bytes()), Some(b"r1".as_slice()));
    assert_eq!(response.headers().get("x-content-type-options").map(|id| id.as_bytes()), Some(b"nosniff".as_slice()));
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())))
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("x-request-id", "r1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("a well-formed request")
}

fn error(code: &str, message: &str, hint: Option<&str>, span: Option<(u64, u64)>) -> Value {
    let mut error = json!({"code": code, "message": message});
    if let Some(hint) = hint {
        error["hint"] = hint.into();
    }
    if let Some((start, end)) = span {
        error["span"] = json!({"start": start, "end": end});
    }
    error["request_id"] = "r1".into();
    json!({ "error": error })
}

type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, u16, Value);

#[tokio::test]
async fn every_error_has_its_status_and_body() {
    let classes = |code| error(code, "expected `a`, found `b`", Some("try `c`"), Some((3, 5)));
    let hidden = |code| {
        let hint = "the log of clew says why, at request id `r1`";
        error(code, "clew failed to answer", Some(hint), None)
    };
    let mut internal = hidden("some_internal");
    internal["error"]["span"] = json!({"start": 3, "end": 5});
    let docs = Some("`/docs` shows the body of every operation");
    let starting = error("starting", "clew is still reading its journal", Some("ask again when `/v1/ready` answers 200"), None);
    let cases: Vec<Case> = vec![
        ("GET", "/probe/invalid", &[], "", 400, classes("some_invalid")),
        ("GET", "/probe/not_found", &[], "", 404, classes("some_unknown")),
        ("GET", "/probe/conflict", &[], "", 409, classes("some_conflict")),
        ("GET", "/probe/limit", &[], "", 422, classes("some_limit")),
        ("GET", "/probe/busy", &[], "", 429, classes("busy")),
        ("GET", "/probe/unavailable", &[], "", 503, classes("some_unavailable")),
        ("GET", "/probe/internal", &[], "", 500, internal),
        ("GET", "/probe/panic", &[], "", 500, hidden("panic")),
        ("GET", "/v1/nothing", &[], "", 404, error("route_unknown", "nothing is at this path", Some("`/docs` lists all operations"), None)),
        (
            "DELETE",
            "/v1/incidents",
            &[],
            "",
            405,
            error("method_not_allowed", "this path does not take this method", Some("`/docs` lists the method of every operation"), None),
        ),
        ("GET", "/v1/incidents", &[], "", 503, starting.clone()),
        ("GET", "/v1/ready", &[], "", 503, starting),
        (
            "GET",
            "/probe/invalid?clas=1",
            &[],
            "",
            400,
            error("parameter_unknown", "parameter `clas` is not known here", Some("a similar parameter is `class`"), None),
        ),
        ("GET", "/probe/%FF", &[], "", 400, error("path_encoding", "expected UTF-8 in the path", None, None)),
        ("POST", "/probe/x", &[], r#"{"a": 1}"#, 200, json!({"a": 1})),
        (
            "POST",
            "/probe/x",
            &[],
            "{\"a\": 1,\n\"b\": x}",
            400,
            error("json_invalid", "expected a JSON body of this operation: expected value", docs, Some((14, 14))),
        ),
        (
            "POST",
            "/probe/x",
            &[],
            r#"{"a": 256}"#,
            400,
            error("body_invalid", "expected a JSON body of this operation: invalid value: integer `256`, expected u8", docs, Some((8, 8))),
        ),
        ("POST", "/probe/x", &[], " [1, null]", 400, error("body_invalid", "expected a JSON object, found an array", docs, Some((1, 1)))),
        (
            "POST",
            "/probe/x?limit=1",
            &[],
            "{}",
            400,
            error("parameter_unknown", "parameter `limit` is not known here", Some("there are no parameters here"), None),
        ),
        (
            "POST",
            "/probe/x",
            &[],
            r#"{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": 1}"#,
            413,
            error("body_too_large", "expected a body of at most 64 bytes (`body_bytes_max`)", None, None),
        ),
        (
            "GET",
            "/v1/health",
            &[("host", "evil.example:8080")],
            "",
            403,
            error(
                "host_refused",
                "expected a loopback host, found `evil.example:8080`",
                Some("clew answers to `localhost`, `127.0.0.1`, `[::1]` and what `--public-url` and its certificate name"),
                None,
            ),
        ),
        (
            "POST",
            "/v1/ingest",
            &[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:9999")],
            "{}",
            403,
            error("origin_refused", "expected a request of clew's own page, found origin `http://127.0.0.1:9999`", None, None),
        ),
    ];
    let router = probed();
    for (method, path, headers, body, status, expected) in cases {
        let answer = call(router.clone(), request(method, path, headers, body)).await;
        assert_eq!(answer, (status, expected), "{method} {path}");
    }
}

#[tokio::test]
async fn a_slow_request_ends_at_its_limit() {
    let mut routes = Routes::new();
    routes.page("/slow", get(std::future::pending::<()>));
    let none = std::time::Duration::ZERO;
    let limits = Limits { request_time_max: none, start_wait_max: none, ..Limits::default() };
    let answer = call(layers(routes, App::starting(limits)), request("GET", "/slow", &[], "")).await;
    let hint = "narrow the question by time or kind, or lower `limit`";
    assert_eq!(answer, (503, error("request_timeout", "the request took longer than 0 s (`request_time_max`)", Some(hint), None)));
}

#[tokio::test]
async fn a_request_waits_while_the_journal_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = Engine::open(dir.path(), crate::engine::Options::default()).expect("an engine");
    let app = App::starting(Limits::default());
    let opening = async {
        tokio::task::yield_now().await;
        app.open(engine).expect("there are no keys to read");
    };
    let (answer, ()) = tokio::join!(call(layered(Arc::clone(&app)), request("GET", "/v1/stats", &[], "")), opening);
    assert_eq!((answer.0, &answer.1["seq"]), (200, &json!(0)));
}

#[tokio::test]
async fn a_strange_request_id_is_replaced() {
    for given in ["", "a b", "x\u{7f}", &"x".repeat(65), "\"><script>"] {
        let Ok(value) = axum::http::HeaderValue::from_bytes(given.as_bytes()) else { continue };
        let request = Request::builder().uri("/v1/health").header("x-request-id", value).body(Body::empty()).expect("a request");
        let response = probed().oneshot(request).await.expect("the router is infallible");
        let id = response.headers()["x-request-id"].to_str().expect("a plain id");
        assert!(id != given && id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{given}: {id}");
    }
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere() {
    for path in ["/", "/docs", "/docs.css", "/docs.js"] {
        let (status, body) = call(probed(), request("GET", path, &[], "")).await;
        assert_eq!(status, 200, "{path}");
        let text = body.as_str().expect("text");
        for forbidden in ["http://", "https://", "innerHTML", "style=", "onclick", "eval("] {
            assert!(!text.contains(forbidden), "{path} holds {forbidden}");
        }
    }
}

#[test]
fn the_description_names_every_schema_that_it_uses() {
    let api: Value = serde_json::from_str(&openapi()).expect("JSON");
    let text = api.to_string();
    let schemas = api["components"]["schemas"].as_object().expect("schemas");
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        assert!(schemas.contains_key(name), "schema {name} is not described");
    }
    let mut ids: Vec<&str> = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for operation in item.as_object().expect("an item").values() {
            ids.push(operation["operationId"].as_str().expect("an id"));
            let described = operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(described, path.matches('{').count(), "{path}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().expect("a name");
                let in_path = path.contains(&format!("{{{name}}}"));
                assert_eq!(parameter["in"] == "path", in_path, "{path} {name}");
            }
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids repeat");
    assert_eq!(api["paths"]["/v1/incidents/{id}"]["get"]["operationId"], "incident");
}

/// A body of 64 chunks that counts those that were read.
fn counting(chunks: &std::sync::Arc<std::sync::atomic::AtomicUsize>) -> Body {
    let chunks = std::sync::Arc::clone(chunks);
    Body::from_stream(futures::stream::iter(0..64).map(move |_| {
        chunks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(&[b'x'; 1024]))
    }))
}

#[tokio::test]
async fn a_refused_body_is_read_away() {
    let cases = [
        ("/v1/nothing", None, 404, 64, None),
        ("/v1/health", None, 405, 64, None),
        // Too long: the handler stops in the middle of it.
        ("/probe/x", None, 413, 64, None),
        ("/probe/panic", None, 413, 64, None),
        // The client has not begun to send.
        ("/v1/nothing", Some("100-continue"), 404, 0, Some("close")),
    ];
    for (path, expect, status, read, connection) in cases {
        let chunks = std::sync::Arc::default();
        let mut request = Request::post(path).body(counting(&chunks)).expect("a well-formed request");
        if let Some(expect) = expect {
            request.headers_mut().insert("expect", axum::http::HeaderValue::from_static(expect));
        }
        let response = probed().oneshot(request).await.expect("the router is infallible");
        let named = response.headers().get("connection").map(|value| value.as_bytes());
        let found = (response.status().as_u16(), chunks.load(std::sync::atomic::Ordering::Relaxed), named);
        assert_eq!(found, (status, read, connection.map(str::as_bytes)), "{path} {expect:?}");
    }
}
