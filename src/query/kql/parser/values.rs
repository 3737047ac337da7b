//! What the text of a literal is worth.
//!
//! Times are ticks of 100 ns; instants count from the first day of the year 1.

use super::super::lexer::{TIMESPAN_UNITS, Typed};
use super::super::tree::{Float, Literal, Place, Value};

const TICKS_OF_SECOND: i64 = 10_000_000;
const TICKS_OF_DAY: i64 = 86_400 * TICKS_OF_SECOND;

/// The value of the content of `type(...)`.
pub(super) fn typed(typed: Typed, text: &str) -> Value {
    let is_null = text.is_empty() || text == "null";
    fn checked<T>(typed: Typed, is_null: bool, value: Option<T>, make: fn(Option<T>) -> Value) -> Value {
        if is_null || value.is_some() { make(value) } else { Value::Invalid(typed) }
    }
    match typed {
        Typed::Bool => checked(typed, is_null, boolean(text), Value::Bool),
        Typed::DateTime => checked(typed, is_null, instant(text), Value::DateTime),
        Typed::Decimal => checked(typed, is_null, decimal(text), Value::Decimal),
        Typed::Guid => checked(typed, is_null, guid(text), Value::Guid),
        Typed::Int => checked(typed, is_null, long(text).and_then(|value| i32::try_from(value).ok()), Value::Int),
        Typed::Long => checked(typed, is_null, long(text), Value::Long),
        Typed::Real => checked(typed, is_null, real(text), Value::Real),
        Typed::Timespan => checked(typed, is_null, timespan(text), Value::Timespan),
    }
}

/// The literal with a minus in front.
pub(super) fn negated(literal: Literal, place: Place) -> Literal {
    let value = match literal.value {
        Value::Long(Some(value)) => Value::Long(Some(value.wrapping_neg())),
        Value::Real(Some(Float(value))) => Value::Real(Some(Float(-value))),
        other => other,
    };
    Literal { value, text: format!("-{}", literal.text), place }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => long(text).map(|value| value != 0),
    }
}

/// A 64-bit integer, decimal or hexadecimal.
pub(super) fn long(text: &str) -> Option<i64> {
    let (digits, is_negative) = match text.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u64::from_str_radix(hex, 16).ok().filter(|_| is_hex)?;
        let value = bits.cast_signed();
        return Some(if is_negative { value.wrapping_neg() } else { value });
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A 64-bit float.
pub(super) fn real(text: &str) -> Option<Float> {
    let value = match text.to_ascii_lowercase().as_str() {
        "nan" => f64::NAN,
        "inf" | "+inf" => f64::INFINITY,
        "-inf" => f64::NEG_INFINITY,
        // The words that Rust takes as well are no words here.
        _ if text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) => return None,
        _ => text.parse().ok()?,
    };
    Some(Float(value))
}

fn decimal(text: &str) -> Option<String> {
    real(text).filter(|value| value.0.is_finite()).map(|_| text.to_owned())
}

/// The bytes of a GUID, dashes or not.
pub(super) fn guid(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    let digits: String = match bytes.len() {
        36 if [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-') => text.split('-').collect(),
        32 => text.to_owned(),
        _ => return None,
    };
    let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(&digits, 16).ok().filter(|_| is_hex)
}

/// A duration: `1.5h`, `15 seconds`, `1.02:03:04.5`, or a number of days.
pub(super) fn timespan(text: &str) -> Option<i64> {
    let (text, is_negative) = match text.strip_prefix('-') {
        Some(rest) => (rest.trim_start(), true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let ticks = if text.contains(':') { clock(text)? } else { with_unit(text)? };
    i64::try_from(if is_negative { -ticks } else { ticks }).ok()
}

fn with_unit(text: &str) -> Option<i128> {
    let length = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let unit = text[length..].trim_start();
    let (number, ten) = scaled(&text[..length])?;
    let (per, parts) = match TIMESPAN_UNITS.iter().find(|(names, _)| names.contains(&unit)) {
        // A nanosecond is a hundredth of a tick.
        Some((_, 0)) => (1, 100),
        Some((_, ticks)) => (i128::from(*ticks), 1),
        None if unit.is_empty() => (i128::from(TICKS_OF_DAY), 1),
        None => return None,
    };
    Some(number.checked_mul(per)? / (ten * parts))
}

/// A decimal number as an integer and the power of ten to divide it by.
fn scaled(text: &str) -> Option<(i128, i128)> {
    const DIGITS_MAX: usize = 18;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = &fraction[..fraction.len().min(DIGITS_MAX)];
    if whole.is_empty() || whole.len() > DIGITS_MAX {
        return None;
    }
    let number: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some((number, 10_i128.pow(u32::try_from(fraction.len()).ok()?)))
}

/// `[d.]hh:mm[:ss[.fffffff]]`
fn clock(text: &str) -> Option<i128> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    let (days, hours) = match first.split_once('.') {
        Some((days, hours)) => (number(days)?, number(hours)?),
        None => (0, number(first)?),
    };
    let minutes = number(parts.next()?)?;
    let seconds = match parts.next() {
        Some(seconds) => {
            let (number, ten) = scaled(seconds)?;
            number.checked_mul(i128::from(TICKS_OF_SECOND))? / ten
        }
        None => 0,
    };
    let is_clock = parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60 * i128::from(TICKS_OF_SECOND);
    let minutes = (i128::from(days) * 24 + i128::from(hours)) * 60 + i128::from(minutes);
    is_clock.then(|| minutes * 60 * i128::from(TICKS_OF_SECOND) + seconds)
}

fn number(text: &str) -> Option<i64> {
    const DIGITS_MAX: usize = 9;
    let is_number = !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// An instant in the forms of ISO 8601, with `/` for `-` and a space for `T` if one likes.
fn instant(text: &str) -> Option<i64> {
    let text = text.trim_matches(['"', '\'']);
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text.strip_suffix('Z').unwrap_or(text), ""),
    };
    let (time, offset) = zone(time)?;
    let ticks = day(date)?.checked_mul(TICKS_OF_DAY)?;
    let of_day = if time.is_empty() { 0 } else { i64::try_from(clock(time)?).ok()? };
    if of_day >= TICKS_OF_DAY {
        return None;
    }
    ticks.checked_add(of_day)?.checked_sub(offset).filter(|ticks| *ticks >= 0)
}

/// The time of day without its zone, and the zone in ticks.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time.trim_end(), 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let digits: String = time[at + 1..].split(':').collect();
    let hours_minutes = number(&digits)?;
    let minutes = match digits.len() {
        1 | 2 => hours_minutes * 60,
        4 => hours_minutes / 100 * 60 + hours_minutes % 100,
        _ => return None,
    };
    let ticks = minutes * 60 * TICKS_OF_SECOND;
    Some((time[..at].trim_end(), if time[at..].starts_with('-') { -ticks } else { ticks }))
}

