//! Runs of automation rules in a timeline: what they did about the alerts and incidents of it, by the decisions that keep it.

use serde_json::Value;

use crate::graph::NodeId;
use crate::model::{Body, Fault, Object, Seq};

use super::super::activity::{RUN, outcome};
use super::super::details::{bodies, document};
use super::super::{Context, render};
use super::requests::TimelineItem;
use super::{ItemKind, no_row};

/// Cells of a run that an item shows.
const CELLS: [&str; 5] = ["id", "rule", "name", "when", "actions"];

/// The runs about some alerts and incidents, up to a document.
pub(super) fn of_records(
    context: &Context,
    records: impl Iterator<Item = NodeId>,
    until: Option<Seq>,
) -> Result<Vec<(NodeId, TimelineItem)>, Fault> {
    let snapshot = &context.snapshot;
    let mut found = Vec::new();
    // Most workspaces have no rule: then no record is looked up.
    if !snapshot.records.any_decision(RUN)? {
        return Ok(found);
    }
    let until = until.unwrap_or(snapshot.seq);
    for record in records {
        let reference = render::reference(&snapshot.graph, record);
        for seq in snapshot.records.about(&snapshot.graph.entity_ref(record))?.into_iter().filter(|seq| *seq <= until) {
            found.extend(item(context, seq, &reference)?.map(|item| (record, item)));
        }
    }
    Ok(found)
}

/// The item of a decision; nothing if it is about something else than a run.
fn item(context: &Context, seq: Seq, reference: &str) -> Result<Option<TimelineItem>, Fault> {
    let document = document(context, seq)?;
    let Some(Body::Decision(run)) = bodies(&document)?.into_iter().next() else { return Ok(None) };
    if run["kind"] != RUN {
        return Ok(None);
    }
    let text = |member: &str| run[member].as_str().unwrap_or_default();
    // A rule without a name goes by its id, whose kind says nothing here.
    let name = if text("name") == text("rule") { text("rule").split_once('/').map_or("", |(_, id)| id) } else { text("name") };
    let cells = CELLS.iter().filter_map(|name| Some(((*name).to_owned(), run.get(name)?.clone())));
    Ok(Some(TimelineItem {
        time: Some(document.received),
        end: None,
        kind: ItemKind::Automation.as_str().to_owned(),
        message: format!("rule {name} ran: {}", outcome(&run)),
        source: name.to_owned(),
        severity: None,
        tactics: Vec::new(),
        node: Some(reference.to_owned()),
        touches: Vec::new(),
        seq: seq.0,
        place: seq.0,
        row: cells.filter(|(_, value): &(String, Value)| !value.is_null()).fold(no_row(), |mut row: Object, (name, value)| {
            row.insert(name, value);
            row
        }),
    }))
}
