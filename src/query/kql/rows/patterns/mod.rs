//! The plugins that find what many rows have in common: `basket`, `autocluster`, `diffpatterns`.
//!
//! A pattern is a value for some of the columns; it holds the rows that have all of them. Of patterns that hold the same rows only the one with
//! the most values counts. `mining` finds all that are frequent, the plugins choose among them. Nothing is drawn by lot.

mod choice;
mod mining;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::ScalarValue;

use super::super::functions::KernelError;
use super::{RowsOperator, Running};
use mining::{Mined, Rows};

/// The rows whose patterns are looked for: the first columns of the input are those of the result.
#[derive(Clone, Debug)]
pub struct Dimensions {
    /// What stands in a column of which a pattern says nothing.
    pub wildcards: Vec<ScalarValue>,
    /// Columns that say nothing about a row: of weights, and that which parts the rows.
    pub apart: Vec<usize>,
    /// The column of how often a row counts.
    pub weight: Option<usize>,
    /// Most values that a pattern needs to be told from all others.
    pub values_max: usize,
}

/// What a plugin makes of the patterns.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// `basket`: all that hold at least this share of the rows.
    Frequent(f64),
    /// `autocluster`: a few that hold many rows and tell many values; the weight of the rows.
    Telling(f64),
    /// `diffpatterns`: those that hold another share of the rows that are `a` in this column of texts than of those that are `b`.
    Different {
        /// The column.
        column: usize,
        /// Its value in the first set.
        a: String,
        /// Its value in the second.
        b: String,
        /// The least difference of the two shares.
        threshold: f64,
    },
}

/// A plugin: what is looked at, and what is asked for.
#[derive(Debug)]
pub struct Patterns {
    /// The columns.
    pub dimensions: Dimensions,
    /// Which patterns.
    pub wanted: Wanted,
}

/// Share of the rows that a pattern of `autocluster` holds at least.
const TELLING_SHARE_MIN: f64 = 0.05;

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

impl RowsOperator for Patterns {
    fn name(&self) -> &'static str {
        match self.wanted {
            Wanted::Frequent(_) => "basket",
            Wanted::Telling(_) => "autocluster",
            Wanted::Different { .. } => "diffpatterns",
        }
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new(format!("`{}` has no input", self.name())))?;
        let weights = self.weights(input)?;
        let total = weights.iter().fold([0_i64; 2], |sum, weight| [sum[0] + weight[0], sum[1] + weight[1]]);
        let looked_at: Vec<usize> = (0..self.dimensions.wildcards.len()).filter(|column| !self.dimensions.apart.contains(column)).collect();
        let (found, columns) = match &self.wanted {
            Wanted::Frequent(share) => {
                let least = move |count: [i64; 2]| count[0] as f64 >= share * total[0] as f64;
                let rows = Rows::of(input, &looked_at, &weights, &least, running)?;
                let found = choice::frequent(rows.mined(self.dimensions.values_max, &least, running)?);
                let columns = single(&found, total[0]);
                (found, columns)
            }
            Wanted::Telling(weight) => {
                let least = move |count: [i64; 2]| count[0] as f64 >= TELLING_SHARE_MIN * total[0] as f64;
                let rows = Rows::of(input, &looked_at, &weights, &least, running)?;
                let mined = rows.mined(self.dimensions.values_max, &least, running)?;
                let found = choice::telling(mined, &rows, total[0], looked_at.len(), *weight);
                let columns = single(&found, total[0]);
                (found, columns)
            }
            Wanted::Different { threshold, a, b, .. } => {
                if let Some(empty) = [(a, total[0]), (b, total[1])].iter().find(|(_, rows)| *rows == 0 && input.num_rows() > 0) {
                    return Err(KernelError::new(format!("expected rows of both sets, found none that is `{}`", empty.0)));
                }
                let share = move |count: i64, total: i64| count as f64 / total.max(1) as f64;
                let least = move |count: [i64; 2]| share(count[0], total[0]) >= *threshold || share(count[1], total[1]) >= *threshold;
                let rows = Rows::of(input, &looked_at, &weights, &least, running)?;
                let mined = rows.mined(self.dimensions.values_max, &least, running)?;
                let found = choice::different(mined, &rows, total, *threshold);
                let columns = both(&found, total);
                (found, columns)
            }
        };
        self.columns(input, &found, columns)
    }
}

