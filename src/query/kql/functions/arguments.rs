//! What a kernel sees of its call: typed columns, whether they are constant, and how to build its result.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray,
    StringViewBuilder,
};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type};
use datafusion::common::DataFusionError;

use super::budget;
use crate::query::kql::tree::ScalarType;

/// Why a kernel gave up; a query ends with it. Values that do not fit give null instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct KernelError {
    /// Expected and found, in one sentence.
    pub message: String,
    is_limit: bool,
}

impl KernelError {
    /// An error with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_limit: false }
    }

    /// A bound was passed.
    pub fn limit(name: &str, bytes: usize) -> Self {
        Self { message: format!("expected at most {bytes} for `{name}`, found more"), is_limit: true }
    }

    /// A bound was passed that the message names.
    pub fn passed(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_limit: true }
    }

    /// The memory of the query does not suffice.
    pub fn memory() -> Self {
        Self { message: "the query needs more memory than `memory_max` allows".to_owned(), is_limit: true }
    }

    /// Whether a bound was passed: fewer rows may not.
    pub fn is_limit(&self) -> bool {
        self.is_limit
    }
}

/// Builds a column of texts and stops once they are longer than what may still be made.
#[derive(Debug)]
pub struct TextsBuilder {
    built: StringViewBuilder,
    rows: usize,
    left: usize,
}

impl TextsBuilder {
    /// For so many rows.
    pub fn new(rows: usize) -> Self {
        Self { built: StringViewBuilder::with_capacity(rows), rows, left: budget::left() }
    }

    /// Whether a further row may be made; the call fails if not.
    pub fn room(&self) -> bool {
        self.left > 0 || !budget::exceed()
    }

    /// Adds a text.
    pub fn append(&mut self, text: &str) {
        let left = self.left.checked_sub(text.len());
        if left.is_none() && budget::exceed() {
            return;
        }
        self.left = left.unwrap_or(0);
        self.built.append_value(text);
    }

    /// Adds a null.
    pub fn append_null(&mut self) {
        self.built.append_null();
    }

    /// The column; rows that are missing because the call fails are null.
    pub fn finish(mut self) -> ArrayRef {
        (self.built.len()..self.rows).for_each(|_| self.built.append_null());
        Arc::new(self.built.finish())
    }
}

impl From<&DataFusionError> for KernelError {
    /// The error of the kernel that made a plan fail, or what the plan says.
    fn from(error: &DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::External(inner) => inner.downcast_ref::<Self>().cloned().unwrap_or_else(|| Self::new(inner.to_string())),
            other => Self::new(other.strip_backtrace()),
        }
    }
}

/// The arguments of one call for one batch of rows.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    /// Rows of the batch.
    pub rows: usize,
    /// The columns; a constant one has one row.
    pub columns: &'a [Column],
    /// The type of the result.
    pub returns: ScalarType,
}

/// An argument: a column of the batch, or one value for all its rows.
#[derive(Clone, Debug)]
pub struct Column {
    /// The type that the overload declares, or that of the argument.
    pub kind: ScalarType,
    /// The values: `string`, `guid` and `dynamic` as `Utf8View` (null text is empty, `dynamic` is JSON text), `datetime` as ticks of 100 ns since
    /// the year 1 and `timespan` as ticks in `Int64`, `decimal` as `Decimal128`, the others as expected.
    pub values: ArrayRef,
    /// Whether the one value holds for all rows.
    pub constant: bool,
}

/// The texts of an argument.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    values: &'a StringViewArray,
    constant: bool,
}

impl<'a> Texts<'a> {
    /// The text of a row; null is the empty text.
    pub fn value(&self, row: usize) -> &'a str {
        let row = if self.constant { 0 } else { row };
        if self.values.is_valid(row) { self.values.value(row) } else { "" }
    }
}

impl Column {
    fn place(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident($arrow:ident) -> $value:ty;)*) => {
        $($(#[$doc])*
        pub fn $name(&self, argument: usize, row: usize) -> Option<$value> {
            let column = &self.columns[argument];
            let (values, row) = (column.values.as_primitive::<$arrow>(), column.place(row));
            values.is_valid(row).then(|| values.value(row))
        })*
    };
}

