//! Incidents: list, get, put, delete; alerts, entities and bookmarks of one.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use super::desk::{Desk, check_seen, incident, stale, stale_header};
use super::incident::{Row, SCHEMA, resource, severity};
use super::list::Asked;
use super::{alert, entity, relations};
use crate::engine::Engine;
use crate::graph::NodeId;
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, arm, changes, search};
use crate::model::{CLASSIFICATION_REASONS, Classification, Fault, FaultClass, IncidentStatus, Severity, Time};
use crate::query::Context;
use crate::query::lists::members;
use crate::query::reference::of_id;
use crate::triage::incident::{IncidentDelete, IncidentFields, IncidentPut, OwnerFields};

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/incidents", "sentinel.incidents.list", 1, list),
    answers("GET", "WS/incidents/{id}", "sentinel.incidents.get", 1, get),
    changes("PUT", "WS/incidents/{id}", "sentinel.incidents.put", 1, Right::Respond, put),
    changes("DELETE", "WS/incidents/{id}", "sentinel.incidents.delete", 1, Right::Contribute, delete),
    answers("POST", "WS/incidents/{id}/alerts", "sentinel.incidents.alerts", 1, alerts),
    answers("POST", "WS/incidents/{id}/entities", "sentinel.incidents.entities", 1, entities),
    answers("POST", "WS/incidents/{id}/bookmarks", "sentinel.incidents.bookmarks", 1, bookmarks),
];

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let asked = Asked::read(call)?;
    let found = asked.search.as_deref().map(|text| search::incidents(context, text)).transpose()?;
    let wanted = |id: &str| found.as_ref().is_none_or(|found| found.contains(id));
    let rows = desk.graph().all_incidents().filter(|incident| wanted(incident.id())).map(|incident| Row::new(&desk, incident));
    let (rows, next) = asked.page(call, &SCHEMA, "properties/createdTimeUtc desc", rows, context.now)?;
    let value = rows.into_iter().map(Row::into_resource).collect::<Result<Vec<_>, Fault>>()?;
    Ok(Reply::ok(arm::list(value, next)))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let node = desk.incident(call.parameter("id"))?;
    Ok(Reply::ok(resource(&desk, node)?))
}

fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let asked_id = call.parameter("id");
    let body = Value::Object(call.object()?);
    let before = engine.context();
    let known = incident(&before, asked_id).and_then(|node| before.snapshot.graph.incident_node(node));
    let present = known.as_ref().and_then(|incident| incident.seq()).map(|seq| seq.to_string());
    check_seen(call, &body, asked_id, present.as_deref())?;
    if known.is_none() {
        call.new_name()?;
    }
    let id = known.as_ref().map_or(asked_id, |incident| incident.id()).to_owned();
    let members = Members::of(&body).inner("properties");
    let mut fields = fields(&members, known.as_ref().map(|incident| (incident.status(), incident.classification())))?;
    if let Some(known) = &known
        && fields.severity.as_deref() == Some(severity(known.severity()))
    {
        // The dialect has four severities: sending back what was read must not flatten a fifth.
        fields.severity = None;
    }
    // The version that was seen is checked again where the change is planned: another may come in between.
    let named = Members::of(&body).has("etag") || call.header("if-match").is_some();
    fields.etag = present.clone().filter(|_| named);
    let time = |name: &str| -> Result<Option<Time>, Fault> {
        let text = members.word(name);
        text.map(|text| Time::parse(&text).map_err(|error| invalid(name, &error.to_string()))).transpose()
    };
    let put = IncidentPut {
        id: id.clone(),
        fields,
        first_activity: time("firstActivityTimeUtc")?,
        last_activity: time("lastActivityTimeUtc")?,
        // The dialect has neither: a remark that nobody made would stand among the comments.
        explained: false,
    };
    engine.change(&put, call.actor()).map_err(|fault| match fault.code {
        "etag_stale" if call.header("if-match").is_some() => stale_header(&id),
        "etag_stale" => stale(&id),
        _ => fault,
    })?;
    let after = engine.context();
    let desk = Desk::new(call, &after);
    let value = resource(&desk, desk.incident(&id)?)?;
    Ok(if present.is_some() { Reply::ok(value) } else { Reply::created(value) })
}

