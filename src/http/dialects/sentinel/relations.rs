//! Relations of incidents, bookmarks, hunts and entities to other resources.
//!
//! The relation of an incident to an alert is the membership of the alert, that to a bookmark that it is evidence: both made and deleted as such.
//! All others, and the names of these, are kept as resources of the kind `relation`, named by their owner and their own name; one
//! whose target is gone is none.

use serde_json::{Map, Value, json};

use super::desk::{Desk, check_seen, missing, target};
use super::entity::{self, Subject};
use super::{bookmarks, list, stored};
use crate::engine::{Define, Engine};
use crate::graph::NodeId;
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, changes};
use crate::model::{Fault, FaultClass, Stored};
use crate::query::Context;
use crate::query::reference::of_id;
use crate::triage::incident::AlertsUpdate;

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/incidents/{id}/relations", "sentinel.incident_relations.list", 1, incident_list),
    answers("GET", "WS/incidents/{id}/relations/{name}", "sentinel.incident_relations.get", 1, incident_get),
    changes("PUT", "WS/incidents/{id}/relations/{name}", "sentinel.incident_relations.put", 1, Right::Respond, incident_put),
    changes("DELETE", "WS/incidents/{id}/relations/{name}", "sentinel.incident_relations.delete", 1, Right::Respond, incident_delete),
    answers("GET", "WS/bookmarks/{id}/relations", "sentinel.bookmark_relations.list", 2, bookmark_list),
    answers("GET", "WS/bookmarks/{id}/relations/{name}", "sentinel.bookmark_relations.get", 2, bookmark_get),
    changes("PUT", "WS/bookmarks/{id}/relations/{name}", "sentinel.bookmark_relations.put", 2, Right::Respond, bookmark_put),
    changes("DELETE", "WS/bookmarks/{id}/relations/{name}", "sentinel.bookmark_relations.delete", 2, Right::Respond, bookmark_delete),
    answers("GET", "WS/hunts/{id}/relations", "sentinel.hunt_relations.list", 2, hunt_list),
    answers("GET", "WS/hunts/{id}/relations/{name}", "sentinel.hunt_relations.get", 2, hunt_get),
    changes("PUT", "WS/hunts/{id}/relations/{name}", "sentinel.hunt_relations.put", 2, Right::Respond, hunt_put),
    changes("DELETE", "WS/hunts/{id}/relations/{name}", "sentinel.hunt_relations.delete", 2, Right::Respond, hunt_delete),
    answers("GET", "WS/entities/{id}/relations", "sentinel.entity_relations.list", 2, entity_list),
    answers("GET", "WS/entities/{id}/relations/{name}", "sentinel.entity_relations.get", 2, entity_get),
];

/// Kind of the resources that hold relations.
pub(super) const KIND: &str = "relation";
/// The longest text by which resources are found under.
const PREFIX_BYTES_MAX: usize = 400;

/// Whose relations a path names.
struct Owner {
    /// Collection of the owner (`incidents`).
    collection: &'static str,
    id: String,
}

impl Owner {
    fn key(&self, name: &str) -> String {
        format!("{}/{}/{}", self.collection, self.id, name.to_lowercase())
    }
}

/// A relation that is kept.
struct Kept {
    name: String,
    collection: String,
    target: String,
    stored: Stored,
}

fn kept(stored: Stored) -> Option<Kept> {
    let members = Members::of(&stored.resource.value);
    Some(Kept { name: members.text("name")?, collection: members.text("collection")?, target: members.text("target")?, stored })
}

/// The relations of an owner, by name.
fn kept_of(context: &Context, owner: &Owner) -> Result<Vec<Kept>, Fault> {
    let prefix = owner.key("");
    let snapshot = &context.snapshot;
    // The index knows ids by their first bytes.
    let all = if prefix.len() <= PREFIX_BYTES_MAX {
        snapshot.records.resources_under(KIND, &prefix, snapshot.seq)?
    } else {
        snapshot.resources(KIND)?
    };
    Ok(all.into_iter().filter(|stored| stored.resource.id.starts_with(&prefix)).filter_map(kept).collect())
}