impl Arguments<'_> {
    /// How many arguments were given.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether none was given.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The text of a `string`, `guid` or `dynamic` argument; null is the empty text.
    pub fn text(&self, argument: usize, row: usize) -> &str {
        self.json(argument, row).unwrap_or_default()
    }

    /// The JSON text of a `dynamic` argument, or the text of another; none for null.
    pub fn json(&self, argument: usize, row: usize) -> Option<&str> {
        let column = &self.columns[argument];
        let (values, row) = (column.values.as_string_view(), column.place(row));
        values.is_valid(row).then(|| values.value(row))
    }

    /// A truth.
    pub fn bool(&self, argument: usize, row: usize) -> Option<bool> {
        let column = &self.columns[argument];
        let (values, row) = (column.values.as_boolean(), column.place(row));
        values.is_valid(row).then(|| values.value(row))
    }

    getters! {
        /// An `int`.
        int(Int32Type) -> i32;
        /// A `long`.
        long(Int64Type) -> i64;
        /// A `real`.
        real(Float64Type) -> f64;
        /// A `datetime`: ticks since the year 1.
        datetime(Int64Type) -> i64;
        /// A `timespan`: ticks.
        timespan(Int64Type) -> i64;
        /// A `decimal`, unscaled.
        decimal(Decimal128Type) -> i128;
    }

    /// The type of an argument.
    pub fn kind(&self, argument: usize) -> ScalarType {
        self.columns[argument].kind
    }

    /// Whether the value of an argument is null.
    pub fn is_null(&self, argument: usize, row: usize) -> bool {
        let column = &self.columns[argument];
        column.values.is_null(column.place(row))
    }

    /// The text of a constant argument, to prepare once what all rows need; none if it differs by row or is not there.
    pub fn constant_text(&self, argument: usize) -> Option<&str> {
        self.columns.get(argument).filter(|column| column.constant).map(|_| self.text(argument, 0))
    }

    /// The texts of an argument, to be asked for row after row.
    pub fn text_column(&self, argument: usize) -> Texts<'_> {
        let column = &self.columns[argument];
        Texts { values: column.values.as_string_view(), constant: column.constant }
    }

    /// Whether all arguments from this place on are constant.
    pub fn constant_from(&self, argument: usize) -> bool {
        self.columns.iter().skip(argument).all(|column| column.constant)
    }

    /// Rows to truths that are never null.
    pub fn truths(&self, value: impl FnMut(usize) -> bool) -> ArrayRef {
        Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(self.rows, value), None))
    }

    /// Rows to texts; no text is the empty one.
    pub fn texts<T: AsRef<str>>(&self, mut value: impl FnMut(usize) -> Option<T>) -> ArrayRef {
        let mut built = TextsBuilder::new(self.rows);
        for row in 0..self.rows {
            let Some(text) = built.room().then(|| value(row)) else { break };
            built.append(text.as_ref().map_or("", AsRef::as_ref));
        }
        built.finish()
    }

    /// Rows to texts, up to the first error.
    pub fn try_texts<T: AsRef<str>>(&self, mut value: impl FnMut(usize) -> Result<T, KernelError>) -> Result<ArrayRef, KernelError> {
        let mut built = TextsBuilder::new(self.rows);
        for row in 0..self.rows {
            let Some(text) = built.room().then(|| value(row)) else { break };
            built.append(text?.as_ref());
        }
        Ok(built.finish())
    }

    /// Rows to JSON texts; none is null.
    pub fn jsons<T: AsRef<str>>(&self, mut value: impl FnMut(usize) -> Option<T>) -> ArrayRef {
        let mut built = TextsBuilder::new(self.rows);
        for row in 0..self.rows {
            let Some(text) = built.room().then(|| value(row)) else { break };
            match &text {
                Some(text) => built.append(text.as_ref()),
                None => built.append_null(),
            }
        }
        built.finish()
    }

    /// Rows to truths.
    pub fn bools(&self, value: impl FnMut(usize) -> Option<bool>) -> ArrayRef {
        Arc::new((0..self.rows).map(value).collect::<BooleanArray>())
    }

    /// Rows to `int`.
    pub fn ints(&self, value: impl FnMut(usize) -> Option<i32>) -> ArrayRef {
        Arc::new((0..self.rows).map(value).collect::<Int32Array>())
    }

    /// Rows to `long`, `datetime` or `timespan`.
    pub fn longs(&self, value: impl FnMut(usize) -> Option<i64>) -> ArrayRef {
        Arc::new((0..self.rows).map(value).collect::<Int64Array>())
    }

    /// Rows to `real`.
    pub fn reals(&self, value: impl FnMut(usize) -> Option<f64>) -> ArrayRef {
        Arc::new((0..self.rows).map(value).collect::<Float64Array>())
    }

    /// Rows to `decimal`, unscaled.
    pub fn decimals(&self, value: impl FnMut(usize) -> Option<i128>) -> ArrayRef {
        let built = (0..self.rows).map(value).collect::<Decimal128Array>();
        Arc::new(built.with_data_type(super::super::types::arrow_type(ScalarType::Decimal)))
    }
}
