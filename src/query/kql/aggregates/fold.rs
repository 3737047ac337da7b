//! Aggregates whose memory of a group is a few numbers or one text: counts, sums, extremes, bits and means.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Int64Array, PrimitiveArray, StringViewArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int32Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;

use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::accumulate::{each, each_row};
use super::udaf::{Body, Groups, Made, Rows};

/// Rows, or rows with a value if there is an argument.
#[derive(Debug)]
pub(super) struct Count;

impl Body for Count {
    fn result(&self, _: &[ScalarType]) -> DataType {
        DataType::Int64
    }

    fn state(&self, _: &[ScalarType]) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn groups(&self, _: &Made) -> Result<Box<dyn Groups>> {
        Ok(Box::new(Counts(Vec::new())))
    }
}

#[derive(Debug)]
struct Counts(Vec<i64>);

impl Groups for Counts {
    fn grow(&mut self, groups: usize) {
        self.0.resize(groups.max(self.0.len()), 0);
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        match (rows.columns.first(), rows.filter) {
            (None, None) => rows.groups.iter().for_each(|group| self.0[*group] += 1),
            (None, Some(_)) => (0..rows.groups.len()).filter(|row| rows.counts(*row)).for_each(|row| self.0[rows.groups[row]] += 1),
            (Some(column), _) => each_row(column, rows, |row| self.0[rows.groups[row]] += 1),
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        each(states[0].as_primitive::<Int64Type>(), groups, None, |group, count| self.0[group] += count);
        Ok(())
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from(emit.take_needed(&mut self.0))))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(emit)?])
    }

    fn size(&self) -> usize {
        self.0.capacity() * size_of::<i64>()
    }
}

/// The sum; of nothing it is zero.
#[derive(Debug)]
pub(super) struct Sum;

/// The type of a sum: whole numbers become `long`.
pub(super) fn widened(arguments: &[ScalarType]) -> ScalarType {
    match arguments.first() {
        Some(ScalarType::Int) | None => ScalarType::Long,
        Some(kind) => *kind,
    }
}

impl Body for Sum {
    fn result(&self, arguments: &[ScalarType]) -> DataType {
        arrow_type(widened(arguments))
    }

    fn state(&self, arguments: &[ScalarType]) -> Vec<DataType> {
        vec![self.result(arguments)]
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        let kind = self.result(&made.arguments);
        Ok(match kind {
            DataType::Float64 => combined::<Float64Type>(kind, Some(0.0), |a, b| a + b),
            DataType::Decimal128(..) => combined::<Decimal128Type>(kind, Some(0), i128::wrapping_add),
            _ => combined::<Int64Type>(kind, Some(0), i64::wrapping_add),
        })
    }
}

/// The smallest or the greatest value. Not-a-number wins over all numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extreme {
    Smallest,
    Greatest,
}

impl Extreme {
    /// Whether a value beats the one that leads.
    pub(super) fn wins<T: PartialOrd>(self, new: &T, old: &T) -> bool {
        match self {
            Self::Smallest => new < old,
            Self::Greatest => new > old,
        }
    }

    /// Whether a float beats the one that leads.
    pub(super) fn wins_float(self, new: f64, old: f64) -> bool {
        !old.is_nan() && (new.is_nan() || self.wins(&new, &old))
    }
}

impl Body for Extreme {
    fn result(&self, arguments: &[ScalarType]) -> DataType {
        arrow_type(arguments[0])
    }

    fn state(&self, arguments: &[ScalarType]) -> Vec<DataType> {
        vec![self.result(arguments)]
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        let kind = self.result(&made.arguments);
        Ok(match (kind.clone(), self) {
            (DataType::Utf8View, side) => Box::new(Texts { best: Vec::new(), side: *side, kind: made.arguments[0], bytes: 0 }),
            (DataType::Float64, Self::Smallest) => {
                combined::<Float64Type>(kind, None, |a, b| if Self::Smallest.wins_float(b, a) { b } else { a })
            }
            (DataType::Float64, Self::Greatest) => {
                combined::<Float64Type>(kind, None, |a, b| if Self::Greatest.wins_float(b, a) { b } else { a })
            }
            (DataType::Decimal128(..), Self::Smallest) => combined::<Decimal128Type>(kind, None, i128::min),
            (DataType::Decimal128(..), Self::Greatest) => combined::<Decimal128Type>(kind, None, i128::max),
            (DataType::Int64, Self::Smallest) => combined::<Int64Type>(kind, None, i64::min),
            (DataType::Int64, Self::Greatest) => combined::<Int64Type>(kind, None, i64::max),
            (_, Self::Smallest) => combined::<Int32Type>(kind, None, i32::min),
            (_, Self::Greatest) => combined::<Int32Type>(kind, None, i32::max),
        })
    }
}

/// Bits of all values put together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bits {
    And,
    Or,
    Xor,
}

impl Body for Bits {
    fn result(&self, arguments: &[ScalarType]) -> DataType {
        arrow_type(arguments[0])
    }

