//! Incidents above and below each other.

use crate::graph::{GraphSnapshot, NodeId};
use crate::model::{Fault, Seq};

use super::super::Context;
use super::super::lists::{IncidentRow, incident_row};
use super::{as_of, incident_of};

/// Children that an incident's details list.
const CHILDREN_MAX: usize = 100;

/// The incidents that belong under another now, in the order of their ids.
pub(in crate::query) fn children(context: &Context, parent: &str) -> Result<Vec<NodeId>, Fault> {
    let graph = &context.snapshot.graph;
    let mut found = Vec::new();
    for id in context.snapshot.records.children(parent)? {
        let Some(node) = there(graph, &id) else { continue };
        if incident_of(context, &id, node)?.parent.as_deref() == Some(parent) {
            found.push(node);
        }
    }
    Ok(found)
}

fn there(graph: &GraphSnapshot, id: &str) -> Option<NodeId> {
    graph.incident(id).filter(|node| graph.incident_node(*node).is_some_and(|incident| incident.known() && !incident.deleted()))
}

/// The first of the incidents under another, oldest first, and how many there are.
pub(super) fn rows(context: &Context, parent: &str) -> Result<(Vec<IncidentRow>, u64), Fault> {
    let graph = &context.snapshot.graph;
    let nodes = children(context, parent)?;
    let rows = nodes.iter().filter_map(|node| graph.incident_node(*node)).map(|incident| incident_row(graph, &incident)).collect();
    Ok(first(rows))
}

/// The same by what was known at a document.
pub(super) fn rows_then(context: &Context, parent: &str, until: Seq) -> Result<(Vec<IncidentRow>, u64), Fault> {
    let mut rows = Vec::new();
    for id in context.snapshot.records.children(parent)? {
        let then = as_of::incident_version(context, &id, until)?;
        let Some((seq, incident)) = then.filter(|(_, incident)| !incident.deleted && incident.parent.as_deref() == Some(parent)) else {
            continue;
        };
        rows.push(as_of::row_then(context, &incident, seq, until)?);
    }
    Ok(first(rows))
}

fn first(mut rows: Vec<IncidentRow>) -> (Vec<IncidentRow>, u64) {
    let total = rows.len() as u64;
    rows.sort_by(|a, b| (a.created, a.number, &a.id).cmp(&(b.created, b.number, &b.id)));
    rows.truncate(CHILDREN_MAX);
    (rows, total)
}
