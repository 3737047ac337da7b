//! From a cell as it was read to the value that a column stores: coercion to declared types, typing by the data.
//!
//! Nothing is lost: what fits no declared type is handed back as `Fit::Extra`, what does not fit an undeclared type asks for a
//! wider one.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::Value;

use super::types::{Column, ColumnType};
use crate::model::Time;

/// Integers beyond it are ids, not quantities: typing by the data keeps them as text, so that numbers widen without loss.
const EXACT_MAX: u64 = 1 << 53;

/// A cell of a row, before its column's type is known.
#[derive(Clone, Debug)]
pub(super) enum Cell<'a> {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Long(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// An instant.
    Time(Time),
    /// A list, an object, or a number beyond 64 bits.
    Json(Cow<'a, Value>),
    /// A list or an object as the JSON text that it was just written to: nothing has to look whether it is one.
    JsonText(String),
}

impl<'a> Cell<'a> {
    /// Takes a JSON value without copying its text.
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(n), _) => Self::Long(n),
                (None, Some(real)) if n.is_f64() => Self::Real(real),
                _ => Self::Json(Cow::Borrowed(value)),
            },
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            _ => Self::Json(Cow::Borrowed(value)),
        }
    }

    /// Takes a text.
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// The cell as a JSON value.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Long(n) => Value::from(*n),
            Self::Real(n) => Value::from(*n),
            Self::Text(text) => Value::String(text.clone().into_owned()),
            Self::Time(time) => Value::String(time.to_string()),
            Self::Json(value) => value.clone().into_owned(),
            Self::JsonText(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        }
    }
}

/// What a column makes of a cell.
#[derive(Debug, PartialEq)]
pub(super) enum Fit<'a> {
    /// Nothing to store.
    Null,
    /// For text columns.
    Text(Cow<'a, str>),
    /// For `long`, `int`, `timespan` and `datetime` columns.
    Long(i64),
    /// For `real` columns.
    Real(f64),
    /// For `bool` columns.
    Bool(bool),
    /// The undeclared column must become wider first.
    Widen(ColumnType),
    /// The declared column cannot hold the cell.
    Extra,
}

/// Fits a cell to a column.
pub(super) fn fit<'a>(column: &Column, cell: &'a Cell<'a>) -> Fit<'a> {
    if column.declared { coerce(column.kind, cell) } else { match_data(column.kind, cell) }
}

/// The narrowest type of an undeclared column that holds the cell; none for cells that say nothing.
pub(super) fn kind_of(cell: &Cell<'_>) -> Option<ColumnType> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Bool(_) => ColumnType::Bool,
        Cell::Long(n) if n.unsigned_abs() <= EXACT_MAX => ColumnType::Long,
        Cell::Long(_) => ColumnType::String,
        Cell::Real(n) if integral(*n).is_some() => ColumnType::Long,
        Cell::Real(_) => ColumnType::Real,
        Cell::Time(_) => ColumnType::DateTime,
        Cell::Text(text) if text.is_empty() => return None,
        Cell::Text(text) => kind_of_text(text),
        Cell::Json(value) if value.is_number() => ColumnType::String,
        Cell::Json(_) | Cell::JsonText(_) => ColumnType::Dynamic,
    })
}

/// A text is typed only where the typed value gives back the same text, so that a later widening restores it.
fn kind_of_text(text: &str) -> ColumnType {
    let first = text.as_bytes()[0];
    if (first.is_ascii_digit() || first == b'-') && text.len() <= 24 {
        if text.parse::<i64>().is_ok_and(|n| n.unsigned_abs() <= EXACT_MAX && n.to_string() == text) {
            return ColumnType::Long;
        }
        if text.parse::<f64>().is_ok_and(|n| n.is_finite() && real_text(n) == text) {
            return ColumnType::Real;
        }
    }
    match text {
        "true" | "false" => ColumnType::Bool,
        _ if looks_like_time(text) && Time::parse(text).is_ok() => ColumnType::DateTime,
        _ => ColumnType::String,
    }
}

