//! Graph and search as table functions: `neighbors('host:WS6')`, `paths('ip:..', 'account:..')`, `search('mimikatz')`.

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

/// Every table function, under its name.
pub(super) fn all(context: &Context) -> Vec<(String, Arc<dyn TableFunctionImpl>)> {
    let functions: [(&'static str, &'static str, usize, Answer); 3] = [
        ("neighbors", "a node, and relations to follow", 1, neighbors),
        ("paths", "two nodes, and a mode", 2, paths),
        ("search", "a search text, and a kind", 1, search),
    ];
    let make = |(name, takes, least, answer)| {
        let function: Arc<dyn TableFunctionImpl> = Arc::new(Function { context: context.clone(), name, takes, least, answer });
        (String::from(name), function)
    };
    functions.into_iter().map(make).collect()
}

struct Function {
    context: Context,
    name: &'static str,
    takes: &'static str,
    least: usize,
    answer: Answer,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

impl TableFunctionImpl for Function {
    fn call(&self, arguments: &[Expr]) -> Result<Arc<dyn TableProvider>> {
        let text = |argument: &Expr| match argument {
            Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => {
                Ok(text.clone())
            }
            other => Err(DataFusionError::Plan(format!("`{}` takes {} as text, found `{other}`", self.name, self.takes))),
        };
        let arguments = arguments.iter().map(text).collect::<Result<Vec<String>>>()?;
        if arguments.len() < self.least {
            return Err(DataFusionError::Plan(format!("`{}` takes {}, found {} arguments", self.name, self.takes, arguments.len())));
        }
        let batch = (self.answer)(&self.context, &arguments)
            .map_err(|fault| DataFusionError::Plan(format!("`{}`: {}", self.name, fault.message)))?;
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
    let columns = [
        ("Source", ColumnType::String),
        ("Relation", ColumnType::String),
        ("Target", ColumnType::String),
        ("Role", ColumnType::String),
        ("FirstTime", ColumnType::DateTime),
        ("LastTime", ColumnType::DateTime),
        ("Count", ColumnType::Long),
    ];
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
    batch(&columns, arrays)
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
    let columns = [
        ("Path", ColumnType::Long),
        ("Step", ColumnType::Long),
        ("Source", ColumnType::String),
        ("Relation", ColumnType::String),
        ("Target", ColumnType::String),
        ("FirstTime", ColumnType::DateTime),
        ("LastTime", ColumnType::DateTime),
    ];
    let arrays = vec![
        Arc::new(rows.iter().map(|(path, ..)| Some(*path as i64 + 1)).collect::<Int64Array>()) as ArrayRef,
        Arc::new(rows.iter().map(|(_, step, _)| Some(*step as i64 + 1)).collect::<Int64Array>()),
        text(rows.iter().map(|(.., edge)| Some(&edge.source))),
        text(rows.iter().map(|(.., edge)| Some(&edge.relation))),
        text(rows.iter().map(|(.., edge)| Some(&edge.target))),
        times(rows.iter().map(|(.., edge)| edge.first)),
        times(rows.iter().map(|(.., edge)| edge.last)),
    ];
    batch(&columns, arrays)
}

/// The hits of a search: `search(text [, kind])`.
fn search(context: &Context, arguments: &[String]) -> Result<RecordBatch, Fault> {
    let request = SearchRequest::of(&arguments[0], arguments.get(1).map(String::as_str), ROWS_MAX)?;
    let answer = request.answer(context)?;
    let hits = &answer.hits;
    let columns = [
        ("Kind", ColumnType::String),
        ("Id", ColumnType::String),
        ("Title", ColumnType::String),
        ("Score", ColumnType::Real),
        ("_Seq", ColumnType::Long),
    ];
    let arrays = vec![
        text(hits.iter().map(|hit| Some(hit.kind.as_str()))),
        text(hits.iter().map(|hit| Some(&hit.id))),
        text(hits.iter().map(|hit| Some(&hit.title))),
        Arc::new(hits.iter().map(|hit| Some(f64::from(hit.score))).collect::<Float64Array>()),
        Arc::new(hits.iter().map(|hit| Some(hit.seq as i64)).collect::<Int64Array>()),
    ];
    batch(&columns, arrays)
}
