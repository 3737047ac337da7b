//! Conditions and nulls. The lowering builds all of them out of expressions of the plan.

use super::super::tree::ScalarType;
use super::table::planned;
use super::{Family, Function, Overload, Parameter, Returns, Takes, takes, takes_any};
use ScalarType::{Bool, String as Text};

const VALUE: Parameter = takes_any("value");
const CONDITION: Parameter = takes("condition", Bool);
const NULLNESS: &[Overload] = &[planned(&[VALUE], 1, Returns::Always(Bool))];

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Condition, summary, overloads)
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("not", "Whether the condition does not hold; null for null.", &[planned(&[CONDITION], 1, Returns::Always(Bool))]),
    function("isnull", "Whether the value is null; texts never are.", NULLNESS),
    function("isnotnull", "Whether the value is not null; texts never are null.", NULLNESS).aliases(&["notnull"]),
    function(
        "iff",
        "Gives the second argument where the condition holds, else the third.",
        &[planned(&[CONDITION, takes_any("then"), takes_any("else")], 3, Returns::Common(1))],
    )
    .aliases(&["iif"]),
    function(
        "case",
        "Gives the value behind the first condition that holds, else the last argument.",
        &[Overload {
            repeat: 2,
            ..planned(
                &[CONDITION, takes_any("then"), Parameter { name: "else", takes: Takes::Any, constant: false }],
                3,
                Returns::Common(1),
            )
        }],
    ),
    function(
        "coalesce",
        "Gives the first argument that is neither null nor an empty text.",
        &[Overload { repeat: 1, ..planned(&[VALUE, VALUE], 2, Returns::Common(0)) }],
    ),
    function(
        "assert",
        "Ends the query with the message where the condition does not hold.",
        &[planned(&[CONDITION, Parameter { name: "message", takes: Takes::Only(Text), constant: true }], 2, Returns::Always(Bool))],
    ),
];
