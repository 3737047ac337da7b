//! The graph as a view of the journal: one writer, snapshots for readers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::journal::View;
use crate::model::{Batch, Fault, Seq, Time};

use super::apply::Pending;
use super::error::GraphError;
use super::ids::{NONE, NodeId, NodeKind, time};
use super::nodes::DELETED;
use super::read::Snapshot;
use super::store::{Rules, Store};
use super::{file, stats::Stats};

/// The writer's side of the entity graph.
///
/// ```
/// use clew::graph::{Graph, Rules};
/// use clew::journal::View;
/// use clew::model::{Alert, Batch, Body, Origin, Record, Seq, Time};
///
/// let mut graph = Graph::in_memory(Rules::default());
/// let alert = Alert { id: "a1".into(), title: "Suspicious logon".into(), ..Alert::default() };
/// let record = Record {
///     seq: Seq(1),
///     origin: Origin { source: "alerts.json".into(), line: 1 },
///     received: Time::from_micros(0),
///     hash: [0; 16],
///     current: true,
///     body: Body::Alert(Box::new(alert)),
/// };
/// graph.apply(&Batch { last: Seq(1), records: vec![record] })?;
/// let snapshot = graph.snapshot();
/// let node = snapshot.alert("a1").expect("it was applied");
/// assert_eq!(snapshot.label(node), "Suspicious logon");
/// # Ok::<(), clew::model::Fault>(())
/// ```
#[derive(Debug)]
pub struct Graph {
    store: Store,
    pending: Pending,
    folder: Option<PathBuf>,
    durable: Seq,
}

impl Graph {
    /// Returns an empty graph that is never written to disk.
    pub fn in_memory(rules: Rules) -> Self {
        Self { store: Store::new(rules), pending: Pending::default(), folder: None, durable: Seq(0) }
    }

    /// Opens the graph of a folder from its newest readable snapshot file; without one it is empty and `applied` says so.
    pub fn open(folder: &Path, rules: Rules) -> Result<Self, GraphError> {
        let store = file::load(folder, rules)?;
        let durable = store.applied;
        Ok(Self { store, pending: Pending::default(), folder: Some(folder.to_owned()), durable })
    }

    /// Returns the present state; later writes do not change it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Arc::new(self.store.clone()))
    }

    /// Returns modified time and document of the newest version of an alert or incident.
    ///
    /// A new version takes its place if its (modified time, sequence number) is not less. Pieces of alerts do not count.
    pub fn version_of(&self, kind: NodeKind, id: &str) -> Option<(Option<Time>, Seq)> {
        let current = match kind {
            NodeKind::Alert => self.store.alerts.get(self.store.alert_by_id(id)?).current,
            NodeKind::Incident => self.store.incidents.get(self.store.incident_by_id(id)?).current,
            NodeKind::Entity => NONE,
        };
        (current != NONE).then(|| {
            let doc = self.store.docs.get(current);
            debug_assert_eq!(NodeId::from_raw(doc.node).kind(), kind);
            (time(doc.modified), Seq(doc.seq()))
        })
    }

    /// Returns the id of the incident of this number, as [`Snapshot::incident_by_number`].
    pub fn incident_by_number(&self, number: i64) -> Option<&str> {
        self.store.incident_by_number(number).map(|n| self.store.texts.get(self.store.incidents.get(n).id))
    }

    /// Whether an incident holds an alert.
    pub fn holds(&self, incident: &str, alert: &str) -> bool {
        let (Some(incident), Some(alert)) = (self.store.incident_by_id(incident), self.store.alert_by_id(alert)) else { return false };
        let incident = NodeId::incident(incident).raw();
        self.store.members_of(NodeId::alert(alert), false).any(|entry| entry.other == incident && self.store.holds(entry.by))
    }

    /// Whether an incident was merged into another.
    pub fn is_merged(&self, id: &str) -> bool {
        self.store.incident_by_id(id).is_some_and(|n| self.store.incidents.get(n).redirect < DELETED)
    }

    /// Returns the number that the next new incident gets, as [`Snapshot::number_next`].
    pub fn number_next(&self) -> i64 {
        self.store.number_next()
    }

    /// Returns sizes and counts.
    pub fn stats(&self) -> Stats {
        self.store.stats()
    }
}

impl View for Graph {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn applied(&self) -> Seq {
        self.store.applied
    }

    fn durable(&self) -> Seq {
        self.durable
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), Fault> {
        if batch.last <= self.store.applied {
            return Ok(());
        }
        Ok(self.store.apply(&mut self.pending, batch)?)
    }

    fn persist(&mut self) -> Result<(), Fault> {
        let folder = self.folder.as_ref().ok_or(GraphError::NoFolder)?;
        if self.durable != self.store.applied {
            self.store.compact();
            file::save(folder, &self.store)?;
            self.durable = self.store.applied;
        }
        Ok(())
    }

    fn digest(&self) -> Result<String, Fault> {
        Ok(self.store.digest())
    }
}
