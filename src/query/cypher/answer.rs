//! The rows that a query gives, for people and for tables.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use serde_json::Value as Json;

use crate::model::{Fault, FaultClass};
use crate::query::kql::graph::{Cell, Cut, PatternGraph, column};
use crate::query::kql::tree::ScalarType;
use crate::query::kql::types::arrow_type;

use super::value::Value;

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// The type that all its values have; `dynamic` if they differ or are nodes, edges, paths, lists or records.
    pub kind: ScalarType,
}

/// What a query answers.
pub struct Answer {
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// The limit that cut the answer, if one did.
    pub cut: Option<Cut>,
    graph: Arc<dyn PatternGraph>,
}

impl Answer {
    pub(super) fn new(names: Vec<String>, rows: Vec<Vec<Value>>, cut: Option<Cut>, graph: Arc<dyn PatternGraph>) -> Self {
        let column = |(n, name): (usize, String)| AnswerColumn { name, kind: common(rows.iter().map(|row| &row[n])) };
        Self { columns: names.into_iter().enumerate().map(column).collect(), rows, cut, graph }
    }

    /// A cell as JSON.
    pub fn json(&self, row: usize, column: usize) -> Json {
        self.rows[row][column].to_json(&*self.graph)
    }

    /// The nodes and edges of the graph that the answer holds, inside of paths and lists too.
    pub fn elements(&self) -> (Vec<u32>, Vec<u32>) {
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        let mut open: Vec<&Value> = self.rows.iter().flatten().collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Node(node) => nodes.push(*node),
                Value::Edge(edge) => edges.push(*edge),
                Value::Path(path) => {
                    nodes.extend(&path.nodes);
                    edges.extend(&path.edges);
                }
                Value::List(list) => open.extend(list.iter()),
                Value::Map(entries) => open.extend(entries.iter().map(|(_, value)| value)),
                _ => {}
            }
        }
        for elements in [&mut nodes, &mut edges] {
            elements.sort_unstable();
            elements.dedup();
        }
        (nodes, edges)
    }

    /// The answer as a table in the forms of its types.
    pub fn batch(&self) -> Result<RecordBatch, Fault> {
        let fields = self.columns.iter().map(|column| Field::new(&column.name, arrow_type(column.kind), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns =
            self.columns.iter().enumerate().map(|(n, of)| column(of.kind, self.rows.iter().map(|row| self.cell(&row[n], of.kind))));
        RecordBatch::try_new(schema, columns.collect())
            .map_err(|error| Fault::new(FaultClass::Internal, "graph_internal", error.to_string()))
    }

    fn cell(&self, value: &Value, kind: ScalarType) -> Cell<'_> {
        match (kind, value) {
            (_, Value::Null) => Cell::Null,
            (ScalarType::Bool, Value::Bool(value)) => Cell::Bool(*value),
            (ScalarType::Long | ScalarType::Real, Value::Long(value)) => Cell::Long(*value),
            (ScalarType::Real, Value::Real(value)) => Cell::Real(*value),
            (ScalarType::String, Value::Text(text)) => Cell::Text(text.to_string().into()),
            (ScalarType::DateTime, Value::Instant(ticks)) => Cell::Instant(*ticks),
            (ScalarType::Timespan, Value::Duration(ticks)) => Cell::Duration(*ticks),
            (_, value) => Cell::Json(value.to_json(&*self.graph).to_string().into()),
        }
    }
}

/// The type that holds all values; of nulls alone, `dynamic`.
fn common<'a>(values: impl Iterator<Item = &'a Value>) -> ScalarType {
    let mut found: Option<ScalarType> = None;
    for value in values {
        let kind = match value {
            Value::Null => continue,
            Value::Bool(_) => ScalarType::Bool,
            Value::Long(_) => ScalarType::Long,
            Value::Real(_) => ScalarType::Real,
            Value::Text(_) => ScalarType::String,
            Value::Instant(_) => ScalarType::DateTime,
            Value::Duration(_) => ScalarType::Timespan,
            Value::List(_) | Value::Map(_) | Value::Node(_) | Value::Edge(_) | Value::Path(_) => return ScalarType::Dynamic,
        };
        found = Some(match (found, kind) {
            (None, kind) => kind,
            (Some(old), kind) if old == kind => kind,
            (Some(ScalarType::Long | ScalarType::Real), ScalarType::Long | ScalarType::Real) => ScalarType::Real,
            _ => return ScalarType::Dynamic,
        });
    }
    found.unwrap_or(ScalarType::Dynamic)
}
