//! Elementary functions of real numbers.

use std::f64::consts;

use arrow::array::ArrayRef;
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type};

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Returns, takes};
use super::lift::{binary, unary, unary_opt};
use crate::query::kql::tree::ScalarType::{Bool, Decimal, Int, Long, Real, Timespan};

type Result<T> = std::result::Result<T, KernelError>;

macro_rules! real {
    ($name:literal, $summary:literal, $compute:expr) => {
        Function::new(
            $name,
            Family::Mathematics,
            $summary,
            &[form(&[takes("value", Real)], 1, Returns::Always(Real), |call| Ok(unary::<Float64Type, Float64Type>(call, $compute)))],
        )
    };
}

/// A function that is null outside of where it is defined.
macro_rules! partial {
    ($name:literal, $summary:literal, $domain:expr, $compute:expr) => {
        Function::new(
            $name,
            Family::Mathematics,
            $summary,
            &[form(&[takes("value", Real)], 1, Returns::Always(Real), |call| {
                Ok(unary_opt::<Float64Type, Float64Type>(call, |value| {
                    (value.is_nan() || $domain.contains(&value)).then(|| $compute(value))
                }))
            })],
        )
    };
}

macro_rules! test {
    ($name:literal, $summary:literal, $compute:expr) => {
        Function::new(
            $name,
            Family::Mathematics,
            $summary,
            &[form(&[takes("value", Real)], 1, Returns::Always(Bool), |call| tested(call, $compute))],
        )
    };
}

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "abs",
        Family::Mathematics,
        "Gives a value without its sign.",
        &[
            form(&[takes("value", Int)], 1, Returns::Always(Long), |call| {
                Ok(unary::<Int32Type, Int64Type>(call, |value| i64::from(value).abs()))
            }),
            form(&[takes("value", Long)], 1, Returns::Always(Long), |call| Ok(unary::<Int64Type, Int64Type>(call, i64::wrapping_abs))),
            form(&[takes("value", Real)], 1, Returns::Always(Real), |call| Ok(unary::<Float64Type, Float64Type>(call, f64::abs))),
            form(&[takes("value", Decimal)], 1, Returns::Always(Decimal), |call| {
                Ok(unary::<Decimal128Type, Decimal128Type>(call, i128::wrapping_abs))
            }),
            form(&[takes("value", Timespan)], 1, Returns::Always(Timespan), |call| {
                Ok(unary::<Int64Type, Int64Type>(call, i64::wrapping_abs))
            }),
        ],
    ),
    real!("sign", "Gives -1, 0 or 1, as the sign of a number.", |value: f64| if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        value.abs()
    }),
    partial!("sqrt", "Gives the square root; null below zero.", (0.0..=f64::INFINITY), f64::sqrt),
    partial!("log", "Gives the natural logarithm; null below zero.", (0.0..=f64::INFINITY), f64::ln),
    partial!("log2", "Gives the logarithm to the base 2; null below zero.", (0.0..=f64::INFINITY), f64::log2),
    partial!("log10", "Gives the logarithm to the base 10; null below zero.", (0.0..=f64::INFINITY), f64::log10),
    partial!("acos", "Gives the angle of a cosine; null beyond -1 and 1.", (-1.0..=1.0), f64::acos),
    partial!("asin", "Gives the angle of a sine; null beyond -1 and 1.", (-1.0..=1.0), f64::asin),
    real!("atan", "Gives the angle of a tangent.", f64::atan),
    real!("cos", "Gives the cosine of an angle.", f64::cos),
    real!("sin", "Gives the sine of an angle.", f64::sin),
    real!("tan", "Gives the tangent of an angle.", f64::tan),
    real!("cot", "Gives the cotangent of an angle.", |value: f64| 1.0 / value.tan()),
    real!("exp", "Gives e to the power of a number.", f64::exp),
    real!("exp2", "Gives 2 to the power of a number.", f64::exp2),
    real!("exp10", "Gives 10 to the power of a number.", |value: f64| 10_f64.powf(value)),
    real!("degrees", "Gives an angle in degrees.", f64::to_degrees),
    real!("radians", "Gives an angle in radians.", f64::to_radians),
    Function::new(
        "atan2",
        Family::Mathematics,
        "Gives the angle of a point, seen from the origin.",
        &[form(&[takes("y", Real), takes("x", Real)], 2, Returns::Always(Real), |call| {
            Ok(binary::<Float64Type, Float64Type, Float64Type>(call, f64::atan2))
        })],
    ),
    Function::new(
        "pow",
        Family::Mathematics,
        "Gives a number to the power of another.",
        &[form(&[takes("base", Real), takes("exponent", Real)], 2, Returns::Always(Real), |call| {
            Ok(binary::<Float64Type, Float64Type, Float64Type>(call, f64::powf))
        })],
    ),
    Function::new(
        "pi",
        Family::Mathematics,
        "Gives the ratio of a circle's circumference to its diameter.",
        &[form(&[], 0, Returns::Always(Real), |call| Ok(call.reals(|_| Some(consts::PI))))],
    ),
    test!("isnan", "Tells whether a number is no number.", f64::is_nan),
    test!("isinf", "Tells whether a number is infinite.", f64::is_infinite),
    test!("isfinite", "Tells whether a number is neither infinite nor no number.", f64::is_finite),
];

fn tested(call: &Arguments, test: impl Fn(f64) -> bool) -> Result<ArrayRef> {
    Ok(call.bools(|row| call.real(0, row).map(&test)))
}
