//! Results as Kusto writes them: frames of version 2, tables of version 1.

use serde_json::{Value, json};

use crate::http::dialects::arm::time;
use crate::http::dialects::logs::size;
use crate::model::Time;
use crate::query::answer::{Column, Render, Table};
use crate::query::ask::{NamedTable, Results};

/// The frames of an answer, version 2.
pub(super) fn v2(results: Results, id: &str, defers_errors: bool, now: Time) -> Value {
    let activity = uuid::Uuid::new_v4().to_string();
    let cut = results.tables.iter().find_map(|result| result.table.cut.clone());
    let error = cut.as_deref().map(|cut| super::error::partial(cut, id, &activity, now));
    let count = results.tables.len();
    let properties: Vec<Value> = results.tables.iter().enumerate().map(|(place, result)| visualization(place + 1, result)).collect();
    let completion = completion(&results, error.is_some(), id, &activity, now);
    let mut frames = vec![
        json!({"FrameType": "DataSetHeader", "IsProgressive": false, "Version": "v2.0"}),
        frame(0, "@ExtendedProperties", "QueryProperties", &PROPERTIES, properties),
    ];
    for (place, result) in results.tables.into_iter().enumerate() {
        let name = name(&result, place);
        let columns: Vec<Value> = columns(&result.table.columns).collect();
        let broken = result.table.cut.is_some() && !defers_errors;
        let mut rows: Vec<Value> = result.table.rows.into_iter().map(Value::from).collect();
        rows.extend(error.clone().filter(|_| broken).map(|error| json!({"OneApiErrors": [error]})));
        frames.push(json!({
            "FrameType": "DataTable", "TableId": place + 1, "TableKind": "PrimaryResult", "TableName": name,
            "Columns": columns, "Rows": rows,
        }));
    }
    frames.push(frame(count + 1, "QueryCompletionInformation", "QueryCompletionInformation", &COMPLETION, completion));
    let mut end = json!({"FrameType": "DataSetCompletion", "HasErrors": error.is_some(), "Cancelled": false});
    if let Some(error) = error {
        end["OneApiErrors"] = json!([error]);
    }
    frames.push(end);
    Value::Array(frames)
}

const PROPERTIES: [(&str, &str); 3] = [("TableId", "int"), ("Key", "string"), ("Value", "dynamic")];
const COMPLETION: [(&str, &str); 12] = [
    ("Timestamp", "datetime"),
    ("ClientRequestId", "string"),
    ("ActivityId", "guid"),
    ("SubActivityId", "guid"),
    ("ParentActivityId", "guid"),
    ("Level", "int"),
    ("LevelName", "string"),
    ("StatusCode", "int"),
    ("StatusCodeName", "string"),
    ("EventType", "int"),
    ("EventTypeName", "string"),
    ("Payload", "string"),
];

fn frame(id: usize, name: &str, kind: &str, columns: &[(&str, &str)], rows: Vec<Value>) -> Value {
    let columns: Vec<Value> = columns.iter().map(|(name, kind)| json!({"ColumnName": name, "ColumnType": kind})).collect();
    json!({"FrameType": "DataTable", "TableId": id, "TableKind": kind, "TableName": name, "Columns": columns, "Rows": rows})
}

fn columns(columns: &[Column]) -> impl Iterator<Item = Value> + '_ {
    columns.iter().map(|column| json!({"ColumnName": column.name, "ColumnType": column.type_name}))
}

fn name(result: &NamedTable, place: usize) -> String {
    match &result.name {
        Some(name) => name.clone(),
        None if place == 0 => "PrimaryResult".to_owned(),
        None => format!("PrimaryResult_{place}"),
    }
}

