//! Filling what is missing in a series.

use arrow::array::ArrayRef;

use super::super::dynamic::append;
use super::super::json::{self, Json};
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::numbers::{array, array_of, number, takes_number};
use crate::query::kql::tree::ScalarType::{Bool, Dynamic};

type Result<T> = std::result::Result<T, KernelError>;

const JSON: Returns = Returns::Always(Dynamic);
const MISSING: Parameter = takes_number("missing_value_placeholder");

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "series_fill_const",
        Family::Series,
        "Puts a constant where a series has nothing, or a placeholder.",
        &[form(&[takes("series", Dynamic), takes_number("constant"), MISSING], 1, JSON, constant)],
    ),
    Function::new(
        "series_fill_forward",
        Family::Series,
        "Repeats the last element where a series has nothing, or a placeholder.",
        &[form(&[takes("series", Dynamic), MISSING], 1, JSON, |call| {
            Ok(call.jsons(|row| Some(array_of(carried(&Series::of(call, 1, row)?, false)))))
        })],
    ),
    Function::new(
        "series_fill_backward",
        Family::Series,
        "Repeats the next element where a series has nothing, or a placeholder.",
        &[form(&[takes("series", Dynamic), MISSING], 1, JSON, |call| {
            Ok(call.jsons(|row| Some(array_of(carried(&Series::of(call, 1, row)?, true)))))
        })],
    ),
    Function::new(
        "series_fill_linear",
        Family::Series,
        "Puts what lies on the line between its neighbours where a series has nothing, or a placeholder.",
        &[form(&[takes("series", Dynamic), MISSING, takes("fill_edges", Bool), takes_number("constant")], 1, JSON, linear)],
    ),
];

/// The elements of a series; none where there is nothing.
struct Series<'a> {
    texts: Vec<&'a str>,
    known: Vec<Option<Json<'a>>>,
}

impl<'a> Series<'a> {
    fn of(call: &'a Arguments, placeholder: usize, row: usize) -> Option<Self> {
        let placeholder = if placeholder < call.len() { number(call, placeholder, row) } else { None };
        let is_missing = |element: &Json<'_>| match placeholder {
            Some(value) => element.real().is_some_and(|element| element == value || (element.is_nan() && value.is_nan())),
            None => element.is_null(),
        };
        let elements: Vec<_> = array(call, 0, row)?.elements().collect();
        let known = elements.iter().map(|element| (!is_missing(element)).then_some(*element)).collect();
        Some(Self { texts: elements.into_iter().map(Json::text).collect(), known })
    }
}

/// A number given as an argument, as JSON; zero if it is not given.
fn json_number(call: &Arguments, argument: usize, row: usize) -> String {
    let mut out = String::new();
    if argument < call.len() && !call.is_null(argument, row) {
        append(&mut out, call, argument, row);
    } else {
        out.push_str("0.0");
    }
    out
}

fn constant(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let series = Series::of(call, 2, row)?;
        let constant = json_number(call, 1, row);
        Some(array_of(series.known.iter().map(|element| element.map_or(constant.as_str(), Json::text))))
    }))
}

/// Each element, or the nearest one before (behind, if backward) where there is none; what is not known at the edge stays.
fn carried<'a>(series: &Series<'a>, backward: bool) -> Vec<&'a str> {
    let mut out = series.texts.clone();
    let mut last = None;
    for step in 0..out.len() {
        let place = if backward { out.len() - 1 - step } else { step };
        match series.known[place] {
            Some(element) => last = Some(element.text()),
            None => out[place] = last.unwrap_or(out[place]),
        }
    }
    out
}

fn linear(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let series = Series::of(call, 1, row)?;
        let fills_edges = call.len() < 3 || call.bool(2, row) != Some(false);
        let known: Vec<(usize, Json<'_>)> =
            series.known.iter().enumerate().filter_map(|(place, element)| Some((place, (*element)?))).collect();
        let Some(((first, _), (last, _))) = known.first().zip(known.last()).map(|(first, last)| (*first, *last)) else {
            let constant = json_number(call, 3, row);
            return Some(array_of(series.texts.iter().map(|_| constant.as_str())));
        };
        let is_whole = known.iter().all(|(_, element)| element.long().is_some());
        let value = |place: usize| -> String {
            if let Some(element) = series.known[place] {
                return element.text().to_owned();
            }
            if place < first || place > last {
                let edge = if place < first { first } else { last };
                let text = if fills_edges { series.texts[edge] } else { series.texts[place] };
                return text.to_owned();
            }
            let next = known.partition_point(|(at, _)| *at < place);
            between(known[next - 1], known[next], place, is_whole)
        };
        Some(array_of((0..series.texts.len()).map(value)))
    }))
}

/// The value at a place between two known ones; whole numbers stay whole.
fn between(before: (usize, Json<'_>), after: (usize, Json<'_>), place: usize, is_whole: bool) -> String {
    let (Some(from), Some(to)) = (before.1.real(), after.1.real()) else { return "null".to_owned() };
    let value = from + (to - from) * (place - before.0) as f64 / (after.0 - before.0) as f64;
    if is_whole { (value as i64).to_string() } else { json::real_of(value) }
}
