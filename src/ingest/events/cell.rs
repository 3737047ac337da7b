//! Cells: from JSON text to a value of a column's type.

use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::catalog::tables::ColumnType;
use crate::ingest::value;
use crate::model::Time;

/// The text of a JSON string without escapes; none for anything else.
pub(super) fn plain_text(raw: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?).ok()?;
    (!text.contains('\\')).then_some(text)
}

/// The text of a JSON string.
pub(super) fn text(raw: &[u8]) -> Option<Cow<'_, str>> {
    match plain_text(raw) {
        Some(text) => Some(Cow::Borrowed(text)),
        None if raw.starts_with(b"\"") => serde_json::from_slice::<String>(raw).ok().map(Cow::Owned),
        None => None,
    }
}

/// A cell after conversion.
#[derive(Debug, PartialEq)]
pub(super) enum Cell {
    /// The source has no value here.
    Absent,
    /// A value of the column's type.
    Value(Value),
    /// A value that is none of the column's type.
    Unfit(Value),
}

/// Reads a cell, of the declared type if the column has one.
pub(super) fn read(raw: &[u8], kind: Option<ColumnType>) -> Cell {
    match raw.first() {
        Some(b'"') => match text(raw) {
            Some(text) if text.is_empty() => Cell::Absent,
            Some(text) => from_text(text, kind),
            None => Cell::Absent,
        },
        Some(b'n') | None => Cell::Absent,
        Some(b'{' | b'[') => from_nested(raw, kind),
        Some(_) => from_scalar(raw, kind),
    }
}

/// Reads a cell that is at hand as a value.
pub(super) fn convert(value: &Value, kind: Option<ColumnType>) -> Cell {
    match value {
        Value::Null => Cell::Absent,
        Value::String(text) if text.is_empty() => Cell::Absent,
        Value::String(text) => from_text(Cow::Borrowed(text), kind),
        other => read(other.to_string().as_bytes(), kind),
    }
}

fn from_text(text: Cow<'_, str>, kind: Option<ColumnType>) -> Cell {
    let unfit =
        |text: Cow<'_, str>| if value::is_absent_text(&text) { Cell::Absent } else { Cell::Unfit(Value::String(text.into_owned())) };
    match kind {
        None | Some(ColumnType::String | ColumnType::Guid | ColumnType::Timespan) => Cell::Value(Value::String(text.into_owned())),
        Some(ColumnType::DateTime) => match Time::parse(&text) {
            Ok(time) if is_plain_instant(&text) && time > EARLIEST => Cell::Value(Value::String(text.into_owned())),
            Ok(time) => instant(time),
            Err(_) => unfit(text),
        },
        Some(kind @ (ColumnType::Int | ColumnType::Long)) => match whole(&text).and_then(|n| within(n, kind)) {
            Some(n) => Cell::Value(n.into()),
            None => unfit(text),
        },
        Some(ColumnType::Real) => match text.trim().parse::<f64>().ok().and_then(Number::from_f64) {
            Some(n) => Cell::Value(Value::Number(n)),
            None => unfit(text),
        },
        Some(ColumnType::Bool) => match value::flag(&Value::String(text.to_string())) {
            Some(flag) => Cell::Value(flag.into()),
            None => unfit(text),
        },
        Some(ColumnType::Dynamic) => {
            let inner = text.trim_start();
            if inner.starts_with(['{', '['])
                && let Ok(inner) = serde_json::from_str::<Value>(inner)
            {
                return Cell::Value(inner);
            }
            Cell::Value(Value::String(text.into_owned()))
        }
    }
}

/// A whole number in text: decimal, `443.0`, or hexadecimal.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(n) = text.parse() {
        return Some(n);
    }
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok();
    }
    let n: f64 = text.parse().ok()?;
    (n.fract() == 0.0 && n.abs() < 9e15).then_some(n as i64)
}

fn within(n: i64, kind: ColumnType) -> Option<i64> {
    (kind == ColumnType::Long || i32::try_from(n).is_ok()).then_some(n)
}

/// The .NET minimum and the day after it stand for no value.
const EARLIEST: Time = Time::from_micros(Time::MIN.micros() + 86_400_000_000);

fn instant(time: Time) -> Cell {
    if time <= EARLIEST { Cell::Absent } else { Cell::Value(Value::String(time.to_string())) }
}

