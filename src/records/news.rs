//! Which documents may be news to people, by class. Knows nobody who is told.

use serde_json::Value;

use crate::model::{Body, Severity};

/// A class of documents that people may have to be told of; the documents of each are listed apart, so that many of one hide none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NewsClass {
    /// What people and rules did here.
    Work,
    /// Versions of incidents as sources gave them.
    Incident,
    /// Versions of alerts of one severity as sources gave them.
    Alert(Severity),
}

impl NewsClass {
    /// Its place in keys.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Work => 0,
            Self::Incident => 1,
            Self::Alert(severity) => 2 + severity as u8,
        }
    }

    /// The class of what a document says; none of what is news to nobody: pieces, alerts that a suppression rule dismissed, most decisions.
    pub fn of(body: &Body) -> Option<Self> {
        match body {
            Body::Alert(alert) => match &alert.change {
                _ if alert.partial => None,
                Some(change) => change.rule.is_none().then_some(Self::Work),
                None => Some(Self::Alert(alert.severity)),
            },
            Body::Incident(incident) => Some(if incident.change.is_some() { Self::Work } else { Self::Incident }),
            Body::Decision(decision) => is_told(decision).then_some(Self::Work),
            Body::Event(_) | Body::Resource(_) => None,
        }
    }
}

/// Whether a decision is news: a change that was proposed, a run of a rule that was given up or that tells people something.
fn is_told(decision: &Value) -> bool {
    let actions = || decision.get("actions").and_then(Value::as_array).into_iter().flatten();
    decision["kind"] == "proposal.made" || actions().any(|action| action["state"] == "dead" || action["type"] == "notify")
}
