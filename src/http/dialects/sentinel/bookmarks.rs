//! Bookmarks: rows of answers that somebody kept. The same bookmarks that the native API knows.

use serde_json::{Map, Value, json};

use super::desk::{Desk, check_seen, missing, person};
use super::entity;
use super::expand;
use super::kinds::{entity_type, own_kind, rest_kind};
use super::list;
use super::relations;
use super::stored;
use crate::engine::Engine;
use crate::graph::NodeId;
use crate::http::dialects::arm::{put as member, when};
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, changes};
use crate::ingest::identify::EntityList;
use crate::model::{Entity, Fault, FaultClass, Object, Stored, Time};
use crate::query::Context;
use crate::query::reference::of_id;
use crate::triage::bookmark::{BookmarkChange, BookmarkFields};
use crate::triage::incident::Actor;

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/bookmarks", "sentinel.bookmarks.list", 1, list),
    answers("GET", "WS/bookmarks/{id}", "sentinel.bookmarks.get", 1, get),
    changes("PUT", "WS/bookmarks/{id}", "sentinel.bookmarks.put", 1, Right::Respond, put),
    changes("DELETE", "WS/bookmarks/{id}", "sentinel.bookmarks.delete", 1, Right::Respond, delete),
    answers("POST", "WS/bookmarks/{id}/expand", "sentinel.bookmarks.expand", 2, expand_one),
];

/// Kind of the resources that hold bookmarks.
pub(super) const KIND: &str = "bookmark";
/// Column that stands for a result that is no row.
const WHOLE: &str = "QueryResult";

