//! Which types operators take, and what is converted where.

use super::super::bound::{Arithmetic, Comparison, Constant, Expr, ExprKind};
use super::super::diagnostics::Code;
use super::super::functions;
use super::super::tree::{Place, ScalarType};
use super::super::types::common_type;
use super::binder::{Binder, mistake, mistake_of};
use ScalarType::{Bool, DateTime, Decimal, Dynamic, Guid, Int, Long, Real, String as Text, Timespan};

/// Whether values of the type are numbers.
pub(super) fn is_number(kind: ScalarType) -> bool {
    matches!(kind, Int | Long | Real | Decimal)
}

/// The expression as a value of another type; literals are converted here and now.
pub(super) fn convert(expr: Expr, ty: ScalarType) -> Expr {
    if expr.ty == ty {
        return expr;
    }
    let place = expr.place;
    let literal = match (&expr.kind, ty) {
        (ExprKind::Error, _) => return mistake_of(ty, place),
        (ExprKind::Literal(Constant::Null), _) if ty != Text => Some(Constant::Null),
        (ExprKind::Literal(Constant::Int(value)), Long) => Some(Constant::Long(i64::from(*value))),
        (ExprKind::Literal(Constant::Int(value)), Real) => Some(Constant::Real(super::super::tree::Float(f64::from(*value)))),
        // Every long that is written in a query and exact as a float.
        (ExprKind::Literal(Constant::Long(value)), Real) if value.unsigned_abs() < 1 << 53 => {
            Some(Constant::Real(super::super::tree::Float(*value as f64)))
        }
        _ => None,
    };
    match literal {
        Some(constant) => Expr { kind: ExprKind::Literal(constant), ty, place },
        None => Expr { kind: ExprKind::Convert(Box::new(expr)), ty, place },
    }
}

