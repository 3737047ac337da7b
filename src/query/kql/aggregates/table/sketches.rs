//! Aggregates that keep a sketch: distinct values and percentiles.

use super::super::distinct::Distinct;
use super::super::quantiles::{Quantile, Shape, measured};
use super::*;

const LONG: Returns = Returns::Always(ScalarType::Long);
const DYNAMIC: Returns = Returns::Always(ScalarType::Dynamic);
const MEASURED: Returns = Returns::By(measured);
const ACCURACY: Parameter = Parameter { name: "accuracy", takes: Takes::Only(ScalarType::Long), constant: true };
const PERCENTILE: Parameter = Parameter { name: "percentile", takes: Takes::Only(ScalarType::Real), constant: true };
const PERCENTILES: Parameter = Parameter { name: "percentiles", takes: Takes::Only(ScalarType::Dynamic), constant: true };
const WEIGHT: Parameter = Parameter { name: "weight", takes: Takes::Only(ScalarType::Long), constant: false };
const SKETCH: Parameter = Parameter { name: "sketch", takes: Takes::Only(ScalarType::Dynamic), constant: false };

const PLAIN_COLUMN: Naming = Naming::Constants { prefix: "percentile", from: 1 };
const WEIGHTED_COLUMN: Naming = Naming::Constants { prefix: "percentile", from: 2 };
const COUNTED: &str = "Exact up to 4,096 values in a group, an estimate beyond; Kusto estimates otherwise.";
const SPREAD: &str = "Exact up to 4,096 different values in a group, an estimate beyond; Kusto estimates otherwise.";

pub(super) const ALL: &[Aggregate] = &[
    sketch("dcount", "Counts the values that differ, about.", &[value(&[ANY, ACCURACY], 1, LONG)], &Distinct::Count, COUNTED),
    sketch(
        "dcountif",
        "Counts the values that differ among the rows for which the predicate holds, about.",
        &[value(&[ANY, PREDICATE, ACCURACY], 2, LONG)],
        &If(&Distinct::Count, 1),
        COUNTED,
    ),
    sketch("count_distinct", "Counts the values that differ.", &[value(&[PLAIN], 1, LONG)], &Distinct::Exact, ""),
    sketch(
        "count_distinctif",
        "Counts the values that differ among the rows for which the predicate holds.",
        &[value(&[PLAIN, PREDICATE], 2, LONG)],
        &If(&Distinct::Exact, 1),
        "",
    ),
    sketch("hll", "Gives the sketch from which `dcount` counts.", &[value(&[ANY, ACCURACY], 1, DYNAMIC)], &Distinct::Sketch, OWN),
    sketch(
        "hll_if",
        "Gives the sketch of the rows for which the predicate holds.",
        &[value(&[ANY, PREDICATE, ACCURACY], 2, DYNAMIC)],
        &If(&Distinct::Sketch, 1),
        OWN,
    ),
    sketch("hll_merge", "Puts sketches together.", &[value(&[SKETCH], 1, DYNAMIC)], &Distinct::Merge, OWN),
    percentile(
        "percentile",
        "Gives the value that so many percent are not greater than.",
        &[value(&[QUANTITY, PERCENTILE], 2, MEASURED)],
        PLAIN_COLUMN,
        &Quantile(Shape::Value, false),
    ),
    percentile(
        "percentiles",
        "Gives a column for each percentile.",
        &[Overload { parameters: &[QUANTITY, PERCENTILE], required: 2, repeat: 1, star: false, gives: Gives::Each(1, MEASURED) }],
        PLAIN_COLUMN,
        &Quantile(Shape::Columns, false),
    ),
    percentile(
        "percentiles_array",
        "Gives an array of percentiles.",
        &[
            value(&[QUANTITY, PERCENTILES], 2, DYNAMIC),
            Overload { parameters: &[QUANTITY, PERCENTILE], required: 2, repeat: 1, star: false, gives: Gives::Value(DYNAMIC) },
        ],
        Naming::Prefix("percentiles"),
        &Quantile(Shape::Array, false),
    ),
    percentile(
        "percentilew",
        "Gives a percentile of values that count as often as their weight says.",
        &[value(&[QUANTITY, WEIGHT, PERCENTILE], 3, MEASURED)],
        WEIGHTED_COLUMN,
        &Quantile(Shape::Value, true),
    ),
    percentile(
        "percentilesw",
        "Gives a column for each percentile of values that count as often as their weight says.",
        &[Overload { parameters: &[QUANTITY, WEIGHT, PERCENTILE], required: 3, repeat: 1, star: false, gives: Gives::Each(2, MEASURED) }],
        WEIGHTED_COLUMN,
        &Quantile(Shape::Columns, true),
    ),
    percentile(
        "percentilesw_array",
        "Gives an array of percentiles of values that count as often as their weight says.",
        &[
            value(&[QUANTITY, WEIGHT, PERCENTILES], 3, DYNAMIC),
            Overload { parameters: &[QUANTITY, WEIGHT, PERCENTILE], required: 3, repeat: 1, star: false, gives: Gives::Value(DYNAMIC) },
        ],
        Naming::Prefix("percentiles"),
        &Quantile(Shape::Array, true),
    ),
    sketch(
        "tdigest",
        "Gives the digest from which percentiles are read.",
        &[value(&[QUANTITY, WEIGHT], 1, DYNAMIC)],
        &Quantile(Shape::Digest, true),
        SPREAD,
    ),
    merged("tdigest_merge"),
    merged("merge_tdigest"),
];

const OWN: &str = "The sketch has a form of its own.";

const fn sketch(
    name: &'static str,
    summary: &'static str,
    overloads: &'static [Overload],
    body: &'static dyn Body,
    differences: &'static str,
) -> Aggregate {
    Aggregate { name, aliases: &[], summary, differences, overloads, naming: Naming::Prefix(name), order_matters: false, body }
}

const fn percentile(
    name: &'static str,
    summary: &'static str,
    overloads: &'static [Overload],
    naming: Naming,
    body: &'static dyn Body,
) -> Aggregate {
    Aggregate { name, aliases: &[], summary, differences: SPREAD, overloads, naming, order_matters: false, body }
}

const MERGE: &[Overload] = &[value(&[SKETCH], 1, DYNAMIC)];

const fn merged(name: &'static str) -> Aggregate {
    entry(name, "Puts digests together.", MERGE, Naming::Prefix("merge_tdigests"), &Quantile(Shape::Merge, false))
}