/// The bookmarks that an incident, or one that was merged into it, is related to.
pub(super) fn bookmarks_of(desk: &Desk<'_>, incident: &str) -> Result<Vec<Stored>, Fault> {
    crate::query::bookmarks::evidence(desk.context, desk.context.snapshot.seq, incident)
}

/// The incident that a bookmark was related to last, with the name of the relation.
pub(super) fn incident_of_bookmark(desk: &Desk<'_>, bookmark: &Stored) -> Result<Option<(String, String)>, Fault> {
    let Some(incident) = bookmarks::incidents_of(bookmark).pop() else { return Ok(None) };
    let name = bookmark_relation(desk.context, &incident, &bookmark.resource.id)?;
    Ok(Some((incident, name)))
}

/// Name of the relation of an incident to one of its bookmarks.
fn bookmark_relation(context: &Context, incident: &str, bookmark: &str) -> Result<String, Fault> {
    let owner = Owner { collection: "incidents", id: incident.to_owned() };
    let leads = |kept: &Kept| kept.collection == "bookmarks" && kept.target == bookmark;
    let name = kept_of(context, &owner)?.into_iter().find(leads).map(|kept| kept.name);
    Ok(name.unwrap_or_else(|| member_name(incident, bookmark)))
}

/// The incident that `incidentInfo` of a bookmark names, by its identifier or name.
pub(super) fn incident_of_info(desk: &Desk<'_>, info: &Members) -> Result<Option<String>, Fault> {
    let Some(given) = info.word("incidentId") else { return Ok(None) };
    let name = target(&given).map_or_else(|| given.clone(), |(_, name)| name);
    match incident_owner(desk, &name) {
        Ok((owner, _)) => Ok(Some(owner.id)),
        Err(_) => {
            let message = format!("Invalid value of property 'incidentInfo.incidentId': the incident '{given}' was not found");
            Err(Fault::new(FaultClass::Invalid, "related_resource_invalid", message))
        }
    }
}

/// Relates an incident to a bookmark, under a name if one is given; what is so already stays.
pub(super) fn relate(call: &Call, engine: &Engine, bookmark: &Stored, incident: &str, name: Option<&str>) -> Result<(), Fault> {
    let id = &*bookmark.resource.id;
    if bookmarks::incidents_of(bookmark).last().is_none_or(|last| last != incident) {
        bookmarks::attach(engine, call.actor(), id, incident, true)?;
    }
    if let Some(name) = name.filter(|name| !name.contains(['/', '\\']))
        && bookmark_relation(&engine.context(), incident, id)? != name
    {
        let owner = Owner { collection: "incidents", id: incident.to_owned() };
        let value = json!({"name": name, "collection": "bookmarks", "target": id, "labels": []});
        engine.define(Define::put(KIND, &owner.key(name), value), call.actor())?;
    }
    Ok(())
}

/// What a relation leads to, as its properties say it. One client tells the types apart by their capitals.
fn target_properties(desk: &Desk<'_>, collection: &str, name: &str) -> Map<String, Value> {
    let (path, kind_of_resource): (&str, &str) = match collection {
        "bookmarks" => ("Bookmarks", "Microsoft.SecurityInsights/Bookmarks"),
        "incidents" | "cases" => ("Incidents", "Microsoft.SecurityInsights/Incidents"),
        "hunts" => ("hunts", "Microsoft.SecurityInsights/hunts"),
        _ => ("entities", "Microsoft.SecurityInsights/entities"),
    };
    let kind = match path {
        "Bookmarks" => "Bookmark",
        "Incidents" => "Incident",
        "hunts" => "Hunt",
        _ => match entity::find(desk, name) {
            Ok(Subject::Entity(node)) => desk.graph().entity_node(node).map_or("", |entity| super::kinds::rest_kind(entity.kind())),
            Ok(Subject::Bookmark(_)) => "Bookmark",
            Ok(Subject::Alert(_)) | Err(_) => "SecurityAlert",
        },
    };
    Map::from_iter([
        ("relatedResourceId".to_owned(), Value::from(desk.scope.id(&[path, name]))),
        ("relatedResourceName".to_owned(), name.into()),
        ("relatedResourceType".to_owned(), kind_of_resource.into()),
        ("relatedResourceKind".to_owned(), kind.into()),
    ])
}

