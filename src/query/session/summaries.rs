//! The summaries that notebooks leave behind, as the table `DynamicSummary`: a row for each summary and one for each of its items.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::{MemTable, TableType};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use serde_json::{Map, Value};

use super::super::Context;
use super::live::{field, text, times};
use crate::columns::ColumnType;
use crate::model::{Stored, Time};

/// Kind of the resources that hold summaries.
pub const SUMMARY: &str = "dynamic_summary";
/// The table.
const NAME: &str = "DynamicSummary";

/// A column and the member that it shows; what has none is said of the summary as a whole.
type Shown = (&'static str, ColumnType, &'static str);

const COLUMNS: [Shown; 26] = [
    ("TenantId", ColumnType::String, "tenantId"),
    ("TimeGenerated", ColumnType::DateTime, ""),
    ("AzureTenantId", ColumnType::String, "azureTenantId"),
    ("SummaryId", ColumnType::String, ""),
    ("SummaryItemId", ColumnType::String, "summaryItemId"),
    ("SummaryName", ColumnType::String, "summaryName"),
    ("SummaryDescription", ColumnType::String, "summaryDescription"),
    ("SummaryDataType", ColumnType::String, ""),
    ("SummaryStatus", ColumnType::String, ""),
    ("RelationName", ColumnType::String, "relationName"),
    ("RelationId", ColumnType::String, "relationId"),
    ("SearchKey", ColumnType::String, "searchKey"),
    ("Tactics", ColumnType::Dynamic, "tactics"),
    ("Techniques", ColumnType::Dynamic, "techniques"),
    ("SourceInfo", ColumnType::Dynamic, "sourceInfo"),
    ("Query", ColumnType::String, "query"),
    ("QueryStartDate", ColumnType::DateTime, "queryStartDate"),
    ("QueryEndDate", ColumnType::DateTime, "queryEndDate"),
    ("EventTimeUTC", ColumnType::DateTime, "eventTimeUTC"),
    ("ObservableType", ColumnType::String, "observableType"),
    ("ObservableValue", ColumnType::String, "observableValue"),
    ("PackedContent", ColumnType::Dynamic, "packedContent"),
    ("CreatedBy", ColumnType::String, ""),
    ("CreatedTimeUTC", ColumnType::DateTime, ""),
    ("UpdatedBy", ColumnType::String, ""),
    ("UpdatedTimeUTC", ColumnType::DateTime, ""),
];

/// A summary, or an item of one.
struct Row<'a> {
    stored: &'a Stored,
    members: Map<String, Value>,
    is_item: bool,
}

impl Row<'_> {
    /// A cell as text; that of a dynamic column is JSON.
    fn cell(&self, (column, kind, member): &Shown) -> Option<String> {
        let resource = &self.stored.resource;
        Some(match *column {
            "SummaryId" => resource.id.to_string(),
            "SummaryDataType" => if self.is_item { "SummaryItem" } else { "Summary" }.to_owned(),
            "SummaryStatus" => return (!self.is_item).then(|| "Active".to_owned()),
            "CreatedBy" => resource.created_by.to_string(),
            "UpdatedBy" => resource.modified_by.to_string(),
            "CreatedTimeUTC" => resource.created.to_string(),
            "TimeGenerated" | "UpdatedTimeUTC" => resource.modified.to_string(),
            _ => match self.members.get(*member)? {
                Value::Null => return None,
                value if *kind == ColumnType::Dynamic => value.to_string(),
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

/// The table; its rows are made when they are read.
#[derive(Debug)]
struct Summaries {
    stored: Vec<Stored>,
    schema: SchemaRef,
}

impl Summaries {
    /// Those that a context shows; none where nobody kept one, or where a table of the name was taken in.
    fn of(context: &Context) -> Option<Self> {
        let snapshot = &context.snapshot;
        let stored = snapshot.resources(SUMMARY).ok().filter(|stored| !stored.is_empty())?;
        let fields: Vec<_> = COLUMNS.iter().map(|(name, kind, _)| field(name, *kind)).collect();
        snapshot.columns.provider(NAME).is_none().then(|| Self { stored, schema: Arc::new(Schema::new(fields)) })
    }

    fn batch(&self) -> Result<RecordBatch> {
        let rows = rows(&self.stored);
        let array = |column: &Shown| -> ArrayRef {
            let cells = rows.iter().map(|row| row.cell(column));
            match column.1 {
                ColumnType::DateTime => times(cells.map(|cell| Time::parse(&cell?).ok())),
                _ => text(cells),
            }
        };
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), COLUMNS.iter().map(array).collect())?)
    }
}

#[async_trait]
impl TableProvider for Summaries {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        MemTable::try_new(Arc::clone(&self.schema), vec![vec![self.batch()?]])?.scan(state, projection, filters, limit).await
    }
}

/// The table under its name, if there is one.
pub(super) fn table(context: &Context) -> Option<(String, Arc<dyn TableProvider>)> {
    Summaries::of(context).map(|summaries| (NAME.to_owned(), Arc::new(summaries) as Arc<dyn TableProvider>))
}

/// Its rows.
pub(super) fn count(context: &Context) -> Option<(&'static str, u64)> {
    Summaries::of(context).map(|summaries| (NAME, rows(&summaries.stored).len() as u64))
}
