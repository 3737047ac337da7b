//! Results of a query in the form of Log Analytics.

use serde_json::{Map, Value, json};

use super::{BYTES_MAX, ROWS_MAX};
use crate::query::answer::{Render, Table};
use crate::query::ask::Results;

/// Writes the results of a query, with statistics and the wish for a chart if they are asked for.
pub(super) fn write(results: Results, statistics: bool, render: bool) -> Value {
    let cut = results.tables.iter().find_map(|result| result.table.cut.clone());
    let mut answer = Map::new();
    if statistics {
        let sizes = results.tables.iter().map(|result| json!({"tableRowCount": result.table.rows.len(), "tableSize": size(&result.table)}));
        let query = json!({"executionTime": results.took.as_secs_f64(), "datasetStatistics": sizes.collect::<Vec<_>>()});
        answer.insert("statistics".to_owned(), json!({ "query": query }));
    }
    if render {
        let asked = results.tables.iter().find_map(|result| result.table.render.clone());
        answer.insert("render".to_owned(), chart(asked));
    }
    let tables = results.tables.into_iter().enumerate().map(|(place, result)| {
        let name = result.name.unwrap_or_else(|| if place == 0 { "PrimaryResult".to_owned() } else { format!("Table_{place}") });
        table(name, result.table)
    });
    answer.insert("tables".to_owned(), tables.collect());
    if let Some(cut) = cut {
        answer.insert("error".to_owned(), partial(&cut));
    }
    Value::Object(answer)
}

/// One table; cells that are `dynamic` become JSON text.
pub(super) fn table(name: String, table: Table) -> Value {
    let dynamic: Vec<bool> = table.columns.iter().map(|column| column.type_name == "dynamic").collect();
    let columns: Vec<Value> = table.columns.iter().map(|column| json!({"name": column.name, "type": column.type_name})).collect();
    let mut rows = table.rows;
    for row in &mut rows {
        for (cell, _) in row.iter_mut().zip(&dynamic).filter(|(_, dynamic)| **dynamic) {
            match cell {
                Value::Null | Value::String(_) => {}
                _ => *cell = Value::String(cell.to_string()),
            }
        }
    }
    json!({"name": name, "columns": columns, "rows": rows})
}

/// Bytes of the cells, about.
pub(in crate::http::dialects) fn size(table: &Table) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Number(_) => 8,
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(of).sum(),
            Value::Object(members) => members.iter().map(|(name, value)| name.len() + of(value)).sum(),
        }
    }
    table.rows.iter().flatten().map(of).sum()
}

/// How the rows are to be drawn; a query that says nothing has no visualization.
fn chart(render: Option<Render>) -> Value {
    let Some(render) = render else { return json!({"visualization": null}) };
    let named = |name: &str| render.properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    let list = |name: &str| named(name).map(|text| text.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>());
    json!({
        "visualization": render.chart,
        "title": named("title"),
        "accumulate": named("accumulate").is_some_and(|text| text.eq_ignore_ascii_case("true")),
        "isQuerySorted": false,
        "kind": named("kind"),
        "annotation": "",
        "by": null,
        "xColumn": named("xcolumn"),
        "yColumns": list("ycolumns"),
        "series": list("series"),
        "xTitle": named("xtitle"),
        "yTitle": named("ytitle"),
        "legend": named("legend"),
        "ySplit": named("ysplit"),
    })
}

/// What an answer carries that a limit cut.
fn partial(cut: &str) -> Value {
    let bound = if cut == "rows_max" { format!("{ROWS_MAX} rows") } else { format!("{BYTES_MAX} bytes") };
    let message = format!("the results exceed the limit of {bound} (`{cut}`), so not all rows were returned");
    json!({
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [{
            "code": "EngineError",
            "message": message,
            "innererror": {"code": "-2133196797", "message": message, "severity": 2, "severityName": "Error"},
        }],
    })
}
