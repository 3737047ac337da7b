//! A graph that lives as long as a query: columns of properties and two lists of edges.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewArray, UInt32Array};
use arrow::compute::{filter, take};
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type};
use hashbrown::HashMap;

use crate::model::{Fault, FaultClass};

use super::super::tree::ScalarType;
use super::model::{Adjacent, Cell, PatternGraph, Property, Way};

/// A graph made from tables.
#[derive(Clone, Debug)]
pub struct TransientGraph {
    nodes: Elements,
    edges: Elements,
    keys: Keys,
    sources: Vec<u32>,
    targets: Vec<u32>,
    out: Lists,
    into: Lists,
    is_directed: bool,
    label_names: Vec<String>,
}

/// What names the nodes: a number, and the identifier as text.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) hashes: Vec<i64>,
    pub(super) names: StringViewArray,
}

/// Nodes or edges: how many, their properties and labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Elements {
    pub(super) count: usize,
    pub(super) properties: Vec<Property>,
    pub(super) columns: Vec<ArrayRef>,
    /// Numbers of labels; empty if none has any.
    pub(super) labels: Vec<Vec<u32>>,
}

/// The edges of every node, one list behind the other.
#[derive(Clone, Debug, Default)]
struct Lists {
    starts: Vec<u32>,
    entries: Vec<Adjacent>,
}

