//! Changes the type of values that are already stored, so that they equal values stored under the wider type at once.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringViewBuilder};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use serde_json::Value;

use super::cell::{real_text, text_to_dynamic};
use super::types::ColumnType;
use crate::model::Time;

/// Widens the values of a column.
pub(super) fn widen(array: &ArrayRef, from: ColumnType, to: ColumnType) -> ArrayRef {
    match (from, to) {
        (from, to) if from == to => Arc::clone(array),
        (ColumnType::Long, ColumnType::Real) => {
            let values = array.as_primitive::<Int64Type>();
            Arc::new(values.iter().map(|n| n.map(|n| n as f64)).collect::<Float64Array>())
        }
        (from, ColumnType::Dynamic) => texts(array.len(), |row| plain(array, from, row).map(|text| text_to_dynamic(&text))),
        (from, _) => texts(array.len(), |row| plain(array, from, row)),
    }
}

/// One stored value as the text that a `string` column would hold.
fn plain(array: &dyn Array, from: ColumnType, row: usize) -> Option<String> {
    match (from, value(array, from, row)?) {
        (ColumnType::Real, _) => Some(real_text(array.as_primitive::<Float64Type>().value(row))),
        (_, Value::String(text)) => Some(text),
        (_, other) => Some(other.to_string()),
    }
}

fn texts(rows: usize, text: impl Fn(usize) -> Option<String>) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(rows);
    (0..rows).for_each(|row| builder.append_option(text(row)));
    Arc::new(builder.finish())
}

/// One stored value as JSON.
pub(super) fn value(array: &dyn Array, kind: ColumnType, row: usize) -> Option<Value> {
    if array.is_null(row) {
        return None;
    }
    Some(match kind {
        ColumnType::Bool => Value::Bool(array.as_boolean().value(row)),
        ColumnType::Int => Value::from(array.as_primitive::<Int32Type>().value(row)),
        ColumnType::Long | ColumnType::Timespan => Value::from(array.as_primitive::<Int64Type>().value(row)),
        ColumnType::Real => {
            let n = array.as_primitive::<Float64Type>().value(row);
            serde_json::from_str(&real_text(n)).unwrap_or(Value::Null)
        }
        ColumnType::DateTime => Value::String(Time::from_micros(array.as_primitive::<TimestampMicrosecondType>().value(row)).to_string()),
        ColumnType::String | ColumnType::Guid => Value::String(array.as_string_view().value(row).to_owned()),
        ColumnType::Dynamic => {
            let text = array.as_string_view().value(row);
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
        }
    })
}
