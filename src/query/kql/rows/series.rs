//! `make-series`: aggregates at equal steps become arrays.
//!
//! The plan computes the aggregates: it groups rows by the groups of the series and by the slot that [`Axis::udf`] gives them (rows outside of the
//! axis have none and are left out before). [`MakeSeries`] then lays the aggregates of a series out over its slots.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewBuilder, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::super::aggregates::push_json;
use super::super::functions::{KernelError, json};
use super::super::tree::ScalarType;
use super::super::types::DECIMAL_SCALE;
use super::super::values::write;
use super::keys::group_rows;
use super::{RowsOperator, Running};

/// Most values of a series.
pub const VALUES_MAX: i64 = 1 << 20;

/// A number on an axis: whole for whole numbers and ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Point {
    Long(i64),
    Real(f64),
}

/// The axis of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    kind: ScalarType,
    from: Option<Point>,
    to: Option<Point>,
    step: Point,
    end_inside: bool,
    aligned: bool,
}

impl Axis {
    /// An axis of values of a type, in the type's own unit (ticks): from its first value (the first of each series if absent) to its end (that of
    /// each series if absent). With `in_range` it is that of `in range(from, to, step)`: values are multiples of the step and the end is inside.
    ///
    /// # Errors
    /// A type that has no steps, bounds or a step of another type, a step that is not positive.
    pub fn new(
        kind: ScalarType,
        from: Option<&ScalarValue>,
        to: Option<&ScalarValue>,
        step: &ScalarValue,
        in_range: bool,
    ) -> Result<Self, KernelError> {
        let is_real = matches!(kind, ScalarType::Real | ScalarType::Decimal);
        if matches!(kind, ScalarType::Bool | ScalarType::String | ScalarType::Guid | ScalarType::Dynamic) {
            return Err(KernelError::new(format!(
                "expected numbers, instants or durations on the axis of `make-series`, found `{}`",
                kind.as_str()
            )));
        }
        let point = |value: &ScalarValue| point(value, is_real);
        let step = point(step)?.filter(|step| match step {
            Point::Long(step) => *step > 0,
            Point::Real(step) => *step > 0.0 && step.is_finite(),
        });
        let step = step.ok_or_else(|| KernelError::new("the step of `make-series` must be greater than zero"))?;
        let bound = |value: Option<&ScalarValue>| value.map_or(Ok(None), point);
        let axis = Self { kind, from: bound(from)?, to: bound(to)?, step, end_inside: in_range, aligned: in_range };
        if let (Some(first), Some(end)) = (axis.first_slot(), axis.end_slot())
            && end.saturating_sub(first) > VALUES_MAX
        {
            return Err(KernelError::new(format!("a series may have {VALUES_MAX} values, this one has {}", end.saturating_sub(first))));
        }
        Ok(axis)
    }

    /// The value at which slot 0 starts.
    fn origin(&self) -> Point {
        match (self.from, self.step) {
            (Some(from), _) if !self.aligned => from,
            (_, Point::Long(_)) => Point::Long(0),
            (_, Point::Real(_)) => Point::Real(0.0),
        }
    }

    /// The slot in which a value lies, whatever the bounds.
    fn slot(&self, value: Point) -> Option<i64> {
        match (value, self.origin(), self.step) {
            (Point::Long(value), Point::Long(origin), Point::Long(step)) => {
                value.checked_sub(origin).map(|distance| distance.div_euclid(step))
            }
            (Point::Real(value), Point::Real(origin), Point::Real(step)) => {
                let slot = ((value - origin) / step).floor();
                (slot.abs() < 9e15).then_some(slot as i64)
            }
            _ => None,
        }
    }

    /// The slot of the first value, if that is known.
    fn first_slot(&self) -> Option<i64> {
        let from = self.from?;
        let slot = self.slot(from)?;
        // A start between two multiples of the step is not a value of the series.
        Some(if self.value(slot) == from { slot } else { slot + 1 })
    }

    /// The slot behind the last value, if that is known.
    fn end_slot(&self) -> Option<i64> {
        let to = self.to?;
        let slot = self.slot(to)?;
        Some(if self.end_inside || self.value(slot) != to { slot + 1 } else { slot })
    }

