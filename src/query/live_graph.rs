//! The live entity graph as patterns see it: entities, alerts and incidents are nodes, relations are edges.
//!
//! Labels of a node: its kind, in any spelling that the catalog knows (`account`, `Account`, `user-account`). Labels of an edge: its relation.
//! All assertions of one relation between the same two nodes are one edge, with the first and the last instant, the number of records and
//! the documents behind it. What is read of a node stays in memory as long as the graph lives; nothing is read that no search asks for.
//!
//! Properties of nodes: `id` (`kind:key`, as everywhere in clew), `kind`, `label`, `keys`, `first`, `last`; of alerts and incidents `title`,
//! `severity`, `status`, `provider`, `product`, `owner`, `number`, `tactics`, `techniques`; of entities every property of the catalog that is
//! one of their identifiers (`Name`, `UPNSuffix`, `Sid`, `HostName`, `DnsDomain`, `Address`, ...). Where no property is spelled like that, upper and
//! lower case do not matter. Properties of edges: `relation`, `first`, `last`, `count`, `evidence` (numbers of documents).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, RwLock};

use serde_json::json;

use super::kql::graph::{Adjacent, Cell, PatternGraph, Property, Way};
use super::kql::tree::ScalarType;
use super::kql::types::UNIX_EPOCH_TICKS;
use super::reference;
use crate::catalog::entities;
use crate::graph::{Assertion, Direction, EdgeFilter, EntityRef, GraphSnapshot, NodeId, NodeRef};
use crate::model::{Time, Window};

/// Documents that the evidence of an edge names at most.
const EVIDENCE_MAX: usize = 100;

/// The entity graph, now or as of an instant.
pub struct LiveGraph {
    graph: GraphSnapshot,
    window: Window,
    nodes: Vec<NodeId>,
    places: HashMap<NodeId, u32>,
    read: RwLock<Read>,
}

/// What has been read of the edges.
#[derive(Default)]
struct Read {
    relations: Vec<String>,
    edges: Vec<EdgeRow>,
    known: HashMap<(u32, u32, u32), u32>,
    of_nodes: HashMap<u32, Arc<Ends>>,
}

/// The edges of a node: those that leave it, and those that enter it.
#[derive(Default)]
struct Ends {
    out: Vec<Adjacent>,
    into: Vec<Adjacent>,
}

/// All assertions of a relation between two nodes.
#[derive(Clone, Debug)]
struct EdgeRow {
    from: u32,
    to: u32,
    relation: u32,
    first: Option<Time>,
    last: Option<Time>,
    count: i64,
}

/// Where the value of a property of nodes comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NodeValue {
    Id,
    Kind,
    Label,
    Keys,
    First,
    Last,
    Title,
    Severity,
    Status,
    Provider,
    Product,
    Owner,
    Number,
    Tactics,
    Techniques,
    Identifier,
}

const OWN: [(&str, ScalarType, NodeValue); 15] = [
    ("id", ScalarType::String, NodeValue::Id),
    ("kind", ScalarType::String, NodeValue::Kind),
    ("label", ScalarType::String, NodeValue::Label),
    ("keys", ScalarType::Dynamic, NodeValue::Keys),
    ("first", ScalarType::DateTime, NodeValue::First),
    ("last", ScalarType::DateTime, NodeValue::Last),
    ("title", ScalarType::String, NodeValue::Title),
    ("severity", ScalarType::String, NodeValue::Severity),
    ("status", ScalarType::String, NodeValue::Status),
    ("provider", ScalarType::String, NodeValue::Provider),
    ("product", ScalarType::String, NodeValue::Product),
    ("owner", ScalarType::String, NodeValue::Owner),
    ("number", ScalarType::Long, NodeValue::Number),
    ("tactics", ScalarType::Dynamic, NodeValue::Tactics),
    ("techniques", ScalarType::Dynamic, NodeValue::Techniques),
];