fn resource(desk: &Desk<'_>, owner: &Owner, name: &str, etag: &str, collection: &str, target: &str) -> Value {
    let (path, of) = match owner.collection {
        "incidents" => (["Incidents", &owner.id, "relations", name], "Incidents/relations"),
        "bookmarks" => (["Bookmarks", &owner.id, "relations", name], "Bookmarks/relations"),
        "hunts" => (["hunts", &owner.id, "relations", name], "hunts/relations"),
        _ => (["entities", &owner.id, "relations", name], "entities/relations"),
    };
    desk.scope.resource(&path, of, Some(etag), target_properties(desk, collection, target))
}

fn kept_resource(desk: &Desk<'_>, owner: &Owner, kept: &Kept) -> Value {
    let mut value = resource(desk, owner, &kept.name, &kept.stored.etag(), &kept.collection, &kept.target);
    let labels = Members::of(&kept.stored.resource.value).texts("labels");
    if owner.collection == "hunts" {
        value["properties"]["labels"] = json!(labels);
        value["properties"]["relationType"] = value["properties"]["relatedResourceType"].clone();
    }
    value
}

/// Name of the relation of an incident to one of its alerts.
fn member_name(incident: &str, alert: &str) -> String {
    format!("{incident}_{alert}")
}

/// The relations of an incident to its alerts.
fn members_of(desk: &Desk<'_>, owner: &Owner, node: NodeId) -> Vec<Value> {
    let graph = desk.graph();
    let etag = graph.incident_node(node).and_then(|incident| incident.seq()).map(|seq| seq.to_string()).unwrap_or_default();
    let alerts = super::incidents::alerts_of(desk, node).into_iter().filter_map(|alert| graph.alert_node(alert));
    alerts.map(|alert| resource(desk, owner, &member_name(&owner.id, alert.id()), &etag, "entities", alert.id())).collect()
}

fn incident_owner(desk: &Desk<'_>, id: &str) -> Result<(Owner, NodeId), Fault> {
    let node = desk.incident(id)?;
    let id = desk.graph().incident_node(node).map(|incident| incident.id().to_owned()).unwrap_or_default();
    Ok((Owner { collection: "incidents", id }, node))
}

/// All relations of an incident: the kept ones, and its alerts unless a kept one names them.
fn incident_relations(desk: &Desk<'_>, id: &str) -> Result<Vec<Value>, Fault> {
    let (owner, node) = incident_owner(desk, id)?;
    let marked = bookmarks_of(desk, &owner.id)?;
    let alerts = super::incidents::alerts_of(desk, node);
    let holds = |kept: &Kept| match kept.collection.as_str() {
        "bookmarks" => marked.iter().any(|bookmark| *bookmark.resource.id == kept.target),
        _ => desk.graph().alert(&kept.target).is_none_or(|alert| alerts.contains(&alert)),
    };
    let kept = kept_of(desk.context, &owner)?.into_iter().filter(holds);
    let mut values: Vec<Value> = kept.map(|kept| kept_resource(desk, &owner, &kept)).collect();
    let marked = marked.iter().map(|stored| {
        let id = &stored.resource.id;
        resource(desk, &owner, &member_name(&owner.id, id), &stored.etag(), "bookmarks", id)
    });
    for member in marked.chain(members_of(desk, &owner, node)) {
        let named = |value: &Value| value["properties"]["relatedResourceName"] == member["properties"]["relatedResourceName"];
        if !values.iter().any(named) {
            values.push(member);
        }
    }
    Ok(values)
}

