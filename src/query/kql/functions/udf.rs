//! A function of the library as DataFusion calls it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::budget::{self, Scope};
use super::{Arguments, Column, Kernel, KernelError};

/// The function for arguments of the given types, as a plan calls it.
pub fn scalar_udf(name: &'static str, kernel: Kernel, arguments: Vec<ScalarType>, returns: ScalarType) -> Arc<ScalarUDF> {
    // What takes nothing and is no constant of its own is drawn anew for each row.
    let (arity, volatility) = (arguments.len(), if arguments.is_empty() { Volatility::Volatile } else { Volatility::Immutable });
    let signature = if arity == 0 { Signature::nullary(volatility) } else { Signature::any(arity, volatility) };
    Arc::new(ScalarUDF::from(KernelUdf { name, kernel, arguments, returns, signature }))
}

/// Whether a function is one of the library that gives texts or dynamic values.
pub fn makes_texts(function: &ScalarUDF) -> bool {
    let kernel = function.inner().downcast_ref::<KernelUdf>();
    kernel.is_some_and(|kernel| matches!(kernel.returns, ScalarType::String | ScalarType::Dynamic))
}

#[derive(Debug)]
struct KernelUdf {
    name: &'static str,
    kernel: Kernel,
    arguments: Vec<ScalarType>,
    returns: ScalarType,
    signature: Signature,
}

// Two calls are the same if name and types are: an overload is chosen by them alone.
impl PartialEq for KernelUdf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.arguments == other.arguments && self.returns == other.returns
    }
}

impl Eq for KernelUdf {}

impl Hash for KernelUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.arguments, self.returns).hash(state);
    }
}

impl KernelUdf {
    fn computed(&self, arguments: &Arguments, repeated: usize) -> std::result::Result<ArrayRef, KernelError> {
        let makes_texts = matches!(self.returns, ScalarType::String | ScalarType::Dynamic);
        if makes_texts {
            bounded_rows(arguments)?;
        }
        let values = (self.kernel)(arguments)?;
        let texts = values.as_string_view_opt().filter(|_| makes_texts);
        budget::settle(texts.map_or(0, StringViewArray::total_bytes_len).saturating_mul(repeated))?;
        Ok(values)
    }
}

/// Fails if the texts of one row are longer together than all that may be made of it: what a function makes of them is about as long.
fn bounded_rows(arguments: &Arguments) -> std::result::Result<(), KernelError> {
    let texts: Vec<(&StringViewArray, bool)> =
        arguments.columns.iter().filter_map(|column| Some((column.values.as_string_view_opt()?, column.constant))).collect();
    let longest = |texts: &StringViewArray| texts.data_buffers().iter().map(|buffer| buffer.len()).max().unwrap_or(0);
    if texts.iter().map(|(texts, _)| longest(texts)).sum::<usize>() <= budget::EXPRESSION_BYTES_MAX {
        return Ok(());
    }
    let length = |(texts, constant): &(&StringViewArray, bool), row: usize| {
        let row = if *constant { 0 } else { row };
        if texts.is_valid(row) { texts.value(row).len() } else { 0 }
    };
    (0..arguments.rows).try_for_each(|row| budget::fits(texts.iter().map(|column| length(column, row)).sum(), 1))
}

impl ScalarUDFImpl for KernelUdf {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(arrow_type(self.returns))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let all_constant = !call.args.is_empty() && call.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if all_constant { 1 } else { call.number_rows };
        let columns = self.arguments.iter().zip(call.args).map(|(kind, argument)| column(*kind, argument)).collect::<Result<Vec<_>>>()?;
        let arguments = Arguments { rows, columns: &columns, returns: self.returns };
        let _scope = Scope::of_call(all_constant && call.number_rows == 1);
        // One value of a constant may yet be written out for each row.
        let repeated = if all_constant { call.number_rows.max(1) } else { 1 };
        let values = self.computed(&arguments, repeated).map_err(|error| DataFusionError::External(Box::new(error)))?;
        if all_constant { Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?)) } else { Ok(ColumnarValue::Array(values)) }
    }
}

fn column(kind: ScalarType, argument: ColumnarValue) -> Result<Column> {
    let constant = matches!(argument, ColumnarValue::Scalar(_));
    let values = argument.into_array(1)?;
    let wanted = arrow_type(kind);
    let values = if *values.data_type() == wanted { values } else { arrow::compute::cast(&values, &wanted)? };
    Ok(Column { kind, values, constant })
}
