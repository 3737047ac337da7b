//! Instants and durations: parts of the calendar, starts and ends, differences, formats, time zones.

mod arithmetic;
mod calendar;
mod edges;
mod formats;
mod makers;
mod parts;
mod zones;

use super::Function;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 6] {
    [parts::FUNCTIONS, edges::FUNCTIONS, arithmetic::FUNCTIONS, formats::FUNCTIONS, makers::FUNCTIONS, zones::FUNCTIONS]
}
