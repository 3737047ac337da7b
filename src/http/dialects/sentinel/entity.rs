//! An entity as a resource: its kind, its properties under the dialect's names, and the ids of the entities that it refers to.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::desk::{Desk, missing};
use super::kinds::{Shape, rest_kind, shape, table};
use crate::catalog::entities as catalog;
use crate::graph::{Direction, EdgeFilter, EntityRef, NodeId, NodeKind};
use crate::http::dialects::arm::{put, time};
use crate::model::{Evidence, Fault, Link, Object, Relation, Stored, Time};
use crate::query::names::entity_name;
use crate::query::{details, reference};

/// Alerts of an entity whose documents are read for its properties, newest first.
const PROPERTY_ALERTS_MAX: usize = 25;

/// What the id of an entity names: alerts and bookmarks are entities too.
pub(super) enum Subject {
    Entity(NodeId),
    Alert(NodeId),
    Bookmark(Box<Stored>),
}

/// Finds what an id names: a name of an entity, the id of an alert or bookmark, or a reference as clew writes it (`ip:1.2.3.4`).
pub(super) fn find(desk: &Desk<'_>, id: &str) -> Result<Subject, Fault> {
    let graph = desk.graph();
    if let Some(node) = desk.context.names.find(graph, id) {
        return Ok(match marked(desk, node)? {
            Some(stored) => Subject::Bookmark(Box::new(stored)),
            None => Subject::Entity(node),
        });
    }
    let known = |id: &str| graph.alert(id).filter(|node| graph.alert_node(*node).is_some_and(|alert| alert.known()));
    if let Some(node) = known(id).or_else(|| known(&id.to_lowercase())).or_else(|| known(&id.to_uppercase())) {
        return Ok(Subject::Alert(node));
    }
    if let Some(stored) = super::bookmarks::find(desk, id)? {
        return Ok(Subject::Bookmark(Box::new(stored)));
    }
    match id.split_once(':').map(|_| reference::entity(graph, id)) {
        Some(Ok(node)) => Ok(Subject::Entity(node)),
        _ => Err(missing("entity", id)),
    }
}

