//! Functions that are expressions of a plan, by name.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, binary_expr, cast, lit, when};

use super::super::bound;
use super::super::functions::json::BagWriter;
use super::super::functions::{Arguments, KernelError, random_udf};
use super::super::tree::ScalarType;
use super::error::LowerError;
use super::expressions::{converted, kernel, text_of};
use super::{Lowering, arithmetic, paths};

type Typed = (Expr, ScalarType);

/// Whether a value is null; a text never is.
fn is_null((value, kind): Typed) -> Expr {
    match kind {
        ScalarType::String => lit(false),
        _ => value.is_null(),
    }
}

/// Whether a value is null or an empty text in all rows.
fn is_nothing(value: &Expr) -> bool {
    match value {
        Expr::Literal(ScalarValue::Utf8View(Some(text)), _) => text.is_empty(),
        Expr::Literal(value, _) => value.is_null(),
        _ => false,
    }
}

/// Whether nothing stands in the text of a value.
fn is_empty((value, kind): Typed) -> Expr {
    match kind {
        ScalarType::String => binary_expr(value, Operator::Eq, lit("")),
        ScalarType::Dynamic => binary_expr(text_of(value, kind), Operator::Eq, lit("")),
        _ => value.is_null(),
    }
}

fn asserted(call: &Arguments) -> Result<ArrayRef, KernelError> {
    for row in 0..call.rows {
        if call.bool(0, row) != Some(true) {
            return Err(KernelError::new(call.text(1, row)));
        }
    }
    Ok(call.bools(|_| Some(true)))
}

/// A bag of names and dynamic values; the first argument says whether what is null or empty is left out.
fn packed(call: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(call.jsons(|row| {
        let full = call.bool(0, row) != Some(true);
        let mut bag = BagWriter::default();
        for argument in (1..call.len()).step_by(2) {
            let value = call.json(argument + 1, row).unwrap_or("null");
            if full || !matches!(value, "null" | "\"\"") {
                bag.begin(call.text(argument, row)).push_str(value);
            }
        }
        Some(bag.finish())
    }))
}

/// How many bytes the values of a row take: texts in UTF-8, the others as they are stored.
fn sizes(call: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(call.longs(|row| {
        let size = |argument| match call.kind(argument) {
            ScalarType::String => call.text(argument, row).len(),
            ScalarType::Bool => 1,
            ScalarType::Int => 4,
            ScalarType::Guid => 16,
            _ => 8,
        };
        i64::try_from((0..call.len()).map(size).sum::<usize>()).ok()
    }))
}

/// The value of a call of a function without a kernel.
pub(super) fn planned(lowering: &mut Lowering<'_>, name: &str, arguments: Vec<Typed>, call: &bound::Expr) -> Result<Expr, LowerError> {
    let place = call.place;
    let wanted = call.ty;
    let mut given = arguments.into_iter();
    let mut next = || given.next().ok_or_else(|| LowerError::value(format!("expected one more argument of `{name}`"), place));
    Ok(match name {
        "iff" | "iif" => {
            let (condition, first, second) = (next()?.0, next()?, next()?);
            when(condition, converted(first.0, first.1, wanted)).otherwise(converted(second.0, second.1, wanted))?
        }
        "case" => {
            let mut parts: Vec<Typed> = given.collect();
            let last = parts.pop().ok_or_else(|| LowerError::value("expected a last value of `case`", place))?;
            let mut branches = parts.chunks_exact(2);
            let Some([condition, value]) = branches.next() else {
                return Ok(converted(last.0, last.1, wanted));
            };
            let mut built = when(condition.0.clone(), converted(value.0.clone(), value.1, wanted));
            for branch in branches {
                if let [condition, value] = branch {
                    built = built.when(condition.0.clone(), converted(value.0.clone(), value.1, wanted));
                }
            }
            built.otherwise(converted(last.0, last.1, wanted))?
        }
        "coalesce" => {
            let mut values: Vec<Expr> = given.map(|(value, kind)| converted(value, kind, wanted)).collect();
            let last = values.pop().ok_or_else(|| LowerError::value("expected a value of `coalesce`", place))?;
            values.into_iter().rev().try_fold(last, |rest, value| {
                let there = !is_empty((value.clone(), if wanted == ScalarType::Dynamic { ScalarType::Long } else { wanted }));
                when(there, value).otherwise(rest)
            })?
        }
        "not" => !next()?.0,
        "isnull" => is_null(next()?),
        "isnotnull" | "notnull" => !is_null(next()?),
        "isempty" => is_empty(next()?),
        "isnotempty" | "notempty" => !is_empty(next()?),
        "now" => {
            let now = lit(lowering.environment.now);
            match given.next() {
                Some(offset) => {
                    let now = (now, ScalarType::DateTime);
                    arithmetic::compute(bound::Arithmetic::Add, now, offset, ScalarType::DateTime, place)?
                }
                None => now,
            }
        }
        "ago" => {
            let now = (lit(lowering.environment.now), ScalarType::DateTime);
            arithmetic::compute(bound::Arithmetic::Subtract, now, next()?, ScalarType::DateTime, place)?
        }
        "rand" => {
            let random = random_udf(lowering.seed()).call(Vec::new());
            match given.next() {
                Some(below) => {
                    let scaled = binary_expr(random, Operator::Multiply, converted(below.0, below.1, ScalarType::Real));
                    cast(cast(scaled, DataType::Int64), DataType::Float64)
                }
                None => random,
            }
        }
        "assert" => {
            let (condition, message) = (next()?.0, next()?);
            kernel("assert", asserted, vec![(condition, ScalarType::Bool), message], ScalarType::Bool)
        }
        "pack_all" => {
            let first = next()?;
            let skips = matches!(first.0, Expr::Literal(ScalarValue::Boolean(Some(true)), _));
            let mut arguments = vec![first];
            while let (Some(name), Some((value, kind))) = (given.next(), given.next()) {
                // Of all tables together, most columns are nothing but null.
                if skips && is_nothing(&value) {
                    continue;
                }
                arguments.push(name);
                arguments.push((paths::as_dynamic(value, kind), ScalarType::Dynamic));
            }
            kernel("pack_all", packed, arguments, ScalarType::Dynamic)
        }
        "estimate_data_size" => {
            let arguments: Vec<Typed> = given.collect();
            if let Some((_, kind)) = arguments.iter().find(|(_, kind)| matches!(kind, ScalarType::Dynamic | ScalarType::Decimal)) {
                return Err(LowerError::unsupported(format!("the size of a {}", kind.as_str()), place));
            }
            kernel("estimate_data_size", sizes, arguments, ScalarType::Long)
        }
        "has_entity" => {
            let (rows, entity) = (next()?.0, next()?.0);
            super::entities::named(rows, entity)?
        }
        "current_principal_is_member_of" => lit(false),
        "current_principal" | "current_database" | "current_cluster_endpoint" => lit(ScalarValue::Utf8View(Some("clew".to_owned()))),
        _ => return Err(LowerError::unsupported(format!("function `{name}` here"), place)),
    })
}
