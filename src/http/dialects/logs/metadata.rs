//! What a workspace holds, for clients that complete names: its tables and their columns.

use serde_json::{Value, json};

use super::super::{Call, Reply};
use crate::model::Fault;
use crate::query::session::{TableRequest, TablesRequest};
use crate::query::{Context, Question};

/// Lists the tables of the workspace with their columns.
pub(super) fn metadata(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let mut tables: Vec<Value> = Vec::new();
    for row in (TablesRequest { empty: false }).answer(context)?.value {
        let table = TableRequest { name: row.name }.answer(context)?;
        let columns: Vec<Value> = table.columns.iter().map(|column| json!({"name": column.name, "type": column.type_name})).collect();
        let time = table.columns.iter().find(|column| column.name == "TimeGenerated").map(|column| column.name.as_str());
        tables.push(json!({"id": format!("t/{}", table.name), "name": table.name, "timespanColumn": time, "columns": columns}));
    }
    let name = call.parameter("ws");
    let related: Vec<&Value> = tables.iter().filter_map(|table| table.get("id")).collect();
    let workspace = json!({"id": name, "name": name, "region": "local", "related": {"tables": related}});
    Ok(Reply::ok(json!({"tables": tables, "workspaces": [workspace], "functions": [], "tableGroups": [], "applications": []})))
}
