//! Values that are bound to `$1` or `$name`; they never become part of the text.

use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, ParamValues, Result, ScalarValue, plan_err};
use datafusion::logical_expr::LogicalPlan;
use serde_json::Value;

use crate::model::Object;

/// The parameters of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Parameters {
    /// None.
    #[default]
    None,
    /// For `$1`, `$2` ...
    Listed(Vec<Value>),
    /// For `$name`.
    Named(Object),
}

impl Parameters {
    /// Puts the values into a plan. Each placeholder must have a value, and each value a placeholder of its name.
    pub(super) fn bind(self, plan: LogicalPlan) -> Result<LogicalPlan> {
        match self {
            // Placeholders without a value are found when the plan is made physical.
            Self::None => Ok(plan),
            Self::Listed(values) => {
                let values = values.iter().map(scalar).collect::<Result<Vec<ScalarValue>>>()?;
                plan.with_param_values(ParamValues::from(values))
            }
            Self::Named(values) => {
                let known = plan.get_parameter_names()?;
                let is_named = |name: &str| known.contains(&format!("${}", name.trim_start_matches('$')));
                if let Some(name) = values.keys().find(|name| !is_named(name)) {
                    return plan_err!(
                        "Placeholder `${}` is not named by the query, but a value is given for it",
                        name.trim_start_matches('$')
                    );
                }
                let named = |(name, value): (&String, &Value)| Ok((name.trim_start_matches('$').to_owned(), scalar(value)?));
                let values = values.iter().map(named).collect::<Result<Vec<(String, ScalarValue)>>>()?;
                plan.with_param_values(ParamValues::from(values))
            }
        }
    }
}

fn scalar(value: &Value) -> Result<ScalarValue, DataFusionError> {
    Ok(match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(b) => ScalarValue::from(*b),
        Value::String(text) => ScalarValue::from(text.as_str()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(n), _) => ScalarValue::from(n),
            (None, Some(n)) => ScalarValue::from(n),
            _ => return plan_err!("Placeholder value `{number}` is out of range"),
        },
        Value::Array(items) => list(items)?,
        Value::Object(_) => return plan_err!("Placeholder value must be text, a number, a bool, null or a list of them"),
    })
}

/// A list of one type: that of its first item, whole numbers if it is empty.
fn list(items: &[Value]) -> Result<ScalarValue, DataFusionError> {
    let items = items.iter().map(scalar).collect::<Result<Vec<ScalarValue>>>()?;
    let kind = items.first().map_or(DataType::Int64, ScalarValue::data_type);
    if let Some(other) = items.iter().find(|item| item.data_type() != kind) {
        return plan_err!("Placeholder list must hold values of one type, found `{other}` among values of type {kind}");
    }
    Ok(ScalarValue::List(ScalarValue::new_list_nullable(&items, &kind)))
}
