//! Aggregates over digests: percentiles, plain and weighted, and the digests themselves.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StringViewArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;

use super::super::functions::json::{Json, real};
use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::super::values::write;
use super::digest::{Digest, Measured, ordered};
use super::field_name;
use super::udaf::{Body, Groups, Made, Rows};

/// What is made of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One percentile.
    Value,
    /// A column for each percentile.
    Columns,
    /// An array of percentiles.
    Array,
    /// The digest.
    Digest,
    /// The digest of all values of digests.
    Merge,
}

/// A shape, and whether the second argument is the weight of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quantile(pub(super) Shape, pub(super) bool);

impl Quantile {
    /// Where the percentiles start among the arguments.
    fn first(self) -> usize {
        if self.1 { 2 } else { 1 }
    }
}

/// The type of a percentile: whole numbers become `long`, decimals `real`.
pub(super) fn measured(arguments: &[ScalarType]) -> ScalarType {
    match arguments.first() {
        Some(ScalarType::Int) | None => ScalarType::Long,
        Some(ScalarType::Decimal) => ScalarType::Real,
        Some(kind) => *kind,
    }
}

fn fields(count: usize, kind: ScalarType) -> Fields {
    (0..count).map(|column| Field::new(field_name(column), arrow_type(kind), true)).collect()
}

impl Body for Quantile {
    fn result(&self, arguments: &[ScalarType]) -> DataType {
        let kind = measured(arguments);
        match self.0 {
            Shape::Value => arrow_type(kind),
            Shape::Columns => DataType::Struct(fields(arguments.len().saturating_sub(self.first()), kind)),
            Shape::Array | Shape::Digest | Shape::Merge => DataType::Utf8View,
        }
    }

    fn state(&self, _: &[ScalarType]) -> Vec<DataType> {
        vec![DataType::List(item()), DataType::List(item()), DataType::Boolean]
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        let first = self.first();
        let percents = match self.0 {
            Shape::Digest | Shape::Merge => Vec::new(),
            Shape::Array if made.arguments.get(first) == Some(&ScalarType::Dynamic) => {
                Json::new(made.text(first)?).elements().filter_map(Json::real).collect()
            }
            _ => (first..made.arguments.len()).map(|argument| made.real(argument)).collect::<Result<_>>()?,
        };
        let is_real = Digest::keeps_real(made.arguments[0]);
        let weight = self.1.then_some(1).filter(|place| *place < made.arguments.len());
        let kind = measured(&made.arguments);
        Ok(Box::new(Quantiles { shape: self.0, weight, kind, percents, is_real, digests: Vec::new(), points: 0 }))
    }
}

/// Bytes of a point, with what a growing list keeps in reserve.
const POINT_BYTES: usize = 24;

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Int64, true))
}

#[derive(Debug)]
struct Quantiles {
    shape: Shape,
    weight: Option<usize>,
    kind: ScalarType,
    percents: Vec<f64>,
    is_real: bool,
    digests: Vec<Digest>,
    /// Points of all digests, about.
    points: usize,
}

impl Quantiles {
    fn merge_texts(&mut self, rows: &Rows<'_>) {
        let texts = rows.columns[0].as_string_view();
        for (row, group) in rows.groups.iter().copied().enumerate() {
            if rows.counts(row)
                && texts.is_valid(row)
                && let Some(digest) = Digest::parse(texts.value(row))
            {
                self.points += self.digests[group].merge(&digest);
            }
        }
    }

    fn take(&mut self, emit: EmitTo) -> Vec<Digest> {
        let digests = emit.take_needed(&mut self.digests);
        self.points = self.points.saturating_sub(digests.iter().map(Digest::held).sum());
        digests
    }

