//! Aggregates that choose one row of each group.

use super::super::fold::Extreme;
use super::super::winners::Winner;
use super::*;

const RETURNED: Parameter = Parameter { name: "returned", takes: Takes::Any, constant: false };
const BY: &[Overload] = &[Overload { parameters: &[ORDERED, RETURNED], required: 1, repeat: 1, star: true, gives: Gives::Arguments }];
const EACH: &[Overload] = &[Overload { parameters: &[ANY], required: 1, repeat: 1, star: true, gives: Gives::Arguments }];
const IF: &[Overload] = &[value(&[ANY, PREDICATE], 2, Returns::Argument(0))];
const FIRST: &str = "Of rows that are equal the first is taken; Kusto takes any.";

pub(super) const ALL: &[Aggregate] = &[
    chosen(
        "arg_max",
        "Gives columns of the row with the greatest value.",
        BY,
        Naming::Arguments("max"),
        &Winner::Extreme(Extreme::Greatest),
    ),
    chosen(
        "arg_min",
        "Gives columns of the row with the smallest value.",
        BY,
        Naming::Arguments("min"),
        &Winner::Extreme(Extreme::Smallest),
    ),
    chosen(
        "argmax",
        "Gives columns of the row with the greatest value; an older name of `arg_max`.",
        BY,
        Naming::PrefixChain("max"),
        &Winner::Extreme(Extreme::Greatest),
    ),
    chosen(
        "argmin",
        "Gives columns of the row with the smallest value; an older name of `arg_min`.",
        BY,
        Naming::PrefixChain("min"),
        &Winner::Extreme(Extreme::Smallest),
    ),
    chosen(
        "take_any",
        "Gives columns of one row; of a single column a value that is not empty.",
        EACH,
        Naming::Places("any"),
        &Winner::Any,
    ),
    chosen("any", "Gives columns of one row; an older name of `take_any`.", EACH, Naming::PrefixEach("any"), &Winner::Any),
    chosen("take_anyif", "Gives a value of a row for which the predicate holds.", IF, Naming::First, &If(&Winner::AnyValue, 1)),
    chosen(
        "anyif",
        "Gives a value of a row for which the predicate holds; an older name of `take_anyif`.",
        IF,
        Naming::Prefix("anyif"),
        &If(&Winner::AnyValue, 1),
    ),
    chosen("passthrough", "Gives a value of the group.", &[value(&[ANY], 1, Returns::Argument(0))], Naming::First, &Winner::AnyValue),
];

const fn chosen(
    name: &'static str,
    summary: &'static str,
    overloads: &'static [Overload],
    naming: Naming,
    body: &'static dyn Body,
) -> Aggregate {
    Aggregate { name, aliases: &[], summary, differences: FIRST, overloads, naming, order_matters: true, body }
}
