//! Expansion of an entity, alert or bookmark: the ids that clients know, and our exploration queries by their own ids.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use super::desk::{Desk, missing};
use super::entity::{self, Mentions, Subject};
use super::kinds::rest_kind;
use crate::graph::{Direction, EdgeFilter, NodeId, NodeKind};
use crate::http::dialects::{Members, Reply};
use crate::model::{Fault, FaultClass, Relation, Time, Window};
use crate::query::explore::{self, ExploreRequest, GraphBody};
use crate::query::names::entity_name;
use crate::query::{Question, reference};

/// The entities of an alert.
pub(super) const OF_ALERT: &str = "98b974fd-cc64-48b8-9bd0-3a209f5b944b";
/// The entities of a bookmark.
pub(super) const OF_BOOKMARK: &str = "27f76e63-c41b-480f-bb18-12ad2e011d49";
/// Alerts that an expansion of an entity shows, newest first; the full count stands beside them.
const ALERTS_MAX: usize = 300;

/// What an expansion found: entities, and for each an edge to it.
#[derive(Default)]
struct Found {
    entities: Vec<Value>,
    edges: Vec<Value>,
    /// How many there are in all, by kind; of what is not listed here, the listed ones are all.
    totals: BTreeMap<String, u64>,
    seen: HashSet<String>,
}

impl Found {
    fn add(&mut self, entity: Value, edge: Map<String, Value>) {
        let Some(id) = entity["id"].as_str().map(str::to_owned) else { return };
        if self.seen.insert(id.clone()) {
            self.entities.push(entity);
            self.edges.push(json!({"targetEntityId": id, "additionalData": edge}));
        }
    }

    fn reply(self) -> Reply {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for entity in &self.entities {
            *counts.entry(entity["kind"].as_str().unwrap_or_default()).or_default() += 1;
        }
        let count = |(kind, listed): (&str, u64)| json!({"entityKind": kind, "count": self.totals.get(kind).copied().unwrap_or(listed).max(listed), "aggregationType": kind, "displayName": kind});
        let aggregations: Vec<Value> = counts.into_iter().map(count).collect();
        Reply::ok(json!({"metaData": {"aggregations": aggregations}, "value": {"entities": self.entities, "edges": self.edges}}))
    }
}

/// Expands what the path names by the expansion of the body.
pub(super) fn expand(desk: &Desk<'_>, subject: &Subject, body: &Value) -> Result<Reply, Fault> {
    let members = Members::of(body);
    let id = members
        .word("expansionId")
        .ok_or_else(|| Fault::new(FaultClass::Invalid, "expansion_missing", "Required property 'expansionId' is missing"))?;
    let window = window(&members)?;
    match subject {
        Subject::Alert(alert) => of_alert(desk, *alert, &id),
        Subject::Bookmark(bookmark) => of_bookmark(desk, bookmark, &id),
        Subject::Entity(node) => of_entity(desk, *node, &id, &window),
    }
}

