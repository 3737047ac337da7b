//! Aggregates over sketches of distinct values: `dcount`, `count_distinct`, `hll`, `hll_merge`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, LargeBinaryArray, StringViewArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::EmitTo;

use super::super::functions::json::{Json, identity};
use super::super::tree::ScalarType;
use super::accumulate::each_row;
use super::hash::{hash_bytes, hash_number};
use super::sketch::{Sketch, bits_of};
use super::udaf::{Body, Groups, Made, Rows};

/// What is made of the distinct values of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distinct {
    /// How many there are, about.
    Count,
    /// How many there are, exactly.
    Exact,
    /// Their sketch.
    Sketch,
    /// The sketch of what sketches have seen.
    Merge,
}

impl Body for Distinct {
    fn result(&self, _: &[ScalarType]) -> DataType {
        match self {
            Self::Count | Self::Exact => DataType::Int64,
            Self::Sketch | Self::Merge => DataType::Utf8View,
        }
    }

    fn state(&self, _: &[ScalarType]) -> Vec<DataType> {
        vec![DataType::LargeBinary]
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        let accuracy = if matches!(self, Self::Count | Self::Sketch) { made.long(1)? } else { Some(4) };
        let Some(bits) = bits_of(accuracy) else {
            return plan_err!("expected an accuracy between 0 and 4, found {}", accuracy.unwrap_or_default());
        };
        let empty = if *self == Self::Exact { Sketch::exact() } else { Sketch::new(bits) };
        Ok(Box::new(Sketches { rule: *self, kind: made.arguments[0], empty, sketches: Vec::new(), held: 0 }))
    }
}

#[derive(Debug)]
struct Sketches {
    rule: Distinct,
    kind: ScalarType,
    empty: Sketch,
    sketches: Vec<Sketch>,
    /// Bytes that the sketches hold beyond their own size.
    held: usize,
}

impl Sketches {
    fn take(&mut self, emit: EmitTo) -> Vec<Sketch> {
        let sketches = emit.take_needed(&mut self.sketches);
        self.held = self.held.saturating_sub(sketches.iter().map(Sketch::held).sum());
        sketches
    }
}

impl Groups for Sketches {
    fn grow(&mut self, groups: usize) {
        self.sketches.resize(groups.max(self.sketches.len()), self.empty.clone());
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        let column = &rows.columns[0];
        let (sketches, held) = (&mut self.sketches, &mut self.held);
        if self.rule == Distinct::Merge {
            let texts = column.as_string_view();
            each_row(column, rows, |row| {
                if let Some(sketch) = Sketch::parse(texts.value(row)) {
                    *held += sketches[rows.groups[row]].merge(&sketch);
                }
            });
            return Ok(());
        }
        let mut add = |group: usize, hash: u64| *held += sketches[group].add(hash);
        match column.data_type() {
            DataType::Utf8View if self.kind == ScalarType::Dynamic => {
                let texts = column.as_string_view();
                each_row(column, rows, |row| {
                    let value = Json::new(texts.value(row));
                    if !value.is_null() {
                        add(rows.groups[row], hash_bytes(0, identity(value).as_bytes()));
                    }
                });
            }
            DataType::Utf8View => {
                let texts = column.as_string_view();
                each_row(column, rows, |row| add(rows.groups[row], hash_bytes(0, texts.value(row).as_bytes())));
            }
            DataType::Float64 => {
                let values = column.as_primitive::<Float64Type>();
                // Both zeros are one value, and so is all that is not a number.
                let bits = |value: f64| if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() };
                each_row(column, rows, |row| add(rows.groups[row], hash_number(bits(values.value(row)))));
            }
            DataType::Decimal128(..) => {
                let values = column.as_primitive::<Decimal128Type>();
                each_row(column, rows, |row| add(rows.groups[row], hash_bytes(0, &values.value(row).to_le_bytes())));
            }
            _ => {
                let values = arrow::compute::cast(column, &DataType::Int64)?;
                let values = values.as_primitive::<Int64Type>();
                each_row(column, rows, |row| add(rows.groups[row], hash_number(values.value(row).cast_unsigned())));
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let states = states[0].as_binary::<i64>();
        for (row, group) in groups.iter().copied().enumerate() {
            if let Some(sketch) = states.is_valid(row).then(|| Sketch::of_bytes(states.value(row))).flatten() {
                self.held += self.sketches[group].merge(&sketch);
            }
        }
        Ok(())
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sketches = self.take(emit);
        Ok(match self.rule {
            Distinct::Count | Distinct::Exact => Arc::new(sketches.iter().map(|sketch| Some(sketch.count())).collect::<Int64Array>()),
            Distinct::Sketch | Distinct::Merge => Arc::new(sketches.iter().map(|sketch| Some(sketch.text())).collect::<StringViewArray>()),
        })
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let sketches = self.take(emit);
        Ok(vec![Arc::new(sketches.iter().map(|sketch| Some(sketch.bytes())).collect::<LargeBinaryArray>())])
    }

    fn size(&self) -> usize {
        self.held + self.sketches.capacity() * size_of::<Sketch>()
    }
}
