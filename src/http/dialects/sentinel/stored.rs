//! Resources that are kept as their clients wrote them: get, list, put and delete with etags, for every kind that has no meaning of its own here.

use serde_json::{Map, Value, json};

use super::desk::{Scope, check_seen, stale, stale_header};
use crate::engine::{Define, Engine};
use crate::http::dialects::{Call, Reply, arm};
use crate::model::{Fault, Stored};

/// A stored value as a resource: `properties` and `kind` as they were given.
pub(super) fn resource(scope: &Scope, path: &[&str], kind: &str, stored: &Stored) -> Value {
    let properties = stored.resource.value.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut resource = scope.resource(path, kind, Some(&stored.etag()), properties);
    if let Some(kind) = stored.resource.value.get("kind").filter(|kind| kind.is_string()) {
        resource["kind"] = kind.clone();
    }
    resource["systemData"] = system_data(stored);
    resource
}

/// Who made and changed a resource, and when.
pub(super) fn system_data(stored: &Stored) -> Value {
    let resource = &stored.resource;
    json!({
        "createdAt": arm::time(resource.created), "createdBy": &*resource.created_by, "createdByType": "User",
        "lastModifiedAt": arm::time(resource.modified), "lastModifiedBy": &*resource.modified_by, "lastModifiedByType": "User",
    })
}

/// Defines a resource and answers it as `write` does: 201 if it is new, 200 if it was there.
pub(super) fn put(
    call: &Call,
    engine: &Engine,
    kind: &str,
    id: &str,
    body: &Value,
    value: Value,
    write: impl Fn(&Scope, &Stored) -> Value,
) -> Result<Reply, Fault> {
    let (stored, new) = define(call, engine, kind, id, id, body, value)?;
    let value = write(&Scope::of(call), &stored);
    Ok(if new { Reply::created(value) } else { Reply::ok(value) })
}

/// Defines a resource if its version is the one that the client saw; tells whether it is new.
pub(super) fn define(
    call: &Call,
    engine: &Engine,
    kind: &str,
    id: &str,
    name: &str,
    body: &Value,
    value: Value,
) -> Result<(Stored, bool), Fault> {
    // What is posted to a collection is named here.
    if call.is_put() {
        call.new_name()?;
    }
    let present = engine.context().snapshot.resource(kind, id)?;
    let etag = present.as_ref().map(Stored::etag);
    check_seen(call, body, name, etag.as_deref())?;
    let conditional = call.header("if-match").is_some() || crate::http::dialects::Members::of(body).has("etag");
    let seen = etag.filter(|_| conditional);
    let stored = engine.define(Define::put(kind, id, value).seen(seen), call.actor()).map_err(|fault| conflict(call, name, fault))?;
    let stored = stored.ok_or_else(|| {
        Fault::new(crate::model::FaultClass::Internal, "resource_lost", format!("{kind} `{id}` was written and is not there"))
    })?;
    Ok((stored, present.is_none()))
}

fn conflict(call: &Call, name: &str, fault: Fault) -> Fault {
    match fault.code {
        "etag_stale" if call.header("if-match").is_some() => stale_header(name),
        "etag_stale" => stale(name),
        _ => fault,
    }
}

/// Deletes a resource: 204, whether it was there or not.
pub(super) fn delete(call: &Call, engine: &Engine, kind: &str, id: &str) -> Result<Reply, Fault> {
    let present = engine.context().snapshot.resource(kind, id)?;
    if let Some(present) = present {
        check_seen(call, &Value::Null, id, Some(&present.etag()))?;
        let seen = call.header("if-match").map(|_| present.etag());
        engine.define(Define::delete(kind, id).seen(seen), call.actor()).map_err(|fault| conflict(call, id, fault))?;
    }
    Ok(Reply::nothing())
}

/// The object of a body under `properties`, with the members that must be there.
pub(super) fn properties(body: &Value, required: &[&str]) -> Result<Map<String, Value>, Fault> {
    let members = crate::http::dialects::Members::of(body);
    let inner = members.inner("properties");
    for name in required {
        if inner.get(name).is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty())) {
            let message = format!("Required property '{name}' is missing");
            return Err(Fault::new(crate::model::FaultClass::Invalid, "property_missing", message));
        }
    }
    Ok(members.get("properties").and_then(Value::as_object).cloned().unwrap_or_default())
}
