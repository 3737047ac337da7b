//! From functions of numbers to kernels: constants are read once, columns are walked without a look at single rows where no value can be lost.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::DataType;

use super::super::{Arguments, Column};
use crate::query::kql::types::arrow_type;

enum Side<'a, T: ArrowPrimitiveType> {
    /// One value for all rows; none if it is null.
    Fixed(Option<T::Native>),
    Rows(&'a PrimitiveArray<T>),
}

fn side<T: ArrowPrimitiveType>(column: &Column) -> Side<'_, T> {
    let values = column.values.as_primitive::<T>();
    if column.constant { Side::Fixed((!values.is_empty() && values.is_valid(0)).then(|| values.value(0))) } else { Side::Rows(values) }
}

fn done<O: ArrowPrimitiveType>(call: &Arguments, values: PrimitiveArray<O>) -> ArrayRef {
    match arrow_type(call.returns) {
        decimal @ DataType::Decimal128(..) => Arc::new(values.with_data_type(decimal)),
        _ => Arc::new(values),
    }
}

fn repeated<O: ArrowPrimitiveType>(rows: usize, value: Option<O::Native>) -> PrimitiveArray<O> {
    match value {
        Some(value) => PrimitiveArray::from_value(value, rows),
        None => PrimitiveArray::new_null(rows),
    }
}

/// Computes each value; null stays null. What is computed for null rows is thrown away: `compute` takes any value.
pub(super) fn unary<A: ArrowPrimitiveType, O: ArrowPrimitiveType>(call: &Arguments, compute: impl Fn(A::Native) -> O::Native) -> ArrayRef {
    let values = match side::<A>(&call.columns[0]) {
        Side::Fixed(value) => repeated::<O>(call.rows, value.map(compute)),
        Side::Rows(values) => values.unary(compute),
    };
    done(call, values)
}

/// Computes each value, or null.
pub(in super::super) fn unary_opt<A: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    call: &Arguments,
    compute: impl Fn(A::Native) -> Option<O::Native>,
) -> ArrayRef {
    let values = match side::<A>(&call.columns[0]) {
        Side::Fixed(value) => repeated::<O>(call.rows, value.and_then(compute)),
        Side::Rows(values) => values.unary_opt(compute),
    };
    done(call, values)
}

/// Computes a value of two; null if one is null. `compute` takes any values.
pub(super) fn binary<A: ArrowPrimitiveType, B: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    call: &Arguments,
    compute: impl Fn(A::Native, B::Native) -> O::Native,
) -> ArrayRef {
    let rows = call.rows;
    let values = match (side::<A>(&call.columns[0]), side::<B>(&call.columns[1])) {
        (Side::Fixed(a), Side::Fixed(b)) => repeated::<O>(rows, a.zip(b).map(|(a, b)| compute(a, b))),
        (Side::Fixed(None), _) | (_, Side::Fixed(None)) => PrimitiveArray::new_null(rows),
        (Side::Fixed(Some(a)), Side::Rows(b)) => b.unary(|b| compute(a, b)),
        (Side::Rows(a), Side::Fixed(Some(b))) => a.unary(|a| compute(a, b)),
        (Side::Rows(a), Side::Rows(b)) => arrow::compute::binary(a, b, compute).expect("the columns of a batch have the same length"),
    };
    done(call, values)
}

/// Computes a value of two, or null.
pub(super) fn binary_opt<A: ArrowPrimitiveType, B: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    call: &Arguments,
    compute: impl Fn(A::Native, B::Native) -> Option<O::Native>,
) -> ArrayRef {
    let rows = call.rows;
    let values = match (side::<A>(&call.columns[0]), side::<B>(&call.columns[1])) {
        (Side::Fixed(a), Side::Fixed(b)) => repeated::<O>(rows, a.zip(b).and_then(|(a, b)| compute(a, b))),
        (Side::Fixed(None), _) | (_, Side::Fixed(None)) => PrimitiveArray::new_null(rows),
        (Side::Fixed(Some(a)), Side::Rows(b)) => b.unary_opt(|b| compute(a, b)),
        (Side::Rows(a), Side::Fixed(Some(b))) => a.unary_opt(|a| compute(a, b)),
        (Side::Rows(a), Side::Rows(b)) => a.iter().zip(b).map(|(a, b)| a.zip(b).and_then(|(a, b)| compute(a, b))).collect(),
    };
    done(call, values)
}
