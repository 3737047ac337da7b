//! Relations: tables and what operators make of them.

use std::sync::Arc;

use super::super::tree::{Cycles, Direction, JoinKind, PathOutput, Place, ScalarType};
use super::{
    Aggregate, Constant, Expr, ExternalFormat, Graph, Hitters, KvOptions, MvApply, MvExpand, Parse, ParseColumn, Path, PatternVariable,
    Plugin, Scan, SeriesAggregate, SeriesAxis, TopNestedLevel,
};

/// Rows with known columns.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Where the rows come from.
    pub kind: RelationKind,
    /// Whether its rows have an order that window functions may use.
    pub ordered: bool,
    /// Whether it may have columns that nobody knows before it has run, or after a mistake.
    pub open: bool,
    /// How many relations lie below it, at most.
    pub depth: u32,
    /// How many relations it is made of, each counted as often as it is read.
    pub weight: u32,
    /// Where it stands.
    pub place: Place,
}

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name; unique in its relation.
    pub name: String,
    /// Its type.
    pub kind: ScalarType,
    /// The stored column whose values it has unchanged, if it is one.
    pub lineage: Option<Lineage>,
}

/// A column of a stored table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The table.
    pub table: Arc<str>,
    /// The column.
    pub column: Arc<str>,
}

/// Where rows come from.
#[derive(Clone, Debug)]
pub enum RelationKind {
    /// A stored table with all its columns.
    Table {
        /// Its name.
        table: Arc<str>,
    },
    /// No row.
    Empty,
    /// One row without columns: below `print`.
    OneRow,
    /// Rows that stand in the text.
    DataTable {
        /// The cells, row by row.
        rows: Vec<Vec<Constant>>,
    },
    /// `range`: the last value is inside.
    Range {
        /// The first, of the type of the column.
        from: Expr,
        /// The last.
        to: Expr,
        /// The step: a number, or a duration for instants.
        step: Expr,
    },
    /// `externaldata`
    ExternalData {
        /// Where the data lie.
        sources: Vec<String>,
        /// How to read them.
        format: ExternalFormat,
        /// Further properties.
        properties: Vec<(String, Constant)>,
    },
    /// `_GetWatchlist('name')`
    Watchlist {
        /// The name.
        name: String,
    },
    /// A function of the engine that gives rows.
    TableFunction {
        /// Its name.
        name: String,
        /// The rows that it works on.
        input: Option<Arc<Relation>>,
        /// Its arguments.
        arguments: Vec<Expr>,
    },
    /// The rows of the array or partition that is worked on.
    Placeholder(usize),
    /// `where`
    Filter {
        /// The rows.
        input: Arc<Relation>,
        /// What must hold; of type `bool`.
        condition: Expr,
    },
    /// `extend`, `project` and its kin: one expression for each column, over the columns of the input. Window functions may stand in them.
    Project {
        /// The rows.
        input: Arc<Relation>,
        /// The columns.
        expressions: Vec<Expr>,
    },
    /// `summarize`: columns are the groups, then the outputs of the aggregates in order. Without groups there is always one row.
    Summarize {
        /// The rows.
        input: Arc<Relation>,
        /// The groups.
        groups: Vec<Expr>,
        /// The aggregates.
        aggregates: Vec<Aggregate>,
    },
    /// `count`
    Count(Arc<Relation>),
    /// `sort`
    Sort {
        /// The rows.
        input: Arc<Relation>,
        /// The keys.
        keys: Vec<SortKey>,
    },
    /// `serialize` without columns: the order that is there counts from here on.
    Serialize(Arc<Relation>),
    /// `take`
    Take {
        /// The rows.
        input: Arc<Relation>,
        /// How many: a constant `long`.
        count: Expr,
    },
    /// `top`
    Top {
        /// The rows.
        input: Arc<Relation>,
        /// How many: a constant `long`.
        count: Expr,
        /// The order.
        key: SortKey,
    },
    /// `sample`
    Sample {
        /// The rows.
        input: Arc<Relation>,
        /// How many: a constant `long`.
        count: Expr,
    },
    /// `sample-distinct`: one column.
    SampleDistinct {
        /// The rows.
        input: Arc<Relation>,
        /// How many: a constant `long`.
        count: Expr,
        /// Of what.
        value: Expr,
    },
    /// `distinct`, of all columns of the input.
    Distinct(Arc<Relation>),
    /// `top-hitters`
    TopHitters(Box<Hitters>),
    /// `top-nested`
    TopNested {
        /// The rows.
        input: Arc<Relation>,
        /// The levels; each gives a column for the value and one for the aggregate.
        levels: Vec<TopNestedLevel>,
    },
    /// `reduce by`: columns Pattern, Count, Representative.
    Reduce {
        /// The rows.
        input: Arc<Relation>,
        /// The text.
        value: Expr,
        /// Between 0 and 1.
        threshold: f64,
        /// Characters that do not separate words.
        characters: String,
    },
    /// `join`, `lookup`
    Join(Box<Join>),
    /// `union`
    Union {
        /// The tables.
        inputs: Vec<UnionInput>,
    },
    /// `mv-expand`
    MvExpand(Box<MvExpand>),
    /// `mv-apply`
    MvApply(Box<MvApply>),
    /// `partition by`: the body runs for the rows of each value of the key; its rows one after the other, in the order in which keys first come.
    Partition {
        /// The rows.
        input: Arc<Relation>,
        /// The value that parts them.
        key: Expr,
        /// The number of the placeholder that stands for the rows of a part; its columns are those of the input.
        placeholder: usize,
        /// What is done to each part; its columns are those of the result.
        body: Arc<Relation>,
    },
    /// `make-graph ... partitioned-by`: a graph for each value of a column.
    PartitionGraph {
        /// The whole graph; always [`super::GraphKind::Make`].
        graph: Arc<Graph>,
        /// The column of edges that parts them.
        edge_column: usize,
        /// The property of nodes with the same name; if there is none, a part has the nodes of its edges.
        node_column: Option<usize>,
        /// The number of the placeholder that stands for the graph of a part.
        placeholder: usize,
        /// What is done to each part; its columns are those of the result, which may have the number of the part behind them.
        body: Arc<Relation>,
    },
    /// `parse`, `parse-where`
    Parse(Box<Parse>),
    /// `parse-kv`: columns are those of [`ParseColumn`].
    ParseKv {
        /// The rows.
        input: Arc<Relation>,
        /// The text.
        value: Expr,
        /// Keys and the types of their values.
        keys: Vec<(String, ScalarType)>,
        /// Delimiters.
        options: KvOptions,
        /// Where each column comes from.
        output: Vec<ParseColumn>,
    },
    /// `make-series`: columns are the groups, the series, the axis.
    MakeSeries {
        /// The rows.
        input: Arc<Relation>,
        /// The groups.
        groups: Vec<Expr>,
        /// The series.
        series: Vec<SeriesAggregate>,
        /// The axis.
        axis: Box<SeriesAxis>,
    },
    /// `scan`: columns are those of the input, the declared ones, then the number of the match if it is asked for.
    Scan(Box<Scan>),
    /// `evaluate`
    Evaluate(Plugin),
    /// `materialize(...)`: runs once, however often the number occurs.
    Materialize {
        /// Its number in the query.
        id: usize,
        /// The rows.
        input: Arc<Relation>,
    },
    /// `graph-match`: a row for each match.
    GraphMatch {
        /// The graph.
        graph: Arc<Graph>,
        /// Nodes and edges by number.
        variables: Vec<PatternVariable>,
        /// The chains.
        paths: Vec<Path>,
        /// What may be visited again.
        cycles: Cycles,
        /// What must hold.
        condition: Option<Expr>,
        /// The columns.
        expressions: Vec<Expr>,
    },
    /// `graph-shortest-paths`: a row for each path.
    GraphShortestPaths {
        /// The graph.
        graph: Arc<Graph>,
        /// Nodes and edges by number.
        variables: Vec<PatternVariable>,
        /// The chain.
        path: Path,
        /// One or all.
        output: PathOutput,
        /// What must hold.
        condition: Option<Expr>,
        /// The columns.
        expressions: Vec<Expr>,
    },
    /// `graph-to-table nodes`: columns are the identifier if it is asked for (a `long` hash), then the properties.
    GraphNodes {
        /// The graph.
        graph: Arc<Graph>,
        /// Whether there is an identifier.
        with_id: bool,
    },
    /// `graph-to-table edges`: columns are the identifiers of source and target if they are asked for, then the properties.
    GraphEdges {
        /// The graph.
        graph: Arc<Graph>,
        /// Whether there is the identifier of the source.
        with_source: bool,
        /// Whether there is the identifier of the target.
        with_target: bool,
    },
}

