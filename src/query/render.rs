//! Nodes and edges of the graph as an answer shows them.

use hashbrown::HashMap;

use crate::graph::{self, Assertion, EntityRef, GraphSnapshot, NodeId, NodeRef};
use crate::ingest::events::ports;
use crate::ingest::identify;

use super::answer::{Edge, Node, Properties, Subgraph};
use super::reference::name_of;

/// Sequence numbers that an edge of an answer names; `why` lists all.
const EVIDENCE_MAX: usize = 5;

/// Returns the reference by which every command knows a node.
pub(super) fn reference(graph: &GraphSnapshot, node: NodeId) -> String {
    match graph.node(node) {
        NodeRef::Entity(entity) => entity_reference(graph, &entity),
        NodeRef::Alert(alert) => format!("alert:{}", alert.id()),
        NodeRef::Incident(incident) => format!("incident:{}", name_of(&incident)),
    }
}

/// `KIND:LABEL` or `KIND:VALUE` where that names just this entity, else `KIND:SET=VALUE`.
pub(super) fn entity_reference(graph: &GraphSnapshot, entity: &EntityRef<'_>) -> String {
    graph.named(entity.node(), || made_reference(graph, entity)).into_owned()
}

fn made_reference(graph: &GraphSnapshot, entity: &EntityRef<'_>) -> String {
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
    let (name, kind, label, properties) = match graph.node(id) {
        NodeRef::Entity(entity) => {
            let keys = entity.keys().into_iter().filter(|(_, strong)| *strong).map(|(key, _)| key.to_owned()).collect();
            (entity_reference(graph, &entity), entity.kind(), entity.label(), Properties::Entity { keys })
        }
        NodeRef::Alert(alert) => {
            let properties = Properties::Alert {
                severity: alert.severity(),
                status: alert.status(),
                product: alert.product().to_owned(),
                start: alert.start(),
                end: alert.end(),
                seen: alert.known(),
            };
            (format!("alert:{}", alert.id()), "alert", alert.title(), properties)
        }
        NodeRef::Incident(incident) => {
            let properties = Properties::Incident {
                number: incident.number(),
                severity: incident.severity(),
                status: incident.status(),
                owner: incident.owner().to_owned(),
                first_activity: incident.first_activity(),
                last_activity: incident.last_activity(),
                seen: incident.known(),
            };
            (format!("incident:{}", name_of(&incident)), "incident", incident.title(), properties)
        }
    };
    Node { id: name, kind: kind.to_owned(), label: label.to_owned(), degree: graph.degree(id) as u64, properties }
}

/// Returns one edge of an answer from the edges of a link, newest first.
fn merged(graph: &GraphSnapshot, edges: &[graph::Edge], name: impl Fn(NodeId) -> String) -> Edge {
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
    let links = graph.links(edges);
    let ends = links.iter().flat_map(|link| [link[0].from, link[0].to]);
    let names: HashMap<NodeId, String> = ends.map(|id| (id, reference(graph, id))).collect();
    links.iter().map(|link| merged(graph, link, |id| names[&id].clone())).collect()
}

/// Returns the subgraph of some edges, with `begin` as its first nodes.
pub(super) fn subgraph(graph: &GraphSnapshot, begin: &[NodeId], of: &[graph::Edge]) -> Subgraph {
    linked(graph, begin, &graph.links(of)).1
}

/// Returns the subgraph of some links, with `begin` as its first nodes, and which nodes these are.
pub(super) fn linked(graph: &GraphSnapshot, begin: &[NodeId], links: &[Vec<graph::Edge>]) -> (Vec<NodeId>, Subgraph) {
    let mut places: HashMap<NodeId, usize> = HashMap::with_capacity(begin.len() + links.len());
    let mut ids: Vec<NodeId> = Vec::with_capacity(begin.len() + links.len());
    let mut nodes: Vec<Node> = Vec::with_capacity(begin.len() + links.len());
    for id in begin.iter().copied().chain(links.iter().flat_map(|link| [link[0].from, link[0].to])) {
        places.entry(id).or_insert_with(|| {
            ids.push(id);
            nodes.push(node(graph, id));
            ids.len() - 1
        });
    }
    // Each node is named once, however many edges it has.
    let name = |id: NodeId| -> String { nodes[places[&id]].id.clone() };
    let edges = links.iter().map(|link| merged(graph, link, name)).collect();
    (ids, Subgraph { nodes, edges, complete: true, ..Subgraph::default() })
}
