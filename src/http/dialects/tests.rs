//! The frame driven without a socket: whose path it is, and how errors and headers look.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::http::app::{App, Limits};

const WS: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights";

fn router() -> Router {
    crate::http::layered(App::starting(Limits { start_wait_max: std::time::Duration::ZERO, ..Limits::default() }))
}

async fn ask(router: &Router, method: &str, path: &str) -> (u16, Value, Vec<(String, String)>) {
    let request = Request::builder().method(method).uri(path).header("x-request-id", "r1").header("x-ms-client-request-id", "c1");
    let response = router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("the router is infallible");
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("?").to_owned())).collect();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null), headers)
}

fn error(code: &str, inner: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "innererror": {"code": inner, "requestId": "r1"}}})
}

#[tokio::test]
async fn unknown_paths_answer_in_the_form_of_their_dialect_and_are_counted() {
    let router = router();
    let unknown = error("NotFound", "operation_unknown", "no operation is known at this path");
    for path in [&format!("{WS}/dataConnectors/x"), "/SUBSCRIPTIONS//s/anything", "/providers/Microsoft.Unheard/x?api-version=1"] {
        let (status, body, headers) = ask(&router, "GET", path).await;
        assert_eq!((status, body), (404, unknown.clone()), "{path}");
        for (name, value) in
            [("x-ms-request-id", "r1"), ("x-ms-client-request-id", "c1"), ("content-type", "application/json; charset=utf-8")]
        {
            assert!(headers.iter().any(|(known, found)| known == name && found == value), "{path}: {name}");
        }
    }
    let (status, body, _) = ask(&router, "GET", "/nowhere").await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("route_unknown")));
    let request = Request::builder().uri("/metrics").body(Body::empty()).expect("a request");
    let response = router.oneshot(request).await.expect("the router is infallible");
    let text = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
    let text = String::from_utf8_lossy(&text);
    let counted: Vec<&str> = text.lines().filter(|line| line.starts_with("clew_compatibility_misses_total")).collect();
    let expected = [
        r#"clew_compatibility_misses_total{dialect="arm",resource="other"} 2"#,
        r#"clew_compatibility_misses_total{dialect="sentinel",resource="dataConnectors"} 1"#,
    ];
    assert_eq!(counted, expected);
}