impl Binder<'_> {
    /// The expression as a truth, for conditions.
    pub(super) fn truth(&mut self, expr: Expr, what: &str) -> Expr {
        match expr.ty {
            Bool => expr,
            _ if expr.is_mistake() => mistake_of(Bool, expr.place),
            Dynamic => convert(expr, Bool),
            other => {
                let message = format!("{what} must be of type bool, found {}", other.as_str());
                self.error_with(Code::TypeMismatch, expr.place, message, "compare it with something");
                mistake_of(Bool, expr.place)
            }
        }
    }

    /// A comparison of two values.
    pub(super) fn compared(&mut self, operator: Comparison, left: Expr, right: Expr, place: Place) -> Expr {
        if left.is_mistake() || right.is_mistake() {
            return mistake_of(Bool, place);
        }
        let sides = match (left.ty, right.ty) {
            (a, b) if !equality(operator) && !is_ordered(a, b) => match self.read_as(operator, &right, &left) {
                Some((literal, left)) => Some((left, literal)),
                None => match self.read_as(operator, &left, &right) {
                    Some((literal, right)) => Some((literal, right)),
                    None => return self.incomparable(operator, &left, &right, place),
                },
            },
            (a, b) if a == b && a != Dynamic => Some((left, right)),
            (a, b) if is_number(a) && is_number(b) => common_type(a, b).map(|ty| (convert(left, ty), convert(right, ty))),
            (Dynamic, Dynamic) => match operator {
                Comparison::Equal | Comparison::NotEqual if is_constant(&left) || is_constant(&right) => Some((left, right)),
                _ => return self.incomparable(operator, &left, &right, place),
            },
            (Dynamic, other) => {
                let left = if equality(operator) && other != Bool { left } else { convert(left, other) };
                Some((left, right))
            }
            (other, Dynamic) => {
                let right = if equality(operator) && other != Bool { right } else { convert(right, other) };
                Some((left, right))
            }
            // A truth beside a number counts as 0 or 1.
            (Bool, b) if is_number(b) => common_type(Long, b).map(|ty| (as_number(left, ty), convert(right, ty))),
            (a, Bool) if is_number(a) => common_type(Long, a).map(|ty| (convert(left, ty), as_number(right, ty))),
            _ => match (self.read_as(operator, &right, &left), self.read_as(operator, &left, &right)) {
                (Some((literal, left)), _) => Some((left, literal)),
                (_, Some((literal, right))) => Some((literal, right)),
                // A text beside another type is read as that type; one that does not read is null.
                _ if left.ty == Text && is_read_from_text(right.ty) => {
                    let left = convert(left, right.ty);
                    Some((left, right))
                }
                _ if right.ty == Text && is_read_from_text(left.ty) => {
                    let right = convert(right, left.ty);
                    Some((left, right))
                }
                _ => return self.incomparable(operator, &left, &right, place),
            },
        };
        match sides {
            Some((left, right)) => {
                let kind = ExprKind::Compare { operator, left: Box::new(left), right: Box::new(right) };
                Expr { kind, ty: Bool, place }
            }
            None => mistake_of(Bool, place),
        }
    }

    fn incomparable(&mut self, operator: Comparison, left: &Expr, right: &Expr, place: Place) -> Expr {
        let symbol = match operator {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        let (a, b) = (left.ty.as_str(), right.ty.as_str());
        let help = match (left.ty, right.ty) {
            (Dynamic, Dynamic) => "convert one side: `tostring(...)`, `tolong(...)`".to_owned(),
            (Text, other) => format!("convert one side: `to{}(...)`", conversion(other)),
            (other, Text) => format!("convert one side: `to{}(...)`", conversion(other)),
            _ => format!("convert one side: `to{}(...)`", conversion(left.ty)),
        };
        self.error_with(Code::TypeMismatch, place, format!("'{symbol}' cannot compare {a} with {b}"), help);
        mistake_of(Bool, place)
    }

    /// A literal read as the type of a value of stored rows beside it, and that value: its type may differ from the one that the query was
    /// written for. Anything else is left to be refused.
    fn read_as(&self, operator: Comparison, literal: &Expr, value: &Expr) -> Option<(Expr, Expr)> {
        if is_constant(value) || !self.reads_stored {
            return None;
        }
        let place = literal.place;
        let constant = |constant, ty| Expr { kind: ExprKind::Literal(constant), ty, place };
        let text = match &literal.kind {
            ExprKind::Literal(Constant::String(text)) => text.trim(),
            // `ResultType == 0`
            ExprKind::Literal(Constant::Long(number)) if value.ty == Text && equality(operator) => {
                return Some((super::expressions::text(&number.to_string(), place), value.clone()));
            }
            // `_IsBillable == true`
            ExprKind::Literal(Constant::Bool(_)) if value.ty == Text && equality(operator) => {
                return Some((literal.clone(), convert(value.clone(), Bool)));
            }
            _ => return None,
        };
        let (read, ty) = match value.ty {
            Int | Long => (Constant::Long(text.parse().ok()?), Long),
            Real => (Constant::Real(super::super::tree::Float(text.parse().ok()?)), Real),
            Bool => (Constant::Bool(text.to_ascii_lowercase().parse().ok()?), Bool),
            Guid => (Constant::Guid(guid(text)?.into()), Guid),
            DateTime => (Constant::DateTime(super::super::values::read::datetime(text)?), DateTime),
            _ => return None,
        };
        Some((constant(read, ty), convert(value.clone(), ty)))
    }

    /// Arithmetic of two values.
    pub(super) fn computed(&mut self, operator: Arithmetic, left: Expr, right: Expr, place: Place) -> Expr {
        if left.is_mistake() || right.is_mistake() {
            return mistake(place);
        }
        let (left, right) = match (left.ty, right.ty) {
            (Dynamic, Dynamic) => (left, right),
            (Dynamic, other) => (convert(left, dynamic_beside(operator, other)), right),
            (other, Dynamic) => {
                let ty = dynamic_beside(operator, other);
                (left, convert(right, ty))
            }
            _ => (left, right),
        };
        let Some((a, b, ty)) = arithmetic_types(operator, left.ty, right.ty) else {
            self.not_computable(operator, &left, &right, place);
            return mistake(place);
        };
        let kind = ExprKind::Arithmetic { operator, left: Box::new(convert(left, a)), right: Box::new(convert(right, b)) };
        Expr { kind, ty, place }
    }

    fn not_computable(&mut self, operator: Arithmetic, left: &Expr, right: &Expr, place: Place) {
        let symbol = match operator {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Modulo => "%",
        };
        let message = format!("'{symbol}' is not defined for {} and {}", left.ty.as_str(), right.ty.as_str());
        let help = if operator == Arithmetic::Add && (left.ty == Text || right.ty == Text) {
            "join texts with `strcat(a, b)`"
        } else {
            "convert a side: `tolong(...)`, `todouble(...)`, `totimespan(...)`"
        };
        self.error_with(Code::TypeMismatch, place, message, help);
    }

    /// The value with its sign changed.
    pub(super) fn negated(&mut self, expr: Expr, place: Place) -> Expr {
        let constant = match &expr.kind {
            ExprKind::Literal(Constant::Long(value)) => Some(Constant::Long(value.wrapping_neg())),
            ExprKind::Literal(Constant::Int(value)) => Some(Constant::Int(value.wrapping_neg())),
            ExprKind::Literal(Constant::Real(value)) => Some(Constant::Real(super::super::tree::Float(-value.0))),
            ExprKind::Literal(Constant::Timespan(value)) => Some(Constant::Timespan(value.wrapping_neg())),
            ExprKind::Literal(Constant::Decimal(value)) => Some(Constant::Decimal(-value)),
            _ => None,
        };
        if let Some(constant) = constant {
            return Expr { kind: ExprKind::Literal(constant), ty: expr.ty, place };
        }
        match expr.ty {
            _ if expr.is_mistake() => mistake(place),
            Int | Long => Expr { ty: Long, kind: ExprKind::Negate(Box::new(convert(expr, Long))), place },
            Real | Decimal | Timespan => Expr { ty: expr.ty, kind: ExprKind::Negate(Box::new(expr)), place },
            other => {
                self.error(Code::TypeMismatch, place, format!("'-' is not defined for {}", other.as_str()));
                mistake(place)
            }
        }
    }
}

