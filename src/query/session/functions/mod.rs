//! Graph and search as functions that give rows: `neighbors('host:WS6')`, `paths('ip:..', 'account:..')`, `search('mimikatz')`.
//!
//! Each asks the question of the API with its greatest limit. What cuts its answer is noted in [`Cuts`], so that the query says so.

mod answers;

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::catalog::{TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::Expr;

use super::super::Context;
use super::planning;
use crate::columns::ColumnType;
use crate::model::Fault;
use ColumnType::{DateTime, Long, Real, String as Text};

/// Names of the limits that cut rows inside of a query.
#[derive(Clone, Debug, Default)]
pub struct Cuts(Arc<Mutex<Vec<String>>>);

impl Cuts {
    /// Notes a limit that cut something.
    pub fn add(&self, name: impl Into<String>) {
        let name = name.into();
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !names.contains(&name) {
            names.push(name);
        }
    }

    /// The first limit that cut something.
    pub fn first(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }
}

/// The arguments of a call; none where an optional one is left out.
type Given<'a> = &'a [Option<String>];
/// Rows, and the name of the limit that cut them.
type Answered = Result<(RecordBatch, Option<String>), Fault>;

/// A parameter: name, type, and whether it must be given.
pub(in super::super) type Parameter = (&'static str, ColumnType, bool);

/// What is known of a function before it is called.
struct Shape {
    name: &'static str,
    takes: &'static str,
    parameters: &'static [Parameter],
    columns: &'static [(&'static str, ColumnType)],
    answer: fn(&Context, Given<'_>) -> Answered,
}

/// Every function that gives rows, under its name.
pub(super) fn all(context: &Context, cuts: &Cuts) -> Vec<(String, TableCall)> {
    let call = |shape: &'static Shape| (shape.name.to_owned(), TableCall { context: context.clone(), cuts: cuts.clone(), shape });
    SHAPES.iter().map(call).collect()
}

const EDGES: [(&str, ColumnType); 7] = [
    ("Source", Text),
    ("Relation", Text),
    ("Target", Text),
    ("Role", Text),
    ("FirstTime", DateTime),
    ("LastTime", DateTime),
    ("Count", Long),
];

const SHAPES: [Shape; 10] = [
    Shape {
        name: "blast_radius",
        takes: "what can be reached from a node forward in time: node, hops, begin, end",
        parameters: &[("node", Text, true), ("hops", Long, false), ("begin", Text, false), ("end", Text, false)],
        columns: &[("Node", Text), ("Kind", Text), ("Label", Text), ("Hops", Long), ("Arrival", DateTime), ("Via", Text)],
        answer: answers::blast_radius,
    },
    Shape {
        name: "common",
        takes: "the nodes that two nodes are both linked with: two nodes",
        parameters: &[("a", Text, true), ("b", Text, true)],
        columns: &[("Node", Text), ("Kind", Text), ("Label", Text)],
        answer: answers::common,
    },
    Shape {
        name: "component",
        takes: "everything that hangs together with a node: node, begin, end",
        parameters: &[("node", Text, true), ("begin", Text, false), ("end", Text, false)],
        columns: &EDGES,
        answer: answers::component,
    },
    Shape {
        name: "neighbors",
        takes: "the edges of a node: a node, and up to three relations to follow",
        parameters: &[("node", Text, true), ("relation", Text, false), ("relation2", Text, false), ("relation3", Text, false)],
        columns: &EDGES,
        answer: answers::neighbors,
    },
    Shape {
        name: "paths",
        takes: "the ways between two nodes, a row for each edge: two nodes, and a mode (shortest, all, k, rare, time)",
        parameters: &[("a", Text, true), ("b", Text, true), ("mode", Text, false)],
        columns: &[
            ("Path", Long),
            ("Step", Long),
            ("Source", Text),
            ("Relation", Text),
            ("Target", Text),
            ("FirstTime", DateTime),
            ("LastTime", DateTime),
        ],
        answer: answers::paths,
    },
    Shape {
        name: "rank",
        takes: "the most connected entities: degree or pagerank, a kind, and how many",
        parameters: &[("by", Text, false), ("kind", Text, false), ("limit", Long, false)],
        columns: &[("Node", Text), ("Kind", Text), ("Label", Text), ("Score", Real)],
        answer: answers::rank,
    },
    Shape {
        name: "search",
        takes: "incidents, alerts and entities by their words: a search text, and a kind",
        parameters: &[("text", Text, true), ("kind", Text, false)],
        columns: &[("Kind", Text), ("Id", Text), ("Title", Text), ("Score", Real), ("_Seq", Long), ("Node", Text)],
        answer: answers::search,
    },
    Shape {
        name: "similar",
        takes: "incidents like one: its id or number, and how many",
        parameters: &[("incident", Text, true), ("limit", Long, false)],
        columns: &[
            ("IncidentId", Text),
            ("Title", Text),
            ("Severity", Text),
            ("Status", Text),
            ("Score", Real),
            ("Reasons", Text),
            ("Node", Text),
        ],
        answer: answers::similar,
    },
    Shape {
        name: "timeline_of",
        takes: "what happened to a node, in the order of time: node, begin, end",
        parameters: &[("node", Text, true), ("begin", Text, false), ("end", Text, false)],
        columns: &[
            ("TimeGenerated", DateTime),
            ("EndTime", DateTime),
            ("Kind", Text),
            ("Message", Text),
            ("Source", Text),
            ("Severity", Text),
            ("Node", Text),
            ("_Seq", Long),
        ],
        answer: answers::timeline,
    },
    Shape {
        name: "why",
        takes: "the records that assert the edges between two nodes: two nodes",
        parameters: &[("a", Text, true), ("b", Text, true)],
        columns: &[
            ("Source", Text),
            ("Relation", Text),
            ("Target", Text),
            ("Rule", Text),
            ("AssertedBy", Text),
            ("Table", Text),
            ("_Seq", Long),
            ("_Source", Text),
            ("_Line", Long),
        ],
        answer: answers::why,
    },
];

/// A function that gives rows for texts.
#[derive(Clone)]
pub struct TableCall {
    context: Context,
    cuts: Cuts,
    shape: &'static Shape,
}

impl std::fmt::Debug for TableCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableCall").field("name", &self.shape.name).finish_non_exhaustive()
    }
}