/// How a client is to draw a result, as JSON text.
fn visualization(id: usize, result: &NamedTable) -> Value {
    let render = result.table.render.as_ref();
    let named = |name: &str| {
        let properties = render.map(|render| &render.properties)?;
        properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let flag = |name: &str| named(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let value = json!({
        "Visualization": render.map(|Render { chart, .. }| chart),
        "Title": named("title"), "XColumn": named("xcolumn"), "Series": named("series"), "YColumns": named("ycolumns"),
        "AnomalyColumns": named("anomalycolumns"), "XTitle": named("xtitle"), "YTitle": named("ytitle"), "XAxis": named("xaxis"),
        "YAxis": named("yaxis"), "Legend": named("legend"), "YSplit": named("ysplit"), "Accumulate": flag("accumulate"),
        "IsQuerySorted": false, "Kind": named("kind"), "Ymin": named("ymin").unwrap_or_else(|| "NaN".to_owned()),
        "Ymax": named("ymax").unwrap_or_else(|| "NaN".to_owned()), "Xmin": null, "Xmax": null,
    });
    json!([id, "Visualization", value.to_string()])
}

/// The rows of the table that says how a query ended; by the level clients know that it failed.
fn completion(results: &Results, cut: bool, id: &str, activity: &str, now: Time) -> Vec<Value> {
    let row = |level: u8, level_name: &str, status: i64, status_name: &str, event: u8, event_name: &str, payload: Value| {
        json!([time(now), id, activity, activity, activity, level, level_name, status, status_name, event, event_name, payload.to_string()])
    };
    let end = if cut {
        let text = "Query result set has exceeded the limits, so not all rows were returned (E_QUERY_RESULT_SET_TOO_LARGE)";
        let status = "Query result set too large (E_QUERY_RESULT_SET_TOO_LARGE). (-2133196797)";
        row(2, "Error", -2_133_196_797, status, 1, "QueryLimitsExceeded", json!({"Count": 1, "Text": text}))
    } else {
        row(4, "Info", 0, "S_OK (0)", 4, "QueryInfo", json!({"Count": 1, "Text": "Query completed successfully"}))
    };
    let sizes: Vec<Value> = results
        .tables
        .iter()
        .map(|result| json!({"table_row_count": result.table.rows.len(), "table_size": size(&result.table)}))
        .collect();
    let used = json!({"ExecutionTime": results.took.as_secs_f64(), "dataset_statistics": sizes});
    vec![end, row(6, "Stats", 0, "S_OK (0)", 0, "QueryResourceConsumption", used)]
}

/// The answer of a query, version 1: its tables, what a client is to draw, how it ended, and a table of contents.
pub(super) fn v1(results: Results, id: &str, now: Time) -> Value {
    let cut = results.tables.iter().any(|result| result.table.cut.is_some());
    let charts: Vec<Value> =
        results.tables.iter().enumerate().filter_map(|(place, result)| visualization(place, result).get(2).cloned()).collect();
    let activity = uuid::Uuid::new_v4().to_string();
    let names: Vec<String> = results.tables.iter().enumerate().map(|(place, result)| name(result, place)).collect();
    let mut tables: Vec<Value> =
        results.tables.into_iter().enumerate().map(|(place, result)| table(format!("Table_{place}"), result.table)).collect();
    let count = tables.len();
    let (level, level_name, status, text) = if cut {
        (2, "Error", -2_133_196_797_i64, "Query result set has exceeded the limits, so not all rows were returned")
    } else {
        (4, "Info", 0, "Query completed successfully")
    };
    tables.push(fixed(count, &[("Value", "string")], charts.into_iter().map(|chart| json!([chart])).collect()));
    tables.push(fixed(count + 1, &STATUS, vec![json!([time(now), level, level_name, status, text, 1, id, activity, activity])]));
    let mut contents: Vec<Value> =
        names.iter().enumerate().map(|(place, name)| json!([place, "QueryResult", name, place.to_string(), ""])).collect();
    contents.push(json!([count, "QueryProperties", "@ExtendedProperties", count.to_string(), ""]));
    contents.push(json!([count + 1, "QueryStatus", "QueryStatus", (count + 1).to_string(), ""]));
    tables.push(fixed(count + 2, &CONTENTS, contents));
    json!({ "Tables": tables })
}

const STATUS: [(&str, &str); 9] = [
    ("Timestamp", "datetime"),
    ("Severity", "int"),
    ("SeverityName", "string"),
    ("StatusCode", "int"),
    ("StatusDescription", "string"),
    ("Count", "int"),
    ("RequestId", "guid"),
    ("ActivityId", "guid"),
    ("SubActivityId", "guid"),
];
const CONTENTS: [(&str, &str); 5] =
    [("Ordinal", "long"), ("Kind", "string"), ("Name", "string"), ("Id", "string"), ("PrettyName", "string")];

fn fixed(place: usize, columns: &[(&str, &str)], rows: Vec<Value>) -> Value {
    let columns: Vec<Value> = columns.iter().map(|(name, kind)| column_v1(name, kind)).collect();
    json!({"TableName": format!("Table_{place}"), "Columns": columns, "Rows": rows})
}

/// The answer of a command: its tables and nothing else.
pub(super) fn tables(results: Results) -> Value {
    let tables = results.tables.into_iter().enumerate().map(|(place, result)| table(format!("Table_{place}"), result.table));
    json!({"Tables": tables.collect::<Vec<_>>()})
}

fn table(name: String, table: Table) -> Value {
    let columns: Vec<Value> = table.columns.iter().map(|column| column_v1(&column.name, &column.type_name)).collect();
    json!({"TableName": name, "Columns": columns, "Rows": table.rows})
}

fn column_v1(name: &str, kind: &str) -> Value {
    json!({"ColumnName": name, "DataType": data_type(kind), "ColumnType": kind})
}

/// The .NET type that version 1 names beside that of the language.
pub(in crate::http::dialects) fn data_type(kind: &str) -> &'static str {
    match kind {
        "bool" => "SByte",
        "datetime" => "DateTime",
        "dynamic" => "Object",
        "guid" => "Guid",
        "int" => "Int32",
        "long" => "Int64",
        "real" => "Double",
        "decimal" => "SqlDecimal",
        "timespan" => "TimeSpan",
        _ => "String",
    }
}