impl Patterns {
    /// How often each row counts, in the first set and in the second.
    fn weights(&self, input: &RecordBatch) -> Result<Vec<[i64; 2]>, KernelError> {
        let mut weights = vec![[1_i64, 0]; input.num_rows()];
        if let Wanted::Different { column, a, b, .. } = &self.wanted {
            let texts = input.column(*column).as_string_view();
            for (weight, text) in weights.iter_mut().zip(texts) {
                let text = text.unwrap_or_default();
                *weight = [i64::from(text == a), i64::from(text == b)];
            }
        }
        let Some(column) = self.dimensions.weight else { return Ok(weights) };
        let given = cast(input.column(column), &DataType::Int64).map_err(failed)?;
        let given = given.as_primitive::<Int64Type>();
        for (row, weight) in weights.iter_mut().enumerate() {
            let times = if given.is_valid(row) { given.value(row) } else { 0 };
            if !(0..=u32::MAX.into()).contains(&times) {
                return Err(KernelError::new(format!("expected a weight from 0 to {}, found {times}", u32::MAX)));
            }
            *weight = weight.map(|one| one * times);
        }
        Ok(weights)
    }

    /// The columns of the result: numbers of the patterns, what was counted, and a column for each of the input.
    fn columns(&self, input: &RecordBatch, found: &[Mined], counted: Vec<ArrayRef>) -> Result<Vec<ArrayRef>, KernelError> {
        let numbers: ArrayRef = Arc::new((0..found.len() as i64).collect::<Int64Array>());
        let mut columns = vec![numbers];
        columns.extend(counted);
        for (place, wildcard) in self.dimensions.wildcards.iter().enumerate() {
            let values = input.column(place);
            let wildcard = wildcard.to_array_of_size(1).map_err(failed)?;
            let wildcard = cast(&wildcard, values.data_type()).map_err(failed)?;
            let together = concat(&[values.as_ref(), wildcard.as_ref()]).map_err(failed)?;
            let rows = found.iter().map(|pattern| {
                let told = pattern.values.iter().find(|(column, _)| *column == place);
                told.map_or_else(|| u32::try_from(values.len()).ok(), |(_, row)| Some(*row))
            });
            columns.push(take(together.as_ref(), &rows.collect::<UInt32Array>(), None).map_err(failed)?);
        }
        Ok(columns)
    }
}

/// How many rows the patterns hold, and how many percent of all these are.
fn single(found: &[Mined], total: i64) -> Vec<ArrayRef> {
    let counts = found.iter().map(|pattern| Some(pattern.count[0])).collect::<Int64Array>();
    let percents = found.iter().map(|pattern| Some(100.0 * pattern.count[0] as f64 / total as f64)).collect::<Float64Array>();
    vec![Arc::new(counts), Arc::new(percents)]
}

/// The same of two sets, in percent with two digits, and how far these are apart.
fn both(found: &[Mined], total: [i64; 2]) -> Vec<ArrayRef> {
    let percent = |pattern: &Mined, set: usize| 100.0 * pattern.count[set] as f64 / total[set] as f64;
    let rounded = |value: f64| (value * 100.0).round() / 100.0;
    let reals = |value: &dyn Fn(&Mined) -> f64| -> ArrayRef {
        Arc::new(found.iter().map(|pattern| Some(rounded(value(pattern)))).collect::<Float64Array>())
    };
    let counts = |set: usize| -> ArrayRef { Arc::new(found.iter().map(|pattern| Some(pattern.count[set])).collect::<Int64Array>()) };
    vec![
        counts(0),
        counts(1),
        reals(&|pattern| percent(pattern, 0)),
        reals(&|pattern| percent(pattern, 1)),
        reals(&|pattern| (percent(pattern, 0) - percent(pattern, 1)).abs()),
    ]
}