/// `YYYY-MM-DD?HH:MM:SS...`: only this form types an undeclared column as an instant.
fn looks_like_time(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() >= 19 && b.len() <= 40 && b[4] == b'-' && b[7] == b'-' && b[13] == b':' && b[16] == b':' && b[0].is_ascii_digit()
}

/// The narrowest type that holds values of both.
pub(super) fn join(a: ColumnType, b: ColumnType) -> ColumnType {
    use ColumnType::{Dynamic, Long, Real, String};
    match (a, b) {
        (a, b) if a == b => a,
        (Dynamic, _) | (_, Dynamic) => Dynamic,
        (Long, Real) | (Real, Long) => Real,
        _ => String,
    }
}

fn match_data<'a>(kind: ColumnType, cell: &'a Cell<'a>) -> Fit<'a> {
    let found = match (kind, cell) {
        // The common cases need no second look.
        (ColumnType::String, Cell::Text(text)) => return Fit::Text(Cow::Borrowed(text)),
        (ColumnType::Long, Cell::Long(n)) if n.unsigned_abs() <= EXACT_MAX => return Fit::Long(*n),
        (ColumnType::DateTime, Cell::Text(text)) if looks_like_time(text) => match Time::parse(text) {
            Ok(time) => return Fit::Long(time.micros()),
            Err(_) => Some(ColumnType::String),
        },
        (ColumnType::Dynamic, Cell::Null) => return Fit::Null,
        (ColumnType::Dynamic, Cell::Json(value)) if !value.is_number() => return Fit::Text(Cow::Owned(value.to_string())),
        (ColumnType::Dynamic, Cell::JsonText(text)) => return Fit::Text(Cow::Borrowed(text)),
        (ColumnType::Dynamic, cell) => return Fit::Text(Cow::Owned(text_to_dynamic(&plain_text(cell)))),
        _ => kind_of(cell),
    };
    let Some(found) = found else { return Fit::Null };
    let wide = join(kind, found);
    if wide != kind {
        return Fit::Widen(wide);
    }
    match kind {
        ColumnType::String => Fit::Text(plain_text(cell)),
        _ => match coerce(kind, cell) {
            Fit::Extra => Fit::Widen(ColumnType::String),
            fit => fit,
        },
    }
}

fn coerce<'a>(kind: ColumnType, cell: &'a Cell<'a>) -> Fit<'a> {
    if matches!(cell, Cell::Null) {
        return Fit::Null;
    }
    match kind {
        ColumnType::String | ColumnType::Guid => Fit::Text(plain_text(cell)),
        ColumnType::Dynamic => Fit::Text(dynamic_text(cell)),
        ColumnType::DateTime => whole(cell, datetime),
        ColumnType::Int => whole(cell, |cell| long(cell).filter(|n| i32::try_from(*n).is_ok())),
        ColumnType::Long => whole(cell, long),
        ColumnType::Timespan => whole(cell, ticks),
        ColumnType::Real => match real(cell) {
            Some(n) => Fit::Real(n),
            None => nothing_or_extra(cell),
        },
        ColumnType::Bool => match boolean(cell) {
            Some(b) => Fit::Bool(b),
            None => nothing_or_extra(cell),
        },
    }
}

fn whole<'a>(cell: &Cell<'_>, read: impl Fn(&Cell<'_>) -> Option<i64>) -> Fit<'a> {
    read(cell).map_or_else(|| nothing_or_extra(cell), Fit::Long)
}

/// Blank text in a column that is no text column says nothing.
fn nothing_or_extra<'a>(cell: &Cell<'_>) -> Fit<'a> {
    match cell {
        Cell::Text(text) if text.trim().is_empty() => Fit::Null,
        _ => Fit::Extra,
    }
}

fn plain_text<'a>(cell: &'a Cell<'a>) -> Cow<'a, str> {
    match cell {
        Cell::Text(text) => Cow::Borrowed(text),
        Cell::Null => Cow::Borrowed(""),
        Cell::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        Cell::Long(n) => Cow::Owned(n.to_string()),
        Cell::Real(n) => Cow::Owned(real_text(*n)),
        Cell::Time(time) => Cow::Owned(time.to_string()),
        Cell::Json(value) => Cow::Owned(value.to_string()),
        Cell::JsonText(text) => Cow::Borrowed(text),
    }
}

