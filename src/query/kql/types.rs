//! The types of KQL values and their forms in Arrow while a query runs.
//!
//! Instants are ticks of 100 ns since the start of the year 1, durations ticks: both in `Int64`, so that the seventh digit and the years 1 to 9999
//! are kept and every Monday is a multiple of seven days. Texts are never null: what is null in a column is the empty text.

use arrow::datatypes::DataType;

use super::tree::ScalarType;

/// Ticks of one second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks of one day.
pub const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// The first instant of 1970 in ticks.
pub const UNIX_EPOCH_TICKS: i64 = 719_162 * TICKS_PER_DAY;
/// The last instant of the year 9999 in ticks.
pub const LAST_TICK: i64 = 3_652_059 * TICKS_PER_DAY - 1;
/// Digits of a `decimal`.
pub const DECIMAL_PRECISION: u8 = 38;
/// Digits of a `decimal` behind the point.
pub const DECIMAL_SCALE: i8 = 14;

/// The Arrow type of a column while a query runs.
pub fn arrow_type(kind: ScalarType) -> DataType {
    match kind {
        ScalarType::Bool => DataType::Boolean,
        ScalarType::Int => DataType::Int32,
        ScalarType::Long | ScalarType::DateTime | ScalarType::Timespan => DataType::Int64,
        ScalarType::Real => DataType::Float64,
        ScalarType::Decimal => DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
        ScalarType::String | ScalarType::Guid | ScalarType::Dynamic => DataType::Utf8View,
    }
}

/// The type to which values of both are converted where one column must hold both, if there is one.
pub fn common_type(a: ScalarType, b: ScalarType) -> Option<ScalarType> {
    use ScalarType::{Decimal, Dynamic, Int, Long, Real};
    let rank = |kind| match kind {
        Int => Some(0),
        Long => Some(1),
        Real => Some(2),
        Decimal => Some(3),
        _ => None,
    };
    match (rank(a), rank(b)) {
        _ if a == b => Some(a),
        (Some(left), Some(right)) => Some(if left >= right { a } else { b }),
        _ if a == Dynamic || b == Dynamic => Some(Dynamic),
        _ => None,
    }
}
