//! Aggregates that gather values into one dynamic value.

use super::super::collect::{Collect, Shape, VALUES_MAX, VALUES_MAX_BEFORE};
use super::super::schema::Describe;
use super::*;

const DYNAMIC: Returns = Returns::Always(ScalarType::Dynamic);
const SIZE: Parameter = Parameter { name: "maxSize", takes: Takes::Only(ScalarType::Long), constant: true };
const BAG: Parameter = Parameter { name: "expr", takes: Takes::Only(ScalarType::Dynamic), constant: false };
const VALUES: &[Overload] = &[value(&[ANY, SIZE], 1, DYNAMIC)];
const VALUES_IF: &[Overload] = &[value(&[ANY, PREDICATE, SIZE], 2, DYNAMIC)];
const BAGS: &[Overload] = &[value(&[BAG, SIZE], 1, DYNAMIC)];
const BAGS_IF: &[Overload] = &[value(&[BAG, PREDICATE, SIZE], 2, DYNAMIC)];

const LIST: Collect = Collect(Shape::List, VALUES_MAX);
const SET: Collect = Collect(Shape::Set, VALUES_MAX);
const BAG_OF: Collect = Collect(Shape::Bag, VALUES_MAX);

pub(super) const ALL: &[Aggregate] = &[
    gathered("make_list", "Gives an array of all values that are not null.", VALUES, Naming::Prefix("list"), &LIST),
    gathered(
        "makelist",
        "Gives an array of the first 128 values; an older name of `make_list`.",
        VALUES,
        Naming::Prefix("list"),
        &Collect(Shape::List, VALUES_MAX_BEFORE),
    ),
    gathered(
        "make_list_if",
        "Gives an array of the values of the rows for which the predicate holds.",
        VALUES_IF,
        Naming::Prefix("list"),
        &If(&LIST, 1),
    ),
    gathered(
        "make_list_with_nulls",
        "Gives an array of all values, nulls among them.",
        &[value(&[ANY], 1, DYNAMIC)],
        Naming::Prefix("list"),
        &Collect(Shape::ListWithNulls, VALUES_MAX),
    ),
    gathered("make_set", "Gives an array of the values that differ.", VALUES, Naming::Prefix("set"), &SET),
    gathered(
        "makeset",
        "Gives an array of the first 128 values that differ; an older name of `make_set`.",
        VALUES,
        Naming::Prefix("set"),
        &Collect(Shape::Set, VALUES_MAX_BEFORE),
    ),
    gathered(
        "make_set_if",
        "Gives an array of the values that differ among the rows for which the predicate holds.",
        VALUES_IF,
        Naming::Prefix("set"),
        &If(&SET, 1),
    ),
    gathered("make_bag", "Gives a bag of the properties of all bags.", BAGS, Naming::Prefix("bag"), &BAG_OF),
    gathered(
        "make_bag_if",
        "Gives a bag of the properties of the bags for which the predicate holds.",
        BAGS_IF,
        Naming::Prefix("bag"),
        &If(&BAG_OF, 1),
    ),
    gathered(
        "make_dictionary",
        "Gives a bag of the first 128 properties of all bags; an older name of `make_bag`.",
        BAGS,
        Naming::Prefix("dictionary"),
        &Collect(Shape::Bag, VALUES_MAX_BEFORE),
    ),
    entry(
        "buildschema",
        "Describes the types that occur in all values.",
        &[value(&[BAG], 1, DYNAMIC)],
        Naming::Prefix("schema"),
        &Describe,
    ),
];

const fn gathered(
    name: &'static str,
    summary: &'static str,
    overloads: &'static [Overload],
    naming: Naming,
    body: &'static dyn Body,
) -> Aggregate {
    Aggregate { name, aliases: &[], summary, differences: "", overloads, naming, order_matters: true, body }
}