/// Finds a bookmark by its id, in any case.
pub(super) fn find(desk: &Desk<'_>, id: &str) -> Result<Option<Stored>, Fault> {
    for spelled in [id.to_owned(), id.to_lowercase(), id.to_uppercase()] {
        if let Some(found) = desk.stored(KIND, &spelled)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The ids of the incidents whose evidence a bookmark is.
pub(super) fn incidents_of(stored: &Stored) -> Vec<String> {
    Members::of(&stored.resource.value).texts("incidents")
}

/// Makes a bookmark evidence of an incident, or no longer.
pub(super) fn attach(engine: &Engine, actor: &Actor, bookmark: &str, incident: &str, attached: bool) -> Result<(), Fault> {
    let Some(stored) = engine.context().snapshot.resource(KIND, bookmark)? else { return Ok(()) };
    let mut incidents = incidents_of(&stored);
    incidents.retain(|known| known != incident);
    if attached {
        incidents.push(incident.to_owned());
    }
    let incidents = incidents.iter().map(|id| of_id(id).into_owned()).collect();
    let fields = BookmarkFields { incidents: Some(incidents), ..BookmarkFields::default() };
    engine.bookmark(&BookmarkChange { id: Some(bookmark.to_owned()), fields: Some(fields), ..BookmarkChange::default() }, actor)?;
    Ok(())
}

/// The entities that a bookmark is about and that the graph knows.
pub(super) fn entities_of(desk: &Desk<'_>, stored: &Stored) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = Vec::new();
    for entity in entities(stored) {
        nodes.extend(desk.graph().mentioned(&entity.kind, &entity.keys).filter(|node| !nodes.contains(node)));
    }
    nodes
}

fn entities(stored: &Stored) -> Vec<Entity> {
    let listed = stored.resource.value.get("entities").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(|entity| serde_json::from_value(entity.clone()).ok()).collect()
}

/// The properties of a bookmark as the dialect has them; hunting bookmarks, which are entities, have some of them.
fn properties(desk: &Desk<'_>, stored: &Stored) -> Result<Map<String, Value>, Fault> {
    let resource = &stored.resource;
    let value = Members::of(&resource.value);
    let time = |name: &str| when(value.text(name).and_then(|text| Time::parse(&text).ok()));
    let mut properties = Map::new();
    properties.insert("displayName".into(), value.text("name").unwrap_or_default().into());
    properties.insert("query".into(), value.text("query").unwrap_or_default().into());
    member(&mut properties, "queryResult", result(&value));
    member(&mut properties, "notes", value.text("notes"));
    properties.insert("labels".into(), json!(value.texts("labels")));
    properties.insert("created".into(), when(Some(resource.created)));
    properties.insert("createdBy".into(), user(&resource.created_by));
    properties.insert("updated".into(), when(Some(resource.modified)));
    properties.insert("updatedBy".into(), user(&resource.modified_by));
    member(&mut properties, "eventTime", time("event_time"));
    member(&mut properties, "queryStartTime", time("query_start"));
    member(&mut properties, "queryEndTime", time("query_end"));
    properties.insert("tactics".into(), json!(value.texts("tactics")));
    properties.insert("techniques".into(), json!(value.texts("techniques")));
    member(&mut properties, "entityMappings", Value::Array(entities(stored).iter().map(mapping).collect()));
    if let Some((incident, relation)) = relations::incident_of_bookmark(desk, stored)?
        && let Some(node) = desk.graph().incident(&incident)
        && let Some(known) = desk.graph().incident_node(node)
    {
        properties.insert(
            "incidentInfo".into(),
            json!({
                "incidentId": desk.scope.id(&["Incidents", known.id()]), "severity": super::incident::severity(known.severity()),
                "title": known.title(), "relationName": relation,
            }),
        );
    }
    Ok(properties)
}

fn user(name: &str) -> Value {
    let person = person(name);
    json!({"name": person["name"], "email": person["email"], "objectId": null})
}

/// The row of a bookmark as text.
fn result(value: &Members) -> Option<String> {
    let row = value.get("row")?.as_object().filter(|row| !row.is_empty())?;
    match row.get(WHOLE) {
        Some(Value::String(text)) if row.len() == 1 => Some(text.clone()),
        _ => serde_json::to_string(row).ok(),
    }
}

/// An entity of a bookmark as a mapping: its type, and identifiers with their values.
fn mapping(entity: &Entity) -> Value {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut fields: Vec<Value> = entity.properties.iter().map(|(name, value)| json!({"identifier": name, "value": text(value)})).collect();
    if fields.is_empty() {
        let keys = entity.keys.strong.iter().chain(&entity.keys.weak).take(1);
        let parts = keys.flat_map(|key| entity::parts(key.set(), key.value()));
        fields.extend(parts.map(|(name, value)| json!({"identifier": name, "value": value})));
    }
    json!({"entityType": entity_type(rest_kind(entity.kind.as_str())), "fieldMappings": fields})
}

fn resource(desk: &Desk<'_>, stored: &Stored) -> Result<Value, Fault> {
    let mut resource =
        desk.scope.resource(&["Bookmarks", &stored.resource.id], "Bookmarks", Some(&stored.etag()), properties(desk, stored)?);
    resource["systemData"] = stored::system_data(stored);
    Ok(resource)
}

/// A bookmark as an entity: what incidents list, and what is asked for among the entities.
pub(super) fn as_entity(desk: &Desk<'_>, stored: &Stored) -> Value {
    let mut properties = properties(desk, stored).unwrap_or_default();
    for absent in ["entityMappings", "queryStartTime", "queryEndTime", "tactics", "techniques"] {
        properties.remove(absent);
    }
    properties.insert("friendlyName".into(), properties["displayName"].clone());
    properties.insert("additionalData".into(), json!({"ETag": stored.etag()}));
    let mut resource = desk.scope.resource(&["entities", &stored.resource.id], "entities", None, properties);
    resource["kind"] = "Bookmark".into();
    resource
}

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let values: Vec<Value> = context.snapshot.resources(KIND)?.iter().map(|stored| resource(&desk, stored)).collect::<Result<_, _>>()?;
    Ok(Reply::ok(list::of_values(call, "properties/created", values, context.now)?))
}

fn found(desk: &Desk<'_>, call: &Call) -> Result<Stored, Fault> {
    let id = call.parameter("id");
    find(desk, id)?.ok_or_else(|| missing("bookmark", id))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    Ok(Reply::ok(resource(&desk, &found(&desk, call)?)?))
}

fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    stored::properties(&body, &["displayName", "query"])?;
    let before = engine.context();
    let desk = Desk::new(call, &before);
    let known = find(&desk, call.parameter("id"))?;
    let info = Members::of(&body).inner("properties").inner("incidentInfo");
    let incident = relations::incident_of_info(&desk, &info)?;
    let id = known.as_ref().map_or_else(|| call.parameter("id").to_owned(), |known| known.resource.id.to_string());
    let value = value(&Members::of(&body).inner("properties"), known.as_ref())?;
    let (stored, new) = stored::define(call, engine, KIND, &id, &id, &body, value)?;
    if let Some(incident) = incident {
        relations::relate(call, engine, &stored, &incident, info.word("relationName").as_deref())?;
    }
    let after = engine.context();
    let desk = Desk::new(call, &after);
    let value = resource(&desk, &desk.stored(KIND, &id)?.unwrap_or(stored))?;
    Ok(if new { Reply::created(value) } else { Reply::ok(value) })
}

