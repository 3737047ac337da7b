//! Operators with two sides.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::model::{Fault, Span};
use crate::query::kql::Code;

use super::evaluate::{Context, fault, truth, wrong_type};
use super::tree::Operator;
use super::value::Value;

/// Computes an operator; null on a side makes null.
pub(super) fn binary(context: &Context, operator: Operator, left: &Value, right: &Value, span: Span) -> Result<Value, Fault> {
    let known = |truth: Option<bool>| truth.map_or(Value::Null, Value::Bool);
    Ok(match operator {
        Operator::Equal => known(left.equals(right)),
        Operator::NotEqual => known(left.equals(right).map(|equal| !equal)),
        Operator::Less => known(left.compare(right).map(Ordering::is_lt)),
        Operator::LessOrEqual => known(left.compare(right).map(Ordering::is_le)),
        Operator::Greater => known(left.compare(right).map(Ordering::is_gt)),
        Operator::GreaterOrEqual => known(left.compare(right).map(Ordering::is_ge)),
        Operator::Xor => match (truth(left, span)?, truth(right, span)?) {
            (Some(left), Some(right)) => Value::Bool(left != right),
            _ => Value::Null,
        },
        Operator::In => contains(left, right, span)?,
        _ if left.is_null() || right.is_null() => Value::Null,
        Operator::StartsWith => texts(left, right, |text, needle| text.starts_with(needle)),
        Operator::EndsWith => texts(left, right, |text, needle| text.ends_with(needle)),
        Operator::Contains => texts(left, right, |text, needle| text.contains(needle)),
        Operator::Matches => match (left, right) {
            (Value::Text(text), Value::Text(pattern)) => Value::Bool(context.regex(pattern, span)?.is_match(text)),
            (_, Value::Text(_)) => Value::Null,
            (_, other) => return Err(wrong_type(span, "a regular expression behind `=~`", other)),
        },
        Operator::Join | Operator::Add => add(context, operator, left, right, span)?,
        Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo | Operator::Power => {
            arithmetic(operator, left, right, span)?
        }
    })
}

/// A test of texts; what is no text makes null.
fn texts(left: &Value, right: &Value, test: impl Fn(&str, &str) -> bool) -> Value {
    match (left, right) {
        (Value::Text(text), Value::Text(needle)) => Value::Bool(test(text, needle)),
        _ => Value::Null,
    }
}

fn contains(value: &Value, list: &Value, span: Span) -> Result<Value, Fault> {
    let Some(elements) = list.elements() else {
        return if list.is_null() { Ok(Value::Null) } else { Err(wrong_type(span, "a list behind `IN`", list)) };
    };
    let mut is_known = true;
    for element in elements.iter() {
        match value.equals(element) {
            Some(true) => return Ok(Value::Bool(true)),
            Some(false) => {}
            None => is_known = false,
        }
    }
    Ok(if is_known { Value::Bool(false) } else { Value::Null })
}

fn add(context: &Context, operator: Operator, left: &Value, right: &Value, span: Span) -> Result<Value, Fault> {
    Ok(match (left, right) {
        (Value::List(a), Value::List(b)) => Value::list(a.iter().chain(b.iter()).cloned().collect()),
        (Value::List(a), b) => Value::list(a.iter().chain([b]).cloned().collect()),
        (a, Value::List(b)) => Value::list([a].into_iter().chain(b.iter()).cloned().collect()),
        (Value::Text(_), _) | (_, Value::Text(_)) => {
            let text = |value: &Value| value.to_text(&*context.graph).unwrap_or_default();
            Value::Text(Arc::from(text(left) + &text(right)))
        }
        _ if operator == Operator::Join => return Err(wrong_type(span, "texts or lists beside `||`", left)),
        _ => arithmetic(operator, left, right, span)?,
    })
}

fn arithmetic(operator: Operator, left: &Value, right: &Value, span: Span) -> Result<Value, Fault> {
    let overflow = || fault(Code::CypherInvalid, span, "the result of the arithmetic does not fit into 64 bits");
    Ok(match (operator, left, right) {
        (Operator::Add, Value::Long(a), Value::Long(b)) => Value::Long(a.checked_add(*b).ok_or_else(overflow)?),
        (Operator::Subtract, Value::Long(a), Value::Long(b)) => Value::Long(a.checked_sub(*b).ok_or_else(overflow)?),
        (Operator::Multiply, Value::Long(a), Value::Long(b)) => Value::Long(a.checked_mul(*b).ok_or_else(overflow)?),
        (Operator::Divide | Operator::Modulo, Value::Long(_), Value::Long(0)) => {
            return Err(fault(Code::CypherInvalid, span, "a whole number is divided by zero"));
        }
        (Operator::Divide, Value::Long(a), Value::Long(b)) => Value::Long(a.checked_div(*b).ok_or_else(overflow)?),
        (Operator::Modulo, Value::Long(a), Value::Long(b)) => Value::Long(a.checked_rem(*b).ok_or_else(overflow)?),
        (Operator::Add, Value::Instant(at), Value::Duration(by)) | (Operator::Add, Value::Duration(by), Value::Instant(at)) => {
            Value::Instant(at.checked_add(*by).ok_or_else(overflow)?)
        }
        (Operator::Subtract, Value::Instant(at), Value::Duration(by)) => Value::Instant(at.checked_sub(*by).ok_or_else(overflow)?),
        (Operator::Subtract, Value::Instant(a), Value::Instant(b)) => Value::Duration(a.checked_sub(*b).ok_or_else(overflow)?),
        (Operator::Add, Value::Duration(a), Value::Duration(b)) => Value::Duration(a.checked_add(*b).ok_or_else(overflow)?),
        (Operator::Subtract, Value::Duration(a), Value::Duration(b)) => Value::Duration(a.checked_sub(*b).ok_or_else(overflow)?),
        _ => match (left.number(), right.number()) {
            (Some(a), Some(b)) => Value::Real(match operator {
                Operator::Add => a + b,
                Operator::Subtract => a - b,
                Operator::Multiply => a * b,
                Operator::Divide => a / b,
                Operator::Modulo => a % b,
                _ => a.powf(b),
            }),
            (None, _) => return Err(wrong_type(span, "a number", left)),
            (_, None) => return Err(wrong_type(span, "a number", right)),
        },
    })
}
