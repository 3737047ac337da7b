//! Values of a column as JSON text.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type};

use super::super::functions::json;
use super::super::tree::ScalarType;
use super::super::values::write;

/// Appends the value of a row; gives false and appends nothing if it is null.
pub(in super::super) fn push_json(out: &mut String, kind: ScalarType, column: &ArrayRef, row: usize) -> bool {
    if column.is_null(row) {
        return false;
    }
    match kind {
        ScalarType::Bool => out.push_str(if column.as_boolean().value(row) { "true" } else { "false" }),
        ScalarType::Int => push(out, column.as_primitive::<Int32Type>().value(row)),
        ScalarType::Long => push(out, column.as_primitive::<Int64Type>().value(row)),
        ScalarType::Real => json::real(out, column.as_primitive::<Float64Type>().value(row)),
        ScalarType::Decimal => {
            out.push('"');
            out.push_str(&write::decimal(column.as_primitive::<Decimal128Type>().value(row)));
            out.push('"');
        }
        ScalarType::DateTime => {
            out.push('"');
            write::push_datetime(out, column.as_primitive::<Int64Type>().value(row));
            out.push('"');
        }
        ScalarType::Timespan => {
            out.push('"');
            write::push_timespan(out, column.as_primitive::<Int64Type>().value(row));
            out.push('"');
        }
        ScalarType::String | ScalarType::Guid => json::string(out, column.as_string_view().value(row)),
        ScalarType::Dynamic => out.push_str(column.as_string_view().value(row)),
    }
    true
}

fn push(out: &mut String, number: impl std::fmt::Display) {
    use std::fmt::Write;
    let _ = write!(out, "{number}");
}
