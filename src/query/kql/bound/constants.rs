//! Values that stand in a query.

use std::fmt::Write;
use std::sync::Arc;

use super::super::tree::{Float, Json, Literal, ScalarType, Value};
use super::super::types::DECIMAL_SCALE;

/// A value that is known before any row is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// The null of the type that the expression has.
    Null,
    /// A truth.
    Bool(bool),
    /// A 32-bit integer.
    Int(i32),
    /// A 64-bit integer.
    Long(i64),
    /// A 64-bit float.
    Real(Float),
    /// A decimal, unscaled.
    Decimal(i128),
    /// Ticks of 100 ns since the year 1.
    DateTime(i64),
    /// Ticks of 100 ns.
    Timespan(i64),
    /// A GUID in its lower-case text.
    Guid(Arc<str>),
    /// A text.
    String(Arc<str>),
    /// A dynamic value as compact JSON text.
    Dynamic(Arc<str>),
}

impl Constant {
    /// A text.
    pub fn text(value: &str) -> Self {
        Self::String(Arc::from(value))
    }

    /// The value and the type of a literal; none if its content is no value of its type.
    pub fn of_literal(literal: &Literal) -> Option<(Self, ScalarType)> {
        let typed = match &literal.value {
            Value::Bool(value) => (value.map(Self::Bool), ScalarType::Bool),
            Value::DateTime(value) => (value.map(Self::DateTime), ScalarType::DateTime),
            Value::Decimal(value) => (value.as_deref().and_then(decimal).map(Self::Decimal), ScalarType::Decimal),
            Value::Guid(value) => (value.map(|value| Self::Guid(guid(value).into())), ScalarType::Guid),
            Value::Int(value) => (value.map(Self::Int), ScalarType::Int),
            Value::Long(value) => (value.map(Self::Long), ScalarType::Long),
            Value::Real(value) => (value.map(Self::Real), ScalarType::Real),
            Value::Timespan(value) => (value.map(Self::Timespan), ScalarType::Timespan),
            Value::Invalid(_) => return None,
        };
        Some((typed.0.unwrap_or(Self::Null), typed.1))
    }
}

/// Compact JSON text of the content of `dynamic(...)`; none for null. Instants, durations and GUIDs inside become texts.
pub fn json_text(json: &Json) -> Option<String> {
    if let Json::Null(_) = json {
        return None;
    }
    let mut text = String::new();
    write_json(json, &mut text);
    (text != "null").then_some(text)
}

fn write_json(json: &Json, text: &mut String) {
    match json {
        Json::Null(_) | Json::Error(_) => text.push_str("null"),
        Json::Literal(literal) => write_literal(literal, text),
        Json::String(string) => write_string(&string.value, text),
        Json::Nested(inner, _) => write_json(inner, text),
        Json::Array(values, _) => {
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_json(value, text);
            }
            text.push(']');
        }
        Json::Object(pairs, _) => {
            text.push('{');
            // As in the engine, the last value of a repeated key counts, at the place of the first.
            for (place, (key, _)) in
                pairs.iter().enumerate().filter(|(place, (key, _))| !pairs[..*place].iter().any(|(other, _)| other == key))
            {
                if place > 0 {
                    text.push(',');
                }
                write_string(&key.value, text);
                text.push(':');
                if let Some((_, value)) = pairs.iter().rev().find(|(other, _)| other == key) {
                    write_json(value, text);
                }
            }
            text.push('}');
        }
    }
}

fn write_string(value: &str, text: &mut String) {
    text.push_str(&serde_json::Value::from(value).to_string());
}

