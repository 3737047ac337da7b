//! Between arrays in JSON and numbers.

use super::super::json::{self, ArrayWriter, Json, Kind};
use super::super::{Arguments, Parameter, Takes};
use crate::query::kql::tree::ScalarType;

/// A parameter that takes a number of any type, as it is.
pub(super) const fn takes_number(name: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Number, constant: false }
}

/// The array at a place.
pub(super) fn array<'a>(call: &'a Arguments, argument: usize, row: usize) -> Option<Json<'a>> {
    let value = Json::new(call.json(argument, row)?);
    (value.kind() == Kind::Array).then_some(value)
}

/// The numbers of an array; what is none is null.
pub(super) fn numbers(array: Json<'_>) -> Vec<Option<f64>> {
    array.elements().map(Json::real).collect()
}

/// The numbers of the array at a place; none if an element is no number.
pub(super) fn complete(call: &Arguments, argument: usize, row: usize) -> Option<Vec<f64>> {
    array(call, argument, row)?.elements().map(Json::real).collect()
}

/// A number of any type.
pub(super) fn number(call: &Arguments, argument: usize, row: usize) -> Option<f64> {
    match call.kind(argument) {
        ScalarType::Int => call.int(argument, row).map(f64::from),
        ScalarType::Long => call.long(argument, row).map(|value| value as f64),
        ScalarType::Real => call.real(argument, row),
        ScalarType::Decimal => call.decimal(argument, row).map(super::super::mathematics::real_from_decimal),
        ScalarType::Dynamic => Json::new(call.json(argument, row)?).real(),
        _ => None,
    }
}

/// A number that may be left out or null.
pub(super) fn number_or(call: &Arguments, argument: usize, row: usize, default: f64) -> f64 {
    if argument < call.len() { number(call, argument, row).unwrap_or(default) } else { default }
}

/// A text that may be left out or empty.
pub(super) fn text_or<'a>(call: &'a Arguments, argument: usize, row: usize, default: &'a str) -> &'a str {
    let text = if argument < call.len() { call.text(argument, row) } else { "" };
    if text.is_empty() { default } else { text }
}

/// An array of reals.
pub(super) fn reals(values: impl IntoIterator<Item = f64>) -> String {
    let mut out = ArrayWriter::default();
    for value in values {
        json::real(out.begin(), value);
    }
    out.finish()
}

/// An array of reals and nulls.
pub(super) fn reals_or_null(values: impl IntoIterator<Item = Option<f64>>) -> String {
    let mut out = ArrayWriter::default();
    for value in values {
        match value {
            Some(value) => json::real(out.begin(), value),
            None => out.push("null"),
        }
    }
    out.finish()
}

/// An array of JSON values.
pub(super) fn array_of<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let mut out = ArrayWriter::default();
    for value in values {
        out.push(value.as_ref());
    }
    out.finish()
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The variance of a sample.
pub(super) fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// The middle of values; the mean of the two in the middle if their number is even.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    percentile(&values, 50.0)
}

/// A percentile of sorted values, between two of them if need be; NaN of none.
pub(super) fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = percent.clamp(0.0, 100.0) / 100.0 * last as f64;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}
