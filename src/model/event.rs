//! Raw events: a row for a table, with the entities that it names.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

use super::{Entity, Link, Time};

/// One row of a raw-event table.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Name of the table (`SigninLogs`).
    pub table: Arc<str>,
    /// `TimeGenerated` of the row; absent where the source has no usable time.
    pub time: Option<Time>,
    /// The row's cells under the table's column names, in the order of the document; absent cells are left out.
    pub columns: Vec<(ColumnName, Value)>,
    /// The entities that the declared rules of the table find in the row.
    pub entities: Vec<Arc<Entity>>,
    /// The relations that the declared rules of the table find in the row, by places in `entities`.
    pub links: Vec<Link>,
}

/// The name of a column as rows bear it, without a copy.
#[derive(Clone, Debug, Eq)]
pub enum ColumnName {
    /// One of the catalog. Nothing counts those who bear it: threads that read and drop rows of one table would wait for each other.
    Known(&'static str),
    /// One that was met in the data.
    Met(Arc<str>),
}

impl Deref for ColumnName {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Met(name) => name,
        }
    }
}

impl PartialEq for ColumnName {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<&'static str> for ColumnName {
    fn from(name: &'static str) -> Self {
        Self::Known(name)
    }
}

impl From<String> for ColumnName {
    fn from(name: String) -> Self {
        Self::Met(name.into())
    }
}
