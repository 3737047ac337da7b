//! Arrays made of a rule: ranges and repetitions.

use arrow::array::ArrayRef;

use super::super::json::{self, ArrayWriter};
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, Takes, takes, takes_any};
use super::values::json_of;
use crate::query::kql::tree::ScalarType::{self, DateTime, Dynamic, Long, Real, Timespan};
use crate::query::kql::types::{LAST_TICK, TICKS_PER_SECOND};
use crate::query::kql::values::write;

const JSON: Returns = Returns::Always(Dynamic);

const fn number(name: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Number, constant: false }
}

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "range",
        Family::Dynamic,
        "Lists the values from one to another in equal steps: 1 for numbers, an hour for times, unless given.",
        &[
            form(&[takes("start", Long), takes("stop", Long), takes("step", Long)], 2, JSON, longs),
            form(&[takes("start", Real), takes("stop", Real), takes("step", Real)], 2, JSON, reals),
            form(&[takes("start", DateTime), takes("stop", DateTime), takes("step", Timespan)], 2, JSON, datetimes),
            form(&[takes("start", Timespan), takes("stop", Timespan), takes("step", Timespan)], 2, JSON, timespans),
            form(&[number("start"), number("stop"), number("step")], 2, JSON, reals),
        ],
    ),
    Function::new(
        "repeat",
        Family::Dynamic,
        "Makes an array of one value, as often as told.",
        &[form(&[takes_any("value"), takes("count", Long)], 2, JSON, repeat)],
    ),
];

/// Elements of an array at most.
const ELEMENTS_MAX: usize = 1 << 20;

/// Ticks from one to another; none if a step leads nowhere.
fn ticks(start: i64, stop: i64, step: i64) -> Option<impl Iterator<Item = i64>> {
    if step == 0 {
        return None;
    }
    let inside = move |value: &i64| if step > 0 { *value <= stop } else { *value >= stop };
    Some(std::iter::successors(Some(start), move |value| value.checked_add(step)).take_while(inside).take(ELEMENTS_MAX))
}

fn whole(arguments: &Arguments, default: i64, append: impl Fn(&mut String, i64)) -> ArrayRef {
    arguments.jsons(|row| {
        let step = if arguments.len() > 2 { arguments.long(2, row)? } else { default };
        let mut out = ArrayWriter::default();
        for value in ticks(arguments.long(0, row)?, arguments.long(1, row)?, step)? {
            append(out.begin(), value);
        }
        Some(out.finish())
    })
}

fn longs(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(whole(arguments, 1, |out, value| out.push_str(&value.to_string())))
}

const HOUR: i64 = 3600 * TICKS_PER_SECOND;

fn datetimes(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(whole(arguments, HOUR, |out, value| match value {
        0..=LAST_TICK => json::string(out, &write::datetime(value)),
        _ => out.push_str("null"),
    }))
}

fn timespans(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(whole(arguments, HOUR, |out, value| json::string(out, &write::timespan(value))))
}

fn real(arguments: &Arguments, argument: usize, row: usize) -> Option<f64> {
    match arguments.kind(argument) {
        ScalarType::Real => arguments.real(argument, row),
        ScalarType::Int => arguments.int(argument, row).map(f64::from),
        ScalarType::Decimal => arguments.decimal(argument, row).map(super::super::mathematics::real_from_decimal),
        _ => arguments.long(argument, row).map(|value| value as f64),
    }
}

fn reals(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let (start, stop) = (real(arguments, 0, row)?, real(arguments, 1, row)?);
        let step = if arguments.len() > 2 { real(arguments, 2, row)? } else { 1.0 };
        if step == 0.0 || !(start.is_finite() && step.is_finite()) {
            return None;
        }
        let mut out = ArrayWriter::default();
        for place in 0..ELEMENTS_MAX {
            let value = start + step * place as f64;
            if if step > 0.0 { value > stop } else { value < stop } || stop.is_nan() {
                break;
            }
            json::real(out.begin(), value);
        }
        Some(out.finish())
    }))
}

fn repeat(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let count = usize::try_from(arguments.long(1, row)?).ok()?.min(ELEMENTS_MAX);
        let value = json_of(arguments, 0, row);
        let mut out = ArrayWriter::default();
        for _ in 0..count {
            out.push(&value);
        }
        Some(out.finish())
    }))
}

#[cfg(test)]
mod tests {
    use super::{ELEMENTS_MAX, ticks};

    #[test]
    fn a_range_ends_at_the_limit_and_at_the_end_of_all_numbers() {
        assert_eq!(ticks(1, 1_000_000_000, 1).map(Iterator::count), Some(ELEMENTS_MAX));
        assert_eq!(ticks(i64::MAX - 2, i64::MAX, 2).map(Iterator::collect::<Vec<_>>), Some(vec![i64::MAX - 2, i64::MAX]));
    }
}
