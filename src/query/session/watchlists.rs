//! The items of watchlists as tables: what `_GetWatchlist('alias')` gives.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;

use super::super::Context;
use super::live::field;
use crate::columns::ColumnType;
use crate::model::{Fault, Time, Watchlist, WatchlistItem};

/// Columns that every list has, before its own.
const OWN: [(&str, ColumnType); 3] =
    [("_DTItemId", ColumnType::String), ("LastUpdatedTimeUTC", ColumnType::DateTime), ("SearchKey", ColumnType::String)];

/// The watchlists of a context.
#[derive(Clone)]
pub struct Watchlists {
    context: Context,
    /// Whether a list that nobody has is an empty one.
    lenient: bool,
}

impl std::fmt::Debug for Watchlists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watchlists").finish_non_exhaustive()
    }
}

impl Watchlists {
    /// Those that a context shows.
    pub(super) fn of(context: &Context) -> Self {
        Self { context: context.clone(), lenient: false }
    }

    /// The same, where a list that nobody has is an empty one, as it is in the services that others' queries were written for.
    pub(in super::super) fn lenient(self) -> Self {
        Self { lenient: true, ..self }
    }

    /// The list of an alias; in any case where none has it exactly.
    fn find(&self, alias: &str) -> Result<Option<(String, Watchlist)>, Fault> {
        let snapshot = &self.context.snapshot;
        let stored = match snapshot.resource(Watchlist::KIND, alias)? {
            Some(stored) => Some(stored),
            None => snapshot.resources(Watchlist::KIND)?.into_iter().find(|list| list.resource.id.eq_ignore_ascii_case(alias)),
        };
        let read = |stored: crate::model::Stored| {
            let list = serde_json::from_value((*stored.resource.value).clone()).ok()?;
            Some((stored.resource.id.to_string(), list))
        };
        Ok(stored.and_then(read).or_else(|| self.lenient.then(|| (alias.to_owned(), Watchlist::default()))))
    }

    /// The columns of a list: what every list has, then its own; all but the time are texts.
    pub(in super::super) fn columns(&self, alias: &str) -> Option<Vec<(String, ColumnType)>> {
        match self.find(alias) {
            Ok(found) => found.map(|(_, list)| columns(&list)),
            Err(fault) => {
                tracing::error!(code = fault.code, message = %fault.message, "a watchlist cannot be read");
                None
            }
        }
    }

    /// The items of a list as a table.
    pub(in super::super) fn table(&self, alias: &str) -> Result<Option<Arc<dyn TableProvider>>, Fault> {
        let Some((alias, list)) = self.find(alias)? else { return Ok(None) };
        let snapshot = &self.context.snapshot;
        let stored = snapshot.records.resources_under(WatchlistItem::KIND, &format!("{alias}/"), snapshot.seq)?;
        let ids = stored.iter().map(|stored| stored.resource.id.split_once('/').map(|(_, item)| item.to_owned()));
        let times = stored.iter().map(|stored| Some(Time::micros(stored.resource.modified)));
        let items: Vec<WatchlistItem> =
            stored.iter().map(|stored| serde_json::from_value((*stored.resource.value).clone()).unwrap_or_default()).collect();
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(ids.collect::<StringViewArray>()),
            Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
            Arc::new(items.iter().map(|item| Some(item.key.as_str())).collect::<StringViewArray>()),
        ];
        let columns = columns(&list);
        for (name, _) in &columns[OWN.len()..] {
            let cells = items.iter().map(|item| item.fields.get(name).and_then(serde_json::Value::as_str));
            arrays.push(Arc::new(cells.collect::<StringViewArray>()));
        }
        table(&columns, arrays).map(Some)
    }
}

fn columns(list: &Watchlist) -> Vec<(String, ColumnType)> {
    let own = OWN.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
    let free = |name: &&String| !OWN.iter().any(|(own, _)| own == name);
    own.chain(list.columns.iter().filter(free).map(|name| (name.clone(), ColumnType::String))).collect()
}

fn table(columns: &[(String, ColumnType)], arrays: Vec<ArrayRef>) -> Result<Arc<dyn TableProvider>, Fault> {
    let failed = |error: &dyn std::fmt::Display| {
        let message = format!("the items of a watchlist do not fit its columns: {error}");
        Fault::new(crate::model::FaultClass::Internal, "watchlist_failed", message)
    };
    let schema = Arc::new(Schema::new(columns.iter().map(|(name, kind)| field(name, *kind)).collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(|error| failed(&error))?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]]).map_err(|error| failed(&error))?))
}

/// `_GetWatchlistAlias`: the aliases of all lists.
pub(super) fn aliases(context: &Context) -> Option<(String, Arc<dyn TableProvider>)> {
    let stored = context.snapshot.resources(Watchlist::KIND).ok()?;
    let names = stored.iter().map(|list| Some(list.resource.id.to_string())).collect::<StringViewArray>();
    let columns = [("WatchlistAlias".to_owned(), ColumnType::String)];
    Some(("_GetWatchlistAlias".to_owned(), table(&columns, vec![Arc::new(names)]).ok()?))
}
