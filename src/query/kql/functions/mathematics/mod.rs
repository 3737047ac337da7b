//! Numbers: the operators of arithmetic, functions of one and two numbers, bits, rounding and bins.

mod binning;
mod bits;
mod decimals;
mod elementary;
mod extremes;
mod lift;
mod operators;
mod random;
mod special;
mod units;

pub(super) use decimals::to_real as real_from_decimal;
pub(super) use lift::unary_opt;
pub use operators::negation;
pub(super) use operators::operator;
pub use random::random_udf;

use super::Function;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 7] {
    [
        elementary::FUNCTIONS,
        special::FUNCTIONS,
        bits::FUNCTIONS,
        binning::FUNCTIONS,
        extremes::FUNCTIONS,
        random::FUNCTIONS,
        units::FUNCTIONS,
    ]
}
