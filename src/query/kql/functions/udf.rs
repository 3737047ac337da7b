//! A function of the library as DataFusion calls it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::{Arguments, Column, Kernel};

/// The function for arguments of the given types, as a plan calls it.
pub fn scalar_udf(name: &'static str, kernel: Kernel, arguments: Vec<ScalarType>, returns: ScalarType) -> Arc<ScalarUDF> {
    // What takes nothing and is no constant of its own is drawn anew for each row.
    let (arity, volatility) = (arguments.len(), if arguments.is_empty() { Volatility::Volatile } else { Volatility::Immutable });
    let signature = if arity == 0 { Signature::nullary(volatility) } else { Signature::any(arity, volatility) };
    Arc::new(ScalarUDF::from(KernelUdf { name, kernel, arguments, returns, signature }))
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
        let values = (self.kernel)(&arguments).map_err(|error| DataFusionError::External(Box::new(error)))?;
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
