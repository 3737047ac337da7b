//! Operators with many parts: expansions, patterns of texts, series, walks through rows, plugins.

use std::sync::Arc;

use super::super::tree::{Direction, ExpandKind, ParseKind, ScalarType, ScanOutput};
use super::{Aggregate, Constant, Expr, JoinColumn, Relation, SortKey};

/// An array that becomes rows.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// The array or bag.
    pub value: Expr,
    /// The type of the elements; `dynamic` if they stay as they are.
    pub kind: ScalarType,
}

/// A column of `mv-expand`, or of the rows that `mv-apply` works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpandColumn {
    /// A column of the input.
    Input(usize),
    /// The element of an expansion.
    Item(usize),
    /// The place in the array.
    Index,
}

/// A row for each element; several arrays go in step, the shorter filled with nulls.
#[derive(Clone, Debug)]
pub struct MvExpand {
    /// The rows.
    pub input: Arc<Relation>,
    /// The arrays.
    pub items: Vec<Expansion>,
    /// What bags become.
    pub kind: ExpandKind,
    /// Most rows of one row.
    pub limit: Option<Expr>,
    /// The columns.
    pub output: Vec<ExpandColumn>,
}

/// A pipeline for the elements of each row.
#[derive(Clone, Debug)]
pub struct MvApply {
    /// The rows.
    pub input: Arc<Relation>,
    /// The arrays.
    pub items: Vec<Expansion>,
    /// Most rows of one row.
    pub limit: Option<Expr>,
    /// The columns of the placeholder.
    pub rows: Vec<ExpandColumn>,
    /// The number of the placeholder that stands for the elements of a row.
    pub placeholder: usize,
    /// The pipeline over it.
    pub body: Arc<Relation>,
    /// The columns of the result: [`super::Side::Left`] is the row itself, [`super::Side::Right`] the body.
    pub output: Vec<JoinColumn>,
}

/// A part of a pattern of `parse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsePart {
    /// Any text.
    Star,
    /// This text, or what this regular expression matches.
    Text(String),
    /// Text that becomes a value of the type.
    Capture(ScalarType),
}

/// Where a column of `parse` comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseColumn {
    /// A column of the input.
    Input(usize),
    /// The value of a capture or key, by its number among them.
    Captured(usize),
}

/// Columns out of a text.
#[derive(Clone, Debug)]
pub struct Parse {
    /// The rows.
    pub input: Arc<Relation>,
    /// The text.
    pub value: Expr,
    /// How the pattern is read.
    pub kind: ParseKind,
    /// Flags of regular expressions: letters of `imsU`.
    pub flags: String,
    /// Whether rows that do not match are left out.
    pub filters: bool,
    /// The pattern.
    pub pattern: Vec<ParsePart>,
    /// The columns.
    pub output: Vec<ParseColumn>,
}

/// How keys and values stand in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KvOptions {
    /// Between pairs; any character that is neither letter nor digit if absent.
    pub pair_delimiter: Option<String>,
    /// Between key and value.
    pub kv_delimiter: Option<String>,
    /// Around values: one letter, or an opening and a closing one.
    pub quotes: Vec<String>,
    /// In front of a quote that is meant as such.
    pub escape: Option<String>,
    /// Whether values may hold pair delimiters.
    pub greedy: bool,
    /// The whole is a regular expression with a group for the key and one for the value.
    pub regex: Option<String>,
}

/// One series of `make-series`.
#[derive(Clone, Debug)]
pub struct SeriesAggregate {
    /// The aggregate; one output.
    pub aggregate: Aggregate,
    /// What stands where there is nothing: a constant of the type of the aggregate.
    pub default: Expr,
}

/// The axis of `make-series`.
#[derive(Clone, Debug)]
pub struct SeriesAxis {
    /// The value.
    pub value: Expr,
    /// The first; the smallest value if absent.
    pub from: Option<Expr>,
    /// The end; the greatest value if absent.
    pub to: Option<Expr>,
    /// The width of a step.
    pub step: Expr,
    /// Whether the end is inside.
    pub end_inside: bool,
    /// Whether no row still gives a series of defaults.
    pub non_empty: bool,
}

/// `top-hitters`: the values and their approximate weight.
#[derive(Clone, Debug)]
pub struct Hitters {
    /// The rows.
    pub input: Arc<Relation>,
    /// How many: a constant `long`.
    pub count: Expr,
    /// Of what.
    pub value: Expr,
    /// The weight of a row; 1 if absent.
    pub weight: Option<Expr>,
}

/// A level of `top-nested`.
#[derive(Clone, Debug)]
pub struct TopNestedLevel {
    /// How many: a constant `long`; all if absent.
    pub count: Option<Expr>,
    /// Of what.
    pub value: Expr,
    /// What the rest is called.
    pub others: Option<Expr>,
    /// The aggregate that orders; one output.
    pub aggregate: Aggregate,
    /// Which way.
    pub direction: Direction,
}

/// Rows walked through steps.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The rows.
    pub input: Arc<Relation>,
    /// Their order, if it is given here.
    pub order: Vec<SortKey>,
    /// The parts that are walked alone.
    pub partition: Vec<Expr>,
    /// Types and first values of the declared columns.
    pub declared: Vec<(ScalarType, Constant)>,
    /// The steps.
    pub steps: Vec<ScanStep>,
    /// Whether the last column is the number of the match.
    pub match_id: bool,
}

/// A step.
#[derive(Clone, Debug)]
pub struct ScanStep {
    /// Its name.
    pub name: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// Which rows it gives.
    pub output: ScanOutput,
    /// What must hold.
    pub condition: Expr,
    /// Declared columns (by number among them) and their new values.
    pub assignments: Vec<(usize, Expr)>,
}

/// What a `partition` with a query in braces is called where plugins are.
pub const PARTITION: &str = "partition";

/// A plugin with its arguments.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Its name.
    pub name: &'static str,
    /// The rows that it works on; none if it is a source.
    pub input: Option<Arc<Relation>>,
    /// Its arguments in order.
    pub arguments: Vec<PluginArgument>,
    /// Its number if its columns are known only from its rows; [`Relation::columns`] is empty then.
    pub unknown: Option<usize>,
}

/// An argument of a plugin.
#[derive(Clone, Debug)]
pub enum PluginArgument {
    /// A value for each row, or a constant.
    Value(Expr),
    /// An aggregate: `pivot(a, count())`.
    Aggregate(Aggregate),
    /// A table: `ipv4_lookup(T, ...)`.
    Table(Arc<Relation>),
    /// A column of the table that was given before: `ipv4_lookup(T, ip, network)`.
    TableColumn(usize),
    /// An argument by name: `return_unmatched = true`.
    Named(String, Expr),
}

/// How external data are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExternalFormat {
    /// Values with commas.
    Csv,
    /// Values with tabs.
    Tsv,
    /// Values with vertical bars.
    Psv,
    /// Values with semicolons.
    Scsv,
    /// Values with `\u{1}`.
    Sohsv,
    /// One JSON object each line.
    Json,
    /// JSON over several lines.
    MultiJson,
    /// One text each line.
    Txt,
    /// The whole as one text.
    Raw,
    /// Parquet.
    Parquet,
    /// By the name of the file.
    Automatic,
}
