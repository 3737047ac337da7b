//! Nodes and edges of the graph as an answer shows them.

use hashbrown::HashMap;
use serde_json::{Value, json};

use crate::graph::{self, Assertion, EntityRef, GraphSnapshot, NodeId, NodeRef};
use crate::ingest::events::ports;
use crate::ingest::identify;
use crate::model::Object;

use super::answer::{Edge, Node, Subgraph};

/// Sequence numbers that an edge of an answer names; `why` lists all.
const EVIDENCE_MAX: usize = 5;

/// Returns the reference by which every command knows a node.
pub(super) fn reference(graph: &GraphSnapshot, node: NodeId) -> String {
    match graph.node(node) {
        NodeRef::Entity(entity) => entity_reference(graph, &entity),
        NodeRef::Alert(alert) => format!("alert:{}", alert.id()),
        NodeRef::Incident(incident) => format!("incident:{}", incident.id()),
    }
}

/// `KIND:LABEL` or `KIND:VALUE` where that names just this entity, else `KIND:SET=VALUE`.
pub(super) fn entity_reference(graph: &GraphSnapshot, entity: &EntityRef<'_>) -> String {
    let (kind, key) = (entity.kind(), entity.key());
    let names = |text: &String| {
        let found = identify::reference(text).map(|(kind, keys)| graph.entities(&kind, &keys));
        found.is_ok_and(|found| found == [entity.node()])
    };
    let label = format!("{kind}:{}", entity.label_beside(key));
    let value = || format!("{kind}:{}", key.split_once('=').map_or(key, |(_, value)| value));
    Some(label).filter(names).or_else(|| Some(value()).filter(names)).unwrap_or_else(|| format!("{kind}:{key}"))
}

/// Returns a node of an answer.
pub(super) fn node(graph: &GraphSnapshot, id: NodeId) -> Node {
    let mut properties = Object::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() && value != "" {
            properties.insert(name.to_owned(), value);
        }
    };
    let (kind, label) = match graph.node(id) {
        NodeRef::Entity(entity) => {
            put("keys", entity.keys().into_iter().filter(|(_, strong)| *strong).map(|(key, _)| key).collect());
            (entity.kind(), entity.label())
        }
        NodeRef::Alert(alert) => {
            put("severity", alert.severity().as_str().into());
            put("status", alert.status().as_str().into());
            put("product", alert.product().into());
            put("start", json!(alert.start()));
            put("end", json!(alert.end()));
            put("seen", if alert.known() { Value::Null } else { false.into() });
            ("alert", alert.title())
        }
        NodeRef::Incident(incident) => {
            put("number", incident.number().map_or(Value::Null, Value::from));
            put("severity", incident.severity().as_str().into());
            put("status", incident.status().as_str().into());
            put("owner", incident.owner().into());
            put("first_activity", json!(incident.first_activity()));
            put("last_activity", json!(incident.last_activity()));
            put("seen", if incident.known() { Value::Null } else { false.into() });
            ("incident", incident.title())
        }
    };
    Node { id: reference(graph, id), kind: kind.to_owned(), label: label.to_owned(), degree: graph.degree(id) as u64, properties }
}

/// Returns one edge of an answer from edges with the same ends and relation, newest first.
fn merged(graph: &GraphSnapshot, edges: &[graph::Edge], name: &mut impl FnMut(NodeId) -> String) -> Edge {
    let first = &edges[0];
    let evidence = edges.iter().take(EVIDENCE_MAX).map(|edge| match graph.assertion(edge) {
        Assertion::Document { seq, .. } => seq.0,
        Assertion::Events { last, .. } => last.0,
    });
    let mut evidence: Vec<u64> = evidence.collect();
    evidence.dedup();
    Edge {
        source: name(first.from),
        relation: graph.relation(first).to_owned(),
        target: name(first.to),
        role: edges.iter().find_map(|edge| graph.role(edge).or_else(|| ports(graph.rule(edge)))).map(str::to_owned),
        first: edges.iter().filter_map(|edge| edge.first).min(),
        last: edges.iter().filter_map(|edge| edge.last).max(),
        count: edges.iter().map(|edge| u64::from(edge.count)).sum(),
        evidence,
    }
}

/// Merges edges with the same ends and relation, in the order in which they first come.
pub(super) fn edges(graph: &GraphSnapshot, edges: &[graph::Edge]) -> Vec<Edge> {
    let mut names: HashMap<NodeId, String> = HashMap::new();
    let mut name = |id: NodeId| names.entry(id).or_insert_with(|| reference(graph, id)).clone();
    let mut places: HashMap<(NodeId, NodeId, &str), usize> = HashMap::new();
    let mut groups: Vec<Vec<graph::Edge>> = Vec::new();
    for edge in edges {
        let place = *places.entry((edge.from, edge.to, graph.relation(edge))).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(*edge);
    }
    groups.iter().map(|group| merged(graph, group, &mut name)).collect()
}

/// Returns the subgraph of some edges, with `begin` as its first nodes.
pub(super) fn subgraph(graph: &GraphSnapshot, begin: &[NodeId], of: &[graph::Edge]) -> Subgraph {
    let mut seen: Vec<NodeId> = Vec::new();
    let mut known = hashbrown::HashSet::new();
    for id in begin.iter().copied().chain(of.iter().flat_map(|edge| [edge.from, edge.to])) {
        if known.insert(id) {
            seen.push(id);
        }
    }
    Subgraph { nodes: seen.into_iter().map(|id| node(graph, id)).collect(), edges: edges(graph, of), complete: true, ..Subgraph::default() }
}
