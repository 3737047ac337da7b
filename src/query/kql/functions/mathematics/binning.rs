//! Rounding down to bins, and rounding to digits.

use arrow::array::ArrayRef;
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type};

use super::super::table::{form, planned};
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, Takes, takes, takes_constant};
use super::decimals::ONE;
use super::lift::{binary_opt, unary, unary_opt};
use crate::query::kql::tree::ScalarType::{DateTime, Decimal, Int, Long, Real, Timespan};
use crate::query::kql::types::{DECIMAL_SCALE, LAST_TICK};

type Result<T> = std::result::Result<T, KernelError>;

macro_rules! bins {
    ($value:ident, $size:ident = $kernel:expr) => {
        form(&[takes("value", $value), takes("size", $size)], 2, Returns::Always($value), $kernel)
    };
}

macro_rules! bins_at {
    ($value:ident, $size:ident = $kernel:expr) => {
        form(&[takes("value", $value), takes("size", $size), takes("fixed_point", $value)], 3, Returns::Always($value), $kernel)
    };
}

macro_rules! rounds {
    ($value:ident = $kernel:expr) => {
        form(&[takes("value", $value), takes_constant("digits", Long)], 1, Returns::Always($value), $kernel)
    };
}

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "bin",
        Family::Mathematics,
        "Rounds down to a multiple of a size; null if the size is not above zero. Bins of seven days start on Mondays.",
        &[
            bins!(Long, Long = |call| Ok(binary_opt::<Int64Type, Int64Type, Int64Type>(call, whole_bin))),
            bins!(Real, Real = |call| Ok(binary_opt::<Float64Type, Float64Type, Float64Type>(call, real_bin))),
            bins!(Decimal, Decimal = |call| Ok(binary_opt::<Decimal128Type, Decimal128Type, Decimal128Type>(call, decimal_bin))),
            bins!(Timespan, Timespan = |call| Ok(binary_opt::<Int64Type, Int64Type, Int64Type>(call, whole_bin))),
            bins!(DateTime, Timespan = |call| Ok(binary_opt::<Int64Type, Int64Type, Int64Type>(call, whole_bin))),
        ],
    )
    .aliases(&["floor"]),
    Function::new(
        "bin_at",
        Family::Mathematics,
        "Rounds down to a multiple of a size, counted from a fixed point.",
        &[
            bins_at!(Long, Long = whole_bin_at),
            bins_at!(Real, Real = real_bin_at),
            bins_at!(Decimal, Decimal = decimal_bin_at),
            bins_at!(Timespan, Timespan = whole_bin_at),
            bins_at!(DateTime, Timespan = whole_bin_at),
        ],
    ),
    Function::new(
        "bin_auto",
        Family::Mathematics,
        "Rounds down to bins whose size and fixed point the options `query_bin_auto_size` and `query_bin_auto_at` give.",
        &[planned(&[Parameter { name: "value", takes: Takes::Quantity, constant: false }], 1, Returns::Argument(0))],
    ),
    Function::new(
        "ceiling",
        Family::Mathematics,
        "Rounds up to a whole number.",
        &[
            form(&[takes("value", Int)], 1, Returns::Always(Int), |call| Ok(unary::<Int32Type, Int32Type>(call, |value| value))),
            form(&[takes("value", Long)], 1, Returns::Always(Long), |call| Ok(unary::<Int64Type, Int64Type>(call, |value| value))),
            form(&[takes("value", Real)], 1, Returns::Always(Real), |call| Ok(unary::<Float64Type, Float64Type>(call, f64::ceil))),
            form(&[takes("value", Decimal)], 1, Returns::Always(Decimal), |call| {
                Ok(unary_opt::<Decimal128Type, Decimal128Type>(call, |value| decimal_bin(value.checked_neg()?, ONE)?.checked_neg()))
            }),
        ],
    ),
    Function::new(
        "round",
        Family::Mathematics,
        "Rounds to so many digits behind the point, halves away from zero; digits below zero lie in front of it.",
        &[
            rounds!(Int = |call| Ok(call.ints(|row| i32::try_from(round_whole(i64::from(call.int(0, row)?), digits(call, row)?)?).ok()))),
            rounds!(Long = |call| Ok(call.longs(|row| round_whole(call.long(0, row)?, digits(call, row)?)))),
            rounds!(Real = |call| Ok(call.reals(|row| Some(round_real(call.real(0, row)?, digits(call, row)?))))),
            rounds!(Decimal = |call| Ok(call.decimals(|row| round_decimal(call.decimal(0, row)?, digits(call, row)?)))),
        ],
    ),
];

