//! Adding periods of the calendar to instants, and counting the periods between two.

use arrow::array::ArrayRef;

use super::super::table::{form, planned};
use super::super::{Arguments, Family, Function, KernelError, Returns, takes, takes_constant};
use super::calendar::{Date, day_of_week, instant};
use crate::query::kql::tree::ScalarType::{DateTime, Long, String as Text, Timespan};
use crate::query::kql::types::{TICKS_PER_DAY, TICKS_PER_SECOND};

type Result<T> = std::result::Result<T, KernelError>;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "datetime_add",
        Family::Time,
        "Adds so many periods, from years to nanoseconds, to an instant; a day that a month lacks becomes its last.",
        &[form(&[takes_constant("period", Text), takes("amount", Long), takes("date", DateTime)], 3, Returns::Always(DateTime), add)],
    ),
    Function::new(
        "datetime_diff",
        Family::Time,
        "Counts how many borders of a period, from years to nanoseconds, lie between two instants.",
        &[form(
            &[takes_constant("period", Text), takes("later", DateTime), takes("earlier", DateTime)],
            3,
            Returns::Always(Long),
            difference,
        )],
    ),
    Function::new(
        "now",
        Family::Time,
        "Gives the instant of the query, the same everywhere in it.",
        &[planned(&[takes("offset", Timespan)], 0, Returns::Always(DateTime))],
    ),
    Function::new(
        "ago",
        Family::Time,
        "Gives the instant of the query less a duration.",
        &[planned(&[takes("timespan", Timespan)], 1, Returns::Always(DateTime))],
    ),
];

/// A period of the calendar or the clock.
#[derive(Clone, Copy)]
enum Period {
    /// So many months.
    Months(i64),
    Week,
    /// So many ticks.
    Ticks(i64),
    Nanosecond,
}

impl Period {
    fn named(name: &str) -> Result<Self> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "year" => Self::Months(12),
            "quarter" => Self::Months(3),
            "month" => Self::Months(1),
            "week" => Self::Week,
            "day" => Self::Ticks(TICKS_PER_DAY),
            "hour" => Self::Ticks(3600 * TICKS_PER_SECOND),
            "minute" => Self::Ticks(60 * TICKS_PER_SECOND),
            "second" => Self::Ticks(TICKS_PER_SECOND),
            "millisecond" => Self::Ticks(10_000),
            "microsecond" => Self::Ticks(10),
            "nanosecond" => Self::Nanosecond,
            _ => return Err(KernelError::new(format!("expected a period from `year` to `nanosecond`, found `{name}`"))),
        })
    }

    fn add(self, ticks: i64, amount: i64) -> Option<i64> {
        let plus = |ticks_each: i64| ticks.checked_add(amount.checked_mul(ticks_each)?);
        let sum = match self {
            Self::Months(months) => Date::of(ticks).plus_months(amount.checked_mul(months)?)?.start()? + ticks.rem_euclid(TICKS_PER_DAY),
            Self::Week => plus(7 * TICKS_PER_DAY)?,
            Self::Ticks(each) => plus(each)?,
            Self::Nanosecond => ticks.checked_add(amount / 100)?,
        };
        instant(sum)
    }

    /// How many of its borders lie between two instants.
    fn between(self, later: i64, earlier: i64) -> Option<i64> {
        let borders = |place: fn(i64, i64) -> i64, each: i64| place(later, each) - place(earlier, each);
        match self {
            Self::Months(each) => {
                Some(borders(|ticks, each| (Date::of(ticks).year * 12 + Date::of(ticks).month - 1).div_euclid(each), each))
            }
            // Weeks start on Sundays.
            Self::Week => Some(borders(|ticks, each| (ticks.div_euclid(TICKS_PER_DAY) - day_of_week(ticks)).div_euclid(each), 7)),
            Self::Ticks(each) => Some(borders(i64::div_euclid, each)),
            Self::Nanosecond => later.checked_sub(earlier)?.checked_mul(100),
        }
    }
}

/// Computes values with the period that the first argument names.
fn with_period(call: &Arguments, compute: impl Fn(Period, usize) -> Option<i64>) -> Result<ArrayRef> {
    let fixed = call.constant_text(0).map(Period::named).transpose()?;
    let values = (0..call.rows).map(|row| Ok(compute(fixed.map_or_else(|| Period::named(call.text(0, row)), Ok)?, row)));
    let values = values.collect::<Result<Vec<_>>>()?;
    Ok(call.longs(|row| values[row]))
}

fn add(call: &Arguments) -> Result<ArrayRef> {
    with_period(call, |period, row| period.add(call.datetime(2, row)?, call.long(1, row)?))
}

fn difference(call: &Arguments) -> Result<ArrayRef> {
    with_period(call, |period, row| period.between(call.datetime(1, row)?, call.datetime(2, row)?))
}
