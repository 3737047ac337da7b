//! Columns of typed values that are read from texts.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanBuilder, Decimal128Builder, Float64Builder, Int32Builder, Int64Builder, StringViewBuilder, make_array,
};

use super::super::functions::json::{self, Json};
use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::super::values::read;

/// A column that is built value by value.
#[derive(Debug)]
pub(super) enum TypedBuilder {
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    DateTime(Int64Builder),
    Timespan(Int64Builder),
    Real(Float64Builder),
    Decimal(Decimal128Builder),
    String(StringViewBuilder),
    Guid(StringViewBuilder),
    Dynamic(StringViewBuilder),
}

impl TypedBuilder {
    pub(super) fn new(kind: ScalarType) -> Self {
        match kind {
            ScalarType::Bool => Self::Bool(BooleanBuilder::new()),
            ScalarType::Int => Self::Int(Int32Builder::new()),
            ScalarType::Long => Self::Long(Int64Builder::new()),
            ScalarType::DateTime => Self::DateTime(Int64Builder::new()),
            ScalarType::Timespan => Self::Timespan(Int64Builder::new()),
            ScalarType::Real => Self::Real(Float64Builder::new()),
            ScalarType::Decimal => Self::Decimal(Decimal128Builder::new()),
            ScalarType::String => Self::String(StringViewBuilder::new()),
            ScalarType::Guid => Self::Guid(StringViewBuilder::new()),
            ScalarType::Dynamic => Self::Dynamic(StringViewBuilder::new()),
        }
    }

    /// Appends null; of texts the empty one.
    pub(super) fn append_null(&mut self) {
        match self {
            Self::Bool(built) => built.append_null(),
            Self::Int(built) => built.append_null(),
            Self::Long(built) | Self::DateTime(built) | Self::Timespan(built) => built.append_null(),
            Self::Real(built) => built.append_null(),
            Self::Decimal(built) => built.append_null(),
            Self::String(built) => built.append_value(""),
            Self::Guid(built) | Self::Dynamic(built) => built.append_null(),
        }
    }

    /// Appends what a text is worth; gives false and appends nothing if it is no value of the type.
    pub(super) fn append_text(&mut self, text: &str) -> bool {
        let trimmed = text.trim();
        match self {
            Self::String(built) => {
                built.append_value(text);
                true
            }
            Self::Dynamic(built) => {
                match json::parse(text) {
                    Some(json) => built.append_value(json),
                    None => built.append_null(),
                }
                true
            }
            Self::Bool(built) => append(bool_of(trimmed), |value| built.append_value(value)),
            Self::Int(built) => append(read::long(trimmed).and_then(|value| i32::try_from(value).ok()), |value| built.append_value(value)),
            Self::Long(built) => append(read::long(trimmed), |value| built.append_value(value)),
            Self::DateTime(built) => append(read::datetime(trimmed), |value| built.append_value(value)),
            Self::Timespan(built) => append(read::timespan(trimmed), |value| built.append_value(value)),
            Self::Real(built) => append(read::real(trimmed), |value| built.append_value(value)),
            Self::Decimal(built) => append(read::decimal(trimmed), |value| built.append_value(value)),
            Self::Guid(built) => append(read::guid(trimmed), |value| built.append_value(super::super::values::write::guid(value))),
        }
    }

    /// Appends what a JSON value is worth; gives false and appends nothing if it is no value of the type.
    pub(super) fn append_json(&mut self, value: Json<'_>) -> bool {
        match (self, value.string()) {
            (Self::Dynamic(built), _) => {
                built.append_value(value.text());
                true
            }
            (column, Some(text)) => column.append_text(&text),
            (Self::Int(built), None) => append(whole(value).and_then(|value| i32::try_from(value).ok()), |value| built.append_value(value)),
            (Self::Long(built), None) => append(whole(value), |value| built.append_value(value)),
            (column, None) => column.append_text(value.text()),
        }
    }

    /// Whether a text is a value of the type.
    pub(super) fn reads(&self, text: &str) -> bool {
        let text = text.trim();
        match self {
            Self::String(_) | Self::Dynamic(_) => true,
            Self::Bool(_) => bool_of(text).is_some(),
            Self::Int(_) => read::long(text).is_some_and(|value| i32::try_from(value).is_ok()),
            Self::Long(_) => read::long(text).is_some(),
            Self::DateTime(_) => read::datetime(text).is_some(),
            Self::Timespan(_) => read::timespan(text).is_some(),
            Self::Real(_) => read::real(text).is_some(),
            Self::Decimal(_) => read::decimal(text).is_some(),
            Self::Guid(_) => read::guid(text).is_some(),
        }
    }

    pub(super) fn finish(mut self) -> ArrayRef {
        match &mut self {
            Self::Bool(built) => Arc::new(built.finish()),
            Self::Int(built) => Arc::new(built.finish()),
            Self::Long(built) | Self::DateTime(built) | Self::Timespan(built) => Arc::new(built.finish()),
            Self::Real(built) => Arc::new(built.finish()),
            Self::Decimal(built) => {
                let data = built.finish().with_data_type(arrow_type(ScalarType::Decimal)).into_data();
                make_array(data)
            }
            Self::String(built) | Self::Guid(built) | Self::Dynamic(built) => Arc::new(built.finish()),
        }
    }
}

fn append<T>(value: Option<T>, append: impl FnOnce(T)) -> bool {
    let is_some = value.is_some();
    value.map(append);
    is_some
}

fn whole(value: Json<'_>) -> Option<i64> {
    value.long().or_else(|| value.real().filter(|value| value.abs() < 9.2e18).map(|value| value as i64))
}

fn bool_of(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Some(false);
    }
    read::long(text).map(|number| number != 0)
}
