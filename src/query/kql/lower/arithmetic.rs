//! Arithmetic and comparisons whose rules a plan's own operators do not know: null for what cannot be computed, never a failure.

use arrow::array::ArrayRef;
use datafusion::logical_expr::{Expr, Operator, binary_expr};

use super::super::bound::{Arithmetic, Comparison};
use super::super::functions::{self, Arguments, Function, Kernel, KernelError};
use super::super::tree::{BinaryOperator, Place, ScalarType};
use super::error::LowerError;
use super::expressions::{applied, converted, kernel};

type Computed = Result<ArrayRef, KernelError>;

/// The value of an arithmetic operator.
pub(super) fn compute(
    operator: Arithmetic,
    left: (Expr, ScalarType),
    right: (Expr, ScalarType),
    returns: ScalarType,
    place: Place,
) -> Result<Expr, LowerError> {
    use ScalarType::{Int, Long, Real, Timespan};
    let plain = |operator| binary_expr(left.0.clone(), operator, right.0.clone());
    // Integers wrap around and floats know infinities: so do the operators of a plan.
    let own = left.1 == returns && right.1 == returns;
    match (operator, returns) {
        (Arithmetic::Add, Int | Long | Real | Timespan) if own => return Ok(plain(Operator::Plus)),
        (Arithmetic::Subtract, Int | Long | Real | Timespan) if own => return Ok(plain(Operator::Minus)),
        (Arithmetic::Subtract, Timespan) if left.1 == right.1 => return Ok(plain(Operator::Minus)),
        (Arithmetic::Multiply, Int | Long | Real) if own => return Ok(plain(Operator::Multiply)),
        (Arithmetic::Divide, Real) if own => return Ok(plain(Operator::Divide)),
        _ => {}
    }
    let operator = match operator {
        Arithmetic::Add => BinaryOperator::Add,
        Arithmetic::Subtract => BinaryOperator::Subtract,
        Arithmetic::Multiply => BinaryOperator::Multiply,
        Arithmetic::Divide => BinaryOperator::Divide,
        Arithmetic::Modulo => BinaryOperator::Modulo,
    };
    let computed = functions::operator(operator).and_then(|function| apply(function, vec![left, right], returns));
    computed.ok_or_else(|| LowerError::unsupported("this arithmetic", place))
}

/// A number or duration with its sign changed.
pub(super) fn negate(value: Expr, kind: ScalarType, returns: ScalarType, place: Place) -> Result<Expr, LowerError> {
    apply(functions::negation(), vec![(value, kind)], returns).ok_or_else(|| LowerError::unsupported("a sign here", place))
}

fn apply(function: &'static Function, arguments: Vec<(Expr, ScalarType)>, returns: ScalarType) -> Option<Expr> {
    let (value, kind) = applied(function, arguments)?;
    Some(converted(value, kind, returns))
}

macro_rules! float_comparisons {
    ($($name:ident $operator:tt;)*) => {
        $(fn $name(call: &Arguments) -> Computed {
            Ok(call.bools(|row| Some(call.real(0, row)? $operator call.real(1, row)?)))
        })*
    };
}

float_comparisons! {
    equal ==;
    not_equal !=;
    less <;
    less_or_equal <=;
    greater >;
    greater_or_equal >=;
}

/// A comparison of floats, for which NaN is equal to nothing and neither less nor greater; null if one side is.
pub(super) fn compare_floats(operator: Comparison, left: Expr, right: Expr) -> Expr {
    let (name, body): (&'static str, Kernel) = match operator {
        Comparison::Equal => ("equal", equal),
        Comparison::NotEqual => ("not_equal", not_equal),
        Comparison::Less => ("less", less),
        Comparison::LessOrEqual => ("less_or_equal", less_or_equal),
        Comparison::Greater => ("greater", greater),
        Comparison::GreaterOrEqual => ("greater_or_equal", greater_or_equal),
    };
    kernel(name, body, vec![(left, ScalarType::Real), (right, ScalarType::Real)], ScalarType::Bool)
}
