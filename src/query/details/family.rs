//! Incidents above and below each other.

use crate::graph::{GraphSnapshot, NodeId};
use crate::model::{Fault, Seq};

use super::super::Context;
use super::super::lists::{IncidentRow, incident_row};
use super::{as_of, present};

/// Children that an incident's details list.
const CHILDREN_MAX: usize = 100;

/// The incidents that belong under another now, in the order of their ids. Reads no document: the index says which versions say so.
pub(in crate::query) fn children(context: &Context, parent: &str) -> Result<Vec<NodeId>, Fault> {
    let graph = &context.snapshot.graph;
    let mut found = Vec::new();
    for (id, saying) in said(context, parent)? {
        let Some(node) = there(graph, &id) else { continue };
        if present(graph, node).first().is_some_and(|newest| saying.contains(newest)) {
            found.push(node);
        }
    }
    Ok(found)
}

/// The incidents that ever said to belong under another, each with the documents that say so.
fn said(context: &Context, parent: &str) -> Result<Vec<(String, Vec<Seq>)>, Fault> {
    let mut all: Vec<(String, Vec<Seq>)> = Vec::new();
    for (id, seq) in context.snapshot.records.children(parent)? {
        match all.last_mut() {
            Some((known, saying)) if *known == id => saying.push(seq),
            _ => all.push((id, vec![seq])),
        }
    }
    Ok(all)
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
    for (id, saying) in said(context, parent)? {
        if !as_of::newest_incident(context, &id, until).is_some_and(|newest| saying.contains(&newest)) {
            continue;
        }
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
