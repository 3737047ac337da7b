//! The matcher against a naive one, and graphs against tables of facts.

mod budgets;
mod made;
mod naive;
mod same;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};

use super::super::tree::ScalarType;
use super::{EdgeTable, NodeSource, Property, TransientGraph};

/// A table of texts and whole numbers.
fn table(columns: &[(&str, ArrayRef)]) -> (RecordBatch, Vec<Property>) {
    let properties = columns.iter().map(|(name, column)| {
        let kind = if column.data_type() == &arrow::datatypes::DataType::Int64 { ScalarType::Long } else { ScalarType::String };
        Property { name: (*name).to_owned(), kind }
    });
    let properties = properties.collect();
    let rows =
        RecordBatch::try_from_iter(columns.iter().map(|(name, column)| (*name, Arc::clone(column)))).expect("columns are of one length");
    (rows, properties)
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values(values))
}

fn longs(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// A graph of `count` nodes with the property `id`, whose edges have a text `kind` that is their label.
fn graph(count: i64, edges: &[(u32, u32, u8)], directed: bool) -> TransientGraph {
    let kinds: Vec<&str> = edges.iter().map(|(_, _, kind)| ["A", "B", "C"][usize::from(*kind) % 3]).collect();
    let (rows, properties) = table(&[
        ("from", longs(edges.iter().map(|(from, ..)| i64::from(*from)))),
        ("to", longs(edges.iter().map(|(_, to, _)| i64::from(*to)))),
        ("kind", texts(&kinds)),
    ]);
    let edges = EdgeTable { rows, properties, source: 0, target: 1 };
    let (rows, properties) = table(&[("id", longs(0..count))]);
    let nodes = NodeSource::by_name(vec![(rows, properties, 0)]).expect("one table has one type for each column");
    TransientGraph::new(&edges, &nodes, directed).expect("identifiers have one type").labelled_by("kind")
}
