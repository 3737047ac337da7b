//! The graph operators as they run: tables or a stored graph in, what is done to it, columns out.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, new_empty_array, new_null_array};
use arrow::compute::concat;

use crate::model::{Fault, FaultClass};

use super::super::functions::KernelError;
use super::super::functions::budget::in_parts;
use super::super::rows::{RowsOperator, Running};
use super::super::tree::{ComponentKind, ScalarType};
use super::super::types::arrow_type;
use super::terms::{ElementFormula, RowFormula, fault};
use super::{
    Budget, Condition, EdgeTable, ElementTerm, Formula, Meter, NodeSource, NodeTable, PathOutput, Pattern, PatternGraph, Property, Rows,
    Term, TransientGraph, find, partitions, shortest, strong_components, weak_components,
};

/// Where the graph of an operator comes from.
#[derive(Clone)]
pub enum Source {
    /// A stored graph.
    Given(Arc<dyn PatternGraph>),
    /// `make-graph`
    Made(Made),
    /// `graph-where-nodes`
    Nodes(Box<Source>, Formula<ElementTerm>),
    /// `graph-where-edges`
    Edges(Box<Source>, Formula<ElementTerm>),
    /// `graph-mark-components`, with the name of the new property.
    Components(Box<Source>, ComponentKind, String),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given"),
            Self::Made(made) => made.fmt(f),
            Self::Nodes(inner, _) => write!(f, "Nodes({inner:?})"),
            Self::Edges(inner, _) => write!(f, "Edges({inner:?})"),
            Self::Components(inner, kind, _) => write!(f, "Components({inner:?}, {kind:?})"),
        }
    }
}

/// A graph out of the inputs: the first is the edges, the others are tables of nodes.
#[derive(Clone, Debug)]
pub struct Made {
    /// The columns of the edges.
    pub edges: Vec<Property>,
    /// The column of the node that an edge leaves.
    pub source: usize,
    /// The column of the node that an edge enters.
    pub target: usize,
    /// Whether edges have a direction.
    pub directed: bool,
    /// The properties of nodes.
    pub nodes: Vec<Property>,
    /// Whether the only property is the identifier.
    pub is_identifier: bool,
    /// The tables of nodes: columns, that of the identifier, and the property that each is.
    pub tables: Vec<(Vec<Property>, usize, Vec<usize>)>,
    /// The column that parts edges and nodes into graphs.
    pub parted_by: Option<String>,
}

/// What is made of a graph.
#[derive(Clone, Debug)]
pub enum Output {
    /// `graph-match`, `graph-shortest-paths`
    Matches(Box<Matches>),
    /// `graph-to-table nodes`
    Nodes {
        /// Whether the first column is the identifier.
        with_id: bool,
        /// Which properties are asked for; the columns of the others are null.
        asked: Vec<bool>,
    },
    /// `graph-to-table edges`
    Edges {
        /// Whether there is the identifier of the source.
        with_source: bool,
        /// Whether there is the identifier of the target.
        with_target: bool,
        /// Which properties are asked for; the columns of the others are null.
        asked: Vec<bool>,
    },
}

/// A search and the columns of its answer.
#[derive(Clone, Debug)]
pub struct Matches {
    /// The pattern; tests are put in when it runs.
    pub pattern: Pattern,
    /// One or all of the shortest; none for every match.
    pub shortest: Option<PathOutput>,
    /// What must hold of each node.
    pub node_tests: Vec<Vec<Formula<ElementTerm>>>,
    /// What must hold of each edge.
    pub edge_tests: Vec<Vec<Formula<ElementTerm>>>,
    /// What must hold of each node inside a path.
    pub inner_tests: Vec<Vec<Formula<ElementTerm>>>,
    /// What must hold of several together: the nodes and edges that are read.
    pub conditions: Vec<(Formula<Term>, Vec<usize>, Vec<usize>)>,
    /// The columns.
    pub columns: Vec<Formula<Term>>,
}

/// A graph operator with everything before it that makes or changes the graph.
#[derive(Debug)]
pub struct GraphOperator {
    /// The keyword.
    pub name: &'static str,
    /// The graph.
    pub source: Source,
    /// What is made of it.
    pub output: Output,
    /// The types of the columns of the answer.
    pub kinds: Vec<ScalarType>,
    /// Whether the last of these is the number of the part.
    pub numbered: bool,
    /// What the search may use.
    pub budget: Budget,
}