    /// The value at which a slot starts.
    fn value(&self, slot: i64) -> Point {
        match (self.origin(), self.step) {
            (Point::Long(origin), Point::Long(step)) => Point::Long(origin.saturating_add(slot.saturating_mul(step))),
            (Point::Real(origin), Point::Real(step)) => Point::Real(origin + slot as f64 * step),
            (origin, _) => origin,
        }
    }

    fn contains(&self, slot: i64) -> bool {
        self.first_slot().is_none_or(|first| slot >= first) && self.end_slot().is_none_or(|end| slot < end)
    }

    /// The slot of each value as a `long`; null outside of the axis.
    pub fn slots(&self, values: &ArrayRef) -> Result<ArrayRef, KernelError> {
        let failed = |error: arrow::error::ArrowError| KernelError::new(error.to_string());
        let is_real = matches!(self.step, Point::Real(_));
        let values = arrow::compute::cast(values, &if is_real { DataType::Float64 } else { DataType::Int64 }).map_err(failed)?;
        let slots: Int64Array = (0..values.len())
            .map(|row| {
                let value = match (values.is_valid(row), is_real) {
                    (false, _) => None,
                    (true, true) => Some(Point::Real(values.as_primitive::<Float64Type>().value(row))),
                    (true, false) => Some(Point::Long(values.as_primitive::<Int64Type>().value(row))),
                };
                // What lies behind the end in its last slot is outside; a slot whose start is inside counts as a whole.
                let inside = |value: &Point| match (value, self.to) {
                    (Point::Long(value), Some(Point::Long(to))) => self.end_inside || *value < to,
                    (Point::Real(value), Some(Point::Real(to))) => self.end_inside || *value < to,
                    _ => true,
                };
                value.filter(inside).and_then(|value| self.slot(value)).filter(|slot| self.contains(*slot))
            })
            .collect();
        Ok(Arc::new(slots))
    }

    /// [`Self::slots`] as a function of a plan.
    pub fn udf(&self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::from(AxisUdf { axis: self.clone(), signature: Signature::any(1, Volatility::Immutable) }))
    }

    fn write(&self, out: &mut String, slot: i64) {
        match (self.value(slot), self.kind) {
            (Point::Long(ticks), ScalarType::DateTime) => out.extend(["\"", &write::datetime(ticks), "\""]),
            (Point::Long(ticks), ScalarType::Timespan) => out.extend(["\"", &write::timespan(ticks), "\""]),
            (Point::Long(value), _) => out.push_str(&value.to_string()),
            (Point::Real(value), _) => json::real(out, value),
        }
    }
}

fn point(value: &ScalarValue, is_real: bool) -> Result<Option<Point>, KernelError> {
    let failed = |error: DataFusionError| KernelError::new(error.strip_backtrace());
    let wanted = if is_real { DataType::Float64 } else { DataType::Int64 };
    if let (ScalarValue::Decimal128(Some(value), _, _), true) = (value, is_real) {
        return Ok(Some(Point::Real(*value as f64 / 10_f64.powi(i32::from(DECIMAL_SCALE)))));
    }
    Ok(match value.cast_to(&wanted).map_err(failed)? {
        ScalarValue::Int64(value) => value.map(Point::Long),
        ScalarValue::Float64(value) => value.map(Point::Real),
        _ => None,
    })
}

/// Lays aggregates out over the slots of an axis.
///
/// Its input has the columns of the groups, then the slot (`long`), then the aggregates; one row for each group and slot. Its result has the
/// groups, an array for each aggregate, and the array of the values of the axis.
#[derive(Debug)]
pub struct MakeSeries {
    /// How many columns are groups.
    pub groups: usize,
    /// The types of the aggregates.
    pub series: Vec<ScalarType>,
    /// What stands where there is no row: for each aggregate a value in the Arrow form of its type.
    pub defaults: Vec<ScalarValue>,
    /// The axis.
    pub axis: Axis,
    /// Whether no row at all still gives a series of defaults, if the bounds say how long it is.
    pub non_empty: bool,
}

