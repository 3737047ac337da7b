//! Counts, sums, extremes, means, bits and moments.

use super::super::fold::{Bits, Count, Extreme, Mean, Sum, divided, widened};
use super::super::moments::Moment;
use super::*;

const LONG: Returns = Returns::Always(ScalarType::Long);
const REAL: Returns = Returns::Always(ScalarType::Real);
const SAME: Returns = Returns::Argument(0);

const QUANTITY_IF: &[Parameter] = &[QUANTITY, PREDICATE];
const ORDERED_IF: &[Parameter] = &[ORDERED, PREDICATE];
const X: Parameter = Parameter { name: "x", takes: Takes::Number, constant: false };
const Y: Parameter = Parameter { name: "y", takes: Takes::Number, constant: false };
const PAIR: &[Overload] = &[value(&[X, Y], 2, REAL)];
const PAIR_IF: &[Overload] = &[value(&[X, Y, PREDICATE], 3, REAL)];
const MEASURE: Parameter = Parameter { name: "expr", takes: Takes::Number, constant: false };
const MEASURES: &[Overload] = &[value(&[MEASURE], 1, REAL)];
const MEASURES_IF: &[Overload] = &[value(&[MEASURE, PREDICATE], 2, REAL)];
const WHOLE: &[Overload] = &[
    value(&[Parameter { name: "expr", takes: Takes::Only(ScalarType::Int), constant: false }], 1, SAME),
    value(&[Parameter { name: "expr", takes: Takes::Only(ScalarType::Long), constant: false }], 1, SAME),
];

pub(super) const ALL: &[Aggregate] = &[
    entry("count", "Counts the rows of the group.", &[value(&[], 0, LONG)], Naming::Prefix("count"), &Count),
    entry("cnt", "Counts the rows of the group; an older name of `count`.", &[value(&[], 0, LONG)], Naming::Prefix("cnt"), &Count),
    entry(
        "countif",
        "Counts the rows for which the predicate holds.",
        &[value(&[PREDICATE], 1, LONG)],
        Naming::Prefix("countif"),
        &If(&Count, 0),
    ),
    entry("sum", "Adds up the values; 0 if there is none.", &[value(&[QUANTITY], 1, Returns::By(widened))], Naming::Prefix("sum"), &Sum),
    entry(
        "sumif",
        "Adds up the values of the rows for which the predicate holds.",
        &[value(QUANTITY_IF, 2, Returns::By(widened))],
        Naming::Prefix("sumif"),
        &If(&Sum, 1),
    ),
    entry("min", "Gives the smallest value.", &[value(&[ORDERED], 1, SAME)], Naming::Prefix("min"), &Extreme::Smallest),
    entry(
        "minif",
        "Gives the smallest value of the rows for which the predicate holds.",
        &[value(ORDERED_IF, 2, SAME)],
        Naming::Prefix("minif"),
        &If(&Extreme::Smallest, 1),
    ),
    entry("max", "Gives the greatest value.", &[value(&[ORDERED], 1, SAME)], Naming::Prefix("max"), &Extreme::Greatest),
    entry(
        "maxif",
        "Gives the greatest value of the rows for which the predicate holds.",
        &[value(ORDERED_IF, 2, SAME)],
        Naming::Prefix("maxif"),
        &If(&Extreme::Greatest, 1),
    ),
    entry(
        "avg",
        "Gives the mean of the values; not a number if there is none.",
        &[value(&[QUANTITY], 1, Returns::By(divided))],
        Naming::Prefix("avg"),
        &Mean,
    ),
    entry(
        "avgif",
        "Gives the mean of the values of the rows for which the predicate holds.",
        &[value(QUANTITY_IF, 2, Returns::By(divided))],
        Naming::Prefix("avgif"),
        &If(&Mean, 1),
    ),
    entry("binary_all_and", "Gives the bits that all values have.", WHOLE, Naming::First, &Bits::And),
    entry("binary_all_or", "Gives the bits that any value has.", WHOLE, Naming::First, &Bits::Or),
    entry("binary_all_xor", "Gives the bits that an odd number of values have.", WHOLE, Naming::First, &Bits::Xor),
    moment("stdev", "Gives the standard deviation, the values taken as a sample.", &Moment::SampleRoot),
    moment("stdevp", "Gives the standard deviation, the values taken as all there are.", &Moment::PopulationRoot),
    moment("variance", "Gives the variance, the values taken as a sample.", &Moment::Sample),
    moment("variancep", "Gives the variance, the values taken as all there are.", &Moment::Population),
    moment_if("stdevif", "Gives the standard deviation of a sample: the rows for which the predicate holds.", &If(&Moment::SampleRoot, 1)),
    moment_if("varianceif", "Gives the variance of a sample: the rows for which the predicate holds.", &If(&Moment::Sample, 1)),
    moment_if("variancepif", "Gives the variance of all rows for which the predicate holds.", &If(&Moment::Population, 1)),
    pair("covariance", "Gives the covariance of two columns, taken as a sample.", PAIR, &Moment::Sample),
    pair("covariancep", "Gives the covariance of two columns, taken as all there is.", PAIR, &Moment::Population),
    pair("covarianceif", "Gives the covariance of a sample: the rows for which the predicate holds.", PAIR_IF, &If(&Moment::Sample, 2)),
    pair("covariancepif", "Gives the covariance of all rows for which the predicate holds.", PAIR_IF, &If(&Moment::Population, 2)),
];

const fn moment(name: &'static str, summary: &'static str, body: &'static dyn Body) -> Aggregate {
    entry(name, summary, MEASURES, Naming::Prefix(name), body)
}

const fn moment_if(name: &'static str, summary: &'static str, body: &'static dyn Body) -> Aggregate {
    entry(name, summary, MEASURES_IF, Naming::Prefix(name), body)
}

const fn pair(name: &'static str, summary: &'static str, overloads: &'static [Overload], body: &'static dyn Body) -> Aggregate {
    entry(name, summary, overloads, Naming::Prefix(name), body)
}