impl RowsOperator for GraphOperator {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let mut columns: Vec<Vec<ArrayRef>> = vec![Vec::new(); self.kinds.len()];
        let mut meter = Meter::new(self.budget);
        for (number, part) in (0_i64..).zip(self.parts(&inputs).map_err(told)?) {
            let graph = self.source.graph(part.as_ref()).map_err(told)?;
            let mut take = |mut arrays: Vec<ArrayRef>| -> Result<(), Fault> {
                if self.numbered {
                    let rows = arrays.first().map_or(0, |array| array.len());
                    arrays.push(Arc::new(Int64Array::from(vec![number; rows])));
                }
                let go_on = running.go_on().and_then(|()| running.reserve(arrays.iter().map(|array| array.get_array_memory_size()).sum()));
                go_on.map_err(fault)?;
                columns.iter_mut().zip(arrays).for_each(|(column, array)| column.push(array));
                Ok(())
            };
            match &self.output {
                Output::Matches(matches) => matches.run(&graph, &mut meter, &mut take),
                Output::Nodes { with_id, asked } => nodes(&*graph, *with_id, asked).and_then(take),
                Output::Edges { with_source, with_target, asked } => edges(&*graph, (*with_source, *with_target), asked).and_then(take),
            }
            .map_err(told)?;
        }
        if let Some(cut) = meter.cut() {
            return Err(told(cut.into()));
        }
        let joined = columns.iter().zip(&self.kinds).map(|(parts, kind)| {
            let parts: Vec<_> = parts.iter().map(|part| part.as_ref()).collect();
            if parts.is_empty() {
                Ok(new_empty_array(&arrow_type(*kind)))
            } else {
                concat(&parts).map_err(|error| KernelError::new(error.to_string()))
            }
        });
        joined.collect()
    }
}

fn told(fault: Fault) -> KernelError {
    let message = match fault.hint {
        Some(hint) => format!("{}; {hint}", fault.message),
        None => fault.message,
    };
    if fault.class == FaultClass::Limit { KernelError::passed(message) } else { KernelError::new(message) }
}

/// The tables of one graph.
struct Part {
    edges: EdgeTable,
    tables: Vec<NodeTable>,
    drops_loose_nodes: bool,
}

impl Source {
    fn made(&self) -> Option<&Made> {
        match self {
            Self::Given(_) => None,
            Self::Made(made) => Some(made),
            Self::Nodes(inner, _) | Self::Edges(inner, _) | Self::Components(inner, ..) => inner.made(),
        }
    }

    /// Makes the graph and does to it what stands before the operator.
    fn graph(&self, part: Option<&Part>) -> Result<Arc<dyn PatternGraph>, Fault> {
        if let Self::Given(graph) = self {
            return Ok(Arc::clone(graph));
        }
        Ok(Arc::new(self.transient(part)?))
    }

    fn transient(&self, part: Option<&Part>) -> Result<TransientGraph, Fault> {
        match self {
            Self::Given(graph) => Ok(TransientGraph::copy_of(&**graph)),
            Self::Made(made) => made.graph(part),
            Self::Nodes(inner, condition) => {
                let graph = inner.transient(part)?;
                let all: Vec<u32> = (0..graph.node_count() as u32).collect();
                let keep = condition.of_nodes(&graph, &all)?;
                graph.retain_nodes(arrow::array::AsArray::as_boolean(&keep))
            }
            Self::Edges(inner, condition) => {
                let graph = inner.transient(part)?;
                let keep = condition.of_edges(&graph, &graph.all_edges())?;
                graph.retain_edges(arrow::array::AsArray::as_boolean(&keep))
            }
            Self::Components(inner, kind, name) => {
                let graph = inner.transient(part)?;
                let numbers = match kind {
                    ComponentKind::Weak => weak_components(&graph),
                    ComponentKind::Strong => strong_components(&graph),
                };
                let values: ArrayRef = Arc::new(numbers.into_iter().map(i64::from).collect::<Int64Array>());
                Ok(graph.with_node_property(Property { name: name.clone(), kind: ScalarType::Long }, values))
            }
        }
    }
}

impl Made {
    fn graph(&self, part: Option<&Part>) -> Result<TransientGraph, Fault> {
        let Some(part) = part else { return Err(super::transient::internal("a graph without its tables")) };
        let nodes = match (self.is_identifier, self.nodes.first()) {
            (true, Some(id)) => NodeSource::Id(id.name.clone()),
            _ => NodeSource::Tables { properties: self.nodes.clone(), tables: part.tables.clone() },
        };
        let graph = TransientGraph::new(&part.edges, &nodes, self.directed)?;
        if !part.drops_loose_nodes {
            return Ok(graph);
        }
        let has_edges = (0..graph.node_count() as u32).map(|node| Some(graph.degree(node, super::Way::Either) > 0)).collect();
        graph.retain_nodes(&has_edges)
    }
}

