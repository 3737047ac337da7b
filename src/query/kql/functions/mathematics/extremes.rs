//! The smallest and the greatest of several values of one type.

use std::cmp::Ordering;

use arrow::array::ArrayRef;

use super::super::table::repeating;
use super::super::{Arguments, Family, Function, KernelError, Returns, takes_any};
use crate::query::kql::tree::ScalarType::{Bool, DateTime, Decimal, Dynamic, Guid, Int, Long, Real, String as Text, Timespan};

type Result<T> = std::result::Result<T, KernelError>;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "min_of",
        Family::Mathematics,
        "Gives the smallest of several values; nulls do not count.",
        &[repeating(&[takes_any("value"), takes_any("value")], 2, 1, Returns::Common(0), |call| extreme(call, Ordering::Less))],
    ),
    Function::new(
        "max_of",
        Family::Mathematics,
        "Gives the greatest of several values; nulls do not count.",
        &[repeating(&[takes_any("value"), takes_any("value")], 2, 1, Returns::Common(0), |call| extreme(call, Ordering::Greater))],
    ),
];

/// The value of some type that stands out, by its order.
fn best<T>(call: &Arguments, value: impl Fn(usize) -> Option<T>, order: impl Fn(&T, &T) -> Ordering, wanted: Ordering) -> Option<T> {
    (0..call.len()).filter_map(value).reduce(|best, next| if order(&next, &best) == wanted { next } else { best })
}

fn extreme(call: &Arguments, wanted: Ordering) -> Result<ArrayRef> {
    let returns = call.returns;
    Ok(match returns {
        Int => call.ints(|row| best(call, |argument| call.int(argument, row), Ord::cmp, wanted)),
        Long | DateTime | Timespan => call.longs(|row| best(call, |argument| call.long(argument, row), Ord::cmp, wanted)),
        Real => call.reals(|row| best(call, |argument| call.real(argument, row), f64::total_cmp, wanted)),
        Decimal => call.decimals(|row| best(call, |argument| call.decimal(argument, row), Ord::cmp, wanted)),
        Bool => call.bools(|row| best(call, |argument| call.bool(argument, row), Ord::cmp, wanted)),
        Text => call.texts(|row| best(call, |argument| Some(call.text(argument, row)), Ord::cmp, wanted)),
        Guid | Dynamic => return Err(KernelError::new(format!("expected values with an order, found `{}`", returns.as_str()))),
    })
}
