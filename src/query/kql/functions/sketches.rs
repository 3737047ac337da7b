//! What sketches and digests say, which aggregates made.

use arrow::array::ArrayRef;

use super::super::aggregates::{Digest, Measured, Sketch};
use super::super::tree::ScalarType::{self, DateTime, Decimal, Dynamic, Int, Long, Real, Timespan};
use super::super::values::write;
use super::json::{ArrayWriter, Json, real_of, string_of};
use super::table::{form, repeating};
use super::{Arguments, Family, Function, KernelError, Parameter, Returns, Takes, takes};

const TYPE: Parameter = Parameter { name: "type", takes: Takes::TypeName, constant: true };
const DIGEST: Parameter = takes("digest", Dynamic);
const OWN: &str = "Sketches have a form of their own.";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "dcount_hll",
        Family::Mathematics,
        "Counts the values that a sketch has seen, about.",
        &[form(&[takes("sketch", Dynamic)], 1, Returns::Always(Long), dcount)],
    )
    .differs(OWN),
    Function::new(
        "hll_merge",
        Family::Mathematics,
        "Puts sketches together.",
        &[repeating(&[takes("sketch", Dynamic), takes("sketch", Dynamic)], 2, 1, Returns::Always(Dynamic), merge_sketches)],
    )
    .differs(OWN),
    Function::new(
        "merge_tdigest",
        Family::Mathematics,
        "Puts digests together.",
        &[repeating(&[DIGEST, DIGEST], 2, 1, Returns::Always(Dynamic), merge_digests)],
    )
    .aliases(&["tdigest_merge", "merge_tdigests"]),
    Function::new(
        "percentile_tdigest",
        Family::Mathematics,
        "Gives a percentile of a digest.",
        &[form(&[DIGEST, takes("percentile", Real), TYPE], 2, Returns::Named(Dynamic), percentile)],
    ),
    Function::new(
        "percentiles_array_tdigest",
        Family::Mathematics,
        "Gives an array of percentiles of a digest.",
        &[
            form(&[DIGEST, takes("percentiles", Dynamic)], 2, Returns::Always(Dynamic), percentiles),
            repeating(&[DIGEST, takes("percentile", Real)], 2, 1, Returns::Always(Dynamic), percentiles),
        ],
    ),
    Function::new(
        "percentrank_tdigest",
        Family::Mathematics,
        "Says how many percent of the values of a digest are not greater than a value.",
        &[form(&[DIGEST, takes("value", Real)], 2, Returns::Always(Real), |call| {
            Ok(call.reals(|row| digest(call, 0, row).and_then(|mut digest| digest.percent_rank(call.real(1, row)?))))
        })],
    ),
    Function::new(
        "rank_tdigest",
        Family::Mathematics,
        "Says how many values of a digest are not greater than a value.",
        &[form(&[DIGEST, takes("value", Real)], 2, Returns::Always(Real), |call| {
            Ok(call.reals(|row| digest(call, 0, row).and_then(|mut digest| Some(digest.rank(call.real(1, row)?) as f64))))
        })],
    )
    .aliases(&["rank_tdigest_approx"]),
];

fn digest(call: &Arguments, argument: usize, row: usize) -> Option<Digest> {
    call.json(argument, row).and_then(Digest::parse)
}

fn dcount(call: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(call.longs(|row| call.json(0, row).and_then(Sketch::parse).map(|sketch| sketch.count())))
}

fn merge_sketches(call: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(call.jsons(|row| {
        let mut sketches = (0..call.len()).filter_map(|argument| call.json(argument, row).and_then(Sketch::parse));
        let mut merged = sketches.next()?;
        for sketch in sketches {
            merged.merge(&sketch);
        }
        Some(merged.text())
    }))
}

fn merge_digests(call: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(call.jsons(|row| {
        let mut digests = (0..call.len()).filter_map(|argument| digest(call, argument, row));
        let mut merged = digests.next()?;
        for digest in digests {
            merged.merge(&digest);
        }
        Some(merged.text())
    }))
}

fn percentile(call: &Arguments) -> Result<ArrayRef, KernelError> {
    let value = |row: usize| digest(call, 0, row).and_then(|mut digest| digest.percentile(call.real(1, row)?));
    let long = |value| match value {
        Measured::Long(value) => value,
        Measured::Real(value) => value as i64,
    };
    let real = |value| match value {
        Measured::Long(value) => value as f64,
        Measured::Real(value) => value,
    };
    match call.returns {
        Dynamic => Ok(call.jsons(|row| value(row).map(|value| json(value, Dynamic)))),
        Real => Ok(call.reals(|row| value(row).map(real))),
        Long | DateTime | Timespan => Ok(call.longs(|row| value(row).map(long))),
        Int => Ok(call.ints(|row| value(row).and_then(|value| i32::try_from(long(value)).ok()))),
        Decimal => Ok(call.decimals(|row| value(row).and_then(|value| super::super::values::read::decimal(&real_of(real(value)))))),
        other => Err(KernelError::new(format!("expected a type of numbers or times for a percentile, found `{}`", other.as_str()))),
    }
}

fn json(value: Measured, kind: ScalarType) -> String {
    match (value, kind) {
        (Measured::Real(value), _) => real_of(value),
        (Measured::Long(ticks), DateTime) => string_of(&write::datetime(ticks)),
        (Measured::Long(value), _) => value.to_string(),
    }
}

fn percentiles(call: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(call.jsons(|row| {
        let mut digest = digest(call, 0, row)?;
        let percents: Vec<f64> = if call.kind(1) == Dynamic {
            Json::new(call.json(1, row)?).elements().filter_map(Json::real).collect()
        } else {
            (1..call.len()).filter_map(|argument| call.real(argument, row)).collect()
        };
        let mut array = ArrayWriter::default();
        for percent in percents {
            array.push(&digest.percentile(percent).map_or_else(|| "null".to_owned(), |value| json(value, Dynamic)));
        }
        Some(array.finish())
    }))
}
