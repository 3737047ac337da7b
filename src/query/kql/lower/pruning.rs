//! Conditions on stored columns, so that files, row groups, pages and bloom filters are passed over.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, binary_expr};

use super::super::bound::Comparison;
use super::super::tree::ScalarType;
use super::convert;
use super::expressions::in_list;

/// A comparison of a stored column with a constant that is true exactly where that of its converted value is.
pub(super) fn stored_comparison(comparison: Comparison, left: &Expr, right: &Expr, kind: ScalarType) -> Option<Expr> {
    match (left, right) {
        (_, Expr::Literal(constant, _)) => against(comparison, convert::stored(left)?, constant, kind),
        (Expr::Literal(constant, _), _) => against(turned(comparison), convert::stored(right)?, constant, kind),
        _ => None,
    }
}

fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

fn against(comparison: Comparison, column: &Expr, constant: &ScalarValue, kind: ScalarType) -> Option<Expr> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    match (kind, constant) {
        // A null text is empty: only a comparison with a text that is not leaves it out by itself.
        (ScalarType::String, ScalarValue::Utf8View(Some(text))) if !text.is_empty() => match comparison {
            Equal => Some(binary_expr(column.clone(), Operator::Eq, Expr::Literal(constant.clone(), None))),
            NotEqual => Some(binary_expr(column.clone(), Operator::IsDistinctFrom, Expr::Literal(constant.clone(), None))),
            _ => None,
        },
        (ScalarType::DateTime, ScalarValue::Int64(Some(ticks))) => {
            let (instant, exact) = convert::stored_instant(*ticks);
            // Between two microseconds, what is above the lower one is above the instant.
            let operator = match (comparison, exact) {
                (Equal, true) => Operator::Eq,
                (Less, true) => Operator::Lt,
                (LessOrEqual, _) | (Less, false) => Operator::LtEq,
                (GreaterOrEqual, true) => Operator::GtEq,
                (Greater, _) | (GreaterOrEqual, false) => Operator::Gt,
                (Equal, false) | (NotEqual, _) => return None,
            };
            Some(binary_expr(column.clone(), operator, Expr::Literal(instant, None)))
        }
        _ => None,
    }
}

/// Membership of a stored text in constants, none of them empty.
pub(super) fn stored_list(value: &Expr, elements: Vec<Expr>, kind: ScalarType) -> Option<Expr> {
    let column = convert::stored(value)?;
    let constant = |element: &Expr| matches!(element, Expr::Literal(ScalarValue::Utf8View(Some(text)), _) if !text.is_empty());
    (kind == ScalarType::String && !elements.is_empty() && elements.iter().all(constant)).then(|| in_list(column.clone(), elements))
}