fn incident_list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let values = incident_relations(&desk, call.parameter("id"))?;
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn named(values: Vec<Value>, name: &str) -> Result<Reply, Fault> {
    let found = values.into_iter().find(|value| value["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)));
    found.map(Reply::ok).ok_or_else(|| missing("relation", name))
}

fn incident_get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    named(incident_relations(&desk, call.parameter("id"))?, call.parameter("name"))
}

/// Collection and name of the resource that a body relates to.
fn body_target(body: &Value) -> Result<(String, String), Fault> {
    let id = Members::of(body).inner("properties").word("relatedResourceId");
    let id = id.ok_or_else(|| Fault::new(FaultClass::Invalid, "property_missing", "Required property 'relatedResourceId' is missing"))?;
    let found =
        target(&id).filter(|(collection, _)| ["bookmarks", "entities", "incidents", "cases", "hunts"].contains(&collection.as_str()));
    found.ok_or_else(|| {
        Fault::new(
            FaultClass::Invalid,
            "related_resource_invalid",
            format!("expected the id of a bookmark, entity, alert or incident for 'relatedResourceId', found '{id}'"),
        )
    })
}

fn keep(call: &Call, engine: &Engine, owner: &Owner, body: &Value, collection: &str, target: &str) -> Result<Reply, Fault> {
    let name = call.parameter("name");
    let collection = if collection == "cases" { "incidents" } else { collection };
    let labels = Members::of(body).inner("properties").texts("labels");
    let value = json!({"name": name, "collection": collection, "target": target, "labels": labels});
    let (stored, new) = stored::define(call, engine, KIND, &owner.key(name), name, body, value)?;
    let after = engine.context();
    let desk = Desk::new(call, &after);
    let kept = Kept { name: name.to_owned(), collection: collection.to_owned(), target: target.to_owned(), stored };
    let value = kept_resource(&desk, owner, &kept);
    Ok(if new { Reply::created(value) } else { Reply::ok(value) })
}

fn incident_put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    let (collection, target) = body_target(&body)?;
    let before = engine.context();
    let desk = Desk::new(call, &before);
    let (owner, _) = incident_owner(&desk, call.parameter("id"))?;
    let subject = match collection.as_str() {
        "entities" | "bookmarks" => entity::find(&desk, &target)?,
        _ => {
            return Err(Fault::new(
                FaultClass::Invalid,
                "related_resource_invalid",
                format!("an incident is not related to one of the {collection}"),
            ));
        }
    };
    match subject {
        Subject::Bookmark(bookmark) => {
            let reply = keep(call, engine, &owner, &body, "bookmarks", &bookmark.resource.id)?;
            bookmarks::attach(engine, call.actor(), &bookmark.resource.id, &owner.id, true)?;
            Ok(reply)
        }
        Subject::Entity(_) => keep(call, engine, &owner, &body, "entities", &target),
        Subject::Alert(alert) => {
            let alert = desk.graph().alert_node(alert).map(|alert| alert.id().to_owned()).unwrap_or_default();
            let add = AlertsUpdate { incident: of_id(&owner.id).into_owned(), add: vec![alert.clone()], remove: Vec::new() };
            engine.change(&add, call.actor())?;
            keep(call, engine, &owner, &body, "entities", &alert)
        }
    }
}

