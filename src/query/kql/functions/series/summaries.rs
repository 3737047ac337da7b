//! One number, or a few, for a series or two.

use arrow::array::ArrayRef;

use super::super::json::{self, ArrayWriter, BagWriter, Json};
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Part, Returns, takes, takes_constant};
use super::numbers::{array, mean, number, number_or, numbers, takes_number, variance};
use crate::query::kql::tree::ScalarType::{Bool, Dynamic, Long, Real};

type Result<T> = std::result::Result<T, KernelError>;

const SERIES: &[Parameter] = &[takes("series", Dynamic)];
const REAL: Returns = Returns::Always(Real);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "series_sum",
        Family::Series,
        "Adds up a series.",
        &[form(SERIES, 1, REAL, |call| folded(call, |values| values.iter().sum()))],
    ),
    Function::new(
        "series_product",
        Family::Series,
        "Multiplies all elements of a series.",
        &[form(SERIES, 1, REAL, |call| folded(call, |values| values.iter().product()))],
    ),
    Function::new(
        "series_magnitude",
        Family::Series,
        "Gives the length of a series taken as a vector.",
        &[form(SERIES, 1, REAL, |call| folded(call, magnitude))],
    ),
    Function::new(
        "series_dot_product",
        Family::Series,
        "Adds up the products of the elements of two series.",
        &[
            form(&[takes("series1", Dynamic), takes("series2", Dynamic)], 2, REAL, dot_product),
            form(&[takes("series1", Dynamic), takes_number("number")], 2, REAL, dot_product),
            form(&[takes_number("number"), takes("series2", Dynamic)], 2, REAL, dot_product),
        ],
    ),
    Function::new(
        "series_cosine_similarity",
        Family::Series,
        "Gives the cosine of the angle between two series taken as vectors; their lengths may be given.",
        &[form(
            &[takes("series1", Dynamic), takes("series2", Dynamic), takes("magnitude1", Real), takes("magnitude2", Real)],
            2,
            REAL,
            cosine_similarity,
        )],
    ),
    Function::new(
        "series_pearson_correlation",
        Family::Series,
        "Gives how two series go together, from -1 to 1; null if one has an element that is no number or the other lacks.",
        &[form(&[takes("series1", Dynamic), takes("series2", Dynamic)], 2, REAL, pearson_correlation)],
    ),
    Function::new(
        "series_stats",
        Family::Series,
        "Gives the smallest, greatest and mean element, their places, deviation and variance.",
        &[form(&[takes("series", Dynamic), takes_constant("ignore_nonfinite", Bool)], 1, Returns::Several(statistics_parts), |call| {
            Ok(call.jsons(|row| {
                let mut out = ArrayWriter::default();
                for (_, value) in Statistics::of(call, row)?.values().iter().take(7) {
                    out.push(value);
                }
                Some(out.finish())
            }))
        })],
    ),
    Function::new(
        "series_stats_dynamic",
        Family::Series,
        "Gives statistics of a series as a bag.",
        &[form(&[takes("series", Dynamic), takes_constant("ignore_nonfinite", Bool)], 1, Returns::Always(Dynamic), |call| {
            Ok(call.jsons(|row| {
                let mut out = BagWriter::default();
                for (name, value) in Statistics::of(call, row)?.values() {
                    out.begin(name).push_str(&value);
                }
                Some(out.finish())
            }))
        })],
    ),
];

fn folded(call: &Arguments, fold: impl Fn(&[f64]) -> f64) -> Result<ArrayRef> {
    Ok(call.reals(|row| {
        let values: Vec<f64> = array(call, 0, row)?.elements().filter_map(Json::real).collect();
        Some(fold(&values))
    }))
}

