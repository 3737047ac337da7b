//! Between the forms of stored values and those of a query: instants as ticks, no null texts, lists as JSON.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::super::tree::ScalarType;
use super::super::types::{LAST_TICK, UNIX_EPOCH_TICKS, arrow_type};

/// Ticks of 100 ns in a microsecond.
const TICKS_PER_MICRO: i64 = 10;

/// A conversion of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Conversion {
    /// Instants to ticks.
    Ticks,
    /// Texts without nulls.
    Text,
    /// Lists of whole numbers and other nested values to JSON text.
    Json,
}

impl Conversion {
    fn name(self) -> &'static str {
        match self {
            Self::Ticks => "kql_ticks",
            Self::Text => "kql_text",
            Self::Json => "kql_json",
        }
    }

    fn returns(self) -> DataType {
        match self {
            Self::Ticks => DataType::Int64,
            Self::Text | Self::Json => DataType::Utf8View,
        }
    }

    fn apply(self, values: &ArrayRef) -> Result<ArrayRef> {
        match self {
            Self::Ticks => {
                let micros = cast(values, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                let micros = micros.as_primitive::<TimestampMicrosecondType>();
                let ticks: Int64Array = micros.unary_opt(ticks_of_micros);
                Ok(Arc::new(ticks))
            }
            Self::Text => {
                let texts = cast(values, &DataType::Utf8View)?;
                if texts.null_count() == 0 {
                    return Ok(texts);
                }
                let texts = texts.as_string_view();
                Ok(Arc::new(texts.iter().map(|text| Some(text.unwrap_or_default())).collect::<StringViewArray>()))
            }
            Self::Json => json(values),
        }
    }
}

/// Ticks of an instant, if the language knows it.
fn ticks_of_micros(micros: i64) -> Option<i64> {
    let ticks = micros.checked_mul(TICKS_PER_MICRO)?.checked_add(UNIX_EPOCH_TICKS)?;
    (0..=LAST_TICK).contains(&ticks).then_some(ticks)
}

fn json(values: &ArrayRef) -> Result<ArrayRef> {
    let mut texts = StringViewBuilder::with_capacity(values.len());
    if let DataType::List(item) = values.data_type()
        && item.data_type() == &DataType::Int64
    {
        let lists = values.as_list::<i32>();
        for row in 0..lists.len() {
            if lists.is_null(row) {
                texts.append_null();
                continue;
            }
            let items: Vec<String> = lists.value(row).as_primitive::<Int64Type>().values().iter().map(i64::to_string).collect();
            texts.append_value(format!("[{}]", items.join(",")));
        }
        return Ok(Arc::new(texts.finish()));
    }
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(values.as_ref(), &options)?;
    for row in 0..values.len() {
        if values.is_null(row) {
            texts.append_null();
        } else {
            texts.append_value(serde_json::Value::from(formatter.value(row).to_string()).to_string());
        }
    }
    Ok(Arc::new(texts.finish()))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ConversionUdf {
    conversion: Conversion,
    signature: Signature,
}

impl ScalarUDFImpl for ConversionUdf {
    fn name(&self) -> &str {
        self.conversion.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.conversion.returns())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match call.args.as_slice() {
            [ColumnarValue::Array(values)] => Ok(ColumnarValue::Array(self.conversion.apply(values)?)),
            [ColumnarValue::Scalar(value)] => {
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&self.conversion.apply(&value.to_array()?)?, 0)?))
            }
            _ => exec_err!("`{}` takes one column", self.name()),
        }
    }
}

fn udf(conversion: Conversion) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(ConversionUdf { conversion, signature: Signature::any(1, Volatility::Immutable) }))
}

static TICKS: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| udf(Conversion::Ticks));
static TEXT: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| udf(Conversion::Text));
static JSON: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| udf(Conversion::Json));

/// Whether a function with this name is one of the conversions of this file.
pub(super) fn is_conversion(name: &str) -> bool {
    name.starts_with("kql_") && [Conversion::Ticks, Conversion::Text, Conversion::Json].iter().any(|known| known.name() == name)
}

/// A text whose nulls are empty texts.
pub(super) fn text(value: Expr) -> Expr {
    TEXT.call(vec![value])
}

/// The stored column that a conversion to text or ticks reads, if the value is one.
pub(super) fn stored(value: &Expr) -> Option<&Expr> {
    match value {
        Expr::ScalarFunction(call) if [TEXT.name(), TICKS.name()].contains(&call.func.name()) => call.args.first(),
        _ => None,
    }
}

/// The stored list that a conversion to JSON reads, if the value is one.
pub(super) fn stored_list(value: &Expr) -> Option<&Expr> {
    match value {
        Expr::ScalarFunction(call) if call.func.name() == JSON.name() => call.args.first(),
        _ => None,
    }
}

/// Ticks of an instant as the stored instant at or below it, and whether it is exactly there.
pub(super) fn stored_instant(ticks: i64) -> (ScalarValue, bool) {
    let since = ticks - UNIX_EPOCH_TICKS;
    let value = ScalarValue::TimestampMicrosecond(Some(since.div_euclid(TICKS_PER_MICRO)), Some("UTC".into()));
    (value, since.rem_euclid(TICKS_PER_MICRO) == 0)
}

/// The value of a stored column in the form of a query.
pub(super) fn from_stored(column: Expr, field: &Field, kind: ScalarType) -> Expr {
    match (field.data_type(), kind) {
        (DataType::Timestamp(..) | DataType::Date32 | DataType::Date64, _) => TICKS.call(vec![column]),
        (DataType::Utf8View | DataType::Utf8 | DataType::LargeUtf8, ScalarType::String) => TEXT.call(vec![column]),
        (data, ScalarType::Dynamic) if data.is_nested() => JSON.call(vec![column]),
        (data, kind) if *data == arrow_type(kind) => column,
        (_, ScalarType::String) => TEXT.call(vec![column]),
        (_, kind) => datafusion::logical_expr::cast(column, arrow_type(kind)),
    }
}
