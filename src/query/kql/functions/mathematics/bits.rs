//! Functions of bits.

use arrow::datatypes::Int64Type;

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Returns, takes};
use super::lift::{binary, binary_opt, unary};
use crate::query::kql::tree::ScalarType::Long;

macro_rules! of_two {
    ($name:literal, $summary:literal, $compute:expr) => {
        Function::new(
            $name,
            Family::Mathematics,
            $summary,
            &[form(&[takes("left", Long), takes("right", Long)], 2, Returns::Always(Long), |call| {
                Ok(binary::<Int64Type, Int64Type, Int64Type>(call, $compute))
            })],
        )
    };
}

macro_rules! of_one {
    ($name:literal, $summary:literal, $compute:expr) => {
        Function::new(
            $name,
            Family::Mathematics,
            $summary,
            &[form(&[takes("value", Long)], 1, Returns::Always(Long), |call| Ok(unary::<Int64Type, Int64Type>(call, $compute)))],
        )
    };
}

macro_rules! shift {
    ($name:literal, $summary:literal, $compute:expr) => {
        Function::new(
            $name,
            Family::Mathematics,
            $summary,
            &[form(&[takes("value", Long), takes("count", Long)], 2, Returns::Always(Long), |call| shifted(call, $compute))],
        )
    };
}

pub(super) static FUNCTIONS: &[Function] = &[
    of_two!("binary_and", "Gives the bits that are set in both.", |a, b| a & b),
    of_two!("binary_or", "Gives the bits that are set in one of two.", |a, b| a | b),
    of_two!("binary_xor", "Gives the bits that are set in just one of two.", |a, b| a ^ b),
    of_one!("binary_not", "Gives the bits that are not set.", |value: i64| !value),
    of_one!("bitset_count_ones", "Counts the bits that are set.", |value: i64| i64::from(value.count_ones())),
    shift!("binary_shift_left", "Moves bits up, by the count modulo 64; null below zero.", |value: i64, count| value << count),
    shift!("binary_shift_right", "Moves bits down, by the count modulo 64; null below zero.", |value: i64, count| value >> count),
];

fn shifted(call: &Arguments, compute: impl Fn(i64, i64) -> i64) -> Result<arrow::array::ArrayRef, KernelError> {
    Ok(binary_opt::<Int64Type, Int64Type, Int64Type>(call, |value, count| (count >= 0).then(|| compute(value, count % 64))))
}
