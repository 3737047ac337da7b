//! Arithmetic of decimals: 38 digits, 14 of them behind the point. What does not fit is null.

use arrow::datatypes::i256;

use crate::query::kql::types::DECIMAL_SCALE;

/// The decimal 1, unscaled.
pub(super) const ONE: i128 = 10_i128.pow(DECIMAL_SCALE.unsigned_abs() as u32);
/// What lies beyond the greatest decimal, unscaled.
const LIMIT: u128 = 10_u128.pow(38);

fn fitting(value: i128) -> Option<i128> {
    (value.unsigned_abs() < LIMIT).then_some(value)
}

pub(super) fn add(a: i128, b: i128) -> Option<i128> {
    a.checked_add(b).and_then(fitting)
}

pub(super) fn subtract(a: i128, b: i128) -> Option<i128> {
    a.checked_sub(b).and_then(fitting)
}

pub(super) fn multiply(a: i128, b: i128) -> Option<i128> {
    let product = i256::from_i128(a).checked_mul(i256::from_i128(b))?;
    product.checked_div(i256::from_i128(ONE))?.to_i128().and_then(fitting)
}

pub(super) fn divide(a: i128, b: i128) -> Option<i128> {
    let scaled = i256::from_i128(a).checked_mul(i256::from_i128(ONE))?;
    scaled.checked_div(i256::from_i128(b))?.to_i128().and_then(fitting)
}

/// The remainder, never below zero.
pub(super) fn modulo(a: i128, b: i128) -> Option<i128> {
    a.checked_rem_euclid(b)
}

/// The float nearest to a decimal.
pub(in super::super) fn to_real(value: i128) -> f64 {
    let (whole, part) = (value / ONE, value % ONE);
    if part == 0 { whole as f64 } else { value as f64 / ONE as f64 }
}
