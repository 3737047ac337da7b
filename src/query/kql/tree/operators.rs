//! Tabular operators, one type for each.

use super::{
    Call, Column, Cycles, Direction, Expr, GraphMatch, GraphOutput, JoinKind, MakeGraph, MakeSeries, MarkComponents, MvApply, MvExpand,
    Name, Named, Nulls, ParseKind, PathOutput, Place, ScalarType, Scan, SearchKind, Statement, StringLiteral, UnionKind, Wildcard,
};

/// One step of a pipeline.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// What it does.
    pub kind: OperatorKind,
    /// Where it stands, from its keyword on.
    pub place: Place,
}

/// The tabular operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorKind {
    /// `as`
    As(As),
    /// `assert-schema`
    AssertSchema(Vec<Column>),
    /// `consume`
    Consume(Vec<Setting>),
    /// `count`, with the name of its column
    Count(Option<Name>),
    /// `distinct`
    Distinct(Distinct),
    /// `evaluate`
    Evaluate(Evaluate),
    /// `extend`
    Extend(Vec<Named>),
    /// `facet by`
    Facet(Facet),
    /// `find`
    Find(Find),
    /// `fork`
    Fork(Vec<ForkBranch>),
    /// `getschema`, with its `kind`
    GetSchema(Option<Name>),
    /// `graph-mark-components`
    GraphMarkComponents(MarkComponents),
    /// `graph-match`
    GraphMatch(GraphMatch<Cycles>),
    /// `graph-shortest-paths`
    GraphShortestPaths(GraphMatch<PathOutput>),
    /// `graph-to-table`
    GraphToTable(Vec<GraphOutput>),
    /// `graph-where-edges`
    GraphWhereEdges(Expr),
    /// `graph-where-nodes`
    GraphWhereNodes(Expr),
    /// `invoke`
    Invoke(Expr),
    /// `join`
    Join(Join),
    /// `lookup`
    Lookup(Join),
    /// `macro-expand`
    MacroExpand(MacroExpand),
    /// `make-graph`
    MakeGraph(MakeGraph),
    /// `make-series`
    MakeSeries(MakeSeries),
    /// `mv-apply`
    MvApply(MvApply),
    /// `mv-expand`
    MvExpand(MvExpand),
    /// `parse`
    Parse(Parse),
    /// `parse-where`
    ParseWhere(Parse),
    /// `parse-kv`
    ParseKv(ParseKv),
    /// `partition by`
    Partition(Partition),
    /// `print`
    Print(Vec<Named>),
    /// `project`
    Project(Vec<Named>),
    /// `project-away`
    ProjectAway(Vec<ByName>),
    /// `project-keep`
    ProjectKeep(Vec<ByName>),
    /// `project-rename`
    ProjectRename(Vec<Named>),
    /// `project-reorder`
    ProjectReorder(Vec<Reordered>),
    /// `project-by-names`
    ProjectByNames(Vec<Expr>),
    /// `range`
    Range(Range),
    /// `reduce by`
    Reduce(Reduce),
    /// `render`
    Render(Render),
    /// `sample`
    Sample(Sample),
    /// `sample-distinct`
    SampleDistinct(SampleDistinct),
    /// `scan`
    Scan(Scan),
    /// `search`
    Search(Search),
    /// `serialize`
    Serialize(Serialize),
    /// `sort by`, `order by`
    Sort(Sort),
    /// `summarize`
    Summarize(Summarize),
    /// `take`, `limit`
    Take(Take),
    /// `top`
    Top(Top),
    /// `top-hitters`
    TopHitters(TopHitters),
    /// `top-nested`
    TopNested(Vec<TopNested>),
    /// `union`
    Union(Union),
    /// `where`, `filter`
    Where(Where),
    /// What could not be read.
    Error,
}

/// An option of an operator that has no field of its own: hints, and words that are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name: `hint.strategy`.
    pub name: String,
    /// Its value; several for lists of columns.
    pub values: Vec<Expr>,
    /// Where it stands.
    pub place: Place,
}

