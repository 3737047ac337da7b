//! How an incident stood in each of its versions: what a timeline tells of it without reading the documents.

use crate::model::{Seq, Time};

use super::ids::{NodeId, NodeKind, time};
use super::nodes::{EMPTY, GROUP};
use super::read::Snapshot;

/// How an incident stands in one of its versions; what the version does not say is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The document of the version.
    pub seq: Seq,
    /// When the version was made.
    pub modified: Option<Time>,
    /// Its status.
    pub status: &'a str,
    /// Its severity.
    pub severity: &'a str,
    /// Why it is closed.
    pub classification: &'a str,
    /// Who made the version.
    pub by: &'a str,
    /// Name, principal name, mail address and directory id of the owner.
    pub owner: [&'a str; 4],
    /// Whether the owner is a group.
    pub group: bool,
}

impl Snapshot {
    /// Returns how an incident stands in each of its versions, oldest first.
    pub fn standings(&self, incident: NodeId) -> Vec<Standing<'_>> {
        if incident.kind() != NodeKind::Incident {
            return Vec::new();
        }
        let store = &*self.0;
        let mut docs: Vec<(i64, u64, u32)> = store
            .docs_of(incident)
            .map(|doc| store.docs.get(doc))
            .filter(|doc| doc.standing != EMPTY)
            .map(|doc| (doc.modified, doc.seq(), doc.standing))
            .collect();
        docs.sort_unstable();
        let standing = |(modified, seq, list): (i64, u64, u32)| {
            let mut parts = store.names.list(&store.texts, list);
            let mut next = || parts.next().unwrap_or_default();
            let (status, severity, classification, by) = (next(), next(), next(), next());
            let owner = [next(), next(), next(), next()];
            let group = next() == GROUP;
            Standing { seq: Seq(seq), modified: time(modified), status, severity, classification, by, owner, group }
        };
        docs.into_iter().map(standing).collect()
    }

    /// Returns the number of versions of an alert or incident, pieces among them.
    pub fn versions_len(&self, node: NodeId) -> usize {
        self.0.docs_of(node).count()
    }
}
