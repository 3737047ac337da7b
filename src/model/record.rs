//! Records: what the journal numbers and the views apply.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Alert, Event, Incident, Resource, Time};

/// Sequence number of a document in the journal; the first is 1, 0 means *before everything*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a document came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// File, archive member or name that the sender gave (`alerts.zip!/day1.json`, `POST /v1/ingest`).
    pub source: Arc<str>,
    /// Line of the source where the document begins, from 1; for one document of a JSON array, its place from 1.
    pub line: u64,
}

/// One document as it is taken in and journaled: the bytes that were given and how to read them.
///
/// `ingest::read` turns it into records, always in the same way; so the journal keeps documents and nothing derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Name of the format (`sentinel-alert`, `guardduty`, `event`), an entry of `ingest::FORMATS`.
    pub format: Arc<str>,
    /// For events: the table that the row goes to.
    pub table: Option<Arc<str>>,
    /// Where it came from.
    pub origin: Origin,
    /// When clew took it in.
    pub received: Time,
    /// Fingerprint of the content: BLAKE3, first 16 bytes, of the JSON text without insignificant white space.
    ///
    /// For events the place among equal rows of the same source is hashed along, so that equal rows of one export all
    /// count while the same export given again does not.
    pub hash: [u8; 16],
    /// The JSON text, byte for byte as it was given; rows of CSV become an object of their cells.
    pub raw: Bytes,
}

impl Document {
    /// By what a further delivery of the document is known: its content, and of a row the table that it goes to.
    pub fn delivery(&self, row_of: Option<&str>) -> [u8; 16] {
        let mut known = self.hash;
        if let Some(table) = row_of {
            known.iter_mut().zip(name_hash(table).to_le_bytes()).for_each(|(byte, of_table)| *byte ^= of_table);
        }
        known
    }
}

/// A number that stands for a name, the same in every run (FNV-1a).
pub fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One document as the views see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Number of the document in the journal. The records that one document gives share it.
    pub seq: Seq,
    /// Where the document came from.
    pub origin: Origin,
    /// When clew took it in.
    pub received: Time,
    /// By what a further delivery of the document is known.
    pub hash: [u8; 16],
    /// Whether this is the newest version of its alert or incident that is known; always for pieces and events.
    pub current: bool,
    /// What it says.
    pub body: Body,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A version of an alert, or a piece of one.
    Alert(Box<Alert>),
    /// A version of an incident.
    Incident(Box<Incident>),
    /// A raw event.
    Event(Box<Event>),
    /// A decision of an analyst or a rule of the workspace, kept as it was written.
    Decision(Arc<serde_json::Value>),
    /// A version of something that people or programs define.
    Resource(Box<Resource>),
}

/// Consecutive records that become visible together.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Number of the last document in the journal that the batch covers.
    pub last: Seq,
    /// The records in the order of the journal.
    pub records: Vec<Record>,
}
