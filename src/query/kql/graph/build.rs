//! Makes a graph from tables: the identifiers of nodes may have any type, what only edges name exists too.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, new_null_array};
use arrow::compute::{cast, filter_record_batch, interleave};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use hashbrown::HashMap;

use crate::model::{Fault, FaultClass};

use super::super::functions::hashes;
use super::super::tree::ScalarType;
use super::super::types::{arrow_type, common_type};
use super::model::Property;
use super::transient::{Elements, Keys, TransientGraph, internal};

/// Edges: each row is one.
#[derive(Clone, Debug)]
pub struct EdgeTable {
    /// The rows, in the forms of their types.
    pub rows: RecordBatch,
    /// The columns.
    pub properties: Vec<Property>,
    /// The column that names the node an edge leaves.
    pub source: usize,
    /// The column that names the node an edge enters.
    pub target: usize,
}

/// Nodes: each row is one; rows with the same identifier are one node.
#[derive(Clone, Debug)]
pub struct NodeTable {
    /// The rows, in the forms of their types.
    pub rows: RecordBatch,
    /// The columns.
    pub properties: Vec<Property>,
    /// The column with the identifier.
    pub id: usize,
    /// The property of the graph that each column is.
    pub places: Vec<usize>,
}

/// Where the properties of nodes come from.
#[derive(Clone, Debug)]
pub enum NodeSource {
    /// From tables; of two values for one property of one node, the first that is not empty.
    Tables {
        /// The properties of all of them together.
        properties: Vec<Property>,
        /// The tables.
        tables: Vec<NodeTable>,
    },
    /// From the edges: the identifier is the only property and has this name.
    Id(String),
}

impl NodeSource {
    /// No properties at all.
    pub fn none() -> Self {
        Self::Tables { properties: Vec::new(), tables: Vec::new() }
    }

    /// Tables whose columns with the same name are one property; each comes with its columns and that of the identifier.
    pub fn by_name(parts: Vec<(RecordBatch, Vec<Property>, usize)>) -> Result<Self, Fault> {
        let mut properties: Vec<Property> = Vec::new();
        let mut tables = Vec::with_capacity(parts.len());
        for (rows, columns, id) in parts {
            let place = |column: &Property| match properties.iter_mut().enumerate().find(|(_, old)| old.name == column.name) {
                None => {
                    properties.push(column.clone());
                    Ok(properties.len() - 1)
                }
                Some((place, old)) => {
                    old.kind = common_type(old.kind, column.kind).ok_or_else(|| {
                        let (name, old, new) = (&column.name, old.kind.as_str(), column.kind.as_str());
                        let message = format!("expected one type for the property `{name}`, found `{old}` and `{new}`");
                        Fault::new(FaultClass::Invalid, "graph_property_types", message).with_hint("convert or rename one of the columns")
                    })?;
                    Ok(place)
                }
            };
            let places = columns.iter().map(place).collect::<Result<Vec<_>, Fault>>()?;
            tables.push(NodeTable { rows, properties: columns, id, places });
        }
        Ok(Self::Tables { properties, tables })
    }
}

impl TransientGraph {
    /// Makes a graph from a table of edges and what is known of its nodes.
    pub fn new(edges: &EdgeTable, nodes: &NodeSource, is_directed: bool) -> Result<Self, Fault> {
        let tables = match nodes {
            NodeSource::Tables { tables, .. } => tables.as_slice(),
            NodeSource::Id(_) => &[],
        };
        let ids = Identifiers::new(edges, tables)?;
        let (found, sources, targets) = ids.number();
        let named = found.take_ids(&ids)?;
        let names = cast(&named, &DataType::Utf8View).map_err(internal)?;
        let keys = Keys { hashes: hashes(&named, ids.kind), names: names.as_string_view().clone() };
        let node_part = match nodes {
            NodeSource::Id(name) => Elements {
                count: found.firsts.len(),
                properties: vec![Property { name: name.clone(), kind: ids.kind }],
                columns: vec![named],
                labels: Vec::new(),
            },
            NodeSource::Tables { properties, tables } => {
                let columns = properties.iter().enumerate().map(|(n, property)| found.property(n, property, tables, &named));
                Elements {
                    count: found.firsts.len(),
                    properties: properties.clone(),
                    columns: columns.collect::<Result<Vec<_>, Fault>>()?,
                    labels: Vec::new(),
                }
            }
        };
        let edge_part = Elements {
            count: edges.rows.num_rows(),
            properties: edges.properties.clone(),
            columns: formed(&edges.rows, &edges.properties)?,
            labels: Vec::new(),
        };
        Ok(Self::from_parts(node_part, edge_part, keys, (sources, targets), is_directed, Vec::new()))
    }
}

