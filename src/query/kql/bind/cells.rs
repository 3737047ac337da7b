//! Constants as cells of a table that is written out.

use super::super::bound::Constant;
use super::super::tree::{Float, ScalarType};
use super::super::types::DECIMAL_SCALE;

/// A constant as another type; null if it is no value of it.
pub(super) fn converted(constant: &Constant, from: ScalarType, to: ScalarType) -> Constant {
    use ScalarType::{DateTime, Dynamic, String as Text};
    let converted = match (constant, to) {
        (Constant::Null, Text) => Some(Constant::text("")),
        (Constant::Null, _) => None,
        (Constant::String(text), _) => return of_text(text, to),
        (Constant::Dynamic(json), _) => match serde_json::from_str::<serde_json::Value>(json) {
            Ok(serde_json::Value::String(text)) => return of_text(&text, to),
            Ok(serde_json::Value::Number(number)) => return of_text(&number.to_string(), to),
            Ok(serde_json::Value::Bool(truth)) => return converted(&Constant::Bool(truth), ScalarType::Bool, to),
            _ if to == Text => Some(Constant::String(json.clone())),
            _ => None,
        },
        (_, Dynamic) => json_of(constant, from).map(|json| Constant::Dynamic(json.into())),
        (Constant::Int(_) | Constant::Long(_) | Constant::Real(_) | Constant::Bool(_), DateTime | ScalarType::Timespan) => match constant {
            Constant::Long(ticks) if to == DateTime => Some(Constant::DateTime(*ticks)),
            Constant::Long(ticks) => Some(Constant::Timespan(*ticks)),
            _ => None,
        },
        (Constant::Bool(truth), _) => return of_number(f64::from(u8::from(*truth)), Some(i64::from(*truth)), to),
        (Constant::Int(number), _) => return of_number(f64::from(*number), Some(i64::from(*number)), to),
        (Constant::Long(number), _) => return of_number(*number as f64, Some(*number), to),
        (Constant::Real(number), _) => return of_number(number.0, None, to),
        (Constant::Decimal(number), _) => {
            let scale = 10_i128.pow(DECIMAL_SCALE.unsigned_abs().into());
            return of_number(*number as f64 / scale as f64, i64::try_from(number / scale).ok(), to);
        }
        _ => None,
    };
    converted.unwrap_or(if to == Text { Constant::text("") } else { Constant::Null })
}

fn of_number(real: f64, whole: Option<i64>, to: ScalarType) -> Constant {
    let truncated = || whole.or_else(|| (real.is_finite() && real.abs() < 9.2e18).then_some(real.trunc() as i64));
    let constant = match to {
        ScalarType::Bool => Some(Constant::Bool(real != 0.0)),
        ScalarType::Int => truncated().and_then(|number| i32::try_from(number).ok()).map(Constant::Int),
        ScalarType::Long => truncated().map(Constant::Long),
        ScalarType::Real => Some(Constant::Real(Float(real))),
        ScalarType::Decimal => {
            let scale = 10_i128.pow(DECIMAL_SCALE.unsigned_abs().into());
            match whole {
                Some(whole) => i128::from(whole).checked_mul(scale).map(Constant::Decimal),
                None => real.is_finite().then_some(Constant::Decimal((real * scale as f64) as i128)),
            }
        }
        ScalarType::String => Some(Constant::text(&whole.map_or_else(|| real.to_string(), |whole| whole.to_string()))),
        _ => None,
    };
    constant.unwrap_or(Constant::Null)
}

/// A text as another type, read as a literal of it.
fn of_text(text: &str, to: ScalarType) -> Constant {
    let trimmed = text.trim();
    let constant = match to {
        ScalarType::String => Some(Constant::text(text)),
        ScalarType::Dynamic => Some(Constant::Dynamic(serde_json::Value::from(text).to_string().into())),
        ScalarType::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" => Some(Constant::Bool(true)),
            "false" => Some(Constant::Bool(false)),
            number => number.parse::<i64>().ok().map(|number| Constant::Bool(number != 0)),
        },
        ScalarType::Int | ScalarType::Long | ScalarType::Real | ScalarType::Decimal => {
            let whole = trimmed.parse::<i64>().ok();
            trimmed.parse::<f64>().ok().map(|real| of_number(real, whole, to))
        }
        ScalarType::DateTime | ScalarType::Timespan | ScalarType::Guid => read_literal(trimmed, to),
    };
    constant.unwrap_or(Constant::Null)
}

/// The value of `type(text)`.
fn read_literal(text: &str, to: ScalarType) -> Option<Constant> {
    use super::super::tree::{ExprKind, StatementKind};
    if text.contains([')', '\n', '\r']) {
        return None;
    }
    let parsed = super::super::parse(&format!("print {}({text})", to.as_str()));
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    let statement = parsed.query.statements.into_iter().next()?;
    let StatementKind::Expression(expr) = statement.kind else { return None };
    let ExprKind::Source(operator) = expr.kind else { return None };
    let super::super::tree::OperatorKind::Print(columns) = operator.kind else { return None };
    match &columns.first()?.value.kind {
        ExprKind::Literal(literal) => Constant::of_literal(literal).map(|(constant, _)| constant),
        _ => None,
    }
}

/// A constant as JSON text.
fn json_of(constant: &Constant, from: ScalarType) -> Option<String> {
    Some(match constant {
        Constant::Bool(value) => value.to_string(),
        Constant::Int(value) => value.to_string(),
        Constant::Long(value) => value.to_string(),
        Constant::Real(value) => serde_json::Value::from(value.0).to_string(),
        Constant::DateTime(ticks) => format!("\"{}\"", super::super::bound::instant(*ticks)),
        Constant::Guid(text) => format!("\"{text}\""),
        _ => {
            let _ = from;
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_what_their_column_holds() {
        for (constant, from, to, expected) in [
            (Constant::Real(Float(1.5)), ScalarType::Real, ScalarType::Long, Constant::Long(1)),
            (Constant::Long(5), ScalarType::Long, ScalarType::Int, Constant::Int(5)),
            (Constant::Long(5), ScalarType::Long, ScalarType::Real, Constant::Real(Float(5.0))),
            (Constant::text("x"), ScalarType::String, ScalarType::Long, Constant::Null),
            (Constant::text("7"), ScalarType::String, ScalarType::Long, Constant::Long(7)),
            (Constant::text("1970-01-01"), ScalarType::String, ScalarType::DateTime, Constant::DateTime(621_355_968_000_000_000)),
            (Constant::Long(5), ScalarType::Long, ScalarType::Dynamic, Constant::Dynamic("5".into())),
            (Constant::text("a"), ScalarType::String, ScalarType::Dynamic, Constant::Dynamic("\"a\"".into())),
            (Constant::Null, ScalarType::Dynamic, ScalarType::String, Constant::text("")),
        ] {
            assert_eq!(converted(&constant, from, to), expected, "{constant:?} to {}", to.as_str());
        }
    }
}