fn invalid(name: &str, what: &str) -> Fault {
    Fault::new(FaultClass::Invalid, "property_invalid", format!("Invalid value of property '{name}': {what}"))
}

/// The fields that a body gives; `known` is status and classification of the incident that is there.
fn fields(members: &Members, known: Option<(IncidentStatus, Option<Classification>)>) -> Result<IncidentFields, Fault> {
    if known.is_none() {
        for required in ["title", "severity", "status"] {
            if members.word(required).is_none() {
                return Err(Fault::new(FaultClass::Invalid, "property_missing", format!("Required property '{required}' is missing")));
            }
        }
    }
    let word = |name: &str, known: &[&str]| -> Result<Option<String>, Fault> {
        let Some(word) = members.word(name) else { return Ok(None) };
        let found = known.iter().find(|known| known.eq_ignore_ascii_case(&word));
        found
            .map(|found| Some((*found).to_owned()))
            .ok_or_else(|| invalid(name, &format!("expected one of {}, found '{word}'", known.join(", "))))
    };
    let severities = [Severity::High, Severity::Medium, Severity::Low, Severity::Informational].map(Severity::as_str);
    let mut fields = IncidentFields {
        title: members.text("title"),
        description: members.text("description"),
        severity: word("severity", &severities)?,
        status: word("status", &IncidentStatus::ALL.map(IncidentStatus::as_str))?,
        owner: owner(members),
        tags: tags(members),
        ..IncidentFields::default()
    };
    let before = known.map_or(IncidentStatus::New, |(status, _)| status);
    let after = fields.status.as_deref().and_then(IncidentStatus::parse).unwrap_or(before);
    if after == IncidentStatus::Closed {
        close(members, &word, &mut fields, known.and_then(|(status, found)| found.filter(|_| status == IncidentStatus::Closed)))?;
    }
    Ok(fields)
}

type Word<'a> = dyn Fn(&str, &[&str]) -> Result<Option<String>, Fault> + 'a;

/// What closing says: a classification, and its reason where it has one.
fn close(members: &Members, word: &Word<'_>, fields: &mut IncidentFields, closed_as: Option<Classification>) -> Result<(), Fault> {
    let known = [Classification::TruePositive, Classification::BenignPositive, Classification::FalsePositive, Classification::Undetermined];
    let classification = word("classification", &known.map(Classification::as_str))?;
    let reason = word("classificationReason", &CLASSIFICATION_REASONS.map(|(_, reason)| reason))?;
    let Some(classification) = classification.as_deref().and_then(Classification::parse) else {
        if closed_as.is_some() {
            return Ok(());
        }
        return Err(Fault::new(FaultClass::Invalid, "classification_required", "A closed incident must have a classification")
            .with_hint("give TruePositive, BenignPositive, FalsePositive or Undetermined"));
    };
    let reasons: Vec<&str> = CLASSIFICATION_REASONS.iter().filter(|(of, _)| *of == classification).map(|(_, reason)| *reason).collect();
    match &reason {
        None if !reasons.is_empty() => {
            let message = format!("classification '{}' must have classificationReason", classification.as_str());
            return Err(Fault::new(FaultClass::Invalid, "classification_reason_required", message)
                .with_hint(format!("give {}", reasons.join(" or "))));
        }
        Some(reason) if !reasons.contains(&reason.as_str()) => {
            let message = format!("classification '{}' cannot have classificationReason '{reason}'", classification.as_str());
            return Err(Fault::new(FaultClass::Invalid, "classification_reason_invalid", message));
        }
        _ => {}
    }
    fields.classification = Some(classification.as_str().to_owned());
    fields.classification_reason = reason;
    fields.classification_comment = members.word("classificationComment");
    Ok(())
}

