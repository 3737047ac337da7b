//! The vocabulary of an investigation as plain data: alerts, incidents, entities, relations, events, time.
//!
//! Nothing here reads, writes or decides. Every floor above speaks in these types.

mod alert;
mod bookmark;
mod entity;
mod error;
mod event;
mod fingerprints;
mod id;
mod incident;
mod listed;
mod recent;
mod record;
mod resource;
mod retention;
mod time;

pub use alert::{Alert, AlertStatus, Severity};
pub use bookmark::Bookmark;
pub use entity::{Entity, Evidence, Identity, Key, Keys, Kind, Link, Relation, Role};
pub use error::{Fault, FaultClass, Span};
pub use event::{ColumnName, Event};
pub use fingerprints::FingerprintSet;
pub use id::{canonical_id, make_canonical};
pub use incident::{CLASSIFICATION_REASONS, Change, Classification, Comment, Incident, IncidentStatus, Owner, Task};
pub use listed::{Indicator, Watchlist, WatchlistItem};
pub use recent::{Recent, RecentEntities};
pub use record::{Batch, Body, Document, Origin, Record, Seq, name_hash};
pub use resource::{Resource, Stored};
pub use retention::Cut;
pub use time::{Time, TimeError, Window};

/// JSON object whose members keep the order of the document they came from.
pub type Object = serde_json::Map<String, serde_json::Value>;
