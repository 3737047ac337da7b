//! The summaries that notebooks leave behind, as the table `DynamicSummary`: a row for each summary and one for each of its items.

use arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result};
use serde_json::{Map, Value};

use super::super::Snapshot;
use super::live::{Live, text, times};
use crate::columns::ColumnType;
use crate::model::{Stored, Time};

/// Kind of the resources that hold summaries.
pub const SUMMARY: &str = "dynamic_summary";
/// The table.
const NAME: &str = "DynamicSummary";

/// Each shows the member of its name, its first letter small; a few are said of the summary as a whole.
const COLUMNS: [(&str, ColumnType); 26] = [
    ("TenantId", ColumnType::String),
    ("TimeGenerated", ColumnType::DateTime),
    ("AzureTenantId", ColumnType::String),
    ("SummaryId", ColumnType::String),
    ("SummaryItemId", ColumnType::String),
    ("SummaryName", ColumnType::String),
    ("SummaryDescription", ColumnType::String),
    ("SummaryDataType", ColumnType::String),
    ("SummaryStatus", ColumnType::String),
    ("RelationName", ColumnType::String),
    ("RelationId", ColumnType::String),
    ("SearchKey", ColumnType::String),
    ("Tactics", ColumnType::Dynamic),
    ("Techniques", ColumnType::Dynamic),
    ("SourceInfo", ColumnType::Dynamic),
    ("Query", ColumnType::String),
    ("QueryStartDate", ColumnType::DateTime),
    ("QueryEndDate", ColumnType::DateTime),
    ("EventTimeUTC", ColumnType::DateTime),
    ("ObservableType", ColumnType::String),
    ("ObservableValue", ColumnType::String),
    ("PackedContent", ColumnType::Dynamic),
    ("CreatedBy", ColumnType::String),
    ("CreatedTimeUTC", ColumnType::DateTime),
    ("UpdatedBy", ColumnType::String),
    ("UpdatedTimeUTC", ColumnType::DateTime),
];

/// A summary, or an item of one.
struct Row<'a> {
    stored: &'a Stored,
    members: Map<String, Value>,
    is_item: bool,
}

impl Row<'_> {
    /// A cell as text; that of a dynamic column is JSON.
    fn cell(&self, column: &str, kind: ColumnType) -> Option<String> {
        let resource = &self.stored.resource;
        Some(match column {
            "SummaryId" => resource.id.to_string(),
            "SummaryDataType" => if self.is_item { "SummaryItem" } else { "Summary" }.to_owned(),
            "SummaryStatus" => return (!self.is_item).then(|| "Active".to_owned()),
            "CreatedBy" => resource.created_by.to_string(),
            "UpdatedBy" => resource.modified_by.to_string(),
            "CreatedTimeUTC" => resource.created.to_string(),
            "TimeGenerated" | "UpdatedTimeUTC" => resource.modified.to_string(),
            _ => match self.members.get(&format!("{}{}", column[..1].to_ascii_lowercase(), &column[1..]))? {
                Value::Null => return None,
                value if kind == ColumnType::Dynamic => value.to_string(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
        })
    }
}

/// The rows of some summaries.
fn rows(stored: &[Stored]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for stored in stored {
        let members = stored.resource.value.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        // Clients write the items as a text of JSON.
        let items = match members.get("rawContent") {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            other => other.cloned().unwrap_or_default(),
        };
        rows.push(Row { stored, members, is_item: false });
        let items = if let Value::Array(items) = items { items } else { Vec::new() };
        let objects = items.into_iter().filter_map(|item| if let Value::Object(members) = item { Some(members) } else { None });
        rows.extend(objects.map(|members| Row { stored, members, is_item: true }));
    }
    rows
}

/// The table, where somebody kept a summary and no table of the name was taken in.
pub(super) const TABLE: Live = Live {
    name: NAME,
    columns: &COLUMNS,
    is_there: |snapshot| snapshot.records.any_resource(SUMMARY, snapshot.seq).unwrap_or(false) && snapshot.columns.provider(NAME).is_none(),
    rows: |snapshot| snapshot.resources(SUMMARY).map_or(0, |stored| rows(&stored).len() as u64),
    read: |snapshot| Box::new(std::iter::once_with(move || arrays(&snapshot))),
};

fn arrays(snapshot: &Snapshot) -> Result<Vec<ArrayRef>> {
    let stored = snapshot.resources(SUMMARY).map_err(|fault| DataFusionError::External(fault.message.into()))?;
    let rows = rows(&stored);
    let array = |(column, kind): &(&str, ColumnType)| -> ArrayRef {
        let cells = rows.iter().map(|row| row.cell(column, *kind));
        match kind {
            ColumnType::DateTime => times(cells.map(|cell| Time::parse(&cell?).ok())),
            _ => text(cells),
        }
    };
    Ok(COLUMNS.iter().map(array).collect())
}
