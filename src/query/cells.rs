//! From Arrow batches to the cells of an answer: instants as RFC 3339, `dynamic` columns as JSON, integers as numbers.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Field, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Number, Value};

use super::answer::Column;
use crate::columns::{ColumnType, kind_of_field, timespan_text};
use crate::model::{Object, Time};

/// The columns of an answer under this schema.
pub(super) fn columns(schema: &Schema) -> Vec<Column> {
    schema.fields().iter().map(|field| Column { name: field.name().clone(), type_name: kind_of_field(field).as_str().to_owned() }).collect()
}

/// Appends the rows of a batch, at most `limit`; returns how many bytes of text they hold, about.
pub(super) fn append(batch: &RecordBatch, rows: &mut Vec<Vec<Value>>, limit: usize) -> usize {
    let fields = batch.schema_ref().fields();
    let mut bytes = 0;
    for row in 0..batch.num_rows().min(limit) {
        let cells: Vec<Value> = fields.iter().zip(batch.columns()).map(|(field, column)| cell(field, column.as_ref(), row)).collect();
        bytes += cells.iter().map(size).sum::<usize>();
        rows.push(cells);
    }
    bytes
}

fn size(value: &Value) -> usize {
    8 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 0,
    }
}

/// One cell as JSON.
pub(super) fn cell(field: &Field, array: &dyn Array, row: usize) -> Value {
    let value = plain(array, row);
    match (kind_of_field(field), value) {
        (ColumnType::Dynamic, Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        (ColumnType::Timespan, Value::Number(n)) => n.as_i64().map_or(Value::Null, |ticks| Value::String(timespan_text(ticks))),
        (_, value) => value,
    }
}

macro_rules! number {
    ($array:expr, $row:expr, $type:ty) => {
        Value::from($array.as_primitive::<$type>().value($row))
    };
}

fn plain(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8 => number!(array, row, Int8Type),
        DataType::Int16 => number!(array, row, Int16Type),
        DataType::Int32 => number!(array, row, Int32Type),
        DataType::Int64 => number!(array, row, Int64Type),
        DataType::UInt8 => number!(array, row, UInt8Type),
        DataType::UInt16 => number!(array, row, UInt16Type),
        DataType::UInt32 => number!(array, row, UInt32Type),
        DataType::UInt64 => number!(array, row, UInt64Type),
        DataType::Float16 => real(array.as_primitive::<Float16Type>().value(row).to_f64()),
        DataType::Float32 => real(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => real(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Value::from(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Value::from(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Value::from(array.as_string_view().value(row)),
        DataType::Timestamp(unit, _) => instant(array, *unit, row),
        DataType::Date32 => text(Time::from_micros(i64::from(array.as_primitive::<Date32Type>().value(row)) * 86_400_000_000)),
        DataType::Date64 => text(Time::from_micros(array.as_primitive::<Date64Type>().value(row).saturating_mul(1_000))),
        DataType::List(_) => items(array.as_list::<i32>().value(row).as_ref()),
        DataType::LargeList(_) => items(array.as_list::<i64>().value(row).as_ref()),
        DataType::FixedSizeList(..) => items(array.as_fixed_size_list().value(row).as_ref()),
        DataType::Struct(fields) => {
            let members = fields.iter().zip(array.as_struct().columns());
            Value::Object(members.map(|(field, column)| (field.name().clone(), cell(field, column.as_ref(), row))).collect::<Object>())
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys().get(row).copied().unwrap_or_default();
            plain(dictionary.values().as_ref(), key)
        }
        _ => ArrayFormatter::try_new(array, &FormatOptions::default()).map_or(Value::Null, |f| Value::String(f.value(row).to_string())),
    }
}

fn items(array: &dyn Array) -> Value {
    (0..array.len()).map(|row| plain(array, row)).collect()
}

/// JSON knows no infinities: they are written as text.
fn real(n: f64) -> Value {
    Number::from_f64(n).map_or_else(|| Value::String(n.to_string()), Value::Number)
}

fn text(time: Time) -> Value {
    Value::String(time.to_string())
}

fn instant(array: &dyn Array, unit: TimeUnit, row: usize) -> Value {
    let micros = match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row).saturating_mul(1_000_000),
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row).saturating_mul(1_000),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1_000),
    };
    text(Time::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, DictionaryArray, Float64Array, Int64Array, ListArray, StringArray, StructArray, TimestampMillisecondArray,
    };
    use arrow::datatypes::Int32Type;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_array_becomes_json() {
        let typed = |name: &str, data: DataType, kind: &str| {
            Field::new(name, data, true).with_metadata(HashMap::from([("kusto.type".to_owned(), kind.to_owned())]))
        };
        let inner: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let cases: Vec<(Field, ArrayRef, Value)> = vec![
            (Field::new("l", DataType::Int64, true), Arc::new(Int64Array::from(vec![i64::MAX])), json!(i64::MAX)),
            (typed("d", DataType::Utf8, "dynamic"), Arc::new(StringArray::from(vec!["{\"a\":[1]}"])), json!({"a": [1]})),
            (typed("t", DataType::Int64, "timespan"), Arc::new(Int64Array::from(vec![10_000_000])), json!("00:00:01")),
            (Field::new("r", DataType::Float64, true), Arc::new(Float64Array::from(vec![f64::INFINITY])), json!("inf")),
            (
                Field::new("ts", DataType::Timestamp(TimeUnit::Millisecond, None), true),
                Arc::new(TimestampMillisecondArray::from(vec![1_619_620_290_021])),
                json!("2021-04-28T14:31:30.021Z"),
            ),
            (Field::new("k", DataType::Null, true), Arc::new(vec!["a"].into_iter().collect::<DictionaryArray<Int32Type>>()), json!("a")),
            (
                Field::new("list", DataType::Null, true),
                Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(vec![Some(vec![Some(1), None])])),
                json!([1, null]),
            ),
            (
                Field::new("s", DataType::Null, true),
                Arc::new(StructArray::from(vec![(Arc::new(Field::new("x", DataType::Int64, true)), inner)])),
                json!({"x": 1}),
            ),
        ];
        for (field, array, expected) in cases {
            assert_eq!(cell(&field, array.as_ref(), 0), expected, "{field:?}");
        }
    }
}
