//! Graphs and patterns.

use std::sync::Arc;

use super::super::tree::{ComponentKind, EdgeDirection, Place};
use super::{Column, Expr, Relation};

/// A graph: nodes and edges with properties.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The properties of nodes.
    pub nodes: Vec<Column>,
    /// The properties of edges.
    pub edges: Vec<Column>,
    /// Where it comes from.
    pub kind: GraphKind,
    /// Where it stands.
    pub place: Place,
}

/// Where a graph comes from.
#[derive(Clone, Debug)]
pub enum GraphKind {
    /// `make-graph`: every row of the input is an edge, its columns are the properties of edges.
    Make {
        /// The edges.
        edges: Arc<Relation>,
        /// The column of the node that an edge leaves.
        source: usize,
        /// The column of the node that an edge enters.
        target: usize,
        /// Whether edges have a direction.
        directed: bool,
        /// Where nodes come from.
        nodes: GraphNodes,
    },
    /// `graph("name")`, `graph("name", instant)`
    Stored {
        /// The name.
        name: String,
        /// A snapshot, an instant, or whatever else the call says.
        arguments: Vec<Expr>,
    },
    /// The graph of the partition that is worked on.
    Placeholder(usize),
    /// `graph-where-nodes`: the nodes that fulfil the condition, and the edges between them.
    WhereNodes(Arc<Graph>, Expr),
    /// `graph-where-edges`
    WhereEdges(Arc<Graph>, Expr),
    /// `graph-mark-components`: one more property of nodes, the last.
    MarkComponents {
        /// The graph.
        graph: Arc<Graph>,
        /// What connects a component.
        kind: ComponentKind,
    },
    /// A diagnostic says what is wrong.
    Error,
}

/// Where the nodes of a made graph come from.
#[derive(Clone, Debug)]
pub enum GraphNodes {
    /// From the edges alone; nodes have no property.
    None,
    /// `with_node_id=name`: from the edges alone; the identifier is the only property.
    Identifier,
    /// `with T on id, ...`: rows of tables; nodes that only edges name have no values.
    Tables(Vec<NodeRows>),
}

/// Rows that are nodes.
#[derive(Clone, Debug)]
pub struct NodeRows {
    /// The table.
    pub table: Arc<Relation>,
    /// The column with the identifier.
    pub id: usize,
    /// The place among the properties of nodes for each column of the table.
    pub properties: Vec<usize>,
}

/// A node or edge of the patterns that expressions refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternVariable {
    /// Its name; none for what has none in the text.
    pub name: Option<String>,
    /// Whether it is an edge.
    pub edge: bool,
    /// Whether it stands for several edges.
    pub repeated: bool,
}

/// A chain of nodes and edges.
#[derive(Clone, Debug)]
pub struct Path {
    /// Nodes and edges in turn, a node first and last.
    pub steps: Vec<PathStep>,
    /// Where it stands.
    pub place: Place,
}

/// A node or an edge of a chain.
#[derive(Clone, Debug)]
pub enum PathStep {
    /// A node.
    Node(NodeStep),
    /// An edge.
    Edge(EdgeStep),
}

/// A node; the same variable in several places is the same node.
#[derive(Clone, Debug)]
pub struct NodeStep {
    /// Its variable.
    pub variable: usize,
}

/// An edge.
#[derive(Clone, Debug)]
pub struct EdgeStep {
    /// Its variable.
    pub variable: usize,
    /// Its direction.
    pub direction: EdgeDirection,
    /// Fewest and most hops, if it stands for several.
    pub hops: Option<(u32, u32)>,
}