/// The properties of nodes with their sources, and their places by name.
struct NodeProperties {
    all: Vec<Property>,
    values: Vec<NodeValue>,
    places: HashMap<String, usize>,
}

static NODE_PROPERTIES: LazyLock<NodeProperties> = LazyLock::new(|| {
    let mut properties = NodeProperties { all: Vec::new(), values: Vec::new(), places: HashMap::new() };
    let own = OWN.iter().map(|(name, kind, value)| (*name, *kind, *value));
    let identifiers = entities::kinds().iter().flat_map(|kind| kind.strong.iter().chain(&kind.weak).flatten());
    for (name, kind, value) in own.chain(identifiers.map(|name| (*name, ScalarType::String, NodeValue::Identifier))) {
        if properties.places.contains_key(name) {
            continue;
        }
        properties.places.insert(name.to_owned(), properties.all.len());
        properties.all.push(Property { name: name.to_owned(), kind });
        properties.values.push(value);
    }
    for place in 0..properties.all.len() {
        let folded = properties.all[place].name.to_ascii_lowercase();
        properties.places.entry(folded).or_insert(place);
    }
    properties
});

static EDGE_PROPERTIES: LazyLock<Vec<Property>> = LazyLock::new(|| {
    let property = |(name, kind): (&str, ScalarType)| Property { name: name.to_owned(), kind };
    let all = [
        ("relation", ScalarType::String),
        ("first", ScalarType::DateTime),
        ("last", ScalarType::DateTime),
        ("count", ScalarType::Long),
        ("evidence", ScalarType::Dynamic),
    ];
    all.into_iter().map(property).collect()
});

/// Names and types of the properties of nodes and of edges.
pub fn properties() -> (Vec<(String, ScalarType)>, Vec<(String, ScalarType)>) {
    let fields = |all: &[Property]| all.iter().map(|property| (property.name.clone(), property.kind)).collect();
    (fields(&NODE_PROPERTIES.all), fields(&EDGE_PROPERTIES))
}

impl LiveGraph {
    /// The graph of a snapshot; as of an instant, with the edges that had begun by then and the nodes that had appeared.
    pub fn new(graph: GraphSnapshot, until: Option<Time>) -> Self {
        let window = Window { from: None, to: until };
        let is_there = |time: Option<Time>| until.is_none_or(|until| time.is_none_or(|time| time <= until));
        let mut nodes: Vec<NodeId> = graph.all_entities().filter(|node| until.is_none() || is_there(graph.span(*node).0)).collect();
        nodes.extend(graph.all_alerts().filter(|alert| is_there(alert.time())).map(|alert| alert.node()));
        nodes.extend(graph.all_incidents().filter(|incident| is_there(incident.time())).map(|incident| incident.node()));
        let places = (0..).zip(&nodes).map(|(place, node)| (*node, place)).collect();
        Self { graph, window, nodes, places, read: RwLock::default() }
    }

    /// The node with this number, as the entity graph names it.
    pub fn node(&self, node: u32) -> NodeId {
        self.nodes[node as usize]
    }

    fn kind(&self, node: u32) -> &str {
        match self.graph.node(self.nodes[node as usize]) {
            NodeRef::Entity(entity) => entity.kind(),
            NodeRef::Alert(_) => "alert",
            NodeRef::Incident(_) => "incident",
        }
    }

    fn edge(&self, edge: u32) -> EdgeRow {
        let read = self.read.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        read.edges[edge as usize].clone()
    }

