//! Raw events: which table a row belongs to, its typed cells, and the entities that the declared rules find in it.
//!
//! Names and types of columns are the catalog's, keys of entities are `identify`'s.

mod category;
mod cell;
mod layout;
mod message;
mod met;
mod reach;
mod route;
mod row;
mod rules;
mod sources;
mod zeek;

use std::sync::Arc;

use serde_json::Value;

use crate::catalog::tables;
use crate::model::{Body, ColumnName, Document, Event, Object, Time};

use super::Reject;
use super::decode::scan::Member;

pub(crate) use category::{Record, record};
pub use met::remembering;
pub use reach::ports;
pub(crate) use route::Route;
pub use row::UNPARSED;

/// Tables whose rows are alerts and incidents: formats of their own read them.
const ALERT_TABLES: [&str; 5] = ["SecurityAlert", "SecurityIncident", "AlertInfo", "AlertEvidence", "AWSGuardDuty"];

/// Letters that a table name may have.
const TABLE_NAME_MAX: usize = 128;

/// Reads one row.
pub(crate) fn read(document: &Document) -> Result<Vec<Body>, Reject> {
    let Some(table) = &document.table else {
        return Err(Reject::new("table_unknown", "expected the name of a table, found none"));
    };
    row::read(table, &document.raw).map(|event| vec![Body::Event(Box::new(event))])
}

/// Reads a row that is an alert as well, as a row of its table.
pub(crate) fn row(table: &str, object: &Object) -> Result<Event, Reject> {
    let raw = serde_json::to_vec(object).map_err(|error| Reject::new("json_invalid", error.to_string()))?;
    row::read(&table_name(table), &raw)
}

/// A row that a format made: the rules of its table have their say as on rows of raw events.
pub(crate) fn made(table: &str, time: Time, columns: Vec<(ColumnName, Value)>) -> Event {
    let (entities, mut links) = rules::TableRules::of(table).map_or_else(Default::default, |rules| rules.find(&columns));
    reach::label(&columns, &mut links);
    Event { table: table_name(table), time: Some(time), columns, entities, links }
}

/// Whether rows of this table are alerts or incidents.
pub(crate) fn is_alert_table(name: &str) -> bool {
    ALERT_TABLES.contains(&name)
}

/// Whether a table of rows can have this name.
pub(crate) fn is_table_name(name: &str) -> bool {
    !tables::OF_PRESENT.iter().any(|own| name.eq_ignore_ascii_case(own))
        && name.len() <= TABLE_NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The name of a table in the catalog's writing, or as it is given.
pub(crate) fn table_name(name: &str) -> Arc<str> {
    tables::table(name).map_or_else(|| name.into(), |table| table.name.clone())
}

/// The table that a row names itself: `$table` or a `Type` that is a table.
pub(crate) fn named_table(raw: &[u8], members: &[Member]) -> Option<Arc<str>> {
    for (key, any) in [(&b"$table"[..], true), (b"Type", false), (b"TableName", false)] {
        let member = members.iter().find(|member| member.key(raw) == key);
        let Some(text) = member.and_then(|member| cell::plain_text(member.value(raw))) else { continue };
        match tables::table(text) {
            Some(table) => return Some(table.name.clone()),
            None if is_table_name(text) && (any || text.ends_with("_CL")) => return Some(text.into()),
            None => {}
        }
    }
    None
}

/// The name of a column without the type that exports append: `Foo_dynamic`, `Foo_string`.
pub(crate) fn plain_name(name: &str) -> &str {
    const TYPES: [&str; 8] = ["_dynamic", "_string", "_long", "_int", "_real", "_bool", "_datetime", "_guid"];
    TYPES.iter().find_map(|suffix| name.strip_suffix(suffix)).filter(|base| !base.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests;
