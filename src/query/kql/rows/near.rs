//! Plugins over neighbouring rows and bins: `rows_near`, `rolling_percentile`; and `dcount_intersect`, over the sketches of a row.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StructArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::super::aggregates::{Digest, Measured, Sketch, field_name};
use super::super::functions::KernelError;
use super::keys::group_rows;
use super::{RowsOperator, Running};

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

/// `rows_near`: the rows around those for which a condition holds, in their order. Its result has the first columns of the input.
#[derive(Debug)]
pub struct RowsNear {
    /// The `bool` column of the condition.
    pub condition: usize,
    /// How many rows in front of such a row are given.
    pub before: i64,
    /// How many behind it.
    pub after: i64,
    /// How many of the first columns the result has.
    pub columns: usize,
}

impl RowsOperator for RowsNear {
    fn name(&self) -> &'static str {
        "rows_near"
    }

    fn run(&self, inputs: Vec<RecordBatch>, _: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`rows_near` has no input"))?;
        let count = |rows: i64| usize::try_from(rows).unwrap_or(0);
        let mut rows = Vec::new();
        let mut next = 0;
        let holds = input.column(self.condition).as_boolean();
        for row in (0..input.num_rows()).filter(|row| holds.is_valid(*row) && holds.value(*row)) {
            let end = row.saturating_add(count(self.after)).saturating_add(1).min(input.num_rows());
            let start = row.saturating_sub(count(self.before)).max(next);
            rows.extend((start..end).map(|row| u32::try_from(row).ok()));
            next = end.max(next);
        }
        let rows = UInt32Array::from(rows);
        input.columns().iter().take(self.columns).map(|column| take(column, &rows, None).map_err(failed)).collect()
    }
}

/// `rolling_percentile`: its result has the start of each bin with a row, the dimensions, and the percentile of the values of this bin and those in
/// front of it.
#[derive(Debug)]
pub struct RollingPercentile {
    /// The column of the values: `long` or `real`.
    pub value: usize,
    /// The percentile.
    pub percentile: f64,
    /// The column that is cut into bins: whole numbers, instants or durations.
    pub index: usize,
    /// The width of a bin, in the unit of the column.
    pub bin: i64,
    /// How many bins are looked at together.
    pub bins: i64,
    /// Columns that part the rows.
    pub dimensions: Vec<usize>,
}

impl RowsOperator for RollingPercentile {
    fn name(&self) -> &'static str {
        "rolling_percentile"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`rolling_percentile` has no input"))?;
        if self.bin <= 0 {
            return Err(KernelError::new("the bins of `rolling_percentile` must be wider than zero"));
        }
        let is_real = *input.column(self.value).data_type() == DataType::Float64;
        let index = cast(input.column(self.index), &DataType::Int64).map_err(failed)?;
        let index = index.as_primitive::<Int64Type>();
        let dimensions: Vec<ArrayRef> = self.dimensions.iter().map(|column| Arc::clone(input.column(*column))).collect();
        let groups = if input.num_rows() == 0 { Vec::new() } else { group_rows(&dimensions, input.num_rows())? };
        let (mut bins, mut firsts, mut percentiles) = (Vec::new(), Vec::new(), Vec::new());
        for rows in groups {
            let mut by_bin: BTreeMap<i64, Digest> = BTreeMap::new();
            for row in rows.iter().copied().filter(|row| index.is_valid(*row)) {
                let digest = by_bin.entry(index.value(row).div_euclid(self.bin)).or_insert_with(|| Digest::new(is_real));
                self.add(input, row, digest)?;
            }
            for bin in by_bin.keys() {
                running.go_on()?;
                let mut together = Digest::new(is_real);
                for (_, digest) in by_bin.range(bin.saturating_sub(self.bins.max(1) - 1)..=*bin) {
                    together.merge(digest);
                }
                bins.push(bin.saturating_mul(self.bin));
                firsts.push(rows.first().and_then(|row| u32::try_from(*row).ok()));
                percentiles.push(together.percentile(self.percentile));
            }
        }
        let bins: ArrayRef = Arc::new(Int64Array::from(bins));
        let firsts = UInt32Array::from(firsts);
        let mut columns = vec![cast(&bins, input.column(self.index).data_type()).map_err(failed)?];
        for dimension in &dimensions {
            columns.push(take(dimension, &firsts, None).map_err(failed)?);
        }
        let real = |value: Option<Measured>| {
            value.map(|value| match value {
                Measured::Real(value) => value,
                Measured::Long(value) => value as f64,
            })
        };
        let long = |value: Option<Measured>| {
            value.map(|value| match value {
                Measured::Real(value) => value as i64,
                Measured::Long(value) => value,
            })
        };
        columns.push(if is_real {
            Arc::new(percentiles.into_iter().map(real).collect::<Float64Array>())
        } else {
            let column: ArrayRef = Arc::new(percentiles.into_iter().map(long).collect::<Int64Array>());
            cast(&column, input.column(self.value).data_type()).map_err(failed)?
        });
        Ok(columns)
    }
}

impl RollingPercentile {
    fn add(&self, input: &RecordBatch, row: usize, digest: &mut Digest) -> Result<(), KernelError> {
        let value = input.column(self.value).slice(row, 1);
        if value.is_null(0) {
            return Ok(());
        }
        match value.as_primitive_opt::<Float64Type>() {
            Some(reals) => digest.add_real(reals.value(0), 1),
            None => digest.add_long(cast(&value, &DataType::Int64).map_err(failed)?.as_primitive::<Int64Type>().value(0), 1),
        }
        Ok(())
    }
}

/// `dcount_intersect` as a function of so many sketches: it gives a struct of how many values the first has, the first two have in common, and so
/// on, named by [`field_name`].
pub fn intersections(sketches: usize) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Intersections { sketches, signature: Signature::any(sketches, Volatility::Immutable) }))
}

#[derive(Debug)]
struct Intersections {
    sketches: usize,
    signature: Signature,
}

impl PartialEq for Intersections {
    fn eq(&self, other: &Self) -> bool {
        self.sketches == other.sketches
    }
}

impl Eq for Intersections {}

impl Hash for Intersections {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sketches.hash(state);
    }
}

impl Intersections {
    fn fields(&self) -> Fields {
        (0..self.sketches).map(|place| Field::new(field_name(place), DataType::Int64, true)).collect()
    }
}

impl ScalarUDFImpl for Intersections {
    fn name(&self) -> &str {
        "dcount_intersect"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(self.fields()))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = call.args.iter().map(|argument| cast(&argument.to_array(call.number_rows)?, &DataType::Utf8View).map_err(Into::into));
        let texts = texts.collect::<Result<Vec<ArrayRef>>>()?;
        let mut counts: Vec<Vec<Option<i64>>> = vec![Vec::with_capacity(call.number_rows); self.sketches];
        for row in 0..call.number_rows {
            let sketch = |texts: &ArrayRef| texts.is_valid(row).then(|| Sketch::parse(texts.as_string_view().value(row))).flatten();
            let sketches: Vec<Sketch> = texts.iter().map_while(sketch).collect();
            for (place, counts) in counts.iter_mut().enumerate() {
                counts.push(sketches.get(..=place).map(Sketch::common));
            }
        }
        let columns = counts.into_iter().map(|counts| Arc::new(Int64Array::from(counts)) as ArrayRef).collect();
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(self.fields(), columns, None)?)))
    }
}
