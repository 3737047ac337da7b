//! The end of a table's past: rows of earlier days are gone.

use std::sync::Arc;

use serde::Deserialize;

use super::Resource;

/// A cut through a table. Rows that were there before it and are of an earlier day than it names are no longer part of the table;
/// rows without a time, and rows that come later, are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The table.
    pub table: Arc<str>,
    /// The first day that stays, `2024-01-31`.
    pub before: String,
}

/// What of a cut its journaled resource says.
#[derive(Deserialize)]
struct Said {
    before: String,
}

impl Cut {
    /// Kind of the resources that record cuts, by table.
    pub const KIND: &'static str = "retention_cut";

    /// The cut that a resource records; none if it records something else.
    pub fn of(resource: &Resource) -> Option<Self> {
        if &*resource.kind != Self::KIND || resource.deleted {
            return None;
        }
        let said = Said::deserialize(&*resource.value).ok()?;
        Some(Self { table: Arc::clone(&resource.id), before: said.before })
    }
}
