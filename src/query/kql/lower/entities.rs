//! Whether rows name an entity: by the stored list of hashes where that is what is asked, so that the index of each file narrows the rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray};
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::functions_nested::array_has::array_has_any_udf;
use datafusion::logical_expr::{Expr, lit};

use super::super::functions::{Arguments, KernelError};
use super::super::tree::ScalarType;
use super::error::LowerError;
use super::expressions::kernel;
use super::{constant::value_of, convert};

/// Whether the list of a row holds any of the hashes of an entity.
pub(super) fn named(rows: Expr, entity: Expr) -> Result<Expr, LowerError> {
    let Some(list) = convert::stored_list(&rows) else {
        return Ok(kernel("has_entity", shared, vec![(rows, ScalarType::Dynamic), (entity, ScalarType::Dynamic)], ScalarType::Bool));
    };
    let hashes = match value_of(&entity)? {
        ScalarValue::Utf8View(Some(text)) => hashes(&text),
        _ => Vec::new(),
    };
    if hashes.is_empty() {
        return Ok(lit(false));
    }
    let wanted = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(hashes.into_iter().map(Some))]);
    Ok(array_has_any_udf().call(vec![list.clone(), Expr::Literal(ScalarValue::List(Arc::new(wanted)), None)]).is_true())
}

/// The whole numbers of a JSON array; what is none is left out.
fn hashes(text: &str) -> Vec<i64> {
    match serde_json::from_str::<Vec<serde_json::Value>>(text) {
        Ok(items) => items.iter().filter_map(serde_json::Value::as_i64).collect(),
        Err(_) => Vec::new(),
    }
}

fn shared(call: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(call.bools(|row| {
        let wanted = hashes(call.json(1, row).unwrap_or("[]"));
        let found = hashes(call.json(0, row).unwrap_or("[]"));
        Some(found.iter().any(|hash| wanted.contains(hash)))
    }))
}
