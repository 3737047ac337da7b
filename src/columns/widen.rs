//! Reads files that were written before a column's type became wider, until the writer has written them anew.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;

use super::convert::widen;
use super::types::{ColumnType, TableSchema, arrow_type, field, kind_of_field};

/// The fields of `present` with the types that the files have.
pub(super) fn old_schema(present: &SchemaRef, files: &TableSchema) -> SchemaRef {
    let old = |now: &Arc<Field>| match files.find(now.name()) {
        Some(at) => Arc::new(field(&files.columns[at].name, files.columns[at].kind)),
        None => Arc::clone(now),
    };
    Arc::new(Schema::new(present.fields().iter().map(old).collect::<Vec<_>>()))
}

/// Puts the conversion of every column whose type changed above a scan of old files.
pub(super) fn plan(scan: Arc<dyn ExecutionPlan>, present: &SchemaRef) -> Result<Arc<dyn ExecutionPlan>> {
    let mut columns: Vec<(Arc<dyn PhysicalExpr>, String)> = Vec::new();
    for (place, old) in scan.schema().fields().iter().enumerate() {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(old.name(), place));
        let now = present.field_with_name(old.name())?;
        let (from, to) = (kind_of_field(old), kind_of_field(now));
        let expression = if from == to {
            column
        } else {
            let function = Arc::new(ScalarUDF::from(Widen { from, to, signature: Signature::any(1, Volatility::Immutable) }));
            let config = Arc::new(datafusion::config::ConfigOptions::default());
            Arc::new(ScalarFunctionExpr::new("widen", function, vec![column], Arc::new(now.clone()), config))
        };
        columns.push((expression, old.name().clone()));
    }
    Ok(Arc::new(ProjectionExec::try_new(columns, scan)?))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Widen {
    from: ColumnType,
    to: ColumnType,
    signature: Signature,
}

impl ScalarUDFImpl for Widen {
    fn name(&self) -> &str {
        "widen"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(arrow_type(self.to))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let Some(value) = args.args.into_iter().next() else { return exec_err!("expected one column to widen, found none") };
        Ok(ColumnarValue::Array(widen(&value.into_array(rows)?, self.from, self.to)))
    }
}
