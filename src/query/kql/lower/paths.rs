//! Dynamic values in expressions: their parts, what they are equal to, and scalars that become dynamic.

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringViewBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::super::bound::Comparison;
use super::super::functions::json::{self, Json};
use super::super::functions::{Arguments, KernelError};
use super::super::tree::ScalarType;
use super::constant::value_of;
use super::expressions::{compare, converted, kernel, text_of};

/// A step into a dynamic value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// A property of a bag.
    Name(Arc<str>),
    /// A place in an array; negative from the end.
    Place(i64),
}

/// Takes steps into dynamic values.
#[derive(Debug, PartialEq, Eq, Hash)]
struct PartUdf {
    steps: Vec<Step>,
    signature: Signature,
}

impl PartUdf {
    fn part<'a>(&self, text: &'a str) -> Option<&'a str> {
        let mut value = Json::new(text);
        for step in &self.steps {
            value = match step {
                Step::Name(name) => value.property(name)?,
                Step::Place(place) => value.element(*place)?,
            };
        }
        (!value.is_null()).then(|| value.text())
    }
}

impl ScalarUDFImpl for PartUdf {
    fn name(&self) -> &str {
        "part"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn display_name(&self, arguments: &[Expr]) -> Result<String> {
        let steps: String = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Name(name) => format!("[\"{name}\"]"),
                Step::Place(place) => format!("[{place}]"),
            })
            .collect();
        Ok(format!("{}{steps}", arguments.first().map(|argument| argument.schema_name().to_string()).unwrap_or_default()))
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match call.args.as_slice() {
            [ColumnarValue::Scalar(ScalarValue::Utf8View(text))] => {
                let part = text.as_deref().and_then(|text| self.part(text)).map(str::to_owned);
                Ok(ColumnarValue::Scalar(ScalarValue::Utf8View(part)))
            }
            [ColumnarValue::Array(values)] => {
                let values = values.as_string_view();
                let mut parts = StringViewBuilder::with_capacity(values.len());
                for value in values {
                    parts.append_option(value.and_then(|text| self.part(text)));
                }
                Ok(ColumnarValue::Array(Arc::new(parts.finish())))
            }
            _ => exec_err!("a part is taken of one dynamic value"),
        }
    }
}

/// A part of a dynamic value.
pub(super) fn part(whole: Expr, steps: Vec<Step>) -> Expr {
    if steps.is_empty() {
        return whole;
    }
    ScalarUDF::from(PartUdf { steps, signature: Signature::any(1, Volatility::Immutable) }).call(vec![whole])
}

/// Of a part of a dynamic value, that value and the property that its first step takes.
pub fn first_part(part: &Expr) -> Option<(&Expr, &str)> {
    let Expr::ScalarFunction(call) = part else { return None };
    let steps = &call.func.inner().downcast_ref::<PartUdf>()?.steps;
    match (call.args.as_slice(), steps.first()?) {
        ([whole], Step::Name(name)) => Some((whole, name)),
        _ => None,
    }
}

/// A part whose name or place the row gives.
pub(super) fn part_by_value(whole: Expr, key: (Expr, ScalarType)) -> Expr {
    kernel("part", part_by_key, vec![(whole, ScalarType::Dynamic), key], ScalarType::Dynamic)
}

fn part_by_key(call: &Arguments) -> std::result::Result<arrow::array::ArrayRef, KernelError> {
    Ok(call.jsons(|row| {
        let whole = Json::new(call.json(0, row)?);
        let found = match call.kind(1) {
            ScalarType::Int => whole.element(i64::from(call.int(1, row)?)),
            ScalarType::Long => whole.element(call.long(1, row)?),
            ScalarType::Dynamic => {
                let key = Json::new(call.json(1, row)?);
                match (key.long(), key.string()) {
                    (Some(place), _) => whole.element(place),
                    (None, Some(name)) => whole.property(&name),
                    _ => None,
                }
            }
            _ => whole.property(call.text(1, row)),
        };
        found.filter(|value| !value.is_null()).map(Json::text)
    }))
}

