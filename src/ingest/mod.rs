//! Bytes to documents to records. Pure: reads what it is given, keeps nothing. Entity keys become canonical here only.
//!
//! [`decode`] turns files, archives and streams into documents under limits; the journal keeps those. [`read`] turns one
//! document into records, always in the same way, so that nothing derived ever needs to be kept.

#[cfg(test)]
mod cases;
pub mod decode;
pub mod events;
mod format;
pub(crate) mod formats;
pub mod identify;
mod parse;
pub mod pattern;
mod registry;
mod reject;
pub mod value;

pub use decode::{DecodeError, Input, Item, Limits, Options, check, decode, entries, readable};
pub use events::remembering;
pub use format::{Context, Format};
pub use reject::{Reject, Rejected};

use std::sync::Arc;

use hashbrown::HashSet;
use serde_json::Value;

use crate::model::{Alert, Body, Bookmark, Document, Evidence, Incident, Key, Object, canonical_id, make_canonical};

/// How documents are read, as a number: raised with every change after which a journaled document gives other records, or a view keeps
/// something else of them.
///
/// Views that were made by another reading are made anew from the journal.
pub const READING: u32 = 6;

/// Name of the format of rows of raw events, which is no entry of [`formats`].
pub const EVENT: &str = "event";

/// Name of the format of decisions.
pub const DECISION: &str = formats::clew::DECISION.name;

/// Name of the format of versions of alerts that people or rules made.
pub const ALERT: &str = formats::clew::ALERT.name;

/// Name of the format of incidents that clew opens.
pub const INCIDENT: &str = formats::clew::INCIDENT.name;

pub use formats::bookmark::bookmark_entity;

/// Name of the format of resources.
pub const RESOURCE: &str = formats::clew::RESOURCE.name;

/// Certainty from which on a format may claim a document.
const SURE_ENOUGH: u8 = 50;

/// Entities of one alert or incident at the most (`entities`): beyond it a list is a dump, and every pair in it a relation.
const ENTITIES_MAX: usize = 20_000;

/// All formats of alerts and incidents.
pub fn formats() -> impl Iterator<Item = &'static Format> {
    registry::FORMATS.iter()
}

/// The formats that a source may be said to have: all but those that clew itself writes.
pub fn foreign_formats() -> impl Iterator<Item = &'static Format> {
    formats().filter(|format| ![ALERT, DECISION, INCIDENT, RESOURCE].contains(&format.name))
}

/// The format of an object, if one claims it; of two that are equally sure the first.
pub fn detect(object: &Object) -> Option<&'static Format> {
    let mut best: Option<(u8, &'static Format)> = None;
    for format in formats() {
        let sure = (format.detect)(object);
        if sure >= SURE_ENOUGH && best.is_none_or(|(known, _)| sure > known) {
            best = Some((sure, format));
        }
    }
    best.map(|(_, format)| format)
}

/// Reads one document. Pure: the same document always gives the same bodies.
pub fn read(document: &Document) -> Result<Vec<Body>, Reject> {
    if &*document.format == EVENT {
        return events::read(document);
    }
    let Some(format) = formats().find(|format| format.name == &*document.format) else {
        return Err(Reject::new("format_unknown", format!("expected a known format, found `{}`", document.format)));
    };
    let object: Object = parse::document(&document.raw).map_err(|error| Reject::new("json_invalid", error.to_string()))?;
    let mut bodies = (format.read)(&object, &Context { table: document.table.as_deref(), received: document.received })?;
    for body in &mut bodies {
        one_spelling(body);
        let entities = match body {
            Body::Alert(alert) => keyed(&alert.id, &mut alert.entities),
            Body::Incident(incident) => keyed(&incident.id, &mut incident.entities),
            Body::Event(_) | Body::Decision(_) | Body::Resource(_) => 0,
        };
        if entities > ENTITIES_MAX {
            return Err(Reject::new(
                "entities_exceeded",
                format!("expected at most {ENTITIES_MAX} entities (`entities`), found {entities}"),
            ));
        }
    }
    Ok(bodies)
}

/// Gives what nothing names in an alert or incident a key that nothing else has: it is seen there and ties it to no other. Returns the number of
/// entities.
fn keyed(id: &str, entities: &mut [Evidence]) -> usize {
    for (place, evidence) in entities.iter_mut().enumerate().filter(|(_, evidence)| evidence.entity.keys.is_empty()) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(id.as_bytes()).update(b"\0").update(&(place as u64).to_le_bytes());
        evidence.entity.add_weak(Key::new("mention", &hasher.finalize().to_hex()[..32]));
    }
    // Their identities are made here, on the thread that reads: the writer has enough to do.
    for evidence in &mut *entities {
        evidence.entity.identity();
    }
    entities.len()
}

/// Brings every id of an alert or incident into its one spelling.
fn one_spelling(body: &mut Body) {
    match body {
        Body::Alert(alert) => {
            let Alert { id, members, incident, .. } = &mut **alert;
            std::iter::once(id).chain(incident).for_each(|id| make_canonical(id));
            distinct(members);
        }
        Body::Incident(incident) => {
            let Incident { id, alert_ids, parent, redirect, .. } = &mut **incident;
            std::iter::once(id).chain(parent).chain(redirect).for_each(|id| make_canonical(id));
            distinct(alert_ids);
        }
        Body::Resource(resource) if *resource.kind == *Bookmark::KIND => {
            let written = |value: &Value| value.as_str().is_some_and(|id| canonical_id(id) != id);
            if resource.value.get("incidents").and_then(Value::as_array).is_some_and(|ids| ids.iter().any(written))
                && let Some(Value::Array(ids)) = Arc::make_mut(&mut resource.value).get_mut("incidents")
            {
                ids.iter_mut().for_each(|id| *id = id.as_str().map(canonical_id).unwrap_or_default().into());
            }
        }
        Body::Event(_) | Body::Decision(_) | Body::Resource(_) => {}
    }
}

/// Brings a list of ids into their one spelling and drops those that it had in another.
fn distinct(ids: &mut Vec<String>) {
    // Hot path: nearly all lists have one spelling already.
    if ids.iter().all(|id| canonical_id(id) == *id) {
        return;
    }
    ids.iter_mut().for_each(|id| make_canonical(id));
    let mut seen = HashSet::with_capacity(ids.len());
    let new: Vec<bool> = ids.iter().map(|id| seen.insert(id.as_str())).collect();
    drop(seen);
    let mut new = new.into_iter();
    ids.retain(|_| new.next().unwrap_or(true));
}