/// Splits tables by a column that all of them have: one group of rows for each value that the edges have, in their order.
pub fn partitions(edges: &EdgeTable, nodes: &[NodeTable], column: &str) -> Result<Vec<(EdgeTable, Vec<NodeTable>)>, Fault> {
    let place = |properties: &[Property]| {
        properties.iter().position(|property| property.name == column).ok_or_else(|| {
            let message = format!("expected the column `{column}` in the edges and in every table of nodes");
            Fault::new(FaultClass::Invalid, "graph_partition_column", message)
        })
    };
    let edge_place = place(&edges.properties)?;
    let kind = edges.properties[edge_place].kind;
    let mut columns = vec![Arc::clone(edges.rows.column(edge_place))];
    for table in nodes {
        columns.push(Arc::clone(table.rows.column(place(&table.properties)?)));
    }
    let columns = columns.iter().map(|column| cast(column, &arrow_type(kind)).map_err(internal)).collect::<Result<Vec<_>, Fault>>()?;
    let converter = RowConverter::new(vec![SortField::new(arrow_type(kind))]).map_err(internal)?;
    let keys = columns.iter().map(|column| converter.convert_columns(&[Arc::clone(column)]).map_err(internal));
    let keys = keys.collect::<Result<Vec<Rows>, Fault>>()?;
    let mut groups: Vec<&[u8]> = Vec::new();
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    for row in &keys[0] {
        known.entry(row.data()).or_insert_with_key(|key| {
            groups.push(key);
            groups.len() as u32 - 1
        });
    }
    let only = |rows: &RecordBatch, keys: &Rows, group: &[u8]| {
        let mask = keys.iter().map(|row| Some(row.data() == group)).collect();
        filter_record_batch(rows, &mask).map_err(internal)
    };
    let mut parts = Vec::with_capacity(groups.len());
    for group in groups {
        let edges = EdgeTable { rows: only(&edges.rows, &keys[0], group)?, ..edges.clone() };
        let tables =
            nodes.iter().zip(&keys[1..]).map(|(table, keys)| Ok(NodeTable { rows: only(&table.rows, keys, group)?, ..table.clone() }));
        parts.push((edges, tables.collect::<Result<Vec<_>, Fault>>()?));
    }
    Ok(parts)
}

/// The columns with identifiers in one type: those of the node tables, then sources, then targets.
struct Identifiers {
    kind: ScalarType,
    columns: Vec<ArrayRef>,
    bytes: Vec<Rows>,
}

impl Identifiers {
    fn new(edges: &EdgeTable, tables: &[NodeTable]) -> Result<Self, Fault> {
        let mut columns: Vec<(ScalarType, &ArrayRef)> = Vec::new();
        for table in tables {
            columns.push((table.properties[table.id].kind, table.rows.column(table.id)));
        }
        for end in [edges.source, edges.target] {
            columns.push((edges.properties[end].kind, edges.rows.column(end)));
        }
        let mut kind = edges.properties[edges.source].kind;
        for (other, _) in &columns {
            kind = common_type(kind, *other).ok_or_else(|| {
                let message = format!("expected identifiers of one type, found `{}` and `{}`", kind.as_str(), other.as_str());
                Fault::new(FaultClass::Invalid, "graph_identifier_types", message).with_hint("convert one of the columns")
            })?;
        }
        let columns = columns.iter().map(|(_, column)| cast(column, &arrow_type(kind)).map_err(internal));
        let columns = columns.collect::<Result<Vec<_>, Fault>>()?;
        let converter = RowConverter::new(vec![SortField::new(arrow_type(kind))]).map_err(internal)?;
        let bytes = columns.iter().map(|column| converter.convert_columns(&[Arc::clone(column)]).map_err(internal));
        let bytes = bytes.collect::<Result<Vec<Rows>, Fault>>()?;
        Ok(Self { kind, columns, bytes })
    }