    fn state(&self, arguments: &[ScalarType]) -> Vec<DataType> {
        vec![self.result(arguments)]
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        // An `int` keeps its sign when it is widened: bits and their order stay.
        let kind = self.result(&made.arguments);
        Ok(match self {
            Self::And => combined::<Int64Type>(kind, None, |a, b| a & b),
            Self::Or => combined::<Int64Type>(kind, None, |a, b| a | b),
            Self::Xor => combined::<Int64Type>(kind, None, |a, b| a ^ b),
        })
    }
}

fn combined<T: ArrowPrimitiveType>(
    result: DataType,
    none: Option<T::Native>,
    combine: impl Fn(T::Native, T::Native) -> T::Native + Send + Sync + 'static,
) -> Box<dyn Groups> {
    let held = if T::DATA_TYPE.is_decimal() { result.clone() } else { T::DATA_TYPE };
    Box::new(Combined::<T, _> { values: Vec::new(), seen: Vec::new(), none, combine, held, result })
}

/// One number for each group, to which each further one is added in some way.
struct Combined<T: ArrowPrimitiveType, C> {
    values: Vec<T::Native>,
    seen: Vec<bool>,
    /// What a group without values gives; null if absent.
    none: Option<T::Native>,
    combine: C,
    held: DataType,
    result: DataType,
}

impl<T: ArrowPrimitiveType, C> Debug for Combined<T, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Combined").field("groups", &self.values.len()).field("result", &self.result).finish_non_exhaustive()
    }
}

impl<T: ArrowPrimitiveType, C: Fn(T::Native, T::Native) -> T::Native> Combined<T, C> {
    fn add(&mut self, column: &ArrayRef, groups: &[usize], filter: Option<&arrow::array::BooleanArray>) -> Result<()> {
        let cast = if column.data_type() == &self.held { Arc::clone(column) } else { arrow::compute::cast(column, &self.held)? };
        let (values, seen, combine) = (&mut self.values, &mut self.seen, &self.combine);
        each(cast.as_primitive::<T>(), groups, filter, |group, value| {
            values[group] = if seen[group] { combine(values[group], value) } else { value };
            seen[group] = true;
        });
        Ok(())
    }
}

impl<T: ArrowPrimitiveType, C: Fn(T::Native, T::Native) -> T::Native + Send + Sync> Groups for Combined<T, C> {
    fn grow(&mut self, groups: usize) {
        let groups = groups.max(self.values.len());
        self.values.resize(groups, self.none.unwrap_or_default());
        self.seen.resize(groups, false);
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        self.add(&rows.columns[0], rows.groups, rows.filter)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.add(&states[0], groups, None)
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let (values, seen) = (emit.take_needed(&mut self.values), emit.take_needed(&mut self.seen));
        let nulls = self.none.is_none().then(|| NullBuffer::from(seen));
        let values: ArrayRef = Arc::new(PrimitiveArray::<T>::new(values.into(), nulls).with_data_type(self.held.clone()));
        Ok(if self.held == self.result { values } else { arrow::compute::cast(&values, &self.result)? })
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(emit)?])
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<T::Native>() + self.seen.capacity()
    }
}

/// The smallest or greatest text of each group.
#[derive(Debug)]
struct Texts {
    best: Vec<Option<Box<str>>>,
    side: Extreme,
    kind: ScalarType,
    /// Bytes of all texts, about: what was taken over, without what was let go.
    bytes: usize,
}

impl Texts {
    fn add(&mut self, group: usize, text: &str) {
        let best = &mut self.best[group];
        if best.as_deref().is_none_or(|best| self.side.wins(&text, &best)) {
            self.bytes = (self.bytes + text.len()).saturating_sub(best.as_ref().map_or(0, |best| best.len()));
            *best = Some(text.into());
        }
    }
}

impl Texts {
    fn take(&mut self, emit: EmitTo) -> Vec<Option<Box<str>>> {
        let taken = emit.take_needed(&mut self.best);
        self.bytes = self.bytes.saturating_sub(taken.iter().flatten().map(|text| text.len()).sum());
        taken
    }
}

impl Groups for Texts {
    fn grow(&mut self, groups: usize) {
        self.best.resize(groups.max(self.best.len()), None);
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        let texts = rows.columns[0].as_string_view();
        each_row(&rows.columns[0], rows, |row| self.add(rows.groups[row], texts.value(row)));
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.update(&Rows { columns: states, groups, filter: None, order: None })
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let best = self.take(emit).into_iter();
        let none = (self.kind == ScalarType::String).then(Box::<str>::default);
        Ok(Arc::new(best.map(|text| text.or_else(|| none.clone())).collect::<StringViewArray>()))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(self.take(emit).into_iter().collect::<StringViewArray>())])
    }

    fn size(&self) -> usize {
        self.bytes + self.best.capacity() * size_of::<Box<str>>()
    }
}

/// The mean. Of no numbers it is not a number, of no instants, durations or decimals it is null.
#[derive(Debug)]
pub(super) struct Mean;