/// What a text becomes when its undeclared column turns to `dynamic`: numbers and truth values are themselves again.
///
/// So it does not matter by which types the column came there.
pub(super) fn text_to_dynamic(text: &str) -> String {
    let typed = !text.is_empty() && matches!(kind_of_text(text), ColumnType::Long | ColumnType::Real | ColumnType::Bool);
    if typed { text.to_owned() } else { Value::from(text).to_string() }
}

/// JSON text of a cell; exports write objects and lists as text, which is taken as what it holds.
fn dynamic_text<'a>(cell: &'a Cell<'a>) -> Cow<'a, str> {
    match cell {
        Cell::Text(text) => {
            let inner = text.trim();
            let enclosed = (inner.starts_with('{') && inner.ends_with('}')) || (inner.starts_with('[') && inner.ends_with(']'));
            match serde_json::from_str::<&serde_json::value::RawValue>(inner) {
                Ok(_) if enclosed => Cow::Borrowed(inner),
                _ => Cow::Owned(Value::String(text.clone().into_owned()).to_string()),
            }
        }
        Cell::Json(value) => Cow::Owned(value.to_string()),
        Cell::JsonText(text) => Cow::Borrowed(text),
        cell => Cow::Owned(cell.to_json().to_string()),
    }
}

fn datetime(cell: &Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Time(time) => Some(time.micros()),
        Cell::Text(text) => Time::parse(text).ok().map(Time::micros),
        Cell::Long(n) => Time::from_epoch(*n as f64).ok().map(Time::micros),
        Cell::Real(n) => Time::from_epoch(*n).ok().map(Time::micros),
        _ => None,
    }
}

fn long(cell: &Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Long(n) => Some(*n),
        Cell::Real(n) => integral(*n),
        Cell::Bool(b) => Some(i64::from(*b)),
        Cell::Text(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| integral(text.parse().ok()?))
        }
        _ => None,
    }
}

fn real(cell: &Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Real(n) => Some(*n),
        Cell::Long(n) if n.unsigned_abs() <= EXACT_MAX => Some(*n as f64),
        Cell::Bool(b) => Some(f64::from(u8::from(*b))),
        Cell::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        Cell::Json(value) => value.as_f64(),
        _ => None,
    }
}

