//! Explorations of the graph as rows of a query.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::Schema;
use serde_json::Value;

use super::super::Context;
use super::super::library::{Body, GraphBody, Library};
use super::super::reference::entity;
use super::super::session::{Cuts, field};
use super::{LIMIT_MAX, on_graph, whole_window};
use crate::columns::ColumnType::{self, DateTime, Long, String as Text};
use crate::model::{Fault, FaultClass, Time};

/// Columns of the nodes that a question finds.
const NODES: &[(&str, ColumnType)] =
    &[("Id", Text), ("Kind", Text), ("Title", Text), ("Severity", Text), ("Status", Text), ("Relation", Text), ("Time", DateTime)];
/// Columns of entities that are named together.
const COMPANIONS: &[(&str, ColumnType)] =
    &[("Entity", Text), ("Entity_Aux_Kind", Text), ("Entity_Aux_Label", Text), ("Entity_Aux_Alerts", Long)];

/// The columns of a question to the entity graph.
pub(in super::super) fn graph_columns(question: GraphBody) -> &'static [(&'static str, ColumnType)] {
    match question {
        GraphBody::Companions => COMPANIONS,
        GraphBody::RelatedAlerts | GraphBody::RelatedIncidents | GraphBody::Relations => NODES,
    }
}

/// The rows of an exploration that the entity graph answers, all of them.
pub(in super::super) fn rows_of_graph(
    context: &Context,
    library: &Library,
    name: &str,
    reference: &str,
    cuts: &Cuts,
) -> Result<RecordBatch, Fault> {
    let graph = &context.snapshot.graph;
    let start = entity(graph, reference)?;
    let kind = graph.entity_node(start).map(|entity| entity.kind().to_owned()).unwrap_or_default();
    let query = library.find(name, Some(&kind))?;
    let Body::Graph(question) = query.body else {
        return Err(Fault::new(FaultClass::Internal, "exploration_body", format!("the query `{name}` is none of the graph")));
    };
    let window = whole_window(context, start, query)?;
    let (table, _) = on_graph(context, start, question, &window, LIMIT_MAX as usize)?;
    if !table.complete {
        cuts.add("explore_rows_max");
    }
    let columns = graph_columns(question);
    let arrays = columns.iter().enumerate().map(|(place, (_, kind))| {
        let cells = table.rows.iter().map(|row| row.get(place));
        match kind {
            DateTime => times(cells),
            Long => Arc::new(cells.map(|cell| cell.and_then(Value::as_i64)).collect::<Int64Array>()),
            _ => Arc::new(cells.map(|cell| cell.and_then(Value::as_str)).collect::<StringViewArray>()) as ArrayRef,
        }
    });
    let schema = Schema::new(columns.iter().map(|(name, kind)| field(name, *kind)).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), arrays.collect())
        .map_err(|error| Fault::new(FaultClass::Internal, "function_failed", error.to_string()))
}

fn times<'a>(cells: impl Iterator<Item = Option<&'a Value>>) -> ArrayRef {
    let micros = cells.map(|cell| cell.and_then(Value::as_str).and_then(|text| Time::parse(text).ok()).map(Time::micros));
    Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}