    /// The edges of a node, read when they are first asked for.
    fn of_node(&self, node: u32) -> Arc<Ends> {
        let known = self.read.read().unwrap_or_else(std::sync::PoisonError::into_inner).of_nodes.get(&node).cloned();
        if let Some(known) = known {
            return known;
        }
        let id = self.nodes[node as usize];
        let filter = EdgeFilter { window: self.window, ..EdgeFilter::default() };
        let mut joined: HashMap<(u32, u32, &str), EdgeRow> = HashMap::new();
        for edge in self.graph.edges(id, &filter) {
            let (Some(from), Some(to)) = (self.places.get(&edge.from), self.places.get(&edge.to)) else { continue };
            let relation = self.graph.relation(&edge);
            let row = EdgeRow { from: *from, to: *to, relation: 0, first: edge.first, last: edge.last, count: 0 };
            let row = joined.entry((*from, *to, relation)).or_insert(row);
            row.first = [row.first, edge.first].into_iter().flatten().min();
            row.last = [row.last, edge.last].into_iter().flatten().max();
            row.count += i64::from(edge.count);
        }
        let mut rows: Vec<_> = joined.into_iter().collect();
        rows.sort_by(|a, b| (a.0.2, a.0.0, a.0.1).cmp(&(b.0.2, b.0.0, b.0.1)));
        let mut read = self.read.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut ends = Ends::default();
        for ((from, to, relation), row) in rows {
            let relation = read.relation(relation);
            let edge = match read.known.get(&(from, to, relation)) {
                Some(edge) => *edge,
                None => {
                    let edge = read.edges.len() as u32;
                    read.edges.push(EdgeRow { relation, ..row });
                    read.known.insert((from, to, relation), edge);
                    edge
                }
            };
            if from == node {
                ends.out.push(Adjacent { edge, node: to });
            }
            if to == node {
                ends.into.push(Adjacent { edge, node: from });
            }
        }
        let ends = Arc::new(ends);
        read.of_nodes.insert(node, Arc::clone(&ends));
        ends
    }

    /// The documents behind an edge, oldest first.
    fn evidence(&self, edge: &EdgeRow) -> Vec<u64> {
        let (from, to) = (self.nodes[edge.from as usize], self.nodes[edge.to as usize]);
        let relation = {
            let read = self.read.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            crate::model::Relation::met(read.relations[edge.relation as usize].clone())
        };
        let filter = EdgeFilter { relations: vec![relation], direction: Direction::Out, window: self.window, ..EdgeFilter::default() };
        let mut found = HashSet::new();
        for edge in self.graph.assertions(from, to, &filter) {
            match self.graph.assertion(&edge) {
                Assertion::Document { seq, .. } => found.extend([seq.0]),
                Assertion::Events { first, last } => found.extend([first.0, last.0]),
            }
            if found.len() >= EVIDENCE_MAX {
                break;
            }
        }
        let mut found: Vec<u64> = found.into_iter().collect();
        found.sort_unstable();
        found
    }
}

impl Read {
    fn relation(&mut self, name: &str) -> u32 {
        if let Some(place) = self.relations.iter().position(|known| known == name) {
            return place as u32;
        }
        self.relations.push(name.to_owned());
        self.relations.len() as u32 - 1
    }
}

/// The value of a property that identifies an entity: of the key whose set is that property, or of a set that joins it to others.
fn identifier<'a>(entity: &EntityRef<'a>, property: &str) -> Option<Cow<'a, str>> {
    let property = property.to_ascii_lowercase();
    let keys = entity.keys();
    let sets = || keys.iter().filter_map(|(key, _)| key.split_once('='));
    if let Some((_, value)) = sets().find(|(set, _)| *set == property) {
        return Some(value.into());
    }
    let part = |set: &str, separator: char, first: bool| {
        let (_, value) = sets().find(|(known, _)| *known == set)?;
        let (before, behind) = value.split_once(separator)?;
        Some(Cow::from(if first { before } else { behind }))
    };
    match property.as_str() {
        "name" => part("name+upnsuffix", '@', true).or_else(|| part("ntdomain+name", '\\', false)),
        "upnsuffix" => part("name+upnsuffix", '@', false),
        "ntdomain" => part("ntdomain+name", '\\', true).or_else(|| part("hostname+ntdomain", '\\', true)),
        "hostname" => part("hostname+dnsdomain", '.', true).or_else(|| part("hostname+ntdomain", '\\', false)),
        "dnsdomain" => part("hostname+dnsdomain", '.', false).or_else(|| part("name+dnsdomain", '@', false)),
        _ => None,
    }
}

