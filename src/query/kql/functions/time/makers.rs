//! Instants and durations made of numbers.

use arrow::array::ArrayRef;
use arrow::datatypes::{Float64Type, Int64Type};

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Returns, takes};
use super::calendar::{Date, instant};
use crate::query::kql::tree::ScalarType::{DateTime, Long, Real, String as Text, Timespan};
use crate::query::kql::types::{TICKS_PER_DAY, TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use crate::query::kql::values::read;

type Result<T> = std::result::Result<T, KernelError>;

macro_rules! since_1970 {
    ($name:literal, $summary:literal, $per_tick:expr, $ticks_each:expr) => {
        Function::new(
            $name,
            Family::Time,
            $summary,
            &[
                form(&[takes("number", Long)], 1, Returns::Always(DateTime), |call| Ok(from_whole(call, $per_tick, $ticks_each))),
                form(&[takes("number", Real)], 1, Returns::Always(DateTime), |call| Ok(from_real(call, $per_tick, $ticks_each))),
            ],
        )
    };
}

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "make_datetime",
        Family::Time,
        "Gives the instant of a year, month, day, hour, minute and second; null if there is no such one.",
        &[
            form(&[takes("value", DateTime)], 1, Returns::Always(DateTime), |call| Ok(call.longs(|row| call.datetime(0, row)))),
            form(&[takes("value", Text)], 1, Returns::Always(DateTime), |call| Ok(call.longs(|row| read::datetime(call.text(0, row))))),
            form(
                &[
                    takes("year", Real),
                    takes("month", Real),
                    takes("day", Real),
                    takes("hour", Real),
                    takes("minute", Real),
                    takes("second", Real),
                ],
                3,
                Returns::Always(DateTime),
                make_datetime,
            ),
        ],
    ),
    Function::new(
        "make_timespan",
        Family::Time,
        "Gives the duration of so many days, hours, minutes and seconds; days and seconds may be left out.",
        &[
            form(&[takes("value", Timespan)], 1, Returns::Always(Timespan), |call| Ok(call.longs(|row| call.timespan(0, row)))),
            form(&[takes("value", Text)], 1, Returns::Always(Timespan), |call| {
                Ok(call.longs(|row| read::timespan(call.text(0, row).trim())))
            }),
            form(
                &[takes("days", Real), takes("hours", Real), takes("minutes", Real), takes("seconds", Real)],
                2,
                Returns::Always(Timespan),
                make_timespan,
            ),
        ],
    ),
    since_1970!("unixtime_seconds_todatetime", "Gives the instant so many seconds after the start of 1970.", 1, TICKS_PER_SECOND),
    since_1970!("unixtime_milliseconds_todatetime", "Gives the instant so many milliseconds after the start of 1970.", 1, 10_000),
    since_1970!("unixtime_microseconds_todatetime", "Gives the instant so many microseconds after the start of 1970.", 1, 10),
    since_1970!("unixtime_nanoseconds_todatetime", "Gives the instant so many nanoseconds after the start of 1970.", 100, 1),
];

fn from_whole(call: &Arguments, per_tick: i64, ticks_each: i64) -> ArrayRef {
    super::super::mathematics::unary_opt::<Int64Type, Int64Type>(call, |number| {
        instant(number.checked_mul(ticks_each)?.div_euclid(per_tick).checked_add(UNIX_EPOCH_TICKS)?)
    })
}

fn from_real(call: &Arguments, per_tick: i64, ticks_each: i64) -> ArrayRef {
    super::super::mathematics::unary_opt::<Float64Type, Int64Type>(call, |number| {
        let ticks = (number * ticks_each as f64 / per_tick as f64).round();
        (ticks.abs() < 9e18).then_some(ticks as i64).and_then(|ticks| instant(ticks.checked_add(UNIX_EPOCH_TICKS)?))
    })
}

/// A number of a unit as ticks; none of what is no number or much too great.
fn ticks(number: f64, each: i64) -> Option<i64> {
    let ticks = (number * each as f64).round();
    (ticks.abs() < 9e18).then_some(ticks as i64)
}

fn make_datetime(call: &Arguments) -> Result<ArrayRef> {
    let part = |argument: usize, row: usize, default: f64| if argument < call.len() { call.real(argument, row) } else { Some(default) };
    let whole = |number: f64| (number.abs() < 1e6).then_some(number as i64);
    Ok(call.longs(|row| {
        let date = Date { year: whole(call.real(0, row)?)?, month: whole(call.real(1, row)?)?, day: whole(call.real(2, row)?)? };
        let (hour, minute, second) = (whole(part(3, row, 0.0)?)?, whole(part(4, row, 0.0)?)?, part(5, row, 0.0)?);
        if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0.0..60.0).contains(&second) {
            return None;
        }
        instant(date.start()? + (hour * 60 + minute) * 60 * TICKS_PER_SECOND + ticks(second, TICKS_PER_SECOND)?)
    }))
}

fn make_timespan(call: &Arguments) -> Result<ArrayRef> {
    const UNITS: [i64; 4] = [TICKS_PER_DAY, 3600 * TICKS_PER_SECOND, 60 * TICKS_PER_SECOND, TICKS_PER_SECOND];
    // Two and three numbers start with the hours.
    let units = if call.len() == 4 { &UNITS[..] } else { &UNITS[1..] };
    Ok(call.longs(|row| {
        let parts = (0..call.len()).zip(units).map(|(argument, each)| ticks(call.real(argument, row)?, *each));
        parts.collect::<Option<Vec<_>>>()?.into_iter().try_fold(0_i64, i64::checked_add)
    }))
}
