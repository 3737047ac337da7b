//! When two JSON values are the same, and which comes first.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

use super::{DEPTH_MAX, Json, Kind, string};

/// Whether two values are equal: numbers by value, bags whatever the order of their properties.
pub fn equal(a: Json<'_>, b: Json<'_>) -> bool {
    a.text() == b.text() || identity(a) == identity(b)
}

/// A text that is the same for equal values and differs for others: the canonical form.
pub fn identity(value: Json<'_>) -> Cow<'_, str> {
    match value.kind() {
        Kind::Null => Cow::Borrowed("null"),
        Kind::Bool | Kind::Long => Cow::Borrowed(value.text()),
        Kind::Text if !value.text().contains('\\') => Cow::Borrowed(value.text()),
        _ => {
            let mut out = String::with_capacity(value.text().len());
            canonical(&mut out, value, 0);
            Cow::Owned(out)
        }
    }
}

fn canonical(out: &mut String, value: Json<'_>, depth: usize) {
    match value.kind() {
        Kind::Array if depth < DEPTH_MAX => {
            out.push('[');
            for (place, element) in value.elements().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                canonical(out, element, depth + 1);
            }
            out.push(']');
        }
        Kind::Bag if depth < DEPTH_MAX => {
            let mut entries: Vec<_> = value.entries().map(|(key, value)| (key.name(), value)).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (place, (name, value)) in entries.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                string(out, &name);
                out.push(':');
                canonical(out, value, depth + 1);
            }
            out.push('}');
        }
        Kind::Text => string(out, &value.string().unwrap_or_default()),
        Kind::Real => {
            let number = value.real().unwrap_or(f64::NAN);
            // 1.0 is 1; beyond 2^53 a float says less than a whole number.
            let _ = if number.fract() == 0.0 && number.abs() < 9e15 { write!(out, "{}", number as i64) } else { write!(out, "{number:?}") };
        }
        Kind::Null => out.push_str("null"),
        _ => out.push_str(value.text()),
    }
}

/// The order in which arrays are sorted: numbers, texts, all else.
pub fn compare(a: Json<'_>, b: Json<'_>) -> Ordering {
    let rank = |kind| match kind {
        Kind::Long | Kind::Real => 0,
        Kind::Text => 1,
        Kind::Bool => 2,
        Kind::Array => 3,
        Kind::Bag => 4,
        Kind::Null => 5,
    };
    let (left, right) = (a.kind(), b.kind());
    match (left, right) {
        (Kind::Long, Kind::Long) => a.long().cmp(&b.long()),
        (Kind::Long | Kind::Real, Kind::Long | Kind::Real) => {
            let number = |value: Json<'_>| value.real().unwrap_or(f64::NAN);
            number(a).total_cmp(&number(b))
        }
        (Kind::Text, Kind::Text) => a.string().cmp(&b.string()),
        _ if left == right => identity(a).cmp(&identity(b)),
        _ => rank(left).cmp(&rank(right)),
    }
}
