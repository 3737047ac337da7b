//! Neighbouring rows: functions that need rows in an order. The lowering makes windows of them.

use super::super::tree::ScalarType;
use super::table::planned;
use super::{Family, Function, Overload, Parameter, Returns, Takes, takes, takes_any, takes_constant};
use ScalarType::{Bool, DateTime, Long, Timespan};

const RESTART: Parameter = takes("restart", Bool);
const NEIGHBOUR: &[Overload] = &[planned(
    &[takes_any("value"), takes_constant("offset", Long), Parameter { name: "default", takes: Takes::Any, constant: true }],
    1,
    Returns::Argument(0),
)];
const RANK: &[Overload] =
    &[planned(&[Parameter { name: "term", takes: Takes::Plain, constant: false }, RESTART], 1, Returns::Always(Long))];

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Window, summary, overloads)
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("prev", "Gives the value of a row before this one.", NEIGHBOUR),
    function("next", "Gives the value of a row behind this one.", NEIGHBOUR),
    function(
        "row_number",
        "Counts rows from a start, again from it where `restart` holds.",
        &[planned(&[takes_constant("start", Long), RESTART], 0, Returns::Always(Long))],
    ),
    function(
        "row_cumsum",
        "Adds up the values so far, again from zero where `restart` holds.",
        &[planned(&[Parameter { name: "term", takes: Takes::Quantity, constant: false }, RESTART], 1, Returns::Argument(0))],
    ),
    function("row_rank_dense", "Counts the different values so far.", RANK),
    function("row_rank_min", "Gives the number of the first row with this value.", RANK),
    function(
        "row_window_session",
        "Gives the first instant of the session that the row belongs to.",
        &[planned(
            &[
                takes("time", DateTime),
                takes_constant("distance_from_first", Timespan),
                takes_constant("distance_between_neighbours", Timespan),
                RESTART,
            ],
            3,
            Returns::Always(DateTime),
        )],
    ),
];
