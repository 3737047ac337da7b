//! Documents that cannot be read: why, and where they stand. Rejects are data of a report, never errors of a call.

use serde::Serialize;

use crate::model::Origin;

/// Why one document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Reject {
    /// Stable name of the reason (`json_invalid`).
    pub code: &'static str,
    /// What was expected and what was found; lower case, no full stop.
    pub message: String,
}

impl Reject {
    /// A reject with its reason.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A reject with the place where its document stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Stable name of the reason (`json_invalid`).
    pub code: &'static str,
    /// What was expected and what was found; lower case, no full stop.
    pub message: String,
    /// File, archive member or name that the sender gave.
    pub source: String,
    /// Line of the source where the document begins, from 1; for an element of a JSON array, its place from 1.
    pub line: u64,
    /// Byte of the (unpacked) source where the document begins.
    pub offset: u64,
    /// First characters of the document, for people.
    pub excerpt: String,
}

impl Rejected {
    /// Characters of a document that an excerpt keeps.
    pub const EXCERPT_CHARS: usize = 200;

    /// Puts a reject at a place whose byte is not known (a document that comes from the journal).
    pub fn at(reject: Reject, origin: &Origin, raw: &[u8]) -> Self {
        Self {
            code: reject.code,
            message: reject.message,
            source: origin.source.to_string(),
            line: origin.line,
            offset: 0,
            excerpt: excerpt(raw),
        }
    }
}

/// The first characters of `raw`, with unreadable bytes and controls replaced.
pub(crate) fn excerpt(raw: &[u8]) -> String {
    let head = &raw[..raw.len().min(Rejected::EXCERPT_CHARS * 4)];
    let text = String::from_utf8_lossy(head);
    text.chars().take(Rejected::EXCERPT_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
