//! From the bound tree to a DataFusion plan. Never looks at a text, runs nothing.
//!
//! A relation becomes a flow: a plan, the value of each column over it, and an order that is applied where it shows. Columns are lowered only
//! where somebody asks for them. What must be known before planning (tables that are one value or a set, `materialize`) is named by
//! [`needs`], run by whoever runs plans, and given back in [`Values`].

mod arithmetic;
mod calls;
mod constant;
mod convert;
mod entities;
mod error;
mod expand;
mod expressions;
mod flow;
mod graph;
mod joins;
mod membership;
mod node;
mod operators;
mod packed;
mod paths;
mod patterns;
mod plugins;
mod pruning;
mod relations;
mod slices;
mod sources;
mod summarize;
mod texts;
mod timelines;
mod unions;
mod values;
mod walk;
mod wide;
mod windows;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::common::Column;
use datafusion::datasource::TableProvider;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::bound::{Constant, ExternalFormat, Relation};
use super::graph::PatternGraph;
use super::rows::RowsOperator;
use super::tree::ScalarType;
pub use error::{Exhausted, LowerError, engine_fault};
use flow::{Flow, Needed, Part};
pub use membership::ValueSet;
pub use node::{RowsInput, RowsNode, RowsPlanner, RowsQueryPlanner};
pub use paths::first_part;
pub use plugins::{Survey, survey};
pub use slices::{LargeRows, Uncounted, Wary};
pub use values::{Need, SET_MAX, Values, needs};
pub use wide::NarrowFilters;

/// The tables that a plan may read.
pub trait Tables: Sync {
    /// A stored table.
    fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>>;

    /// Whether a stored table is known to have no row.
    fn is_empty(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// A watchlist.
    fn watchlist(&self, name: &str) -> Option<Arc<dyn TableProvider>>;

    /// The rows of a function of the engine for constant arguments.
    fn function(&self, name: &str, arguments: &[Constant]) -> Result<Arc<dyn TableProvider>, LowerError>;

    /// A function of the engine that works on rows, for constant arguments and rows with these columns. Its result has the columns that
    /// [`super::bind::Schemas::table_function`] declares, those of the rows in front if they are kept.
    fn operator(&self, name: &str, arguments: &[Constant], rows: &[(String, ScalarType)]) -> Result<Arc<dyn RowsOperator>, LowerError> {
        let _ = (arguments, rows);
        Err(LowerError::Unsupported { what: format!("`{name}` over rows"), place: None })
    }

    /// Data that lie elsewhere, under the given columns.
    fn external(
        &self,
        sources: &[String],
        format: ExternalFormat,
        properties: &[(String, Constant)],
        columns: &[(String, ScalarType)],
    ) -> Result<Arc<dyn TableProvider>, LowerError>;

    /// A stored graph, as of an instant if the arguments say one.
    fn graph(&self, name: &str, arguments: &[Constant]) -> Result<Arc<dyn PatternGraph>, LowerError> {
        let _ = arguments;
        Err(LowerError::Unsupported { what: format!("the graph `{name}`"), place: None })
    }
}

/// What a plan is made with.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The tables.
    pub tables: &'a dyn Tables,
    /// What was needed.
    pub values: &'a Values,
    /// The present instant in ticks.
    pub now: i64,
}

/// The plan of a relation: its columns in order, in the forms of a query, under their names; rows in their order if they have one.
pub fn lower(relation: &Relation, environment: Environment<'_>) -> Result<LogicalPlan, LowerError> {
    let mut lowering = Lowering::new(environment);
    let flow = lowering.relation(relation, &Needed::all(relation.columns.len()))?.sorted(None)?;
    let named = relation.columns.iter().zip(flow.columns).filter_map(|(column, value)| Some((column.name.clone(), value?)));
    unions::result(flow.plan, named.collect())
}

/// Makes the plan of one query.
struct Lowering<'a> {
    environment: Environment<'a>,
    /// How many names were made.
    names: usize,
    /// The rows that placeholders stand for while a body is lowered.
    placeholders: HashMap<usize, Flow>,
    /// The types of the columns that the present expressions read.
    kinds: Vec<ScalarType>,
    /// What parts the rows of the operator that is being made.
    parts: Option<Part>,
}

impl<'a> Lowering<'a> {
    fn new(environment: Environment<'a>) -> Self {
        Self { environment, names: 0, placeholders: HashMap::new(), kinds: Vec::new(), parts: None }
    }

    /// A name that no other column of the query has.
    fn name(&mut self, base: &str) -> String {
        self.names += 1;
        format!("{base}#{}", self.names)
    }

    /// A seed that no other call of the query has, the same when the query runs again at the same instant.
    fn seed(&mut self) -> u64 {
        self.names += 1;
        self.environment.now.unsigned_abs().wrapping_add(self.names as u64)
    }

    /// Remembers the types of the rows that expressions are about to read.
    fn reading(&mut self, input: &Relation) {
        self.kinds.clear();
        self.kinds.extend(input.columns.iter().map(|column| column.kind));
    }
}

/// Constants as one column in the form of a query.
pub(super) fn column_of(values: &[Constant], kind: ScalarType) -> Result<ArrayRef, LowerError> {
    constant::array(values.iter(), kind)
}

/// A column of a plan by its name.
fn named(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}