/// The bookmark that a body describes; the incidents of one that is there stay.
fn value(members: &Members, known: Option<&Stored>) -> Result<Value, Fault> {
    let time = |name: &str| -> Result<Value, Fault> {
        let Some(text) = members.word(name) else { return Ok(Value::Null) };
        let read = Time::parse(&text).map(|time| json!(time));
        read.map_err(|error| Fault::new(FaultClass::Invalid, "time_invalid", format!("Invalid value of property '{name}': {error}")))
    };
    let row = match members.get("queryResult") {
        Some(Value::Object(row)) => row.clone(),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(row)) => row,
            _ => Object::from_iter([(WHOLE.to_owned(), text.clone().into())]),
        },
        _ => Object::new(),
    };
    let row_time = ["EventTime", "TimeGenerated", "Timestamp"].iter().find_map(|name| Time::parse(row.get(*name)?.as_str()?).ok());
    let text = serde_json::to_string(&row).unwrap_or_default();
    let mut value = json!({
        "name": members.text("displayName").unwrap_or_default(), "query": members.text("query").unwrap_or_default(),
        "labels": members.texts("labels"), "tactics": members.texts("tactics"), "techniques": members.texts("techniques"),
        "hash": &blake3::hash(text.as_bytes()).to_hex()[..32], "incidents": known.map(incidents_of).unwrap_or_default(),
        "entities": mapped(members)?,
    });
    let mut set = |name: &str, given: Value| {
        if !given.is_null() {
            value[name] = given;
        }
    };
    set("seq", row.get("_Seq").cloned().unwrap_or(Value::Null));
    set("notes", json!(members.word("notes")));
    set("event_time", json!(row_time));
    set("event_time", time("eventTime")?);
    set("query_start", time("queryStartTime")?);
    set("query_end", time("queryEndTime")?);
    value["row"] = Value::Object(row);
    Ok(value)
}

/// The entities that the mappings of a body name.
fn mapped(members: &Members) -> Result<Vec<Entity>, Fault> {
    let mut list = EntityList::new();
    for mapping in members.list("entityMappings").iter().map(Members::of) {
        let asked = mapping.word("entityType").unwrap_or_default();
        let kind = own_kind(&asked).map(str::to_owned);
        let kind = kind.ok_or_else(|| {
            Fault::new(FaultClass::Invalid, "kind_invalid", format!("expected a type of entities for 'entityType', found '{asked}'"))
        })?;
        let fields = mapping.list("fieldMappings").iter().map(Members::of);
        let properties: Object = fields.filter_map(|field| Some((field.word("identifier")?, field.get("value")?.clone()))).collect();
        list.add(&kind, properties);
    }
    Ok(list.finish().0.into_iter().filter(|evidence| !evidence.nested).map(|evidence| evidence.entity).collect())
}

fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let before = engine.context();
    match find(&Desk::new(call, &before), call.parameter("id"))? {
        Some(known) => {
            check_seen(call, &Value::Null, &known.resource.id, Some(&known.etag()))?;
            let gone = BookmarkChange { id: Some(known.resource.id.to_string()), ..BookmarkChange::default() };
            engine.bookmark(&gone, call.actor())?;
            Ok(Reply::nothing())
        }
        None => Ok(Reply::nothing()),
    }
}

fn expand_one(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let known = found(&desk, call)?;
    expand::expand(&desk, &entity::Subject::Bookmark(Box::new(known)), &call.json()?)
}
