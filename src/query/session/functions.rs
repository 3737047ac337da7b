//! Graph and search as functions that give rows: `neighbors('host:WS6')`, `paths('ip:..', 'account:..')`, `search('mimikatz')`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::Expr;

use super::super::graph::{NeighborsRequest, PathsRequest};
use super::super::search::SearchRequest;
use super::super::{Context, Question};
use super::live::field;
use crate::columns::ColumnType;
use crate::model::{Fault, Time};

/// Rows that a function gives at the most.
const ROWS_MAX: u32 = 1_000;

type Answer = fn(&Context, &[String]) -> Result<RecordBatch, Fault>;

const NEIGHBORS: [(&str, ColumnType); 7] = [
    ("Source", ColumnType::String),
    ("Relation", ColumnType::String),
    ("Target", ColumnType::String),
    ("Role", ColumnType::String),
    ("FirstTime", ColumnType::DateTime),
    ("LastTime", ColumnType::DateTime),
    ("Count", ColumnType::Long),
];
const PATHS: [(&str, ColumnType); 7] = [
    ("Path", ColumnType::Long),
    ("Step", ColumnType::Long),
    ("Source", ColumnType::String),
    ("Relation", ColumnType::String),
    ("Target", ColumnType::String),
    ("FirstTime", ColumnType::DateTime),
    ("LastTime", ColumnType::DateTime),
];
const HITS: [(&str, ColumnType); 5] = [
    ("Kind", ColumnType::String),
    ("Id", ColumnType::String),
    ("Title", ColumnType::String),
    ("Score", ColumnType::Real),
    ("_Seq", ColumnType::Long),
];

/// Every function that gives rows, under its name.
pub(super) fn all(context: &Context) -> Vec<(String, TableCall)> {
    let call = |shape: &'static Shape| (shape.name.to_owned(), TableCall { context: context.clone(), shape });
    SHAPES.iter().map(call).collect()
}

/// What is known of a function before it is called.
struct Shape {
    name: &'static str,
    takes: &'static str,
    /// Names of its parameters, and whether they must be given.
    parameters: &'static [(&'static str, bool)],
    columns: &'static [(&'static str, ColumnType)],
    answer: Answer,
}

const SHAPES: [Shape; 3] = [
    Shape {
        name: "neighbors",
        takes: "a node, and relations to follow",
        parameters: &[("node", true), ("relation", false), ("relation2", false), ("relation3", false)],
        columns: &NEIGHBORS,
        answer: neighbors,
    },
    Shape {
        name: "paths",
        takes: "two nodes, and a mode",
        parameters: &[("a", true), ("b", true), ("mode", false)],
        columns: &PATHS,
        answer: paths,
    },
    Shape {
        name: "search",
        takes: "a search text, and a kind",
        parameters: &[("text", true), ("kind", false)],
        columns: &HITS,
        answer: search,
    },
];

/// A function that gives rows for texts.
#[derive(Clone)]
pub struct TableCall {
    context: Context,
    shape: &'static Shape,
}

impl std::fmt::Debug for TableCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableCall").field("name", &self.shape.name).finish_non_exhaustive()
    }
}

impl TableCall {
    /// The rows for these arguments.
    pub(in super::super) fn rows(&self, arguments: &[String]) -> Result<RecordBatch> {
        let Shape { name, takes, parameters, answer, .. } = self.shape;
        if arguments.len() < parameters.iter().filter(|(_, required)| *required).count() {
            return Err(DataFusionError::Plan(format!("`{name}` takes {takes}, found {} arguments", arguments.len())));
        }
        answer(&self.context, arguments).map_err(|fault| DataFusionError::Plan(format!("`{name}`: {}", fault.message)))
    }

    /// Its columns.
    pub(in super::super) fn columns(&self) -> &'static [(&'static str, ColumnType)] {
        self.shape.columns
    }

    /// Its parameters, all texts, and whether they must be given.
    pub(in super::super) fn parameters(&self) -> &'static [(&'static str, bool)] {
        self.shape.parameters
    }
}

impl TableFunctionImpl for TableCall {
    fn call(&self, arguments: &[Expr]) -> Result<Arc<dyn TableProvider>> {
        let text = |argument: &Expr| match argument {
            Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => {
                Ok(text.clone())
            }
            other => Err(DataFusionError::Plan(format!("`{}` takes {} as text, found `{other}`", self.shape.name, self.shape.takes))),
        };
        let batch = self.rows(&arguments.iter().map(text).collect::<Result<Vec<String>>>()?)?;
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }
}