/// An order of rows.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The value.
    pub value: Expr,
    /// Which way.
    pub direction: Direction,
    /// Whether nulls come first.
    pub nulls_first: bool,
}

/// The sides of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// `$left`
    Left,
    /// `$right`
    Right,
}

/// A column of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinColumn {
    /// Whose.
    pub side: Side,
    /// Its place there.
    pub column: usize,
}

/// Pairs of rows.
#[derive(Clone, Debug)]
pub struct Join {
    /// Which rows.
    pub kind: JoinKind,
    /// Left rows.
    pub left: Arc<Relation>,
    /// Right rows.
    pub right: Arc<Relation>,
    /// Values that must be equal, of one type each: over the left and over the right columns. Null equals null.
    pub keys: Vec<(Expr, Expr)>,
    /// What must hold beside, over left columns followed by right ones.
    pub condition: Option<Expr>,
    /// The columns of the result.
    pub output: Vec<JoinColumn>,
}

/// A table of a union.
#[derive(Clone, Debug)]
pub struct UnionInput {
    /// Its rows.
    pub relation: Arc<Relation>,
    /// Columns of the union, ascending, with an expression over the rows each; the others are null here. Unions of all tables have thousands of
    /// columns of which each table has a few.
    pub expressions: Vec<(usize, Expr)>,
}

impl UnionInput {
    /// The expression of a column of the union; none if the table lacks it.
    pub fn expression(&self, column: usize) -> Option<&Expr> {
        let place = self.expressions.binary_search_by_key(&column, |(column, _)| *column).ok()?;
        self.expressions.get(place).map(|(_, expression)| expression)
    }
}