fn incident_delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let before = engine.context();
    let desk = Desk::new(call, &before);
    let Ok((owner, node)) = incident_owner(&desk, call.parameter("id")) else { return Ok(Reply::nothing()) };
    let name = call.parameter("name");
    let key = owner.key(name);
    let kept = before.snapshot.resource(KIND, &key)?.and_then(kept);
    let graph = desk.graph();
    // The name of a relation that nobody named says what it leads to.
    let prefix = member_name(&owner.id, "").to_lowercase();
    let implied = name.get(prefix.len()..).filter(|_| name.to_lowercase().starts_with(&prefix)).map(str::to_owned);
    let (alert, bookmark) = match &kept {
        Some(kept) if kept.collection == "entities" => (Some(kept.target.clone()), None),
        Some(kept) => (None, Some(kept.target.clone())),
        None => (implied.clone(), implied),
    };
    if let Some(bookmark) = bookmark.map(|id| bookmarks::find(&desk, &id)).transpose()?.flatten() {
        // Evidence of an incident that was merged into this one is related to this one too.
        let merged = graph.merged_into(node, None).into_iter().filter_map(|node| graph.incident_node(node)).map(|merged| merged.id());
        let related = bookmarks::incidents_of(&bookmark);
        for incident in merged.chain([owner.id.as_str()]).filter(|id| related.iter().any(|of| of == id)) {
            bookmarks::attach(engine, call.actor(), &bookmark.resource.id, incident, false)?;
        }
    }
    let member = alert.filter(|alert| {
        let members = super::incidents::alerts_of(&desk, node);
        members.into_iter().filter_map(|member| graph.alert_node(member)).any(|member| member.id().eq_ignore_ascii_case(alert))
    });
    if let Some(alert) = member {
        let alert = graph.alert(&alert).and_then(|node| graph.alert_node(node)).map_or(alert.clone(), |known| known.id().to_owned());
        let leave = AlertsUpdate { incident: of_id(&owner.id).into_owned(), add: Vec::new(), remove: vec![alert] };
        // An alert that names the incident itself stays a member: only its own source can change that.
        match engine.change(&leave, call.actor()) {
            Err(fault) if fault.code != "alert_not_in_incident" => return Err(fault),
            Ok(_) | Err(_) => {}
        }
    }
    if let Some(kept) = kept {
        check_seen(call, &Value::Null, name, Some(&kept.stored.etag()))?;
        engine.define(Define::delete(KIND, &key), call.actor())?;
    }
    Ok(Reply::nothing())
}

/// Relations of a bookmark or hunt: the kept ones, and for a bookmark the incidents whose evidence it is.
fn plain_list(call: &Call, context: &Context, collection: &'static str) -> Result<Vec<Value>, Fault> {
    let desk = Desk::new(call, context);
    let (owner, of) = plain_owner(&desk, collection, call.parameter("id"))?;
    let incidents = if collection == "bookmarks" { bookmarks::incidents_of(&of) } else { Vec::new() };
    let mut values = Vec::new();
    let mut named = Vec::new();
    for kept in kept_of(context, &owner)? {
        let holds = match (collection, kept.collection.as_str()) {
            ("bookmarks", "incidents") => incidents.contains(&kept.target),
            (_, "incidents") => desk.incident(&kept.target).is_ok(),
            (_, "bookmarks") => bookmarks::find(&desk, &kept.target)?.is_some(),
            _ => true,
        };
        if holds {
            values.push(kept_resource(&desk, &owner, &kept));
            named.push(kept.target);
        }
    }
    for incident in incidents.iter().filter(|incident| !named.contains(incident)) {
        let name = bookmark_relation(context, incident, &owner.id)?;
        values.push(resource(&desk, &owner, &name, &of.etag(), "incidents", incident));
    }
    Ok(values)
}

fn plain_owner(desk: &Desk<'_>, collection: &'static str, id: &str) -> Result<(Owner, Stored), Fault> {
    let known = if collection == "bookmarks" { bookmarks::find(desk, id)? } else { desk.stored(super::hunts::KIND, id)? };
    let known = known.ok_or_else(|| missing(if collection == "bookmarks" { "bookmark" } else { "hunt" }, id))?;
    Ok((Owner { collection, id: known.resource.id.to_string() }, known))
}

fn plain_put(call: &Call, engine: &Engine, collection: &'static str) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    let (of, target) = body_target(&body)?;
    let before = engine.context();
    let desk = Desk::new(call, &before);
    let (owner, _) = plain_owner(&desk, collection, call.parameter("id"))?;
    let target = match of.as_str() {
        "incidents" | "cases" => incident_owner(&desk, &target)?.0.id,
        _ => target,
    };
    let reply = keep(call, engine, &owner, &body, &of, &target)?;
    if collection == "bookmarks" && matches!(of.as_str(), "incidents" | "cases") {
        bookmarks::attach(engine, call.actor(), &owner.id, &target, true)?;
    }
    Ok(reply)
}

