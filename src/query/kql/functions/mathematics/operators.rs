//! The operators `+ - * / %`. Whole numbers wrap; dividing them by zero is null; a remainder is never below zero; an instant outside the
//! years 1 to 9999 is null.

use arrow::array::ArrayRef;
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type};

use super::super::json::{self, Json};
use super::super::table::form;
use super::super::{Arguments, Family, Function, Kernel, KernelError, Overload, Parameter, Returns, takes};
use super::decimals;
use super::lift::{binary, binary_opt, unary, unary_opt};
use crate::query::kql::tree::BinaryOperator;
use crate::query::kql::tree::ScalarType::{self, DateTime, Decimal, Dynamic, Int, Long, Real, Timespan};
use crate::query::kql::types::LAST_TICK;

type Result<T> = std::result::Result<T, KernelError>;

/// The function behind an arithmetic operator.
pub(in super::super) fn operator(operator: BinaryOperator) -> Option<&'static Function> {
    Some(match operator {
        BinaryOperator::Add => &ADD,
        BinaryOperator::Subtract => &SUBTRACT,
        BinaryOperator::Multiply => &MULTIPLY,
        BinaryOperator::Divide => &DIVIDE,
        BinaryOperator::Modulo => &MODULO,
        _ => return None,
    })
}

/// The function behind a minus in front of a value.
pub fn negation() -> &'static Function {
    &NEGATE
}

macro_rules! operands {
    ($left:ident, $right:ident -> $returns:ident = $kernel:expr) => {
        form(&[takes("left", $left), takes("right", $right)], 2, Returns::Always($returns), $kernel)
    };
}

static ADD: Function = Function::new(
    "add",
    Family::Mathematics,
    "Adds two values.",
    &[
        operands!(Long, Long -> Long = |call| whole(call, i64::wrapping_add)),
        operands!(Real, Real -> Real = |call| of_reals(call, |a, b| a + b)),
        operands!(Decimal, Decimal -> Decimal = |call| of_decimals(call, decimals::add)),
        operands!(Timespan, Timespan -> Timespan = |call| whole(call, i64::wrapping_add)),
        operands!(DateTime, Timespan -> DateTime = |call| instants(call, i64::checked_add)),
        operands!(Timespan, DateTime -> DateTime = |call| instants(call, i64::checked_add)),
        operands!(DateTime, DateTime -> DateTime = |call| instants(call, i64::checked_add)),
        operands!(Dynamic, Dynamic -> Dynamic = |call| of_dynamics(call, |a, b| Some(a.wrapping_add(b)), |a, b| a + b)),
    ],
);

static SUBTRACT: Function = Function::new(
    "subtract",
    Family::Mathematics,
    "Takes one value from another.",
    &[
        operands!(Long, Long -> Long = |call| whole(call, i64::wrapping_sub)),
        operands!(Real, Real -> Real = |call| of_reals(call, |a, b| a - b)),
        operands!(Decimal, Decimal -> Decimal = |call| of_decimals(call, decimals::subtract)),
        operands!(Timespan, Timespan -> Timespan = |call| whole(call, i64::wrapping_sub)),
        operands!(DateTime, DateTime -> Timespan = |call| whole(call, i64::wrapping_sub)),
        operands!(DateTime, Timespan -> DateTime = |call| instants(call, i64::checked_sub)),
        operands!(Dynamic, Dynamic -> Dynamic = |call| of_dynamics(call, |a, b| Some(a.wrapping_sub(b)), |a, b| a - b)),
    ],
);

static MULTIPLY: Function = Function::new(
    "multiply",
    Family::Mathematics,
    "Multiplies two values.",
    &[
        operands!(Long, Long -> Long = |call| whole(call, i64::wrapping_mul)),
        operands!(Real, Real -> Real = |call| of_reals(call, |a, b| a * b)),
        operands!(Decimal, Decimal -> Decimal = |call| of_decimals(call, decimals::multiply)),
        operands!(Timespan, Long -> Timespan = |call| whole(call, i64::wrapping_mul)),
        operands!(Long, Timespan -> Timespan = |call| whole(call, i64::wrapping_mul)),
        operands!(Timespan, Real -> Timespan = |call| Ok(binary_opt::<Int64Type, Float64Type, Int64Type>(call, scaled))),
        operands!(Real, Timespan -> Timespan = |call| Ok(binary_opt::<Float64Type, Int64Type, Int64Type>(call, |by, ticks| scaled(ticks, by)))),
        operands!(Timespan, Decimal -> Timespan
            = |call| Ok(binary_opt::<Int64Type, Decimal128Type, Int64Type>(call, |ticks, by| scaled(ticks, decimals::to_real(by))))),
        operands!(Decimal, Timespan -> Timespan
            = |call| Ok(binary_opt::<Decimal128Type, Int64Type, Int64Type>(call, |by, ticks| scaled(ticks, decimals::to_real(by))))),
        operands!(Dynamic, Dynamic -> Dynamic = |call| of_dynamics(call, |a, b| Some(a.wrapping_mul(b)), |a, b| a * b)),
    ],
);