/// A column by its name or by letters of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByName {
    /// `a`
    Name(Name),
    /// `a*`
    Wildcard(Wildcard),
}

impl ByName {
    /// Where it stands.
    pub const fn place(&self) -> Place {
        match self {
            Self::Name(name) => name.place,
            Self::Wildcard(wildcard) => wildcard.place,
        }
    }
}

/// Gives the rows a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct As {
    /// Hints.
    pub settings: Vec<Setting>,
    /// The name.
    pub name: Name,
}

/// Distinct rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distinct {
    /// Hints.
    pub settings: Vec<Setting>,
    /// The columns; [`super::ExprKind::Star`] for all.
    pub columns: Vec<Named>,
}

/// Calls a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluate {
    /// Hints.
    pub settings: Vec<Setting>,
    /// The plugin and its arguments.
    pub call: Call,
    /// The columns of its result.
    pub schema: Option<EvaluateSchema>,
}

/// `: (*, a: string)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluateSchema {
    /// Whether the columns of the input stay.
    pub star: bool,
    /// The columns.
    pub columns: Vec<Column>,
}

/// A table for each column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// The columns.
    pub columns: Vec<Expr>,
    /// What else is done to the rows.
    pub with: Option<FacetWith>,
}

/// `with operator` or `with (pipeline)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetWith {
    /// Whether there are parentheses.
    pub grouped: bool,
    /// The operators.
    pub operators: Vec<Operator>,
}

/// Rows of any table that fulfil a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find {
    /// `withsource` and others.
    pub settings: Vec<Setting>,
    /// The tables; all if empty.
    pub tables: Vec<Expr>,
    /// What must hold.
    pub condition: Expr,
    /// The columns of the answer.
    pub project: Option<FindProject>,
    /// Columns that the answer leaves out.
    pub project_away: Vec<FindColumn>,
}

/// The columns of a `find`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindProject {
    /// `project-smart`
    Smart,
    /// `project a, b: string`
    Columns(Vec<FindColumn>),
}

/// A column of a `find`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindColumn {
    /// `a` or `a: string`
    Column(Name, Option<ScalarType>),
    /// `pack(*)`, `pack_all()`
    Pack,
    /// `*`
    Star,
}

/// One branch of a `fork`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkBranch {
    /// Its name.
    pub name: Option<Name>,
    /// Its operators.
    pub operators: Vec<Operator>,
    /// Where it stands.
    pub place: Place,
}

/// `join` or `lookup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// Which rows; the default of the operator if absent.
    pub kind: Option<JoinKind>,
    /// Hints.
    pub settings: Vec<Setting>,
    /// The right side.
    pub right: Expr,
    /// What holds of a pair.
    pub on: Option<JoinOn>,
}

/// What holds of a pair of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinOn {
    /// `on a, $left.b == $right.c`
    Keys(Vec<Expr>),
    /// `where condition`
    Condition(Expr),
}

/// Runs statements for each of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroExpand {
    /// As of a union.
    pub settings: Vec<Setting>,
    /// The group.
    pub group: Expr,
    /// Name of the present member.
    pub scope: Option<Name>,
    /// The statements.
    pub statements: Vec<Statement>,
}

/// Columns out of a text by a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parse {
    /// How the pattern is read.
    pub kind: Option<ParseKind>,
    /// `flags` and others.
    pub settings: Vec<Setting>,
    /// The text.
    pub value: Expr,
    /// The pattern.
    pub pattern: Vec<ParsePart>,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsePart {
    /// `*`
    Star,
    /// Text that must stand there.
    Text(StringLiteral),
    /// A column, with its type.
    Column(Name, Option<ScalarType>),
}

/// Columns out of a text of keys and values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseKv {
    /// The text.
    pub value: Expr,
    /// The keys.
    pub columns: Vec<Column>,
    /// `pair_delimiter`, `kv_delimiter`, `quote`, `escape`, `greedy`, `regex`.
    pub settings: Vec<Setting>,
}