    /// The percentiles of one group as an array.
    fn array(&self, digest: &mut Digest) -> String {
        let mut text = String::from("[");
        for (place, percent) in self.percents.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            match (digest.percentile(*percent), self.kind) {
                (None, _) => text.push_str("null"),
                (Some(Measured::Real(value)), _) => real(&mut text, value),
                (Some(Measured::Long(ticks)), ScalarType::DateTime) => text.extend(["\"", &write::datetime(ticks), "\""]),
                (Some(Measured::Long(ticks)), ScalarType::Timespan) => text.extend(["\"", &write::timespan(ticks), "\""]),
                (Some(Measured::Long(value)), _) => text.push_str(&value.to_string()),
            }
        }
        text.push(']');
        text
    }

    fn column(&self, digests: &mut [Digest], percent: f64) -> ArrayRef {
        let values = digests.iter_mut().map(|digest| digest.percentile(percent));
        if self.is_real {
            let real = |value| match value {
                Measured::Real(value) => value,
                Measured::Long(value) => value as f64,
            };
            Arc::new(values.map(|value| value.map(real)).collect::<Float64Array>())
        } else {
            let long = |value| match value {
                Measured::Real(value) => value as i64,
                Measured::Long(value) => value,
            };
            Arc::new(values.map(|value| value.map(long)).collect::<Int64Array>())
        }
    }
}

impl Groups for Quantiles {
    fn grow(&mut self, groups: usize) {
        self.digests.resize(groups.max(self.digests.len()), Digest::new(self.is_real));
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        if self.shape == Shape::Merge {
            self.merge_texts(rows);
            return Ok(());
        }
        let weights = self.weight.map(|place| arrow::compute::cast(&rows.columns[place], &DataType::Int64)).transpose()?;
        let weights = weights.as_ref().map(|weights| weights.as_primitive::<Int64Type>());
        let wanted = if self.is_real { DataType::Float64 } else { DataType::Int64 };
        let values = arrow::compute::cast(&rows.columns[0], &wanted)?;
        for (row, group) in rows.groups.iter().copied().enumerate() {
            if values.is_null(row) || !rows.counts(row) || weights.is_some_and(|weights| weights.is_null(row)) {
                continue;
            }
            let value = if self.is_real {
                ordered(values.as_primitive::<Float64Type>().value(row))
            } else {
                values.as_primitive::<Int64Type>().value(row)
            };
            self.points += self.digests[group].add_point(value, weights.map_or(1, |weights| weights.value(row)));
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let (values, weights, reals) = (states[0].as_list::<i32>(), states[1].as_list::<i32>(), states[2].as_boolean());
        for (row, group) in groups.iter().copied().enumerate() {
            let (values, weights) = (values.value(row), weights.value(row));
            let (values, weights) = (values.as_primitive::<Int64Type>().values(), weights.as_primitive::<Int64Type>().values());
            let other = Digest::of_points(reals.value(row), values.iter().copied().zip(weights.iter().copied()).collect());
            self.points += self.digests[group].merge(&other);
        }
        Ok(())
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let mut digests = self.take(emit);
        Ok(match self.shape {
            Shape::Value => self.column(&mut digests, self.percents.first().copied().unwrap_or_default()),
            Shape::Columns => {
                let columns: Vec<ArrayRef> = self.percents.iter().map(|percent| self.column(&mut digests, *percent)).collect();
                Arc::new(StructArray::try_new(fields(columns.len(), self.kind), columns, None)?)
            }
            Shape::Array => Arc::new(digests.iter_mut().map(|digest| Some(self.array(digest))).collect::<StringViewArray>()),
            Shape::Digest | Shape::Merge => {
                // Nothing has no digest.
                let texts = digests.iter_mut().map(|digest| (digest.held() > 0).then(|| digest.text()));
                Arc::new(texts.collect::<StringViewArray>())
            }
        })
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let mut digests = self.take(emit);
        let lengths: Vec<usize> = digests.iter_mut().map(|digest| digest.points().len()).collect();
        let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
        let points = || digests.iter().flat_map(|digest| digest.settled());
        let values: Int64Array = points().map(|(value, _)| Some(*value)).collect();
        let weights: Int64Array = points().map(|(_, weight)| Some(*weight)).collect();
        Ok(vec![
            Arc::new(ListArray::try_new(item(), offsets.clone(), Arc::new(values), None)?),
            Arc::new(ListArray::try_new(item(), offsets, Arc::new(weights), None)?),
            Arc::new(digests.iter().map(|digest| Some(digest.is_real())).collect::<BooleanArray>()),
        ])
    }

    fn size(&self) -> usize {
        self.points * POINT_BYTES + self.digests.capacity() * size_of::<Digest>()
    }
}
