//! The audit of changes: each names the fingerprint of the one before, so that one that was altered, dropped or slipped in shows.

use std::sync::Weak;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Engine;
use crate::ingest;
use crate::model::{Document, Fault, FaultClass, Seq};
use crate::records::fingerprint;

/// How often the end of the chain is logged.
const DAY: Duration = Duration::from_secs(86_400);

/// What the audit is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditRequest {
    /// The `last` of an earlier audit, or of the log of the server, kept elsewhere: the chain has to lead through it. So a chain shows
    /// that was cut or written anew as a whole.
    pub anchor: Option<String>,
}

/// What the audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Audit {
    /// Changes in the chain.
    pub changes: u64,
    /// Fingerprint of the last one: keep it elsewhere, and nobody can rewrite what came before unnoticed.
    pub last: String,
    /// Whether every link holds.
    pub whole: bool,
    /// The change whose fingerprint is the anchor that was asked for; none if the chain does not lead through it, and then it is not whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchored_at: Option<u64>,
    /// The first change whose link does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<u64>,
    /// Files of the data directory with bytes that were cut from the end of the journal because they were no record: what an interrupted write
    /// leaves, or what somebody changed. The chain counts as whole again when they were looked into and removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
}

impl Engine {
    /// Fingerprint of the last change; empty as long as there is none. Kept elsewhere, it is an anchor of the audit.
    pub fn last_change(&self) -> Result<String, Fault> {
        Ok(self.context().snapshot.records.last_change()?.unwrap_or_default())
    }

    /// Logs the end of the chain of changes once a day: a log that leaves this machine holds anchors of the audit.
    pub(super) async fn anchor(engine: Weak<Self>) {
        loop {
            let Some(open) = engine.upgrade().filter(|engine| !engine.stopping()) else { return };
            match open.last_change() {
                Ok(last) if last.is_empty() => {}
                Ok(last) => tracing::info!(dir = %open.dir().display(), last, "anchor of the audit"),
                Err(fault) => tracing::warn!(code = fault.code, detail = fault.message, "the audit has no anchor today"),
            }
            // Only the pulse is kept while waiting: an engine that nobody else uses may be closed.
            let stopped = open.stopped();
            drop(open);
            tokio::select! {
                () = stopped => return,
                () = tokio::time::sleep(DAY) => {}
            }
        }
    }

    /// Follows the chain of changes through the whole journal.
    ///
    /// Errors: `anchor_invalid`, of an anchor that is no fingerprint.
    pub fn audit(&self, request: &AuditRequest) -> Result<Audit, Fault> {
        let anchor = request.anchor.as_deref().map(|anchor| anchor.trim().to_lowercase());
        if let Some(anchor) = anchor.as_ref().filter(|anchor| anchor.len() != 32 || !anchor.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            let message = format!("expected the 32 hexadecimal digits of a fingerprint as anchor, found `{anchor}`");
            return Err(Fault::new(FaultClass::Invalid, "anchor_invalid", message).with_hint("an earlier audit names one as `last`"));
        }
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
                if anchor.as_ref() == Some(&audit.last) {
                    audit.anchored_at = Some(seq);
                }
            }
        }
        audit.whole &= anchor.is_none() || audit.anchored_at.is_some();
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
