//! Refuses what must not reach a handler: foreign hosts and origins (DNS rebinding, forged posts); ends what takes too long.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::error::ApiError;
use crate::model::{Fault, FaultClass};

/// Routes that take as long as their body does, or as the data are many.
const UNTIMED: [&str; 5] = ["/v1/ingest", "/v1/import", "/v1/verify", "/v1/rebuild", "/v1/audit/verify"];

/// Lets only requests through that are addressed to this machine by a loopback name, and come from no other page.
///
/// A request without `Host` comes from no browser; the command line's own requests, which cross no socket, have none.
pub(crate) async fn same_machine(request: Request, next: Next) -> Response {
    match check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(fault) => ApiError(fault).into_response(),
    }
}

fn check(headers: &HeaderMap) -> Result<(), Fault> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let Some(host) = text(header::HOST) else { return Ok(()) };
    if !is_loopback(host) {
        return Err(Fault::new(FaultClass::Invalid, "host_refused", format!("expected a loopback host, found `{}`", shorten(host)))
            .with_hint("clew without sign-in answers to `localhost`, `127.0.0.1` and `[::1]` only"));
    }
    match text(header::ORIGIN) {
        Some(origin) if origin.split_once("://").is_none_or(|(_, authority)| !authority.eq_ignore_ascii_case(host)) => Err(Fault::new(
            FaultClass::Invalid,
            "origin_refused",
            format!("expected a request of clew's own page, found origin `{}`", shorten(origin)),
        )),
        _ => Ok(()),
    }
}

/// Whether `authority` (host and port) names this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Ends a request that takes longer than its limit.
pub(crate) async fn in_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.extensions().get::<MatchedPath>().is_some_and(|path| UNTIMED.contains(&path.as_str())) {
        return next.run(request).await;
    }
    let limit = app.limits.request_time_max;
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError(
            Fault::new(
                FaultClass::Unavailable,
                "request_timeout",
                format!("the request took longer than {} s (`request_time_max`)", limit.as_secs()),
            )
            .with_hint("narrow the question by time or kind, or lower `limit`"),
        )
        .into_response(),
    }
}

/// The answer of a handler that panicked.
pub(crate) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    let message = format!("a handler panicked: {}", text.unwrap_or("without words"));
    ApiError(Fault::new(FaultClass::Internal, "panic", message)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_loopback_names() {
        let cases = [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("127.0.0.1:80", true),
            ("127.8.8.8", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("example.com", false),
            ("localhost.example.com:8080", false),
            ("127.0.0.1.nip.io", false),
            ("10.0.0.1", false),
            ("[::2]", false),
            ("", false),
        ];
        for (host, expected) in cases {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
