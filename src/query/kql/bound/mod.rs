//! A query whose names and types are known: what the binder gives and the lowering reads.
//!
//! Relations form a tree whose inputs are shared where a `let` is used twice. A column is referred to by its place among the columns of the input,
//! never by its name, so that renamed and doubled names confuse nobody. Every expression carries its type; conversions are written out.
//! A bound query holds no data, no plan and nothing of a session.

mod constants;
mod expressions;
mod graph;
mod operators;
mod relations;

use std::sync::Arc;

pub(super) use constants::instant;
pub use constants::{Constant, json_text};
pub use expressions::{
    Aggregate, Arithmetic, Comparison, ElementOf, Expr, ExprKind, GraphFunction, Key, Quantifier, SearchMatch, TextMatch,
};
pub use graph::{EdgeStep, Graph, GraphKind, GraphNodes, NodeRows, NodeStep, Path, PathStep, PatternVariable};
pub use operators::{
    ExpandColumn, Expansion, ExternalFormat, Hitters, KvOptions, MvApply, MvExpand, PARTITION, Parse, ParseColumn, ParsePart, Plugin,
    PluginArgument, Scan, ScanStep, SeriesAggregate, SeriesAxis, TopNestedLevel,
};
pub use relations::{Column, Join, JoinColumn, Lineage, Relation, RelationKind, Side, SortKey, UnionInput};

use super::tree::ScalarType;

/// A bound text: its results in order, and what was set for the request.
#[derive(Clone, Debug)]
pub struct BoundQuery {
    /// The tabular results; more than one for several statements, `fork` and `facet`.
    pub results: Vec<ResultTable>,
    /// The options of `set` statements, as written.
    pub options: Vec<(String, Option<Constant>)>,
}

/// One tabular result.
#[derive(Clone, Debug)]
pub struct ResultTable {
    /// The name that `as`, `fork` or `facet` gives it.
    pub name: Option<String>,
    /// Its rows.
    pub relation: Arc<Relation>,
    /// How a client should draw it.
    pub render: Option<Render>,
}

/// How a client should draw a result; no rows change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Render {
    /// The chart: `timechart`.
    pub chart: String,
    /// Its properties, as texts.
    pub properties: Vec<(String, String)>,
}

/// A relation whose columns only its data tell; the text is bound again once they are known.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Which of those of the text, in the order in which they are bound.
    pub id: usize,
    /// The plugin with its input.
    pub relation: Arc<Relation>,
}

/// Name and type of a column.
pub type Field = (String, ScalarType);