/// A pipeline for each value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Hints.
    pub settings: Vec<Setting>,
    /// The column.
    pub column: Expr,
    /// The values, if not all.
    pub scope: Option<Expr>,
    /// What is done.
    pub body: PartitionBody,
}

/// What is done to each part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionBody {
    /// `( ... )`: operators over the part.
    Operators(Vec<Operator>),
    /// `{ ... }`: a query of its own.
    Query(Expr),
}

/// A column and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reordered {
    /// The columns.
    pub column: ByName,
    /// Their order among themselves.
    pub direction: Option<Direction>,
}

/// Numbers or times at equal steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The column.
    pub column: Name,
    /// The first.
    pub from: Expr,
    /// The last, inside.
    pub to: Expr,
    /// The step.
    pub step: Expr,
}

/// Patterns of similar texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduce {
    /// Hints.
    pub settings: Vec<Setting>,
    /// The text.
    pub by: Named,
    /// `threshold`, `characters`.
    pub with: Vec<Setting>,
}

/// How a client should draw the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Render {
    /// The chart.
    pub chart: Name,
    /// Its properties.
    pub settings: Vec<Setting>,
    /// Columns of an older form of series, which charts pass over.
    pub by: Vec<Name>,
}

/// Some rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Hints.
    pub settings: Vec<Setting>,
    /// How many.
    pub count: Named,
}

/// Some distinct values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleDistinct {
    /// Hints.
    pub settings: Vec<Setting>,
    /// How many.
    pub count: Named,
    /// Of what.
    pub of: Named,
}

/// Rows of any table with some text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Whether case matters.
    pub kind: Option<SearchKind>,
    /// Further options.
    pub settings: Vec<Setting>,
    /// The tables; all if empty.
    pub tables: Vec<Expr>,
    /// What must hold.
    pub condition: Expr,
}

/// Fixes the order of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serialize {
    /// Hints.
    pub settings: Vec<Setting>,
    /// New columns.
    pub columns: Vec<Named>,
}

/// Orders rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Hints.
    pub settings: Vec<Setting>,
    /// The keys.
    pub by: Vec<Ordered>,
}

/// A sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The value.
    pub value: Named,
    /// Its order; descending if absent.
    pub direction: Option<Direction>,
    /// Where nulls go; behind for descending, in front for ascending if absent.
    pub nulls: Option<Nulls>,
}

/// Aggregates by groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summarize {
    /// Hints.
    pub settings: Vec<Setting>,
    /// The aggregates.
    pub aggregates: Vec<Named>,
    /// The groups.
    pub by: Vec<Named>,
    /// `bin=...` behind the groups, in old queries.
    pub bin: Option<Expr>,
}

/// The first rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// Hints.
    pub settings: Vec<Setting>,
    /// How many.
    pub count: Named,
}

/// The first rows in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Top {
    /// Hints.
    pub settings: Vec<Setting>,
    /// How many.
    pub count: Named,
    /// The order.
    pub by: Ordered,
}

/// The most frequent values, about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopHitters {
    /// How many.
    pub count: Named,
    /// Of what.
    pub of: Named,
    /// Weight.
    pub by: Option<Named>,
}

/// One level of `top-nested`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopNested {
    /// How many; all if absent.
    pub count: Option<Named>,
    /// Of what.
    pub of: Named,
    /// What the rest is called.
    pub others: Option<Expr>,
    /// The order.
    pub by: Ordered,
    /// Where it stands.
    pub place: Place,
}

/// Rows of several tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Union {
    /// Which columns.
    pub kind: Option<UnionKind>,
    /// Column with the name of the table.
    pub with_source: Option<Name>,
    /// Whether tables that are not there are passed over.
    pub fuzzy: Option<bool>,
    /// Further options.
    pub settings: Vec<Setting>,
    /// The tables.
    pub tables: Vec<Expr>,
}

/// Rows that fulfil a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Where {
    /// Hints.
    pub settings: Vec<Setting>,
    /// What must hold.
    pub condition: Named,
}
