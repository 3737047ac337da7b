//! Rows in the forms of a query as Arrow columns that other programs know: instants as timestamps, durations as durations, dynamic values as text.
//!
//! A column is in microseconds, which every reader knows, unless one of its values has a seventh digit and all of them lie in the years that
//! nanoseconds reach.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field as ArrowField, Int64Type, Schema, TimeUnit};
use arrow::error::ArrowError;

use super::bound::Field;
use super::tree::ScalarType;
use super::types::UNIX_EPOCH_TICKS;

/// Metadata of a column that names its type in the language.
pub const TYPE_KEY: &str = "kusto.type";

/// The rows under the columns of an answer and its names. A batch that came in is gone once it is converted.
pub fn batches(batches: Vec<RecordBatch>, columns: &[Field]) -> Result<(Arc<Schema>, Vec<RecordBatch>), ArrowError> {
    let fields = columns.iter().enumerate().map(|(place, (name, kind))| {
        let metadata = [(TYPE_KEY.to_owned(), kind.as_str().to_owned())].into();
        ArrowField::new(name, arrow_kind(&batches, place, *kind), true).with_metadata(metadata)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let converted = batches.into_iter().map(|batch| {
        let arrays = batch.columns().iter().zip(columns).zip(schema.fields()).map(|((array, (_, kind)), field)| match kind {
            ScalarType::DateTime => ticks(array, UNIX_EPOCH_TICKS, field.data_type()),
            ScalarType::Timespan => ticks(array, 0, field.data_type()),
            _ => cast(array, field.data_type()),
        });
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&schema), arrays.collect::<Result<_, _>>()?, &options)
    });
    let converted = converted.collect::<Result<Vec<_>, _>>()?;
    Ok((schema, converted))
}

/// The type of a column in the files.
fn arrow_kind(batches: &[RecordBatch], place: usize, kind: ScalarType) -> DataType {
    match kind {
        ScalarType::DateTime => DataType::Timestamp(unit(batches, place, UNIX_EPOCH_TICKS), Some("UTC".into())),
        ScalarType::Timespan => DataType::Duration(unit(batches, place, 0)),
        ScalarType::String | ScalarType::Guid | ScalarType::Dynamic => DataType::Utf8,
        ScalarType::Bool | ScalarType::Int | ScalarType::Long | ScalarType::Real | ScalarType::Decimal => super::types::arrow_type(kind),
    }
}

/// The finest unit that ticks of 100 ns since an origin need and that holds all of them.
fn unit(batches: &[RecordBatch], place: usize, origin: i64) -> TimeUnit {
    let values = || {
        let columns = batches.iter().map(move |batch| batch.column(place).as_primitive::<Int64Type>());
        columns.flat_map(|ticks| ticks.iter().flatten()).map(move |ticks| ticks.saturating_sub(origin))
    };
    let finer = values().any(|since| since.rem_euclid(10) != 0);
    if finer && values().all(|since| since.checked_mul(100).is_some()) { TimeUnit::Nanosecond } else { TimeUnit::Microsecond }
}

/// Ticks of 100 ns since an origin as times of a type.
fn ticks(array: &ArrayRef, origin: i64, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let ticks = array.as_primitive::<Int64Type>();
    let since = |ticks: i64| ticks.saturating_sub(origin);
    let values: Int64Array = match wanted {
        DataType::Timestamp(TimeUnit::Nanosecond, _) | DataType::Duration(TimeUnit::Nanosecond) => ticks.unary(|value| since(value) * 100),
        _ => ticks.unary(|value| since(value).div_euclid(10)),
    };
    let values: ArrayRef = Arc::new(values);
    cast(&values, wanted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
    use arrow::datatypes::{DataType, TimeUnit};

    use super::super::tree::ScalarType;
    use super::super::types::UNIX_EPOCH_TICKS;
    use super::batches;

    fn of(kind: ScalarType, values: ArrayRef) -> RecordBatch {
        let rows = RecordBatch::try_from_iter([("a", values)]).expect("a batch");
        batches(vec![rows], &[("A".to_owned(), kind)]).expect("it converts").1.remove(0)
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
        let (schema, none) = batches(Vec::new(), &[("A".to_owned(), ScalarType::Long)]).expect("no rows");
        assert_eq!((schema.field(0).data_type(), none.len()), (&DataType::Int64, 0));
    }
}
