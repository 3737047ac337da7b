//! What the text of a literal is worth.

use super::super::lexer::Typed;
use super::super::tree::{Float, Literal, Place, Value};
use super::super::values::read;

/// The value of the content of `type(...)`.
pub(super) fn typed(typed: Typed, text: &str) -> Value {
    let is_null = text.is_empty() || text == "null";
    fn checked<T>(typed: Typed, is_null: bool, value: Option<T>, make: fn(Option<T>) -> Value) -> Value {
        if is_null || value.is_some() { make(value) } else { Value::Invalid(typed) }
    }
    match typed {
        Typed::Bool => checked(typed, is_null, boolean(text), Value::Bool),
        Typed::DateTime => checked(typed, is_null, read::datetime(text), Value::DateTime),
        Typed::Decimal => checked(typed, is_null, decimal(text), Value::Decimal),
        Typed::Guid => checked(typed, is_null, read::guid(text), Value::Guid),
        Typed::Int => checked(typed, is_null, read::long(text).and_then(|value| i32::try_from(value).ok()), Value::Int),
        Typed::Long => checked(typed, is_null, read::long(text), Value::Long),
        Typed::Real => checked(typed, is_null, real(text), Value::Real),
        Typed::Timespan => checked(typed, is_null, read::timespan(text), Value::Timespan),
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
        _ => read::long(text).map(|value| value != 0),
    }
}

/// A 64-bit float.
pub(super) fn real(text: &str) -> Option<Float> {
    read::real(text).map(Float)
}

fn decimal(text: &str) -> Option<String> {
    read::real(text).filter(|value| value.is_finite()).map(|_| text.to_owned())
}