/// A scalar as a dynamic value.
pub(super) fn as_dynamic(value: Expr, kind: ScalarType) -> Expr {
    match kind {
        ScalarType::Dynamic => value,
        ScalarType::Bool | ScalarType::Int | ScalarType::Long | ScalarType::Real => {
            kernel("to_json", number_json, vec![(value, kind)], ScalarType::Dynamic)
        }
        // The empty text stands for null in all types that are shown as text; only of a text it is a value.
        ScalarType::String => kernel("to_json", text_json, vec![(value, kind)], ScalarType::Dynamic),
        _ => kernel("to_json", shown_json, vec![(text_of(value, kind), ScalarType::String)], ScalarType::Dynamic),
    }
}

fn number_json(call: &Arguments) -> std::result::Result<arrow::array::ArrayRef, KernelError> {
    Ok(call.jsons(|row| match call.kind(0) {
        ScalarType::Bool => call.bool(0, row).map(|value| value.to_string()),
        ScalarType::Int => call.int(0, row).map(|value| value.to_string()),
        ScalarType::Real => call.real(0, row).map(|value| {
            let mut text = String::new();
            json::real(&mut text, value);
            text
        }),
        _ => call.long(0, row).map(|value| value.to_string()),
    }))
}

fn text_json(call: &Arguments) -> std::result::Result<arrow::array::ArrayRef, KernelError> {
    Ok(call.jsons(|row| Some(json::string_of(call.text(0, row)))))
}

fn shown_json(call: &Arguments) -> std::result::Result<arrow::array::ArrayRef, KernelError> {
    Ok(call.jsons(|row| Some(call.text(0, row)).filter(|text| !text.is_empty()).map(json::string_of)))
}

/// The values in a constant array as constants of a type; a value that is no array is the only one. What does not convert is left out.
pub(super) fn array_values(array: Option<&str>, kind: ScalarType) -> Vec<ScalarValue> {
    let Some(array) = array.map(Json::new) else { return Vec::new() };
    let elements: Vec<Json<'_>> = if array.kind() == json::Kind::Array { array.elements().collect() } else { vec![array] };
    let value = |element: Json<'_>| {
        let constant = Expr::Literal(ScalarValue::Utf8View(Some(element.text().to_owned())), None);
        value_of(&converted(constant, ScalarType::Dynamic, kind)).ok().filter(|value| !value.is_null())
    };
    elements.into_iter().filter(|element| !element.is_null()).filter_map(value).collect()
}

/// A comparison with a dynamic value: as the type of the other side, numbers as floats; of two dynamic values, by structure.
pub(super) fn compare_dynamic(comparison: Comparison, left: (Expr, ScalarType), right: (Expr, ScalarType)) -> Expr {
    use ScalarType::{Decimal, Dynamic, Int, Long, Real};
    match (left.1, right.1) {
        (Dynamic, Dynamic) => {
            let equal = kernel("equal", equal_json, vec![left, right], ScalarType::Bool);
            if comparison == Comparison::NotEqual { !equal } else { equal }
        }
        (a, b) => {
            let scalar = if a == Dynamic { b } else { a };
            let kind = if matches!(scalar, Int | Long | Decimal) { Real } else { scalar };
            let side = |side: (Expr, ScalarType)| (converted(side.0, side.1, kind), kind);
            compare(comparison, side(left), side(right))
        }
    }
}

fn equal_json(call: &Arguments) -> std::result::Result<arrow::array::ArrayRef, KernelError> {
    Ok(call.bools(|row| match (call.json(0, row), call.json(1, row)) {
        (Some(a), Some(b)) => Some(json::equal(Json::new(a), Json::new(b))),
        (None, None) => None,
        _ => Some(false),
    }))
}
