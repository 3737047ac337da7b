//! Values as one-row columns: from literals, compared, shown.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray};
use arrow::datatypes::{Decimal128Type, Float64Type, Int32Type, Int64Type};

use super::super::super::tree::{self, Json, Literal, ScalarType};
use super::super::super::types::arrow_type;
use super::super::super::values::{read, write};
use super::super::Column;

/// A value of a KQL type: a column of one row.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) kind: ScalarType,
    pub(super) values: ArrayRef,
}

impl Value {
    pub(super) fn text(kind: ScalarType, value: Option<&str>) -> Self {
        let value = if kind == ScalarType::String { Some(value.unwrap_or_default()) } else { value };
        Self { kind, values: Arc::new(StringViewArray::from(vec![value])) }
    }

    pub(super) fn long(kind: ScalarType, value: Option<i64>) -> Self {
        Self { kind, values: Arc::new(Int64Array::from(vec![value])) }
    }

    pub(super) fn real(value: Option<f64>) -> Self {
        Self { kind: ScalarType::Real, values: Arc::new(Float64Array::from(vec![value])) }
    }

    pub(super) fn literal(literal: &Literal) -> Result<Self, String> {
        use tree::Value as Written;
        Ok(match &literal.value {
            Written::Bool(value) => Self { kind: ScalarType::Bool, values: Arc::new(BooleanArray::from(vec![*value])) },
            Written::Int(value) => Self { kind: ScalarType::Int, values: Arc::new(Int32Array::from(vec![*value])) },
            Written::Long(value) => Self::long(ScalarType::Long, *value),
            Written::DateTime(value) => Self::long(ScalarType::DateTime, *value),
            Written::Timespan(value) => Self::long(ScalarType::Timespan, *value),
            Written::Real(value) => Self::real(value.map(|value| value.0)),
            Written::Decimal(value) => {
                let value = value.as_deref().and_then(read::decimal);
                let values = Decimal128Array::from(vec![value]).with_data_type(arrow_type(ScalarType::Decimal));
                Self { kind: ScalarType::Decimal, values: Arc::new(values) }
            }
            Written::Guid(value) => Self::text(ScalarType::Guid, value.map(write::guid).as_deref()),
            Written::Invalid(_) => return Err(format!("`{}` is no value", literal.text)),
        })
    }

    pub(super) fn json(json: &Json) -> Result<Self, String> {
        let json = json_value(json)?;
        Ok(Self::text(ScalarType::Dynamic, (!json.is_null()).then(|| json.to_string()).as_deref()))
    }

    /// The value below zero.
    pub(super) fn negative(self) -> Result<Self, String> {
        let long = || self.values.as_primitive::<Int64Type>().value(0);
        match self.kind {
            ScalarType::Long | ScalarType::Timespan => Ok(Self::long(self.kind, Some(long().wrapping_neg()))),
            ScalarType::Real => Ok(Self::real(Some(-self.values.as_primitive::<Float64Type>().value(0)))),
            _ => Err(format!("a minus before {self}")),
        }
    }

    /// As an argument: constant, or three rows of the same.
    pub(super) fn column(&self, constant: bool) -> Column {
        let values = if constant {
            Arc::clone(&self.values)
        } else {
            let indices = arrow::array::UInt32Array::from(vec![0, 0, 0]);
            arrow::compute::take(&self.values, &indices, None).expect("row 0 is there")
        };
        Column { kind: self.kind, values, constant }
    }

    /// Equal by type and value: reals to nine digits, dynamic values by structure.
    pub(super) fn equals(&self, other: &Self) -> bool {
        if self.kind != other.kind || self.values.is_null(0) != other.values.is_null(0) {
            return false;
        }
        if self.values.is_null(0) {
            return true;
        }
        match self.kind {
            ScalarType::Real => {
                let [a, b] = [self, other].map(|value| value.values.as_primitive::<Float64Type>().value(0));
                a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
            }
            ScalarType::Dynamic => {
                let [a, b] = [self, other].map(|value| serde_json::from_str::<serde_json::Value>(value.values.as_string_view().value(0)));
                matches!((a, b), (Ok(a), Ok(b)) if a == b)
            }
            _ => self.values.as_ref() == other.values.as_ref(),
        }
    }
}

fn json_value(json: &Json) -> Result<serde_json::Value, String> {
    use serde_json::Value as Out;
    Ok(match json {
        Json::Null(_) => Out::Null,
        Json::String(text) => Out::String(text.value.clone()),
        Json::Array(values, _) => Out::Array(values.iter().map(json_value).collect::<Result<_, _>>()?),
        Json::Object(pairs, _) => {
            let pairs = pairs.iter().map(|(key, value)| Ok((key.value.clone(), json_value(value)?)));
            Out::Object(pairs.collect::<Result<_, String>>()?)
        }
        Json::Nested(inner, _) => json_value(inner)?,
        Json::Error(_) => return Err("dynamic content cannot be read".to_owned()),
        Json::Literal(literal) => match &literal.value {
            tree::Value::Bool(Some(value)) => Out::Bool(*value),
            tree::Value::Long(Some(value)) => Out::from(*value),
            tree::Value::Real(Some(value)) => Out::from(value.0),
            _ => Out::String(Value::literal(literal)?.to_string()),
        },
    })
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.values.is_null(0) {
            return write!(f, "{}(null)", self.kind.as_str());
        }
        let long = || self.values.as_primitive::<Int64Type>().value(0);
        match self.kind {
            ScalarType::Bool => write!(f, "{}", self.values.as_boolean().value(0)),
            ScalarType::Int => write!(f, "int({})", self.values.as_primitive::<Int32Type>().value(0)),
            ScalarType::Long => write!(f, "{}", long()),
            ScalarType::DateTime => write!(f, "datetime({})", write::datetime(long())),
            ScalarType::Timespan => write!(f, "time({})", write::timespan(long())),
            ScalarType::Real => write!(f, "real({:?})", self.values.as_primitive::<Float64Type>().value(0)),
            ScalarType::Decimal => write!(f, "decimal({})", write::decimal(self.values.as_primitive::<Decimal128Type>().value(0))),
            ScalarType::String => write!(f, "{:?}", self.values.as_string_view().value(0)),
            ScalarType::Guid | ScalarType::Dynamic => write!(f, "{}({})", self.kind.as_str(), self.values.as_string_view().value(0)),
        }
    }
}
