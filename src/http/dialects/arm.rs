//! What all management dialects share: error bodies, lists, identifiers of resources. Also answers paths of providers that no dialect has.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Dialect;
use crate::http::error;
use crate::model::{Fault, FaultClass, Time};

/// Providers and paths that no other dialect answers.
pub(super) static DIALECT: Dialect = Dialect {
    name: "arm",
    aliases: &[],
    owns: &["/subscriptions", "/subscriptions/{*rest}", "/providers", "/providers/{*rest}", "/tenants", "/batch"],
    routes: &[super::resources::ROUTES],
    known: &[
        "Microsoft.Compute",
        "Microsoft.Insights",
        "Microsoft.Logic",
        "Microsoft.Network",
        "Microsoft.OperationalInsights",
        "Microsoft.Resources",
        "Microsoft.Security",
        "Microsoft.SecurityInsights",
        "Microsoft.Storage",
        "batch",
        "tenants",
    ],
    fault,
};

/// Status and body of an error of the management API.
pub(crate) fn fault(fault: &Fault, request_id: &str) -> (StatusCode, Value) {
    let status = match (fault.code, error::status(fault)) {
        // What the field's clients know of a limit is that the request was wrong.
        (_, StatusCode::UNPROCESSABLE_ENTITY) => StatusCode::BAD_REQUEST,
        (_, status) => status,
    };
    let internal = fault.class == FaultClass::Internal;
    let message = match (&fault.hint, internal) {
        (_, true) => format!("clew failed to answer; its log says why, at request id {request_id}"),
        (Some(hint), false) => format!("{}; {hint}", fault.message),
        (None, false) => fault.message.clone(),
    };
    let mut body = json!({"code": code(fault, status), "message": message, "innererror": {"code": fault.code, "requestId": request_id}});
    if let Some(span) = fault.span {
        body["innererror"]["span"] = json!({"start": span.start, "end": span.end});
    }
    (status, json!({ "error": body }))
}

/// The name that clients of the management API know an error by.
fn code(fault: &Fault, status: StatusCode) -> &'static str {
    match (fault.code, status.as_u16()) {
        ("operation_unknown", _) => "NotFound",
        (_, 401) => "AuthenticationFailed",
        (_, 403) => "AuthorizationFailed",
        (_, 404) => "ResourceNotFound",
        (_, 405) => "MethodNotAllowed",
        (_, 409) => "Conflict",
        (_, 412) => "PreconditionFailed",
        (_, 413) => "RequestEntityTooLarge",
        (_, 429) => "TooManyRequests",
        (_, 503) => "ServiceUnavailable",
        (_, 507) => "InsufficientStorage",
        (_, 500..) => "InternalServerError",
        _ => "BadRequest",
    }
}

/// A list, with the link to its next page if there is one.
pub(crate) fn list(value: Vec<Value>, next: Option<String>) -> Value {
    let mut body = Map::from_iter([("value".to_owned(), Value::Array(value))]);
    if let Some(next) = next {
        body.insert("nextLink".to_owned(), next.into());
    }
    Value::Object(body)
}

/// The operations of a provider from the routes of its dialect, as far as they begin with one of `roots`.
pub(crate) fn operations(dialect: &Dialect, provider: &str, title: &str, roots: &[&str]) -> Value {
    let mut names: BTreeMap<String, &'static str> = BTreeMap::new();
    for route in dialect.routes.iter().flat_map(|routes| routes.iter()) {
        let Some(path) = roots.iter().find_map(|root| route.path.strip_prefix(root)) else { continue };
        let literals: Vec<&str> = path.split('/').filter(|segment| !segment.starts_with('{')).collect();
        let verb = match route.method {
            "GET" => "read",
            "DELETE" => "delete",
            "PUT" | "PATCH" => "write",
            _ => "action",
        };
        names.entry(format!("{provider}/{}/{verb}", literals.join("/"))).or_insert(route.operation);
    }
    let write = |(name, operation): (String, &str)| {
        let resource = name.split('/').nth(1).unwrap_or_default().to_owned();
        json!({"name": name, "isDataAction": false, "origin": "user",
            "display": {"provider": title, "resource": resource, "operation": operation, "description": operation}})
    };
    list(names.into_iter().map(write).collect(), None)
}

/// Puts a member that says something; null, blank texts and empty lists are left out.
pub(crate) fn put(members: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    let value = value.into();
    let blank = match &value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    if !blank {
        members.insert(name.to_owned(), value);
    }
}

/// An instant as the management API writes it: seven digits of a second, always `Z`.
pub(crate) fn time(time: Time) -> String {
    let text = time.to_string();
    let whole = text.trim_end_matches('Z');
    let (seconds, fraction) = whole.split_once('.').unwrap_or((whole, ""));
    format!("{seconds}.{fraction:0<7}Z")
}

/// An instant that may be absent, as a value.
pub(crate) fn when(at: Option<Time>) -> Value {
    at.map_or(Value::Null, |at| time(at).into())
}

/// The last segment of an identifier.
pub(crate) fn name_of(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_seven_digits() {
        for (text, expected) in [
            ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.0000000Z"),
            ("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.5000000Z"),
            ("2024-01-01T00:00:00.123456Z", "2024-01-01T00:00:00.1234560Z"),
        ] {
            assert_eq!(time(Time::parse(text).expect("a time")), expected);
        }
    }

    #[test]
    fn errors_have_the_names_that_clients_know() {
        let conflict = Fault::new(FaultClass::Conflict, "etag_stale", "newer").with_hint("read it again");
        let (status, body) = fault(&conflict, "r1");
        let expected = json!({"error": {
            "code": "Conflict", "message": "newer; read it again", "innererror": {"code": "etag_stale", "requestId": "r1"},
        }});
        assert_eq!((status.as_u16(), body), (409, expected));
        let secret = Fault::new(FaultClass::Internal, "view_broken", "a secret");
        let (status, body) = fault(&secret, "r1");
        assert_eq!(status.as_u16(), 500);
        assert!(!body.to_string().contains("a secret"));
    }
}
