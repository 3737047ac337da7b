//! The Gregorian calendar over ticks since the first of the year 1.

use crate::query::kql::types::{LAST_TICK, TICKS_PER_DAY};
use crate::query::kql::values::{read, write};

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    /// 1 to 31.
    pub(super) day: i64,
}

impl Date {
    /// The day of an instant.
    pub(super) fn of(ticks: i64) -> Self {
        let (year, month, day) = write::date(ticks.div_euclid(TICKS_PER_DAY));
        Self { year, month, day }
    }

    /// Its first instant; none outside of the years 1 to 9999.
    pub(super) fn start(self) -> Option<i64> {
        Some(read::days(self.year, self.month, self.day)? * TICKS_PER_DAY)
    }

    /// The same day so many months later, or the last one of a month that is shorter.
    pub(super) fn plus_months(self, months: i64) -> Option<Self> {
        let month = (self.year * 12 + self.month - 1).checked_add(months)?;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        (1..=9999).contains(&year).then(|| Self { year, month, day: self.day.min(days_of_month(year, month)) })
    }

    /// The place of the day in its year, from 1.
    pub(super) fn day_of_year(self) -> Option<i64> {
        let first = Self { month: 1, day: 1, ..self };
        Some((self.start()? - first.start()?) / TICKS_PER_DAY + 1)
    }

    /// The week by ISO 8601: weeks start on Monday, the first one holds the first Thursday.
    pub(super) fn iso_week(self) -> Option<i64> {
        let ticks = self.start()?;
        // The first of the year 1 was a Monday; the Thursday of a week tells to which year it belongs.
        let week_day = ticks / TICKS_PER_DAY % 7;
        let first_of_year = Self { month: 1, day: 1, ..self }.start()?;
        let from_first = |thursday: i64| (thursday - first_of_year).div_euclid(TICKS_PER_DAY);
        let thursday = from_first(ticks) + 3 - week_day;
        let length = if is_leap(self.year) { 366 } else { 365 };
        Some(match thursday {
            _ if thursday < 0 => Self { year: self.year - 1, month: 12, day: 31 }.last_week(),
            _ if thursday >= length => 1,
            _ => thursday / 7 + 1,
        })
    }

    /// The number of the last week of its year: 53 where the year starts on a Thursday, or on a Wednesday and is a leap year.
    fn last_week(self) -> i64 {
        let before = self.year - 1;
        let week_day = (before * 365 + before / 4 - before / 100 + before / 400).rem_euclid(7);
        if week_day == 3 || (week_day == 2 && is_leap(self.year)) { 53 } else { 52 }
    }
}

pub(super) fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

pub(super) fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the last Sunday.
pub(super) fn day_of_week(ticks: i64) -> i64 {
    (ticks.div_euclid(TICKS_PER_DAY) + 1).rem_euclid(7)
}

/// The instant, if it lies in the years 1 to 9999.
pub(super) fn instant(ticks: i64) -> Option<i64> {
    (0..=LAST_TICK).contains(&ticks).then_some(ticks)
}
