//! A condition over many columns that plans hold as one call of the stored columns.
//!
//! A term of `search` asks every column of every table. The rounds of an optimizer visit, copy and compare each part of such a
//! condition and can do nothing with it, which takes longer than most answers. Packed, a column is one part instead of six.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

/// The condition `whole` as a call of `name` with the columns that it reads, then `needle`; as it is if it reads none.
///
/// Whoever narrows scans by conditions (`columns/words.rs`) knows what a row of such a call must hold: the needle, as the function
/// behind `any_` finds it, in one of the columns. So each part of the condition must read a column.
pub(super) fn packed(name: String, whole: Expr, needle: Expr) -> Result<Expr> {
    let mut columns: Vec<Column> = Vec::new();
    let condition = whole.clone().transform(|node| {
        let Expr::Column(column) = node else { return Ok(Transformed::no(node)) };
        let place = columns.iter().position(|known| *known == column).unwrap_or_else(|| {
            columns.push(column);
            columns.len() - 1
        });
        Ok(Transformed::yes(Expr::Column(Column::new_unqualified(place.to_string()))))
    })?;
    if columns.is_empty() {
        return Ok(whole);
    }
    let udf = PackedUdf {
        name,
        condition: Arc::new(condition.data),
        compiled: OnceLock::new(),
        signature: Signature::variadic_any(Volatility::Immutable),
    };
    let arguments = columns.into_iter().map(Expr::Column).chain([needle]).collect();
    Ok(ScalarUDF::from(udf).call(arguments))
}

/// A condition over the arguments of a call, which it calls by their places.
#[derive(Debug)]
struct PackedUdf {
    name: String,
    condition: Arc<Expr>,
    /// The condition as it runs, and the types of columns for which it was made.
    compiled: OnceLock<(Vec<DataType>, Arc<dyn PhysicalExpr>)>,
    signature: Signature,
}

impl PackedUdf {
    fn compile(&self, schema: &Arc<Schema>) -> Result<Arc<dyn PhysicalExpr>> {
        let types = || schema.fields().iter().map(|field| field.data_type().clone()).collect::<Vec<_>>();
        if let Some((made_for, compiled)) = self.compiled.get()
            && made_for.iter().eq(schema.fields().iter().map(|field| field.data_type()))
        {
            return Ok(Arc::clone(compiled));
        }
        let columns = DFSchema::try_from(Arc::clone(schema))?;
        let compiled = create_physical_expr(&self.condition, &columns, &ExecutionProps::new(), &PhysicalPlanningContext::default())?;
        // Calls over other types, as of a file written before a column was widened, compile theirs each time.
        self.compiled.get_or_init(|| (types(), Arc::clone(&compiled)));
        Ok(compiled)
    }
}

impl ScalarUDFImpl for PackedUdf {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = call.number_rows;
        let columns = call.args.len().saturating_sub(1);
        let fields =
            call.arg_fields.iter().take(columns).enumerate().map(|(place, field)| field.as_ref().clone().with_name(place.to_string()));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let values = call.args.into_iter().take(columns).map(|value| value.into_array(rows)).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let condition = self.compile(&schema)?;
        condition.evaluate(&RecordBatch::try_new_with_options(schema, values, &options)?)
    }
}

impl PartialEq for PackedUdf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && (Arc::ptr_eq(&self.condition, &other.condition) || self.condition == other.condition)
    }
}

impl Eq for PackedUdf {}

impl Hash for PackedUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The arguments are hashed beside it, and tell conditions apart well enough.
        self.name.hash(state);
    }
}
