//! Questions about tables: which there are, and their columns.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::answer::Column;
use super::super::{Context, Question};
use super::live;
use crate::catalog::tables;
use crate::model::{Fault, FaultClass};

/// Lists the tables.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TablesRequest {
    /// Whether to list tables without rows too.
    pub empty: bool,
}

/// Which table.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Path)]
pub struct TableRequest {
    /// Name, in any case.
    pub name: String,
}

/// A table in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TableRow {
    /// Name.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Parquet files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// The tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tables {
    /// The tables, by name.
    pub value: Vec<TableRow>,
    /// Always true: the list is whole.
    pub complete: bool,
}

/// A table with its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TableDetail {
    /// Name.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Columns, in order.
    pub columns: Vec<Column>,
}

impl Question for TablesRequest {
    type Answer = Tables;
    const NAME: &'static str = "tables";

    fn answer(self, context: &Context) -> Result<Tables, Fault> {
        let stored = context.snapshot.columns.tables().into_iter();
        let mut value: Vec<TableRow> = stored
            .map(|table| TableRow { name: table.name.to_string(), rows: table.rows, files: table.files as u64, bytes: table.bytes })
            .collect();
        let made = live::counts(context).into_iter();
        value.extend(made.map(|(name, rows)| TableRow { name: name.to_owned(), rows, files: 0, bytes: 0 }));
        if self.empty {
            let known: Vec<String> = value.iter().map(|table| table.name.clone()).collect();
            let empty = tables::all().iter().filter(|table| !known.iter().any(|name| *name == *table.name));
            value.extend(empty.map(|table| TableRow { name: table.name.to_string(), rows: 0, files: 0, bytes: 0 }));
        }
        value.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Tables { value, complete: true })
    }
}

impl Question for TableRequest {
    type Answer = TableDetail;
    const NAME: &'static str = "table";

    fn answer(self, context: &Context) -> Result<TableDetail, Fault> {
        let columns = &context.snapshot.columns;
        let mut live = live::tables(context).into_iter();
        let live = live.find(|(name, _)| name.eq_ignore_ascii_case(&self.name));
        let stored = columns.tables().into_iter().find(|table| table.name.eq_ignore_ascii_case(&self.name));
        let (name, rows, provider) = match (live, stored) {
            (Some((name, provider)), _) => {
                let rows = live::counts(context).into_iter().find(|(live, _)| *live == name).map_or(0, |(_, rows)| rows);
                (name, rows, Some(provider))
            }
            (None, Some(table)) => (table.name.to_string(), table.rows, columns.provider(&table.name)),
            (None, None) => (self.name.clone(), 0, columns.provider(&self.name)),
        };
        let provider = provider.ok_or_else(|| {
            Fault::new(FaultClass::NotFound, "table_not_found", format!("expected the name of a table, found `{name}`"))
                .with_hint("`clew tables` lists them")
        })?;
        Ok(TableDetail { name, rows, columns: super::super::cells::columns(&provider.schema()) })
    }
}
