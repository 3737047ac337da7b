//! The outermost layer of every request: id, log line, counters, the body of errors, security headers. Never looks at bodies.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::app::App;
use super::dialects;
use super::error::{ApiError, ErrorBody};
use crate::model::{Fault, FaultClass};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Wraps a request as the module says.
pub(crate) async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    // A path of the native API is never one of a dialect.
    let dialect = if matched.is_none() { dialects::owner(request.uri().path()) } else { None };
    let echoed = dialect.and_then(|_| request.headers().get(dialects::CLIENT_REQUEST_ID).cloned());
    let mut response = next.run(request).await;
    let route = matched.or_else(|| dialects::operation(&response).map(str::to_owned)).unwrap_or_else(|| "none".to_owned());
    let fault = response.extensions_mut().remove::<ApiError>().map(|error| error.0);
    match (&fault, dialect) {
        (Some(fault), Some(dialect)) => dialects::write_fault(dialect, &mut response, fault, &id),
        (Some(fault), None) => write_fault(&mut response, fault, &id),
        (None, _) => {}
    }
    if dialect.is_some() {
        dialects::decorate(&mut response, &id, echoed);
    }
    secure(response.headers_mut());
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().entry(header::WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer"));
    }
    // `request_id` accepts only characters that a header may hold.
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let (status, took) = (response.status().as_u16(), began.elapsed());
    app.metrics.request(method.as_str(), &route, status, took);
    log(&id, method.as_str(), &route, status, took.as_secs_f64() * 1e3, fault.as_ref());
    response
}

fn log(request_id: &str, method: &str, route: &str, status: u16, milliseconds: f64, fault: Option<&Fault>) {
    let code = fault.map(|fault| fault.code);
    match fault {
        Some(fault) if fault.class == FaultClass::Internal => {
            tracing::error!(request_id, method, route, status, milliseconds, code, detail = fault.message, "request failed");
        }
        _ => tracing::info!(request_id, method, route, status, milliseconds, code, "request"),
    }
}

/// Takes the client's id when it is a plain word, else makes one.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |text: &&str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
    given.map_or_else(|| uuid::Uuid::new_v4().simple().to_string(), str::to_owned)
}

fn write_fault(response: &mut Response, fault: &Fault, id: &str) {
    // A struct of texts and numbers always has a JSON form.
    let bytes = serde_json::to_vec(&ErrorBody::new(fault, id)).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = bytes.into();
}

fn secure(headers: &mut HeaderMap) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