impl Lists {
    fn new(nodes: usize, near: &[u32], far: &[u32]) -> Self {
        let mut starts = vec![0u32; nodes + 1];
        for node in near {
            starts[*node as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut at = starts.clone();
        let mut entries = vec![Adjacent { edge: 0, node: 0 }; near.len()];
        for (edge, (near, far)) in near.iter().zip(far).enumerate() {
            let place = &mut at[*near as usize];
            entries[*place as usize] = Adjacent { edge: edge as u32, node: *far };
            *place += 1;
        }
        Self { starts, entries }
    }

    fn of(&self, node: u32) -> &[Adjacent] {
        let node = node as usize;
        &self.entries[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}

impl TransientGraph {
    /// Joins elements to a graph.
    pub(super) fn from_parts(
        nodes: Elements,
        edges: Elements,
        keys: Keys,
        ends: (Vec<u32>, Vec<u32>),
        is_directed: bool,
        label_names: Vec<String>,
    ) -> Self {
        let (sources, targets) = ends;
        let out = Lists::new(nodes.count, &sources, &targets);
        let into = Lists::new(nodes.count, &targets, &sources);
        Self { nodes, edges, keys, sources, targets, out, into, is_directed, label_names }
    }

    /// Copies a graph, so that it can be changed.
    pub fn copy_of(graph: &dyn PatternGraph) -> Self {
        let all: Vec<u32> = (0..graph.node_count() as u32).collect();
        let edges = graph.all_edges();
        let mut label_names: Vec<String> = Vec::new();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut number = |labels: Vec<String>| -> Vec<u32> {
            let one = |label: String| {
                *numbers.entry(label).or_insert_with_key(|label| {
                    label_names.push(label.clone());
                    label_names.len() as u32 - 1
                })
            };
            labels.into_iter().map(one).collect()
        };
        let node_part = Elements {
            count: all.len(),
            properties: graph.node_properties().to_vec(),
            columns: (0..graph.node_properties().len()).map(|property| graph.node_column(property, &all)).collect(),
            labels: all.iter().map(|node| number(graph.node_labels(*node))).collect(),
        };
        let edge_part = Elements {
            count: edges.len(),
            properties: graph.edge_properties().to_vec(),
            columns: (0..graph.edge_properties().len()).map(|property| graph.edge_column(property, &edges)).collect(),
            labels: edges.iter().map(|edge| number(graph.edge_labels(*edge))).collect(),
        };
        let names = all.iter().map(|node| Some(graph.node_id(*node))).collect();
        let keys = Keys { hashes: all.iter().map(|node| graph.node_hash(*node)).collect(), names };
        let ends = edges.iter().map(|edge| graph.ends(*edge)).unzip();
        Self::from_parts(node_part, edge_part, keys, ends, true, label_names)
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.edges.count
    }

    /// Keeps the marked nodes and the edges between them.
    pub fn retain_nodes(self, keep: &BooleanArray) -> Result<Self, Fault> {
        let is_kept = |node: u32| keep.is_valid(node as usize) && keep.value(node as usize);
        let edges: BooleanArray = self.sources.iter().zip(&self.targets).map(|(a, b)| Some(is_kept(*a) && is_kept(*b))).collect();
        let graph = self.retain_edges(&edges)?;
        let mut names = vec![u32::MAX; graph.nodes.count];
        let mut next = 0;
        for node in 0..graph.nodes.count as u32 {
            if is_kept(node) {
                names[node as usize] = next;
                next += 1;
            }
        }
        let renamed = |nodes: &[u32]| nodes.iter().map(|node| names[*node as usize]).collect::<Vec<u32>>();
        let ends = (renamed(&graph.sources), renamed(&graph.targets));
        let hashes = (0..).zip(&graph.keys.hashes).filter(|(node, _)| is_kept(*node)).map(|(_, hash)| *hash).collect();
        let texts = (0..).zip(&graph.keys.names).filter(|(node, _)| is_kept(*node)).map(|(_, name)| name).collect();
        let keys = Keys { hashes, names: texts };
        Ok(Self::from_parts(graph.nodes.retain(keep)?, graph.edges, keys, ends, graph.is_directed, graph.label_names))
    }

    /// Keeps the marked edges and all nodes.
    pub fn retain_edges(self, keep: &BooleanArray) -> Result<Self, Fault> {
        let is_kept = |edge: usize| keep.is_valid(edge) && keep.value(edge);
        let ends = |nodes: &[u32]| nodes.iter().enumerate().filter(|(edge, _)| is_kept(*edge)).map(|(_, node)| *node).collect();
        let ends = (ends(&self.sources), ends(&self.targets));
        Ok(Self::from_parts(self.nodes, self.edges.retain(keep)?, self.keys, ends, self.is_directed, self.label_names))
    }

    /// Adds a property to the nodes, in the place of one with the same name.
    #[must_use]
    pub fn with_node_property(mut self, property: Property, values: ArrayRef) -> Self {
        match self.nodes.properties.iter().position(|old| old.name == property.name) {
            Some(place) => {
                self.nodes.properties[place] = property;
                self.nodes.columns[place] = values;
            }
            None => {
                self.nodes.properties.push(property);
                self.nodes.columns.push(values);
            }
        }
        self
    }

    /// Takes the labels of nodes and edges from a property: a text, or an array of texts.
    #[must_use]
    pub fn labelled_by(mut self, property: &str) -> Self {
        let mut names = Vec::new();
        let mut numbers = HashMap::new();
        for elements in [&mut self.nodes, &mut self.edges] {
            let Some(place) = elements.properties.iter().position(|one| one.name == property) else { continue };
            let (kind, column) = (elements.properties[place].kind, &elements.columns[place]);
            elements.labels = (0..elements.count)
                .map(|element| {
                    let texts = label_texts(&cell(kind, column, element));
                    let number = |text: String| {
                        *numbers.entry(text).or_insert_with_key(|text: &String| {
                            names.push(text.clone());
                            names.len() as u32 - 1
                        })
                    };
                    texts.into_iter().map(number).collect()
                })
                .collect();
        }
        self.label_names = names;
        self
    }

    fn label_number(&self, name: &str) -> Vec<u32> {
        self.label_names.iter().position(|label| label == name).map(|at| at as u32).into_iter().collect()
    }
}

/// The labels that a value names.
fn label_texts(cell: &Cell) -> Vec<String> {
    match cell {
        Cell::Text(text) if !text.is_empty() => vec![text.clone().into_owned()],
        Cell::Json(json) => match serde_json::from_str(json) {
            Ok(serde_json::Value::String(text)) => vec![text],
            Ok(serde_json::Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

impl Elements {
    fn retain(self, keep: &BooleanArray) -> Result<Self, Fault> {
        let columns = self.columns.iter().map(|column| filter(column, keep)).collect::<Result<Vec<ArrayRef>, _>>().map_err(internal)?;
        let is_kept = |element: &usize| keep.is_valid(*element) && keep.value(*element);
        let labels = (0..self.labels.len()).filter(is_kept).map(|element| self.labels[element].clone()).collect();
        Ok(Self { count: (0..self.count).filter(is_kept).count(), properties: self.properties, columns, labels })
    }

    fn has(&self, element: u32, label: u32) -> bool {
        self.labels.get(element as usize).is_some_and(|labels| labels.contains(&label))
    }

    fn texts(&self, element: u32, names: &[String]) -> Vec<String> {
        self.labels.get(element as usize).map_or_else(Vec::new, |all| all.iter().map(|label| names[*label as usize].clone()).collect())
    }

    fn column(&self, property: usize, elements: &[u32]) -> ArrayRef {
        let column = &self.columns[property];
        take(column, &UInt32Array::from(elements.to_vec()), None).expect("elements of the graph lie in its columns")
    }
}

impl PatternGraph for TransientGraph {
    fn node_count(&self) -> usize {
        self.nodes.count
    }

    fn adjacent(&self, node: u32, way: Way, into: &mut Vec<Adjacent>) {
        let way = if self.is_directed { way } else { Way::Either };
        if way != Way::In {
            into.extend_from_slice(self.out.of(node));
        }
        match way {
            Way::Out => {}
            Way::In => into.extend_from_slice(self.into.of(node)),
            Way::Either => into.extend(self.into.of(node).iter().filter(|adjacent| adjacent.node != node)),
        }
    }

    fn ends(&self, edge: u32) -> (u32, u32) {
        (self.sources[edge as usize], self.targets[edge as usize])
    }

    fn degree(&self, node: u32, way: Way) -> usize {
        let (out, into) = (self.out.of(node).len(), self.into.of(node).len());
        match way {
            _ if !self.is_directed => out + into,
            Way::Out => out,
            Way::In => into,
            Way::Either => out + into,
        }
    }

    fn known_edges(&self) -> usize {
        self.edges.count
    }

    fn all_edges(&self) -> Vec<u32> {
        (0..self.edges.count as u32).collect()
    }

    fn node_label(&self, name: &str) -> Vec<u32> {
        self.label_number(name)
    }

    fn edge_label(&self, name: &str) -> Vec<u32> {
        self.label_number(name)
    }

    fn node_has(&self, node: u32, label: u32) -> bool {
        self.nodes.has(node, label)
    }

    fn edge_has(&self, edge: u32, label: u32) -> bool {
        self.edges.has(edge, label)
    }

    fn node_labels(&self, node: u32) -> Vec<String> {
        self.nodes.texts(node, &self.label_names)
    }

    fn edge_labels(&self, edge: u32) -> Vec<String> {
        self.edges.texts(edge, &self.label_names)
    }

    fn node_hash(&self, node: u32) -> i64 {
        self.keys.hashes[node as usize]
    }

    fn node_id(&self, node: u32) -> String {
        self.keys.names.value(node as usize).to_owned()
    }

    fn node_properties(&self) -> &[Property] {
        &self.nodes.properties
    }

    fn edge_properties(&self) -> &[Property] {
        &self.edges.properties
    }

    fn node_cell(&self, property: usize, node: u32) -> Cell<'_> {
        cell(self.nodes.properties[property].kind, &self.nodes.columns[property], node as usize)
    }

    fn edge_cell(&self, property: usize, edge: u32) -> Cell<'_> {
        cell(self.edges.properties[property].kind, &self.edges.columns[property], edge as usize)
    }

    fn node_column(&self, property: usize, nodes: &[u32]) -> ArrayRef {
        self.nodes.column(property, nodes)
    }

    fn edge_column(&self, property: usize, edges: &[u32]) -> ArrayRef {
        self.edges.column(property, edges)
    }
}

/// One value of a column in the form of its type.
pub(super) fn cell(kind: ScalarType, column: &ArrayRef, row: usize) -> Cell<'_> {
    if column.is_null(row) {
        return Cell::Null;
    }
    let long = || column.as_primitive::<Int64Type>().value(row);
    let text = || column.as_string_view().value(row).into();
    match kind {
        ScalarType::Bool => Cell::Bool(column.as_boolean().value(row)),
        ScalarType::Int => Cell::Long(column.as_primitive::<Int32Type>().value(row).into()),
        ScalarType::Long => Cell::Long(long()),
        ScalarType::DateTime => Cell::Instant(long()),
        ScalarType::Timespan => Cell::Duration(long()),
        ScalarType::Real => Cell::Real(column.as_primitive::<Float64Type>().value(row)),
        ScalarType::Decimal => Cell::Decimal(column.as_primitive::<Decimal128Type>().value(row)),
        ScalarType::String | ScalarType::Guid => Cell::Text(text()),
        ScalarType::Dynamic => Cell::Json(text()),
    }
}

pub(super) fn internal(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultClass::Internal, "graph_internal", error.to_string())
}