fn plain_delete(call: &Call, engine: &Engine, collection: &'static str) -> Result<Reply, Fault> {
    let before = engine.context();
    match plain_owner(&Desk::new(call, &before), collection, call.parameter("id")) {
        Ok((owner, of)) => {
            let name = call.parameter("name");
            let key = owner.key(name);
            let kept = before.snapshot.resource(KIND, &key)?.and_then(kept);
            let incidents = if collection == "bookmarks" { bookmarks::incidents_of(&of) } else { Vec::new() };
            for incident in incidents {
                let leads = match &kept {
                    Some(kept) => kept.collection == "incidents" && kept.target == incident,
                    None => bookmark_relation(&before, &incident, &owner.id)?.eq_ignore_ascii_case(name),
                };
                if leads {
                    bookmarks::attach(engine, call.actor(), &owner.id, &incident, false)?;
                }
            }
            stored::delete(call, engine, KIND, &key)
        }
        Err(_) => Ok(Reply::nothing()),
    }
}

macro_rules! of_collection {
    ($collection:literal: $list:ident $get:ident $put:ident $delete:ident) => {
        fn $list(call: &Call, context: &Context) -> Result<Reply, Fault> {
            Ok(Reply::ok(list::of_values(call, "name", plain_list(call, context, $collection)?, context.now)?))
        }

        fn $get(call: &Call, context: &Context) -> Result<Reply, Fault> {
            named(plain_list(call, context, $collection)?, call.parameter("name"))
        }

        fn $put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
            plain_put(call, engine, $collection)
        }

        fn $delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
            plain_delete(call, engine, $collection)
        }
    };
}

of_collection!("bookmarks": bookmark_list bookmark_get bookmark_put bookmark_delete);
of_collection!("hunts": hunt_list hunt_get hunt_put hunt_delete);

/// Relations of an entity: the incidents whose alerts name it, and kept ones that lead to it.
fn entity_relations(desk: &Desk<'_>, id: &str) -> Result<Vec<Value>, Fault> {
    let graph = desk.graph();
    let (node, owner_id) = match entity::find(desk, id)? {
        Subject::Entity(node) => {
            (node, graph.entity_node(node).map(|entity| crate::query::names::entity_name(&entity)).unwrap_or_default())
        }
        Subject::Alert(node) => (node, graph.alert_node(node).map(|alert| alert.id().to_owned()).unwrap_or_default()),
        Subject::Bookmark(bookmark) => {
            let owner = Owner { collection: "entities", id: bookmark.resource.id.to_string() };
            let incident = incident_of_bookmark(desk, &bookmark)?;
            return Ok(incident.into_iter().map(|(incident, name)| resource(desk, &owner, &name, "1", "incidents", &incident)).collect());
        }
    };
    let owner = Owner { collection: "entities", id: owner_id };
    let alerts = match node.kind() {
        crate::graph::NodeKind::Entity => super::expand::alerts_of(desk, node, &crate::model::Window::ALL),
        _ => vec![node],
    };
    let mut seen = std::collections::HashSet::new();
    let mut values = Vec::new();
    for incident in
        alerts.into_iter().flat_map(|alert| crate::query::lists::containers(graph, alert)).filter(|incident| seen.insert(*incident))
    {
        let Some(incident) = graph.incident_node(incident) else { continue };
        let etag = incident.seq().map(|seq| seq.to_string()).unwrap_or_default();
        values.push(resource(desk, &owner, &member_name(incident.id(), &owner.id), &etag, "incidents", incident.id()));
    }
    Ok(values)
}

fn entity_list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let values = entity_relations(&desk, call.parameter("id"))?;
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn entity_get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    named(entity_relations(&desk, call.parameter("id"))?, call.parameter("name"))
}
