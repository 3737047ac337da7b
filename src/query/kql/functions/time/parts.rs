//! Parts of an instant: its year, month, day, week, hour and so on.

use arrow::array::ArrayRef;

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes, takes_constant};
use super::calendar::{Date, day_of_week};
use crate::query::kql::tree::ScalarType::{DateTime, Int, String as Text, Timespan};
use crate::query::kql::types::{TICKS_PER_DAY, TICKS_PER_SECOND};

type Result<T> = std::result::Result<T, KernelError>;

const DATE: &[Parameter] = &[takes("date", DateTime)];

macro_rules! part {
    ($name:literal, $summary:literal, $part:ident) => {
        Function::new($name, Family::Time, $summary, &[form(DATE, 1, Returns::Always(Int), |call| Ok(ints(call, Part::$part)))])
    };
}

pub(super) static FUNCTIONS: &[Function] = &[
    part!("getyear", "Gives the year.", Year),
    part!("getmonth", "Gives the month, 1 to 12.", Month),
    part!("monthofyear", "Gives the month, 1 to 12.", Month),
    part!("dayofmonth", "Gives the day of the month, 1 to 31.", Day),
    part!("dayofyear", "Gives the day of the year, 1 to 366.", DayOfYear),
    part!("hourofday", "Gives the hour, 0 to 23.", Hour),
    part!("week_of_year", "Gives the week by ISO 8601: weeks start on Monday, the first holds the first Thursday.", Week)
        .aliases(&["weekofyear"]),
    Function::new(
        "dayofweek",
        Family::Time,
        "Gives the time from the last Sunday to the start of the day, in whole days.",
        &[form(DATE, 1, Returns::Always(Timespan), |call| {
            Ok(call.longs(|row| call.datetime(0, row).map(|ticks| day_of_week(ticks) * TICKS_PER_DAY)))
        })],
    ),
    Function::new(
        "datetime_part",
        Family::Time,
        "Gives a part of an instant as a number: year, quarter, month, week_of_year, day, dayofyear, hour and smaller ones.",
        &[form(&[takes_constant("part", Text), takes("date", DateTime)], 2, Returns::Always(Int), named)],
    )
    .aliases(&["datepart"]),
];

/// The parts of an instant.
#[derive(Clone, Copy)]
enum Part {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

impl Part {
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            "week_of_year" | "weekofyear" | "week" => Self::Week,
            "day" => Self::Day,
            "dayofyear" => Self::DayOfYear,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            "millisecond" => Self::Millisecond,
            "microsecond" => Self::Microsecond,
            "nanosecond" => Self::Nanosecond,
            _ => return None,
        })
    }

    fn of(self, ticks: i64) -> Option<i64> {
        let of_day = ticks.rem_euclid(TICKS_PER_DAY);
        let of_second = of_day % TICKS_PER_SECOND;
        let date = || Date::of(ticks);
        Some(match self {
            Self::Year => date().year,
            Self::Quarter => (date().month + 2) / 3,
            Self::Month => date().month,
            Self::Week => date().iso_week()?,
            Self::Day => date().day,
            Self::DayOfYear => date().day_of_year()?,
            Self::Hour => of_day / (3600 * TICKS_PER_SECOND),
            Self::Minute => of_day / (60 * TICKS_PER_SECOND) % 60,
            Self::Second => of_day / TICKS_PER_SECOND % 60,
            Self::Millisecond => of_second / 10_000,
            Self::Microsecond => of_second / 10,
            Self::Nanosecond => of_second * 100,
        })
    }
}

fn ints(call: &Arguments, part: Part) -> ArrayRef {
    call.ints(|row| part.of(call.datetime(0, row)?).and_then(|value| i32::try_from(value).ok()))
}

fn named(call: &Arguments) -> Result<ArrayRef> {
    let part = |row: usize| {
        let name = call.text(0, row);
        Part::named(name).ok_or_else(|| KernelError::new(format!("expected a part of an instant such as `hour`, found `{name}`")))
    };
    let fixed = if call.constant_text(0).is_some() { Some(part(0)?) } else { None };
    let mut values = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let part = fixed.map_or_else(|| part(row), Ok)?;
        values.push(call.datetime(1, row).and_then(|ticks| part.of(ticks)));
    }
    Ok(call.ints(|row| values[row].and_then(|value| i32::try_from(value).ok())))
}
