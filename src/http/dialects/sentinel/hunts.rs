//! Hunts and their comments.

use serde_json::{Value, json};

use super::desk::{Desk, Scope, missing, person};
use super::list;
use super::stored;
use crate::engine::Engine;
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, arm, changes};
use crate::model::{Fault, FaultClass, Stored};
use crate::query::Context;

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/hunts", "sentinel.hunts.list", 2, list),
    answers("GET", "WS/hunts/{id}", "sentinel.hunts.get", 2, get),
    changes("PUT", "WS/hunts/{id}", "sentinel.hunts.put", 2, Right::Respond, put),
    changes("DELETE", "WS/hunts/{id}", "sentinel.hunts.delete", 2, Right::Respond, delete),
    answers("GET", "WS/hunts/{id}/comments", "sentinel.hunt_comments.list", 2, comments),
    answers("GET", "WS/hunts/{id}/comments/{name}", "sentinel.hunt_comments.get", 2, comment),
    changes("PUT", "WS/hunts/{id}/comments/{name}", "sentinel.hunt_comments.put", 2, Right::Respond, put_comment),
    changes("DELETE", "WS/hunts/{id}/comments/{name}", "sentinel.hunt_comments.delete", 2, Right::Respond, delete_comment),
];

/// Kind of the resources that hold hunts.
pub(super) const KIND: &str = "hunt";
const COMMENT: &str = "hunt_comment";

fn resource(scope: &Scope, stored: &Stored) -> Value {
    stored::resource(scope, &["hunts", &stored.resource.id], "hunts", stored)
}

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let scope = Scope::of(call);
    let values: Vec<Value> = context.snapshot.resources(KIND)?.iter().map(|stored| resource(&scope, stored)).collect();
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let id = call.parameter("id");
    let found = context.snapshot.resource(KIND, id)?.ok_or_else(|| missing("hunt", id))?;
    Ok(Reply::ok(resource(&Scope::of(call), &found)))
}

fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    let mut properties = stored::properties(&body, &["displayName", "description"])?;
    for (name, known, default) in [
        ("status", ["New", "Active", "Closed", "Backlog", "Approved", "Succeeded", "Failed", "InProgress"].as_slice(), "New"),
        ("hypothesisStatus", ["Unknown", "Invalidated", "Validated"].as_slice(), "Unknown"),
    ] {
        let given = properties.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
        let word = known.iter().find(|known| known.eq_ignore_ascii_case(&given));
        let word = word.ok_or_else(|| {
            let message = format!("Invalid value of property '{name}': expected one of {}, found '{given}'", known.join(", "));
            Fault::new(FaultClass::Invalid, "property_invalid", message)
        })?;
        properties.insert(name.to_owned(), (*word).into());
    }
    stored::put(call, engine, KIND, call.parameter("id"), &body, json!({ "properties": properties }), resource)
}

fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    stored::delete(call, engine, KIND, call.parameter("id"))
}

fn key(call: &Call) -> String {
    format!("{}/{}", call.parameter("id"), call.parameter("name"))
}

fn comment_resource(scope: &Scope, hunt: &str, stored: &Stored) -> Value {
    let name = stored.resource.id.rsplit('/').next().unwrap_or_default().to_owned();
    let mut resource = stored::resource(scope, &["hunts", hunt, "comments", &name], "hunts/comments", stored);
    resource["properties"]["createdTimeUtc"] = arm::time(stored.resource.created).into();
    resource["properties"]["lastModifiedTimeUtc"] = arm::time(stored.resource.modified).into();
    resource["properties"]["author"] = person(&stored.resource.created_by);
    resource
}

fn known(context: &Context, call: &Call) -> Result<(), Fault> {
    let hunt = call.parameter("id");
    context.snapshot.resource(KIND, hunt)?.map(drop).ok_or_else(|| missing("hunt", hunt))
}

fn comments(call: &Call, context: &Context) -> Result<Reply, Fault> {
    known(context, call)?;
    let (desk, hunt) = (Desk::new(call, context), call.parameter("id"));
    let prefix = format!("{hunt}/");
    let all = context.snapshot.resources(COMMENT)?;
    let of_hunt = all.iter().filter(|stored| stored.resource.id.starts_with(&prefix));
    let values: Vec<Value> = of_hunt.map(|stored| comment_resource(&desk.scope, hunt, stored)).collect();
    Ok(Reply::ok(list::of_values(call, "properties/createdTimeUtc", values, context.now)?))
}

fn comment(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let found = context.snapshot.resource(COMMENT, &key(call))?.ok_or_else(|| missing("comment", call.parameter("name")))?;
    Ok(Reply::ok(comment_resource(&Scope::of(call), call.parameter("id"), &found)))
}

fn put_comment(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    known(&engine.context(), call)?;
    let body = Value::Object(call.object()?);
    stored::properties(&body, &["message"])?;
    let message = Members::of(&body).inner("properties").text("message").unwrap_or_default();
    let value = json!({"properties": {"message": message}});
    stored::put(call, engine, COMMENT, &key(call), &body, value, |scope, stored| comment_resource(scope, call.parameter("id"), stored))
}

fn delete_comment(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    stored::delete(call, engine, COMMENT, &key(call))
}