static DIVIDE: Function = Function::new(
    "divide",
    Family::Mathematics,
    "Divides two values; whole numbers give a whole number, towards zero.",
    &[
        operands!(Long, Long -> Long = |call| whole_opt(call, divided)),
        operands!(Real, Real -> Real = |call| of_reals(call, |a, b| a / b)),
        operands!(Decimal, Decimal -> Decimal = |call| of_decimals(call, decimals::divide)),
        operands!(Timespan, Timespan -> Real = |call| Ok(binary::<Int64Type, Int64Type, Float64Type>(call, ratio))),
        operands!(DateTime, Timespan -> Real = |call| Ok(binary::<Int64Type, Int64Type, Float64Type>(call, ratio))),
        operands!(Timespan, Long -> Timespan = |call| whole_opt(call, divided)),
        operands!(Timespan, Real -> Timespan = |call| Ok(binary_opt::<Int64Type, Float64Type, Int64Type>(call, parted))),
        operands!(Timespan, Decimal -> Timespan
            = |call| Ok(binary_opt::<Int64Type, Decimal128Type, Int64Type>(call, |ticks, by| parted(ticks, decimals::to_real(by))))),
        operands!(Dynamic, Dynamic -> Dynamic = |call| of_dynamics(call, divided, |a, b| a / b)),
    ],
);

static MODULO: Function = Function::new(
    "modulo",
    Family::Mathematics,
    "Gives what is left of a division, never below zero.",
    &[
        operands!(Long, Long -> Long = |call| whole_opt(call, left_over)),
        operands!(Real, Real -> Real = |call| of_reals(call, f64::rem_euclid)),
        operands!(Decimal, Decimal -> Decimal = |call| of_decimals(call, decimals::modulo)),
        operands!(Timespan, Timespan -> Timespan = |call| whole_opt(call, left_over)),
        operands!(DateTime, Timespan -> Timespan = |call| whole_opt(call, left_over)),
        operands!(Dynamic, Dynamic -> Dynamic = |call| of_dynamics(call, left_over, f64::rem_euclid)),
    ],
);

const fn negated(kind: ScalarType, parameters: &'static [Parameter], kernel: Kernel) -> Overload {
    form(parameters, 1, Returns::Always(kind), kernel)
}

static NEGATE: Function = Function::new(
    "negate",
    Family::Mathematics,
    "Gives a value with the other sign.",
    &[
        negated(Int, &[takes("value", Int)], |call| Ok(unary::<Int32Type, Int32Type>(call, i32::wrapping_neg))),
        negated(Long, &[takes("value", Long)], |call| Ok(unary::<Int64Type, Int64Type>(call, i64::wrapping_neg))),
        negated(Real, &[takes("value", Real)], |call| Ok(unary::<Float64Type, Float64Type>(call, |value| -value))),
        negated(Decimal, &[takes("value", Decimal)], |call| Ok(unary_opt::<Decimal128Type, Decimal128Type>(call, i128::checked_neg))),
        negated(Timespan, &[takes("value", Timespan)], |call| Ok(unary::<Int64Type, Int64Type>(call, i64::wrapping_neg))),
        negated(Dynamic, &[takes("value", Dynamic)], negative_dynamic),
    ],
);

fn divided(a: i64, b: i64) -> Option<i64> {
    (b != 0).then(|| a.wrapping_div(b))
}

fn left_over(a: i64, b: i64) -> Option<i64> {
    (b != 0).then(|| a.wrapping_rem_euclid(b))
}

fn ratio(a: i64, b: i64) -> f64 {
    a as f64 / b as f64
}

fn ticks(value: f64) -> Option<i64> {
    let rounded = value.round();
    (rounded.abs() < 9.2e18).then_some(rounded as i64)
}

fn scaled(value: i64, by: f64) -> Option<i64> {
    ticks(value as f64 * by)
}

fn parted(value: i64, by: f64) -> Option<i64> {
    ticks(value as f64 / by)
}

fn whole(call: &Arguments, compute: impl Fn(i64, i64) -> i64) -> Result<ArrayRef> {
    Ok(binary::<Int64Type, Int64Type, Int64Type>(call, compute))
}

fn whole_opt(call: &Arguments, compute: impl Fn(i64, i64) -> Option<i64>) -> Result<ArrayRef> {
    Ok(binary_opt::<Int64Type, Int64Type, Int64Type>(call, compute))
}

fn of_reals(call: &Arguments, compute: impl Fn(f64, f64) -> f64) -> Result<ArrayRef> {
    Ok(binary::<Float64Type, Float64Type, Float64Type>(call, compute))
}

fn of_decimals(call: &Arguments, compute: impl Fn(i128, i128) -> Option<i128>) -> Result<ArrayRef> {
    Ok(binary_opt::<Decimal128Type, Decimal128Type, Decimal128Type>(call, compute))
}

fn instants(call: &Arguments, compute: impl Fn(i64, i64) -> Option<i64>) -> Result<ArrayRef> {
    whole_opt(call, |a, b| compute(a, b).filter(|ticks| (0..=LAST_TICK).contains(ticks)))
}

/// Numbers in `dynamic` values: whole numbers stay whole.
fn of_dynamics(call: &Arguments, whole: impl Fn(i64, i64) -> Option<i64>, real: impl Fn(f64, f64) -> f64) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let (a, b) = (Json::new(call.json(0, row)?), Json::new(call.json(1, row)?));
        if let (Some(a), Some(b)) = (a.long(), b.long()) {
            return whole(a, b).map(|value| value.to_string());
        }
        Some(json::real_of(real(a.real()?, b.real()?)))
    }))
}

fn negative_dynamic(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let value = Json::new(call.json(0, row)?);
        Some(match value.long() {
            Some(value) => value.wrapping_neg().to_string(),
            None => json::real_of(-value.real()?),
        })
    }))
}