    /// Numbers the nodes in the order in which they are met; gives the ends of the edges too.
    fn number(&self) -> (Nodes, Vec<u32>, Vec<u32>) {
        let mut known: HashMap<&[u8], u32> = HashMap::new();
        let mut nodes = Nodes { firsts: Vec::new(), of_rows: Vec::new() };
        let tables = self.bytes.len() - 2;
        let mut number = |column: usize, row: usize, firsts: &mut Vec<(usize, usize)>| {
            *known.entry(self.bytes[column].row(row).data()).or_insert_with(|| {
                firsts.push((column, row));
                firsts.len() as u32 - 1
            })
        };
        for table in 0..tables {
            let rows = (0..self.bytes[table].num_rows()).map(|row| number(table, row, &mut nodes.firsts)).collect();
            nodes.of_rows.push(rows);
        }
        let (mut sources, mut targets) = (Vec::new(), Vec::new());
        for row in 0..self.bytes[tables].num_rows() {
            sources.push(number(tables, row, &mut nodes.firsts));
            targets.push(number(tables + 1, row, &mut nodes.firsts));
        }
        (nodes, sources, targets)
    }
}

/// The nodes that were met.
struct Nodes {
    /// Column and row of the identifier where each was met first.
    firsts: Vec<(usize, usize)>,
    /// The node of every row of every table.
    of_rows: Vec<Vec<u32>>,
}

impl Nodes {
    fn take_ids(&self, ids: &Identifiers) -> Result<ArrayRef, Fault> {
        let columns: Vec<&dyn Array> = ids.columns.iter().map(|column| column.as_ref()).collect();
        if self.firsts.is_empty() {
            return Ok(new_null_array(&arrow_type(ids.kind), 0));
        }
        interleave(&columns, &self.firsts).map_err(internal)
    }

    /// One property of all nodes, put together from the tables. A node that only edges name has its identifier.
    fn property(&self, n: usize, property: &Property, tables: &[NodeTable], ids: &ArrayRef) -> Result<ArrayRef, Fault> {
        let wanted = arrow_type(property.kind);
        let count = self.firsts.len();
        if count == 0 {
            return Ok(new_null_array(&wanted, 0));
        }
        let ids = cast(ids, &wanted).map_err(internal)?;
        let mut columns: Vec<ArrayRef> = vec![new_null_array(&wanted, 1), ids];
        let mut places: Vec<(usize, usize)> = vec![(0, 0); count];
        for (table, nodes) in tables.iter().zip(&self.of_rows) {
            let Some(place) = table.places.iter().position(|place| *place == n) else { continue };
            let column = cast(table.rows.column(place), &wanted).map_err(internal)?;
            let source = columns.len();
            for (row, node) in nodes.iter().enumerate() {
                if places[*node as usize].0 == 0 && !is_empty(&column, row) {
                    places[*node as usize] = (source, row);
                }
            }
            columns.push(column);
        }
        if tables.first().is_some_and(|table| table.places[table.id] == n) {
            for (node, (first, _)) in self.firsts.iter().enumerate() {
                if *first >= tables.len() {
                    places[node] = (1, node);
                }
            }
        }
        let columns: Vec<&dyn Array> = columns.iter().map(|column| column.as_ref()).collect();
        interleave(&columns, &places).map_err(internal)
    }
}

fn is_empty(column: &ArrayRef, row: usize) -> bool {
    column.is_null(row) || column.as_string_view_opt().is_some_and(|texts| texts.value(row).is_empty())
}

fn formed(rows: &RecordBatch, properties: &[Property]) -> Result<Vec<ArrayRef>, Fault> {
    let column = |(column, property): (&ArrayRef, &Property)| cast(column, &arrow_type(property.kind)).map_err(internal);
    rows.columns().iter().zip(properties).map(column).collect()
}