/// The times of a body; an end that is not given has no bound.
pub(super) fn window(members: &Members) -> Result<Window, Fault> {
    let read = |name: &str| -> Result<Option<Time>, Fault> {
        let text = members.word(name);
        text.map(|text| {
            Time::parse(&text)
                .map_err(|error| Fault::new(FaultClass::Invalid, "time_invalid", format!("Invalid value of property '{name}': {error}")))
        })
        .transpose()
    };
    let window = Window { from: read("startTime")?, to: read("endTime")? };
    match (window.from, window.to) {
        (Some(from), Some(to)) if from > to => {
            Err(Fault::new(FaultClass::Invalid, "window_invalid", format!("expected startTime before endTime, found {from} and {to}")))
        }
        _ => Ok(window),
    }
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// All entities of an alert, whatever the window: they are part of it.
fn of_alert(desk: &Desk<'_>, alert: NodeId, id: &str) -> Result<Reply, Fault> {
    if !same(id, OF_ALERT) {
        return Err(unfit(id, "SecurityAlert"));
    }
    let mut mentions = Mentions::default();
    mentions.add_alert(desk, alert)?;
    let mut found = Found::default();
    for entity in mentions.resources(desk) {
        found.add(entity, Map::new());
    }
    Ok(found.reply())
}

fn of_bookmark(desk: &Desk<'_>, bookmark: &crate::model::Stored, id: &str) -> Result<Reply, Fault> {
    if !same(id, OF_BOOKMARK) {
        return Err(unfit(id, "Bookmark"));
    }
    let mut found = Found::default();
    for node in super::bookmarks::entities_of(desk, bookmark) {
        found.add(entity::resource(desk, node)?, Map::new());
    }
    Ok(found.reply())
}

/// An expansion that is known but takes something else, or one that nobody knows.
fn unfit(id: &str, kind: &str) -> Fault {
    let known = same(id, OF_ALERT)
        || same(id, OF_BOOKMARK)
        || explore::all().iter().any(|exploration| same(&super::queries::id_of(exploration), id));
    if known {
        Fault::new(FaultClass::Invalid, "expansion_kind", format!("The expansion '{id}' does not take an entity of kind {kind}"))
    } else {
        missing("expansion", id)
    }
}

fn of_entity(desk: &Desk<'_>, node: NodeId, id: &str, window: &Window) -> Result<Reply, Fault> {
    let graph = desk.graph();
    let kind = graph.entity_node(node).map_or("", |entity| entity.kind());
    let fits = |exploration: &&explore::Exploration| exploration.input == "any" || exploration.input == kind;
    let named = |exploration: &&explore::Exploration| {
        same(&super::queries::id_of(exploration), id) || same(&exploration.id, id) || exploration.name == id
    };
    let Some(exploration) = explore::all().iter().filter(fits).find(named) else {
        // Kinds of ours that clients know under one name: the query is listed for all of them and says nothing of this one.
        // So is the one of bookmarks for a bookmark that was deleted since.
        let listed = (kind == "bookmark" && same(id, OF_BOOKMARK))
            || explore::all().iter().any(|exploration| named(&exploration) && rest_kind(&exploration.input) == rest_kind(kind));
        return if listed { Ok(Found::default().reply()) } else { Err(unfit(id, rest_kind(kind))) };
    };
    if exploration.body == explore::Body::Graph(GraphBody::RelatedAlerts) {
        return related_alerts(desk, node, window);
    }
    let show = |time: Option<Time>| time.map(|time| time.to_string());
    let request = ExploreRequest {
        entity: reference_of(desk, node),
        query: exploration.name.clone(),
        from: show(window.from),
        to: show(window.to),
        ..ExploreRequest::default()
    };
    let limit = exploration.limit as usize;
    // Everything is counted, the first ones are shown.
    let answer = ExploreRequest { limit: Some(COUNTED_MAX), ..request }.answer(desk.context)?;
    let mut found = Found::default();
    for shown in answer.graph.nodes.iter().skip(1) {
        let rest = match shown.kind.as_str() {
            "alert" => "SecurityAlert",
            "incident" => continue,
            other => rest_kind(other),
        };
        let total = found.totals.entry(rest.to_owned()).or_default();
        *total += 1;
        if found.entities.len() >= limit {
            continue;
        }
        let edge = Map::from_iter([("EdgeType".to_owned(), Value::from(exploration.title.clone()))]);
        match reference::node(graph, &shown.id) {
            Ok(alert) if alert.kind() == NodeKind::Alert => found.add(super::alert::resource(desk, alert)?, edge),
            Ok(other) if other.kind() == NodeKind::Entity => found.add(entity::brief(desk, other).unwrap_or(Value::Null), edge),
            Ok(_) | Err(_) => found.add(unknown(desk, &shown.kind, &shown.label), edge),
        }
    }
    Ok(found.reply())
}

/// Results that an expansion counts at the most.
const COUNTED_MAX: u32 = 10_000;

/// A reference that names just this entity.
pub(super) fn reference_of(desk: &Desk<'_>, node: NodeId) -> String {
    desk.graph().entity_node(node).map(|entity| format!("{}:{}", entity.kind(), entity.key())).unwrap_or_default()
}

/// An entity that rows name and the graph does not know.
fn unknown(desk: &Desk<'_>, kind: &str, label: &str) -> Value {
    let rest = rest_kind(kind);
    let property = super::kinds::table(rest).properties.first().map_or("friendlyName", |(_, theirs)| theirs);
    let mut properties = Map::from_iter([("friendlyName".to_owned(), Value::from(label))]);
    properties.insert(property.to_owned(), label.into());
    let mut resource = desk.scope.resource(&["entities", &format!("{kind}:{label}")], "entities", None, properties);
    resource["kind"] = rest.into();
    resource
}

/// The alerts that name an entity, newest first, with their full number.
fn related_alerts(desk: &Desk<'_>, node: NodeId, window: &Window) -> Result<Reply, Fault> {
    let graph = desk.graph();
    let alerts = alerts_of(desk, node, window);
    let mut found = Found::default();
    found.totals.insert("SecurityAlert".to_owned(), alerts.len() as u64);
    let name = graph.entity_node(node).map(|entity| entity_name(&entity)).unwrap_or_default();
    for alert in alerts.into_iter().take(ALERTS_MAX) {
        let edge = Map::from_iter([("EdgeType".to_owned(), Value::from("Related alerts")), ("EntityId".to_owned(), name.clone().into())]);
        found.add(super::alert::resource(desk, alert)?, edge);
    }
    Ok(found.reply())
}

/// The known alerts that name an entity in a window, newest first.
pub(super) fn alerts_of(desk: &Desk<'_>, node: NodeId, window: &Window) -> Vec<NodeId> {
    let graph = desk.graph();
    let filter = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::In, window: *window, ..EdgeFilter::default() };
    let mut seen = HashSet::new();
    let alerts = graph.edges(node, &filter).map(|edge| edge.from).filter(|from| from.kind() == NodeKind::Alert && seen.insert(*from));
    let mut alerts: Vec<_> = alerts.filter_map(|alert| graph.alert_node(alert)).filter(|alert| alert.known()).collect();
    alerts.sort_by(|a, b| (b.time(), a.id()).cmp(&(a.time(), b.id())));
    alerts.into_iter().map(|alert| alert.node()).collect()
}