/// The bookmark that a node of the graph stands for.
pub(super) fn marked(desk: &Desk<'_>, node: NodeId) -> Result<Option<Stored>, Fault> {
    let Some(entity) = desk.graph().entity_node(node).filter(|entity| entity.kind() == "bookmark") else { return Ok(None) };
    for (key, _) in entity.keys() {
        if let Some((_, id)) = key.split_once('=')
            && let Some(stored) = super::bookmarks::find(desk, id)?
        {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

/// Mentions of entities in alerts and incidents, put together by entity in the order in which they first come.
#[derive(Default)]
pub(super) struct Mentions {
    order: Vec<NodeId>,
    found: HashMap<NodeId, Mention>,
}

#[derive(Default)]
struct Mention {
    properties: Object,
    /// Property and the entity that it refers to.
    references: Vec<(String, NodeId)>,
}

impl Mentions {
    /// Adds the entities of an alert.
    pub(super) fn add_alert(&mut self, desk: &Desk<'_>, alert: NodeId) -> Result<(), Fault> {
        let whole = super::alert::whole(desk, alert)?;
        self.add(desk, &whole.entities, &whole.links);
        // What pieces and relations add, the graph knows.
        for node in desk.graph().entities_of(alert) {
            self.mention(node);
        }
        Ok(())
    }

    /// Adds the entities that a source lists for an incident itself.
    pub(super) fn add_incident(&mut self, desk: &Desk<'_>, incident: NodeId) -> Result<(), Fault> {
        let Some(known) = desk.graph().incident_node(incident) else { return Ok(()) };
        let whole = details::incident_of(desk.context, known.id(), incident)?;
        self.add(desk, &whole.entities, &whole.links);
        Ok(())
    }

    /// Adds the entities that a bookmark is about.
    pub(super) fn add_bookmark(&mut self, desk: &Desk<'_>, bookmark: &Stored) {
        for node in super::bookmarks::entities_of(desk, bookmark) {
            self.mention(node);
        }
    }

    fn mention(&mut self, node: NodeId) -> &mut Mention {
        let order = &mut self.order;
        self.found.entry(node).or_insert_with(|| {
            order.push(node);
            Mention::default()
        })
    }

    fn add(&mut self, desk: &Desk<'_>, entities: &[Evidence], links: &[Link]) {
        let graph = desk.graph();
        let node = |evidence: &Evidence| graph.mentioned(&evidence.entity.kind, &evidence.entity.keys);
        let nodes: Vec<Option<NodeId>> = entities.iter().map(node).collect();
        for (evidence, node) in entities.iter().zip(&nodes) {
            let Some(node) = node else { continue };
            let mention = self.mention(*node);
            for (name, value) in &evidence.entity.properties {
                mention.properties.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        for link in links {
            let at = |place: u32| nodes.get(place as usize).copied().flatten();
            let (Some(from), Some(to)) = (at(link.from), at(link.to)) else { continue };
            let property = link.rule.rsplit('.').next().unwrap_or_default().to_owned();
            // A reference may assert a relation that runs towards the entity that holds it.
            for (holder, other) in [(from, to), (to, from)] {
                let kind = graph.entity_node(holder).map_or("", |entity| entity.kind());
                if link.rule.split('.').next().is_some_and(|of| of.eq_ignore_ascii_case(kind)) {
                    self.mention(holder).references.push((property.clone(), other));
                    break;
                }
            }
        }
    }

    /// The entities as resources, in the order in which they were named.
    ///
    /// Bookmarks of an incident are listed by themselves.
    pub(super) fn resources(&self, desk: &Desk<'_>) -> Vec<Value> {
        let bookmark = |node: &NodeId| desk.graph().entity_node(*node).is_some_and(|entity| entity.kind() == super::bookmarks::KIND);
        self.order.iter().filter(|node| !bookmark(node)).filter_map(|node| self.resource(desk, *node)).collect()
    }

    /// One of the entities as a resource.
    fn resource(&self, desk: &Desk<'_>, node: NodeId) -> Option<Value> {
        let entity = desk.graph().entity_node(node)?;
        let nothing = Mention::default();
        let mention = self.found.get(&node).unwrap_or(&nothing);
        Some(write(desk, &entity, &mention.properties, &mention.references))
    }
}

/// One entity with the properties that the newest alerts give it.
pub(super) fn resource(desk: &Desk<'_>, node: NodeId) -> Result<Value, Fault> {
    let graph = desk.graph();
    let node = graph.canonical(node);
    let filter = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::In, ..EdgeFilter::default() };
    let mut mentions = Mentions::default();
    let alerts = graph.edges(node, &filter).map(|edge| edge.from).filter(|from| from.kind() == NodeKind::Alert);
    let mut seen = std::collections::HashSet::new();
    for alert in alerts.filter(|alert| seen.insert(*alert)).take(PROPERTY_ALERTS_MAX) {
        let whole = super::alert::whole(desk, alert)?;
        mentions.add(desk, &whole.entities, &whole.links);
    }
    Ok(mentions.resource(desk, node).unwrap_or(Value::Null))
}

/// An entity with what its keys alone say: for long lists.
pub(super) fn brief(desk: &Desk<'_>, node: NodeId) -> Option<Value> {
    let entity = desk.graph().entity_node(node)?;
    Some(write(desk, &entity, &Object::new(), &[]))
}

fn write(desk: &Desk<'_>, entity: &EntityRef<'_>, said: &Object, references: &[(String, NodeId)]) -> Value {
    let rest = rest_kind(entity.kind());
    let table = table(rest);
    let own = catalog::kind(entity.kind()).and_then(|kind| kind.rest).is_some();
    let mut known = said.clone();
    for (name, value) in of_keys(entity) {
        known.entry(name).or_insert(value);
    }
    let mut properties = Map::new();
    put(&mut properties, "friendlyName", entity.label());
    let mut additional = Map::from_iter([("ClewReference".to_owned(), Value::from(format!("{}:{}", entity.kind(), entity.key())))]);
    if !own {
        additional.insert("Kind".into(), entity.kind().into());
    }
    for (name, value) in known {
        let theirs = table.properties.iter().find(|(ours, _)| own && ours.eq_ignore_ascii_case(&name)).map(|(_, theirs)| *theirs);
        match theirs.and_then(|theirs| Some((theirs, shaped(theirs, &value)?))) {
            Some((theirs, value)) if !properties.contains_key(theirs) => put(&mut properties, theirs, value),
            _ => put(&mut additional, &name, value),
        }
    }
    if !own {
        foreign(rest, entity.label(), &mut properties);
    }
    refer(desk, table.references, references, &mut properties);
    properties.insert("additionalData".into(), Value::Object(additional));
    let name = entity_name(entity);
    let mut resource = desk.scope.resource(&["entities", &name], "entities", None, properties);
    resource["kind"] = rest.into();
    resource
}

/// The property by which a kind that the dialect has no word for is known as the nearest one.
fn foreign(rest: &str, label: &str, properties: &mut Map<String, Value>) {
    let property = match rest {
        "Account" => "accountName",
        "CloudApplication" => "appName",
        "SecurityGroup" => "distinguishedName",
        "Mailbox" => "mailboxPrimaryAddress",
        _ => "resourceId",
    };
    put(properties, property, label);
}

fn refer(desk: &Desk<'_>, known: &[(&str, &str, bool)], references: &[(String, NodeId)], properties: &mut Map<String, Value>) {
    for (property, other) in references {
        let Some((_, theirs, several)) = known.iter().find(|(ours, ..)| ours.eq_ignore_ascii_case(property)) else { continue };
        let Some(other) = desk.graph().entity_node(*other) else { continue };
        let id = Value::from(desk.scope.id(&["entities", &entity_name(&other)]));
        if !several {
            properties.entry(*theirs).or_insert(id);
        } else if let Value::Array(ids) = properties.entry(*theirs).or_insert_with(|| Value::Array(Vec::new()))
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
}

/// A value in the shape that typed clients read; none if it cannot be had.
fn shaped(property: &str, value: &Value) -> Option<Value> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    Some(match shape(property) {
        Shape::Any => value.clone(),
        Shape::Text => text(value)?.into(),
        Shape::Flag => match value {
            Value::Bool(flag) => (*flag).into(),
            other => text(other)?.to_lowercase().parse::<bool>().ok()?.into(),
        },
        Shape::Number => text(value)?.parse::<i64>().ok()?.into(),
        Shape::Time => time(Time::parse(&text(value)?).ok()?).into(),
        Shape::Texts => match value {
            Value::Array(items) => items.iter().filter_map(text).collect(),
            one => json!([text(one)?]),
        },
    })
}

/// What the keys of an entity say of its properties.
fn of_keys(entity: &EntityRef<'_>) -> Vec<(String, Value)> {
    let Some(kind) = catalog::kind(entity.kind()) else { return Vec::new() };
    let mut found: Vec<(String, Value)> = Vec::new();
    for (key, _) in entity.keys() {
        let Some((set, value)) = key.split_once('=') else { continue };
        if value.starts_with("blake3:") {
            continue;
        }
        for (name, part) in parts(set, value) {
            if let Some(property) = kind.property(name).filter(|property| !found.iter().any(|(known, _)| known == property)) {
                found.push((property.to_owned(), part.into()));
            }
        }
    }
    found
}

/// The parts of a key by the names in its set, as `ingest::identify` joins them; none where they cannot be told apart.
pub(super) fn parts<'a>(set: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let names: Vec<&str> = set.split('+').collect();
    let two =
        |split: Option<(&'a str, &'a str)>| split.map_or_else(Vec::new, |(first, second)| vec![(names[0], first), (names[1], second)]);
    match set {
        "name+upnsuffix" | "name+dnsdomain" => two(value.rsplit_once('@')),
        "hostname+dnsdomain" => two(value.split_once('.')),
        "hostname+ntdomain" => two(value.split_once('\\').map(|(domain, name)| (name, domain))),
        "ntdomain+name" => two(value.split_once('\\')),
        "algorithm+value" => two(value.split_once(':')),
        "hive+key" => two(value.split_once('\\')),
        "directory+name" => two(value.rfind(['\\', '/']).map(|at| (&value[..at], &value[at + 1..]))),
        _ => {
            let parts: Vec<&str> = value.split('|').collect();
            if parts.len() == names.len() { names.into_iter().zip(parts).collect() } else { Vec::new() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_say_properties() {
        let cases: &[(&str, &str, &[(&str, &str)])] = &[
            ("address", "1.2.3.4", &[("address", "1.2.3.4")]),
            ("name+upnsuffix", "ann@x.example", &[("name", "ann"), ("upnsuffix", "x.example")]),
            ("hostname+dnsdomain", "ws6.corp.example", &[("hostname", "ws6"), ("dnsdomain", "corp.example")]),
            ("hostname+ntdomain", "corp\\ws6", &[("hostname", "ws6"), ("ntdomain", "corp")]),
            ("ntdomain+name", "corp\\ann", &[("ntdomain", "corp"), ("name", "ann")]),
            ("directory+name", "c:\\windows\\cmd.exe", &[("directory", "c:\\windows"), ("name", "cmd.exe")]),
            ("directory+name", "/bin/sh", &[("directory", "/bin"), ("name", "sh")]),
            ("algorithm+value", "sha1:aa", &[("algorithm", "sha1"), ("value", "aa")]),
            ("host+processid", "ws6|0x1", &[("host", "ws6"), ("processid", "0x1")]),
            ("host+commandline", "ws6|a|b", &[]),
        ];
        for (set, value, expected) in cases {
            assert_eq!(parts(set, value), *expected, "{set}={value}");
        }
    }
}
