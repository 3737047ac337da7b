//! Graphs made of tables.

use arrow::array::{AsArray, BooleanArray, Int32Array};
use arrow::datatypes::Int64Type;
use std::sync::Arc;

use super::super::super::tree::ScalarType;
use super::super::{Cell, EdgeTable, NodeSource, PatternGraph, Property, TransientGraph, Way, build::partitions};
use super::{longs, table, texts};

/// Who reports to whom.
fn reports() -> EdgeTable {
    let (rows, properties) =
        table(&[("who", texts(&["Bob", "Eve", "Zoe"])), ("to", texts(&["Alice", "Bob", "Bob"])), ("team", texts(&["x", "x", "y"]))]);
    EdgeTable { rows, properties, source: 0, target: 1 }
}

fn shown(graph: &TransientGraph) -> Vec<String> {
    let text = |cell: Cell| match cell {
        Cell::Null => "-".to_owned(),
        Cell::Text(text) => text.into_owned(),
        Cell::Long(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let properties = graph.node_properties().len();
    let row = |node: u32| (0..properties).map(|property| text(graph.node_cell(property, node))).collect::<Vec<_>>().join(" ");
    (0..graph.node_count() as u32).map(row).collect()
}

#[test]
fn nodes_of_tables_come_first_and_those_of_edges_have_their_identifier_only() {
    let (people, people_columns) = table(&[("name", texts(&["Eve", "Bob"])), ("age", longs([27, 31]))]);
    let nodes = NodeSource::by_name(vec![(people, people_columns, 0)]).expect("types agree");
    let graph = TransientGraph::new(&reports(), &nodes, true).expect("types agree");
    assert_eq!(shown(&graph), ["Eve 27", "Bob 31", "Alice -", "Zoe -"]);
    assert_eq!((0..3).map(|edge| graph.ends(edge)).collect::<Vec<_>>(), [(1, 2), (0, 1), (3, 1)]);
    assert_eq!((graph.degree(1, Way::In), graph.degree(1, Way::Out), graph.degree(1, Way::Either)), (2, 1, 3));
}

#[test]
fn one_node_in_two_tables_takes_the_first_value_that_is_not_empty() {
    let (one, one_columns) = table(&[("name", texts(&["Bob", "Bob"])), ("city", texts(&["", "Rome"]))]);
    let (two, two_columns) = table(&[("city", texts(&["Oslo", "Bern"])), ("key", texts(&["Bob", "Eve"]))]);
    let nodes = NodeSource::by_name(vec![(one, one_columns, 0), (two, two_columns, 1)]).expect("types agree");
    let graph = TransientGraph::new(&reports(), &nodes, true).expect("types agree");
    let names: Vec<&str> = graph.node_properties().iter().map(|property| property.name.as_str()).collect();
    assert_eq!(names, ["name", "city", "key"]);
    assert_eq!(shown(&graph), ["Bob Rome Bob", "- Bern Eve", "Alice - -", "Zoe - -"]);
}

#[test]
fn without_tables_nodes_have_their_identifier_or_nothing() {
    let graph = TransientGraph::new(&reports(), &NodeSource::Id("name".to_owned()), true).expect("types agree");
    assert_eq!(shown(&graph), ["Bob", "Alice", "Eve", "Zoe"]);
    let graph = TransientGraph::new(&reports(), &NodeSource::none(), true).expect("types agree");
    assert_eq!(shown(&graph), ["", "", "", ""]);
}

#[test]
fn identifiers_of_different_number_types_are_the_same_nodes_and_others_are_refused() {
    let (rows, mut properties) = table(&[("a", longs([1, 2])), ("b", Arc::new(Int32Array::from(vec![2, 3])))]);
    properties[1].kind = ScalarType::Int;
    let edges = EdgeTable { rows, properties, source: 0, target: 1 };
    let graph = TransientGraph::new(&edges, &NodeSource::Id("id".to_owned()), true).expect("int widens to long");
    assert_eq!(shown(&graph), ["1", "2", "3"]);
    assert_eq!((graph.ends(0), graph.ends(1)), ((0, 1), (1, 2)));
    let (rows, properties) = table(&[("a", longs([1])), ("b", texts(&["1"]))]);
    let edges = EdgeTable { rows, properties, source: 0, target: 1 };
    let refused = TransientGraph::new(&edges, &NodeSource::none(), true).expect_err("a number is no text");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        ("graph_identifier_types", "expected identifiers of one type, found `long` and `string`")
    );
}

#[test]
fn a_name_of_a_node_is_the_same_number_in_every_graph() {
    let hash = |name: &str| {
        let (rows, properties) = table(&[("a", texts(&[name])), ("b", texts(&["x"]))]);
        let edges = EdgeTable { rows, properties, source: 0, target: 1 };
        TransientGraph::new(&edges, &NodeSource::none(), true).expect("types agree").node_hash(0)
    };
    assert_eq!(hash("Bob"), TransientGraph::new(&reports(), &NodeSource::none(), true).expect("types agree").node_hash(0));
    assert_ne!(hash("Bob"), hash("Bo"));
}

#[test]
fn nodes_and_edges_can_be_dropped() {
    let graph = TransientGraph::new(&reports(), &NodeSource::Id("name".to_owned()), true).expect("types agree");
    let kept = graph.clone().retain_nodes(&BooleanArray::from(vec![Some(true), None, Some(true), Some(false)])).expect("masks fit");
    assert_eq!((shown(&kept), kept.all_edges(), kept.ends(0)), (vec!["Bob".to_owned(), "Eve".to_owned()], vec![0], (1, 0)));
    let kept = graph.retain_edges(&BooleanArray::from(vec![false, false, true])).expect("masks fit");
    assert_eq!((kept.node_count(), kept.edge_count(), kept.ends(0)), (4, 1, (3, 0)));
    assert_eq!(kept.edge_column(0, &[0]).as_string_view().value(0), "Zoe");
}

#[test]
fn a_copy_is_the_same_graph() {
    let graph = super::graph(3, &[(0, 1, 0), (1, 2, 1), (2, 2, 0)], true);
    let copy = TransientGraph::copy_of(&graph);
    assert_eq!((shown(&copy), copy.edge_count()), (shown(&graph), 3));
    for edge in 0..3 {
        assert_eq!((copy.ends(edge), copy.edge_labels(edge)), (graph.ends(edge), graph.edge_labels(edge)));
    }
    let marked = copy.with_node_property(Property { name: "part".to_owned(), kind: ScalarType::Long }, longs([5, 6, 7]));
    assert_eq!(shown(&marked), ["0 5", "1 6", "2 7"]);
    assert_eq!(marked.node_column(1, &[2, 0]).as_primitive::<Int64Type>().values(), &[7, 5]);
}

#[test]
fn labels_are_a_text_or_an_array_of_texts() {
    let (rows, mut properties) = table(&[("a", texts(&["x", "y"])), ("b", texts(&["y", "x"])), ("is", texts(&["[\"P\",\"Q\"]", ""]))]);
    properties[2].kind = ScalarType::Dynamic;
    let edges = EdgeTable { rows, properties, source: 0, target: 1 };
    let graph = TransientGraph::new(&edges, &NodeSource::none(), true).expect("types agree").labelled_by("is");
    assert_eq!((graph.edge_labels(0), graph.edge_labels(1)), (vec!["P".to_owned(), "Q".to_owned()], Vec::new()));
    let q = graph.edge_label("Q");
    assert_eq!((q.len(), graph.edge_has(0, q[0]), graph.edge_has(1, q[0]), graph.edge_label("R")), (1, true, false, Vec::new()));
}

#[test]
fn tables_are_parted_by_a_column() {
    let (people, properties) = table(&[("name", texts(&["Bob", "Zoe"])), ("team", texts(&["x", "y"]))]);
    let NodeSource::Tables { tables, .. } = NodeSource::by_name(vec![(people, properties, 0)]).expect("types agree") else {
        panic!("tables were given")
    };
    let parts = partitions(&reports(), &tables, "team").expect("all have the column");
    let sizes: Vec<(usize, usize)> = parts.iter().map(|(edges, nodes)| (edges.rows.num_rows(), nodes[0].rows.num_rows())).collect();
    assert_eq!(sizes, [(2, 1), (1, 1)]);
    assert_eq!(parts[1].0.rows.column(0).as_string_view().value(0), "Zoe");
    assert_eq!(partitions(&reports(), &tables, "age").expect_err("none has it").code, "graph_partition_column");
}
