//! Graph operators.

use super::{ComponentKind, Expr, Name, Named, Operator, Place, Setting};

/// `make-graph a --> b with ...`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakeGraph {
    /// Options.
    pub settings: Vec<Setting>,
    /// Column of the node that an edge leaves.
    pub source: Name,
    /// Whether edges have a direction (`-->`).
    pub directed: bool,
    /// Column of the node that an edge enters.
    pub target: Name,
    /// Where the nodes come from.
    pub nodes: Option<Nodes>,
    /// One graph for each value of a column.
    pub partitioned: Option<Partitioned>,
}

/// Where nodes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// `with_node_id=name`: only from the edges.
    Implicit(Name),
    /// `with T on id, ...`
    Tables(Vec<NodeTable>),
}

/// A table of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeTable {
    /// The table.
    pub table: Expr,
    /// The column with the identifier.
    pub id: Name,
}

/// `partitioned-by column ( ... )`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partitioned {
    /// The column.
    pub column: Expr,
    /// What is done to each graph.
    pub operators: Vec<Operator>,
}

/// `graph-match` or `graph-shortest-paths`; `Rule` is what is particular to each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphMatch<Rule> {
    /// [`super::Cycles`] or [`super::PathOutput`].
    pub rule: Option<Rule>,
    /// Further options.
    pub settings: Vec<Setting>,
    /// The patterns; they hold together by shared names.
    pub patterns: Vec<Pattern>,
    /// What must hold.
    pub condition: Option<Expr>,
    /// The columns of the answer; empty means that the clause is absent.
    pub project: Vec<Named>,
}

/// A chain of nodes and edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Nodes and edges in order.
    pub steps: Vec<Step>,
    /// Where it stands.
    pub place: Place,
}

/// A node or an edge of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `(name)` or `()`
    Node(Option<Name>, Place),
    /// `-[name*1..3]->` or `-->`
    Edge(Box<Edge>),
}

/// An edge of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Its direction.
    pub direction: EdgeDirection,
    /// Its name; `None` for `-->` and `-[]->`.
    pub name: Option<Name>,
    /// How many edges it stands for, if not one.
    pub hops: Option<Hops>,
    /// Where it stands.
    pub place: Place,
}

/// The direction of an edge in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeDirection {
    /// `-->`
    Right,
    /// `<--`
    Left,
    /// `--`
    Any,
}

/// `*from..to`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hops {
    /// Fewest edges.
    pub from: Expr,
    /// Most edges.
    pub to: Expr,
}

/// `graph-to-table nodes as N with_node_id=id`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphOutput {
    /// Nodes or edges.
    pub kind: GraphOutputKind,
    /// Name of the result.
    pub name: Option<Name>,
    /// `with_node_id`, `with_source_id`, `with_target_id`.
    pub settings: Vec<Setting>,
    /// Where it stands.
    pub place: Place,
}

/// What of a graph becomes a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphOutputKind {
    /// Its nodes.
    Nodes,
    /// Its edges.
    Edges,
}

/// `graph-mark-components kind=weak with_component_id=name`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkComponents {
    /// What connects a component.
    pub kind: Option<ComponentKind>,
    /// Further options.
    pub settings: Vec<Setting>,
}