impl GraphOperator {
    /// The tables of each graph that the operator works on.
    fn parts(&self, inputs: &[RecordBatch]) -> Result<Vec<Option<Part>>, Fault> {
        let Some(made) = self.source.made() else { return Ok(vec![None]) };
        let Some((edges, tables)) = inputs.split_first() else { return Err(super::transient::internal("a graph without its edges")) };
        // Columns behind those that were asked for only carry an order.
        let only = |rows: &RecordBatch, count: usize| rows.project(&(0..count).collect::<Vec<_>>()).map_err(super::transient::internal);
        let edges =
            EdgeTable { rows: only(edges, made.edges.len())?, properties: made.edges.clone(), source: made.source, target: made.target };
        let tables = made.tables.iter().zip(tables).map(|((properties, id, places), rows)| {
            Ok(NodeTable { rows: only(rows, properties.len())?, properties: properties.clone(), id: *id, places: places.clone() })
        });
        let tables = tables.collect::<Result<Vec<_>, Fault>>()?;
        let Some(column) = &made.parted_by else { return Ok(vec![Some(Part { edges, tables, drops_loose_nodes: false })]) };
        let has_column = |table: &NodeTable| table.properties.iter().any(|property| property.name == *column);
        if tables.iter().all(has_column) {
            let parts = partitions(&edges, &tables, column)?;
            return Ok(parts.into_iter().map(|(edges, tables)| Some(Part { edges, tables, drops_loose_nodes: false })).collect());
        }
        let parts = partitions(&edges, &[], column)?;
        Ok(parts.into_iter().map(|(edges, _)| Some(Part { edges, tables: tables.clone(), drops_loose_nodes: true })).collect())
    }
}

impl Matches {
    fn run(
        &self,
        graph: &Arc<dyn PatternGraph>,
        meter: &mut Meter,
        take: &mut dyn FnMut(Vec<ArrayRef>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut pattern = self.pattern.clone();
        for (node, tests) in pattern.nodes.iter_mut().zip(&self.node_tests) {
            node.test = ElementFormula::of_nodes(graph, tests);
        }
        let edge_count = graph.known_edges() as u32;
        for ((edge, tests), inner) in pattern.edges.iter_mut().zip(&self.edge_tests).zip(&self.inner_tests) {
            edge.test = ElementFormula::of_edges(graph, tests, edge_count);
            edge.inner = ElementFormula::of_nodes(graph, inner);
        }
        for (formula, nodes, edges) in &self.conditions {
            let test = Arc::new(RowFormula { graph: Arc::clone(graph), formula: formula.clone() });
            pattern.conditions.push(Condition { nodes: nodes.clone(), edges: edges.clone(), test });
        }
        let input = Rows::start(pattern.nodes.len(), pattern.edges.len());
        let mut counter = Meter::new(meter.budget());
        let mut sink = |mut rows: Rows| {
            rows.truncate(counter.take_rows(rows.len()));
            let compute = |part| {
                let rows = rows.part(part);
                self.columns.iter().map(|column| column.of_rows(&**graph, &rows)).collect::<Result<Vec<_>, _>>()
            };
            in_parts(rows.len(), compute, |columns| take(columns).map_err(told)).map_err(fault)?;
            Ok(if counter.cut().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        match self.shortest {
            None => find(&**graph, &pattern, input, meter, &mut sink)?,
            Some(output) => shortest(&**graph, &pattern, output, input, meter, &mut sink)?,
        }
        meter.join(counter);
        Ok(())
    }
}

/// Columns of properties: those that are asked for have values.
fn properties(all: &[Property], asked: &[bool], rows: usize, read: impl Fn(usize) -> ArrayRef) -> Vec<ArrayRef> {
    let column = |(place, property): (usize, &Property)| match asked.get(place) {
        Some(false) => new_null_array(&arrow_type(property.kind), rows),
        _ => super::terms::filled(property.kind, read(place)),
    };
    all.iter().enumerate().map(column).collect()
}

fn nodes(graph: &dyn PatternGraph, with_id: bool, asked: &[bool]) -> Result<Vec<ArrayRef>, Fault> {
    let all: Vec<u32> = (0..graph.node_count() as u32).collect();
    let mut columns = Vec::new();
    if with_id {
        columns.push(hashes(graph, all.iter().copied()));
    }
    columns.extend(properties(graph.node_properties(), asked, all.len(), |place| graph.node_column(place, &all)));
    Ok(columns)
}

fn edges(graph: &dyn PatternGraph, (with_source, with_target): (bool, bool), asked: &[bool]) -> Result<Vec<ArrayRef>, Fault> {
    let all = graph.all_edges();
    let mut columns = Vec::new();
    if with_source {
        columns.push(hashes(graph, all.iter().map(|edge| graph.ends(*edge).0)));
    }
    if with_target {
        columns.push(hashes(graph, all.iter().map(|edge| graph.ends(*edge).1)));
    }
    columns.extend(properties(graph.edge_properties(), asked, all.len(), |place| graph.edge_column(place, &all)));
    Ok(columns)
}

fn hashes(graph: &dyn PatternGraph, nodes: impl Iterator<Item = u32>) -> ArrayRef {
    Arc::new(nodes.map(|node| graph.node_hash(node)).collect::<Int64Array>())
}
