//! Constants and types of a bound query as Arrow has them, and expressions without columns as values.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::create_physical_expr;

use super::super::bound::Constant;
use super::super::functions::budget::Scope;
use super::super::tree::{Float, ScalarType};
use super::super::types::{DECIMAL_PRECISION, DECIMAL_SCALE};
use super::error::LowerError;

/// A constant of a type.
pub(super) fn scalar(value: &Constant, kind: ScalarType) -> ScalarValue {
    match value {
        Constant::Null => null(kind),
        Constant::Bool(value) => ScalarValue::Boolean(Some(*value)),
        Constant::Int(value) => ScalarValue::Int32(Some(*value)),
        Constant::Long(value) | Constant::DateTime(value) | Constant::Timespan(value) => ScalarValue::Int64(Some(*value)),
        Constant::Real(Float(value)) => ScalarValue::Float64(Some(*value)),
        Constant::Decimal(value) => ScalarValue::Decimal128(Some(*value), DECIMAL_PRECISION, DECIMAL_SCALE),
        Constant::Guid(text) | Constant::String(text) | Constant::Dynamic(text) => ScalarValue::Utf8View(Some(text.to_string())),
    }
}

/// The null of a type: the empty text of `string`, nothing of all others.
pub(super) fn null(kind: ScalarType) -> ScalarValue {
    match kind {
        ScalarType::Bool => ScalarValue::Boolean(None),
        ScalarType::Int => ScalarValue::Int32(None),
        ScalarType::Long | ScalarType::DateTime | ScalarType::Timespan => ScalarValue::Int64(None),
        ScalarType::Real => ScalarValue::Float64(None),
        ScalarType::Decimal => ScalarValue::Decimal128(None, DECIMAL_PRECISION, DECIMAL_SCALE),
        ScalarType::String => ScalarValue::Utf8View(Some(String::new())),
        ScalarType::Guid | ScalarType::Dynamic => ScalarValue::Utf8View(None),
    }
}

/// A value as a constant of the bound tree.
pub(super) fn bound(value: &ScalarValue, kind: ScalarType) -> Constant {
    match (value, kind) {
        (ScalarValue::Boolean(Some(value)), _) => Constant::Bool(*value),
        (ScalarValue::Int32(Some(value)), _) => Constant::Int(*value),
        (ScalarValue::Int64(Some(value)), ScalarType::DateTime) => Constant::DateTime(*value),
        (ScalarValue::Int64(Some(value)), ScalarType::Timespan) => Constant::Timespan(*value),
        (ScalarValue::Int64(Some(value)), _) => Constant::Long(*value),
        (ScalarValue::Float64(Some(value)), _) => Constant::Real(Float(*value)),
        (ScalarValue::Decimal128(Some(value), ..), _) => Constant::Decimal(*value),
        (ScalarValue::Utf8View(Some(text)), ScalarType::Guid) => Constant::Guid(text.as_str().into()),
        (ScalarValue::Utf8View(Some(text)), ScalarType::Dynamic) => Constant::Dynamic(text.as_str().into()),
        (ScalarValue::Utf8View(Some(text)), _) => Constant::text(text),
        _ => Constant::Null,
    }
}

/// A column of constants.
pub(super) fn array<'a>(values: impl Iterator<Item = &'a Constant>, kind: ScalarType) -> Result<ArrayRef, LowerError> {
    let scalars: Vec<ScalarValue> = values.map(|value| scalar(value, kind)).collect();
    if scalars.is_empty() {
        return Ok(arrow::array::new_empty_array(&super::super::types::arrow_type(kind)));
    }
    Ok(ScalarValue::iter_to_array(scalars)?)
}

/// The value of an expression that reads no column.
pub(super) fn value_of(expression: &Expr) -> Result<ScalarValue, LowerError> {
    if let Expr::Literal(value, _) = expression {
        return Ok(value.clone());
    }
    let schema = Arc::new(Schema::empty());
    let compiled = create_physical_expr(expression, &DFSchema::empty(), &ExecutionProps::new(), &PhysicalPlanningContext::default())?;
    let row = RecordBatch::try_new_with_options(schema, vec![], &RecordBatchOptions::new().with_row_count(Some(1)))?;
    let _scope = Scope::open();
    let array = compiled.evaluate(&row)?.into_array(1)?;
    Ok(ScalarValue::try_from_array(&array, 0)?)
}