fn whole_bin(value: i64, size: i64) -> Option<i64> {
    if size <= 0 { None } else { value.checked_sub(value.rem_euclid(size)) }
}

fn real_bin(value: f64, size: f64) -> Option<f64> {
    (size > 0.0).then(|| (value / size).floor() * size)
}

fn decimal_bin(value: i128, size: i128) -> Option<i128> {
    if size <= 0 { None } else { value.checked_sub(value.rem_euclid(size)) }
}

fn whole_bin_at(call: &Arguments) -> Result<ArrayRef> {
    let is_instant = call.returns == DateTime;
    Ok(call.longs(|row| {
        let (value, size, fixed) = (call.long(0, row)?, call.long(1, row)?, call.long(2, row)?);
        if size <= 0 {
            return None;
        }
        let above = (i128::from(value) - i128::from(fixed)).rem_euclid(i128::from(size));
        i64::try_from(i128::from(value) - above).ok().filter(|ticks| !is_instant || (0..=LAST_TICK).contains(ticks))
    }))
}

fn real_bin_at(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.reals(|row| {
        let fixed = call.real(2, row)?;
        real_bin(call.real(0, row)? - fixed, call.real(1, row)?).map(|bin| bin + fixed)
    }))
}

fn decimal_bin_at(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.decimals(|row| {
        let fixed = call.decimal(2, row)?;
        decimal_bin(call.decimal(0, row)?.checked_sub(fixed)?, call.decimal(1, row)?)?.checked_add(fixed)
    }))
}

/// The digits to round to: none behind the point unless given.
fn digits(call: &Arguments, row: usize) -> Option<i64> {
    if call.len() > 1 { call.long(1, row) } else { Some(0) }
}

fn round_whole(value: i64, digits: i64) -> Option<i64> {
    if digits >= 0 {
        return Some(value);
    }
    let Some(unit) = u32::try_from(digits.unsigned_abs()).ok().and_then(|digits| 10_i128.checked_pow(digits)) else { return Some(0) };
    let value = i128::from(value);
    let half = if value < 0 { -unit / 2 } else { unit / 2 };
    i64::try_from((value + half) / unit * unit).ok()
}

fn round_decimal(value: i128, digits: i64) -> Option<i128> {
    let dropped = i64::from(DECIMAL_SCALE).saturating_sub(digits);
    if dropped <= 0 {
        return Some(value);
    }
    let Some(unit) = u32::try_from(dropped).ok().and_then(|digits| 10_i128.checked_pow(digits)) else { return Some(0) };
    let half = if value < 0 { -unit / 2 } else { unit / 2 };
    value.checked_add(half).map(|value| value / unit * unit)
}

fn round_real(value: f64, digits: i64) -> f64 {
    // A float has no digits beyond these: powers of ten would leave its range.
    const DIGITS_MAX: i64 = 300;
    let digits = digits.clamp(-DIGITS_MAX, DIGITS_MAX) as i32;
    let unit = 10_f64.powi(digits.abs());
    let rounded = if digits >= 0 { (value * unit).round() / unit } else { (value / unit).round() * unit };
    if rounded.is_finite() { rounded } else { value }
}