impl TableCall {
    /// The rows for these arguments.
    pub(in super::super) fn rows(&self, arguments: &[Option<String>]) -> Result<RecordBatch> {
        planning::step()?;
        let Shape { name, takes, parameters, answer, .. } = self.shape;
        let given = |place: usize| arguments.get(place).is_some_and(Option::is_some);
        if let Some(missing) = parameters.iter().enumerate().find(|(place, (_, _, required))| *required && !given(*place)) {
            return Err(DataFusionError::Plan(format!("`{name}` gives {takes}; its `{}` is missing", missing.1.0)));
        }
        let mut padded = arguments.to_vec();
        padded.resize(parameters.len().max(arguments.len()), None);
        // A question may wait for rows of tables, which it cannot on a thread that drives this query.
        let answered = std::thread::scope(|scope| scope.spawn(|| answer(&self.context, &padded)).join());
        let answered = answered.map_err(|_| DataFusionError::Execution(format!("`{name}` panicked")))?;
        let (batch, cut) = answered.map_err(|fault| DataFusionError::Plan(format!("`{name}`: {}", fault.message)))?;
        cut.into_iter().for_each(|cut| self.cuts.add(cut));
        Ok(batch)
    }

    /// Its columns.
    pub(in super::super) fn columns(&self) -> &'static [(&'static str, ColumnType)] {
        self.shape.columns
    }

    /// Its parameters.
    pub(in super::super) fn parameters(&self) -> &'static [Parameter] {
        self.shape.parameters
    }
}

impl TableFunctionImpl for TableCall {
    fn call(&self, arguments: &[Expr]) -> Result<Arc<dyn TableProvider>> {
        let text = |argument: &Expr| match argument {
            Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => {
                Ok(Some(text.clone()))
            }
            Expr::Literal(ScalarValue::Int64(Some(number)), _) => Ok(Some(number.to_string())),
            Expr::Literal(value, _) if value.is_null() => Ok(None),
            other => {
                Err(DataFusionError::Plan(format!("`{}` gives {}; found `{other}` instead of a text", self.shape.name, self.shape.takes)))
            }
        };
        if arguments.len() > self.shape.parameters.len() {
            let (name, most) = (self.shape.name, self.shape.parameters.len());
            return Err(DataFusionError::Plan(format!("`{name}` takes at most {most} arguments, found {}", arguments.len())));
        }
        let batch = self.rows(&arguments.iter().map(text).collect::<Result<Vec<_>>>()?)?;
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }
}
