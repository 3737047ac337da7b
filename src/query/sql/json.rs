//! `json_text(column, 'path')`: the text of a member of a dynamic column.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use serde_json::Value;

/// The function, to be registered with a session.
pub(super) fn json_text() -> ScalarUDF {
    ScalarUDF::from(JsonText { signature: Signature::any(2, Volatility::Immutable) })
}

/// Takes JSON text and a path of member names and places joined by dots (`0.userPrincipalName`); gives text as it is,
/// other values as JSON, nothing for what is not there.
#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonText {
    signature: Signature,
}

impl ScalarUDFImpl for JsonText {
    fn name(&self) -> &str {
        "json_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let [json, path] = args.args.as_slice() else { return exec_err!("json_text takes a column and a path") };
        let texts = |value: &ColumnarValue| -> Result<ArrayRef> { Ok(cast(&value.clone().into_array(rows)?, &DataType::Utf8View)?) };
        let (json, path) = (texts(json)?, texts(path)?);
        let (json, path) = (json.as_string_view(), path.as_string_view());
        let mut found = StringViewBuilder::with_capacity(rows);
        for row in 0..rows {
            let text = if json.is_null(row) || path.is_null(row) { None } else { member(json.value(row), path.value(row)) };
            found.append_option(text);
        }
        Ok(ColumnarValue::Array(Arc::new(found.finish())))
    }
}

fn member(json: &str, path: &str) -> Option<String> {
    let mut value: &Value = &serde_json::from_str(json).ok()?;
    for step in path.split('.') {
        value = match value {
            Value::Object(members) => members.get(step)?,
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_a_path() {
        let json = r#"{"user":{"name":"ana","ids":[1,{"x":null}]}}"#;
        let cases = [
            ("user.name", Some("ana")),
            ("user.ids.0", Some("1")),
            ("user.ids", Some(r#"[1,{"x":null}]"#)),
            ("user.ids.1.x", None),
            ("user.none", None),
        ];
        for (path, expected) in cases {
            assert_eq!(member(json, path).as_deref(), expected, "{path}");
        }
        assert_eq!(member("no json", "a"), None);
    }
}
