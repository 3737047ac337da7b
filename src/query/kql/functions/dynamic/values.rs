//! Between typed values and JSON.

use std::borrow::Cow;
use std::fmt::Write;

use super::super::Arguments;
use super::super::json::{self, Json, Kind};
use crate::query::kql::tree::ScalarType;
use crate::query::kql::values::write;

/// What `tostring` makes of a `dynamic` value: a text without its quotes, null as nothing, all else as its JSON.
pub fn to_text(json: &str) -> Cow<'_, str> {
    let value = Json::new(json);
    match value.kind() {
        Kind::Text => value.string().unwrap_or_default(),
        Kind::Null => Cow::Borrowed(""),
        Kind::Bool | Kind::Long | Kind::Real | Kind::Array | Kind::Bag => Cow::Borrowed(value.text()),
    }
}

/// Writes the value of an argument as JSON.
pub fn append(out: &mut String, arguments: &Arguments, argument: usize, row: usize) {
    let kind = arguments.kind(argument);
    if arguments.is_null(argument, row) && kind != ScalarType::String {
        return out.push_str("null");
    }
    match kind {
        ScalarType::Bool => out.push_str(if arguments.bool(argument, row) == Some(true) { "true" } else { "false" }),
        ScalarType::Int => drop(write!(out, "{}", arguments.int(argument, row).unwrap_or_default())),
        ScalarType::Long => drop(write!(out, "{}", arguments.long(argument, row).unwrap_or_default())),
        ScalarType::Real => json::real(out, arguments.real(argument, row).unwrap_or_default()),
        ScalarType::Decimal => json::string(out, &write::decimal(arguments.decimal(argument, row).unwrap_or_default())),
        ScalarType::DateTime => json::string(out, &write::datetime(arguments.datetime(argument, row).unwrap_or_default())),
        ScalarType::Timespan => json::string(out, &write::timespan(arguments.timespan(argument, row).unwrap_or_default())),
        ScalarType::String | ScalarType::Guid => json::string(out, arguments.text(argument, row)),
        ScalarType::Dynamic => {
            let text = arguments.text(argument, row);
            out.push_str(if text.is_empty() { "null" } else { text });
        }
    }
}

/// The value of an argument as JSON.
pub(super) fn json_of<'a>(arguments: &'a Arguments, argument: usize, row: usize) -> Cow<'a, str> {
    if arguments.kind(argument) == ScalarType::Dynamic {
        return Cow::Borrowed(arguments.json(argument, row).filter(|text| !text.is_empty()).unwrap_or("null"));
    }
    let mut out = String::new();
    append(&mut out, arguments, argument, row);
    Cow::Owned(out)
}

/// The argument at a place as a value, if it is an array.
pub(super) fn array<'a>(arguments: &'a Arguments, argument: usize, row: usize) -> Option<Json<'a>> {
    let value = Json::new(arguments.json(argument, row)?);
    (value.kind() == Kind::Array).then_some(value)
}

/// The argument at a place as a value, if it is a property bag.
pub(super) fn bag<'a>(arguments: &'a Arguments, argument: usize, row: usize) -> Option<Json<'a>> {
    let value = Json::new(arguments.json(argument, row)?);
    (value.kind() == Kind::Bag).then_some(value)
}

/// The elements of the array at a place.
pub(super) fn elements<'a>(arguments: &'a Arguments, argument: usize, row: usize) -> Option<Vec<Json<'a>>> {
    array(arguments, argument, row).map(|array| array.elements().collect())
}

/// An array of JSON values.
pub(super) fn array_of<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = json::ArrayWriter::default();
    for value in values {
        out.push(value);
    }
    out.finish()
}