fn instant(time: Option<Time>) -> Cell<'static> {
    time.map_or(Cell::Null, |time| Cell::Instant(time.micros() * 10 + UNIX_EPOCH_TICKS))
}

fn text(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Null } else { Cell::Text(text.into()) }
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> Cell<'static> {
    Cell::Json(json!(items.collect::<Vec<_>>()).to_string().into())
}

impl PatternGraph for LiveGraph {
    fn node_count(&self) -> usize {
        self.nodes.len()
    }

    fn adjacent(&self, node: u32, way: Way, into: &mut Vec<Adjacent>) {
        let ends = self.of_node(node);
        if way != Way::In {
            into.extend_from_slice(&ends.out);
        }
        match way {
            Way::Out => {}
            Way::In => into.extend_from_slice(&ends.into),
            Way::Either => into.extend(ends.into.iter().filter(|adjacent| adjacent.node != node)),
        }
    }

    fn ends(&self, edge: u32) -> (u32, u32) {
        let edge = self.edge(edge);
        (edge.from, edge.to)
    }

    fn degree(&self, node: u32, way: Way) -> usize {
        let ends = self.of_node(node);
        match way {
            Way::Out => ends.out.len(),
            Way::In => ends.into.len(),
            Way::Either => ends.out.len() + ends.into.len(),
        }
    }

    fn node_label(&self, name: &str) -> Vec<u32> {
        // Kinds are few: their names are compared when a node is asked.
        let kind = match name.to_ascii_lowercase().as_str() {
            "alert" => Cow::from("alert"),
            "incident" => Cow::from("incident"),
            _ => Cow::from(entities::kind_named(name).as_str().to_owned()),
        };
        let all = entities::kinds().iter().map(|kind| kind.name).chain(["alert", "incident"]);
        let known: Vec<u32> = (0..).zip(all).filter(|(_, known)| *known == kind).map(|(place, _)| place).collect();
        known
    }

    fn edge_label(&self, name: &str) -> Vec<u32> {
        // Relations are numbered as they are met: a name that was not met yet gets its number now.
        let mut read = self.read.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        vec![read.relation(&name.to_ascii_lowercase())]
    }

    fn node_has(&self, node: u32, label: u32) -> bool {
        let kinds = entities::kinds();
        let name = match (label as usize).checked_sub(kinds.len()) {
            None => kinds[label as usize].name,
            Some(0) => "alert",
            Some(_) => "incident",
        };
        self.kind(node) == name
    }

    fn edge_has(&self, edge: u32, label: u32) -> bool {
        self.edge(edge).relation == label
    }

    fn node_labels(&self, node: u32) -> Vec<String> {
        vec![self.kind(node).to_owned()]
    }

    fn edge_labels(&self, edge: u32) -> Vec<String> {
        let read = self.read.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        vec![read.relations[read.edges[edge as usize].relation as usize].clone()]
    }

    fn node_hash(&self, node: u32) -> i64 {
        let name = self.node_id(node);
        let digest = blake3::hash(name.as_bytes());
        i64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
    }

    fn node_id(&self, node: u32) -> String {
        id_of(&self.graph, self.nodes[node as usize])
    }

    fn node_properties(&self) -> &[Property] {
        &NODE_PROPERTIES.all
    }

    fn edge_properties(&self) -> &[Property] {
        &EDGE_PROPERTIES
    }

    fn node_property(&self, name: &str) -> Option<usize> {
        let places = &NODE_PROPERTIES.places;
        places.get(name).or_else(|| places.get(&name.to_ascii_lowercase())).copied()
    }