/// The type of a mean: that of whole numbers is `real`.
pub(super) fn divided(arguments: &[ScalarType]) -> ScalarType {
    match arguments.first() {
        Some(ScalarType::Int | ScalarType::Long) | None => ScalarType::Real,
        Some(kind) => *kind,
    }
}

/// Sums of whole numbers are kept exact, so that the split of rows over partitions does not show.
const EXACT: DataType = DataType::Decimal128(38, 0);

impl Body for Mean {
    fn result(&self, arguments: &[ScalarType]) -> DataType {
        arrow_type(divided(arguments))
    }

    fn state(&self, arguments: &[ScalarType]) -> Vec<DataType> {
        vec![if arguments[0] == ScalarType::Real { DataType::Float64 } else { EXACT }, DataType::Int64]
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        let sums = if made.arguments[0] == ScalarType::Real { Sums::Real(Vec::new()) } else { Sums::Whole(Vec::new()) };
        Ok(Box::new(Means { sums, counts: Vec::new(), kind: divided(&made.arguments) }))
    }
}

#[derive(Debug)]
enum Sums {
    Real(Vec<f64>),
    Whole(Vec<i128>),
}

#[derive(Debug)]
struct Means {
    sums: Sums,
    counts: Vec<i64>,
    kind: ScalarType,
}

impl Means {
    fn add(&mut self, column: &ArrayRef, groups: &[usize], filter: Option<&arrow::array::BooleanArray>) -> Result<()> {
        match (&mut self.sums, column.data_type()) {
            (Sums::Real(sums), _) => each(column.as_primitive::<Float64Type>(), groups, filter, |group, value| sums[group] += value),
            (Sums::Whole(sums), DataType::Decimal128(..)) => {
                each(column.as_primitive::<Decimal128Type>(), groups, filter, |group, value| sums[group] = sums[group].wrapping_add(value));
            }
            (Sums::Whole(sums), _) => {
                let whole = arrow::compute::cast(column, &DataType::Int64)?;
                each(whole.as_primitive::<Int64Type>(), groups, filter, |group, value| {
                    sums[group] = sums[group].wrapping_add(i128::from(value))
                });
            }
        }
        Ok(())
    }
}

impl Groups for Means {
    fn grow(&mut self, groups: usize) {
        let groups = groups.max(self.counts.len());
        self.counts.resize(groups, 0);
        match &mut self.sums {
            Sums::Real(sums) => sums.resize(groups, 0.0),
            Sums::Whole(sums) => sums.resize(groups, 0),
        }
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        self.add(&rows.columns[0], rows.groups, rows.filter)?;
        each_row(&rows.columns[0], rows, |row| self.counts[rows.groups[row]] += 1);
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.add(&states[0], groups, None)?;
        each(states[1].as_primitive::<Int64Type>(), groups, None, |group, count| self.counts[group] += count);
        Ok(())
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let counts = emit.take_needed(&mut self.counts);
        let means: ArrayRef = match &mut self.sums {
            Sums::Real(sums) => {
                let sums = emit.take_needed(sums);
                Arc::new(sums.iter().zip(&counts).map(|(sum, count)| Some(sum / *count as f64)).collect::<PrimitiveArray<Float64Type>>())
            }
            Sums::Whole(sums) => {
                let sums = emit.take_needed(sums);
                let parts = sums.into_iter().zip(counts.iter().map(|count| i128::from(*count)));
                match self.kind {
                    ScalarType::Real => {
                        Arc::new(parts.map(|(sum, count)| Some(sum as f64 / count as f64)).collect::<PrimitiveArray<Float64Type>>())
                    }
                    ScalarType::Decimal => {
                        let means = parts.map(|(sum, count)| sum.checked_div(count)).collect::<PrimitiveArray<Decimal128Type>>();
                        Arc::new(means.with_data_type(arrow_type(ScalarType::Decimal)))
                    }
                    _ => {
                        let mean = |(sum, count): (i128, i128)| sum.checked_div(count).and_then(|mean| i64::try_from(mean).ok());
                        Arc::new(parts.map(mean).collect::<Int64Array>())
                    }
                }
            }
        };
        Ok(means)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums: ArrayRef = match &mut self.sums {
            Sums::Real(sums) => Arc::new(PrimitiveArray::<Float64Type>::from(emit.take_needed(sums))),
            Sums::Whole(sums) => Arc::new(PrimitiveArray::<Decimal128Type>::from(emit.take_needed(sums)).with_data_type(EXACT)),
        };
        Ok(vec![sums, Arc::new(Int64Array::from(emit.take_needed(&mut self.counts)))])
    }

    fn size(&self) -> usize {
        let sums = match &self.sums {
            Sums::Real(sums) => sums.capacity() * size_of::<f64>(),
            Sums::Whole(sums) => sums.capacity() * size_of::<i128>(),
        };
        sums + self.counts.capacity() * size_of::<i64>()
    }
}
