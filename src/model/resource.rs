//! Resources: what people and programs define and name, beside alerts, incidents and events.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Seq, Time};

/// A version of something that was defined under a name: a bookmark, a watchlist, a rule, a key ...
///
/// Its kind is a snake_case word (`bookmark`, `watchlist_item`); what its value means is known to the module that owns the kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// What it is.
    pub kind: Arc<str>,
    /// Names it within its kind; case counts.
    pub id: Arc<str>,
    /// What was defined; null once it is deleted.
    pub value: Arc<Value>,
    /// Whether this version deletes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// When it was first defined; a deletion and a new definition begin anew.
    pub created: Time,
    /// Who first defined it.
    pub created_by: Arc<str>,
    /// When this version was made.
    pub modified: Time,
    /// Who made this version.
    pub modified_by: Arc<str>,
    /// Fingerprint of the change before this one in the chain of changes.
    pub previous: String,
}

/// A version of a resource and the document that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The document; as text, the etag of the version.
    pub seq: Seq,
    /// The version.
    pub resource: Resource,
}

impl Stored {
    /// Names the version for conditional changes.
    pub fn etag(&self) -> String {
        self.seq.to_string()
    }
}
