//! The query and its environment: the instant of the query, who asks, what the rows are.

use super::super::tree::ScalarType;
use super::table::planned;
use super::{Family, Function, Overload, Parameter, Returns, Takes, takes, takes_any};
use ScalarType::{Bool, DateTime, Dynamic, Long, String as Text};

const NAMED: &[Overload] = &[planned(&[], 0, Returns::Always(Text))];
const COLUMN_IF: &[Overload] = &[planned(&[takes("column", Text), takes_any("default")], 2, Returns::Argument(1))];

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Context, summary, overloads)
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("column_ifexists", "Gives a column if the rows have it, else the second argument.", COLUMN_IF).aliases(&["columnifexists"]),
    function("iscolumnexists", "Whether the rows have a column.", &[planned(&[takes("column", Text)], 1, Returns::Always(Bool))]),
    function("ingestion_time", "Gives the instant at which the row was taken in.", &[planned(&[], 0, Returns::Always(DateTime))])
        .differs("The instant of the event where the table does not record when it was taken in."),
    function(
        "estimate_data_size",
        "Gives about how many bytes the values of a row take.",
        &[Overload { repeat: 1, ..planned(&[Parameter { name: "column", takes: Takes::Any, constant: false }], 1, Returns::Always(Long)) }],
    ),
    function(
        "around",
        "Whether a value lies not further than a distance from another.",
        &[planned(&[takes_any("value"), takes_any("center"), takes_any("delta")], 3, Returns::Always(Bool))],
    ),
    function(
        "column_names_of",
        "Lists the names of the columns of a table.",
        &[planned(&[takes_any("table")], 1, Returns::Always(Dynamic))],
    ),
    function("current_principal", "Names who asks.", NAMED),
    function(
        "current_principal_is_member_of",
        "Whether who asks is a member of one of these groups.",
        &[Overload { repeat: 1, ..planned(&[takes_any("group")], 1, Returns::Always(Bool)) }],
    )
    .differs("False: groups of Microsoft Entra are not known."),
    function("current_principal_details", "Describes who asks.", &[planned(&[], 0, Returns::Always(Dynamic))]),
    function("current_database", "Names the data set.", NAMED),
    function("current_cluster_endpoint", "Names the server.", NAMED),
];