/// The owner that a body gives; all parts null takes the owner away, no owner leaves it.
fn owner(members: &Members) -> Option<Option<OwnerFields>> {
    if !members.has("owner") {
        return None;
    }
    let owner = members.inner("owner");
    let parts = OwnerFields {
        name: owner.word("assignedTo"),
        email: owner.word("email"),
        upn: owner.word("userPrincipalName"),
        object_id: owner.word("objectId"),
        ..OwnerFields::default()
    };
    let group = owner.word("ownerType").is_some_and(|kind| kind.eq_ignore_ascii_case("group"));
    Some((parts != OwnerFields::default()).then_some(OwnerFields { group, ..parts }))
}

fn tags(members: &Members) -> Option<Vec<String>> {
    members.get("labels")?;
    let label = |label: &Value| label.as_str().map(str::to_owned).or_else(|| Members::of(label).word("labelName"));
    let mut tags: Vec<String> =
        members.list("labels").iter().filter_map(label).map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
    let mut seen = HashSet::new();
    tags.retain(|tag| seen.insert(tag.to_lowercase()));
    Some(tags)
}

fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let id = call.parameter("id");
    let before = engine.context();
    let graph = &before.snapshot.graph;
    let Some(known) = incident(&before, id).and_then(|node| graph.incident_node(node)) else { return Ok(Reply::nothing()) };
    let present = known.seq().map(|seq| seq.to_string());
    check_seen(call, &Value::Null, id, present.as_deref())?;
    let etag = call.header("if-match").and(present);
    let delete = IncidentDelete { incident: of_id(known.id()).into_owned(), etag };
    engine.change(&delete, call.actor()).map_err(|fault| if fault.code == "etag_stale" { stale_header(id) } else { fault })?;
    Ok(Reply::nothing())
}

/// The known alerts of an incident, oldest first.
pub(super) fn alerts_of(desk: &Desk<'_>, node: NodeId) -> Vec<NodeId> {
    let graph = desk.graph();
    let mut alerts: Vec<_> =
        members(graph, node).into_iter().filter_map(|member| graph.alert_node(member)).filter(|alert| alert.known()).collect();
    alerts.sort_by_key(|alert| (alert.time(), alert.id()));
    alerts.into_iter().map(|alert| alert.node()).collect()
}

fn alerts(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let node = desk.incident(call.parameter("id"))?;
    let value: Result<Vec<Value>, Fault> = alerts_of(&desk, node).into_iter().map(|alert| alert::resource(&desk, alert)).collect();
    Ok(Reply::ok(json!({ "value": value? })))
}

fn entities(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let node = desk.incident(call.parameter("id"))?;
    let mut mentions = entity::Mentions::default();
    for alert in alerts_of(&desk, node) {
        mentions.add_alert(&desk, alert)?;
    }
    mentions.add_incident(&desk, node)?;
    let id = desk.graph().incident_node(node).map(|incident| incident.id().to_owned()).unwrap_or_default();
    for bookmark in relations::bookmarks_of(&desk, &id)? {
        mentions.add_bookmark(&desk, &bookmark);
    }
    let entities = mentions.resources(&desk);
    Ok(Reply::ok(json!({"metaData": kinds(&entities), "entities": entities})))
}

/// How many entities there are of each kind.
pub(super) fn kinds(entities: &[Value]) -> Vec<Value> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for entity in entities {
        *counts.entry(entity["kind"].as_str().unwrap_or_default()).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| json!({"entityKind": kind, "count": count})).collect()
}

fn bookmarks(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let node = desk.incident(call.parameter("id"))?;
    let id = desk.graph().incident_node(node).map(|incident| incident.id().to_owned()).unwrap_or_default();
    let value: Vec<Value> = relations::bookmarks_of(&desk, &id)?.iter().map(|stored| super::bookmarks::as_entity(&desk, stored)).collect();
    Ok(Reply::ok(Value::Object(Map::from_iter([("value".to_owned(), Value::Array(value))]))))
}
