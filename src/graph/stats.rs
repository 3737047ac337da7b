//! Sizes and counts of a graph, so that goals of memory can be checked.

use std::fmt;

use super::read::Snapshot;
use super::store::Store;

/// Sizes and counts of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Entities.
    pub entities: usize,
    /// Distinct key sets.
    pub identities: usize,
    /// Distinct keys.
    pub keys: usize,
    /// Alerts that some document speaks of, as lists show them.
    pub alerts: usize,
    /// Alerts that others only refer to.
    pub alerts_absent: usize,
    /// Incidents that some document speaks of, as lists show them.
    pub incidents: usize,
    /// Incidents that others only refer to, and deleted ones.
    pub incidents_absent: usize,
    /// Versions and pieces.
    pub documents: usize,
    /// Edges from alerts and incidents to entities.
    pub involves: usize,
    /// Edges between entities that alerts and incidents assert, and aggregates of events.
    pub links: usize,
    /// Aggregates of events among them.
    pub aggregates: usize,
    /// Edges from containers to what they contain.
    pub contains: usize,
    /// Runs of all families.
    pub runs: usize,
    /// Bytes by part.
    pub bytes: Vec<(&'static str, usize)>,
}

impl Stats {
    /// Returns the bytes of all parts.
    pub fn bytes_total(&self) -> usize {
        self.bytes.iter().map(|(_, bytes)| bytes).sum()
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "entities {} (identities {}, keys {})", self.entities, self.identities, self.keys)?;
        writeln!(f, "alerts {}, incidents {}, documents {}", self.alerts, self.incidents, self.documents)?;
        let (involves, links, aggregates, contains) = (self.involves, self.links, self.aggregates, self.contains);
        writeln!(f, "edges: involves {involves}, links {links} (aggregates {aggregates}), contains {contains}; runs {}", self.runs)?;
        for (part, bytes) in &self.bytes {
            writeln!(f, "{part:>16} {bytes:>12}")?;
        }
        write!(f, "{:>16} {:>12}", "all", self.bytes_total())
    }
}

impl Store {
    pub(super) fn stats(&self) -> Stats {
        let e = &self.entities;
        let alerts = self.alert_counts.iter().flatten().sum::<u32>() as usize;
        let incidents = self.incident_counts.iter().flatten().sum::<u32>() as usize;
        Stats {
            entities: e.rep.iter().enumerate().filter(|(n, rep)| *n as u32 == **rep).count(),
            identities: e.atoms.len(),
            keys: e.keys.len(),
            alerts,
            alerts_absent: self.alerts.len() - alerts,
            incidents,
            incidents_absent: self.incidents.len() - incidents,
            documents: self.docs.len(),
            involves: self.mentioned.len(),
            links: self.links_out.len(),
            aggregates: self.events.len(),
            contains: self.members.len(),
            runs: self.mentioned.runs()
                + self.links_out.runs()
                + self.links_in.runs()
                + self.members.runs()
                + self.containers.runs()
                + self.order.runs(),
            bytes: vec![
                ("texts", self.texts.bytes()),
                ("names", self.names.bytes() + self.labels.bytes() + self.label_index.bytes()),
                ("keys", e.keys.bytes() + e.key_index.bytes() + e.held.bytes() + e.holders.bytes() + e.lists.bytes()),
                ("entities", e.atoms.bytes() + e.atom_index.bytes() + e.rep.bytes() + e.rings.bytes()),
                ("alerts", self.alerts.bytes() + self.alert_index.bytes() + self.traits.bytes() + self.mixed.len() * 240),
                ("incidents", self.incidents.bytes() + self.incident_index.bytes() + self.number_index.bytes()),
                ("documents", self.docs.bytes()),
                ("involves", self.mentions.bytes() + self.mentioned.bytes()),
                ("links", self.links_out.bytes() + self.links_in.bytes()),
                ("aggregates", self.events.bytes() + self.instants.bytes() + self.events_index.bytes()),
                ("contains", self.members.bytes() + self.containers.bytes()),
                ("order", self.order.bytes()),
            ],
        }
    }
}

impl Snapshot {
    /// Returns sizes and counts.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}
