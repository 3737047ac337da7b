//! Functions of the elements of graphs, which stand only in the operators of graphs, and of the entities that rows name.

use super::super::tree::ScalarType;
use super::table::planned;
use super::{Family, Function, Overload, Returns, takes, takes_any, takes_constant};
use ScalarType::{Bool, Dynamic, Long, String as Text};

const DEGREE: &[Overload] = &[planned(&[takes_any("node")], 0, Returns::Always(Long))];
const QUANTIFIER: &[Overload] = &[planned(&[takes_any("edges"), takes("condition", Bool)], 2, Returns::Always(Bool))];

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Graph, summary, overloads)
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("node_degree_in", "Counts the edges that enter a node.", DEGREE),
    function("node_degree_out", "Counts the edges that leave a node.", DEGREE),
    function("node_id", "Gives the identifier of a node as text.", &[planned(&[takes_any("node")], 0, Returns::Always(Text))]),
    function(
        "labels",
        "Gives the labels of a node or edge; a graph made from tables has none.",
        &[planned(&[takes_any("element")], 0, Returns::Always(Dynamic))],
    ),
    function("all", "Whether a condition holds for all edges of a path; true if there is none.", QUANTIFIER),
    function("any", "Whether a condition holds for any edge of a path.", QUANTIFIER),
    function(
        "map",
        "Gives an array of values, one for each edge of a path.",
        &[planned(&[takes_any("edges"), takes_any("value")], 2, Returns::Always(Dynamic))],
    ),
    function(
        "has_entity",
        "Whether a row names an entity: its `_Entities`, and the keys of the entity as an array, which exploration queries are given.",
        &[planned(&[takes("entities", Dynamic), takes_constant("entity", Dynamic)], 2, Returns::Always(Bool))],
    )
    .differs("Not part of Kusto. The index of entities that each file carries finds the rows."),
    function(
        "inner_nodes",
        "Stands for the nodes between the edges of a path, inside of `all`, `any` and `map`.",
        &[planned(&[takes_any("edge")], 1, Returns::Always(Dynamic))],
    ),
];
