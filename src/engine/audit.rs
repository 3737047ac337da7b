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
    /// Files of the data directory with bytes that were cut from the end of the journal because they were no record: what an interrupted write
    /// leaves, or what somebody changed. The chain counts as whole again when they were looked into and removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
}

impl Engine {
    /// Follows the chain of changes through the whole journal.
    pub fn audit(&self) -> Result<Audit, Fault> {
        let cut: Vec<String> =
            self.journal.kept()?.iter().filter_map(|path| Some(format!("journal/{}", path.file_name()?.to_string_lossy()))).collect();
        let mut audit = Audit { whole: cut.is_empty(), cut, ..Audit::default() };
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