/// Whether values of two types have an order: numbers and truths, two instants, two durations, a number and a dynamic value.
fn is_ordered(a: ScalarType, b: ScalarType) -> bool {
    match (a, b) {
        (Bool, Dynamic) | (Dynamic, Bool) => false,
        (DateTime, DateTime) | (Timespan, Timespan) => true,
        // Two dynamic values are refused with words of their own.
        _ => [a, b].into_iter().all(|kind| is_number(kind) || matches!(kind, Bool | Dynamic)),
    }
}

/// Whether a text that is compared with a value of the type is read as one.
pub(super) fn is_read_from_text(kind: ScalarType) -> bool {
    is_number(kind) || matches!(kind, Bool | Guid | DateTime | Timespan)
}

/// A truth as 0 or 1.
pub(super) fn as_number(truth: Expr, ty: ScalarType) -> Expr {
    let place = truth.place;
    match (&truth.kind, functions::find("tolong").and_then(|function| Some((function, function.choose(&[Bool], None)?)))) {
        (ExprKind::Literal(Constant::Bool(value)), _) => convert(super::expressions::long(i64::from(*value), place), ty),
        (_, Some((function, chosen))) => {
            let overload = function.overloads.iter().position(|form| std::ptr::eq(form, chosen.overload)).unwrap_or_default();
            convert(Expr { kind: ExprKind::Call { function, overload, arguments: vec![truth] }, ty: Long, place }, ty)
        }
        _ => mistake_of(ty, place),
    }
}

fn equality(operator: Comparison) -> bool {
    matches!(operator, Comparison::Equal | Comparison::NotEqual)
}

/// The name of the function that converts to the type, behind `to`.
fn conversion(kind: ScalarType) -> &'static str {
    match kind {
        Real => "double",
        other => other.as_str(),
    }
}

/// What a dynamic value is taken for beside a value of another type.
fn dynamic_beside(operator: Arithmetic, other: ScalarType) -> ScalarType {
    match (operator, other) {
        (Arithmetic::Multiply | Arithmetic::Divide, Timespan) => Real,
        (_, DateTime) if operator == Arithmetic::Subtract => DateTime,
        (_, DateTime) => Timespan,
        (_, Int) => Long,
        (_, other) => other,
    }
}

/// The types to which the sides of an operator are converted, and that of the result.
fn arithmetic_types(operator: Arithmetic, left: ScalarType, right: ScalarType) -> Option<(ScalarType, ScalarType, ScalarType)> {
    use Arithmetic::{Add, Divide, Modulo, Multiply, Subtract};
    match (operator, left, right) {
        (_, a, b) if is_number(a) && is_number(b) => {
            // Integers are computed as long, whatever they are stored as.
            let ty = common_type(common_type(a, b)?, Long)?;
            Some((ty, ty, ty))
        }
        (Add | Subtract, DateTime, Timespan) => Some((DateTime, Timespan, DateTime)),
        (Add, Timespan, DateTime) => Some((Timespan, DateTime, DateTime)),
        (Subtract, DateTime, DateTime) => Some((DateTime, DateTime, Timespan)),
        (Add | Subtract | Modulo, Timespan, Timespan) => Some((Timespan, Timespan, Timespan)),
        (Divide, Timespan, Timespan) => Some((Timespan, Timespan, Real)),
        (Multiply | Divide, Timespan, b) if is_number(b) => {
            let b = if b == Decimal { Real } else { common_type(b, Long)? };
            Some((Timespan, b, Timespan))
        }
        (Multiply, a, Timespan) if is_number(a) => {
            let a = if a == Decimal { Real } else { common_type(a, Long)? };
            Some((a, Timespan, Timespan))
        }
        (Modulo, DateTime, Timespan) => Some((DateTime, Timespan, Timespan)),
        _ => None,
    }
}