fn magnitude(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// The pairs of numbers at the same place of two series; one of them may be a number for all places. None if a series is empty.
fn pairs(call: &Arguments, row: usize) -> Option<Vec<(f64, f64)>> {
    let side = |argument: usize| {
        if call.kind(argument) != Dynamic {
            return Some((Vec::new(), Some(number(call, argument, row)?)));
        }
        match array(call, argument, row) {
            Some(array) => Some((numbers(array), None)),
            None => Some((Vec::new(), Some(number(call, argument, row)?))),
        }
    };
    let ((left, all_left), (right, all_right)) = (side(0)?, side(1)?);
    let length = match (all_left, all_right) {
        (None, None) => left.len().min(right.len()),
        (None, Some(_)) => left.len(),
        (Some(_), None) => right.len(),
        (Some(_), Some(_)) => 0,
    };
    let at = |values: &[Option<f64>], all: Option<f64>, place: usize| all.or_else(|| values.get(place).copied().flatten());
    let pairs = (0..length).filter_map(|place| at(&left, all_left, place).zip(at(&right, all_right, place)));
    (length > 0).then(|| pairs.collect())
}

fn dot(pairs: &[(f64, f64)]) -> f64 {
    pairs.iter().map(|(a, b)| a * b).sum()
}

fn dot_product(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.reals(|row| pairs(call, row).map(|pairs| dot(&pairs))))
}

fn cosine_similarity(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.reals(|row| {
        let pairs = pairs(call, row)?;
        let (left, right): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let lengths = number_or(call, 2, row, magnitude(&left)) * number_or(call, 3, row, magnitude(&right));
        Some(dot(&pairs) / lengths)
    }))
}

fn pearson_correlation(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.reals(|row| {
        let (left, right) = (numbers(array(call, 0, row)?), numbers(array(call, 1, row)?));
        if left.len() != right.len() || left.is_empty() {
            return None;
        }
        let left = left.into_iter().collect::<Option<Vec<_>>>()?;
        let right = right.into_iter().collect::<Option<Vec<_>>>()?;
        Some(correlation(&left, &right))
    }))
}

/// The correlation of two rows of numbers of the same length.
pub(super) fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let (left_mean, right_mean) = (mean(left), mean(right));
    let sum = |of: fn(f64, f64) -> f64| left.iter().zip(right).map(|(a, b)| of(a - left_mean, b - right_mean)).sum::<f64>();
    sum(|a, b| a * b) / (sum(|a, _| a * a) * sum(|_, b| b * b)).sqrt()
}

fn statistics_parts(_: &[crate::query::kql::tree::ScalarType]) -> Vec<Part> {
    vec![
        Part { name: "min", kind: Real },
        Part { name: "min_idx", kind: Long },
        Part { name: "max", kind: Real },
        Part { name: "max_idx", kind: Long },
        Part { name: "avg", kind: Real },
        Part { name: "stdev", kind: Real },
        Part { name: "variance", kind: Real },
    ]
}

struct Statistics {
    places: Vec<(usize, f64)>,
    length: usize,
}

impl Statistics {
    /// The finite elements; none if there are others that are not to be left out.
    fn of(call: &Arguments, row: usize) -> Option<Self> {
        let ignores = call.len() > 1 && call.bool(1, row) == Some(true);
        let values = numbers(array(call, 0, row)?);
        let length = values.len();
        let finite = |(place, value): (usize, Option<f64>)| value.filter(|value| value.is_finite()).map(|value| (place, value));
        let places: Vec<_> = values.into_iter().enumerate().filter_map(finite).collect();
        (!places.is_empty() && (ignores || places.len() == length)).then_some(Self { places, length })
    }

    /// Names and values as JSON.
    fn values(&self) -> Vec<(&'static str, String)> {
        let values: Vec<f64> = self.places.iter().map(|(_, value)| *value).collect();
        let first = |wins: fn(&f64, &f64) -> bool| {
            self.places.iter().copied().reduce(|best, next| if wins(&next.1, &best.1) { next } else { best }).unwrap_or((0, f64::NAN))
        };
        let ((min_place, min), (max_place, max)) = (first(f64::lt), first(f64::gt));
        let variance = if values.len() > 1 { variance(&values) } else { 0.0 };
        vec![
            ("min", json::real_of(min)),
            ("min_idx", min_place.to_string()),
            ("max", json::real_of(max)),
            ("max_idx", max_place.to_string()),
            ("avg", json::real_of(mean(&values))),
            ("stdev", json::real_of(variance.sqrt())),
            ("variance", json::real_of(variance)),
            ("sum", json::real_of(values.iter().sum())),
            ("len", self.length.to_string()),
        ]
    }
}