impl RowsOperator for MakeSeries {
    fn name(&self) -> &'static str {
        "make-series"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`make-series` has no input"))?;
        let failed = |error: arrow::error::ArrowError| KernelError::new(error.to_string());
        let groups = &input.columns()[..self.groups];
        let mut members = group_rows(groups, input.num_rows())?;
        let firsts: UInt32Array = members.iter().map(|rows| rows.first().and_then(|row| u32::try_from(*row).ok())).collect();
        let is_long_known = self.axis.first_slot().is_some() && self.axis.end_slot().is_some();
        if members.is_empty() && self.non_empty && self.groups == 0 && is_long_known {
            members.push(Vec::new());
        }
        let slots = input.column(self.groups).as_primitive::<Int64Type>();
        let defaults = self.defaults.iter().map(|value| value.to_array().map_err(|error| KernelError::new(error.strip_backtrace())));
        let defaults = defaults.collect::<Result<Vec<_>, _>>()?;
        let mut built: Vec<StringViewBuilder> = (0..=self.series.len()).map(|_| StringViewBuilder::new()).collect();
        for rows in &members {
            running.go_on()?;
            self.lay_out(input, slots, rows, &defaults, &mut built, running)?;
        }
        let mut columns = groups.iter().map(|column| take(column, &firsts, None).map_err(failed)).collect::<Result<Vec<_>, _>>()?;
        columns.extend(built.iter_mut().map(|built| Arc::new(built.finish()) as ArrayRef));
        Ok(columns)
    }
}

impl MakeSeries {
    fn lay_out(
        &self,
        input: &RecordBatch,
        slots: &Int64Array,
        rows: &[usize],
        defaults: &[ArrayRef],
        built: &mut [StringViewBuilder],
        running: &Running,
    ) -> Result<(), KernelError> {
        let known = || rows.iter().filter(|row| slots.is_valid(**row)).map(|row| slots.value(*row));
        let first = self.axis.first_slot().or_else(|| known().min()).unwrap_or(0);
        let end = self.axis.end_slot().or_else(|| known().max().map(|last| last + 1)).unwrap_or(first).max(first);
        let length = end - first;
        if length > VALUES_MAX {
            return Err(KernelError::new(format!("a series may have {VALUES_MAX} values, this one has {length}; take a greater step")));
        }
        let length = usize::try_from(length).unwrap_or_default();
        running.reserve(length * 16 * built.len())?;
        let mut row_of = vec![None; length];
        for row in rows.iter().filter(|row| slots.is_valid(**row)) {
            if let Some(place) = usize::try_from(slots.value(*row) - first).ok().filter(|place| *place < length) {
                row_of[place] = Some(*row);
            }
        }
        let mut text = String::new();
        for (series, kind) in self.series.iter().enumerate() {
            let column = input.column(self.groups + 1 + series);
            text.clear();
            text.push('[');
            for (place, row) in row_of.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                let written = match row {
                    Some(row) => push_json(&mut text, *kind, column, *row),
                    None => push_json(&mut text, *kind, &defaults[series], 0),
                };
                if !written {
                    text.push_str("null");
                }
            }
            text.push(']');
            built[series].append_value(&text);
        }
        text.clear();
        text.push('[');
        for slot in first..end {
            if slot > first {
                text.push(',');
            }
            self.axis.write(&mut text, slot);
        }
        text.push(']');
        built[self.series.len()].append_value(&text);
        Ok(())
    }
}

#[derive(Debug)]
struct AxisUdf {
    axis: Axis,
    signature: Signature,
}

impl PartialEq for AxisUdf {
    fn eq(&self, other: &Self) -> bool {
        self.axis == other.axis
    }
}

impl Eq for AxisUdf {}

impl Hash for AxisUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.axis.kind.hash(state);
    }
}

impl ScalarUDFImpl for AxisUdf {
    fn name(&self) -> &str {
        "series_slot"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = call.args.as_slice() else {
            return Err(DataFusionError::Internal("a slot has one value".to_owned()));
        };
        let slots = self.axis.slots(&value.to_array(call.number_rows)?).map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(ColumnarValue::Array(slots))
    }
}