/// Whether no row changes the value.
pub(super) fn is_constant(expr: &Expr) -> bool {
    same_for_all(expr, false)
}

/// Whether the value is one of a row: what is drawn by lot differs by row and yet reads none.
pub(super) fn reads_rows(expr: &Expr) -> bool {
    !same_for_all(expr, true)
}

fn same_for_all(expr: &Expr, drawn: bool) -> bool {
    let same = |expr: &Expr| same_for_all(expr, drawn);
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Scalar(_) | ExprKind::Error => true,
        ExprKind::Column(_)
        | ExprKind::Search { .. }
        | ExprKind::StepColumn { .. }
        | ExprKind::Property { .. }
        | ExprKind::Variable(_)
        | ExprKind::Quantified { .. }
        | ExprKind::GraphCall { .. } => false,
        ExprKind::Call { function, arguments, .. } => {
            !matches!(function.family, super::super::functions::Family::Window | super::super::functions::Family::Graph)
                && (drawn || !matches!(function.name, "rand" | "new_guid"))
                && !matches!(function.name, "ingestion_time" | "pack_all")
                && arguments.iter().all(same)
        }
        ExprKind::Convert(inner) | ExprKind::Negate(inner) => same(inner),
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().all(same),
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => same(left) && same(right),
        ExprKind::Text { text, needle, .. } => same(text) && same(needle),
        ExprKind::InList { value, list, .. } => same(value) && list.iter().all(same),
        ExprKind::InTable { value, .. } => same(value),
        ExprKind::HasList { text, terms, .. } => same(text) && terms.iter().all(same),
        ExprKind::HasTable { text, .. } => same(text),
        ExprKind::Between { value, from, to, .. } => same(value) && same(from) && same(to),
        ExprKind::Part { value, key } => same(value) && !matches!(key, super::super::bound::Key::Value(key) if !same(key)),
    }
}

/// A GUID in its lower-case text.
fn guid(text: &str) -> Option<String> {
    let text = text.trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    let well_formed = text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    well_formed.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::super::bound::Arithmetic::{self, Add, Divide, Modulo, Multiply, Subtract};
    use super::*;

    // Types as the engine and its analyzer give them.
    const TYPES: &[(ScalarType, Arithmetic, ScalarType, Option<ScalarType>)] = &[
        (Int, Add, Int, Some(Long)),
        (Int, Modulo, Int, Some(Long)),
        (Long, Divide, Int, Some(Long)),
        (Long, Divide, Real, Some(Real)),
        (Decimal, Add, Real, Some(Decimal)),
        (Decimal, Add, Int, Some(Decimal)),
        (DateTime, Add, Timespan, Some(DateTime)),
        (Timespan, Add, DateTime, Some(DateTime)),
        (DateTime, Subtract, DateTime, Some(Timespan)),
        (DateTime, Subtract, Timespan, Some(DateTime)),
        (DateTime, Add, Long, None),
        (DateTime, Add, DateTime, None),
        (Timespan, Multiply, Real, Some(Timespan)),
        (Long, Multiply, Timespan, Some(Timespan)),
        (Timespan, Divide, Long, Some(Timespan)),
        (Timespan, Divide, Timespan, Some(Real)),
        (Timespan, Modulo, Timespan, Some(Timespan)),
        (Text, Add, Text, None),
        (Long, Add, Bool, None),
    ];

    #[test]
    fn arithmetic_has_the_types_of_the_engine() {
        for (left, operator, right, expected) in TYPES {
            let found = arithmetic_types(*operator, *left, *right).map(|(_, _, ty)| ty);
            assert_eq!(found, *expected, "{} {operator:?} {}", left.as_str(), right.as_str());
        }
    }
}