/// Days from the first of the year 1.
fn day(date: &str) -> Option<i64> {
    let parts: Vec<&str> = date.split(['-', '/']).collect();
    let (year, month, day) = match *parts.as_slice() {
        [compact] if compact.len() == 8 => (compact.get(..4)?, compact.get(4..6)?, compact.get(6..)?),
        [year, month] if year.len() == 4 => (year, month, "1"),
        [year, month, day] if year.len() == 4 => (year, month, day),
        [month, day, year] if year.len() == 4 => (year, month, day),
        _ => return None,
    };
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month - 1).ok()?;
    let is_day = (1..=9999).contains(&year) && day >= 1 && day <= *lengths.get(index)?;
    let before = year - 1;
    let days = before * 365 + before / 4 - before / 100 + before / 400 + lengths[..index].iter().sum::<i64>() + day - 1;
    is_day.then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ticks) in [
            ("1d", Some(TICKS_OF_DAY)),
            ("1.5h", Some(54_000_000_000)),
            ("15 seconds", Some(150_000_000)),
            ("00:10:00", Some(6_000_000_000)),
            ("1.02:03:04.5", Some(TICKS_OF_DAY + 73_845_000_000)),
            ("-1d", Some(-TICKS_OF_DAY)),
            ("2", Some(2 * TICKS_OF_DAY)),
            ("3tick", Some(3)),
            ("250nano", Some(2)),
            ("1micro", Some(10)),
            ("abc", None),
            ("25:00:00", None),
            ("999999999999d", None),
        ] {
            assert_eq!(timespan(text), ticks, "{text}");
        }
    }

    #[test]
    fn instants() {
        for (text, ticks) in [
            ("0001-01-01", Some(0)),
            ("1970-01-01", Some(621_355_968_000_000_000)),
            ("2024-02-29 23:59:59.9999999", Some(638_448_479_999_999_999)),
            ("2024-02-29T23:59:59Z", Some(638_448_479_990_000_000)),
            ("2024-03-01T01:59:59+02:00", Some(638_448_479_990_000_000)),
            ("2/29/2024", Some(638_447_616_000_000_000)),
            ("2024/2/29", Some(638_447_616_000_000_000)),
            ("2024-02", Some(638_423_424_000_000_000)),
            ("2023-02-29", None),
            ("2024-13-01", None),
            ("foo", None),
        ] {
            assert_eq!(instant(text), ticks, "{text}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(long("0xFF"), Some(255));
        assert_eq!(long("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(long("1.5"), None);
        assert_eq!(long(""), None);
        assert_eq!(real("infinity"), None);
        assert_eq!(real("-1.5e3"), Some(Float(-1500.0)));
        assert_eq!(guid("74be27de-1e4e-49d9-b579-fe0b331d3642"), Some(0x74be_27de_1e4e_49d9_b579_fe0b_331d_3642));
        assert_eq!(guid("74be27de"), None);
        assert_eq!(typed(Typed::Int, "null"), Value::Int(None));
        assert_eq!(typed(Typed::Int, "3000000000"), Value::Invalid(Typed::Int));
        assert_eq!(typed(Typed::Bool, "True"), Value::Bool(Some(true)));
    }
}
