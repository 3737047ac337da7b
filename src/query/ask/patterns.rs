//! openCypher and GQL on the entity graph of a snapshot.

use std::sync::Arc;

use super::super::Context;
use super::super::answer::{Column, Table};
use super::super::cypher::{self, Settings, Value};
use super::super::kql::graph::Budget;
use super::super::kql::types::UNIX_EPOCH_TICKS;
use super::super::live_graph::LiveGraph;
use super::super::session::Limits;
use super::kusto::on_a_large_stack;
use crate::model::{Fault, FaultClass, Object};

/// Runs a query on the entity graph that a context shows.
pub(super) fn on_snapshot(context: &Context, text: &str, parameters: &Object, limits: &Limits, only_plan: bool) -> Result<Table, Fault> {
    if only_plan {
        let message = "a graph query has no plan to show";
        return Err(Fault::new(FaultClass::Invalid, "cypher_unsupported", message).with_hint("leave `explain` out"));
    }
    let parameters = parameters.iter().map(|(name, value)| (name.trim_start_matches('$').to_owned(), Value::of_json(value)));
    let settings = Settings {
        parameters: parameters.collect(),
        now: context.now.micros().saturating_mul(10).saturating_add(UNIX_EPOCH_TICKS),
        budget: Budget { time_max: Some(limits.time_max), ..Budget::default() },
    };
    let graph = Arc::new(LiveGraph::new(context.snapshot.graph.clone(), None));
    let answer = on_a_large_stack(|| cypher::run(text, graph, &settings))??;
    let columns = answer.columns.iter().map(|column| Column { name: column.name.clone(), type_name: column.kind.as_str().to_owned() });
    let count = answer.rows.len().min(limits.rows_max);
    let rows = (0..count).map(|row| (0..answer.columns.len()).map(|column| answer.json(row, column)).collect());
    let cut = match answer.cut {
        Some(cut) => Some(cut.name().to_owned()),
        None => (count < answer.rows.len()).then(|| "rows_max".to_owned()),
    };
    Ok(Table { columns: columns.collect(), rows: rows.collect(), complete: cut.is_none(), cut, ..Table::default() })
}
