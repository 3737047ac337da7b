//! Rows in the forms of a query as Arrow columns that other programs know: instants as timestamps, durations as durations, dynamic values as text.
//!
//! A column is in microseconds, which every reader knows, unless one of its values has a seventh digit and all of them lie in the years that
//! nanoseconds reach.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field as ArrowField, Int64Type, Schema, TimeUnit};
use arrow::error::ArrowError;

use super::bound::Field;
use super::tree::ScalarType;
use super::types::UNIX_EPOCH_TICKS;

/// Metadata of a column that names its type in the language.
pub const TYPE_KEY: &str = "kusto.type";

/// All rows as one batch under the columns of an answer; the names of columns are those of the answer.
pub fn batch(batches: &[RecordBatch], columns: &[Field]) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::with_capacity(columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (place, (name, kind)) in columns.iter().enumerate() {
        let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(place).as_ref()).collect();
        let whole = if parts.is_empty() { arrow::array::new_empty_array(&super::types::arrow_type(*kind)) } else { concat(&parts)? };
        let array = column(&whole, *kind)?;
        let metadata = [(TYPE_KEY.to_owned(), kind.as_str().to_owned())].into();
        fields.push(ArrowField::new(name, array.data_type().clone(), true).with_metadata(metadata));
        arrays.push(array);
    }
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}

fn column(array: &ArrayRef, kind: ScalarType) -> Result<ArrayRef, ArrowError> {
    match kind {
        ScalarType::DateTime => ticks(array, UNIX_EPOCH_TICKS, |unit| DataType::Timestamp(unit, Some("UTC".into()))),
        ScalarType::Timespan => ticks(array, 0, DataType::Duration),
        ScalarType::String | ScalarType::Guid | ScalarType::Dynamic => cast(array, &DataType::Utf8),
        ScalarType::Bool | ScalarType::Int | ScalarType::Long | ScalarType::Real | ScalarType::Decimal => Ok(Arc::clone(array)),
    }
}

/// Ticks of 100 ns since an origin in the finest unit that they need and that holds them.
fn ticks(array: &ArrayRef, origin: i64, typed: fn(TimeUnit) -> DataType) -> Result<ArrayRef, ArrowError> {
    let ticks = array.as_primitive::<Int64Type>();
    let since = |ticks: i64| ticks.saturating_sub(origin);
    let finer = ticks.iter().flatten().any(|value| since(value).rem_euclid(10) != 0);
    let reaches = ticks.iter().flatten().all(|value| since(value).checked_mul(100).is_some());
    let (unit, values): (_, Int64Array) = if finer && reaches {
        (TimeUnit::Nanosecond, ticks.unary(|value| since(value) * 100))
    } else {
        (TimeUnit::Microsecond, ticks.unary(|value| since(value).div_euclid(10)))
    };
    let values: ArrayRef = Arc::new(values);
    cast(&values, &typed(unit))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
    use arrow::datatypes::{DataType, TimeUnit};

    use super::super::tree::ScalarType;
    use super::super::types::UNIX_EPOCH_TICKS;
    use super::batch;

    fn of(kind: ScalarType, values: ArrayRef) -> RecordBatch {
        let rows = RecordBatch::try_from_iter([("a", values)]).expect("a batch");
        batch(&[rows], &[("A".to_owned(), kind)]).expect("it converts")
    }

    fn ticks(values: Vec<Option<i64>>) -> ArrayRef {
        Arc::new(Int64Array::from(values))
    }

    #[test]
    fn instants_and_durations_keep_every_digit_that_fits() {
        let utc = || Some("UTC".into());
        for (kind, values, expected) in [
            (ScalarType::DateTime, vec![Some(UNIX_EPOCH_TICKS + 10), None], DataType::Timestamp(TimeUnit::Microsecond, utc())),
            (ScalarType::DateTime, vec![Some(UNIX_EPOCH_TICKS + 11)], DataType::Timestamp(TimeUnit::Nanosecond, utc())),
            (ScalarType::DateTime, vec![Some(1), Some(UNIX_EPOCH_TICKS)], DataType::Timestamp(TimeUnit::Microsecond, utc())),
            (ScalarType::Timespan, vec![Some(10_000_000)], DataType::Duration(TimeUnit::Microsecond)),
            (ScalarType::Timespan, vec![Some(1)], DataType::Duration(TimeUnit::Nanosecond)),
        ] {
            let found = of(kind, ticks(values.clone()));
            assert_eq!(found.column(0).data_type(), &expected, "{kind:?} {values:?}");
            assert_eq!(found.num_rows(), values.len());
        }
    }

    #[test]
    fn dynamic_values_are_text_and_say_what_they_are() {
        let found = of(ScalarType::Dynamic, Arc::new(StringViewArray::from(vec!["{\"a\":1}"])));
        let schema = found.schema();
        assert_eq!(schema.field(0).data_type(), &DataType::Utf8);
        assert_eq!((schema.field(0).name().as_str(), schema.field(0).metadata()["kusto.type"].as_str()), ("A", "dynamic"));
        assert_eq!(batch(&[], &[("A".to_owned(), ScalarType::Long)]).expect("no rows").num_rows(), 0);
    }
}