fn boolean(cell: &Cell<'_>) -> Option<bool> {
    match cell {
        Cell::Bool(b) => Some(*b),
        Cell::Long(0) => Some(false),
        Cell::Long(1) => Some(true),
        Cell::Text(text) => match text.trim() {
            "1" => Some(true),
            "0" => Some(false),
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// `[-][d.]hh:mm[:ss[.fffffff]]` or a number of ticks.
fn ticks(cell: &Cell<'_>) -> Option<i64> {
    let text = match cell {
        Cell::Text(text) => text.trim(),
        Cell::Long(n) => return Some(*n),
        _ => return None,
    };
    if let Ok(ticks) = text.parse() {
        return Some(ticks);
    }
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut parts = text.split(':');
    let (head, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let (day, hour) = head.split_once('.').unwrap_or(("0", head));
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let plain = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || ![day, hour, minute, second, fraction].into_iter().all(plain) || fraction.len() > 7 {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<7}").parse().ok()?;
    let number = |t: &str| t.parse::<i64>().ok();
    let seconds = number(day)?.checked_mul(86_400)?.checked_add(number(hour)? * 3_600 + number(minute)? * 60 + number(second)?)?;
    seconds.checked_mul(10_000_000)?.checked_add(fraction)?.checked_mul(sign)
}

/// Writes ticks as Kusto does, `[-][d.]hh:mm:ss[.fffffff]`.
pub fn timespan_text(ticks: i64) -> String {
    let (sign, n) = (if ticks < 0 { "-" } else { "" }, ticks.unsigned_abs());
    let (seconds, fraction) = (n / 10_000_000, n % 10_000_000);
    let mut text = sign.to_owned();
    if seconds >= 86_400 {
        let _ = write!(text, "{}.", seconds / 86_400);
    }
    let _ = write!(text, "{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        let _ = write!(text, ".{fraction:07}");
    }
    text
}

fn integral(n: f64) -> Option<i64> {
    (n.fract() == 0.0 && n.abs() <= EXACT_MAX as f64 && !(n == 0.0 && n.is_sign_negative())).then_some(n as i64)
}

/// Text of a number; the same whether the number came as an integer or with a zero fraction.
pub(super) fn real_text(n: f64) -> String {
    n.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: ColumnType, declared: bool) -> Column {
        Column { declared, ..Column::met("c", kind) }
    }

    #[test]
    fn data_types_columns() {
        use ColumnType::{Bool, DateTime, Dynamic, Long, Real, String};
        let cases = [
            ("true", Some(Bool)),
            ("5", Some(Long)),
            ("5.0", Some(Long)),
            ("0.25", Some(Real)),
            ("9007199254740993", Some(String)),
            ("18446744073709551615", Some(String)),
            ("\"007\"", Some(String)),
            ("\"7\"", Some(Long)),
            ("\"1.10\"", Some(String)),
            ("\"1.1\"", Some(Real)),
            ("\"True\"", Some(String)),
            ("\"2021-04-28T14:31:30.021Z\"", Some(DateTime)),
            ("\"2021-04-28\"", Some(String)),
            ("\"\"", None),
            ("null", None),
            ("[1]", Some(Dynamic)),
            ("{\"a\":1}", Some(Dynamic)),
        ];
        for (json, expected) in cases {
            let value: Value = serde_json::from_str(json).expect("valid JSON");
            assert_eq!(kind_of(&Cell::of(&value)), expected, "{json}");
        }
    }

    #[test]
    fn declared_types_coerce_or_hand_back() {
        use ColumnType::{Bool, DateTime, Dynamic, Int, Long, Real, String, Timespan};
        let cases = [
            (Int, "\"4624\"", Fit::Long(4624)),
            (Int, "4294967296", Fit::Extra),
            (Int, "\" \"", Fit::Null),
            (Long, "\"-\"", Fit::Extra),
            (Long, "7.0", Fit::Long(7)),
            (Real, "\"0.5\"", Fit::Real(0.5)),
            (Bool, "\"False\"", Fit::Bool(false)),
            (Bool, "2", Fit::Extra),
            (DateTime, "\"4/28/2021, 2:31:30.021 PM\"", Fit::Long(1_619_620_290_021_000)),
            (DateTime, "\"soon\"", Fit::Extra),
            (String, "{\"a\":1}", Fit::Text("{\"a\":1}".into())),
            (String, "50057", Fit::Text("50057".into())),
            (Dynamic, "\"{\\\"a\\\": [1, 2]}\"", Fit::Text("{\"a\": [1, 2]}".into())),
            (Dynamic, "\"{not json}\"", Fit::Text("\"{not json}\"".into())),
            (Timespan, "\"1.02:03:04.5\"", Fit::Long(937_845_000_000)),
        ];
        for (kind, json, expected) in cases {
            let value: Value = serde_json::from_str(json).expect("valid JSON");
            assert_eq!(fit(&column(kind, true), &Cell::of(&value)), expected, "{kind:?} {json}");
        }
        assert_eq!(timespan_text(937_845_000_000), "1.02:03:04.5000000");
    }

    #[test]
    fn undeclared_types_widen() {
        use ColumnType::{Bool, DateTime, Dynamic, Long, Real, String};
        let cases =
            [(Long, "0.5", Real), (Bool, "1", String), (DateTime, "\"x\"", String), (Real, "\"1.10\"", String), (String, "[]", Dynamic)];
        for (kind, json, expected) in cases {
            let value: Value = serde_json::from_str(json).expect("valid JSON");
            assert_eq!(fit(&column(kind, false), &Cell::of(&value)), Fit::Widen(expected), "{kind:?} {json}");
        }
    }
}
