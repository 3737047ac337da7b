//! Instants and durations: parts of the calendar, starts and ends, differences, formats, time zones.

mod arithmetic;
mod calendar;
mod edges;
mod formats;
mod makers;
mod parts;

use super::Function;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 5] {
    [parts::FUNCTIONS, edges::FUNCTIONS, arithmetic::FUNCTIONS, formats::FUNCTIONS, makers::FUNCTIONS]
}
