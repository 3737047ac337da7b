//! Raw events: a row for a table, with the entities that it names.

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
    pub columns: Vec<(Arc<str>, Value)>,
    /// The entities that the declared rules of the table find in the row.
    pub entities: Vec<Entity>,
    /// The relations that the declared rules of the table find in the row, by places in `entities`.
    pub links: Vec<Link>,
}