    fn node_cell(&self, property: usize, node: u32) -> Cell<'_> {
        let id = self.nodes[node as usize];
        let known = self.graph.node(id);
        match (NODE_PROPERTIES.values[property], known) {
            (NodeValue::Id, _) => Cell::Text(id_of(&self.graph, id).into()),
            (NodeValue::Kind, _) => text(self.kind(node)),
            (NodeValue::Label, _) => text(self.graph.label(id)),
            (NodeValue::First, _) => instant(self.graph.span(id).0),
            (NodeValue::Last, _) => instant(self.graph.span(id).1),
            (NodeValue::Keys, NodeRef::Entity(entity)) => list(entity.keys().into_iter().map(|(key, _)| key)),
            (NodeValue::Identifier, NodeRef::Entity(entity)) => {
                identifier(&entity, &NODE_PROPERTIES.all[property].name).map_or(Cell::Null, Cell::Text)
            }
            (NodeValue::Title, NodeRef::Alert(alert)) => text(alert.title()),
            (NodeValue::Severity, NodeRef::Alert(alert)) => Cell::Text(alert.severity().as_str().into()),
            (NodeValue::Status, NodeRef::Alert(alert)) => Cell::Text(alert.status().as_str().into()),
            (NodeValue::Provider, NodeRef::Alert(alert)) => text(alert.provider()),
            (NodeValue::Product, NodeRef::Alert(alert)) => text(alert.product()),
            (NodeValue::Tactics, NodeRef::Alert(alert)) => list(alert.tactics()),
            (NodeValue::Techniques, NodeRef::Alert(alert)) => list(alert.techniques()),
            (NodeValue::Title, NodeRef::Incident(incident)) => text(incident.title()),
            (NodeValue::Severity, NodeRef::Incident(incident)) => Cell::Text(incident.severity().as_str().into()),
            (NodeValue::Status, NodeRef::Incident(incident)) => Cell::Text(incident.status().as_str().into()),
            (NodeValue::Provider, NodeRef::Incident(incident)) => text(incident.provider()),
            (NodeValue::Owner, NodeRef::Incident(incident)) => text(incident.owner()),
            (NodeValue::Number, NodeRef::Incident(incident)) => incident.number().map_or(Cell::Null, Cell::Long),
            (NodeValue::Tactics, NodeRef::Incident(incident)) => list(incident.tactics()),
            (NodeValue::Techniques, NodeRef::Incident(incident)) => list(incident.techniques()),
            _ => Cell::Null,
        }
    }

    fn edge_cell(&self, property: usize, edge: u32) -> Cell<'_> {
        let row = self.edge(edge);
        match property {
            0 => self.edge_labels(edge).into_iter().next().map_or(Cell::Null, |relation| Cell::Text(relation.into())),
            1 => instant(row.first),
            2 => instant(row.last),
            3 => Cell::Long(row.count),
            _ => Cell::Json(json!(self.evidence(&row)).to_string().into()),
        }
    }

    fn nodes_with(&self, property: usize, text: &str) -> Option<Vec<u32>> {
        if NODE_PROPERTIES.values[property] != NodeValue::Id {
            return None;
        }
        let found = match text.split_once(':') {
            Some(("alert", id)) => self.graph.alert(id).into_iter().collect(),
            Some(("incident", id)) => reference::incident(&self.graph, id).into_iter().collect(),
            Some((kind, key)) => self.graph.entities_by_key(kind, key),
            None => Vec::new(),
        };
        let is_meant = |node: &NodeId| id_of(&self.graph, *node) == text;
        Some(found.into_iter().filter(is_meant).filter_map(|node| self.places.get(&node).copied()).collect())
    }
}

/// The name of a node, by which it is found again.
fn id_of(graph: &GraphSnapshot, node: NodeId) -> String {
    match graph.node(node) {
        NodeRef::Incident(incident) => format!("incident:{}", reference::name_of(&incident)),
        NodeRef::Alert(_) | NodeRef::Entity(_) => graph.entity_ref(node),
    }
}
