//! The first and the last instant of the day, week, month or year of an instant, or of one so many later.

use arrow::array::ArrayRef;

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::calendar::{Date, day_of_week, instant};
use crate::query::kql::tree::ScalarType::{DateTime, Long};
use crate::query::kql::types::TICKS_PER_DAY;

type Result<T> = std::result::Result<T, KernelError>;

const DATE: &[Parameter] = &[takes("date", DateTime), takes("offset", Long)];

macro_rules! edge {
    ($name:literal, $summary:literal, $period:ident, $edge:ident) => {
        Function::new($name, Family::Time, $summary, &[form(DATE, 1, Returns::Always(DateTime), |call| $edge(call, Period::$period))])
    };
}

pub(super) static FUNCTIONS: &[Function] = &[
    edge!("startofday", "Gives the first instant of the day, or of one so many days later.", Day, starts),
    edge!("startofweek", "Gives the first instant of the week, which is a Sunday's, or of one so many weeks later.", Week, starts),
    edge!("startofmonth", "Gives the first instant of the month, or of one so many months later.", Month, starts),
    edge!("startofyear", "Gives the first instant of the year, or of one so many years later.", Year, starts),
    edge!("endofday", "Gives the last instant of the day, or of one so many days later.", Day, ends),
    edge!("endofweek", "Gives the last instant of the week, which is a Saturday's, or of one so many weeks later.", Week, ends),
    edge!("endofmonth", "Gives the last instant of the month, or of one so many months later.", Month, ends),
    edge!("endofyear", "Gives the last instant of the year, or of one so many years later.", Year, ends),
];

#[derive(Clone, Copy)]
enum Period {
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    /// The first instant of the period so many after that of an instant; it may lie before the year 1 or after 9999 where that can be told.
    fn start(self, ticks: i64, offset: i64) -> Option<i64> {
        let days = |start: i64, days: i64| start.checked_add(offset.checked_mul(days)?.checked_mul(TICKS_PER_DAY)?);
        let day = ticks - ticks.rem_euclid(TICKS_PER_DAY);
        match self {
            Self::Day => days(day, 1),
            Self::Week => days(day - day_of_week(ticks) * TICKS_PER_DAY, 7),
            Self::Month => Date { day: 1, ..Date::of(ticks) }.plus_months(offset)?.start(),
            Self::Year => Date { day: 1, month: 1, ..Date::of(ticks) }.plus_months(offset.checked_mul(12)?)?.start(),
        }
    }

    /// The last instant of the period.
    fn end(self, ticks: i64, offset: i64) -> Option<i64> {
        let start = self.start(ticks, offset)?;
        let length = match self {
            Self::Day => TICKS_PER_DAY,
            Self::Week => 7 * TICKS_PER_DAY,
            Self::Month => {
                let date = Date::of(start);
                super::calendar::days_of_month(date.year, date.month) * TICKS_PER_DAY
            }
            Self::Year => (if super::calendar::is_leap(Date::of(start).year) { 366 } else { 365 }) * TICKS_PER_DAY,
        };
        start.checked_add(length - 1)
    }
}

fn edges(call: &Arguments, edge: impl Fn(i64, i64) -> Option<i64>) -> Result<ArrayRef> {
    Ok(call.longs(|row| {
        let offset = if call.len() > 1 { call.long(1, row)? } else { 0 };
        edge(call.datetime(0, row)?, offset).and_then(instant)
    }))
}

fn starts(call: &Arguments, period: Period) -> Result<ArrayRef> {
    edges(call, |ticks, offset| period.start(ticks, offset))
}

fn ends(call: &Arguments, period: Period) -> Result<ArrayRef> {
    edges(call, |ticks, offset| period.end(ticks, offset))
}
