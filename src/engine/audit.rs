//! The audit of changes: each names the fingerprint of the one before, so that one that was altered, dropped or slipped in shows.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Engine;
use crate::ingest;
use crate::model::{Document, Fault, Seq};
use crate::records::fingerprint;

/// What the audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Audit {
    /// Changes in the chain.
    pub changes: u64,
    /// Fingerprint of the last one: keep it elsewhere, and nobody can rewrite what came before unnoticed.
    pub last: String,
    /// Whether every link holds.
    pub whole: bool,
    /// The first change whose link does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<u64>,
    /// Where the journal ended in bytes that were no record when it was opened, and was cut there: what an interrupted write
    /// leaves, or a byte that somebody changed. Nothing behind it was acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
}

impl Engine {
    /// Follows the chain of changes through the whole journal.
    pub fn audit(&self) -> Result<Audit, Fault> {
        let cut = self.journal.cut().map(|cut| format!("{} at byte {}: {}", cut.segment.display(), cut.offset, cut.reason));
        let mut audit = Audit { whole: cut.is_none(), cut, ..Audit::default() };
        for entry in self.journal.read_from(Seq(0)) {
            let entry = entry?;
            for (place, document) in entry.documents.iter().enumerate() {
                let Some(previous) = previous(document) else { continue };
                let seq = entry.first.0 + place as u64;
                let content = blake3::hash(&document.raw);
                let altered = content.as_bytes()[..document.hash.len()] != document.hash;
                if audit.broken_at.is_none() && (previous != audit.last || altered) {
                    (audit.whole, audit.broken_at) = (false, Some(seq));
                }
                audit.changes += 1;
                audit.last = fingerprint(&document.hash);
            }
        }
        Ok(audit)
    }
}

/// The fingerprint that a change names as the one before; none of a document that is no link of the chain.
fn previous(document: &Document) -> Option<String> {
    let member = |value: &Value| value.get("previous")?.as_str().map(str::to_owned);
    let value = || serde_json::from_slice::<Value>(&document.raw).ok();
    match &*document.format {
        ingest::DECISION | ingest::RESOURCE => member(&value()?),
        ingest::INCIDENT | ingest::ALERT => member(value()?.get("change")?),
        _ => None,
    }
}
