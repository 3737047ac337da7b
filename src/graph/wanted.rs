//! Which entries of the adjacency are edges that a filter wants, and what each of them says as seen from a node.

use crate::model::{Kind, Relation, Window};

use super::edges::{Direction, Edge, EdgeFilter, overlaps};
use super::ids::{By, NONE, NodeId, NodeKind, Source, time};
use super::nodes::DocRow;
use super::position::EdgePosition;
use super::runs::{Link, Mention};
use super::store::{BY_ENTITIES_OF_ALERT, BY_ENTITIES_OF_INCIDENT, Store};

/// An edge at its place among those of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) position: EdgePosition,
    pub(super) edge: Edge,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}

impl Eq for Item {}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.position.cmp(&other.position)
    }
}

/// A filter with names turned into numbers.
#[derive(Debug)]
pub(super) struct Wanted {
    /// None means all.
    relations: Option<Vec<u32>>,
    kinds: Option<Vec<u32>>,
    pub(super) alerts: bool,
    pub(super) incidents: bool,
    direction: Direction,
    pub(super) window: Window,
    superseded: bool,
    /// The last document that counts.
    until: u64,
}

impl Wanted {
    pub(super) fn new(store: &Store, filter: &EdgeFilter) -> Self {
        let find = |name: &str| store.names.find(&store.hasher, &store.texts, name);
        let names = |all: &[&str]| (!all.is_empty()).then(|| all.iter().filter_map(|name| find(name)).collect::<Vec<u32>>());
        let relations: Vec<&str> = filter.relations.iter().map(Relation::as_str).collect();
        let kinds: Vec<&str> = filter.kinds.iter().map(Kind::as_str).collect();
        Self {
            relations: names(&relations),
            kinds: names(&kinds),
            alerts: kinds.is_empty() || kinds.contains(&"alert"),
            incidents: kinds.is_empty() || kinds.contains(&"incident"),
            direction: filter.direction,
            window: filter.window,
            superseded: filter.superseded,
            until: filter.until.map_or(u64::MAX, |seq| seq.0),
        }
    }

    pub(super) fn label(&self, store: &Store, label: u32) -> bool {
        self.relations.as_ref().is_none_or(|all| all.contains(&store.labels.get(label).relation))
    }

    fn other(&self, store: &Store, node: NodeId) -> bool {
        match node.kind() {
            NodeKind::Entity => self.kinds.as_ref().is_none_or(|all| all.contains(&store.entities.atoms.get(node.index() as u32).kind)),
            NodeKind::Alert => self.alerts,
            NodeKind::Incident => self.incidents,
        }
    }

    pub(super) fn goes(&self, out: bool) -> bool {
        match self.direction {
            Direction::Both => true,
            Direction::Out => out,
            Direction::In => !out,
        }
    }

    fn within(&self, first: i64, last: i64) -> bool {
        overlaps(&self.window, first, last)
    }

    /// Whether what a document says is part of the state that is asked for.
    pub(super) fn holds(&self, store: &Store, row: &DocRow) -> bool {
        if self.until == u64::MAX {
            return self.superseded || !row.superseded();
        }
        row.seq() <= self.until && (self.superseded || !store.superseded_until(row, self.until))
    }

    /// The edge by which a document names an atom of `node`.
    pub(super) fn mention(&self, store: &Store, node: NodeId, atom: u32, entry: Mention) -> Option<Item> {
        let row = store.docs.get(entry.doc);
        let other = NodeId::from_raw(row.node);
        if !self.holds(store, row) || !self.other(store, other) || !self.within(row.time, row.time) {
            return None;
        }
        let label = if other.kind() == NodeKind::Alert { BY_ENTITIES_OF_ALERT } else { BY_ENTITIES_OF_INCIDENT };
        let print = store.entities.atoms.get(atom).print;
        let position = EdgePosition { time: row.time, seq: row.seq(), ends: print, label: 0, out: false, tie: entry.doc };
        let by = By::doc(entry.doc).0;
        let at = time(row.time);
        let edge = Edge { from: other, to: node, first: at, last: at, count: 1, by, label, named: atom };
        Some(Item { position, edge })
    }

    /// The edge by which a document of `node` names an atom.
    pub(super) fn named(&self, store: &Store, node: NodeId, doc: u32, atom: u32) -> Option<Item> {
        let row = store.docs.get(doc);
        let other = store.entity_of(atom);
        if !self.other(store, other) || !self.within(row.time, row.time) {
            return None;
        }
        let label = if node.kind() == NodeKind::Alert { BY_ENTITIES_OF_ALERT } else { BY_ENTITIES_OF_INCIDENT };
        let print = store.entities.atoms.get(atom).print;
        let position = EdgePosition { time: row.time, seq: row.seq(), ends: print, label: 0, out: true, tie: doc };
        let at = time(row.time);
        Some(Item { position, edge: Edge { from: node, to: other, first: at, last: at, count: 1, by: By::doc(doc).0, label, named: atom } })
    }

    /// The edge of an entry in the row of an atom of `node`.
    pub(super) fn link(&self, store: &Store, node: NodeId, row: u32, out: bool, entry: Link) -> Option<Item> {
        let other = store.entity_of(entry.other);
        // Two identities of one entity may be linked; that says nothing about the entity.
        if other == node || !self.label(store, entry.label) || !self.other(store, other) {
            return None;
        }
        let seq = match By(entry.by).source() {
            Source::Doc(doc) => {
                let row = store.docs.get(doc);
                if !self.holds(store, row) {
                    return None;
                }
                row.seq()
            }
            Source::Events(events) => {
                let row = store.events.get(events);
                if row.seq_min > self.until {
                    return None;
                }
                row.seq_max
            }
        };
        let (first, last, count) = store.inside(entry.by, &self.window)?;
        let ends = store.entities.atoms.get(entry.other).print.rotate_left(17) ^ store.entities.atoms.get(row).print;
        let position = EdgePosition { time: last, seq, ends, label: store.labels.get(entry.label).print, out, tie: entry.by };
        let (from, to) = if out { (node, other) } else { (other, node) };
        let edge = Edge { from, to, first: time(first), last: time(last), count, by: entry.by, label: entry.label, named: NONE };
        Some(Item { position, edge })
    }

    /// The edge between what contains and what is contained.
    pub(super) fn member(&self, store: &Store, node: NodeId, out: bool, entry: Link) -> Option<Item> {
        let other = NodeId::from_raw(entry.other);
        if !self.label(store, entry.label) || !self.other(store, other) || !self.holds(store, store.docs.get(entry.by)) {
            return None;
        }
        let (from, to) = if out { (node, other) } else { (other, node) };
        // What contains something stands in time where that stands.
        let at = store.node_time(to);
        if !self.within(at, at) {
            return None;
        }
        let doc = store.docs.get(entry.by);
        let id = match other.kind() {
            NodeKind::Incident => store.incidents.get(other.index() as u32).id,
            _ => store.alerts.get(other.index() as u32).id,
        };
        let print = super::ids::fingerprint([store.texts.get(id)]);
        let position = EdgePosition { time: at, seq: doc.seq(), ends: print, label: u64::from(entry.label), out, tie: entry.by };
        let edge = Edge { from, to, first: time(at), last: time(at), count: 1, by: entry.by, label: entry.label, named: NONE };
        Some(Item { position, edge })
    }
}