fn batch(columns: &[(&str, ColumnType)], arrays: Vec<ArrayRef>) -> Result<RecordBatch, Fault> {
    let schema: SchemaRef = Arc::new(Schema::new(columns.iter().map(|(name, kind)| field(name, *kind)).collect::<Vec<_>>()));
    RecordBatch::try_new(schema, arrays).map_err(|error| {
        Fault::new(
            crate::model::FaultClass::Internal,
            "function_failed",
            format!("the rows of a table function do not fit its columns: {error}"),
        )
    })
}

fn text<I: AsRef<str>>(values: impl Iterator<Item = Option<I>>) -> ArrayRef {
    Arc::new(values.collect::<StringViewArray>())
}

fn times(values: impl Iterator<Item = Option<Time>>) -> ArrayRef {
    Arc::new(values.map(|time| time.map(Time::micros)).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

/// The edges of a node: `neighbors(node [, relation ...])`.
fn neighbors(context: &Context, arguments: &[String]) -> Result<RecordBatch, Fault> {
    let request = NeighborsRequest {
        node: arguments[0].clone(),
        relation: arguments[1..].to_vec(),
        limit: Some(ROWS_MAX),
        ..NeighborsRequest::default()
    };
    let answer = request.answer(context)?;
    let edges = &answer.edges;
    let arrays = vec![
        text(edges.iter().map(|edge| Some(&edge.source))),
        text(edges.iter().map(|edge| Some(&edge.relation))),
        text(edges.iter().map(|edge| Some(&edge.target))),
        text(edges.iter().map(|edge| edge.role.as_ref())),
        times(edges.iter().map(|edge| edge.first)),
        times(edges.iter().map(|edge| edge.last)),
        Arc::new(edges.iter().map(|edge| Some(edge.count as i64)).collect::<Int64Array>()),
    ];
    batch(&NEIGHBORS, arrays)
}

/// The paths between two nodes, one row an edge: `paths(a, b [, mode])`.
fn paths(context: &Context, arguments: &[String]) -> Result<RecordBatch, Fault> {
    let request =
        PathsRequest { a: arguments[0].clone(), b: arguments[1].clone(), mode: arguments.get(2).cloned(), ..PathsRequest::default() };
    let answer = request.answer(context)?;
    let rows: Vec<_> = answer
        .paths
        .iter()
        .enumerate()
        .flat_map(|(path, row)| row.edges.iter().enumerate().map(move |(step, edge)| (path, step, edge)))
        .collect();
    let arrays = vec![
        Arc::new(rows.iter().map(|(path, ..)| Some(*path as i64 + 1)).collect::<Int64Array>()) as ArrayRef,
        Arc::new(rows.iter().map(|(_, step, _)| Some(*step as i64 + 1)).collect::<Int64Array>()),
        text(rows.iter().map(|(.., edge)| Some(&edge.source))),
        text(rows.iter().map(|(.., edge)| Some(&edge.relation))),
        text(rows.iter().map(|(.., edge)| Some(&edge.target))),
        times(rows.iter().map(|(.., edge)| edge.first)),
        times(rows.iter().map(|(.., edge)| edge.last)),
    ];
    batch(&PATHS, arrays)
}

/// The hits of a search: `search(text [, kind])`.
fn search(context: &Context, arguments: &[String]) -> Result<RecordBatch, Fault> {
    let request = SearchRequest::of(&arguments[0], arguments.get(1).map(String::as_str), ROWS_MAX)?;
    let answer = request.answer(context)?;
    let hits = &answer.hits;
    let arrays = vec![
        text(hits.iter().map(|hit| Some(hit.kind.as_str()))),
        text(hits.iter().map(|hit| Some(&hit.id))),
        text(hits.iter().map(|hit| Some(&hit.title))),
        Arc::new(hits.iter().map(|hit| Some(f64::from(hit.score))).collect::<Float64Array>()),
        Arc::new(hits.iter().map(|hit| Some(hit.seq as i64)).collect::<Int64Array>()),
    ];
    batch(&HITS, arrays)
}