fn write_literal(literal: &Literal, text: &mut String) {
    use super::super::types::{TICKS_PER_DAY, TICKS_PER_SECOND};
    let written = match &literal.value {
        Value::Bool(Some(value)) => write!(text, "{value}"),
        Value::Int(Some(value)) => write!(text, "{value}"),
        Value::Long(Some(value)) => write!(text, "{value}"),
        Value::Real(Some(Float(value))) if value.is_finite() => write!(text, "{}", serde_json::Value::from(*value)),
        Value::Real(Some(Float(value))) => write!(
            text,
            "\"{}\"",
            if value.is_nan() {
                "NaN"
            } else if *value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }
        ),
        Value::Decimal(Some(digits)) => write!(text, "\"{digits}\""),
        Value::Guid(Some(value)) => write!(text, "\"{}\"", guid(*value)),
        Value::DateTime(Some(ticks)) => write!(text, "\"{}\"", instant(*ticks)),
        Value::Timespan(Some(ticks)) => {
            let (days, rest) = (ticks.unsigned_abs() / TICKS_PER_DAY as u64, ticks.unsigned_abs() % TICKS_PER_DAY as u64);
            let (seconds, fraction) = (rest / TICKS_PER_SECOND as u64, rest % TICKS_PER_SECOND as u64);
            let sign = if *ticks < 0 { "-" } else { "" };
            let day = if days > 0 { format!("{days}.") } else { String::new() };
            let part = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
            write!(text, "\"{sign}{day}{:02}:{:02}:{:02}{part}\"", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
        _ => write!(text, "null"),
    };
    debug_assert!(written.is_ok(), "a String takes everything");
}

/// An instant as KQL shows it: ISO 8601 with seven digits and `Z`.
pub(in super::super) fn instant(ticks: i64) -> String {
    use super::super::types::{TICKS_PER_DAY, TICKS_PER_SECOND};
    let (day, rest) = (ticks.div_euclid(TICKS_PER_DAY), ticks.rem_euclid(TICKS_PER_DAY));
    let (year, month, day) = civil(day);
    let (seconds, fraction) = (rest / TICKS_PER_SECOND, rest % TICKS_PER_SECOND);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{fraction:07}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a day counted from 0001-01-01.
fn civil(day: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let shifted = day + 306;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn guid(value: u128) -> String {
    let hex = format!("{value:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Digits with sign, point and exponent as an unscaled decimal; none if it does not fit.
fn decimal(digits: &str) -> Option<i128> {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.trim_start_matches('+').parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut shift = i32::from(DECIMAL_SCALE) + exponent - i32::try_from(fraction.len()).ok()?;
    let mut value: i128 = 0;
    let mut dropped = 0;
    let digits: Vec<u32> = whole.chars().chain(fraction.chars()).map(|digit| digit.to_digit(10)).collect::<Option<_>>()?;
    let keep = if shift < 0 { digits.len().saturating_sub(shift.unsigned_abs() as usize) } else { digits.len() };
    for digit in &digits[..keep] {
        value = value.checked_mul(10)?.checked_add(i128::from(*digit))?;
    }
    if keep < digits.len() {
        dropped = digits[keep];
        shift = 0;
    }
    value = value.checked_mul(10_i128.checked_pow(shift.max(0).unsigned_abs())?)?.checked_add(i128::from(dropped >= 5))?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::{decimal, guid, instant};

    #[test]
    fn decimals_keep_fourteen_digits_behind_the_point() {
        for (text, expected) in [
            ("1", Some(100_000_000_000_000)),
            ("-1.5", Some(-150_000_000_000_000)),
            ("0.00000000000001", Some(1)),
            ("0.000000000000005", Some(1)),
            ("0.000000000000004", Some(0)),
            ("1e2", Some(10_000_000_000_000_000)),
            ("1e60", None),
        ] {
            assert_eq!(decimal(text), expected, "{text}");
        }
    }

    #[test]
    fn instants_have_seven_digits() {
        for (ticks, expected) in [
            (0, "0001-01-01T00:00:00.0000000Z"),
            (621_355_968_000_000_000, "1970-01-01T00:00:00.0000000Z"),
            (637_185_312_000_000_001, "2020-02-29T00:00:00.0000001Z"),
            (3_155_378_975_999_999_999, "9999-12-31T23:59:59.9999999Z"),
        ] {
            assert_eq!(instant(ticks), expected);
        }
        assert_eq!(guid(0x0123), "00000000-0000-0000-0000-000000000123");
    }
}