/// Whether a text that is an instant is written as instants are written here: to the second or millisecond, in UTC.
fn is_plain_instant(text: &str) -> bool {
    match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', rest @ ..] => match rest {
            [a, b, b'Z'] => [a, b] != [&b'6', &b'0'],
            [a, b, b'.', c, d, e, b'Z'] => [c, d, e] != [&b'0', &b'0', &b'0'] && [a, b] != [&b'6', &b'0'],
            _ => false,
        },
        _ => false,
    }
}

fn from_nested(raw: &[u8], kind: Option<ColumnType>) -> Cell {
    let parsed = || serde_json::from_slice::<Value>(raw).unwrap_or(Value::Null);
    match kind {
        None | Some(ColumnType::Dynamic) => Cell::Value(parsed()),
        Some(ColumnType::String) => Cell::Value(String::from_utf8_lossy(raw).into_owned().into()),
        Some(_) => Cell::Unfit(parsed()),
    }
}

fn from_scalar(raw: &[u8], kind: Option<ColumnType>) -> Cell {
    let Ok(value) = serde_json::from_slice::<Value>(raw) else { return Cell::Absent };
    let fits = match kind {
        None | Some(ColumnType::Dynamic) => return Cell::Value(value),
        Some(ColumnType::String | ColumnType::Guid | ColumnType::Timespan) => {
            return Cell::Value(String::from_utf8_lossy(raw).into_owned().into());
        }
        Some(ColumnType::DateTime) => match value.as_f64().filter(|n| n.abs() >= 1e8).map(Time::from_epoch) {
            Some(Ok(time)) => return instant(time),
            _ => None,
        },
        Some(kind @ (ColumnType::Int | ColumnType::Long)) => value::integer(&value).and_then(|n| within(n, kind)).map(Value::from),
        Some(ColumnType::Real) => value.as_f64().and_then(Number::from_f64).map(Value::Number),
        Some(ColumnType::Bool) => value::flag(&value).map(Value::from),
    };
    fits.map_or(Cell::Unfit(value), Cell::Value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_of_every_type() {
        use ColumnType::*;
        let ok = Cell::Value;
        for (raw, kind, expected) in [
            (r#""""#, None, Cell::Absent),
            ("null", Some(Int), Cell::Absent),
            (r#""-""#, Some(Int), Cell::Absent),
            (r#""-""#, Some(String), ok(json!("-"))),
            (r#""a\nb""#, None, ok(json!("a\nb"))),
            ("4624", Some(Int), ok(json!(4624))),
            (r#""4624""#, Some(Int), ok(json!(4624))),
            (r#""443.0""#, Some(Int), ok(json!(443))),
            (r#""0x1580""#, Some(Long), ok(json!(0x1580))),
            ("3000000000", Some(Int), Cell::Unfit(json!(3_000_000_000i64))),
            ("3000000000", Some(Long), ok(json!(3_000_000_000i64))),
            (r#""many""#, Some(Long), Cell::Unfit(json!("many"))),
            (r#""1.5""#, Some(Real), ok(json!(1.5))),
            (r#""True""#, Some(Bool), ok(json!(true))),
            (r#""4/28/2021, 2:31:30.021 PM""#, Some(DateTime), ok(json!("2021-04-28T14:31:30.021Z"))),
            ("1588205198.89971", Some(DateTime), ok(json!("2020-04-30T00:06:38.899710Z"))),
            (r#""0001-01-01T00:00:00""#, Some(DateTime), Cell::Absent),
            (r#""2020-05-20T18:19:04Z""#, Some(DateTime), ok(json!("2020-05-20T18:19:04Z"))),
            (r#""2020-05-20T18:19:04.000Z""#, Some(DateTime), ok(json!("2020-05-20T18:19:04Z"))),
            (r#""2020-05-20T18:19:04.120Z""#, Some(DateTime), ok(json!("2020-05-20T18:19:04.120Z"))),
            (r#""2016-12-31T23:59:60Z""#, Some(DateTime), ok(json!("2016-12-31T23:59:59.999999Z"))),
            (r#""soon""#, Some(DateTime), Cell::Unfit(json!("soon"))),
            (r#"{"a": 1}"#, Some(String), ok(json!("{\"a\": 1}"))),
            (r#"{"a": 1}"#, Some(Dynamic), ok(json!({"a": 1}))),
            (r#""{\"a\": 1}""#, Some(Dynamic), ok(json!({"a": 1}))),
            (r#""{broken""#, Some(Dynamic), ok(json!("{broken"))),
            ("7", Some(String), ok(json!("7"))),
            ("true", None, ok(json!(true))),
        ] {
            assert_eq!(read(raw.as_bytes(), kind), expected, "{raw} as {kind:?}");
        }
    }
}
