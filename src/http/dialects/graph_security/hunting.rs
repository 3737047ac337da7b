//! Hunting queries: KQL in, a schema and one object for each row out.

use serde_json::{Map, Value, json};

use crate::http::dialects::kusto::data_type;
use crate::http::dialects::logs::{BYTES_MAX, TIME_MAX, timespan};
use crate::http::dialects::{Call, Members, Reply};
use crate::model::{Fault, FaultClass, Window};
use crate::query::ask::ResultsRequest;
use crate::query::session::Limits;
use crate::query::{Context, Question};

/// Rows of an answer at the most, as the service has it.
const ROWS_MAX: usize = 100_000;

pub(super) fn run(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let body = Members::of(&call.json()?);
    let text = body.text("query").unwrap_or_default();
    let window = body.text("timespan").map_or(Ok(Window::ALL), |span| timespan::read(&span, context.now))?;
    let limits = Limits { rows_max: ROWS_MAX, bytes_max: BYTES_MAX, time_max: TIME_MAX, ..Limits::default() };
    let results = ResultsRequest { text, window, limits, timestamp: true, ..ResultsRequest::default() }.answer(context)?;
    let Some(table) = results.tables.into_iter().next().map(|result| result.table) else { return Ok(Reply::ok(json!({}))) };
    if let Some(cut) = table.cut {
        let message = format!("expected an answer of at most {ROWS_MAX} rows and {BYTES_MAX} bytes, found more (`{cut}`)");
        return Err(Fault::new(FaultClass::Limit, "answer_too_large", message).with_hint("add `| take`, a filter, or summarize"));
    }
    let schema: Vec<Value> =
        table.columns.iter().map(|column| json!({"name": column.name, "type": type_name(&column.type_name)})).collect();
    let object = |row: Vec<Value>| -> Value {
        let cells = table.columns.iter().zip(row);
        let cell = |value: Value| match value {
            Value::Array(_) | Value::Object(_) => Value::from(value.to_string()),
            plain => plain,
        };
        Value::Object(cells.map(|(column, value)| (column.name.clone(), cell(value))).collect::<Map<_, _>>())
    };
    let rows: Vec<Value> = table.rows.into_iter().map(object).collect();
    Ok(Reply::ok(json!({"schema": schema, "results": rows})))
}

/// The .NET name of a type.
fn type_name(kind: &str) -> &'static str {
    match kind {
        "bool" => "Boolean",
        "decimal" => "Decimal",
        other => data_type(other),
    }
}
