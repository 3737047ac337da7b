//! `automations`: definitions that clients keep here as they wrote them.

use serde_json::{Map, Value, json};

use crate::engine::{Define, Engine};
use crate::http::dialects::{Call, Members, Reply, arm};
use crate::model::{Fault, FaultClass, Stored};
use crate::query::Context;

/// The kind of the resources.
const KIND: &str = "defender_automation";
/// Events that an automation may begin with.
const SOURCES: [&str; 12] = [
    "Assessments",
    "AssessmentsSnapshot",
    "SubAssessments",
    "SubAssessmentsSnapshot",
    "Alerts",
    "SecureScores",
    "SecureScoresSnapshot",
    "SecureScoreControls",
    "SecureScoreControlsSnapshot",
    "RegulatoryComplianceAssessment",
    "RegulatoryComplianceAssessmentSnapshot",
    "AttackPaths",
];
/// What an automation may do.
const ACTIONS: [&str; 4] = ["LogicApp", "EventHub", "Workspace", "Internal"];

fn id_of(call: &Call) -> String {
    format!("{}/{}", call.parameter("rg"), call.parameter("name")).to_lowercase()
}

/// An automation under an identifier in the scope of the request.
fn written(call: &Call, stored: &Stored) -> Value {
    let mut members = stored.resource.value.as_object().cloned().unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (group, name) = (text("_group"), text("name"));
    members.remove("_group");
    let id = format!("/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.Security/automations/{name}", call.parameter("sub"));
    members.insert("id".to_owned(), id.into());
    members.insert("type".to_owned(), "Microsoft.Security/automations".into());
    members.insert("etag".to_owned(), format!("\"{}\"", stored.etag()).into());
    Value::Object(members)
}

pub(super) fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let group = call.parameter("rg");
    let inside =
        |stored: &&Stored| group.is_empty() || stored.resource.value["_group"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(group));
    let stored = context.snapshot.resources(KIND)?;
    Ok(Reply::ok(arm::list(stored.iter().filter(inside).map(|stored| written(call, stored)).collect(), None)))
}

fn found(call: &Call, context: &Context) -> Result<Option<Stored>, Fault> {
    context.snapshot.resource(KIND, &id_of(call))
}

fn unknown(call: &Call) -> Fault {
    Fault::new(FaultClass::NotFound, "automation_unknown", format!("no automation has the name `{}` in this group", call.parameter("name")))
}

pub(super) fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let stored = found(call, context)?.ok_or_else(|| unknown(call))?;
    Ok(Reply::ok(written(call, &stored)))
}

/// What is wrong with an automation; nothing if it can be kept.
fn mistake(body: &Members) -> Option<String> {
    let properties = body.inner("properties");
    for source in properties.list("sources") {
        let event = Members::of(source).word("eventSource").unwrap_or_default();
        if !SOURCES.iter().any(|known| known.eq_ignore_ascii_case(&event)) {
            return Some(format!("expected a known `eventSource`, found `{event}`"));
        }
    }
    for action in properties.list("actions") {
        let kind = Members::of(action).word("actionType").unwrap_or_default();
        if !ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(&kind)) {
            return Some(format!("expected an `actionType` of {}, found `{kind}`", ACTIONS.join(", ")));
        }
    }
    (!body.has("properties")).then(|| "expected a member `properties`, found none".to_owned())
}

/// The members that are kept of a body.
fn kept(call: &Call, body: &Map<String, Value>) -> Value {
    let mut members = Map::new();
    for name in ["location", "kind", "tags", "properties"] {
        if let Some((_, value)) = body.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    members.insert("name".to_owned(), call.parameter("name").into());
    members.insert("_group".to_owned(), call.parameter("rg").into());
    Value::Object(members)
}

pub(super) fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = call.object()?;
    if let Some(mistake) = mistake(&Members::of(&Value::Object(body.clone()))) {
        return Err(Fault::new(FaultClass::Invalid, "automation_invalid", mistake));
    }
    store(call, engine, kept(call, &body))
}

/// Changes the members that are given.
pub(super) fn patch(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let present = found(call, &engine.context())?.ok_or_else(|| unknown(call))?;
    let mut members = present.resource.value.as_object().cloned().unwrap_or_default();
    for (name, value) in call.object()? {
        match (name.to_ascii_lowercase().as_str(), value) {
            ("tags", value) => drop(members.insert("tags".to_owned(), value)),
            ("properties", Value::Object(changed)) => {
                let own = members.entry("properties").or_insert_with(|| json!({}));
                if let Value::Object(own) = own {
                    own.extend(changed);
                }
            }
            _ => {}
        }
    }
    store(call, engine, Value::Object(members))
}

fn store(call: &Call, engine: &Engine, value: Value) -> Result<Reply, Fault> {
    let known = found(call, &engine.context())?.is_some();
    let stored = engine.define(Define::put(KIND, &id_of(call), value), call.actor())?.ok_or_else(|| unknown(call))?;
    let body = written(call, &stored);
    Ok(if known { Reply::ok(body) } else { Reply::created(body) })
}

pub(super) fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    engine.define(Define::delete(KIND, &id_of(call)), call.actor())?;
    Ok(Reply::nothing())
}

/// Says whether an automation could be kept.
pub(super) fn validate(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let mistake = mistake(&Members::of(&call.json()?));
    Ok(Reply::ok(json!({"isValid": mistake.is_none(), "message": mistake.unwrap_or_else(|| "Validation succeeded".to_owned())})))
}
