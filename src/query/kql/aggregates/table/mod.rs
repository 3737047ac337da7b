//! The entries of the table, by what they remember of a group.

mod collections;
mod numbers;
mod rows;
mod sketches;

use super::super::functions::{Parameter, Returns, Takes};
use super::super::tree::ScalarType;
use super::naming::Naming;
use super::udaf::{Body, If};
use super::{Aggregate, Gives, Overload};

/// All entries.
pub(super) const ALL: &[&[Aggregate]] = &[numbers::ALL, rows::ALL, collections::ALL, sketches::ALL];

const ANY: Parameter = Parameter { name: "expr", takes: Takes::Any, constant: false };
const PLAIN: Parameter = Parameter { name: "expr", takes: Takes::Plain, constant: false };
const ORDERED: Parameter = Parameter { name: "expr", takes: Takes::Ordered, constant: false };
const QUANTITY: Parameter = Parameter { name: "expr", takes: Takes::Quantity, constant: false };
const PREDICATE: Parameter = Parameter { name: "predicate", takes: Takes::Only(ScalarType::Bool), constant: false };

/// A form that gives one column.
const fn value(parameters: &'static [Parameter], required: usize, returns: Returns) -> Overload {
    Overload { parameters, required, repeat: 0, star: false, gives: Gives::Value(returns) }
}

const fn entry(
    name: &'static str,
    summary: &'static str,
    overloads: &'static [Overload],
    naming: Naming,
    body: &'static dyn Body,
) -> Aggregate {
    Aggregate { name, aliases: &[], summary, differences: "", overloads, naming, order_matters: false, body }
}
