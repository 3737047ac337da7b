//! What the matcher and the languages need of a graph.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Decimal128Builder, Float64Builder, Int32Builder, Int64Builder, StringViewBuilder};

use super::super::tree::ScalarType;
use super::super::types::arrow_type;

/// Which edges of a node are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Those that leave it.
    Out,
    /// Those that enter it.
    In,
    /// Both.
    Either,
}

impl Way {
    /// The same edges seen from their other end.
    pub fn turned(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
            Self::Either => Self::Either,
        }
    }
}

/// An edge as seen from one of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Adjacent {
    /// The edge.
    pub edge: u32,
    /// The node at its other end.
    pub node: u32,
}

/// A property of nodes or edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ScalarType,
}

/// One value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// None.
    Null,
    /// `bool`
    Bool(bool),
    /// `int` or `long`
    Long(i64),
    /// `real`
    Real(f64),
    /// `decimal`, unscaled.
    Decimal(i128),
    /// `string` or `guid`
    Text(Cow<'a, str>),
    /// `datetime`, ticks since the year 1.
    Instant(i64),
    /// `timespan`, ticks.
    Duration(i64),
    /// `dynamic`, JSON text.
    Json(Cow<'a, str>),
}

/// A graph that patterns are looked for in.
///
/// Nodes are numbered from 0 without gaps; edges have numbers that stay the same as long as the graph lives.
pub trait PatternGraph: Send + Sync {
    /// How many nodes there are.
    fn node_count(&self) -> usize;

    /// Adds the edges of a node, in an order that is the same in every run; an edge from a node to itself once for [`Way::Either`].
    fn adjacent(&self, node: u32, way: Way, into: &mut Vec<Adjacent>);

    /// The source and target of an edge.
    fn ends(&self, edge: u32) -> (u32, u32);

    /// How many edges a node has.
    fn degree(&self, node: u32, way: Way) -> usize {
        let mut edges = Vec::new();
        self.adjacent(node, way, &mut edges);
        edges.len()
    }

    /// How many edges have numbers from 0 without gaps; what lies above is only known once it is read.
    fn known_edges(&self) -> usize {
        0
    }

    /// All edges.
    fn all_edges(&self) -> Vec<u32> {
        let mut found = Vec::new();
        for node in 0..self.node_count() as u32 {
            self.adjacent(node, Way::Out, &mut found);
        }
        found.into_iter().map(|adjacent| adjacent.edge).collect()
    }

    /// The numbers of the labels of nodes that a name means; none if no node has it.
    fn node_label(&self, name: &str) -> Vec<u32>;

    /// The numbers of the labels of edges that a name means.
    fn edge_label(&self, name: &str) -> Vec<u32>;

    /// Whether a node has a label.
    fn node_has(&self, node: u32, label: u32) -> bool;

    /// Whether an edge has a label.
    fn edge_has(&self, edge: u32, label: u32) -> bool;

    /// The labels of a node.
    fn node_labels(&self, node: u32) -> Vec<String>;

    /// The labels of an edge.
    fn edge_labels(&self, edge: u32) -> Vec<String>;

    /// A number that names a node, the same in every run.
    fn node_hash(&self, node: u32) -> i64;

    /// The identifier of a node as it was given, as text.
    fn node_id(&self, node: u32) -> String;

    /// The properties of nodes.
    fn node_properties(&self) -> &[Property];

    /// The properties of edges.
    fn edge_properties(&self) -> &[Property];

    /// The place of a property of nodes by its name.
    fn node_property(&self, name: &str) -> Option<usize> {
        self.node_properties().iter().position(|property| property.name == name)
    }

    /// The place of a property of edges by its name.
    fn edge_property(&self, name: &str) -> Option<usize> {
        self.edge_properties().iter().position(|property| property.name == name)
    }

    /// A property of a node.
    fn node_cell(&self, property: usize, node: u32) -> Cell<'_>;

    /// A property of an edge.
    fn edge_cell(&self, property: usize, edge: u32) -> Cell<'_>;

    /// A property of several nodes, as a column.
    fn node_column(&self, property: usize, nodes: &[u32]) -> ArrayRef {
        column(self.node_properties()[property].kind, nodes.iter().map(|node| self.node_cell(property, *node)))
    }

    /// A property of several edges, as a column.
    fn edge_column(&self, property: usize, edges: &[u32]) -> ArrayRef {
        column(self.edge_properties()[property].kind, edges.iter().map(|edge| self.edge_cell(property, *edge)))
    }

    /// All nodes whose property has this text, where the graph knows them without looking at every node.
    fn nodes_with(&self, _property: usize, _text: &str) -> Option<Vec<u32>> {
        None
    }
}

macro_rules! build {
    ($builder:expr, $cells:expr, $($cell:pat => $value:expr),+) => {{
        let mut built = $builder;
        for cell in $cells {
            match cell {
                $($cell => built.append_value($value),)+
                _ => built.append_null(),
            }
        }
        Arc::new(built.finish())
    }};
}

/// A column of cells in the form of its type; what does not fit the type is null.
pub fn column<'a>(kind: ScalarType, cells: impl Iterator<Item = Cell<'a>>) -> ArrayRef {
    match kind {
        ScalarType::Bool => build!(BooleanBuilder::new(), cells, Cell::Bool(value) => value),
        ScalarType::Int => {
            let mut built = Int32Builder::new();
            for cell in cells {
                built.append_option(if let Cell::Long(value) = cell { i32::try_from(value).ok() } else { None });
            }
            Arc::new(built.finish())
        }
        ScalarType::Long | ScalarType::DateTime | ScalarType::Timespan => {
            build!(Int64Builder::new(), cells, Cell::Long(value) | Cell::Instant(value) | Cell::Duration(value) => value)
        }
        ScalarType::Real => build!(Float64Builder::new(), cells, Cell::Real(value) => value, Cell::Long(value) => value as f64),
        ScalarType::Decimal => {
            let built = Decimal128Builder::new().with_data_type(arrow_type(ScalarType::Decimal));
            build!(built, cells, Cell::Decimal(value) => value)
        }
        ScalarType::String | ScalarType::Guid | ScalarType::Dynamic => {
            build!(StringViewBuilder::new(), cells, Cell::Text(text) | Cell::Json(text) => text)
        }
    }
}
