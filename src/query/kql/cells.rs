//! Rows in the forms of a query as JSON: instants with seven digits, durations as `d.hh:mm:ss.fffffff`, dynamic values as they are.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type};
use serde_json::{Number, Value};

use super::bound::Field;
use super::tree::ScalarType;
use super::values::write;

/// Appends the rows of a batch under the columns of an answer.
pub fn append(batch: &RecordBatch, columns: &[Field], rows: &mut Vec<Vec<Value>>) {
    for row in 0..batch.num_rows() {
        rows.push(batch.columns().iter().zip(columns).map(|(column, (_, kind))| cell(column.as_ref(), *kind, row)).collect());
    }
}

/// One cell.
fn cell(array: &dyn Array, kind: ScalarType, row: usize) -> Value {
    if array.is_null(row) {
        return if kind == ScalarType::String { Value::from("") } else { Value::Null };
    }
    match kind {
        ScalarType::Bool => Value::Bool(array.as_boolean().value(row)),
        ScalarType::Int => Value::from(array.as_primitive::<Int32Type>().value(row)),
        ScalarType::Long => Value::from(array.as_primitive::<Int64Type>().value(row)),
        ScalarType::Real => real(array.as_primitive::<Float64Type>().value(row)),
        ScalarType::Decimal => Value::from(write::decimal(array.as_primitive::<Decimal128Type>().value(row))),
        ScalarType::DateTime => Value::from(write::datetime(array.as_primitive::<Int64Type>().value(row))),
        ScalarType::Timespan => Value::from(write::timespan(array.as_primitive::<Int64Type>().value(row))),
        ScalarType::String | ScalarType::Guid => Value::from(array.as_string_view().value(row)),
        ScalarType::Dynamic => {
            let text = array.as_string_view().value(row);
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
        }
    }
}

/// JSON has no numbers for what is none: their names stand for them.
fn real(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| Value::from(write::real(value)), Value::Number)
}
